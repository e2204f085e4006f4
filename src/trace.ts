/**
 * The tap: what frames pass on one connection, both ways, for who wants to look (RFC 6455 §5.2). recent-frames.ts calls
 * it for each frame when somebody listens; while nobody does, nothing is built. Put on by wire.ts, which knows the time.
 */

/** Gets the header of each frame: numbers and flags, no object. `first` is the first octet: FIN, RSV1-RSV3, opcode. */
export type Tracer = (sent: boolean, first: number, masked: boolean, payloadLength: number) => void;

/** One frame that passed. */
export interface TracedFrame {
  /** As seen from our end. */
  readonly direction: 'in' | 'out';
  /** 0x0 to 0xF: one of RFC 6455 §5.2, or whatever the peer sent. */
  readonly opcode: number;
  readonly fin: boolean;
  /** Set on the first frame of a compressed message (RFC 7692 §6). */
  readonly rsv1: boolean;
  readonly masked: boolean;
  /** Octets of payload as the header has them: on the wire, compressed or not. */
  readonly payloadLength: number;
  /** Milliseconds by the server's clock: when the header had come, or when the frame was appended to what is to be sent. */
  readonly time: number;
}

export type TraceListener = (frame: TracedFrame) => void;

export type OpcodeName = 'continuation' | 'text' | 'binary' | 'close' | 'ping' | 'pong';

/** What the opcodes of RFC 6455 §5.2 are called; others have no name. */
export const opcodeNames: ReadonlyMap<number, OpcodeName> = new Map([
  [0x0, 'continuation'],
  [0x1, 'text'],
  [0x2, 'binary'],
  [0x8, 'close'],
  [0x9, 'ping'],
  [0xa, 'pong'],
]);

/** What a tracer was told, by its names. */
export function describeTracedFrame(
  sent: boolean,
  first: number,
  masked: boolean,
  payloadLength: number,
  time: number,
): TracedFrame {
  return {
    direction: sent ? 'out' : 'in',
    opcode: first & 0x0f,
    fin: (first & 0x80) !== 0,
    rsv1: (first & 0x40) !== 0,
    masked,
    payloadLength,
    time,
  };
}
