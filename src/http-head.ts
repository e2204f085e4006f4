/**
 * The head of an HTTP/1.1 message: where it ends, and what its lines say (RFC 9112 §2-5, with the field rules of
 * RFC 9110 §5). Called by server.ts and client.ts for a connection's first octets, and by handshake.ts for fields.
 * Strict on purpose: what two readers could read in two ways (a bare LF, a folded line, white space before the
 * colon) is refused, because that is how requests are smuggled past a proxy.
 */
import { Buffer } from 'node:buffer';

/**
 * A request that is refused, or a head that breaks the grammar. The shell answers with `encodeRefusal(status,
 * explanation, headers)` and ends the connection. Misuse by our own caller is a TypeError or RangeError instead.
 */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  /** The status to refuse with, as a server. A client that could not read a response has nobody to tell it. */
  readonly status: number;
  /** The rule that was broken, as in `RFC 9112 §5.1`. */
  readonly section: string;
  /** One plain sentence: what came and what was allowed. It goes out as the body of the refusal. */
  readonly explanation: string;
  /** Fields that the refusal must carry besides the usual ones, as in `{ Allow: 'GET' }`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    section: string,
    explanation: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(`${explanation} (${section})`);
    this.status = status;
    this.section = section;
    this.explanation = explanation;
    this.headers = headers;
  }
}

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

/** Values in order of arrival, by field name in lower case. */
export type Fields = ReadonlyMap<string, readonly string[]>;

export interface RequestHead {
  /** As sent: methods are case-sensitive (RFC 9110 §9.1). */
  readonly method: string;
  readonly target: string;
  /** `1.0`, `1.1`, …; the first digit is always 1. */
  readonly version: string;
  readonly fields: Fields;
}

export interface ResponseHead {
  readonly version: string;
  readonly status: number;
  /** Empty in many responses, and without a meaning in all (RFC 9112 §4). */
  readonly reason: string;
  readonly fields: Fields;
}

/** A head that has come to its end, and what came after it in the same read: a frame, a body, the next request. */
export interface CompleteHead {
  readonly bytes: Uint8Array;
  readonly rest: Uint8Array;
}

const horizontalTab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const del = 0x7f;
const endOfHead = '\r\n\r\n';

/**
 * Finds the end of a head in octets that arrive cut anywhere. Each octet is looked at once, and what could never be
 * a head is refused at the octet that shows it, so nothing waits for an end that will not come. Holds at most
 * `headLength` octets. Use one reader per head; after a throw it is spent.
 */
export class HeadReader {
  readonly #limits: HeadLimits;
  /** What came in earlier reads; grown by doubling, so that 1-octet reads cost no more than one. */
  #kept = Buffer.alloc(0);
  #length = 0;
  #lines = 0;
  #lineLength = 0;
  #afterCarriageReturn = false;
  #skippedEmptyLine = false;
  #received: Uint8Array | undefined;

  /** @param limits what to change in `headLimits` */
  constructor(limits: Partial<HeadLimits> = {}) {
    this.#limits = { ...headLimits, ...limits };
  }

