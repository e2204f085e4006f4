/** RFC 6455 §5.5.1, §7: the closing handshake, its codes and its reasons. */
import {
  begun,
  closeFrame,
  closeWith,
  continues,
  type FrameCase,
  fails,
  hex,
  maskedFrame,
  Opcode,
  ping,
  text,
  textEcho,
} from './cases.ts';

const legal = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
];
const illegal = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 9999, 65_535];

/** A Close that comes back with this code and reason. */
function closes(
  name: string,
  section: string,
  octets: readonly Uint8Array[],
  close: number,
  reason = '',
): FrameCase {
  return { ...fails(name, section, octets, close), outcome: { close, reason } };
}

const longest = `${'é'.repeat(61)}x`;

export const closing: readonly FrameCase[] = [
  ...legal.map((code) => closes(`code ${code} is echoed`, '§7.4', [closeFrame(code)], code)),
  ...legal.map((code) =>
    closes(`code ${code} with a reason is echoed`, '§7.4', [closeFrame(code, 'a reason')], code, 'a reason'),
  ),
  ...illegal.map((code) => fails(`code ${code} must not be sent`, '§7.4', closeFrame(code), 1002)),
  ...illegal.map((code) =>
    fails(`code ${code} with a reason must not be sent`, '§7.4', closeFrame(code, 'a reason'), 1002),
  ),
  closes('a Close without payload gets one without payload', '§5.5.1', [closeWith(hex(''))], 1005),
  fails('one octet of payload', '§5.5.1', closeWith(hex('03')), 1002),
  closes('a reason of 123 octets', '§5.5', [closeFrame(1000, longest)], 1000, longest),
  closes('a reason with characters of all lengths', '§5.5.1', [closeFrame(4000, 'aé€😀')], 4000, 'aé€😀'),
  closes('a reason that begins with U+FEFF', '§5.5.1', [closeFrame(1000, '\ufeffa')], 1000, '\ufeffa'),
  fails('a reason with an octet that is no UTF-8', '§8.1', closeFrame(1000, hex('ff')), 1007),
  fails('a reason that is overlong', '§8.1', closeFrame(1000, hex('c080')), 1007),
  fails('a reason with a surrogate', '§8.1', closeFrame(1000, hex('eda080')), 1007),
  fails('a reason that ends inside a character', '§8.1', closeFrame(1000, hex('61e282')), 1007),
  fails('a reason with a bad octet after good ones', '§8.1', closeFrame(3000, hex('676f6f6480')), 1007),
  closes('text after the Close is ignored', '§5.5.1', [closeFrame(1000), text('late')], 1000),
  closes('a Ping after the Close is ignored', '§5.5.1', [closeFrame(1000), ping('late')], 1000),
  closes('a second Close is ignored', '§5.5.1', [closeFrame(1000), closeFrame(1001)], 1000),
  closes('rubbish after the Close is ignored', '§5.5.1', [closeFrame(1001), hex('ffffffffffff')], 1001),
  closes('an unmasked frame after the Close is ignored', '§5.5.1', [closeFrame(1000), hex('8100')], 1000),
  closes('a Close inside a fragmented message', '§5.4', [begun(Opcode.text, 'a'), closeFrame(1001)], 1001),
  {
    ...closes(
      'messages before the Close are answered before it',
      '§5.5.1',
      [text('a'), text('b'), closeFrame(1000)],
      1000,
    ),
    frames: [textEcho('a'), textEcho('b')],
  },
  fails('text after a violation is ignored', '§7.1.7', [hex('8100'), text('late')], 1002),
  fails('a Close after a violation is ignored', '§7.1.7', [hex('8100'), closeFrame(1000)], 1002),
  fails('a second violation is ignored', '§7.1.7', [text(hex('ff')), hex('8100')], 1007),
  fails(
    'a violation in the same write as a good message',
    '§7.1.7',
    [text('good'), maskedFrame({ opcode: 0x3 })],
    1002,
    [textEcho('good')],
  ),
  continues('a Close frame as the payload of a message closes nothing', '§5.5.1', text('\u0003'), [
    textEcho('\u0003'),
  ]),
];
