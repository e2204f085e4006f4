/**
 * One message for many server connections, framed once and compressed once for all that can share it (RFC 6455 §5.6,
 * RFC 7692 §7.2.1, §7.2.3.2). Only compressed messages enter the window that later ones refer back to, so peers that
 * got the same compressed messages have the same window, and one frame serves them all. Made by server.publish and by
 * whoever sends one thing to several sockets; connection.ts asks for the octets.
 */
import { Buffer } from 'node:buffer';
import { DeflateWindow, deflate, isCompressible, isWorthwhile } from './deflate.ts';
import { encodeFrame, Opcode } from './frame.ts';

/** One encoding: the frame, and the window of whoever is sent it. */
export interface EncodedMessage {
  /** The whole frame, unmasked. Only to be read. */
  readonly frame: Uint8Array;
  /** Octets of payload in that frame. */
  readonly payloadLength: number;
  readonly window: DeflateWindow;
}

/**
 * How many windows with something in them one message is compressed for. The members of a room share one soon after
 * they came; this many let newcomers and members of other rooms have theirs meanwhile.
 */
const maximumContexts = 4;

/** What send accepts as one message. What it is made from is copied. */
export class PreparedMessage {
  /** The whole frame without compression, unmasked. Only to be read. */
  readonly frame: Uint8Array;
  /** Octets of payload. */
  readonly payloadLength: number;
  readonly #opcode: number;
  readonly #encodings = new Map<DeflateWindow, EncodedMessage>();
  #contexts = 0;

  /** @throws TypeError for what is neither a string nor a Uint8Array */
  constructor(data: string | Uint8Array) {
    const isText = typeof data === 'string';
    if (!isText && !(data instanceof Uint8Array)) {
      throw new TypeError('A payload must be a string or a Uint8Array.');
    }
    const payload = isText ? Buffer.from(data, 'utf8') : data;
    this.#opcode = isText ? Opcode.text : Opcode.binary;
    this.payloadLength = payload.length;
    this.frame = encodeFrame({ opcode: this.#opcode, payload });
  }

  /**
   * The frame for a peer whose window is `window`, compressed at most once for each window. A message under
   * `threshold` octets or over 256 KiB, or one for which compression is not worth it, stays as it is and leaves the window as it is.
   *
   * Beyond four windows the others begin anew, together: a sender need not refer back to anything, so an empty window
   * is always right, and from then on they have the same one. Windows that have become equal become one.
   * @param level zlib's, 1-9
   * @returns the frame, and the window to ask with for the next message
   */
  encodeFor(window: DeflateWindow, level: number, threshold: number): EncodedMessage {
    if (!isCompressible(this.payloadLength, threshold)) return this.#plain(window);
    const known = this.#encodings.get(window);
    if (known !== undefined) return known;
    if (window.octets.length > 0 && ++this.#contexts > maximumContexts) {
      return this.encodeFor(DeflateWindow.fresh(window.bits, window.takeover), level, threshold);
    }
    const encoded = this.#compress(window, level);
    this.#encodings.set(window, encoded);
    return encoded;
  }

  #plain(window: DeflateWindow): EncodedMessage {
    return { frame: this.frame, payloadLength: this.payloadLength, window };
  }

  #compress(window: DeflateWindow, level: number): EncodedMessage {
    const message = this.frame.subarray(this.frame.length - this.payloadLength);
    const payload = deflate(message, window, level);
    if (!isWorthwhile(payload.length, this.payloadLength, window)) return this.#plain(window);
    const frame = encodeFrame({ opcode: this.#opcode, rsv1: true, payload });
    return { frame, payloadLength: payload.length, window: this.#shared(window.after(message)) };
  }

  /** The window that another encoding leads to, when it is the same. */
  #shared(window: DeflateWindow): DeflateWindow {
    for (const encoding of this.#encodings.values()) {
      if (encoding.window.equals(window)) return encoding.window;
    }
    return window;
  }
}
