/**
 * The grammar of Sec-WebSocket-Extensions (RFC 6455 §9.1): offers and answers as data, and back. Called by
 * handshake.ts; what an extension's parameters mean is the extension's business (RFC 7692 in deflate-negotiation.ts).
 */

import { endOfToken } from './http-fields.ts';
import { combined, type Fields, HttpError, isToken, isWhitespace } from './http-head.ts';

export interface ExtensionParameter {
  readonly name: string;
  /** Unquoted; undefined when the parameter is a name alone. */
  readonly value: string | undefined;
}

/** One element of the list. Repeated parameters are kept: whether they are an error, the extension says. */
export interface Extension {
  readonly name: string;
  readonly parameters: readonly ExtensionParameter[];
}

const section = 'RFC 6455 §9.1';
const fieldName = 'sec-websocket-extensions';

/** What was read last: browsers of one make all send the same. Nobody may change it. */
let lastText: string | undefined;
let lastExtensions: readonly Extension[] = [];

/**
 * The extensions of a request or response in the sender's order of preference, over all lines of the field; empty
 * when the field is absent.
 * @throws HttpError 400 when the grammar does not allow the field
 */
export function parseExtensions(fields: Fields): readonly Extension[] {
  const text = combined(fields, fieldName);
  if (text === undefined) return [];
  if (text !== lastText) {
    const extensions = new ExtensionScanner(text).list();
    if (extensions.length === 0) throw malformed('names no extension');
    lastExtensions = extensions;
    lastText = text;
  }
  return lastExtensions;
}

/**
 * The field's value for these extensions. Values are tokens and need no quotes (§9.1).
 * @throws TypeError when a name or a value is not a token
 */
export function encodeExtensions(extensions: readonly Extension[]): string {
  return extensions.map(encodeExtension).join(', ');
}

function encodeExtension({ name, parameters }: Extension): string {
  const parts = parameters.map((parameter) =>
    parameter.value === undefined
      ? checkToken(parameter.name)
      : `${checkToken(parameter.name)}=${checkToken(parameter.value)}`,
  );
  return [checkToken(name), ...parts].join('; ');
}

function checkToken(text: string): string {
  if (!isToken(text))
    throw new TypeError(`An extension's names and values must be tokens, not ${JSON.stringify(text)}.`);
  return text;
}

function malformed(what: string): HttpError {
  return new HttpError(400, section, `The field Sec-WebSocket-Extensions ${what}.`);
}

/** Reads the list from left to right, once. White space may stand between any two parts: the RFC's implied LWS. */
class ExtensionScanner {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  list(): Extension[] {
    const extensions: Extension[] = [];
    do {
      // Empty elements are passed over, as in every list field (RFC 9110 §5.6.1.2).
      if (!this.#atEndOfElement()) extensions.push(this.#extension());
    } while (this.#take(','));
    if (this.#position < this.#text.length)
      throw malformed('has something else than "," or ";" after an element');
    return extensions;
  }

  #extension(): Extension {
    const name = this.#token('an extension');
    const parameters: ExtensionParameter[] = [];
    while (this.#take(';')) parameters.push(this.#parameter());
    return { name, parameters };
  }

  #parameter(): ExtensionParameter {
    const name = this.#token('a parameter');
    if (!this.#take('=')) return { name, value: undefined };
    return { name, value: this.#take('"') ? this.#quotedToken() : this.#token('a value') };
  }

  #token(what: string): string {
    this.#skipWhitespace();
    const start = this.#position;
    const end = endOfToken(this.#text, start);
    if (end === start) throw malformed(`lacks a token where ${what} should stand`);
    this.#position = end;
    return this.#text.slice(start, end);
  }

  /** The rest of a quoted string; unquoted, it must be a token as well (§9.1). */
  #quotedToken(): string {
    let value = '';
    while (this.#position < this.#text.length) {
      let character = this.#text.charAt(this.#position++);
      if (character === '"') {
        if (!isToken(value)) throw malformed('has a quoted value that is not a token');
        return value;
      }
      if (character === '\\') character = this.#text.charAt(this.#position++);
      value += character;
    }
    throw malformed('has a quoted value without an end');
  }

  #atEndOfElement(): boolean {
    this.#skipWhitespace();
    return this.#position === this.#text.length || this.#text[this.#position] === ',';
  }

  #take(character: string): boolean {
    this.#skipWhitespace();
    if (this.#text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #skipWhitespace(): void {
    while (isWhitespace(this.#text[this.#position])) this.#position++;
  }
}