  /**
   * Takes the next octets; undefined until the head is complete. A head that came whole is returned as views of
   * `chunk`, without a copy; `rest` is always a view of `chunk`. A head that came in pieces is copied.
   * @throws HttpError 400 for octets that no head may hold, 414 and 431 for a head over the limits
   * @throws TypeError when the head was already complete
   */
  receive(chunk: Uint8Array): CompleteHead | undefined {
    if (this.#received !== undefined) {
      throw new TypeError('This head is complete; the octets after it belong to somebody else.');
    }
    const before = this.#length;
    const complete = this.#search(chunk);
    if (!complete) {
      this.#keep(chunk, before);
      return undefined;
    }
    this.#received = before === 0 ? chunk : Buffer.concat([this.#kept.subarray(0, before), chunk]);
    return {
      bytes: this.#received.subarray(0, this.#length),
      rest: chunk.subarray(this.#length - before),
    };
  }

  /**
   * Everything received so far, as it came: `bytes` and then `rest` once the head is complete. For giving a request
   * that is no upgrade back to the socket. Read only: it may be the chunk itself.
   */
  get received(): Uint8Array {
    return this.#received ?? this.#kept.subarray(0, this.#length);
  }

  /** Looks at each octet once; true when the head ends in this chunk, at `#length`. */
  #search(chunk: Uint8Array): boolean {
    for (const octet of chunk) {
      this.#length++;
      if (this.#afterCarriageReturn) {
        if (octet !== lineFeed)
          throw new HttpError(400, 'RFC 9112 §2.2', 'A CR stands without an LF after it.');
        this.#afterCarriageReturn = false;
        if (this.#endLine()) return true;
      } else if (octet === carriageReturn) {
        this.#afterCarriageReturn = true;
      } else {
        this.#checkOctet(octet);
      }
      if (this.#length >= this.#limits.headLength) {
        throw new HttpError(431, 'RFC 6585 §5', `The head is longer than ${this.#limits.headLength} octets.`);
      }
    }
    return false;
  }

  #checkOctet(octet: number): void {
    if (octet === lineFeed)
      throw new HttpError(400, 'RFC 9112 §2.2', 'A line ends in LF alone; it must be CRLF.');
    if ((octet < space && octet !== horizontalTab) || octet === del) {
      throw new HttpError(
        400,
        'RFC 9110 §5.5',
        `The head holds the control character 0x${octet.toString(16).padStart(2, '0')}.`,
      );
    }
    this.#lineLength++;
    if (this.#lines === 0 && this.#lineLength > this.#limits.startLineLength) {
      throw new HttpError(
        414,
        'RFC 9112 §3',
        `The first line of the head is longer than ${this.#limits.startLineLength} octets.`,
      );
    }
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

const requestLine = /^([^ ]*) ([^ ]*) (HTTP\/(\d)\.\d)$/;
const statusLine = /^HTTP\/(\d)\.(\d) (\d{3}) ([\t\x20-\x7e\x80-\xff]*)$/;
const visible = /^[\x21-\x7e]+$/;

/**
 * Reads the head of a request (RFC 9112 §3, §5). `bytes` end with the empty line and are only read; one empty line
 * before the request line is skipped.
 * @throws HttpError 400 for what the grammar does not allow, 505 for a major version other than 1
 */
export function parseRequestHead(bytes: Uint8Array): RequestHead {
  const [line, fieldLines] = splitHead(bytes, true);
  const match = requestLine.exec(line);
  if (match === null) {
    throw new HttpError(
      400,
      'RFC 9112 §3',
      'The request line is not a method, a target and an HTTP version with one space between them.',
    );
  }
  const [, method = '', target = '', version = '', major] = match;
  if (!isToken(method))
    throw new HttpError(400, 'RFC 9112 §3.1', 'The method of the request is not a token.');
  if (!visible.test(target)) {
    throw new HttpError(
      400,
      'RFC 9112 §3.2',
      'The request target is empty or holds an octet that is not visible ASCII.',
    );
  }
  if (major !== '1') {
    throw new HttpError(505, 'RFC 9112 §2.3', `This server speaks HTTP/1.1; the request is ${version}.`);
  }
  return { method, target, version: version.slice('HTTP/'.length), fields: parseFields(fieldLines) };
}

/**
 * Reads the head of a response (RFC 9112 §4, §5). `bytes` end with the empty line and are only read.
 * @throws HttpError for what the grammar does not allow; its status has no reader here
 */
export function parseResponseHead(bytes: Uint8Array): ResponseHead {
  const [line, fieldLines] = splitHead(bytes, false);
  const match = statusLine.exec(line);
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
  return { version: `${major}.${minor}`, status: Number(status), reason, fields: parseFields(fieldLines) };
}

function splitHead(bytes: Uint8Array, mayBeginEmpty: boolean): [firstLine: string, fieldLines: string[]] {
  // Latin-1 gives each octet one character, so obs-text (0x80-0xFF) passes through unjudged, as RFC 9110 §5.5 asks.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const start = mayBeginEmpty && text.startsWith('\r\n') ? 2 : 0;
  if (!text.endsWith(endOfHead))
    throw new HttpError(400, 'RFC 9112 §2.1', 'The head does not end with an empty line.');
  const [firstLine = '', ...fieldLines] = text.slice(start, -endOfHead.length).split('\r\n');
  return [firstLine, fieldLines];
}

function parseFields(lines: readonly string[]): Fields {
  const fields = new Map<string, string[]>();
  for (const line of lines) {
    const [name, value] = parseFieldLine(line);
    const values = fields.get(name);
    if (values === undefined) fields.set(name, [value]);
    else values.push(value);
  }
  return fields;
}

function parseFieldLine(line: string): [name: string, value: string] {
  if (line.startsWith(' ') || line.startsWith('\t')) {
    throw new HttpError(
      400,
      'RFC 9112 §5.2',
      'A field line begins with white space: folded fields are not accepted.',
    );
  }
  const colon = line.indexOf(':');
  if (colon < 1) throw new HttpError(400, 'RFC 9112 §5', 'A field line has no name before a colon.');
  const name = line.slice(0, colon);
  if (name.endsWith(' ') || name.endsWith('\t')) {
    throw new HttpError(400, 'RFC 9112 §5.1', 'A field line has white space between the name and the colon.');
  }
  if (!isToken(name)) throw new HttpError(400, 'RFC 9110 §5.1', 'The name of a field is not a token.');
  const value = trimWhitespace(line.slice(colon + 1));
  if (!isFieldValue(value)) {
    throw new HttpError(400, 'RFC 9110 §5.5', `The value of the field ${name} holds a control character.`);
  }
  return [name.toLowerCase(), value];
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether the text is a token (RFC 9110 §5.6.2): the grammar of methods, field names, subprotocols, extensions. */
export function isToken(text: string): boolean {
  return token.test(text);
}

/** Whether the text may be sent as a field's value (RFC 9110 §5.5): Latin-1 without controls, so no line can end. */
export function isFieldValue(text: string): boolean {
  return fieldValue.test(text);
}

/** Cuts spaces and tabs off both ends (OWS, RFC 9110 §5.6.3). A loop: a pattern would be quadratic in inner space. */
export function trimWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text[start])) start++;
  while (end > start && isWhitespace(text[end - 1])) end--;
  return text.slice(start, end);
}

