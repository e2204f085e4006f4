/**
 * The head of an HTTP/1.1 message: where it ends, and what its lines say (RFC 9112 §2-5, with the field rules of
 * RFC 9110 §5). Called by server.ts and client.ts for a connection's first octets, and by handshake.ts for fields.
 * Strict on purpose: what two readers could read in two ways (a bare LF, a folded line, white space before the
 * colon) is refused, because that is how requests are smuggled past a proxy.
 */
import { Buffer } from 'node:buffer';
import { HttpError } from './http-error.ts';
import { endOfValue, type Fields, findFields, HeadFields, isToken } from './http-fields.ts';

export { HttpError } from './http-error.ts';
export {
  combined,
  type Fields,
  isFieldValue,
  isToken,
  isWhitespace,
  listElements,
  singleton,
  trimWhitespace,
} from './http-fields.ts';

export interface HeadLimits {
  /** The most octets in a head, with the empty line that ends it. */
  readonly headLength: number;
  /** The most octets in the first line, without its CRLF. RFC 9112 §3 asks for at least 8,000. */
  readonly startLineLength: number;
  /** The most field lines. */
  readonly fieldCount: number;
}

/** The limits when none are given: those of common servers. Ample for browsers, and what a stranger may make us hold. */
export const headLimits: HeadLimits = { headLength: 16_384, startLineLength: 8_192, fieldCount: 100 };

export interface RequestHead {
  /** As sent: methods are case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  readonly target: string;
  /** `1.0`, `1.1`, …; the first digit is always 1. */
  readonly version: string;
  readonly fields: Fields;
  /** The whole head, each octet one character: the smallest form in which it can be kept and read again. */
  readonly text: string;
}

export interface ResponseHead {
  readonly version: string;
  readonly status: number;
  /** Empty in many responses, and without a meaning in all (RFC 9112 §4). */
  readonly reason: string;
  readonly fields: Fields;
}

/**
 * A head that has come to its end, and what came after it in the same read: a frame, a body, the next request. Both may
 * be views of memory that was only lent to `receive`: who keeps them beyond its caller's turn has to copy them.
 */
export interface CompleteHead {
  readonly bytes: Uint8Array;
  readonly rest: Uint8Array;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const endOfHead = '\r\n\r\n';
const nothing = new Uint8Array(0);

/**
 * Finds the end of a head in octets that arrive cut anywhere. Each octet is looked at once, and what could never be
 * a head is refused at the octet that shows it, so nothing waits for an end that will not come. Holds at most
 * `headLength` octets. Use one reader per head; after a throw it is spent.
 */
export class HeadReader {
  readonly #limits: HeadLimits;
  /** A copy of what came in earlier reads; grown by doubling, so that 1-octet reads cost no more than one. */
  #kept = nothing;
  #length = 0;
  #lines = 0;
  #lineLength = 0;
  #afterCarriageReturn = false;
  #skippedEmptyLine = false;
  /** Views of a read that was lent: looked at by `received`, and by nobody later. */
  #complete: CompleteHead | undefined;

  /** @param limits what to change in `headLimits` */
  constructor(limits?: Partial<HeadLimits>) {
    this.#limits = limits === undefined ? headLimits : { ...headLimits, ...limits };
  }

