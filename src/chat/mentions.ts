/**
 * Whom a text mentions: `@` at the beginning of a word, then the name of somebody in the room. Pure. Called by
 * posting.ts and the handler of edits.
 */
import type { Member } from './events.ts';
import { nameKey } from './names.ts';

/** Mentions all who are in the room; for moderators. */
export const everyone = 'everyone';
/** The most `@` in one text that are looked at. */
const maximumMentions = 50;

const wordCharacter = /[\p{L}\p{M}\p{N}_]/u;
/** Scripts without spaces, in which a name ends where it ends. */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/**
 * The ids of those whom a text mentions, each once, in their order; of several names that fit the longest counts.
 * @param members who is in the room
 * @param mayMentionAll whether `@everyone` is more than text
 */
export function findMentions(text: string, members: Iterable<Member>, mayMentionAll: boolean): string[] {
  if (!text.includes('@')) return [];
  const ids = new Map<string, string>();
  let longest = everyone.length;
  for (const { id, name } of members) {
    ids.set(keyOf(name), id);
    longest = Math.max(longest, name.length);
  }
  if (mayMentionAll) ids.set(everyone, everyone);
  const found = new Set<string>();
  for (const { index } of [...text.matchAll(/(?<![\p{L}\p{M}\p{N}_])@/gu)].slice(0, maximumMentions)) {
    const id = nameAt(text.slice(index + 1, index + 2 + longest), ids);
    if (id !== undefined) found.add(id);
  }
  return [...found];
}

/** Keys of names that were asked for: a room of thousands has the same names at every message. */
const keys = new Map<string, string>();
const maximumKeys = 50_000;

function keyOf(name: string): string {
  let key = keys.get(name);
  if (key === undefined) {
    key = nameKey(name);
    if (keys.size >= maximumKeys) keys.clear();
    keys.set(name, key);
  }
  return key;
}

/** The longest name that a text begins with. */
function nameAt(text: string, ids: ReadonlyMap<string, string>): string | undefined {
  const characters = [...text];
  for (let length = characters.length; length > 0; length--) {
    const [last = '', next = ''] = [characters[length - 1], characters[length]];
    const goesOn = wordCharacter.test(next) && wordCharacter.test(last);
    if (goesOn && !unspaced.test(next) && !unspaced.test(last)) continue;
    const id = ids.get(nameKey(characters.slice(0, length).join('')));
    if (id !== undefined) return id;
  }
  return undefined;
}