/** Whether the character is a space or a tab, the only white space of a field (RFC 9110 §5.6.3). */
export function isWhitespace(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

/**
 * The value of a field that may stand only once; undefined when it is absent (RFC 9110 §5.3).
 * @param name in lower case
 * @param section the rule to name in the error, where a stricter one than that of every field applies
 * @throws HttpError 400 when it is repeated, even with the same value
 */
export function singleton(fields: Fields, name: string, section = 'RFC 9110 §5.3'): string | undefined {
  const values = fields.get(name);
  if (values !== undefined && values.length > 1) {
    throw new HttpError(
      400,
      section,
      `The field ${name} stands ${values.length} times; only one is allowed.`,
    );
  }
  return values?.[0];
}

/** All values of a field as one, joined as RFC 9110 §5.3 says; undefined when it is absent. `name` in lower case. */
export function combined(fields: Fields, name: string): string | undefined {
  return fields.get(name)?.join(', ');
}

/**
 * The elements of a list field over all its lines, trimmed, empty ones left out (RFC 9110 §5.6.1.2). Only for lists
 * of tokens: a quoted string could hold a comma (extensions.ts reads those). `name` in lower case.
 */
export function listElements(fields: Fields, name: string): string[] {
  const elements = (combined(fields, name) ?? '').split(',').map(trimWhitespace);
  return elements.filter((element) => element !== '');
}
