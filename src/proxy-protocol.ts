/**
 * The PROXY protocol, versions 1 and 2 (HAProxy's specification, §2): a header that a TCP proxy puts before the
 * client's first octet, so that the server knows whose connection it is. Called by server.ts before TLS and HTTP, and
 * only when it was told to: on a port that anybody reaches, anybody could say any address this way. A port that
 * expects the header takes nothing else, as §2 demands; what breaks the grammar is refused at the octet that shows it.
 */
import { Buffer } from 'node:buffer';
import { HttpError } from './http-head.ts';
import { formatIpAddress, parseIpAddress } from './ip-address.ts';

/** The header, and the octets behind it in the same read: the client's first. */
export type ProxyHeader =
  | {
      readonly local: false;
      /** The client's address in its one spelling, as formatIpAddress writes it. */
      readonly source: string;
      /** The client's port, 0 to 65535. */
      readonly port: number;
      readonly rest: Uint8Array;
    }
  /**
   * The header names no IP address: the proxy itself calls (a health check), or the client came over something else.
   * The TCP peer's address stands.
   */
  | { readonly local: true; readonly rest: Uint8Array };

/** The most octets in a line of version 1, with its CRLF (§2.1). */
const longestLine = 107;
/**
 * The most octets behind the first 16 of version 2. The field could say 65,535; addresses and everything that proxies
 * append (host name, certificate names, a cloud's identifiers) are some hundreds.
 */
const longestBlock = 4096;

const lineStart = Buffer.from('PROXY ');
const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
/** The signature, version and command, family and transport, and the length of the block (§2.2). */
const fixedLength = signature.length + 4;
const commandOffset = signature.length;
const familyOffset = commandOffset + 1;
const lengthOffset = familyOffset + 1;

/** Of the two commands, the one that names a client; the other is LOCAL (0). */
const proxyCommand = 1;

interface Family {
  /** The octets of an IP address; 0 where the block holds none. */
  readonly addressLength: number;
  /** The octets of two addresses and two ports. */
  readonly blockLength: number;
}

const unspecified: Family = { addressLength: 0, blockLength: 0 };
/** By number: unspecified, IPv4, IPv6, and UNIX, whose addresses are paths. */
const families: readonly Family[] = [
  unspecified,
  { addressLength: 4, blockLength: 12 },
  { addressLength: 16, blockLength: 36 },
  { addressLength: 0, blockLength: 216 },
];
/** Transports are unspecified (0), stream and datagram (2). */
const lastTransport = 2;

type Endpoint = { readonly local: true } | { readonly local: false; source: string; port: number };

/**
 * Finds the header in octets that arrive cut anywhere. Holds 107 octets, whatever comes. Use one reader for each
 * connection; after a throw it is spent.
 */
export class ProxyHeaderReader {
  /** A line of version 1, or the front of version 2's header: what stands behind the addresses there is not needed. */
  readonly #kept = Buffer.alloc(longestLine);
  #length = 0;
  #isComplete = false;
  #family = unspecified;

  /**
   * Takes the next octets; undefined until the header is complete. `rest` is a view of `chunk`.
   * @throws HttpError 400 for anything but a header of version 1 or 2, and for one over the limits
   * @throws TypeError when the header was already complete
   */
  receive(chunk: Uint8Array): ProxyHeader | undefined {
    if (this.#isComplete) {
      throw new TypeError('This header is complete; the octets after it belong to somebody else.');
    }
    let used = 0;
    for (const octet of chunk) {
      used++;
      const endpoint = this.#take(octet);
      if (endpoint === undefined) continue;
      this.#isComplete = true;
      return { ...endpoint, rest: chunk.subarray(used) };
    }
    return undefined;
  }

