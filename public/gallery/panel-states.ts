/** Made-up people, rooms and states of the chat for the gallery of panels, by name. */
import type { Image, Member, Message, RoomMember, RoomSummary } from '../../src/chat/events.ts';
import type { ChatState, TimelineItem } from '../chat/model.ts';
import { limits, picture } from './people.ts';

const noon = new Date();
noon.setHours(10, 40, 0, 0);
export const base = noon.getTime();
export const minute = 60_000;
export const day = 86_400_000;

export const me: Member = { id: 'me', name: 'Robin' };
const names = [
  'Mei',
  'Ada Lovelace',
  '张伟',
  'Björn',
  'Maximiliane Friederike von Hohenzollern-Sigmaringen',
  '👾 pixel',
  'Priya',
  'محمد',
];
const others = names.map((name, index): Member => ({ id: `m${index}`, name }));
export const [mei, ada, wei, bjorn] = others as [Member, Member, Member, Member];

const members: readonly RoomMember[] = [
  { ...me, role: 'owner', here: true },
  ...others.map(
    (member, index): RoomMember => ({
      ...member,
      role: index === 1 ? 'moderator' : 'member',
      here: index % 3 !== 2,
      ...(index === 3 ? { mutedUntil: Date.now() + 25 * minute } : {}),
    }),
  ),
  { id: 'bot', name: 'Build bot', bot: true, role: 'member', here: false },
];

export function room(id: string, change: Partial<RoomSummary> = {}): RoomSummary {
  return {
    id,
    kind: 'public',
    name: id,
    topic: '',
    memberCount: 10,
    joined: true,
    role: 'member',
    newest: 40,
    lastTime: base,
    read: 40,
    unread: 0,
    mentions: 0,
    muted: false,
    slowMode: 0,
    ...change,
  };
}

const rooms: readonly RoomSummary[] = [
  room('general', { role: 'owner', topic: 'Everything that has no room of its own. Be kind.' }),
  room('dev', { unread: 3, topic: 'Frames, handshakes and other small things' }),
  room('weekend-plans', { name: 'weekend plans', kind: 'private', unread: 12, mentions: 2, memberCount: 4 }),
  room('releases', { muted: true, unread: 40 }),
  room('d1', { kind: 'direct', name: 'Ada Lovelace', memberCount: 2, other: ada, unread: 1 }),
  room('d2', { kind: 'direct', name: '张伟', memberCount: 2, other: wei }),
];
export const publicRooms: readonly RoomSummary[] = [
  ...rooms.filter(({ kind }) => kind !== 'direct'),
  room('photos', {
    joined: false,
    topic: 'What you saw today. Landscapes, cats, circuits.',
    memberCount: 31,
  }),
  room('中文', { joined: false, name: '中文闲聊', topic: '想到什么说什么', memberCount: 8 }),
  room('long', {
    joined: false,
    name: 'a room whose name is as long as a name may be, which is sixty-four',
    topic: 'and whose topic goes on and on too '.repeat(6).slice(0, 240),
    memberCount: 1,
  }),
];

let count = 0;
export function say(author: Member, at: number, content: string | Image, inRoom = 'general'): Message {
  count += 1;
  return {
    type: 'message',
    room: inRoom,
    offset: count,
    previous: count - 1,
    id: `id-${count}`,
    author,
    time: base + at * minute,
    nonce: `nonce-${count}`,
    content:
      typeof content === 'string' ? { type: 'text', text: content } : { type: 'image', image: content },
  };
}

