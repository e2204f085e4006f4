/** Made-up states of the chat for the gallery, by name, and a store that holds one. */
import type { RoomMember } from '../../src/chat/events.ts';
import type { ChatState, ChatStore, ConnectionState, Conversation, Draft } from '../chat/model.ts';
import { ada, base, bjorn, limits, long, me, mei, picture, pixel, room, waiting, wei } from './people.ts';
import { stagedStoreOf } from './store.ts';
import { lively, log, manyImages, marked, moderated, odd } from './talk.ts';

const open: ConnectionState = {
  status: 'open',
  since: Date.now() - 754_000,
  transport: 'websocket',
  shared: false,
  roundTripTime: 12,
  slow: false,
};

const people: readonly RoomMember[] = [ada, mei, me, bjorn, wei, long, pixel].map((member, index) => ({
  ...member,
  role: index === 0 ? 'owner' : index === 1 ? 'moderator' : 'member',
  here: index < 5,
}));

const conversation: Conversation = {
  room: 'general',
  status: 'ready',
  failure: undefined,
  timeline: [],
  hasOlder: false,
  hasNewer: false,
  loading: undefined,
  members: people,
  typing: [],
  newFrom: undefined,
  target: undefined,
};

const rooms = [
  room('general', { topic: 'The handshake, this week. Standup at three.' }),
  room('dev', { unread: 3 }),
  room('the-very-long-name-of-a-room-that-nobody-can-read', { unread: 1200, mentions: 2 }),
  room('secret', { kind: 'private', name: 'secret plans' }),
  room('noise', { muted: true, unread: 41 }),
  room('d-ada', { kind: 'direct', name: ada.name, other: ada, unread: 1 }),
  room('d-wei', { kind: 'direct', name: wei.name, other: wei }),
];

function livelyRoom(): ChatState {
  return {
    phase: 'chatting',
    signInFailure: undefined,
    entry: { serverPassword: false, invitation: false },
    me,
    owner: false,
    hasPassword: false,
    invitation: undefined,
    connection: open,
    lastClose: undefined,
    rooms,
    conversation: { ...conversation, timeline: lively() },
    outbox: [],
    drafts: {},
    limits,
    toasts: [],
    traffic: { sent: 41, received: 128, octetsSent: 6_213, octetsReceived: 48_902, resumes: 1 },
  };
}

const draft = (change: Partial<Draft>): ChatState['drafts'] => ({
  general: { text: '', replyTo: undefined, editing: undefined, ...change },
});

