/**
 * Carries the outbox: uploads pictures, sends items one after another while the person is let in, waits when the
 * server asks for it, and keeps what is unsent over a reload. Where tabs share a connection, the one that holds it
 * sends for all; elsewhere each tab sends its own, and after a while what a closed tab has left. Should two ever send
 * the same, its nonce sees to it that it is stored once. outbox.ts says what may happen to an item.
 */
import type { Failure, Receipt } from '../../src/chat/events.ts';
import type { Link } from '../../src/chat-client/link.ts';
import type { Command, PickedFile } from './model.ts';
import { advance, isMessage, nextToSend, nextToUpload, type OutboxEvent, type OutboxItem } from './outbox.ts';
import { createOutboxStorage } from './outbox-storage.ts';
import { createOwnership, type Role } from './ownership.ts';
import { createPauses } from './pauses.ts';
import type { Environment } from './platform.ts';
import { send } from './sending.ts';
import type { StoreCell, Toaster } from './state.ts';

/** Milliseconds of waiting that are announced; less is over before it is read. */
const announcedWait = 1_000;

/** Milliseconds after which the event of a receipt is taken for lost, and its room is loaded anew. */
export const eventPatience = 5_000;

/** The longest wait, in milliseconds, for which a message goes on waiting by itself; after more the person is asked. */
const patience = 120_000;

export interface CourierDependencies {
  readonly environment: Environment;
  readonly cell: StoreCell;
  readonly toaster: Toaster;
  /** Names this tab. */
  readonly tab: string;
  role(): Role;
  /** Whether the event of that receipt is still to come into the timeline. */
  awaits(place: Pick<Receipt, 'room' | 'offset'>): boolean;
  /** Whether an event under that nonce of ours was seen. */
  isStored(nonce: string): boolean;
  /** Such an event did not come. */
  missed(room: string): void;
  /** The server does not know this connection's member any more. */
  signedOut(): void;
  /** Milliseconds to wait before an upload is tried again, after so many failures. */
  backOff(attempt: number): number;
}

export interface Courier {
  /** Takes up what this member left unsent, in whatever tab. */
  load(member: string): Promise<void>;
  /** Settles once it outlives a crash. */
  add(room: string, command: Command, file?: PickedFile): Promise<void>;
  retry(nonce: string): void;
  discard(nonce: string): void;
  roomGone(room: string): void;
  /** The person is let in over this link: everything may go out. */
  entered(link: Link): void;
  /** This tab may have to send what another one did until now. */
  roleChanged(): void;
  /** The link is gone. */
  lost(): void;
  /** Drops everything; `forever` also what is written down. */
  clear(forever: boolean): void;
  dispose(): void;
}