const messages: readonly Message[] = [
  say(mei, 2, 'good morning 👋'),
  say(mei, 2, 'did anyone look at the handshake test that failed last night?'),
  say(me, 3, 'Yes, it was mine: I compared the key before trimming it.'),
  say(wei, 4, '早上好！我昨晚也遇到了同样的问题，更新之后就好了。'),
  say(ada, 6, 'RFC 6455 §5.5.1 is the first item, please read it before the meeting.'),
  say(bjorn, 8, picture('hills', 1600, 1067)),
  say(bjorn, 8, 'the view from the cabin this morning'),
  say(me, 10, 'Wow. Where is that?'),
  say(bjorn, 11, picture('tall', 500, 1600)),
  say(mei, 14, '那我们下午三点见 ☕'),
];
export const room0: ChatState = {
  phase: 'chatting',
  signInFailure: undefined,
  entry: { serverPassword: false, invitation: false },
  me,
  owner: false,
  hasPassword: false,
  invitation: undefined,
  connection: {
    status: 'open',
    since: Date.now() - 754_000,
    transport: 'websocket',
    shared: false,
    roundTripTime: 12,
    slow: false,
  },
  lastClose: undefined,
  rooms,
  conversation: {
    room: 'general',
    status: 'ready',
    failure: undefined,
    timeline: messages.map(
      (message): TimelineItem => ({
        kind: 'message',
        key: message.id,
        message,
        own: message.author.id === me.id,
        mentioned: false,
        pending: false,
      }),
    ),
    hasOlder: false,
    hasNewer: false,
    loading: undefined,
    members,
    typing: [],
    newFrom: undefined,
    target: undefined,
  },
  outbox: [],
  drafts: {},
  limits,
  toasts: [],
  traffic: { sent: 41, received: 128, octetsSent: 6_213, octetsReceived: 48_902, resumes: 2 },
};
export const out: ChatState = { ...room0, phase: 'signed-out', me: undefined, rooms: [] };

export const states: Readonly<Record<string, ChatState>> = {
  room: room0,
  owner: { ...room0, owner: true, hasPassword: true },
  alone: { ...room0, conversation: { ...room0.conversation, members: members.slice(0, 1) } },
  crowd: {
    ...room0,
    conversation: {
      ...room0.conversation,
      members: Array.from({ length: 60 }, (_, index) => ({
        id: `c${index}`,
        name: `${names[index % names.length]} ${index}`,
        role: 'member' as const,
        here: index % 4 !== 3,
      })),
    },
  },
  closed: {
    ...room0,
    connection: {
      status: 'open',
      since: Date.now() - 42_000,
      transport: 'long-poll',
      shared: true,
      roundTripTime: 184,
      slow: false,
    },
    lastClose: { time: base, code: 1006, reason: '', transport: 'websocket' },
  },
  waiting: {
    ...room0,
    connection: { status: 'waiting', attempt: 4, retryAt: Date.now() + 8_000, restarting: false },
    lastClose: { time: base, code: 1013, reason: 'too slow', transport: 'websocket' },
  },
  offline: { ...room0, connection: { status: 'offline' } },
  'sign-in': out,
  invited: { ...out, invitation: 'k3vq0x1b', lastName: 'Robin' },
  kept: {
    ...out,
    lastName: 'Mei',
    signInFailure: {
      code: 'password-needed',
      message: 'The name has a password.',
      field: 'data.password',
      suggestion: 'Mei 2',
    },
  },
  wrong: {
    ...out,
    lastName: 'Mei',
    signInFailure: {
      code: 'password-wrong',
      message: 'Wrong.',
      field: 'data.password',
      suggestion: 'Mei 2',
    },
  },
  taken: {
    ...out,
    lastName: 'Mei',
    signInFailure: { code: 'name-taken', message: 'Taken.', field: 'data.name', suggestion: 'Mei 2' },
  },
  guarded: { ...out, entry: { serverPassword: true, invitation: true } },
  locked: { ...out, entry: { serverPassword: true, invitation: false } },
  toasts: {
    ...room0,
    toasts: [
      {
        key: 't1',
        tone: 'info',
        text: { id: 'room-gone', name: '#dev', why: 'kicked', reason: 'Please read the rules first.' },
      },
      { key: 't2', tone: 'error', text: { id: 'refused', failure: { code: 'forbidden', message: '' } } },
      { key: 't3', tone: 'info', text: { id: 'copied' } },
    ],
  },
};
