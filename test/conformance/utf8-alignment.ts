/**
 * RFC 6455 §8.1: good and bad characters behind 0 to 63 letters, with letters behind them, in one frame and cut over two.
 * Decoders take text in words of 4, 8, 16 or 32 octets, and their mistakes stand where one word ends.
 */
import { continues, type FrameCase, fails, fragments, hex, Opcode, text, textEcho } from './cases.ts';

const alignments = Array.from({ length: 64 }, (_, alignment) => alignment);
/** So that whole words follow, wherever the character stands. */
const total = 96;

const bad: readonly (readonly [name: string, octets: string])[] = [
  ['a lone continuation', '80'],
  ['0xFF', 'ff'],
  ['an overlong U+0000', 'c080'],
  ['the surrogate U+D800', 'eda080'],
  ['U+110000', 'f4908080'],
  ['three octets cut by a letter', 'e28261'],
];

function around(alignment: number, character: Uint8Array): Buffer {
  return Buffer.concat([Buffer.alloc(alignment, 'a'), character, Buffer.alloc(total - alignment, 'z')]);
}

export const utf8Alignment: readonly FrameCase[] = [
  ...alignments.map((alignment) => {
    const good = around(alignment, Buffer.from('😀'));
    return continues(`U+1F600 behind ${alignment} letters`, '§8.1', text(good), [textEcho(good)]);
  }),
  ...alignments.map((alignment) => {
    const good = around(alignment, Buffer.from('😀'));
    return continues(
      `U+1F600 behind ${alignment} letters, cut over two fragments`,
      '§8.1',
      fragments(Opcode.text, good.subarray(0, alignment + 2), good.subarray(alignment + 2)),
      [textEcho(good)],
    );
  }),
  ...bad.flatMap(([name, octets]) =>
    alignments.map((alignment) =>
      fails(`${name} behind ${alignment} letters`, '§8.1', text(around(alignment, hex(octets))), 1007),
    ),
  ),
  ...bad.flatMap(([name, octets]) =>
    alignments.map((alignment) => {
      const whole = around(alignment, hex(octets));
      // One that is a single octet begins the second fragment; the others are cut behind their first.
      const cut = alignment + (octets.length > 2 ? 1 : 0);
      return fails(
        `${name} behind ${alignment} letters, cut over two fragments`,
        '§8.1',
        fragments(Opcode.text, whole.subarray(0, cut), whole.subarray(cut)),
        1007,
      );
    }),
  ),
];