  /**
   * Takes the next octets; undefined until the head is complete. `chunk` is only lent: what has to stay is copied. A
   * head that came whole is returned as views of `chunk`, without a copy, and `rest` is always one. A head that came in
   * pieces is a copy, and the caller's.
   * @throws HttpError 400 for octets that no head may hold, 414 and 431 for a head over the limits
   * @throws TypeError when the head was already complete
   */
  receive(chunk: Uint8Array): CompleteHead | undefined {
    if (this.#complete !== undefined) {
      throw new TypeError('This head is complete; the octets after it belong to somebody else.');
    }
    const before = this.#length;
    if (!this.#search(chunk)) {
      this.#keep(chunk, before);
      return undefined;
    }
    const end = this.#length - before;
    // In most cases the read is the head, and nothing has to be cut.
    const bytes = end === chunk.length ? chunk : chunk.subarray(0, end);
    this.#complete = {
      bytes: before === 0 ? bytes : Buffer.concat([this.#kept.subarray(0, before), bytes]),
      rest: end === chunk.length ? nothing : chunk.subarray(end),
    };
    return this.#complete;
  }

  /**
   * Everything received so far, as it came: `bytes` and then `rest` once the head is complete. For giving a request
   * that is no upgrade back to the socket. Once the head is complete it is a copy, the caller's to keep, and has to be
   * asked for before the last chunk's memory is used again; earlier it is our own memory, to be read only.
   */
  get received(): Uint8Array {
    if (this.#complete === undefined) return this.#kept.subarray(0, this.#length);
    return Buffer.concat([this.#complete.bytes, this.#complete.rest]);
  }

  /** Looks at each octet once; true when the head ends in this chunk, at `#length`. */
  #search(chunk: Uint8Array): boolean {
    const { headLength, startLineLength } = this.#limits;
    const before = this.#length;
    const end = Math.min(chunk.length, headLength - before);
    let at = 0;
    while (at < end) {
      if (!this.#afterCarriageReturn) {
        const start = at;
        at = endOfValue(chunk, start, end);
        this.#lineLength += at - start;
        if (this.#lines === 0 && this.#lineLength > startLineLength) {
          throw new HttpError(
            414,
            'RFC 9112 §3',
            `The first line of the head is longer than ${startLineLength} octets.`,
          );
        }
        if (at === end) break;
        checkCarriageReturn(chunk[at] as number);
        at++;
        // The LF is nearly always there: one look more, and not one round.
        this.#afterCarriageReturn = true;
        if (at === end) break;
      }
      if (chunk[at] !== lineFeed)
        throw new HttpError(400, 'RFC 9112 §2.2', 'A CR stands without an LF after it.');
      at++;
      this.#afterCarriageReturn = false;
      if (this.#endLine()) {
        this.#length = before + at;
        return true;
      }
    }
    this.#length = before + end;
    if (this.#length >= headLength) {
      throw new HttpError(431, 'RFC 6585 §5', `The head is longer than ${headLength} octets.`);
    }
    return false;
  }

  /** Whether the line that ends here is the empty one that ends the head. */
  #endLine(): boolean {
    if (this.#lineLength === 0) {
      if (this.#lines > 0) return true;
      // One empty line may come first: what an old client sent after the body of its last request (RFC 9112 §2.2).
      if (this.#skippedEmptyLine) {
        throw new HttpError(400, 'RFC 9112 §2.2', 'More than one empty line stands before the first line.');
      }
      this.#skippedEmptyLine = true;
      return false;
    }
    this.#lines++;
    this.#lineLength = 0;
    if (this.#lines - 1 > this.#limits.fieldCount) {
      throw new HttpError(431, 'RFC 6585 §5', `The head has more than ${this.#limits.fieldCount} fields.`);
    }
    return false;
  }

  #keep(chunk: Uint8Array, before: number): void {
    if (this.#length > this.#kept.length) {
      const grown = Buffer.alloc(Math.max(this.#length, this.#kept.length * 2, 512));
      grown.set(this.#kept.subarray(0, before));
      this.#kept = grown;
    }
    this.#kept.set(chunk, before);
  }
}

/** What may not stand in a line must be the CR that ends it. */
function checkCarriageReturn(octet: number): void {
  if (octet === carriageReturn) return;
  if (octet === lineFeed)
    throw new HttpError(400, 'RFC 9112 §2.2', 'A line ends in LF alone; it must be CRLF.');
  throw new HttpError(
    400,
    'RFC 9110 §5.5',
    `The head holds the control character 0x${octet.toString(16).padStart(2, '0')}.`,
  );
}

const httpVersion = /^HTTP\/\d\.\d$/;
const statusLine = /^HTTP\/(\d)\.(\d) (\d{3}) ([\t\x20-\x7e\x80-\xff]*)$/;
const visible = /^[\x21-\x7e]+$/;

/**
 * Reads the head of a request (RFC 9112 §3, §5). `bytes` end with the empty line and are only read; one empty line
 * before the request line is skipped. Nothing of what it gives refers to them.
 * @throws HttpError 400 for what the grammar does not allow, 505 for a major version other than 1
 */
export function parseRequestHead(bytes: Uint8Array): RequestHead {
  const text = headText(bytes);
  const start = text.startsWith('\r\n') ? 2 : 0;
  const lineEnd = text.indexOf('\r\n', start);
  const methodEnd = text.indexOf(' ', start);
  const targetEnd = text.indexOf(' ', methodEnd + 1);
  const version = text.slice(targetEnd + 1, lineEnd);
  if (methodEnd < 0 || targetEnd < 0 || !(version === 'HTTP/1.1' || httpVersion.test(version))) {
    throw new HttpError(
      400,
      'RFC 9112 §3',
      'The request line is not a method, a target and an HTTP version with one space between them.',
    );
  }
  const method = text.slice(start, methodEnd);
  const target = text.slice(methodEnd + 1, targetEnd);
  if (!isToken(method))
    throw new HttpError(400, 'RFC 9112 §3.1', 'The method of the request is not a token.');
  if (!visible.test(target)) {
    throw new HttpError(
      400,
      'RFC 9112 §3.2',
      'The request target is empty or holds an octet that is not visible ASCII.',
    );
  }
  if (!version.startsWith('HTTP/1.')) {
    throw new HttpError(505, 'RFC 9112 §2.3', `This server speaks HTTP/1.1; the request is ${version}.`);
  }
  const fields = readFields(bytes, text, lineEnd);
  return { method, target, version: version.slice('HTTP/'.length), fields, text };
}

/**
 * Reads the head of a response (RFC 9112 §4, §5). `bytes` end with the empty line and are only read.
 * @throws HttpError for what the grammar does not allow; its status has no reader here
 */
export function parseResponseHead(bytes: Uint8Array): ResponseHead {
  const text = headText(bytes);
  const lineEnd = text.indexOf('\r\n');
  const match = statusLine.exec(text.slice(0, lineEnd));
  if (match === null) {
    throw new HttpError(
      400,
      'RFC 9112 §4',
      'The status line is not an HTTP version, a status of three digits and a reason.',
    );
  }
  const [, major, minor, status, reason = ''] = match;
  if (major !== '1')
    throw new HttpError(505, 'RFC 9112 §2.3', `The response is HTTP/${major}.${minor}, not HTTP/1.1.`);
  return {
    version: `${major}.${minor}`,
    status: Number(status),
    reason,
    fields: readFields(bytes, text, lineEnd),
  };
}

function headText(bytes: Uint8Array): string {
  const octets = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // Latin-1 gives each octet one character, so obs-text (0x80-0xFF) passes through unjudged, as RFC 9110 §5.5 asks.
  const text = octets.toString('latin1');
  if (!text.endsWith(endOfHead))
    throw new HttpError(400, 'RFC 9112 §2.1', 'The head does not end with an empty line.');
  return text;
}

/** The fields between the first line, which ends there, and the empty one. */
function readFields(bytes: Uint8Array, text: string, firstLineEnd: number): Fields {
  return new HeadFields(text, findFields(bytes, text, firstLineEnd + 2, text.length - 2));
}
