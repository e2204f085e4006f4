/**
 * The fields of an HTTP/1.1 head (RFC 9110 §5, RFC 9112 §5): their grammar, where they stand in the text, and their
 * values by name. Called by http-head.ts, and by handshake.ts and its helpers for single fields. A head has fifteen
 * fields of which a handshake asks for ten once, so they are found in the text when asked for; no table is built.
 */
import { HttpError } from './http-error.ts';

/** Values in order of arrival, by field name in lower case. A Map of that kind is one too. */
export interface Fields {
  /** The values of all lines of that name, trimmed; undefined when there is none. */
  get(name: string): readonly string[] | undefined;
  has(name: string): boolean;
  [Symbol.iterator](): Iterator<[name: string, values: readonly string[]]>;
}

const horizontalTab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const colon = 0x3a;
const del = 0x7f;

/** For each octet whether it may stand in a token (RFC 9110 §5.6.2): 1 or 0. */
const tokenOctets = Uint8Array.from({ length: 256 }, (_, octet) =>
  /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(octet)) ? 1 : 0,
);

/** Each octet as it is in lower case. Names are ASCII (RFC 9110 §5.1). */
const lowerCase = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet,
);

/** Numbers for each field in a list of places: the key of its name, where that begins, where its value begins and ends. */
const placesEach = 4;

/**
 * Length and first letter of a name, whatever its case: one number by which nearly all names that are not asked for are
 * passed over.
 */
function keyOf(length: number, first: number): number {
  return (length << 8) | (lowerCase[first] as number);
}

/** The fields of one head: its text, and where they stand in it. Strings are made when a field is asked for. */
export class HeadFields implements Fields {
  readonly #text: string;
  readonly #places: readonly number[];

  /** @param places as `findFields` gives them for that text */
  constructor(text: string, places: readonly number[]) {
    this.#text = text;
    this.#places = places;
  }

  get(name: string): readonly string[] | undefined {
    let values: string[] | undefined;
    for (let place = this.#find(name, 0); place >= 0; place = this.#find(name, place + placesEach)) {
      const value = this.#value(place);
      if (values === undefined) values = [value];
      else values.push(value);
    }
    return values;
  }

  has(name: string): boolean {
    return this.#find(name, 0) >= 0;
  }

