/** The state as the store's parts share it: what the components see, and a little more that they need not know of. */
import { defaultRoom } from '../../src/chat/events.ts';
import type { Cell } from './cell.ts';
import type { ChatState, Toast, ToastText } from './model.ts';
import type { Outbox } from './outbox.ts';
import type { Environment } from './platform.ts';

export interface StoreState extends ChatState {
  readonly outbox: Outbox;
}

export type StoreCell = Cell<StoreState>;

export const initialState: StoreState = {
  phase: 'signed-out',
  signInFailure: undefined,
  me: undefined,
  room: defaultRoom,
  connection: { status: 'connecting', attempt: 0 },
  lastClose: undefined,
  members: [],
  timeline: [],
  outbox: [],
  hasMore: false,
  loadingOlder: false,
  limits: undefined,
  toasts: [],
  traffic: { sent: 0, received: 0, octetsSent: 0, octetsReceived: 0, reconnects: 0 },
};

/** How many milliseconds a toast stays: long enough to read the longest of them twice. */
export const toastTime = 8_000;

export interface Toaster {
  show(text: ToastText): void;
  dismiss(key: string): void;
  dispose(): void;
}

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
      const tone = text.id === 'rate-limited' || text.id === 'signed-out-elsewhere' ? 'info' : 'error';
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
