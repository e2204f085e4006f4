/** A made-up server for the gallery of panels: it answers what panels ask, each time the same. */
import type { Device, Message, ReplyData, RequestName } from '../../src/chat/events.ts';
import type { Answer, Arrival, ChatState, ChatStore, WireTick } from '../chat/model.ts';
import {
  ada,
  base,
  bjorn,
  day,
  me,
  mei,
  minute,
  out,
  publicRooms,
  room,
  room0,
  say,
  states,
  wei,
} from './panel-states.ts';

const found: readonly Message[] = [
  say(mei, 2, 'did anyone look at the handshake test that failed last night?'),
  say(
    ada,
    -60 * 20,
    `Before we go on, a word about limits, because it has come up twice this week. ${'A server that waits for ever is a server that can be kept waiting. '.repeat(2)}The handshake has a deadline of ten seconds, and so has each step of the Handshake after it.`,
    'dev',
  ),
  say(wei, -60 * 40, 'handshake 是握手的意思', 'weekend-plans'),
];

const devices: readonly Device[] = [
  ['Firefox on Linux', true, true, 0],
  ['Safari on iPhone', false, true, 2 * minute],
  ['Chrome on Windows', false, false, 3 * day],
  ['', false, false, 20 * day],
].map(([label, current, here, ago], index) => ({
  id: `device-${index}`,
  label: String(label),
  createdAt: base - 30 * day + index * day,
  lastSeenAt: base - Number(ago),
  current: Boolean(current),
  here: Boolean(here),
}));

const replies: { readonly [Name in RequestName]?: ReplyData<Name> } = {
  'room:list': { rooms: [...publicRooms] },
  'room:invite': { code: 'k3vq0x1bZr8Ym4Tt', expires: base + 7 * day, uses: 0 },
  'session:devices': { devices: [...devices] },
  'message:search': { messages: [...found], hasMore: true },
  'moderation:bans': {
    bans: [
      {
        member: { id: 'x1', name: 'Loud Larry' },
        by: ada,
        time: base - day,
        until: base + 6 * day,
        reason: '',
      },
      {
        member: { id: 'x2', name: 'spam-4711' },
        by: me,
        time: base - 9 * day,
        reason: 'Advertising, again.',
      },
    ],
  },
  'moderation:audit': {
    entries: [
      {
        number: 4,
        time: base,
        by: me,
        action: 'moderation:mute',
        room: 'general',
        member: bjorn,
        details: '25 min',
      },
      {
        number: 3,
        time: base - day,
        by: ada,
        action: 'moderation:ban',
        room: 'general',
        member: { id: 'x1', name: 'Loud Larry' },
        details: '7 d',
      },
      {
        number: 2,
        time: base - 2 * day,
        by: me,
        action: 'moderation:slow',
        room: 'general',
        details: '30 s',
      },
    ],
    hasMore: true,
  },
};

/** A store that holds a made-up state and answers what panels ask, after a moment. */
export function panelStore(name: string): ChatStore {
  let state = states[name] ?? room0;
  const listeners = new Set<() => void>();
  const arrivals = new Set<(arrival: Arrival) => void>();
  const set = (change: Partial<ChatState>): void => {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  };
  const nothing = (): void => undefined;
  let made = 0;
  // For trying things out from the browser's console.
  Object.assign(window, {
    staged: {
      set,
      arrive: (mentioned: boolean) => {
        for (const listener of arrivals)
          listener({ room: room('dev'), message: say(mei, 20, 'Robin, are you there?'), mentioned });
      },
    },
  });
  const wire: readonly WireTick[] = Array.from({ length: 90 }, (_, index): WireTick => {
    const kind = (['text', 'text', 'binary', 'ping', 'pong', 'text', 'continuation', 'text'] as const)[
      index % 8
    ];
    return {
      time: base + index * ([300, 80, 2500, 40, 900, 6000][index % 6] ?? 0),
      direction: index % 3 === 1 || kind === 'ping' ? 'up' : 'down',
      kind: index === 60 ? 'close' : (kind ?? 'text'),
      length: kind === 'ping' || kind === 'pong' ? 4 : 90 + ((index * 7919) % 9700),
      compressed: index % 4 === 0,
    };
  });
  return {
    actions: {
      signIn: () => set({ phase: 'entering', signInFailure: undefined }),
      clearSignInFailure: () => set({ signInFailure: undefined }),
      logOut: () => set(out),
      openRoom: (id) => set({ conversation: { ...state.conversation, room: id } }),
      jumpTo: nothing,
      jumpToNewest: nothing,
      loadOlder: nothing,
      loadNewer: nothing,
      markRead: nothing,
      setDraft: nothing,
      sendDraft: nothing,
      sendImages: nothing,
      react: nothing,
      remove: nothing,
      retry: nothing,
      discard: nothing,
      request<Name extends RequestName>(event: Name): Promise<Answer<Name>> {
        const data = replies[event];
        return new Promise((resolve) =>
          setTimeout(() => {
            if (state.connection.status !== 'open') resolve({ status: 'offline' });
            else if (data === undefined)
              resolve({ status: 'refused', failure: { code: 'forbidden', message: 'Not in the gallery.' } });
            // The table has each reply under its own name.
            else resolve({ status: 'ok', data: data as ReplyData<Name> });
          }, 60),
        );
      },
      nonce: () => {
        made += 1;
        return `gallery-${made}`;
      },
      notify: (text) => set({ toasts: [{ key: `n${made}`, tone: 'info', text }] }),
      reconnectNow: nothing,
      dismissToast: (key) => set({ toasts: state.toasts.filter((toast) => toast.key !== key) }),
    },
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onArrival(listener) {
      arrivals.add(listener);
      return () => arrivals.delete(listener);
    },
    onWire(listener) {
      for (const tick of wire) listener(tick);
      return nothing;
    },
    dispose: nothing,
  };
}
