/**
 * Display names: what one is, and when two are the same. Pure, and imported by the server (which decides) and
 * by the sign-in page (which only hints). Names are compared by key, so `Ada`, `ADA` and `Ａｄａ` are one name.
 */

/** The shortest and the longest display name, in graphemes (what a reader would call characters). */
export const nameLength = { minimum: 1, maximum: 32 } as const;

/**
 * The most UTF-16 units a name may have. Without it one grapheme could carry thousands of combining marks and
 * still count as one.
 */
const maximumNameUnits = 256;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

// Controls, unassigned code points, lone surrogates, private use, and format characters that nobody can see.
// U+200C and U+200D stay: Persian and Indic names need the first, emoji sequences the second.
const invisible = /[\p{Cc}\p{Cn}\p{Co}\p{Cs}\u2028\u2029]|(?![\u200c\u200d])\p{Cf}/u;
const somethingToSee = /[^\s\p{Cf}\p{M}\u115f\u1160\u3164\uffa0\u2800]/u;

export type NameProblem = 'empty' | 'too-long' | 'invisible';

/** What is wrong with a name, for whoever chose it. */
export const nameProblems: Record<NameProblem, string> = {
  empty: 'A name needs at least one character.',
  'too-long': `A name has at most ${nameLength.maximum} characters.`,
  invisible: 'A name needs something to see, and no control or invisible characters.',
};

/** A name that may be used, or why it may not. */
export type NameVerdict = { readonly name: string; readonly key: string } | { readonly problem: NameProblem };

/**
 * Normalises a display name and judges it: NFKC, white space trimmed and folded to single spaces, then
 * 1 to 32 graphemes with something to see in them and no control or invisible character.
 */
export function judgeName(raw: string): NameVerdict {
  const name = raw.normalize('NFKC').trim().replace(/\s+/gu, ' ');
  if (name === '') return { problem: 'empty' };
  if (name.length > maximumNameUnits) return { problem: 'too-long' };
  if (invisible.test(name) || !somethingToSee.test(name)) return { problem: 'invisible' };
  if ([...segmenter.segment(name)].length > nameLength.maximum) return { problem: 'too-long' };
  return { name, key: nameKey(name) };
}

/** The key by which names are compared: two names with one key are the same name. Expects a judged name. */
export function nameKey(name: string): string {
  // Upper case first: it folds ß to SS and the final sigma to the plain one, which lower case alone leaves apart.
  return name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

/**
 * The name with the first free number behind it, cut so that both fit.
 * @param isTaken by a name's key
 */
export function suggestName(name: string, isTaken: (key: string) => boolean): string {
  const graphemes = [...segmenter.segment(name)].map(({ segment }) => segment);
  for (let number = 2; ; number++) {
    const ending = ` ${number}`;
    // Graphemes can be long: when the whole would be over the limit of units too, more of them go.
    for (let length = nameLength.maximum - ending.length; length > 0; length--) {
      const verdict = judgeName(graphemes.slice(0, length).join('').trimEnd() + ending);
      if ('problem' in verdict) continue;
      if (!isTaken(verdict.key)) return verdict.name;
      break;
    }
  }
}
