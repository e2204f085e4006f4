/**
 * permessage-deflate (RFC 7692 §7): what two ends agree on, and messages to compressed payloads and back, as functions
 * of octets. Called by connection.ts and prepared-message.ts for payloads, by the server and the client for the
 * negotiation. There is no live zlib stream: a sliding window is what zlib calls a preset dictionary, so the context
 * that is taken over from message to message is a value (`DeflateWindow`) that many connections may share.
 */
import { Buffer, constants as bufferLimits } from 'node:buffer';
import { deflateRawSync, inflateRawSync, type ZlibOptions, constants as zlib } from 'node:zlib';
import { CloseCode, ProtocolError } from './close.ts';
import type { Extension, ExtensionParameter } from './extensions.ts';
import { HttpError } from './http-head.ts';

/**
 * The extension's name (§7). Compared exactly, as handshake.ts does: an identifier of the registry is a token
 * (RFC 6455 §9.1), and no rule gives tokens of this field a second spelling. Another spelling is another extension.
 */
export const deflateExtension = 'permessage-deflate';

/** What both ends agreed on (§7.1). Window bits, 8 to 15, are the base-2 logarithm of a window's octets (§7.1.2). */
export interface DeflateAgreement {
  /** The server starts each message with an empty window. */
  readonly serverNoContextTakeover: boolean;
  /** The client starts each message with an empty window. */
  readonly clientNoContextTakeover: boolean;
  /** How far back the server's messages may point. */
  readonly serverMaxWindowBits: number;
  /** How far back the client's messages may point. */
  readonly clientMaxWindowBits: number;
}

/**
 * What this end wants; every field has a default. Used for both roles. The figures are bench/deflate.ts's, for a chat's
 * JSON: times smaller, and microseconds for one message of so many octets.
 */
export interface DeflateOptions {
  /**
   * Whether the server is to compress each message by itself (§7.1.1.1). Default false: what chats repeat, they repeat
   * from message to message. 156 octets become 1.3 times smaller alone and 2.2 times with context, 69 octets 1.1 and 8.
   */
  readonly serverNoContextTakeover?: boolean;
  /** Whether the client is to compress each message by itself (§7.1.1.2). Default false. */
  readonly clientNoContextTakeover?: boolean;
  /**
   * The largest window that the server may use (§7.1.2.1), 9 to 15 bits. Default 11 in a server: 2 KiB, which a server
   * keeps for each connection and zlib reads for each message. Per message of 156 octets that is 2.2 times smaller in
   * 12 µs; 9 bits give 1.7 in 11, 13 bits 2.9 in 20, 15 bits 4.0 in 51. Default 15 in a client: as the server likes.
   */
  readonly serverMaxWindowBits?: number;
  /**
   * The same for the client's messages (§7.1.2.2). Default 11 in a server, 15 in a client. A client that cannot keep to
   * a smaller window is asked not to take it over, so that the server need not keep it either.
   */
  readonly clientMaxWindowBits?: number;
  /**
   * Messages of fewer octets go out uncompressed, 0 to 2^30. Default 64: a smaller one costs the same 8 µs, and
   * saves hardly as many octets as the headers of TCP and IP around it take.
   */
  readonly threshold?: number;
  /**
   * zlib's level, 1 (fast) to 9 (small). Default 6: above it nothing became smaller, and level 1 was no faster below
   * 1 kB; of 9 kB level 1 makes 2.6 times less in 73 µs, level 6 2.7 times in 95.
   */
  readonly level?: number;
}

/** DeflateOptions with every default filled in. */
export type ResolvedDeflateOptions = Required<DeflateOptions>;

const smallestBits = 8;
const largestBits = 15;

/** Fills in defaults. @throws RangeError, TypeError that name the option, what it got and what it takes */
export function resolveDeflateOptions(
  role: 'server' | 'client',
  options: DeflateOptions,
): ResolvedDeflateOptions {
  const bits = role === 'server' ? 11 : largestBits;
  const resolved: ResolvedDeflateOptions = {
    serverNoContextTakeover: options.serverNoContextTakeover ?? false,
    clientNoContextTakeover: options.clientNoContextTakeover ?? false,
    serverMaxWindowBits: options.serverMaxWindowBits ?? bits,
    clientMaxWindowBits: options.clientMaxWindowBits ?? bits,
    threshold: options.threshold ?? 64,
    level: options.level ?? 6,
  };
  for (const name of ['serverNoContextTakeover', 'clientNoContextTakeover'] as const) {
    const value: unknown = resolved[name];
    if (typeof value !== 'boolean') throw new TypeError(`${name} is ${value}; it takes true or false.`);
  }
  // 8 bits are for peers who ask for them: zlib has no such window, and 9 cost the same.
  checkRange(resolved, 'serverMaxWindowBits', 9, largestBits);
  checkRange(resolved, 'clientMaxWindowBits', 9, largestBits);
  checkRange(resolved, 'threshold', 0, 2 ** 30);
  checkRange(resolved, 'level', 1, 9);
  return resolved;
}

