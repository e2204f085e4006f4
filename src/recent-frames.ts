/**
 * The frames that passed last on one connection, both ways, in a ring: what a close record shows of how it came to
 * that (RFC 6455 §5.2). decoder.ts and connection.ts add each frame's header; close-record.ts asks at the end. As every
 * frame comes by here, this is also where a tracer listens.
 */
import type { Tracer } from './trace.ts';

/** One frame that passed. */
export interface FrameNote {
  /** As seen from our end. */
  readonly direction: 'in' | 'out';
  /** 0x0 to 0xF: one of frame.ts's Opcode, or whatever the peer sent. */
  readonly opcode: number;
  readonly fin: boolean;
  /** Set on the first frame of a compressed message (RFC 7692 §6). */
  readonly rsv1: boolean;
  /** Octets of payload as the header has them, compressed or not; 0 when it was refused before its length came. */
  readonly payloadLength: number;
}

/** How many are kept: enough to see a pattern, few enough to have for each connection. */
const kept = 8;

const none: number[] = [];

export class RecentFrames {
  // Two flat lists of numbers instead of objects: this runs for each frame. A connection without frames has none.
  #firsts: number[] | undefined;
  #lengths: number[] = none;
  #count = 0;
  /** Who is told of each frame when it is added; undefined, the default, while nobody wants to know. */
  tracer: Tracer | undefined;

  /** @param first the first octet of the header */
  addReceived(first: number, masked: boolean, payloadLength: number): void {
    this.#add(first, payloadLength);
    if (this.tracer !== undefined) this.tracer(false, first, masked, payloadLength);
  }

  /** @param first the first octet of the header */
  addSent(first: number, masked: boolean, payloadLength: number): void {
    this.#add(first | 0x100, payloadLength);
    if (this.tracer !== undefined) this.tracer(true, first, masked, payloadLength);
  }

  /** The last eight, the oldest first. */
  list(): readonly FrameNote[] {
    const notes: FrameNote[] = [];
    const firsts = this.#firsts ?? none;
    for (let count = Math.max(0, this.#count - kept); count < this.#count; count++) {
      const first = firsts[count % kept] as number;
      notes.push({
        direction: (first & 0x100) === 0 ? 'in' : 'out',
        opcode: first & 0x0f,
        fin: (first & 0x80) !== 0,
        rsv1: (first & 0x40) !== 0,
        payloadLength: this.#lengths[count % kept] as number,
      });
    }
    return notes;
  }

  #add(first: number, payloadLength: number): void {
    const index = this.#count++ % kept;
    if (this.#firsts === undefined) {
      this.#firsts = [];
      this.#lengths = [];
    }
    this.#firsts[index] = first;
    this.#lengths[index] = payloadLength;
  }
}
