/**
 * permessage-deflate's negotiation (RFC 7692 §5.1, §7.1): from options to an offer, and from offers or an answer to
 * what two ends agree on, as functions of values. Called by upgrade-decision.ts in a server and client-handshake.ts in
 * a client; options.ts and client-options.ts fill in the defaults. What becomes of payloads then is in deflate.ts.
 */
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
 * JSON: times smaller, and microseconds of CPU time for one message of so many octets.
 */
export interface DeflateOptions {
  /**
   * Whether the server is to compress each message by itself (§7.1.1.1). Default false: what chats repeat, they repeat
   * from message to message. 156 octets become 1.2 times smaller alone and 2.2 times with context, 69 octets 1.1 and 7.5.
   */
  readonly serverNoContextTakeover?: boolean;
  /** Whether the client is to compress each message by itself (§7.1.1.2). Default false. */
  readonly clientNoContextTakeover?: boolean;
  /**
   * The largest window that the server may use (§7.1.2.1), 9 to 15 bits. Default 11 in a server: 2 KiB, which a server
   * keeps for each connection and reads again for each message. Per message of 156 octets that is 2.2 times smaller in
   * 6 µs; 9 bits give 1.8 in 6, 13 bits 2.7 in 13, 15 bits 3.1 in 47. Default 15 in a client: as the server likes.
   */
  readonly serverMaxWindowBits?: number;
  /**
   * The same for the client's messages (§7.1.2.2). Default 11 in a server, 15 in a client. A client that cannot keep to
   * a smaller window is asked not to take it over, so that the server need not keep it either.
   */
  readonly clientMaxWindowBits?: number;
  /**
   * Messages of fewer octets go out uncompressed, 0 to 2^30. Default 64: a smaller one costs a few µs as well, and
   * saves hardly as many octets as the headers of TCP and IP around it take. Messages of more than 256 KiB go out
   * uncompressed as well: all other connections would wait while they are compressed.
   */
  readonly threshold?: number;
  /**
   * 1 (fast) to 9 (small). Default 6: above it nothing became much smaller, and level 1 was no faster below 1 kB. Messages
   * of more than 32 KiB are compressed at level 1, which makes them some 7 % longer, in a tenth of the time at worst.
   */
  readonly level?: number;
}

/** DeflateOptions with every default filled in. */
export type ResolvedDeflateOptions = Required<DeflateOptions>;

/** What window bits there are (§7.1.2). */
export const smallestBits = 8;
export const largestBits = 15;

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
