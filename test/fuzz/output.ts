/** What one end sends, held against the rules for it, and read without src/ (RFC 6455 §5, RFC 7692 §6, §7.2.2). */
import assert from 'node:assert/strict';
import { inflateRawSync, constants as zlib } from 'node:zlib';
import type { DeflateAgreement } from '../../src/deflate-negotiation.ts';
import { concat } from '../support/octets.ts';
import { type LooseFrame, readFrames } from './loose-frames.ts';
import { plainInflate } from './plain-inflate.ts';

/** How one end may compress. */
export interface SendingDeflate {
  readonly bits: number;
  readonly takeover: boolean;
}

export interface OutputRules {
  readonly role: 'server' | 'client';
  /** Undefined when no compression was agreed on. */
  readonly deflate: SendingDeflate | undefined;
}

/** What an agreement says about what one end sends. */
export function sendingDeflate(role: 'server' | 'client', agreement: DeflateAgreement): SendingDeflate {
  return role === 'server'
    ? { bits: agreement.serverMaxWindowBits, takeover: !agreement.serverNoContextTakeover }
    : { bits: agreement.clientMaxWindowBits, takeover: !agreement.clientNoContextTakeover };
}

/** The frames in the octets, each of which must be one that this end may send. */
export function readOutput(output: Uint8Array, { role, deflate }: OutputRules): LooseFrame[] {
  const { frames, rest } = readFrames(output);
  assert.equal(rest.length, 0, 'the output ends inside a frame');
  for (const { first, lengthOctets, key, payload } of frames) {
    const opcode = first & 0x0f;
    assert((first & 0x80) !== 0, 'a frame without FIN');
    assert([0x1, 0x2, 0x8, 0x9, 0xa].includes(opcode), `the opcode ${opcode}`);
    assert((first & 0x30) === 0, 'RSV2 or RSV3');
    if ((first & 0x40) !== 0) assert(deflate !== undefined && opcode < 8, 'RSV1 where it may not be');
    assert.equal(key !== undefined, role === 'client', 'masked or not');
    if (opcode >= 8) assert(payload.length <= 125, 'a long control frame');
    const shortest = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8;
    assert.equal(lengthOctets, shortest, 'a length that is not in its shortest form');
  }
  return frames;
}

const tail = Uint8Array.of(0x00, 0x00, 0xff, 0xff);

/** What the compressed frames say to zlib, all of them one stream when the window is taken over. */
export function inflateAll(frames: readonly LooseFrame[], deflate: SendingDeflate | undefined): Uint8Array {
  if (deflate === undefined) return new Uint8Array(0);
  const compressed = frames.filter(({ first }) => (first & 0x40) !== 0);
  const payloads = compressed.map(({ payload }) => concat(payload, tail));
  const streams = !deflate.takeover ? payloads : payloads.length === 0 ? [] : [concat(...payloads)];
  return concat(
    ...streams.map((stream) => {
      const octets = inflateRawSync(stream, { windowBits: deflate.bits, finishFlush: zlib.Z_SYNC_FLUSH });
      // zlib lets pass what points back too far within one call; a peer that keeps no more than was agreed on cannot.
      const { farthest } = plainInflate(stream, new Uint8Array(0), octets.length);
      assert(
        farthest <= 2 ** deflate.bits,
        `it points back ${farthest} with a window of ${2 ** deflate.bits}`,
      );
      return octets;
    }),
  );
}