/** How each state differs from the lively room. */
const stages: Readonly<Record<string, (state: ChatState) => Partial<ChatState>>> = {
  room: () => ({}),
  'sign-in': () => ({ phase: 'signed-out', me: undefined }),
  taken: () => ({
    phase: 'signed-out',
    me: undefined,
    lastName: 'Mei',
    signInFailure: { code: 'name-taken', message: 'Taken.', field: 'data.name', suggestion: 'Mei 2' },
  }),
  restoring: () => ({ phase: 'restoring' }),
  empty: () => ({ conversation: { ...conversation, members: people.filter(({ id }) => id === 'me') } }),
  direct: () => ({ conversation: { ...conversation, room: 'd-ada', members: people.slice(0, 3) } }),
  loading: () => ({ conversation: { ...conversation, status: 'loading' } }),
  stale: ({ conversation: shown }) => ({
    connection: { status: 'offline' },
    conversation: { ...shown, status: 'stale' },
  }),
  failed: () => ({
    conversation: {
      ...conversation,
      status: 'failed',
      room: 'nowhere',
      failure: { code: 'room-unknown', message: 'There is no such room.' },
    },
  }),
  preview: ({ conversation: shown }) => ({
    rooms: rooms.filter(({ id }) => id !== 'general'),
    conversation: shown,
  }),
  unread: ({ conversation: shown }) => ({ conversation: { ...shown, newFrom: 10 } }),
  typing: ({ conversation: shown }) => ({ conversation: { ...shown, typing: [mei, ada] } }),
  reply: ({ conversation: shown }) => {
    const item = shown.timeline.find((one) => one.kind === 'message' && !one.own);
    return {
      drafts: draft({ text: 'Yes, @a', replyTo: item?.kind === 'message' ? item.message : undefined }),
    };
  },
  edit: ({ conversation: shown }) => {
    const item = shown.timeline.findLast((one) => one.kind === 'message' && one.own);
    const editing = item?.kind === 'message' ? item.message : undefined;
    return { drafts: draft({ text: '好的，到时候见！☕', editing }) };
  },
  'too-long': () => ({ drafts: draft({ text: 'word '.repeat(810) }) }),
  muted: ({ conversation: shown }) => ({
    conversation: {
      ...shown,
      members: people.map((one) => (one.id === 'me' ? { ...one, mutedUntil: Date.now() + 3_600_000 } : one)),
    },
  }),
  slow: () => ({
    rooms: rooms.map((one) => (one.id === 'general' ? { ...one, slowMode: 30 } : one)),
    connection: { ...open, roundTripTime: 2400, slow: true },
  }),
  offline: () => ({
    connection: { status: 'offline' },
    outbox: [
      waiting('aaaaaaaa', 'I will be on the train until four,'),
      waiting('bbbbbbbb', 'so this may come late 🚆'),
    ],
  }),
  waiting: () => ({
    connection: { status: 'waiting', attempt: 4, retryAt: Date.now() + 8000, restarting: false },
    lastClose: { time: base + 14 * 60_000, code: 1006, reason: '', transport: 'websocket' },
  }),
  restarting: () => ({
    connection: { status: 'waiting', attempt: 1, retryAt: Date.now() + 3000, restarting: true },
  }),
  stopped: () => ({ connection: { status: 'stopped', reason: 'protocol-version' } }),
  outbox: ({ conversation: shown }) => {
    const hills = picture('out', 1200, 800);
    const own = shown.timeline.find((one) => one.kind === 'message' && one.own);
    const upload = waiting('dddddddd', '');
    const change = waiting('ffffffff', '', 'failed', {
      code: 'muted',
      message: 'You are muted.',
      retryAfter: 90_000,
    });
    return {
      outbox: [
        waiting('cccccccc', 'This one did not make it.', 'failed', {
          code: 'internal',
          message: 'The server failed.',
        }),
        {
          ...upload,
          command: {
            type: 'image',
            image: undefined,
            replyTo: undefined,
            file: { name: 'hills.jpg', length: 3_000_000, url: hills.url, width: 1200, height: 800 },
          },
          status: 'uploading',
          progress: 0.42,
        },
        waiting('eeeeeeee', 'and this is on its way', 'sending'),
        ...(own?.kind === 'message'
          ? [{ ...change, command: { type: 'edit' as const, target: own.message, text: 'Good night! 🌙' } }]
          : []),
      ],
    };
  },
  older: ({ conversation: shown }) => ({ conversation: { ...shown, hasOlder: true, loading: 'older' } }),
  marked: () => ({ conversation: { ...conversation, timeline: marked() } }),
  odd: () => ({ conversation: { ...conversation, timeline: odd() } }),
  images: () => ({ conversation: { ...conversation, timeline: manyImages() } }),
  moderated: () => ({
    owner: true,
    conversation: { ...conversation, timeline: moderated() },
  }),
  /** A window on a log of 1000 lines, which the store moves. */
  window: () => ({
    conversation: { ...conversation, timeline: log(400, 499), hasOlder: true, hasNewer: true },
  }),
  long: () => ({ conversation: { ...conversation, timeline: log(701, 1000), hasOlder: true } }),
  crowd: ({ conversation: shown }) => ({
    conversation: {
      ...shown,
      members: Array.from({ length: 60 }, (_, index) => ({
        id: `c${index}`,
        name: `${['Mei', '王小明', 'WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW', '👾👾👾', 'محمد'][index % 5]} ${index}`,
        role: 'member',
        here: index % 3 === 0,
      })),
    },
  }),
};

/** A store that holds the state of that name; the lively room when there is none. */
export function stagedStore(name: string): ChatStore {
  const state = livelyRoom();
  return stagedStoreOf({ ...state, ...stages[name]?.(state) });
}
