/**
 * Carries the outbox: uploads pictures, sends items one after another while the person is let in, waits when the
 * server asks for it, and keeps what is unsent over a reload. outbox.ts says what may happen to an item; this file
 * makes it happen.
 */
import type { Failure, Member } from '../../src/chat/events.ts';
import { nameKey } from '../../src/chat/names.ts';
import type { Conversation } from './conversation.ts';
import type { Link } from './link.ts';
import type { OutgoingFile, PickedFile } from './model.ts';
import { advance, nextToSend, nextToUpload, type OutboxEvent, type OutboxItem } from './outbox.ts';
import { createOutboxStorage, renewInterval } from './outbox-storage.ts';
import type { Environment } from './platform.ts';
import { backOff } from './reconnect.ts';
import type { StoreCell, Toaster } from './state.ts';

/** Milliseconds of waiting that are announced; less is over before it is read. */
const announcedWait = 1_000;

export interface CourierDependencies {
  readonly environment: Environment;
  readonly cell: StoreCell;
  readonly toaster: Toaster;
  readonly conversation: Conversation;
  token(): string | undefined;
  /** The server does not know this socket's member any more: come back with the token. */
  signedOut(): void;
}

export interface Courier {
  addText(text: string): void;
  addImage(file: PickedFile, shown: OutgoingFile): void;
  retry(nonce: string): void;
  discard(nonce: string): void;
  /** The person is let in over this link: everything may go out. */
  entered(link: Link): void;
  /** The link is gone. */
  lost(): void;
  /** Drops everything: the person has logged out. */
  clear(): void;
  /** The page is going away, or is back. */
  leaving(): void;
  returning(): void;
  dispose(): void;
}

