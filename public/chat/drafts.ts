/**
 * What is being written in each room: kept in the page's database a moment after each change, so that it survives a
 * reload, and said to the others in the room, who see that somebody types. While a message is edited, what was being
 * written before waits.
 */
import * as v from 'valibot';
import { messageSchema, roomId } from '../../src/chat/events.ts';
import type { Link } from '../../src/chat-client/link.ts';
import type { Draft } from './model.ts';
import type { Environment } from './platform.ts';
import type { StoreCell } from './state.ts';

/** Milliseconds from a change until it is written down. */
export const draftDelay = 400;

/** Milliseconds after which typing is said again. */
export const typingInterval = 3_000;

export const emptyDraft: Draft = { text: '', replyTo: undefined, editing: undefined };

const storedDraft = v.object({
  room: roomId,
  text: v.string(),
  replyTo: v.optional(messageSchema),
  editing: v.optional(messageSchema),
  /** What waits while a message is edited. */
  waiting: v.optional(v.object({ text: v.string(), replyTo: v.optional(messageSchema) })),
});

export interface Drafts {
  /** Reads what this member was writing. What was written since the start wins. */
  load(member: string): Promise<void>;
  change(room: string, change: Partial<Draft>): void;
  /** It was sent: what waited comes back. It is forgotten once `kept` has settled, so that no crash loses it. */
  sent(room: string, kept: Promise<void>): void;
  drop(room: string): void;
  /** The draft is looked at no more, as another room is opened. */
  leave(room: string): void;
  connected(link: Link): void;
  lost(): void;
  /** Writes down at once what has changed. */
  flush(): Promise<void>;
  /** Forgets everything; `forever` also what is written down. */
  clear(forever: boolean): void;
  dispose(): void;
}

export function createDrafts(environment: Environment, cell: StoreCell): Drafts {
  const { database } = environment;
  const waiting = new Map<string, Pick<Draft, 'text' | 'replyTo'>>();
  const unwritten = new Set<string>();
  /** When it was last said that this person types, by room. */
  const typing = new Map<string, number>();
  let member: string | undefined;
  let link: Link | undefined;
  let cancelWrite: (() => void) | undefined;

  function set(room: string, draft: Draft) {
    const { drafts } = cell.get();
    const { [room]: _before, ...others } = drafts;
    cell.update({ drafts: isEmpty(draft) ? others : { ...others, [room]: draft } });
    unwritten.add(room);
    cancelWrite ??= environment.after(draftDelay, () => void flush());
  }

  async function flush() {
    cancelWrite?.();
    cancelWrite = undefined;
    const owner = member;
    if (owner === undefined) return;
    const rooms = [...unwritten];
    unwritten.clear();
    const { drafts } = cell.get();
    await Promise.all(
      rooms.map((room) => {
        const draft = drafts[room];
        const key = `${owner}/${room}`;
        const aside = waiting.get(room);
        if (draft === undefined && aside === undefined) return database.remove('drafts', key);
        return database.put('drafts', key, { ...(draft ?? emptyDraft), room, waiting: aside });
      }),
    );
  }

  function say(room: string, isTyping: boolean) {
    const said = typing.get(room);
    const now = environment.now();
    if (isTyping ? said !== undefined && now - said < typingInterval : said === undefined) return;
    if (isTyping) typing.set(room, now);
    else typing.delete(room);
    link?.request('room:typing', { room, typing: isTyping }, () => {});
  }

  return {
    async load(owner) {
      member = owner;
      const found = await database.all('drafts', `${owner}/`);
      if (member !== owner) return;
      const drafts: Record<string, Draft> = {};
      for (const value of found) {
        const result = v.safeParse(storedDraft, value);
        if (!result.success) continue;
        const { room, text, replyTo, editing, waiting: aside } = result.output;
        if (unwritten.has(room)) continue;
        if (aside !== undefined) waiting.set(room, { text: aside.text, replyTo: aside.replyTo });
        const draft = { text, replyTo, editing };
        if (!isEmpty(draft)) drafts[room] = draft;
      }
      cell.update({ drafts: { ...drafts, ...cell.get().drafts } });
    },
    change(room, change) {
      const before = cell.get().drafts[room] ?? emptyDraft;
      let next: Draft = { ...before, ...change };
      if (next.editing !== undefined && before.editing === undefined) {
        if (before.text !== '' || before.replyTo !== undefined) waiting.set(room, before);
        next = { ...next, replyTo: undefined };
      } else if (next.editing === undefined && before.editing !== undefined && (change.text ?? '') === '') {
        next = { ...emptyDraft, ...waiting.get(room) };
        waiting.delete(room);
      }
      const wrote = next.text !== before.text && next.editing === undefined;
      set(room, { text: next.text, replyTo: next.replyTo, editing: next.editing });
      if (next.text.trim() === '') say(room, false);
      else if (wrote) say(room, true);
    },
    sent(room, kept) {
      const aside = waiting.get(room);
      waiting.delete(room);
      say(room, false);
      set(room, { ...emptyDraft, ...aside });
      // Not before: until then the draft is what is left of it.
      cancelWrite?.();
      cancelWrite = undefined;
      void kept.then(flush);
    },
    drop(room) {
      waiting.delete(room);
      if (cell.get().drafts[room] !== undefined) set(room, emptyDraft);
    },
    leave: (room) => say(room, false),
    connected(next) {
      link = next;
    },
    lost() {
      link = undefined;
      typing.clear();
    },
    flush,
    clear(forever) {
      if (forever && member !== undefined) void database.removeAll('drafts', `${member}/`);
      cancelWrite?.();
      cancelWrite = undefined;
      member = undefined;
      link = undefined;
      waiting.clear();
      unwritten.clear();
      typing.clear();
      cell.update({ drafts: {} });
    },
    dispose() {
      cancelWrite?.();
      cancelWrite = undefined;
    },
  };
}

function isEmpty({ text, replyTo, editing }: Draft): boolean {
  return text === '' && replyTo === undefined && editing === undefined;
}
