/**
 * The conversation's life: what comes over the link is merged by timeline.ts and shown, older pages are fetched,
 * holes are found and mended. A message of our own leaves the outbox in the very change that brings it into the
 * timeline, so it is never seen twice nor not at all.
 */
import type { Entrance, Member, Message, Receipt } from '../../src/chat/events.ts';
import { entryMessageCount, maximumPageLength } from '../../src/chat/events.ts';
import type { Link, Push } from './link.ts';
import { advance, messageOf, type OutboxItem, withoutStored } from './outbox.ts';
import type { Environment } from './platform.ts';
import type { StoreCell, Toaster } from './state.ts';
import {
  closeHole,
  edgeOfGap,
  emptyTimeline,
  enter,
  fill,
  findHole,
  insert,
  notice,
  prepend,
  type Timeline,
} from './timeline.ts';

/** Milliseconds that a message which is overtaken by a later one has, before it is asked for. */
export const holePatience = 1_000;

export interface Conversation {
  /** Where the server is to go on; undefined before the first entrance. */
  since(): { readonly epoch: string; readonly offset: number } | undefined;
  entered(entrance: Entrance, link: Link): void;
  push(push: Push): void;
  /** Our own message is stored: it moves from the outbox into the timeline. */
  stored(item: OutboxItem, receipt: Receipt): void;
  loadOlder(gap: string | undefined): void;
  /** The link is gone: requests under way came to nothing. */
  lost(): void;
  /** Forgets everything, for somebody else to enter. */
  clear(): void;
  dispose(): void;
}

export function createConversation(
  environment: Environment,
  cell: StoreCell,
  toaster: Toaster,
): Conversation {
  let timeline: Timeline = emptyTimeline;
  let link: Link | undefined;
  let loading = false;
  let mending = false;
  let cancelMending = () => {};

  function show(next: Timeline, stored: readonly Message[] = []) {
    timeline = next;
    const { me, outbox } = cell.get();
    cell.update({
      timeline: timeline.items,
      hasMore: timeline.hasMore,
      ...(me === undefined ? {} : { outbox: withoutStored(outbox, stored, me) }),
    });
    watchForHole();
  }

  /** A message may overtake another by a moment (a receipt does); one that stays away is fetched. */
  function watchForHole() {
    if (mending || findHole(timeline) === undefined) return;
    mending = true;
    cancelMending = environment.after(holePatience, mend);
  }

  function mend() {
    mending = false;
    const hole = findHole(timeline);
    const current = link;
    if (hole === undefined || current === undefined) return;
    mending = true;
    const { room } = cell.get();
    const limit = Math.min(hole.limit, pageLength());
    current.request('message:page', { room, before: hole.before, limit }, (outcome) => {
      mending = false;
      if (outcome.status === 'lost' || link !== current) return;
      const nothing = { room, epoch: timeline.epoch ?? '', messages: [], hasMore: true };
      const page = outcome.status === 'ok' ? outcome.data : nothing;
      show(closeHole(timeline, page, myId(), environment.now()), page.messages);
    });
  }

  function loadOlder(gap: string | undefined) {
    const first = timeline.items.find((item) => item.kind === 'message');
    const before = gap === undefined ? first?.message.offset : edgeOfGap(timeline, gap);
    const current = link;
    if (loading || current === undefined || before === undefined || before <= 1) return;
    if (gap === undefined && !timeline.hasMore) return;
    loading = true;
    cell.update({ loadingOlder: true });
    const { room } = cell.get();
    const limit = Math.min(entryMessageCount, pageLength());
    current.request('message:page', { room, before, limit }, (outcome) => {
      loading = false;
      cell.update({ loadingOlder: false });
      if (link !== current) return;
      if (outcome.status === 'refused') toaster.show({ id: 'history-failed' });
      if (outcome.status !== 'ok') return;
      const page = outcome.data;
      show(gap === undefined ? prepend(timeline, page, myId()) : fill(timeline, gap, page, myId()));
    });
  }

  function pageLength(): number {
    return Math.max(1, cell.get().limits?.pageLength ?? maximumPageLength);
  }

  function myId(): string {
    return cell.get().me?.id ?? '';
  }

  function moved(kind: 'joined' | 'left', member: Member, time: number) {
    const others = cell.get().members.filter(({ id }) => id !== member.id);
    cell.update({ members: byName(kind === 'joined' ? [...others, member] : others) });
    if (member.id !== myId()) show(notice(timeline, kind, member, time));
  }

  return {
    since() {
      return timeline.epoch === undefined ? undefined : { epoch: timeline.epoch, offset: timeline.newest };
    },
    entered(entrance, current) {
      link = current;
      cell.update({ members: byName(entrance.members), room: entrance.room });
      show(enter(timeline, entrance, myId(), environment.now()), entrance.messages);
    },
    push(push) {
      if (link === undefined) return;
      const { room } = cell.get();
      if (push.event === 'message:new') {
        const { message } = push.data;
        if (message.room === room) show(insert(timeline, message, myId()), [message]);
      } else if (push.event !== 'server:restart' && push.data.room === room) {
        moved(push.event === 'member:joined' ? 'joined' : 'left', push.data.member, push.data.time);
      }
    },
    stored(item, receipt) {
      const { me, outbox } = cell.get();
      const message = me === undefined ? undefined : messageOf(item, receipt, me);
      // Pushed before its receipt: the message is there already, as the server has it.
      const known = timeline.items.some((line) => line.kind === 'message' && line.message.id === receipt.id);
      if (message === undefined || known) {
        cell.update({ outbox: advance(outbox, { type: 'settled', nonce: item.nonce }) });
      } else {
        show(insert(timeline, message, message.author.id), [message]);
      }
    },
    loadOlder,
    lost() {
      link = undefined;
      mending = false;
      cancelMending();
    },
    clear() {
      timeline = emptyTimeline;
      cancelMending();
      mending = false;
      cell.update({ timeline: [], members: [], hasMore: false, loadingOlder: false });
    },
    dispose: () => cancelMending(),
  };
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

function byName(members: readonly Member[]): readonly Member[] {
  return members.toSorted((a, b) => collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1));
}
