/**
 * The outbox as a pure state machine: what was said and is not yet known to be stored, oldest first. An item keeps its
 * nonce for life, so sending it again can never store it twice. One item is sent at a time, which is what keeps the
 * order; a picture that is still being uploaded does not hold up what was written after it. courier.ts drives this.
 *
 *   pending ──send-started──▶ sending ──settled──▶ (gone)
 *      │  ▲                     │ │
 *      │  └──postponed, disconnected  └──refused──▶ failed ──retried──▶ pending
 *      └──upload-started──▶ uploading ──uploaded──▶ pending (with its image)
 */
import type { Failure, Image, Member, Message, Receipt } from '../../src/chat/events.ts';
import type { Outgoing } from './model.ts';

export interface OutboxItem extends Outgoing {
  /** Whether it was ever sent: then it may be stored already, though nobody said so. */
  readonly tried: boolean;
}

export type Outbox = readonly OutboxItem[];

export type OutboxEvent =
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
  /** Stored: gone from here. */
  | { readonly type: 'settled'; readonly nonce: string }
  | { readonly type: 'retried'; readonly nonce: string }
  | { readonly type: 'discarded'; readonly nonce: string }
  /** The connection ended: nobody knows what became of what was being sent. */
  | { readonly type: 'disconnected' }
  /** The same person is here under a new id, so that a nonce no longer guards against storing twice. */
  | { readonly type: 'identity-changed' };

const unconfirmed: Failure = { code: 'signed-out', message: 'The session ended before this was confirmed.' };

/** The outbox after an event. An event that does not fit the item's status changes nothing: the same array comes back. */
export function advance(outbox: Outbox, event: OutboxEvent): Outbox {
  switch (event.type) {
    case 'added':
      return outbox.some(({ nonce }) => nonce === event.item.nonce) ? outbox : [...outbox, event.item];
    case 'settled':
      return without(outbox, ({ nonce }) => nonce === event.nonce);
    case 'discarded':
      return without(outbox, ({ nonce, status }) => nonce === event.nonce && status !== 'sending');
    case 'disconnected':
      return change(outbox, (item) => (item.status === 'sending' ? waiting(item) : item));
    case 'identity-changed':
      return change(outbox, (item) =>
        item.tried && item.status !== 'failed' ? failed(item, unconfirmed) : item,
      );
    default:
      return change(outbox, (item) => (item.nonce === event.nonce ? advanceItem(item, event) : item));
  }
}

function advanceItem(item: OutboxItem, event: OutboxEvent): OutboxItem {
  const { status, content } = item;
  switch (event.type) {
    case 'upload-started':
      return isReadyToUpload(item) ? { ...item, status: 'uploading', progress: 0 } : item;
    case 'progressed':
      return status === 'uploading' ? { ...item, progress: Math.min(1, Math.max(0, event.progress)) } : item;
    case 'uploaded':
      return status === 'uploading' && content.type === 'image'
        ? { ...waiting(item), content: { ...content, image: event.image } }
        : item;
    case 'send-started':
      return isReadyToSend(item) ? { ...item, status: 'sending', tried: true } : item;
    case 'postponed':
      return status === 'sending' || status === 'uploading' ? waiting(item) : item;
    case 'image-lost':
      return status === 'sending' && content.type === 'image'
        ? { ...waiting(item), content: { ...content, image: undefined } }
        : item;
    case 'refused':
      return status === 'sending' || status === 'uploading' ? failed(item, event.failure) : item;
    case 'retried':
      return status === 'failed' ? waiting(item) : item;
    default:
      return item;
  }
}

/** The item that is to be sent now: the oldest that can be, unless one is on its way. */
export function nextToSend(outbox: Outbox): OutboxItem | undefined {
  if (outbox.some(({ status }) => status === 'sending')) return undefined;
  return outbox.find(isReadyToSend);
}

/** The item whose picture is to be uploaded now: the oldest that needs it, unless one is on its way. */
export function nextToUpload(outbox: Outbox): OutboxItem | undefined {
  if (outbox.some(({ status }) => status === 'uploading')) return undefined;
  return outbox.find(isReadyToUpload);
}

/** The outbox without what has turned up in the log: messages by this author under a nonce of ours. */
export function withoutStored(outbox: Outbox, messages: readonly Message[], author: Member): Outbox {
  if (outbox.length === 0) return outbox;
  const stored = new Set(
    messages.filter((message) => message.author.id === author.id).map(({ nonce }) => nonce),
  );
  return without(outbox, ({ nonce }) => stored.has(nonce));
}

/** The message that a receipt vouches for; undefined for an image that has no upload, which is never sent. */
export function messageOf(item: OutboxItem, receipt: Receipt, author: Member): Message | undefined {
  const { room, offset, id, time, nonce } = receipt;
  const { content } = item;
  if (content.type === 'text') return { room, offset, id, author, time, nonce, content };
  if (content.image === undefined) return undefined;
  return { room, offset, id, author, time, nonce, content: { type: 'image', image: content.image } };
}

function isReadyToSend({ status, content }: OutboxItem): boolean {
  return status === 'pending' && (content.type === 'text' || content.image !== undefined);
}

function isReadyToUpload({ status, content }: OutboxItem): boolean {
  return status === 'pending' && content.type === 'image' && content.image === undefined;
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