function checkRange(
  options: ResolvedDeflateOptions,
  name: 'serverMaxWindowBits' | 'clientMaxWindowBits' | 'threshold' | 'level',
  lowest: number,
  highest: number,
): void {
  const value = options[name];
  if (Number.isInteger(value) && value >= lowest && value <= highest) return;
  throw new RangeError(`${name} is ${value}; it takes a whole number from ${lowest} to ${highest}.`);
}

/**
 * Server: the first offer that can be accepted, in the client's order, as an agreement and the element to answer with;
 * undefined when there is none, and the extension is declined by silence. An offer with an unknown, repeated or badly
 * valued parameter must be declined (§7), and the next is tried (§5); other extensions are passed over.
 */
export function acceptOffer(
  offers: readonly Extension[],
  options: ResolvedDeflateOptions,
): { readonly agreement: DeflateAgreement; readonly response: Extension } | undefined {
  for (const offer of offers) {
    if (offer.name !== deflateExtension) continue;
    const wanted = readParameters(offer, true);
    if (!('fault' in wanted)) return agreeTo(wanted, options);
  }
  return undefined;
}

function agreeTo(
  offer: Parameters,
  options: ResolvedDeflateOptions,
): { agreement: DeflateAgreement; response: Extension } {
  const parameters: ExtensionParameter[] = [];
  const serverNoContextTakeover = offer.serverNoContextTakeover || options.serverNoContextTakeover;
  if (serverNoContextTakeover) parameters.push({ name: 'server_no_context_takeover', value: undefined });

  // A client that does not say it can keep to a smaller window may not be asked to (§7.1.2.2). It may be asked to drop
  // its window between messages instead, unasked (§7.1.1.2), and then none has to be kept for it here either.
  const unlimited = offer.clientMaxWindowBits === undefined && options.clientMaxWindowBits < largestBits;
  const clientNoContextTakeover =
    offer.clientNoContextTakeover || options.clientNoContextTakeover || unlimited;
  if (clientNoContextTakeover) parameters.push({ name: 'client_no_context_takeover', value: undefined });

  // Said unasked as well when it is less than the most (§7.1.2.1), so that the client may hold a smaller window.
  const serverMaxWindowBits = Math.min(offer.serverMaxWindowBits ?? largestBits, options.serverMaxWindowBits);
  if (offer.serverMaxWindowBits !== undefined || serverMaxWindowBits < largestBits) {
    parameters.push({ name: 'server_max_window_bits', value: String(serverMaxWindowBits) });
  }

  let clientMaxWindowBits = largestBits;
  if (offer.clientMaxWindowBits !== undefined) {
    clientMaxWindowBits = Math.min(offer.clientMaxWindowBits, options.clientMaxWindowBits);
    if (clientMaxWindowBits < largestBits) {
      parameters.push({ name: 'client_max_window_bits', value: String(clientMaxWindowBits) });
    }
  }
  return {
    agreement: { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits },
    response: { name: deflateExtension, parameters },
  };
}

/** Client: the offer for these options. It always says that a limit for our own window would be kept (§7.1.2.2). */
export function makeOffer(options: ResolvedDeflateOptions): Extension {
  const { serverMaxWindowBits, clientMaxWindowBits } = options;
  const parameters: ExtensionParameter[] = [];
  if (options.serverNoContextTakeover) {
    parameters.push({ name: 'server_no_context_takeover', value: undefined });
  }
  if (options.clientNoContextTakeover) {
    parameters.push({ name: 'client_no_context_takeover', value: undefined });
  }
  if (serverMaxWindowBits < largestBits) {
    parameters.push({ name: 'server_max_window_bits', value: String(serverMaxWindowBits) });
  }
  const value = clientMaxWindowBits < largestBits ? String(clientMaxWindowBits) : undefined;
  parameters.push({ name: 'client_max_window_bits', value });
  return { name: deflateExtension, parameters };
}

