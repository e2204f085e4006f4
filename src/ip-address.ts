/**
 * IP addresses as text and as octets (RFC 4291 §2.2, RFC 5952), and ranges of them (RFC 4632 §3.1). Called by
 * trusted-proxies.ts, proxy-protocol.ts and wherever limits are counted for each address. By hand, because node:net is for the floor that does I/O. Strict: `010`,
 * which is eight to some readers and ten to others, is no octet, and a zone (`%eth0`) is no part of an address.
 */
import { Buffer } from 'node:buffer';

/** The longest address as text: six groups of four digits, each with its colon, and a dotted quad. */
const longestAddress = 45;
const hexadecimalGroup = /^[0-9a-f]{1,4}$/i;
const rangeGrammar = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/;

/** What stands before the four octets of an IPv4-mapped address (RFC 4291 §2.5.5.2). */
const mappedPrefix = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);
const mappedText = '::ffff:';
const mappedPrefixBits = mappedPrefix.length * 8;

/**
 * The octets of an address in network order: 4 for IPv4, 16 for IPv6. An IPv4-mapped IPv6 address, as in
 * `::ffff:192.0.2.1`, gives the 4 octets of its IPv4 address, because both name one host. Undefined when the text is
 * no address; it may come from anybody.
 */
export function parseIpAddress(text: string): Uint8Array | undefined {
  if (text.length > longestAddress) return undefined;
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/**
 * The address as text, in its one spelling: dotted for IPv4 and IPv4-mapped addresses, else as RFC 5952 §4 has it,
 * lower case and with the longest run of zeros cut out.
 * @param octets 4 or 16, in network order; only read
 * @throws RangeError for another number of octets
 */
export function formatIpAddress(octets: Uint8Array): string {
  if (octets.length !== 4 && octets.length !== 16) {
    throw new RangeError(`An address has 4 or 16 octets, not ${octets.length}.`);
  }
  const address = unmapped(octets);
  return address.length === 4 ? address.join('.') : formatIpv6(address);
}

/** The text of an address in its one spelling; undefined when it is no address. */
export function normaliseIpAddress(text: string): string | undefined {
  // Most are IPv4, which has one spelling only, or are that behind the prefix that Node writes for the peers of a
  // server which listens on IPv6 too.
  if (parseQuad(text) !== undefined) return text;
  if (text.startsWith(mappedText)) {
    const quad = text.slice(mappedText.length);
    if (parseQuad(quad) !== undefined) return quad;
  }
  const octets = parseIpAddress(text);
  return octets && formatIpAddress(octets);
}

/** Bits of an IPv6 address that name a network of one household or office (RFC 6177 §2, RFC 4291 §2.5.4). */
const networkBits = 64;

/**
 * Whom to count limits for: the address itself for IPv4, its network of 64 bits for IPv6, because whoever has one such
 * address has 2^64. What is no address stays as it is.
 */
export function countedAddress(text: string): string {
  if (!text.includes(':')) return text;
  const octets = parseIpAddress(text);
  if (octets?.length !== 16) return text;
  return `${formatIpAddress(masked(octets, networkBits))}/${networkBits}`;
}

/** All addresses that begin with the same bits. IPv4 and IPv6 stay apart: `::/0` holds no IPv4 address. */
export class AddressRange {
  readonly #prefix: Uint8Array;
  readonly #prefixBits: number;

  /**
   * @param text an address, or a range such as `10.0.0.0/8`, `fd00::/8` or `::ffff:10.0.0.0/104`
   * @throws TypeError when it is neither, and when bits are set behind the prefix: `10.0.0.1/8` may be meant for the
   * one address or for the whole range
   */
  constructor(text: string) {
    const [, addressText = '', lengthText] = rangeGrammar.exec(text) ?? [];
    const prefix = parseIpAddress(addressText);
    if (prefix === undefined) throw noRange(text);
    const addressBits = prefix.length * 8;
    // The prefix of a mapped range counts from the start of the IPv6 address, which we have cut off.
    const cutBits = prefix.length === 4 && addressText.includes(':') ? mappedPrefixBits : 0;
    const prefixBits = lengthText === undefined ? addressBits : Number(lengthText) - cutBits;
    if (prefixBits < 0 || prefixBits > addressBits) throw noRange(text);
    const first = formatIpAddress(masked(prefix, prefixBits));
    if (first !== formatIpAddress(prefix)) {
      throw new TypeError(
        `${text} has bits behind its prefix: write ${first}/${prefixBits} for the range, or the address alone.`,
      );
    }
    this.#prefix = prefix;
    this.#prefixBits = prefixBits;
  }

  /** @param address as parseIpAddress gives it; only read */
  has(address: Uint8Array): boolean {
    // Buffers of different lengths differ, so an IPv4 prefix never matches an IPv6 address that begins like it.
    return Buffer.compare(masked(address, this.#prefixBits), this.#prefix) === 0;
  }
}

function noRange(text: string): TypeError {
  return new TypeError(`${JSON.stringify(text)} is neither an IP address nor a range such as 10.0.0.0/8.`);
}

/** A copy in which every bit behind the first `bits` is zero. */
function masked(octets: Uint8Array, bits: number): Uint8Array {
  return octets.map((octet, index) => octet & (0xff00 >> Math.min(Math.max(bits - index * 8, 0), 8)));
}

function parseIpv4(text: string): Uint8Array | undefined {
  const quad = parseQuad(text);
  return quad === undefined ? undefined : Uint8Array.of(quad >>> 24, quad >>> 16, quad >>> 8, quad);
}

/**
 * The number that four decimal octets make, undefined when the text is something else. A loop, for it is asked once or
 * twice for every connection.
 */
function parseQuad(text: string): number | undefined {
  let quad = 0;
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit >= 0 && digit <= 9) {
      // No zero may lead, and with a fourth digit it is over 255.
      if (digits++ > 0 && octet === 0) return undefined;
      octet = octet * 10 + digit;
      if (octet > 0xff) return undefined;
    } else {
      if (text[index] !== '.' || digits === 0 || dots++ === 3) return undefined;
      quad = quad * 256 + octet;
      octet = 0;
      digits = 0;
    }
  }
  return digits > 0 && dots === 3 ? quad * 256 + octet : undefined;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = withoutQuad(text)?.split('::') ?? [];
  const [front, back] = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (front === undefined || halves.length > 2) return undefined;
  const missing = 8 - front.length - (back?.length ?? 0);
  // "::" stands for at least one group of zeros (RFC 4291 §2.2); without it there must be all eight.
  if (back === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...front, ...Array<string>(missing).fill('0'), ...(back ?? [])];
  if (!groups.every((group) => hexadecimalGroup.test(group))) return undefined;
  const numbers = groups.map((group) => Number.parseInt(group, 16));
  return unmapped(Uint8Array.from(numbers.flatMap((number) => [number >> 8, number & 0xff])));
}

/** The text with a dotted quad at its end, if there is one, as two groups; undefined when that is no IPv4 address. */
function withoutQuad(text: string): string | undefined {
  if (!text.includes('.')) return text;
  const start = text.lastIndexOf(':') + 1;
  const quad = parseIpv4(text.slice(start));
  return quad && `${text.slice(0, start)}${hexadecimalGroups(quad).join(':')}`;
}

/** The four octets of an IPv4-mapped address; any other address as it is. */
function unmapped(octets: Uint8Array): Uint8Array {
  const isMapped =
    octets.length === 16 && Buffer.compare(octets.subarray(0, mappedPrefix.length), mappedPrefix) === 0;
  return isMapped ? octets.subarray(mappedPrefix.length) : octets;
}

function formatIpv6(octets: Uint8Array): string {
  const text = hexadecimalGroups(octets).join(':');
  // The longest run of at least two zeros, the first of equals (RFC 5952 §4.2): a stable sort keeps the first first.
  const runs = [...text.matchAll(/\b0(?::0)+\b/g)].sort(([one], [other]) => other.length - one.length);
  const [longest] = runs;
  if (longest === undefined) return text;
  const front = text.slice(0, longest.index).replace(/:$/, '');
  const back = text.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${front}::${back}`;
}

/** Two octets each, in lower case and without leading zeros. */
function hexadecimalGroups(octets: Uint8Array): string[] {
  const groups = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  return Array.from({ length: octets.length / 2 }, (_, index) => groups.getUint16(index * 2).toString(16));
}
