/**
 * How words are cut for the search, in what is stored and in what is asked for alike: pure functions of text. SQLite's
 * own tokenizer (FTS5, unicode61) takes a run of Chinese or Japanese for one word, so each such character is made a
 * word of its own, and a run of them is looked for as a phrase. Called by message-state.ts and sqlite-log.ts.
 */

/** Changed when texts are cut otherwise: the index is then made anew. */
export const searchTextVersion = '1';

/** Scripts that are written without spaces, and their mark for a long vowel. */
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc]/gu;
/** What unicode61 makes words of. */
const wordCharacter = /[\p{L}\p{N}\p{Co}]/u;

/** The most words that are looked for; nobody misses the rest. */
const maximumWords = 12;

/** What goes into the index for a text. */
export function searchText(text: string): string {
  return text.normalize('NFKC').replaceAll(unspaced, ' $& ');
}

/**
 * The FTS5 expression (SQLite FTS5 §3) for what somebody typed: all of its words, each of more than one letter as the
 * beginning of a word, and runs of Chinese or Japanese anywhere. Everything stands in quotes, so nothing in it is syntax.
 * @returns undefined when there is no word in it
 */
export function searchExpression(query: string): string | undefined {
  // FTS5 ends at a NUL, and a quote would end the string.
  const words = query.normalize('NFKC').split(/[\s"\0]+/u);
  const phrases = words
    .filter((word) => wordCharacter.test(word))
    .map((word) => {
      // A word that ends in an unspaced character is complete; the beginning of its next one is anything. What begins
      // with one single letter is half of all words: such a letter is looked for as a word.
      const isPrefix = !endsUnspaced(word) && !endsInOneLetter(word);
      return `"${searchText(word).trim()}"${isPrefix ? ' *' : ''}`;
    });
  // Each one costs; saying it twice asks for nothing more.
  return phrases.length === 0 ? undefined : [...new Set(phrases)].slice(0, maximumWords).join(' ');
}

/** Whether the last of the words that the tokenizer makes of it is one letter, with or without marks: it drops those. */
function endsInOneLetter(word: string): boolean {
  return /(?:^|[^\p{L}\p{N}\p{Co}\p{M}])[\p{L}\p{N}\p{Co}][^\p{L}\p{N}\p{Co}]*$/u.test(
    word.normalize('NFKD'),
  );
}

function endsUnspaced(word: string): boolean {
  const last = [...word].findLast((character) => wordCharacter.test(character)) ?? '';
  return last.match(unspaced) !== null;
}
