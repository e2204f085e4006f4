/** RFC 6455 §5.4: messages in fragments. */
import {
  begun,
  binaryEcho,
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

const continuation = (payload: string | Uint8Array, fin = true): Buffer =>
  maskedFrame({ opcode: Opcode.continuation, fin, payload });

export const fragmentation: readonly FrameCase[] = [
  continues('text in two fragments', '§5.4', fragments(Opcode.text, 'Hel', 'lo'), [textEcho('Hello')]),
  continues('text in one fragment for each octet', '§5.4', fragments(Opcode.text, ...'Hello, world'), [
    textEcho('Hello, world'),
  ]),
  continues(
    'binary in three fragments',
    '§5.4',
    fragments(Opcode.binary, hex('00'), hex('ff80'), hex('7f')),
    [binaryEcho(hex('00ff807f'))],
  ),
  continues('all fragments empty', '§5.4', fragments(Opcode.text, '', '', ''), [textEcho('')]),
  continues('binary, all fragments empty', '§5.4', fragments(Opcode.binary, '', ''), [binaryEcho(hex(''))]),
  continues('the first fragment empty', '§5.4', fragments(Opcode.text, '', 'after'), [textEcho('after')]),
  continues('the last fragment empty', '§5.4', fragments(Opcode.text, 'before', ''), [textEcho('before')]),
  continues('an empty fragment in the middle', '§5.4', fragments(Opcode.text, 'a', '', 'b'), [
    textEcho('ab'),
  ]),
  continues('five hundred fragments', '§5.4', fragments(Opcode.text, ...'x'.repeat(500)), [
    textEcho('x'.repeat(500)),
  ]),
  continues(
    'fragments of all length forms',
    '§5.4',
    fragments(Opcode.binary, Buffer.alloc(125, 1), Buffer.alloc(126, 2), Buffer.alloc(65_536, 3)),
    [binaryEcho(Buffer.concat([Buffer.alloc(125, 1), Buffer.alloc(126, 2), Buffer.alloc(65_536, 3)]))],
  ),
  continues(
    'two fragmented messages one after the other',
    '§5.4',
    [fragments(Opcode.text, 'a', 'b'), fragments(Opcode.binary, 'c', 'd')],
    [textEcho('ab'), binaryEcho(Buffer.from('cd'))],
  ),
  continues(
    'a fragmented and a whole message',
    '§5.4',
    [fragments(Opcode.text, 'a', 'b'), text('c')],
    [textEcho('ab'), textEcho('c')],
  ),
  fails('a continuation of nothing', '§5.4', continuation('x'), 1002),
  fails('an empty continuation of nothing', '§5.4', continuation(''), 1002),
  fails('a continuation of nothing without FIN', '§5.4', continuation('x', false), 1002),
  fails('a continuation after a whole message', '§5.4', [text('a'), continuation('b')], 1002, [
    textEcho('a'),
  ]),
  fails(
    'a continuation after the last fragment',
    '§5.4',
    [fragments(Opcode.text, 'a', 'b'), continuation('c')],
    1002,
    [textEcho('ab')],
  ),
  fails('text inside a text message', '§5.4', [begun(Opcode.text, 'a'), text('b')], 1002),
  fails(
    'binary inside a text message',
    '§5.4',
    [begun(Opcode.text, 'a'), fragments(Opcode.binary, 'b')],
    1002,
  ),
  fails('text inside a binary message', '§5.4', [begun(Opcode.binary, 'a'), text('b')], 1002),
  fails(
    'a fragment of another message inside one',
    '§5.4',
    [begun(Opcode.text, 'a'), begun(Opcode.text, 'b')],
    1002,
  ),
  fails(
    'text after a continuation of a message that goes on',
    '§5.4',
    [begun(Opcode.text, 'a'), continuation('b', false), text('c')],
    1002,
  ),
];
