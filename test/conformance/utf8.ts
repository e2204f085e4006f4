/** RFC 6455 §8.1 with RFC 3629: text is UTF-8, and what is not fails at the octet that shows it. */
import {
  begun,
  continues,
  type FrameCase,
  fails,
  fragments,
  hex,
  maskedFrame,
  Opcode,
  text,
  textEcho,
} from './cases.ts';

const valid: readonly (readonly [name: string, text: string])[] = [
  ['Greek', 'κόσμε'],
  ['Chinese', '你好，世界'],
  ['emoji with a skin tone and joiners', '👩🏽‍🚀 👨‍👩‍👧‍👦'],
  ['U+0000', '\u0000'],
  ['U+007F and U+0080', '\u007f\u0080'],
  ['U+07FF and U+0800', '\u07ff\u0800'],
  ['U+D7FF and U+E000, the neighbours of the surrogates', '\ud7ff\ue000'],
  ['U+FFFF and U+10000', '\uffff\u{10000}'],
  ['U+10FFFF', '\u{10ffff}'],
  ['U+FEFF first: a BOM is a character', '\ufeffa'],
  ['U+FFFD', '\ufffd'],
  ['noncharacters U+FFFE and U+1FFFF', '\ufffe\u{1ffff}'],
];

const invalid: readonly (readonly [name: string, octets: string])[] = [
  ['a lone continuation 0x80', '80'],
  ['a lone continuation 0xBF', 'bf'],
  ['0xC0, which begins nothing', 'c0'],
  ['0xC1, which begins nothing', 'c1'],
  ['0xF5, which begins nothing', 'f5'],
  ['0xFE', 'fe'],
  ['0xFF', 'ff'],
  ['overlong slash in two octets', 'c0af'],
  ['overlong slash in three', 'e080af'],
  ['overlong slash in four', 'f08080af'],
  ['overlong U+007F in two', 'c1bf'],
  ['overlong U+07FF in three', 'e09fbf'],
  ['overlong U+FFFF in four', 'f08fbfbf'],
  ['overlong U+0000', 'c080'],
  ['the surrogate U+D800', 'eda080'],
  ['the surrogate U+DBFF', 'edafbf'],
  ['the surrogate U+DC00', 'edb080'],
  ['the surrogate U+DFFF', 'edbfbf'],
  ['a pair of surrogates', 'eda080edb080'],
  ['U+110000', 'f4908080'],
  ['five octets', 'f888808080'],
  ['six octets', 'fc8480808080'],
  ['two octets cut by a letter', 'c361'],
  ['three octets cut by a letter', 'e28261'],
  ['four octets cut by a letter', 'f09f9861'],
  ['one begin after another', 'c3c3a9'],
];

const truncated: readonly (readonly [name: string, octets: string])[] = [
  ['one octet of two', 'c3'],
  ['one octet of three', 'e2'],
  ['two octets of three', 'e282'],
  ['one octet of four', 'f0'],
  ['two octets of four', 'f09f'],
  ['three octets of four', 'f09f98'],
];

const smiley = hex('f09f9880');

export const utf8: readonly FrameCase[] = [
  ...valid.map(([name, string]) => continues(`text: ${name}`, '§8.1', text(string), [textEcho(string)])),
  ...valid.map(([name, string]) =>
    continues(
      `a fragment for each octet: ${name}`,
      '§8.1',
      fragments(Opcode.text, ...Array.from(Buffer.from(string), (octet) => Uint8Array.of(octet))),
      [textEcho(string)],
    ),
  ),
  ...invalid.map(([name, octets]) => fails(`text: ${name}`, '§8.1', text(hex(octets)), 1007)),
  ...invalid.map(([name, octets]) =>
    fails(
      `in a frame that has not ended: ${name}`,
      '§8.1',
      // The header announces 1000 octets more, which never come: only a server that looks at each octet answers.
      maskedFrame({ opcode: Opcode.text, payload: hex(`61 ${octets}`), announced: 1000n, lengthBits: 16 }),
      1007,
    ),
  ),
  ...invalid.map(([name, octets]) =>
    fails(`in the first fragment: ${name}`, '§8.1', begun(Opcode.text, hex(octets)), 1007),
  ),
  ...truncated.map(([name, octets]) => fails(`text ends with ${name}`, '§8.1', text(hex(octets)), 1007)),
  ...truncated.map(([name, octets]) =>
    fails(`the last fragment ends with ${name}`, '§8.1', fragments(Opcode.text, 'a', hex(octets)), 1007),
  ),
  ...truncated.map(([name, octets]) =>
    fails(`an empty last fragment after ${name}`, '§8.1', fragments(Opcode.text, hex(octets), ''), 1007),
  ),
  ...truncated.map(([name, octets]) =>
    fails(
      `a letter in the next fragment after ${name}`,
      '§8.1',
      [
        begun(Opcode.text, hex(octets)),
        maskedFrame({ opcode: Opcode.continuation, fin: false, payload: 'a' }),
      ],
      1007,
    ),
  ),
  ...[1, 2, 3].map((cut) =>
    continues(
      `U+1F600 cut after octet ${cut}`,
      '§8.1',
      fragments(Opcode.text, smiley.subarray(0, cut), smiley.subarray(cut)),
      [textEcho('😀')],
    ),
  ),
  fails(
    'a surrogate cut over fragments',
    '§8.1',
    [begun(Opcode.text, hex('ed')), begunAgain(hex('a0'))],
    1007,
  ),
  fails(
    'an overlong form cut over fragments',
    '§8.1',
    [begun(Opcode.text, hex('e0')), begunAgain(hex('80'))],
    1007,
  ),
  fails('U+110000 cut over fragments', '§8.1', [begun(Opcode.text, hex('f4')), begunAgain(hex('90'))], 1007),
  fails('good text, then bad text', '§8.1', [text('good'), text(hex('ff'))], 1007, [textEcho('good')]),
  continues(
    'octets that are no UTF-8 are good binary',
    '§5.6',
    maskedFrame({ opcode: Opcode.binary, payload: hex('fffe80c0') }),
    [{ opcode: Opcode.binary, payload: hex('fffe80c0') }],
  ),
];

function begunAgain(payload: Uint8Array): Buffer {
  return maskedFrame({ opcode: Opcode.continuation, fin: false, payload });
}
