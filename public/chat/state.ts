/** The state as the store's parts share it: what the components see, and a little more that they need not know of. */
import { defaultRoom } from '../../src/chat/events.ts';
import type { Cell } from './cell.ts';
import type { ChatState, Conversation, Toast, ToastText } from './model.ts';
import type { Outbox } from './outbox.ts';
import type { Environment } from './platform.ts';

export interface StoreState extends ChatState {
  readonly outbox: Outbox;
}

export type StoreCell = Cell<StoreState>;

/** What is shown of a room before anything of it is here. */
export function emptyConversation(room: string): Conversation {
  return {
    room,
    status: 'loading',
    failure: undefined,
    timeline: [],
    hasOlder: false,
    hasNewer: false,
    loading: undefined,
    members: [],
    typing: [],
    newFrom: undefined,
    target: undefined,
  };
}

export const initialState: StoreState = {
  phase: 'restoring',
  signInFailure: undefined,
  entry: undefined,
  me: undefined,
  owner: false,
  hasPassword: false,
  invitation: undefined,
  connection: { status: 'connecting', attempt: 0 },
  lastClose: undefined,
  rooms: [],
  conversation: emptyConversation(defaultRoom),
  outbox: [],
  drafts: {},
  limits: undefined,
  toasts: [],
  traffic: { sent: 0, received: 0, octetsSent: 0, octetsReceived: 0, resumes: 0 },
};
/** How many milliseconds a toast stays: long enough to read the longest of them twice. */
export const toastTime = 8_000;

export interface Toaster {
  show(text: ToastText): void;
  dismiss(key: string): void;
  dispose(): void;
}

/** What tells of something that nobody did wrong. */
const informing: ReadonlySet<ToastText['id']> = new Set([
  'rate-limited',
  'signed-out-elsewhere',
  'copied',
  'message-gone',
  'room-gone',
]);

/** Shows toasts and takes each away after its time. A second one that says the same thing takes the first one's place. */
export function createToaster(environment: Environment, cell: StoreCell): Toaster {
  const timers = new Map<string, () => void>();
  let made = 0;

  function dismiss(key: string) {
    timers.get(key)?.();
    timers.delete(key);
    cell.update({ toasts: cell.get().toasts.filter((toast) => toast.key !== key) });
  }

  return {
    show(text) {
      made += 1;
      const key = `toast-${made}`;
      const tone = informing.has(text.id) ? 'info' : 'error';
      const same = (toast: Toast) =>
        toast.text.id === text.id &&
        !('file' in toast.text && 'file' in text && toast.text.file !== text.file);
      for (const toast of cell.get().toasts.filter(same)) dismiss(toast.key);
      timers.set(
        key,
        environment.after(toastTime, () => dismiss(key)),
      );
      cell.update({ toasts: [...cell.get().toasts, { key, tone, text }] });
    },
    dismiss,
    dispose() {
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}
