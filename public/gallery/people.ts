/** Who talks in the gallery, what they say, and pictures that they show. */
import type { Image, Member, Message, RoomSummary } from '../../src/chat/events.ts';
import type { Outgoing, TimelineItem } from '../chat/model.ts';

const names = [
  'Mei',
  'Ada Lovelace',
  '张伟',
  'Björn',
  'Maximiliane Friederike von Hohenzollern-Sigmaringen',
  '👾 pixel',
];
const members = names.map((name, index): Member => ({ id: `m${index}`, name }));
const person = (index: number): Member => members[index] ?? { id: 'nobody', name: 'nobody' };
export const mei = person(0);
export const ada = person(1);
export const wei = person(2);
export const bjorn = person(3);
export const long = person(4);
export const pixel = person(5);
export const me: Member = { id: 'me', name: 'Robin' };
export const bot: Member = { id: 'bot', name: 'deploys', bot: true };

const noon = new Date();
noon.setHours(10, 40, 0, 0);
/** Twenty to eleven of today, local time. */
export const base = noon.getTime();

let count = 0;

/** Offsets and ids begin anew: a state has its own log. */
export function beginLog(): void {
  count = 0;
}

const entries = (author: Member, minute: number) => {
  count += 1;
  return {
    room: 'general',
    offset: count,
    previous: count - 1,
    id: `id-${count}`,
    author,
    time: base + minute * 60_000,
    nonce: `nonce-${count}`,
  };
};

/** A message, with whatever else it has. */
export function say(
  author: Member,
  minute: number,
  content: string | Image,
  more: Partial<Message> & { readonly pending?: boolean } = {},
): Extract<TimelineItem, { kind: 'message' }> {
  const { pending = false, ...rest } = more;
  const message: Message = {
    ...entries(author, minute),
    type: 'message',
    content:
      typeof content === 'string' ? { type: 'text', text: content } : { type: 'image', image: content },
    ...rest,
  };
  const mentioned = message.mentions?.some((id) => id === me.id || id === 'everyone') ?? false;
  return { kind: 'message', key: message.id, message, own: author.id === me.id, mentioned, pending };
}

type NoticeItem = Extract<TimelineItem, { kind: 'notice' }>;
type Details<Item> = Item extends { type: infer Type }
  ? { type: Type } & Omit<Item, 'room' | 'offset' | 'previous' | 'id' | 'author' | 'time' | 'nonce' | 'type'>
  : never;

export function notice(author: Member, minute: number, details: Details<NoticeItem['item']>): NoticeItem {
  const item = { ...entries(author, minute), ...details } as NoticeItem['item'];
  return { kind: 'notice', key: item.id, item };
}

/** An answer's quote of a message. */
export function quoteOf({ message }: { readonly message: Message }): NonNullable<Message['replyTo']> {
  const { id, offset, author, content } = message;
  return { id, offset, author, excerpt: content.type === 'text' ? content.text.slice(0, 140) : '' };
}

/** What the server would announce. */
export const limits = {
  nameLength: 32,
  textLength: 4000,
  imageLength: 8 * 1024 * 1024,
  imageTypes: ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'],
  pageLength: 100,
  eventLength: 65536,
  roomNameLength: 64,
  topicLength: 250,
};

/** A picture drawn here: hills at dusk. */
export function picture(id: string, width: number, height: number): Image {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 600 400" preserveAspectRatio="xMidYMid slice">
    <defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#2b3a67"/><stop offset=".6" stop-color="#e08e6d"/><stop offset="1" stop-color="#f6d7a7"/></linearGradient></defs>
    <rect width="600" height="400" fill="url(#s)"/><circle cx="420" cy="240" r="34" fill="#fff1cf"/>
    <path d="M0 280 120 190 230 270 330 200 470 290 600 220V400H0z" fill="#6d4c5b"/><path d="M0 330 150 260 300 330 430 280 600 340V400H0z" fill="#3c2f45"/></svg>`;
  const url = `data:image/svg+xml,${encodeURIComponent(drawing)}`;
  const scale = Math.min(1, 640 / width, 640 / height);
  return {
    id,
    type: 'image/jpeg',
    length: 482_133,
    width,
    height,
    url,
    thumbnail: { url, width: Math.round(width * scale), height: Math.round(height * scale) },
  };
}

/** A room as the sidebar lists it. */
export function room(id: string, change: Partial<RoomSummary> = {}): RoomSummary {
  return {
    id,
    kind: 'public',
    name: id,
    topic: '',
    memberCount: 8,
    joined: true,
    role: 'member',
    newest: 400,
    lastTime: base,
    read: 400,
    unread: 0,
    mentions: 0,
    muted: false,
    slowMode: 0,
    ...change,
  };
}

/** A text in the outbox. */
export function waiting(
  nonce: string,
  text: string,
  status: Outgoing['status'] = 'pending',
  failure: Outgoing['failure'] = undefined,
): Outgoing {
  return {
    nonce,
    room: 'general',
    time: base + 15 * 60_000,
    command: { type: 'text', text, replyTo: undefined },
    status,
    progress: undefined,
    failure,
  };
}
