/**
 * Keeps the outbox over a reload, a crash and a closed tab. Each tab has a record of its own in localStorage, held by
 * a lease: a record whose tab has gone away is taken over, once, by a tab that comes later. Should two tabs ever hold
 * the same item all the same, its nonce sees to it that it is stored once. Pictures are kept once they are uploaded;
 * before that they exist only in their tab.
 */
import * as v from 'valibot';
import { errorCodes, type Image, type Member, uploadReplySchema } from '../../src/chat/events.ts';
import type { OutboxItem } from './outbox.ts';
import type { Environment } from './platform.ts';
import { readStored, storedKeys, writeStored } from './stored.ts';

export const outboxPrefix = 'barewire.outbox.';
const tabKey = 'barewire.tab';

/** Milliseconds between renewals of the lease. A hidden tab's timers may run only once a minute. */
export const renewInterval = 30_000;

/** Milliseconds after which a lease that was not renewed, or was given up, is free for other tabs. */
export const leaseTime = 180_000;
export const releasedTime = 10_000;

/** Milliseconds after which nobody will come back for a record: the session behind it is void. */
export const keptTime = 24 * 3_600_000;

const text = v.object({ type: v.literal('text'), text: v.string() });
const image = v.object({
  type: v.literal('image'),
  name: v.string(),
  image: uploadReplySchema.entries.image,
});
const storedItem = v.object({
  nonce: v.string(),
  time: v.number(),
  tried: v.boolean(),
  content: v.variant('type', [text, image]),
  /** Failed for this reason, and waits for the person. */
  failure: v.optional(v.object({ code: v.picklist(errorCodes), message: v.string() })),
});
const record = v.object({
  /** Names the page load that writes here. */
  holder: v.string(),
  renewed: v.number(),
  /** The page said that it was leaving. */
  released: v.boolean(),
  author: v.object({ id: v.string(), name: v.string() }),
  items: v.array(storedItem),
});
type StoredItem = v.InferOutput<typeof storedItem>;
type OutboxRecord = v.InferOutput<typeof record>;

export interface Kept {
  readonly author: Member;
  readonly items: readonly OutboxItem[];
}

export interface OutboxStorage {
  /** What this tab had before it was reloaded. */
  claim(): Kept | undefined;
  /** Takes over what tabs that are gone have left by this author, oldest first. */
  adopt(author: Member): readonly OutboxItem[];
  /** Writes down the outbox; nothing is kept of an empty one. Call again at least every `renewInterval`. */
  save(items: readonly OutboxItem[], author: Member): void;
  /** The page is going away: after a reload it claims its record at once, otherwise another tab soon may. */
  release(): void;
  /** The page was only put aside, and is back. */
  hold(): void;
  /** Drops what gone tabs have left by this author. */
  forget(author: Member): void;
}

export function createOutboxStorage(environment: Environment): OutboxStorage {
  const { storage, tabStorage } = environment;
  const holder = environment.nonce();
  let tab = readStored(tabStorage, tabKey, v.string()) ?? newTab();
  /** What was written last, without the lease, to see whether anything has changed. */
  let written = '';
  let renewed = 0;
  let released = false;

  function newTab(): string {
    const made = environment.nonce();
    writeStored(tabStorage, tabKey, made);
    return made;
  }

  const read = (key: string) => readStored(storage, key, record);
  const key = () => outboxPrefix + tab;

  /** A copied tab has its original's name: it takes another, and leaves the record alone. */
  function yieldToOther(current: OutboxRecord | undefined) {
    if (current === undefined || current.holder === holder || current.released) return false;
    if (environment.now() - current.renewed >= leaseTime) return false;
    tab = newTab();
    return true;
  }

  function setReleased(now: boolean) {
    released = now;
    const current = read(key());
    if (current?.holder !== holder) return;
    writeStored(storage, key(), { ...current, released, renewed: environment.now() });
  }

  function orphans(): [string, OutboxRecord][] {
    const found: [string, OutboxRecord][] = [];
    for (const other of storedKeys(storage, outboxPrefix)) {
      const left = other === key() ? undefined : read(other);
      if (left === undefined) continue;
      const age = environment.now() - left.renewed;
      if (age >= keptTime) writeStored(storage, other, undefined);
      else if (age >= (left.released ? releasedTime : leaseTime)) found.push([other, left]);
    }
    return found;
  }

  return {
    claim() {
      const current = read(key());
      if (current === undefined || yieldToOther(current)) return undefined;
      writeStored(storage, key(), { ...current, holder, released: false, renewed: environment.now() });
      return { author: current.author, items: current.items.map(restore) };
    },

    adopt(author) {
      const items: OutboxItem[] = [];
      for (const [other, left] of orphans()) {
        if (left.author.id !== author.id) continue;
        writeStored(storage, other, undefined);
        items.push(...left.items.map(restore));
      }
      return items.toSorted((a, b) => a.time - b.time);
    },

    save(items, author) {
      const keepable = items.flatMap(reduce);
      if (keepable.length === 0) {
        if (read(key())?.holder === holder) writeStored(storage, key(), undefined);
        written = '';
        return;
      }
      const text = JSON.stringify([author, keepable]);
      const now = environment.now();
      if (text === written && now - renewed < renewInterval) return;
      yieldToOther(read(key()));
      written = text;
      renewed = now;
      const next: OutboxRecord = { holder, renewed, released, author, items: keepable };
      writeStored(storage, key(), next);
    },

    release: () => setReleased(true),
    hold: () => setReleased(false),

    forget(author) {
      for (const [other, left] of orphans()) {
        if (left.author.id === author.id) writeStored(storage, other, undefined);
      }
    },
  };
}

function reduce({ nonce, time, tried, content, failure }: OutboxItem): StoredItem[] {
  const common = {
    nonce,
    time,
    tried,
    ...(failure === undefined ? {} : { failure: { code: failure.code, message: failure.message } }),
  };
  if (content.type === 'text') return [{ ...common, content }];
  if (content.image === undefined) return [];
  return [{ ...common, content: { type: 'image', name: content.file.name, image: content.image } }];
}

function restore({ nonce, time, tried, content, failure }: StoredItem): OutboxItem {
  return {
    nonce,
    time,
    tried,
    content: content.type === 'text' ? content : restoreImage(content.name, content.image),
    status: failure === undefined ? 'pending' : 'failed',
    progress: undefined,
    failure,
  };
}

function restoreImage(name: string, image: Image): OutboxItem['content'] {
  const { thumbnail, length, width, height } = image;
  return { type: 'image', file: { name, length, url: thumbnail.url, width, height }, image };
}