export function createCourier(dependencies: CourierDependencies): Courier {
  const { environment, cell, toaster, tab } = dependencies;
  let member: string | undefined;
  let link: Link | undefined;
  let upload: { readonly nonce: string; readonly cancel: () => void } | undefined;
  let uploadAttempt = 0;
  /** What this tab is sending. */
  let carried: string | undefined;
  /** What makes all sends, a room's sends, or uploads wait. */
  const pauses = createPauses(environment.after, pump);
  const late = new Set<() => void>();
  /** Items that have left the outbox. */
  const done = new Set<string>();
  /** Writes follow each other, so that what is dropped stays dropped. */
  let writes: Promise<void> = Promise.resolve();
  let known = cell.get().outbox;

  const ownership = createOwnership(environment, tab, dependencies.role, adopt);
  const storage = createOutboxStorage(environment, () => member, {
    put(item) {
      // News of it may come after its event, or after its end.
      if (!done.has(item.nonce) && !dependencies.isStored(item.nonce)) happen({ type: 'added', item });
      pump();
    },
    gone(nonce) {
      done.add(nonce);
      happen({ type: 'settled', nonce });
      pump();
    },
    doing(nonce, status, progress) {
      ownership.heard(nonce);
      happen({ type: 'mirrored', nonce, status, progress });
    },
    stored: acknowledged,
  });
  const endWatch = cell.subscribe(noteChange);

  /** Whoever changed the outbox: what has left it is cleaned up after. */
  function noteChange() {
    const { outbox } = cell.get();
    if (outbox === known) return;
    const before = known;
    known = outbox;
    const here = new Map(outbox.map((item) => [item.nonce, item]));
    for (const item of before) {
      const now = here.get(item.nonce);
      const url = urlOf(item);
      if (url !== undefined && urlOf(now) !== url) environment.revokeObjectUrl(url);
      if (now !== undefined) continue;
      ownership.forget(item.nonce);
      forget(item.nonce);
      if (upload?.nonce === item.nonce) stopUpload();
    }
  }

  function forget(nonce: string) {
    const owner = member;
    if (owner === undefined) return;
    done.add(nonce);
    writes = writes.then(() => storage.remove(owner, nonce));
  }

  function keep(item: OutboxItem): Promise<void> {
    const owner = member;
    if (owner === undefined) return writes;
    storage.tell(owner, item);
    writes = writes.then(() => storage.put(owner, item));
    return writes;
  }

  function happen(event: OutboxEvent) {
    cell.update({ outbox: advance(cell.get().outbox, event) });
  }

  function find(nonce: string): OutboxItem | undefined {
    return cell.get().outbox.find((item) => item.nonce === nonce);
  }

  /** Says to the other tabs what is being done. */
  function tell(nonce: string) {
    const item = find(nonce);
    if (item !== undefined && member !== undefined) storage.doing(member, item);
  }

  /** What another tab had begun and went silent about is begun anew. */
  function adopt() {
    for (const item of cell.get().outbox) {
      const isUnderWay = item.nonce === carried || item.nonce === upload?.nonce;
      if (item.tab !== tab && !isUnderWay && ownership.isOurs(item))
        happen({ type: 'postponed', nonce: item.nonce });
    }
    pump();
  }

  function maySend(item: OutboxItem): boolean {
    if (pauses.has('') || (isMessage(item) && pauses.has(item.room))) return false;
    return ownership.isOurs(item);
  }

  function pump() {
    const current = link;
    if (current === undefined) return;
    const item = nextToSend(cell.get().outbox, maySend);
    if (item !== undefined) carry(item, current);
    const picture = pauses.has('upload') ? undefined : nextToUpload(cell.get().outbox, ownership.isOurs);
    if (picture !== undefined && upload === undefined) startUpload(picture);
  }

  function carry(item: OutboxItem, current: Link) {
    const { nonce } = item;
    carried = nonce;
    happen({ type: 'send-started', nonce });
    tell(nonce);
    send(current, item, (outcome) => {
      carried = undefined;
      if (outcome.status === 'lost') {
        // Over this link nothing goes any more; there may be another, after a change of transport.
        if (link === current) link = undefined;
        happen({ type: 'postponed', nonce });
        return pump();
      }
      if (outcome.status === 'refused') refused(item, outcome.failure);
      else {
        if (member !== undefined) storage.stored(member, nonce, outcome.data);
        acknowledged(nonce, outcome.data);
      }
      pump();
    });
  }

  function acknowledged(nonce: string, receipt: Receipt) {
    if (!dependencies.awaits(receipt)) return happen({ type: 'settled', nonce });
    happen({ type: 'acknowledged', nonce, offset: receipt.offset });
    const cancel = environment.after(eventPatience, () => {
      late.delete(cancel);
      if (link !== undefined && find(nonce)?.status === 'sent') dependencies.missed(receipt.room);
    });
    late.add(cancel);
  }

  function refused(item: OutboxItem, failure: Failure) {
    const { nonce, command, room } = item;
    const wait = failure.retryAfter ?? announcedWait;
    const waits = failure.code === 'rate-limited' || failure.code === 'slow-mode';
    if (waits && wait <= patience) {
      happen({ type: 'postponed', nonce });
      if (wait >= announcedWait) {
        toaster.show(
          failure.code === 'slow-mode'
            ? { id: 'refused', failure }
            : { id: 'rate-limited', retryAfter: wait },
        );
      }
      pauses.begin(failure.code === 'slow-mode' ? room : '', wait);
    } else if (failure.code === 'signed-out') {
      happen({ type: 'postponed', nonce });
      link = undefined;
      return dependencies.signedOut();
    } else if (failure.code === 'image-unknown' && command.type === 'image' && item.file !== undefined) {
      return happen({ type: 'image-lost', nonce });
    } else {
      fail(item, failure);
    }
    tell(nonce);
  }

  /** A message waits for the person; what was done to one is taken back, and said. */
  function fail(item: OutboxItem, failure: Failure) {
    const { nonce } = item;
    if (!isMessage(item)) {
      cell.batch(() => {
        happen({ type: 'settled', nonce });
        toaster.show(
          failure.code === 'message-unknown' ? { id: 'message-gone' } : { id: 'refused', failure },
        );
      });
      return;
    }
    happen({ type: 'refused', nonce, failure });
    const failed = find(nonce);
    if (failed?.status === 'failed') void keep(failed);
  }

  function startUpload(item: OutboxItem) {
    const { nonce, file } = item;
    happen({ type: 'upload-started', nonce });
    tell(nonce);
    if (file === undefined) {
      return fail(item, { code: 'image-unknown', message: 'The picture is no longer at hand.' });
    }
    const cancel = environment.upload(file, {
      progress(progress) {
        happen({ type: 'progressed', nonce, progress });
        tell(nonce);
      },
      done(outcome) {
        upload = undefined;
        if (outcome.status === 'done') {
          uploadAttempt = 0;
          happen({ type: 'uploaded', nonce, image: outcome.image });
          const uploaded = find(nonce);
          if (uploaded !== undefined) void keep(uploaded);
        } else if (outcome.status === 'refused') {
          uploadRefused(item, outcome.failure);
        } else {
          happen({ type: 'postponed', nonce });
          pauses.begin('upload', dependencies.backOff(uploadAttempt));
          uploadAttempt += 1;
        }
        tell(nonce);
        pump();
      },
    });
    upload = { nonce, cancel };
  }

  function uploadRefused(item: OutboxItem, failure: Failure) {
    const { nonce } = item;
    if (failure.code === 'rate-limited') {
      const wait = failure.retryAfter ?? announcedWait;
      if (wait >= announcedWait) toaster.show({ id: 'rate-limited', retryAfter: wait });
      happen({ type: 'postponed', nonce });
      pauses.begin('upload', wait);
    } else if (failure.code === 'signed-out') {
      happen({ type: 'postponed', nonce });
      link = undefined;
      dependencies.signedOut();
    } else {
      fail(item, failure);
    }
  }

  function stopUpload() {
    upload?.cancel();
    upload = undefined;
    pump();
  }

  function endPauses() {
    pauses.clear();
    for (const cancel of late) cancel();
    late.clear();
  }

  return {
    async load(owner) {
      member = owner;
      const items = await storage.load(owner);
      if (member !== owner) return;
      cell.batch(() => {
        // What is here already is newer than what was written down.
        for (const item of items) {
          const isKnown = find(item.nonce) !== undefined || done.has(item.nonce);
          if (!isKnown && !dependencies.isStored(item.nonce)) happen({ type: 'added', item });
        }
      });
      pump();
    },
    add(room, command, file) {
      const last = cell.get().outbox.at(-1)?.time ?? 0;
      const item: OutboxItem = {
        nonce: environment.nonce(),
        room,
        // Later than all before it, so that the order of the times is that of the items.
        time: Math.max(environment.now(), last + 1),
        tab,
        command,
        file,
        status: 'pending',
        progress: undefined,
        failure: undefined,
        offset: undefined,
      };
      happen({ type: 'added', item });
      const kept = keep(item);
      pump();
      return kept;
    },
    retry(nonce) {
      happen({ type: 'retried', nonce });
      const item = find(nonce);
      if (item?.status === 'pending') void keep(item);
      pump();
    },
    discard(nonce) {
      happen({ type: 'discarded', nonce });
      if (find(nonce) === undefined && member !== undefined) storage.dropped(member, nonce);
    },
    roomGone: (room) => happen({ type: 'room-gone', room }),
    entered(next) {
      link = next;
      cell.batch(() => {
        // Their events came with the entrance, or come with a window that is loaded anew.
        for (const { nonce, status, room, offset } of cell.get().outbox) {
          if (status === 'sent' && !dependencies.awaits({ room, offset: offset ?? 0 })) {
            happen({ type: 'settled', nonce });
          }
        }
      });
      pump();
    },
    roleChanged() {
      if (dependencies.role() !== 'holder') return;
      // What the last holder had begun is begun anew.
      for (const { nonce } of cell.get().outbox) {
        if (upload?.nonce !== nonce) happen({ type: 'postponed', nonce });
      }
      pump();
    },
    lost() {
      link = undefined;
      endPauses();
      happen({ type: 'disconnected' });
    },
    clear(forever) {
      const owner = member;
      member = undefined;
      link = undefined;
      endPauses();
      cell.update({ outbox: [] });
      if (forever && owner !== undefined) writes = writes.then(() => storage.removeAll(owner));
    },
    dispose() {
      endWatch();
      endPauses();
      ownership.dispose();
      upload?.cancel();
      storage.dispose();
    },
  };
}

/** The object URL of an item's file, to be given back some time. */
function urlOf(item: OutboxItem | undefined): string | undefined {
  return item?.file !== undefined && item.command.type === 'image' ? item.command.file.url : undefined;
}
