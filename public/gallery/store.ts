/** A store around a made-up state: it answers what a person does as far as the eye can tell, and plays traffic. */
import type { Message } from '../../src/chat/events.ts';
import type {
  Arrival,
  ChatActions,
  ChatState,
  ChatStore,
  Conversation,
  TimelineItem,
  WireTick,
} from '../chat/model.ts';
import { me, mei, say } from './people.ts';
import { log } from './talk.ts';

/** The most lines that a window has, and how many come at once, as in the real store. */
const windowLength = 300;
const pageLength = 50;
const lastOffset = 1000;

export function stagedStoreOf(initial: ChatState): ChatStore {
  let state = initial;
  let jumps = 0;
  const listeners = new Set<() => void>();
  const wires = new Set<(tick: WireTick) => void>();
  const arrivals = new Set<(arrival: Arrival) => void>();
  const set = (change: Partial<ChatState>): void => {
    state = { ...state, ...change };
    for (const listener of [...listeners]) listener();
  };
  const converse = (change: Partial<Conversation>): void =>
    set({ conversation: { ...state.conversation, ...change } });
  const nothing = (): void => undefined;

  const change = (target: Message, how: (message: Message) => Message): void =>
    converse({
      timeline: state.conversation.timeline.map((item) =>
        item.kind === 'message' && item.message.id === target.id
          ? { ...item, message: how(item.message) }
          : item,
      ),
    });
  const arrive = (text: string): void => {
    const said = say(mei, 20, text);
    const offset = offsets().last + 1;
    const id = `arrived-${offset}`;
    const item = { ...said, key: id, message: { ...said.message, offset, id } };
    converse({ timeline: [...state.conversation.timeline, item] });
    const room = state.rooms[0];
    if (room === undefined) return;
    for (const listener of arrivals) listener({ room, message: item.message, mentioned: false });
  };
  const offsets = (): { first: number; last: number } => {
    const numbers = state.conversation.timeline.map((item) =>
      item.kind === 'message' ? item.message.offset : item.item.offset,
    );
    return { first: numbers[0] ?? 1, last: numbers.at(-1) ?? 0 };
  };
  const load = (edge: 'older' | 'newer'): void => {
    converse({ loading: edge });
    setTimeout(() => {
      const { first, last } = offsets();
      const page: TimelineItem[] =
        edge === 'older'
          ? log(Math.max(1, first - pageLength), first - 1)
          : log(last + 1, Math.min(lastOffset, last + pageLength));
      const whole =
        edge === 'older'
          ? [...page, ...state.conversation.timeline]
          : [...state.conversation.timeline, ...page];
      const timeline = edge === 'older' ? whole.slice(0, windowLength) : whole.slice(-windowLength);
      converse({ timeline, loading: undefined });
      const now = offsets();
      converse({ hasOlder: now.first > 1, hasNewer: now.last < lastOffset });
    }, 300);
  };

  const actions: ChatActions = {
    signIn: ({ name }) => {
      set({ phase: 'entering', signInFailure: undefined });
      setTimeout(() => set({ phase: 'chatting', me: { id: 'me', name } }), 30);
    },
    clearSignInFailure: () => set({ signInFailure: undefined }),
    logOut: () => set({ phase: 'signed-out', me: undefined }),
    openRoom: (room) => converse({ room, timeline: [], status: 'ready', newFrom: undefined }),
    jumpTo: (offset) => {
      const item = state.conversation.timeline.find(
        (one) => one.kind === 'message' && one.message.offset === offset,
      );
      jumps += 1;
      if (item?.kind === 'message') converse({ target: { id: item.message.id, jump: jumps } });
    },
    jumpToNewest: () => {
      setTimeout(
        () => converse({ timeline: log(lastOffset - 49, lastOffset), hasNewer: false, hasOlder: true }),
        200,
      );
    },
    loadOlder: () => load('older'),
    loadNewer: () => load('newer'),
    markRead: (offset) => Object.assign(window, { read: offset }),
    setDraft: (draft) => {
      const { room } = state.conversation;
      const before = state.drafts[room] ?? { text: '', replyTo: undefined, editing: undefined };
      set({ drafts: { ...state.drafts, [room]: { ...before, ...draft } } });
    },
    sendDraft: () => {
      const { room } = state.conversation;
      const draft = state.drafts[room];
      if (draft === undefined) return;
      const { text, editing } = draft;
      if (editing === undefined) converse({ timeline: [...state.conversation.timeline, say(me, 20, text)] });
      else change(editing, (message) => ({ ...message, content: { type: 'text', text } }));
      set({ drafts: { ...state.drafts, [room]: { text: '', replyTo: undefined, editing: undefined } } });
    },
    sendImages: nothing,
    react: (target, emoji, on) =>
      change(target, (message) => {
        const others = (message.reactions ?? []).map((reaction) =>
          reaction.emoji === emoji
            ? { emoji, members: reaction.members.filter(({ id }) => id !== 'me') }
            : reaction,
        );
        if (!on) return { ...message, reactions: others.filter(({ members }) => members.length > 0) };
        const known = others.some((reaction) => reaction.emoji === emoji);
        return {
          ...message,
          reactions: known
            ? others.map((one) => (one.emoji === emoji ? { emoji, members: [...one.members, me] } : one))
            : [...others, { emoji, members: [me] }],
        };
      }),
    remove: (target) =>
      change(target, (message) => ({
        ...message,
        content: { type: 'deleted' },
        deleted: { time: Date.now(), by: me },
      })),
    retry: nothing,
    discard: (nonce) => set({ outbox: state.outbox.filter((item) => item.nonce !== nonce) }),
    request: async (event) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      if (event !== 'message:versions') return { status: 'offline' };
      const time = Date.now() - 600_000;
      // The only reply that is staged; its type is tied to the name, which the compiler cannot follow.
      const data = { versions: [{ time, text: 'Yes, it was mine: I compared the key.' }] };
      return { status: 'ok', data } as Awaited<ReturnType<ChatActions['request']>> as never;
    },
    nonce: () => crypto.randomUUID(),
    notify: (text) => set({ toasts: [...state.toasts, { key: crypto.randomUUID(), tone: 'info', text }] }),
    reconnectNow: nothing,
    dismissToast: (key) => set({ toasts: state.toasts.filter((toast) => toast.key !== key) }),
  };

  // For trying things out from the browser's console.
  Object.assign(window, { staged: { set, converse, arrive, say, actions, state: () => state } });
  return {
    actions,
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
      wires.add(listener);
      let time = 0;
      for (let index = 0; index < 44; index += 1) {
        time += [300, 80, 2500, 40, 900, 6000][index % 6] ?? 0;
        const beat = index % 11 === 7 || index % 11 === 8;
        listener({
          time,
          direction: beat ? (index % 11 === 7 ? 'up' : 'down') : index % 4 === 1 ? 'up' : 'down',
          kind: beat ? (index % 11 === 7 ? 'ping' : 'pong') : 'text',
          length: beat ? 40 : 90 + ((index * 7919) % 1700) * (index % 5 === 0 ? 6 : 1),
        });
      }
      return () => wires.delete(listener);
    },
    dispose: nothing,
  };
}
