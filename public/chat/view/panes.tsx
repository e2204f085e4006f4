/** What the panes and the banner say of the outbox. */
import type { ChatState } from '../model.ts';

/** How many items are still to go out. */
export function waitingCount(state: ChatState): number {
  return state.outbox.filter((item) => item.status !== 'failed').length;
}