  #take(octet: number): Endpoint | undefined {
    const index = this.#length++;
    // What is written past the end of a typed array is dropped.
    this.#kept[index] = octet;
    const start = this.#kept[0] === lineStart[0] ? lineStart : signature;
    if (index < start.length) {
      if (octet === start[index]) return undefined;
      throw new HttpError(400, 'PROXY protocol §2', 'The connection does not begin with a PROXY header.');
    }
    return start === lineStart ? this.#takeText(index, octet) : this.#takeBinary(index);
  }

  #takeText(index: number, octet: number): Endpoint | undefined {
    const isAfterCarriageReturn = this.#kept[index - 1] === carriageReturn;
    if (isAfterCarriageReturn !== (octet === lineFeed)) {
      throw malformedLine('holds a CR or an LF alone; it must end in CRLF');
    }
    if (octet === lineFeed) return readLine(this.#kept.toString('latin1', 0, index - 1));
    if (index + 1 === longestLine) throw malformedLine(`is longer than ${longestLine} octets`);
    return undefined;
  }

  #takeBinary(index: number): Endpoint | undefined {
    if (index === commandOffset) checkCommand(this.#kept);
    if (index === familyOffset) this.#family = familyOf(this.#kept);
    if (index < fixedLength - 1) return undefined;
    const blockLength = this.#kept.readUInt16BE(lengthOffset);
    if (index === fixedLength - 1) checkBlockLength(blockLength, this.#family);
    return index + 1 === fixedLength + blockLength ? readBlock(this.#kept, this.#family) : undefined;
  }
}

const port = /^(?:0|[1-9]\d{0,4})$/;

/** Reads a line of version 1, without its CRLF (§2.1). */
function readLine(text: string): Endpoint {
  const [, protocol, source = '', destination = '', sourcePort = '', destinationPort = '', ...more] =
    text.split(' ');
  // Whatever follows this word is to be ignored.
  if (protocol === 'UNKNOWN') return { local: true };
  if (protocol !== 'TCP4' && protocol !== 'TCP6') throw malformedLine('names neither TCP4, TCP6 nor UNKNOWN');
  const octets = parseIpAddress(source);
  const isFamily = [source, destination].every((address) => address.includes(':') === (protocol === 'TCP6'));
  if (octets === undefined || parseIpAddress(destination) === undefined || !isFamily) {
    throw malformedLine(`does not hold two addresses of ${protocol}, with one space before each`);
  }
  const arePorts = [sourcePort, destinationPort].every((text) => port.test(text) && Number(text) <= 0xffff);
  if (!arePorts || more.length > 0) {
    throw malformedLine('does not end with two ports from 0 to 65535, with one space before each');
  }
  return { local: false, source: formatIpAddress(octets), port: Number(sourcePort) };
}

function malformedLine(what: string): HttpError {
  return new HttpError(400, 'PROXY protocol §2.1', `The line of the PROXY header ${what}.`);
}

function checkCommand(header: Buffer): void {
  const octet = header.readUInt8(commandOffset);
  if (octet >> 4 !== 2) throw malformedHeader(`is of version ${octet >> 4}, not 2`);
  if ((octet & 0x0f) > proxyCommand) {
    throw malformedHeader(`has the command ${octet & 0x0f}, which is neither LOCAL nor PROXY`);
  }
}

function familyOf(header: Buffer): Family {
  const isProxied = (header.readUInt8(commandOffset) & 0x0f) === proxyCommand;
  // The family of a LOCAL header is to be ignored, even one that is none (§2.2).
  if (!isProxied) return unspecified;
  const octet = header.readUInt8(familyOffset);
  const family = families[octet >> 4];
  const transport = octet & 0x0f;
  if (family === undefined || transport > lastTransport) {
    throw malformedHeader(
      `has 0x${octet.toString(16).padStart(2, '0')} for family and transport, which is none`,
    );
  }
  return transport === 0 ? unspecified : family;
}

function checkBlockLength(blockLength: number, family: Family): void {
  if (blockLength > longestBlock) {
    throw malformedHeader(`announces ${blockLength} octets; ${longestBlock} are allowed`);
  }
  if (blockLength < family.blockLength) {
    throw malformedHeader(`announces ${blockLength} octets; its addresses take ${family.blockLength}`);
  }
}

/** Reads the addresses: source, destination, source port, destination port (§2.2). What follows them is skipped. */
function readBlock(header: Buffer, { addressLength }: Family): Endpoint {
  if (addressLength === 0) return { local: true };
  const source = header.subarray(fixedLength, fixedLength + addressLength);
  const sourcePort = header.readUInt16BE(fixedLength + addressLength * 2);
  return { local: false, source: formatIpAddress(source), port: sourcePort };
}

function malformedHeader(what: string): HttpError {
  return new HttpError(400, 'PROXY protocol §2.2', `The PROXY header ${what}.`);
}