/**
 * Client: what the server's answer to `makeOffer(options)` means.
 * @throws HttpError 502 when it has an unknown, repeated or badly valued parameter, or leaves out or exceeds what was
 *   asked for: the client must fail the connection (§7)
 */
export function checkAnswer(answer: Extension, options: ResolvedDeflateOptions): DeflateAgreement {
  const given = readParameters(answer, false);
  if ('fault' in given) {
    throw new HttpError(502, given.section, `The server's answer for ${deflateExtension} ${given.fault}.`);
  }
  const { serverMaxWindowBits = largestBits, clientMaxWindowBits = largestBits } = given;
  if (options.serverNoContextTakeover && !given.serverNoContextTakeover) {
    throw new HttpError(
      502,
      'RFC 7692 §7.1.1.1',
      'The server answers without server_no_context_takeover, which was asked for.',
    );
  }
  if (serverMaxWindowBits > options.serverMaxWindowBits) {
    throw new HttpError(
      502,
      'RFC 7692 §7.1.2.1',
      `The server would use ${serverMaxWindowBits} window bits; ${options.serverMaxWindowBits} were asked for.`,
    );
  }
  return {
    serverNoContextTakeover: given.serverNoContextTakeover,
    // What we said in the offer holds even when the server does not repeat it, or would allow more (§7.1.1.2, §7.1.2.2).
    clientNoContextTakeover: given.clientNoContextTakeover || options.clientNoContextTakeover,
    serverMaxWindowBits,
    clientMaxWindowBits: Math.min(clientMaxWindowBits, options.clientMaxWindowBits),
  };
}

interface Parameters {
  serverNoContextTakeover: boolean;
  clientNoContextTakeover: boolean;
  serverMaxWindowBits: number | undefined;
  /** 15 for the name alone in an offer: any limit would be kept. */
  clientMaxWindowBits: number | undefined;
}

/** Why parameters are refused: words that follow a subject. */
interface Fault {
  readonly section: string;
  readonly fault: string;
}

function readParameters({ parameters }: Extension, inOffer: boolean): Parameters | Fault {
  const read: Parameters = {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: undefined,
    clientMaxWindowBits: undefined,
  };
  const seen = new Set<string>();
  for (const { name, value } of parameters) {
    if (seen.has(name)) return { section: 'RFC 7692 §7', fault: `has the parameter ${name} twice` };
    seen.add(name);
    switch (name) {
      case 'server_no_context_takeover':
        if (value !== undefined) return { section: 'RFC 7692 §7.1.1.1', fault: `gives ${name} a value` };
        read.serverNoContextTakeover = true;
        break;
      case 'client_no_context_takeover':
        if (value !== undefined) return { section: 'RFC 7692 §7.1.1.2', fault: `gives ${name} a value` };
        read.clientNoContextTakeover = true;
        break;
      case 'server_max_window_bits':
        read.serverMaxWindowBits = parseBits(value);
        if (read.serverMaxWindowBits === undefined) {
          return { section: 'RFC 7692 §7.1.2.1', fault: `has a ${name} that is not 8 to 15` };
        }
        break;
      case 'client_max_window_bits':
        read.clientMaxWindowBits = value === undefined && inOffer ? largestBits : parseBits(value);
        if (read.clientMaxWindowBits === undefined) {
          return { section: 'RFC 7692 §7.1.2.2', fault: `has a ${name} that is not 8 to 15` };
        }
        break;
      default:
        return { section: 'RFC 7692 §7', fault: `has the unknown parameter ${name}` };
    }
  }
  return read;
}

/** Decimal, without leading zeros, sign or space (§7.1.2). */
function parseBits(value: string | undefined): number | undefined {
  return value !== undefined && /^(?:[89]|1[0-5])$/.test(value) ? Number(value) : undefined;
}

/**
 * One direction's LZ77 window (§7.1.2): the last octets of the messages so far, which the next one may point back to.
 * An immutable value: one may stand for many connections, and its octets are never written.
 */
export class DeflateWindow {
  static readonly #fresh = new Map<string, DeflateWindow>();

  readonly bits: number;
  /** Whether messages leave anything in the window for the next (§7.1.1). */
  readonly takeover: boolean;
  /** At most 2^bits, the newest last. */
  readonly octets: Uint8Array;

  private constructor(bits: number, takeover: boolean, octets: Uint8Array) {
    this.bits = bits;
    this.takeover = takeover;
    this.octets = octets;
  }