export function createCourier(dependencies: CourierDependencies): Courier {
  const { environment, cell, toaster, conversation } = dependencies;
  const shelf = createOutboxStorage(environment);
  const files = new Map<string, PickedFile>();
  const objectUrls = new Map<string, string>();
  const kept = shelf.claim();
  let author: Member | undefined = kept?.author;
  let link: Link | undefined;
  let upload: { readonly nonce: string; readonly cancel: () => void } | undefined;
  let uploadAttempt = 0;
  let sendPause: (() => void) | undefined;
  let uploadPause: (() => void) | undefined;
  let cancelRenewal = () => {};

  if (kept !== undefined) cell.update({ outbox: kept.items });
  let known = cell.get().outbox;
  const endWatch = cell.subscribe(noteChange);
  renew();

  /** Whoever changed the outbox: it is written down, and what has left it is cleaned up after. */
  function noteChange() {
    const { outbox } = cell.get();
    if (outbox === known) return;
    known = outbox;
    if (author !== undefined) shelf.save(outbox, author);
    const nonces = new Set(outbox.map(({ nonce }) => nonce));
    for (const [nonce, url] of objectUrls) {
      if (nonces.has(nonce)) continue;
      objectUrls.delete(nonce);
      files.delete(nonce);
      environment.revokeObjectUrl(url);
    }
    if (upload !== undefined && !nonces.has(upload.nonce)) stopUpload();
  }

  function renew() {
    if (author !== undefined) shelf.save(cell.get().outbox, author);
    if (link !== undefined) adopt();
    cancelRenewal = environment.after(renewInterval, renew);
  }

  function adopt() {
    if (author === undefined) return;
    for (const item of shelf.adopt(author)) happen({ type: 'added', item });
    pump();
  }

  function happen(event: OutboxEvent) {
    cell.update({ outbox: advance(cell.get().outbox, event) });
  }

  function add(item: OutboxItem) {
    happen({ type: 'added', item });
    pump();
  }

  function pump() {
    if (link === undefined) return;
    const item = sendPause === undefined ? nextToSend(cell.get().outbox) : undefined;
    if (item !== undefined) send(item, link);
    const picture = uploadPause === undefined ? nextToUpload(cell.get().outbox) : undefined;
    if (picture !== undefined && upload === undefined) startUpload(picture);
  }

  function send(item: OutboxItem, current: Link) {
    const { nonce, content } = item;
    happen({ type: 'send-started', nonce });
    const wire =
      content.type === 'text' ? content : ({ type: 'image', image: content.image?.id ?? '' } as const);
    current.request('message:send', { room: cell.get().room, nonce, content: wire }, (outcome) => {
      if (outcome.status === 'lost') {
        // Over this link nothing goes any more, though nobody has been told yet.
        if (link === current) link = undefined;
        return happen({ type: 'postponed', nonce });
      }
      if (outcome.status === 'ok') conversation.stored(item, outcome.data);
      else sendRefused(item, outcome.failure);
      pump();
    });
  }

  function sendRefused({ nonce, content }: OutboxItem, failure: Failure) {
    if (failure.code === 'rate-limited') {
      happen({ type: 'postponed', nonce });
      const wait = failure.retryAfter ?? announcedWait;
      if (wait >= announcedWait) toaster.show({ id: 'rate-limited', retryAfter: wait });
      sendPause = environment.after(wait, () => {
        sendPause = undefined;
        pump();
      });
    } else if (failure.code === 'signed-out') {
      happen({ type: 'postponed', nonce });
      link = undefined;
      dependencies.signedOut();
    } else if (failure.code === 'image-unknown' && content.type === 'image' && files.has(nonce)) {
      happen({ type: 'image-lost', nonce });
    } else {
      happen({ type: 'refused', nonce, failure });
    }
  }

  function startUpload({ nonce }: OutboxItem) {
    const file = files.get(nonce);
    const token = dependencies.token();
    if (file === undefined || token === undefined) {
      happen({ type: 'upload-started', nonce });
      const message = 'The picture is no longer at hand.';
      return happen({ type: 'refused', nonce, failure: { code: 'image-unknown', message } });
    }
    happen({ type: 'upload-started', nonce });
    const cancel = environment.upload(file, token, {
      progress: (progress) => happen({ type: 'progressed', nonce, progress }),
      done(outcome) {
        upload = undefined;
        if (outcome.status === 'done') {
          uploadAttempt = 0;
          happen({ type: 'uploaded', nonce, image: outcome.image });
        } else if (outcome.status === 'refused') {
          uploadRefused(nonce, outcome.failure);
        } else {
          postponeUpload(nonce, backOff(uploadAttempt, environment.random()));
          uploadAttempt += 1;
        }
        pump();
      },
    });
    upload = { nonce, cancel };
  }

  function uploadRefused(nonce: string, failure: Failure) {
    if (failure.code === 'rate-limited') {
      const wait = failure.retryAfter ?? announcedWait;
      if (wait >= announcedWait) toaster.show({ id: 'rate-limited', retryAfter: wait });
      postponeUpload(nonce, wait);
    } else if (failure.code === 'signed-out') {
      happen({ type: 'postponed', nonce });
      link = undefined;
      dependencies.signedOut();
    } else {
      happen({ type: 'refused', nonce, failure });
    }
  }

  function postponeUpload(nonce: string, wait: number) {
    happen({ type: 'postponed', nonce });
    uploadPause = environment.after(wait, () => {
      uploadPause = undefined;
      pump();
    });
  }

  function stopUpload() {
    upload?.cancel();
    upload = undefined;
    pump();
  }

  function endPauses() {
    sendPause?.();
    uploadPause?.();
    sendPause = undefined;
    uploadPause = undefined;
  }

  function newItem(nonce: string, content: OutboxItem['content']): OutboxItem {
    const time = environment.now();
    return { nonce, time, content, status: 'pending', progress: undefined, failure: undefined, tried: false };
  }

  return {
    addText: (text) => add(newItem(environment.nonce(), { type: 'text', text })),
    addImage(file, shown) {
      const nonce = environment.nonce();
      files.set(nonce, file);
      objectUrls.set(nonce, shown.url);
      add(newItem(nonce, { type: 'image', file: shown, image: undefined }));
    },
    retry(nonce) {
      happen({ type: 'retried', nonce });
      pump();
    },
    discard(nonce) {
      happen({ type: 'discarded', nonce });
    },
    entered(current) {
      const { me } = cell.get();
      if (me === undefined) return;
      if (author !== undefined && author.id !== me.id) {
        const samePerson = nameKey(author.name) === nameKey(me.name);
        if (samePerson) happen({ type: 'identity-changed' });
        else cell.update({ outbox: [] });
      }
      author = me;
      link = current;
      shelf.save(cell.get().outbox, author);
      adopt();
    },
    lost() {
      link = undefined;
      sendPause?.();
      sendPause = undefined;
      happen({ type: 'disconnected' });
    },
    clear() {
      link = undefined;
      endPauses();
      cell.update({ outbox: [] });
      if (author !== undefined) shelf.forget(author);
      author = undefined;
    },
    leaving: () => shelf.release(),
    returning() {
      shelf.hold();
      if (author !== undefined) shelf.save(cell.get().outbox, author);
    },
    dispose() {
      endWatch();
      endPauses();
      cancelRenewal();
      upload?.cancel();
    },
  };
}
