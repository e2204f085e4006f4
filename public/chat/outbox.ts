/**
 * The outbox as a pure state machine: what was said or done and is not yet known to be stored, in the order in which
 * it was. An item keeps its nonce for life, so sending it again can never store it twice. One item is sent at a time,
 * which is what keeps the order; a picture that is still being uploaded, and a room that makes its writers wait, do
 * not hold up the rest. courier.ts drives this.
 *
 *   pending ──send-started──▶ sending ──acknowledged──▶ sent ──settled──▶ (gone)
 *      │  ▲                     │ │
 *      │  └──postponed, disconnected  └──refused──▶ failed ──retried──▶ pending
 *      └──upload-started──▶ uploading ──uploaded──▶ pending (with its image)
 */
import type { Failure, Image, RoomEvent } from '../../src/chat/events.ts';
import type { Outgoing, PickedFile } from './model.ts';

export interface OutboxItem extends Outgoing {
  /** Names the tab in which it was made. */
  readonly tab: string;
  /** The picked file of a picture, kept until all is done. */
  readonly file: PickedFile | undefined;
  /** The place that it has in the log, once that is known. */
  readonly offset: number | undefined;
}

export type Outbox = readonly OutboxItem[];

export type OutboxEvent =
  /** Made here, or told by another tab: there it may be known already, and is then replaced. */
  | { readonly type: 'added'; readonly item: OutboxItem }
  | { readonly type: 'upload-started'; readonly nonce: string }
  | { readonly type: 'progressed'; readonly nonce: string; readonly progress: number }
  | { readonly type: 'uploaded'; readonly nonce: string; readonly image: Image }
  | { readonly type: 'send-started'; readonly nonce: string }
  /** It did not get through this time; it goes out later. */
  | { readonly type: 'postponed'; readonly nonce: string }
  /** The server no longer has the image: it is uploaded again. */
  | { readonly type: 'image-lost'; readonly nonce: string }
  | { readonly type: 'refused'; readonly nonce: string; readonly failure: Failure }
  /** It is in the log, and its event is on the way. */
  | { readonly type: 'acknowledged'; readonly nonce: string; readonly offset: number }
  /** All of a room up to that place is shown. */
  | { readonly type: 'caught-up'; readonly room: string; readonly offset: number }
  /** Seen to the end: gone from here. */
  | { readonly type: 'settled'; readonly nonce: string }
  | { readonly type: 'retried'; readonly nonce: string }
  | { readonly type: 'discarded'; readonly nonce: string }
  /** What another tab does with it at this moment. */
  | {
      readonly type: 'mirrored';
      readonly nonce: string;
      readonly status: 'pending' | 'uploading' | 'sending' | 'sent';
      readonly progress: number | undefined;
    }
  /** The connection ended: nobody knows what became of what was being sent. */
  | { readonly type: 'disconnected' }
  /** The room is gone, and what was for it cannot be said any more. */
  | { readonly type: 'room-gone'; readonly room: string };

/** The outbox after an event. An event that does not fit the item's status changes nothing: the same array comes back. */
export function advance(outbox: Outbox, event: OutboxEvent): Outbox {
  switch (event.type) {
    case 'added':
      return add(outbox, event.item);
    case 'settled':
      return without(outbox, ({ nonce }) => nonce === event.nonce);
    case 'discarded':
      return without(
        outbox,
        ({ nonce, status }) => nonce === event.nonce && status !== 'sending' && status !== 'sent',
      );
    case 'caught-up':
      return without(
        outbox,
        ({ room, offset }) => room === event.room && offset !== undefined && offset <= event.offset,
      );
    case 'room-gone':
      return without(outbox, ({ room }) => room === event.room);
    case 'disconnected':
      return change(outbox, (item) => (item.status === 'sending' ? waiting(item) : item));
    default:
      return change(outbox, (item) => (item.nonce === event.nonce ? advanceItem(item, event) : item));
  }
}

function add(outbox: Outbox, item: OutboxItem): Outbox {
  const known = outbox.findIndex(({ nonce }) => nonce === item.nonce);
  if (known >= 0) return outbox.with(known, item);
  const later = outbox.findIndex((other) => comesAfter(other, item));
  return later < 0 ? [...outbox, item] : outbox.toSpliced(later, 0, item);
}

