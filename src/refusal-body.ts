/**
 * The first words of a response that opens no WebSocket: what the server says about it, for the error that a client
 * gets (RFC 9112 §6.3, §7.1). Called by client-handshake.ts. Nothing else of the body is kept.
 */
import { Buffer } from 'node:buffer';
import { listElements, type ResponseHead, singleton } from './http-head.ts';

/** Octets of the body that are kept: a sentence or two, and not what a stranger may fill memory with. */
const longestBody = 1024;
/** Characters of it that are told. */
const longestWords = 200;

/** Bodies that can be read out: plain text and JSON. Of a page for browsers the first words are markup. */
const readable = /^(?:text\/plain|application\/(?:[\w.-]+\+)?json)\b/i;

export class RefusalBody {
  readonly #chunked: boolean;
  readonly #wanted: number;
  readonly #readable: boolean;
  #octets = Buffer.alloc(0);

  /** @throws HttpError 400 when the body's length or type stands twice */
  constructor(head: ResponseHead) {
    const { status, fields } = head;
    const length = singleton(fields, 'content-length');
    const type = singleton(fields, 'content-type');
    this.#chunked = listElements(fields, 'transfer-encoding').some(
      (coding) => coding.toLowerCase() === 'chunked',
    );
    const known = length !== undefined && /^\d+$/.test(length) && !this.#chunked;
    if (status === 204 || status === 304) this.#wanted = 0;
    else this.#wanted = Math.min(known ? Number(length) : longestBody, longestBody);
    this.#readable = (type === undefined || readable.test(type)) && !fields.has('content-encoding');
  }

  /** Whether no more octets are needed. The end of TCP ends any body. */
  get complete(): boolean {
    if (this.#octets.length >= this.#wanted) return true;
    return this.#chunked && decodeChunks(this.#octets).complete;
  }

  /** Takes the next octets; what is too much of them is dropped. */
  receive(chunk: Uint8Array): void {
    const room = this.#wanted - this.#octets.length;
    this.#octets = Buffer.concat([this.#octets, chunk.subarray(0, room)]);
  }

  /** What has come so far as one line of plain characters, at most 200 of them; empty when it is not text. */
  get words(): string {
    if (!this.#readable) return '';
    const octets = this.#chunked ? decodeChunks(this.#octets).octets : this.#octets;
    // Streaming, so that a character which was cut is left out.
    return plainLine(new TextDecoder().decode(octets, { stream: true }), longestWords);
  }
}

/**
 * A stranger's text as one line that may stand in a log or a terminal: no control characters, none that end a line or
 * turn the direction of writing, and at most `longest` characters.
 */
export function plainLine(text: string, longest: number): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  const characters = [...line];
  return characters.length <= longest ? line : `${characters.slice(0, longest - 1).join('')}…`;
}

/** The octets in a chunked body, as far as they have come. Trailers and chunk extensions say nothing here. */
function decodeChunks(body: Buffer): { readonly octets: Buffer; readonly complete: boolean } {
  const parts: Buffer[] = [];
  let position = 0;
  let complete = false;
  for (;;) {
    const end = body.indexOf('\r\n', position, 'latin1');
    if (end === -1) break;
    const [digits = ''] = body.toString('latin1', position, end).split(/[;\s]/, 1);
    const length = /^[0-9A-Fa-f]{1,8}$/.test(digits) ? Number.parseInt(digits, 16) : 0;
    complete = length === 0;
    if (complete) break;
    parts.push(body.subarray(end + 2, end + 2 + length));
    position = end + 2 + length + 2;
    if (position > body.length) break;
  }
  return { octets: Buffer.concat(parts), complete };
}