  /**
   * The empty window; the same object for the same arguments.
   * @throws RangeError when bits are not 8 to 15
   */
  static fresh(bits: number, takeover: boolean): DeflateWindow {
    if (!Number.isInteger(bits) || bits < smallestBits || bits > largestBits) {
      throw new RangeError(`A window of ${bits} bits: it takes a whole number from 8 to 15.`);
    }
    const key = `${bits} ${takeover}`;
    let window = DeflateWindow.#fresh.get(key);
    if (window === undefined) {
      window = new DeflateWindow(bits, takeover, new Uint8Array(0));
      DeflateWindow.#fresh.set(key, window);
    }
    return window;
  }

  /** The window behind this message, as it was before compression. Itself when nothing is taken over, or empty. */
  after(message: Uint8Array): DeflateWindow {
    if (!this.takeover || message.length === 0) return this;
    return new DeflateWindow(this.bits, true, lastOctets(this.octets, message, 2 ** this.bits));
  }

  /** Whether the next message would be encoded the same. */
  equals(other: DeflateWindow): boolean {
    if (this === other) return true;
    return (
      this.bits === other.bits &&
      this.takeover === other.takeover &&
      Buffer.compare(this.octets, other.octets) === 0
    );
  }
}

/** The last octets of both, at most `size`, as a copy that keeps no larger buffer alive. */
function lastOctets(before: Uint8Array, message: Uint8Array, size: number): Uint8Array {
  const ofMessage = Math.min(message.length, size);
  const ofBefore = Math.min(before.length, size - ofMessage);
  const octets = new Uint8Array(ofBefore + ofMessage);
  octets.set(before.subarray(before.length - ofBefore));
  octets.set(message.subarray(message.length - ofMessage), ofBefore);
  return octets;
}

/** How each message's DEFLATE data end, and what is not sent of them (§7.2.1). */
const tail = Uint8Array.of(0x00, 0x00, 0xff, 0xff);
/**
 * A block with BFINAL that holds one X, in fixed codes. Behind the tail it lets zlib tell an end from a cut inside a
 * block, which it would take in silence. Whoever gets these octets as data, as a stored block does whose length counts
 * them in, ends in their last one and not in the X.
 */
const lastBlock = Uint8Array.of(0x8b, 0x00, 0x00);
const endMark = 0x58;

/**
 * The compressed payload of a message (§7.2.1), for a frame with RSV1; 0x00 for an empty one. The caller owns it, and
 * goes on with `window.after(message)` once it has been sent. The message is only read. A zlib object is made for it
 * and let go, which is some 5 µs of what bench/deflate.ts prints.
 * @param level zlib's, 1 to 9
 */
export function deflate(message: Uint8Array, window: DeflateWindow, level: number): Uint8Array {
  // zlib's own memLevel stays: a smaller one saved no time, and cost 1 to 4 % of the size from 10 kB.
  const compressed = deflateRawSync(message, {
    level,
    // zlib has no raw streams of 8 bits. But it points back no further than the window less 262 octets, which is 250
    // for 9 bits, and so keeps to the 256 octets of 8 bits by itself.
    windowBits: Math.max(window.bits, 9),
    dictionary: window.octets.length > 0 ? window.octets : undefined,
    finishFlush: zlib.Z_SYNC_FLUSH,
    // Most results fit one chunk. Its size hardly tells in time.
    chunkSize: Math.min(Math.max(message.length, 256), 4096),
  });
  return withoutSlack(compressed, compressed.length - tail.length);
}

/** A window of fewer octets has next to nothing to point back to. */
const seededLength = 256;
/** Octets that compression may cost to fill such a window: a block's head, its end, and the flush. */
const seedCost = 16;

/**
 * Whether a message goes out compressed: when that makes it shorter, or next to nothing longer while its window is all
 * but empty, because the messages behind it gain by that. JSON of 70 octets never gets shorter alone, and is halved
 * in company. Either is as right for the peer (§6).
 */
export function isWorthwhile(
  compressedLength: number,
  messageLength: number,
  window: DeflateWindow,
): boolean {
  if (compressedLength < messageLength) return true;
  const seeds = window.takeover && messageLength > 0 && window.octets.length < seededLength;
  return seeds && compressedLength <= messageLength + seedCost;
}

