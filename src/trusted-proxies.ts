/**
 * Whose connection it is when proxies stand before the server: the field X-Forwarded-For, which most of them write, or
 * Forwarded (RFC 7239). Called by server.ts, which counts connections by this address and shows it to the upgrade.
 *
 * Anybody can send these fields. Each proxy appends the address that it was called from, so what stands rightmost was
 * written by the proxy that called us, and is believed only when we trust that one; so it goes on to the left, up to
 * the first address that is not trusted. What stands further left is only that client's word, and is not looked at.
 */
import { type Fields, isToken, trimWhitespace } from './http-head.ts';
import { AddressRange, normaliseIpAddress, parseIpAddress } from './ip-address.ts';

/** The field that the proxies write, in lower case. */
export type ForwardingField = 'x-forwarded-for' | 'forwarded';

export interface TrustedProxiesOptions {
  /**
   * Which field to read; the other one is never looked at. Default `x-forwarded-for`, because most proxies write that
   * and pass Forwarded through as the client sent it: whoever read both would let a client choose its own address.
   */
  readonly kind?: ForwardingField;
}

/** Words for ranges that many would have to look up: RFC 1122 §3.2.1.3, RFC 4291 §2.5.3; RFC 1918 §3, RFC 4193 §3.1. */
const namedRanges: ReadonlyMap<string, readonly string[]> = new Map([
  ['loopback', ['127.0.0.0/8', '::1']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
]);

/** The proxies whose word about the client's address is taken. Immutable; one serves all connections. */
export class TrustedProxies {
  readonly kind: ForwardingField;
  readonly #ranges: readonly AddressRange[];

  /**
   * @param entries addresses (`192.0.2.1`, `2001:db8::1`), ranges (`10.0.0.0/8`, `fd00::/8`), or the words `loopback`
   * and `private`. Every machine in a range can say that it is any address at all: name your proxies, not your network
   * @throws TypeError that names the entry or the kind that is none
   */
  constructor(entries: readonly string[], options: TrustedProxiesOptions = {}) {
    const { kind = 'x-forwarded-for' } = options;
    if (kind !== 'x-forwarded-for' && kind !== 'forwarded') {
      throw new TypeError(`kind is ${JSON.stringify(kind)}; it takes "x-forwarded-for" or "forwarded".`);
    }
    this.kind = kind;
    this.#ranges = entries
      .flatMap((entry) => namedRanges.get(entry) ?? [entry])
      .map((range) => new AddressRange(range));
  }

  /**
   * Whether the address is one of the proxies'; false for what is no address. The zone that Node writes behind a
   * link-local peer (`fe80::1%eth0`) is not compared.
   */
  has(address: string): boolean {
    if (this.#ranges.length === 0) return false;
    const octets = parseIpAddress(withoutZone(address));
    return octets !== undefined && this.#ranges.some((range) => range.has(octets));
  }
}

/**
 * The address of the client, in its one spelling: lower case, the shortest IPv6, and IPv4-mapped as IPv4. The peer's
 * own when it is no trusted proxy; else the rightmost address of the field that is none, or the leftmost when all are.
 * An entry that names no address (malformed, obfuscated, `unknown`) ends the search at the proxy that wrote it. Never
 * throws, and takes time in proportion to the field's length.
 * @param peer the address at the other end of TCP; given back as it is when it is none
 */
export function clientAddress(peer: string, fields: Fields, trusted: TrustedProxies): string {
  let address = normaliseIpAddress(withoutZone(peer)) ?? peer;
  if (!trusted.has(address)) return address;
  const lines = fields.get(trusted.kind) ?? [];
  for (const line of lines.toReversed()) {
    for (const element of fromTheRight(line, ',')) {
      const next = trusted.kind === 'forwarded' ? forwardedFor(element) : listedAddress(element);
      if (next === undefined) return address;
      address = next;
      if (!trusted.has(address)) return address;
    }
  }
  return address;
}

function withoutZone(peer: string): string {
  const zone = peer.indexOf('%');
  return zone < 0 ? peer : peer.slice(0, zone);
}

/**
 * The parts of a list, trimmed, the last one first. Separators in quoted strings are none. From the right, so that a
 * quote which a client left open in its own part cannot swallow what a proxy has put behind it.
 */
function* fromTheRight(text: string, separator: string): Generator<string> {
  let end = text.length;
  let isQuoted = false;
  for (let index = end - 1; index >= 0; index--) {
    if (text[index] === '"' && !isEscaped(text, index)) isQuoted = !isQuoted;
    if (text[index] !== separator || isQuoted) continue;
    yield trimWhitespace(text.slice(index + 1, end));
    end = index;
  }
  yield trimWhitespace(text.slice(0, end));
}

/** Whether an odd number of backslashes stands before the character, so that it is a quoted pair (RFC 9110 §5.6.4). */
function isEscaped(text: string, index: number): boolean {
  let start = index;
  while (start > 0 && text[start - 1] === '\\') start--;
  return (index - start) % 2 === 1;
}

/** An address with an optional port, IPv6 then in brackets (RFC 7239 §6); a port may be a made-up name (§6.3). */
const node = /^(?:([\d.]+)|\[([^\]]+)\])(?::(?:\d{1,5}|_[\w.-]+))?$/;

/** The address of a node, or undefined for an obfuscated or unknown one and for what the grammar does not allow. */
function nodeAddress(text: string): string | undefined {
  const [, ipv4, ipv6 = ''] = node.exec(text) ?? [];
  return normaliseIpAddress(ipv4 ?? (ipv6.includes(':') ? ipv6 : ''));
}

/** An element of X-Forwarded-For, which has no standard: as a node, and IPv6 also without brackets and port. */
function listedAddress(element: string): string | undefined {
  return normaliseIpAddress(element) ?? nodeAddress(element);
}

const pair = /^([^=]+)=(.+)$/;
const quotedString = /^"((?:[^"\\]|\\.)*)"$/;

/** The address that `for` of a Forwarded element names (RFC 7239 §4, §5.2), or undefined when it names none. */
function forwardedFor(element: string): string | undefined {
  let client: string | undefined;
  for (const part of fromTheRight(element, ';')) {
    // A semicolon may stand without a pair (§4).
    if (part === '') continue;
    const [, name = '', text = ''] = pair.exec(part) ?? [];
    const value = unquoted(text);
    if (!isToken(name) || value === undefined) return undefined;
    if (name.toLowerCase() !== 'for') continue;
    // No parameter may stand twice in an element (§4).
    if (client !== undefined) return undefined;
    client = value;
  }
  return nodeAddress(client ?? 'unknown');
}

/** What a token or a quoted string says (RFC 9110 §5.6.4); undefined for anything else. */
function unquoted(text: string): string | undefined {
  if (isToken(text)) return text;
  const [, inner] = quotedString.exec(text) ?? [];
  return inner?.replace(/\\(.)/g, '$1');
}