function comesAfter(a: OutboxItem, b: OutboxItem): boolean {
  return a.time > b.time || (a.time === b.time && a.nonce > b.nonce);
}

function advanceItem(item: OutboxItem, event: OutboxEvent): OutboxItem {
  const { status, command } = item;
  switch (event.type) {
    case 'upload-started':
      return isReadyToUpload(item) ? { ...item, status: 'uploading', progress: 0 } : item;
    case 'progressed':
      return status === 'uploading' ? { ...item, progress: Math.min(1, Math.max(0, event.progress)) } : item;
    case 'uploaded':
      return status === 'uploading' && command.type === 'image'
        ? { ...waiting(item), command: { ...command, image: event.image } }
        : item;
    case 'send-started':
      return isReadyToSend(item) ? { ...item, status: 'sending' } : item;
    case 'postponed':
      return status === 'sending' || status === 'uploading' ? waiting(item) : item;
    case 'image-lost':
      return status === 'sending' && command.type === 'image'
        ? { ...waiting(item), command: { ...command, image: undefined } }
        : item;
    case 'refused':
      return status === 'sending' || status === 'uploading' ? failed(item, event.failure) : item;
    case 'acknowledged':
      return status === 'sent' ? item : { ...waiting(item), status: 'sent', offset: event.offset };
    case 'retried':
      return status === 'failed' ? waiting(item) : item;
    case 'mirrored':
      return status === 'sent' ? item : { ...waiting(item), status: event.status, progress: event.progress };
    default:
      return item;
  }
}

/**
 * The item that is to be sent now: the oldest that can be, unless one is on its way.
 * @param may whether this tab sends that item, and now
 */
export function nextToSend(outbox: Outbox, may: (item: OutboxItem) => boolean): OutboxItem | undefined {
  if (outbox.some((item) => item.status === 'sending' && may(item))) return undefined;
  return outbox.find((item) => isReadyToSend(item) && may(item));
}

/** The item whose picture is to be uploaded now: the oldest that needs it, unless one is on its way. */
export function nextToUpload(outbox: Outbox, may: (item: OutboxItem) => boolean): OutboxItem | undefined {
  if (outbox.some((item) => item.status === 'uploading' && may(item))) return undefined;
  return outbox.find((item) => isReadyToUpload(item) && may(item));
}

/** The outbox without what has turned up in the log: events by this author under a nonce of ours. */
export function withoutStored(
  outbox: Outbox,
  events: readonly Pick<RoomEvent, 'author' | 'nonce'>[],
  author: string,
): Outbox {
  if (outbox.length === 0) return outbox;
  const stored = new Set(events.filter((event) => event.author.id === author).map(({ nonce }) => nonce));
  return without(outbox, ({ nonce }) => stored.has(nonce));
}

/** Whether it is a message: it shows as a line of its own until it is in the timeline. */
export function isMessage({ command }: OutboxItem): boolean {
  return command.type === 'text' || command.type === 'image';
}

function isReadyToSend({ status, command }: OutboxItem): boolean {
  return status === 'pending' && (command.type !== 'image' || command.image !== undefined);
}

function isReadyToUpload({ status, command }: OutboxItem): boolean {
  return status === 'pending' && command.type === 'image' && command.image === undefined;
}

function waiting(item: OutboxItem): OutboxItem {
  return { ...item, status: 'pending', progress: undefined, failure: undefined };
}

function failed(item: OutboxItem, failure: Failure): OutboxItem {
  return { ...item, status: 'failed', progress: undefined, failure };
}

function without(outbox: Outbox, leaves: (item: OutboxItem) => boolean): Outbox {
  return outbox.some(leaves) ? outbox.filter((item) => !leaves(item)) : outbox;
}

function change(outbox: Outbox, next: (item: OutboxItem) => OutboxItem): Outbox {
  const changed = outbox.map(next);
  return changed.some((item, index) => item !== outbox[index]) ? changed : outbox;
}