/**
 * The message in a compressed payload (§7.2.2), put together from all its frames. The caller owns it, and goes on with
 * `window.after(result)`. The payload is only read. Data that are cut inside a block are an error, and so are data that
 * end in a final block without the empty one that must follow it (§7.2.3.4).
 * @param limit the most octets that the message may have. No more than about twice as many are held for a moment,
 *   whatever came, besides a copy of the payload
 * @throws ProtocolError 1007 for what is not DEFLATE data; 1009 for a message over the limit, as soon as it is, and for
 *   more final blocks than 8 and one for each 256 octets of payload
 */
export function inflate(payload: Uint8Array, window: DeflateWindow, limit: number): Uint8Array {
  if (payload.length === 0) throw notDeflate('it is empty, and even an empty message takes an octet');
  const mostStreams = 9 + Math.floor(payload.length / 256);
  const streams: Uint8Array[] = [];
  let room = limit;
  let dictionary = window.octets;
  let rest: Uint8Array = Buffer.concat([payload, tail, lastBlock]);
  let expected = rest.length;
  // zlib stops at a final block, and what follows takes a new stream, up to 15 µs before its first octet. A peer may
  // flush by final blocks (§7.2.3.4), but 1 MiB of nothing else would stop us for seconds; what passes takes 60 ms.
  while (streams.length < mostStreams) {
    const { octets, consumed } = inflateStream(rest, {
      windowBits: window.bits,
      dictionary: dictionary.length > 0 ? dictionary : undefined,
      // One more for the X.
      maxOutputLength: Math.min(room + 1, bufferLimits.MAX_LENGTH),
      // One chunk for most messages.
      chunkSize: Math.min(Math.max(expected * 8, 1024), 65_536),
    });
    if (octets === undefined) throw tooBig(`has more than ${limit} octets`);
    const isLast = consumed === rest.length;
    if (isLast && octets.at(-1) !== endMark) throw notDeflate('a block takes more octets than came');
    const length = isLast ? octets.length - 1 : octets.length;
    if (length > room) throw tooBig(`has more than ${limit} octets`);
    const part = withoutSlack(octets, length);
    if (isLast) return streams.length === 0 ? part : withoutSlack(Buffer.concat([...streams, part]));
    streams.push(part);
    room -= length;
    dictionary = lastOctets(dictionary, part, 2 ** window.bits);
    rest = rest.subarray(consumed);
    expected = consumed;
  }
  throw tooBig('ends its DEFLATE data again and again, in tiny blocks');
}

/**
 * What zlib makes of the data up to the end of the first final block, and how many octets it read for that; `octets`
 * are undefined when there are more than `maxOutputLength`.
 * @throws ProtocolError 1007
 */
function inflateStream(
  data: Uint8Array,
  options: ZlibOptions,
): { readonly octets: Uint8Array | undefined; readonly consumed: number } {
  try {
    // The types of Node.js do not say what `info` makes of the result.
    const result: object = inflateRawSync(data, { ...options, info: true });
    const octets = 'buffer' in result ? result.buffer : undefined;
    const engine = 'engine' in result ? result.engine : undefined;
    const consumed = engine instanceof Object && 'bytesWritten' in engine ? engine.bytesWritten : undefined;
    if (octets instanceof Uint8Array && typeof consumed === 'number') {
      return { octets, consumed };
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      if (error.code === 'ERR_BUFFER_TOO_LARGE') return { octets: undefined, consumed: 0 };
      if (error.code === 'Z_DATA_ERROR' || error.code === 'Z_BUF_ERROR') throw notDeflate(error.message);
    }
    throw error;
  }
  throw new TypeError('zlib did not say how much it read.');
}

/** The first octets: as a view where that wastes little, else as a copy, which keeps no long chunk alive. */
function withoutSlack(octets: Uint8Array, length = octets.length): Uint8Array {
  const view = new Uint8Array(octets.buffer, octets.byteOffset, length);
  return length * 2 < octets.buffer.byteLength ? new Uint8Array(view) : view;
}

function tooBig(what: string): ProtocolError {
  return new ProtocolError(CloseCode.messageTooBig, 'RFC 6455 §10.4', `A compressed message ${what}.`);
}

function notDeflate(reason: string): ProtocolError {
  return new ProtocolError(
    CloseCode.invalidPayload,
    'RFC 7692 §7.2.2',
    `A compressed message cannot be inflated: ${reason}.`,
  );
}

/**
 * The most octets that a compressed message of `limit` octets may take, so that more can be refused before they are
 * there. What zlib promises for any of its settings, and some: more than that would not be compression.
 */
export function maximumCompressedLength(limit: number): number {
  return limit + Math.ceil(limit / 8) + Math.ceil(limit / 64) + 64;
}
