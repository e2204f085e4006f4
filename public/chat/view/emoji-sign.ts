/** Emoji as the wire wants them: one sign in its one recommended spelling. Pure. */

// Only the v flag knows emoji sequences. The compiler's target does not name it yet, so it is no literal.
const setsFlag: string = 'v';

function pattern(source: string): RegExp | undefined {
  try {
    return new RegExp(source, setsFlag);
  } catch {
    return undefined;
  }
}

const oneEmoji = pattern('^\\p{RGI_Emoji}$');
const onlyEmoji = pattern('^(?:\\p{RGI_Emoji}|\\p{Emoji}\\uFE0F|\\s)+$');
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * The emoji in the spelling that the server takes for a reaction, or undefined when it is none. Emoji lists add or
 * leave out the sign that asks for a picture (U+FE0F) where it makes no difference to the eye.
 */
export function reactionSign(emoji: string): string | undefined {
  if (oneEmoji === undefined) return emoji;
  const spellings = [emoji, emoji.replace(/\uFE0F/gu, ''), `${emoji}\uFE0F`];
  return spellings.find((spelling) => oneEmoji.test(spelling));
}

/** Whether a text is one to six emoji and nothing else; such a message is drawn larger. */
export function isEmojiOnly(text: string): boolean {
  if (text.length > 120 || onlyEmoji === undefined || !onlyEmoji.test(text)) return false;
  const signs = [...segmenter.segment(text.replace(/\s/gu, ''))].length;
  return signs >= 1 && signs <= 6;
}