  /** By name, in the order in which the names came. */
  [Symbol.iterator](): Iterator<[name: string, values: readonly string[]]> {
    const all = new Map<string, string[]>();
    for (let place = 0; place < this.#places.length; place += placesEach) {
      const start = this.#places[place + 1] as number;
      const name = this.#text.slice(start, start + ((this.#places[place] as number) >> 8)).toLowerCase();
      const values = all.get(name);
      if (values === undefined) all.set(name, [this.#value(place)]);
      else values.push(this.#value(place));
    }
    return all.entries();
  }

  /** Which of the places, from that one on, are those of a field of that name; -1 for none. */
  #find(name: string, from: number): number {
    const places = this.#places;
    const key = keyOf(name.length, name.charCodeAt(0));
    for (let place = from; place < places.length; place += placesEach) {
      if (places[place] === key && this.#isNamed(name, places[place + 1] as number)) return place;
    }
    return -1;
  }

  #isNamed(name: string, start: number): boolean {
    for (let index = 0; index < name.length; index++) {
      if (lowerCase[this.#text.charCodeAt(start + index)] !== name.charCodeAt(index)) return false;
    }
    return true;
  }

  #value(place: number): string {
    return this.#text.slice(this.#places[place + 2], this.#places[place + 3]);
  }
}

/** Where the fields are noted until their number is known: one for all heads, because each is read at one go. */
const noted: number[] = new Array(placesEach * 128).fill(0);

/**
 * Judges field lines, each with its CRLF, and says where the fields stand.
 * @param octets the head; `start` to `end` are its field lines
 * @param text the same in Latin-1, so that each octet is one character
 * @throws HttpError 400 for the first line that the grammar does not allow
 */
export function findFields(octets: Uint8Array, text: string, start: number, end: number): readonly number[] {
  let count = 0;
  let at = start;
  while (at < end) {
    const nameStart = at;
    while (tokenOctets[octets[at] as number] === 1) at++;
    const nameEnd = at;
    if (nameEnd === nameStart || octets[at] !== colon) throw malformedLine(text, nameStart);
    do at++;
    while (isBlank(octets[at]));
    const valueStart = at;
    at = endOfValue(octets, valueStart, end);
    if (octets[at] !== carriageReturn || octets[at + 1] !== lineFeed) throw malformedLine(text, nameStart);
    let valueEnd = at;
    while (valueEnd > valueStart && isBlank(octets[valueEnd - 1])) valueEnd--;
    noted[count] = keyOf(nameEnd - nameStart, octets[nameStart] as number);
    noted[count + 1] = nameStart;
    noted[count + 2] = valueStart;
    noted[count + 3] = valueEnd;
    count += placesEach;
    at += 2;
  }
  return noted.slice(0, count);
}

/**
 * The first octet from `start` on that may not stand in a field's value (RFC 9110 §5.5), or `end`: visible ASCII, space and
 * tab may, and 0x80-0xFF, which nobody judges. Nearly all octets of a head come through this loop, and comparing is
 * twice as fast here as looking them up.
 */
export function endOfValue(octets: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const octet = octets[at] as number;
    if (octet < space ? octet !== horizontalTab : octet === del) break;
    at++;
  }
  return at;
}

function isBlank(octet: number | undefined): boolean {
  return octet === space || octet === horizontalTab;
}

/** What is wrong with the field line that begins there. */
function malformedLine(text: string, start: number): HttpError {
  const line = text.slice(start, text.indexOf('\r\n', start));
  if (isWhitespace(line[0])) {
    return new HttpError(
      400,
      'RFC 9112 §5.2',
      'A field line begins with white space: folded fields are not accepted.',
    );
  }
  const nameLength = line.indexOf(':');
  if (nameLength < 1) return new HttpError(400, 'RFC 9112 §5', 'A field line has no name before a colon.');
  const name = line.slice(0, nameLength);
  if (isWhitespace(name.at(-1))) {
    return new HttpError(
      400,
      'RFC 9112 §5.1',
      'A field line has white space between the name and the colon.',
    );
  }
  if (!isToken(name)) return new HttpError(400, 'RFC 9110 §5.1', 'The name of a field is not a token.');
  return new HttpError(400, 'RFC 9110 §5.5', `The value of the field ${name} holds a control character.`);
}

const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Whether the text is a token (RFC 9110 §5.6.2): the grammar of methods, field names, subprotocols, extensions. */
export function isToken(text: string): boolean {
  return text !== '' && endOfToken(text, 0) === text.length;
}

/** Where the token that begins there ends; the same place when none does. */
export function endOfToken(text: string, start: number): number {
  let end = start;
  // Beyond the text there is no character code, and beyond Latin-1 no entry.
  while (tokenOctets[text.charCodeAt(end)] === 1) end++;
  return end;
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
  const values = fields.get(name);
  if (values === undefined) return undefined;
  return values.length === 1 ? values[0] : values.join(', ');
}

/**
 * The elements of a list field over all its lines, trimmed, empty ones left out (RFC 9110 §5.6.1.2). Only for lists
 * of tokens: a quoted string could hold a comma (extensions.ts reads those). `name` in lower case.
 */
export function listElements(fields: Fields, name: string): string[] {
  const text = combined(fields, name);
  if (text === undefined) return [];
  // Most lists have one element.
  if (!text.includes(',')) {
    const element = trimWhitespace(text);
    return element === '' ? [] : [element];
  }
  const elements = text.split(',').map(trimWhitespace);
  return elements.filter((element) => element !== '');
}
