/** The examples of RFC 6455 §5.7, and the lengths at which a frame changes its form. Used by every test of frames. */
import type { Frame } from '../../src/frame.ts';
import { concat, countedOctets, hex, utf8 } from './octets.ts';

export interface FrameVector {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly frame: Frame;
}

const counted256 = countedOctets(256);
const counted64K = countedOctets(65_536);

/** §5.7, each example of the RFC. The masked ones are a client's, the others a server's. */
export const exampleFrames: readonly FrameVector[] = [
  {
    name: 'a single-frame unmasked text message, "Hello"',
    bytes: hex('81 05 48 65 6c 6c 6f'),
    frame: { opcode: 0x1, payload: utf8('Hello') },
  },
  {
    name: 'a single-frame masked text message, "Hello"',
    bytes: hex('81 85 37 fa 21 3d 7f 9f 4d 51 58'),
    frame: { opcode: 0x1, payload: utf8('Hello'), maskingKey: 0x37fa213d },
  },
  {
    name: 'the first fragment of an unmasked text message, "Hel"',
    bytes: hex('01 03 48 65 6c'),
    frame: { fin: false, opcode: 0x1, payload: utf8('Hel') },
  },
  {
    name: 'its last fragment, "lo"',
    bytes: hex('80 02 6c 6f'),
    frame: { opcode: 0x0, payload: utf8('lo') },
  },
  {
    name: 'an unmasked Ping, "Hello"',
    bytes: hex('89 05 48 65 6c 6c 6f'),
    frame: { opcode: 0x9, payload: utf8('Hello') },
  },
  {
    name: 'its masked Pong, "Hello"',
    bytes: hex('8a 85 37 fa 21 3d 7f 9f 4d 51 58'),
    frame: { opcode: 0xa, payload: utf8('Hello'), maskingKey: 0x37fa213d },
  },
  {
    name: '256 octets of binary, unmasked',
    bytes: concat(hex('82 7e 01 00'), counted256),
    frame: { opcode: 0x2, payload: counted256 },
  },
  {
    name: '64 KiB of binary, unmasked',
    bytes: concat(hex('82 7f 00 00 00 00 00 01 00 00'), counted64K),
    frame: { opcode: 0x2, payload: counted64K },
  },
];

/** Payload lengths around the ends of the 7-bit and 16-bit forms, with the header octets that follow the first (§5.2). */
export const lengthForms: readonly (readonly [length: number, octets: string])[] = [
  [0, '00'],
  [1, '01'],
  [124, '7c'],
  [125, '7d'],
  [126, '7e 00 7e'],
  [127, '7e 00 7f'],
  [128, '7e 00 80'],
  [65_534, '7e ff fe'],
  [65_535, '7e ff ff'],
  [65_536, '7f 00 00 00 00 00 01 00 00'],
  [65_537, '7f 00 00 00 00 00 01 00 01'],
];
