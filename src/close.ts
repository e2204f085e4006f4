/**
 * Close codes, the payload of a Close frame, and the error that carries one (RFC 6455 §5.5.1, §7.1, §7.4).
 * Called by frame.ts, message.ts and decoder.ts, which throw ProtocolError, and by everything that closes a connection.
 */

/** The registered close codes, by the names of the RFC and of the IANA registry (RFC 6455 §7.4.1, §11.7). */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  /** Never on the wire: what a Close frame without a code is read as. */
  noStatusReceived: 1005,
  /** Never on the wire: what the end of TCP without a Close frame is read as. */
  abnormalClosure: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  messageTooBig: 1009,
  mandatoryExtension: 1010,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
  badGateway: 1014,
  /** Never on the wire: TLS failed before there was a WebSocket. */
  tlsHandshake: 1015,
} as const;

/** What one Close frame says. `code` is 1005 and `reason` empty when the frame had no payload (§7.1.5). */
export interface Close {
  readonly code: number;
  readonly reason: string;
}

/** The most octets in a close reason: a control frame's 125 less two for the code (§5.5). */
export const maximumReasonLength = 123;

/**
 * The peer broke the protocol. Thrown by the core's checks and caught in one place, Connection.receive, which turns
 * it into "fail the connection" (§7.1.7). Misuse by our own caller is a TypeError or RangeError instead.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  /** The code for our Close frame: 1002, 1007 or 1009. */
  readonly closeCode: number;
  /** The rule that was broken, as in `RFC 6455 §5.2`. */
  readonly section: string;
  /** One plain sentence: what came and what was allowed. At most 123 octets of it go out as the close reason. */
  readonly explanation: string;

  constructor(closeCode: number, section: string, explanation: string) {
    super(`${explanation} (${section})`);
    this.closeCode = closeCode;
    this.section = section;
    this.explanation = explanation;
  }
}

/**
 * Whether a code may stand in a Close frame (§7.4): 1000-1014 less 1004 (reserved), 1005 and 1006 (never sent), or
 * 3000-4999 (registered with IANA, private). 1012-1014 came to the registry after the RFC.
 */
export function isCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
}

// A BOM in a reason is part of the reason. TextDecoder rather than utf8.ts, because the lab runs this in browsers.
const reasonDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the unmasked payload of a Close frame (§5.5.1). The payload is only read.
 * @throws ProtocolError 1002 for one octet or a code that must not be sent, 1007 for a reason that is not UTF-8
 */
export function decodeClosePayload(payload: Uint8Array): Close {
  const high = payload[0];
  const low = payload[1];
  if (high === undefined) return { code: CloseCode.noStatusReceived, reason: '' };
  if (low === undefined) {
    throw new ProtocolError(
      CloseCode.protocolError,
      'RFC 6455 §5.5.1',
      'A Close frame has one octet of payload; a code takes two.',
    );
  }
  const code = high * 256 + low;
  if (!isCloseCode(code)) {
    throw new ProtocolError(
      CloseCode.protocolError,
      'RFC 6455 §7.4',
      `A Close frame has the code ${code}, which must not be sent.`,
    );
  }
  // Most say a code and no more, and a decoder is slow to start.
  if (payload.length === 2) return { code, reason: '' };
  try {
    return { code, reason: reasonDecoder.decode(payload.subarray(2)) };
  } catch {
    throw new ProtocolError(CloseCode.invalidPayload, 'RFC 6455 §8.1', 'A close reason is not UTF-8.');
  }
}

/**
 * Builds the payload of a Close frame: empty for 1005, else the code and the reason. The caller owns the result.
 * @throws RangeError when the code may not be sent, the reason is over 123 octets, or there is a reason without a code
 */
export function encodeClosePayload(code: number = CloseCode.noStatusReceived, reason = ''): Uint8Array {
  if (code === CloseCode.noStatusReceived) {
    if (reason !== '') throw new RangeError('A close reason needs a code.');
    return new Uint8Array(0);
  }
  if (!Number.isInteger(code) || !isCloseCode(code)) {
    throw new RangeError(`The close code ${code} must not be sent: use 1000-1003, 1007-1014 or 3000-4999.`);
  }
  if (reason === '') return Uint8Array.of(code >>> 8, code & 0xff);
  const text = new TextEncoder().encode(reason);
  if (text.length > maximumReasonLength) {
    throw new RangeError(`The close reason has ${text.length} octets; the most is ${maximumReasonLength}.`);
  }
  const payload = new Uint8Array(2 + text.length);
  payload[0] = code >>> 8;
  payload[1] = code & 0xff;
  payload.set(text, 2);
  return payload;
}

/** Cuts a reason at a character so that it has at most 123 octets, for reasons that were not written by hand. */
export function truncateReason(reason: string): string {
  const room = new Uint8Array(maximumReasonLength);
  const { read } = new TextEncoder().encodeInto(reason, room);
  return reason.slice(0, read);
}

const retryHint = /(?:^|\s)retry after (\d{1,9}) ms$/;

/**
 * The close reason of a server that stops and comes back: when to try again, so that not all come in the same moment.
 * Plain words for a person, and read by `retryAfterOf`. May stand behind a sentence.
 * @param milliseconds rounded to a whole number, 0 to 10^9 - 1
 * @throws RangeError for another number
 */
export function retryReason(milliseconds: number): string {
  const rounded = Math.round(milliseconds);
  if (!(rounded >= 0 && rounded < 1e9)) {
    throw new RangeError(`retry after takes 0 to 999,999,999 milliseconds, not ${milliseconds}.`);
  }
  return `retry after ${rounded} ms`;
}

/** The milliseconds that a close reason asks to wait, when it ends with such a hint; undefined when it does not. */
export function retryAfterOf(reason: string): number | undefined {
  const [, milliseconds] = retryHint.exec(reason) ?? [];
  return milliseconds === undefined ? undefined : Number(milliseconds);
}
