import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpError } from '../src/http-head.ts';
import { formatIpAddress } from '../src/ip-address.ts';
import { type ProxyHeader, ProxyHeaderReader } from '../src/proxy-protocol.ts';
import { forEachChopping } from './support/chopping.ts';
import { octets } from './support/http.ts';
import { concat, hex } from './support/octets.ts';
import { refusal } from './support/refusal.ts';

const seed = 0x2_02;
const signature = '0d0a0d0a000d0a515549540a';
const textSection = 'PROXY protocol §2.1';
const binarySection = 'PROXY protocol §2.2';

const ipv4Block = hex('cb007109 0a000001 dc04 01bb');
const ipv6Block = hex('20010db8000000000000000000000017 20010db8000000000000000000000001 dc04 01bb');
const mappedBlock = hex('00000000000000000000ffffcb007109 00000000000000000000ffff0a000001 dc04 01bb');
const unixBlock = new Uint8Array(216).fill(0x2f);
/** An ALPN of `http/1.1`, and three octets of padding that hold a zero length. */
const tlvs = hex('01 0008 687474702f312e31 04 0000');

/** A header of version 2; `announced` when its length field is to say something else than the block has. */
function binary(command: number, family: number, block: Uint8Array, announced = block.length): Uint8Array {
  const front = hex(signature);
  return concat(front, Uint8Array.of(command, family, announced >> 8, announced & 0xff), block);
}

/** Reads the octets one by one, and expects the header to be complete, or refused, at the last of them. */
function readAll(bytes: Uint8Array): ProxyHeader | undefined {
  const reader = new ProxyHeaderReader();
  for (const octet of bytes.subarray(0, -1)) expect(reader.receive(Uint8Array.of(octet))).toBeUndefined();
  return reader.receive(bytes.subarray(-1));
}

function readWhole(bytes: Uint8Array): ProxyHeader | undefined {
  return new ProxyHeaderReader().receive(bytes);
}

const client = { local: false, source: '203.0.113.9', port: 56324 };
const client6 = { local: false, source: '2001:db8::17', port: 56324 };
const nobody = { local: true };

const headers: ReadonlyArray<readonly [name: string, header: Uint8Array, expected: object]> = [
  ['IPv4', octets('PROXY TCP4 203.0.113.9 10.0.0.1 56324 443\r\n'), client],
  [
    'the longest IPv4',
    octets('PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n'),
    { local: false, source: '255.255.255.255', port: 65535 },
  ],
  [
    'the shortest IPv4',
    octets('PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n'),
    { local: false, source: '0.0.0.0', port: 0 },
  ],
  ['IPv6', octets('PROXY TCP6 2001:DB8:0:0::17 ::1 56324 443\r\n'), client6],
  [
    'the longest IPv6',
    octets(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`),
    { local: false, source: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', port: 65535 },
  ],
  ['IPv4-mapped IPv6', octets('PROXY TCP6 ::ffff:203.0.113.9 ::1 56324 443\r\n'), client],
  ['UNKNOWN alone', octets('PROXY UNKNOWN\r\n'), nobody],
  ['UNKNOWN with addresses', octets('PROXY UNKNOWN 203.0.113.9 ::1 x\0\xff\r\n'), nobody],
  [
    'the longest UNKNOWN',
    octets(`PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`),
    nobody,
  ],
  ['TCP over IPv4', binary(0x21, 0x11, ipv4Block), client],
  ['UDP over IPv4', binary(0x21, 0x12, ipv4Block), client],
  ['TCP over IPv6', binary(0x21, 0x21, ipv6Block), client6],
  ['UDP over IPv6', binary(0x21, 0x22, ipv6Block), client6],
  ['IPv4-mapped IPv6 in binary', binary(0x21, 0x21, mappedBlock), client],
  ['IPv4 with TLVs', binary(0x21, 0x11, concat(ipv4Block, tlvs)), client],
  ['IPv6 with TLVs', binary(0x21, 0x21, concat(ipv6Block, tlvs)), client6],
  ['as many TLVs as may be', binary(0x21, 0x21, concat(ipv6Block, new Uint8Array(4060))), client6],
  ['a UNIX stream', binary(0x21, 0x31, unixBlock), nobody],
  ['UNIX datagrams', binary(0x21, 0x32, unixBlock), nobody],
  ['nothing specified', binary(0x21, 0x00, new Uint8Array(0)), nobody],
  ['nothing specified, with something to skip', binary(0x21, 0x00, tlvs), nobody],
  ['a stream of no family', binary(0x21, 0x01, tlvs), nobody],
  ['datagrams of no family', binary(0x21, 0x02, tlvs), nobody],
  ['IPv4 of no transport', binary(0x21, 0x10, ipv4Block), nobody],
  ['IPv6 of no transport, too short to ignore', binary(0x21, 0x20, tlvs), nobody],
  ['LOCAL', binary(0x20, 0x00, new Uint8Array(0)), nobody],
  ['LOCAL with addresses', binary(0x20, 0x11, ipv4Block), nobody],
  ['LOCAL of a family that is none', binary(0x20, 0xff, tlvs), nobody],
  ['LOCAL of a family that its block is too short for', binary(0x20, 0x21, new Uint8Array(0)), nobody],
];

describe('ProxyHeaderReader', () => {
  it.each(headers)('reads %s however it is cut, and leaves what follows', (_, header, expected) => {
    const tails = [Uint8Array.of(0x81), octets('GET / HTTP/1.1\r\n\r\n'), hex(signature), octets('\n')];
    for (const tail of tails) {
      forEachChopping(
        header,
        seed,
        ({ chunks, tail: rest }) => {
          const reader = new ProxyHeaderReader();
          const results = chunks.filter(({ length }) => length > 0).map((chunk) => reader.receive(chunk));
          expect(results.pop()).toEqual({ ...expected, rest });
          expect(results.every((result) => result === undefined)).toBe(true);
        },
        { tail },
      );
    }
  });

  it('gives the rest as a view of the chunk', () => {
    const chunk = octets('PROXY UNKNOWN\r\nGET /');
    const rest = readWhole(chunk)?.rest;
    expect(rest?.buffer).toBe(chunk.buffer);
    expect(rest?.byteOffset).toBe(15);
    expect(rest).toHaveLength(5);
  });

  it('takes an empty read for nothing', () => {
    const reader = new ProxyHeaderReader();
    expect(reader.receive(new Uint8Array(0))).toBeUndefined();
    expect(reader.receive(octets('PROXY UNKNOWN\r\n'))).toEqual({ local: true, rest: new Uint8Array(0) });
  });

  it('takes nothing after the header, not even nothing', () => {
    const reader = new ProxyHeaderReader();
    reader.receive(octets('PROXY UNKNOWN\r\n'));
    expect(() => reader.receive(octets('PROXY UNKNOWN\r\n'))).toThrow(TypeError);
    expect(() => reader.receive(new Uint8Array(0))).toThrow(TypeError);
  });

  it.each([
    ['an HTTP request', octets('G')],
    ['a POST, which begins as PROXY does', octets('PO')],
    ['TLS', hex('16')],
    ['the word in lower case', octets('p')],
    ['white space first', octets(' ')],
    ['an LF first', octets('\n')],
    ['a tab after the word', octets('PROXY\t')],
    ['a line without anything', octets('PROXY\r')],
    ['empty lines before a request', octets('\r\nG')],
    ['a signature that ends otherwise', hex('0d0a0d0a000d0a515549540d')],
  ])('refuses %s at its last octet', (_, bytes) => {
    expect(refusal(() => readAll(bytes))).toEqual({ status: 400, section: 'PROXY protocol §2' });
    expect(refusal(() => readWhole(bytes))).toEqual({ status: 400, section: 'PROXY protocol §2' });
  });

  it.each([
    ['no protocol', 'PROXY \r\n'],
    ['a space before the protocol', 'PROXY  TCP4 203.0.113.9 10.0.0.1 56324 443\r\n'],
    ['a protocol that is none', 'PROXY TCP5 203.0.113.9 10.0.0.1 56324 443\r\n'],
    ['UDP4', 'PROXY UDP4 203.0.113.9 10.0.0.1 56324 443\r\n'],
    ['a protocol in lower case', 'PROXY tcp4 203.0.113.9 10.0.0.1 56324 443\r\n'],
    ['UNKNOWN with a letter more', 'PROXY UNKNOWNS\r\n'],
    ['nothing after TCP4', 'PROXY TCP4\r\n'],
    ['nothing after TCP6', 'PROXY TCP6 \r\n'],
    ['one address', 'PROXY TCP4 203.0.113.9\r\n'],
    ['no ports', 'PROXY TCP4 203.0.113.9 10.0.0.1\r\n'],
    ['one port', 'PROXY TCP4 203.0.113.9 10.0.0.1 56324\r\n'],
    ['a space at the end', 'PROXY TCP4 203.0.113.9 10.0.0.1 56324 443 \r\n'],
    ['a third port', 'PROXY TCP4 203.0.113.9 10.0.0.1 56324 443 80\r\n'],
    ['two spaces between addresses', 'PROXY TCP4 203.0.113.9  10.0.0.1 56324 443\r\n'],
    ['a tab between addresses', 'PROXY TCP4 203.0.113.9\t10.0.0.1 56324 443\r\n'],
    ['an octet over 255', 'PROXY TCP4 256.0.113.9 10.0.0.1 56324 443\r\n'],
    ['a leading zero', 'PROXY TCP4 203.0.113.09 10.0.0.1 56324 443\r\n'],
    ['a destination that is none', 'PROXY TCP4 203.0.113.9 10.0.0 56324 443\r\n'],
    ['IPv6 as TCP4', 'PROXY TCP4 2001:db8::17 ::1 56324 443\r\n'],
    ['IPv4 as TCP6', 'PROXY TCP6 203.0.113.9 10.0.0.1 56324 443\r\n'],
    ['a destination of the other family', 'PROXY TCP4 203.0.113.9 ::1 56324 443\r\n'],
    ['a source of the other family', 'PROXY TCP6 203.0.113.9 ::1 56324 443\r\n'],
    ['two double colons', 'PROXY TCP6 2001::db8::17 ::1 56324 443\r\n'],
    ['a zone', 'PROXY TCP6 fe80::1%eth0 ::1 56324 443\r\n'],
    ['a destination that is no IPv6', 'PROXY TCP6 ::1 : 56324 443\r\n'],
    ['a port over 65535', 'PROXY TCP4 203.0.113.9 10.0.0.1 65536 443\r\n'],
    ['a destination port over 65535', 'PROXY TCP4 203.0.113.9 10.0.0.1 56324 100000\r\n'],
    ['a port with a leading zero', 'PROXY TCP4 203.0.113.9 10.0.0.1 056324 443\r\n'],
    ['a port of two zeros', 'PROXY TCP4 203.0.113.9 10.0.0.1 56324 00\r\n'],
    ['a port with a sign', 'PROXY TCP4 203.0.113.9 10.0.0.1 +1 443\r\n'],
    ['a hexadecimal port', 'PROXY TCP4 203.0.113.9 10.0.0.1 0x50 443\r\n'],
    ['an LF alone', 'PROXY UNKNOWN\n'],
    ['an LF alone after what is ignored', 'PROXY UNKNOWN x\n'],
    ['a CR alone', 'PROXY UNKNOWN\rx'],
    ['two CRs', 'PROXY UNKNOWN\r\r'],
    ['108 octets', `PROXY UNKNOWN ${'f'.repeat(93)}`],
    ['a CR at the 107th octet', `PROXY UNKNOWN ${'f'.repeat(92)}\r`],
  ])('refuses a line with %s at its last octet', (_, line) => {
    expect(line.length).toBeLessThanOrEqual(107);
    expect(refusal(() => readAll(octets(line)))).toEqual({ status: 400, section: textSection });
    expect(refusal(() => readWhole(octets(`${line}tail`)))).toEqual({ status: 400, section: textSection });
  });

  it.each([
    ['version 1', '11', 'version 1'],
    ['version 3', '31', 'version 3'],
    ['a command that is none', '22', 'command 2'],
    ['the last command', '2f', 'command 15'],
    ['a family that is none', '2141', '0x41'],
    ['the last family', '21f1', '0xf1'],
    ['a transport that is none', '2113', '0x13'],
    ['the last transport', '210f', '0x0f'],
    ['a block that is too long', '21111001', '4097'],
    ['the longest block', '2000ffff', '65535'],
    ['a block too short for IPv4', '2111000b', '12'],
    ['a block too short for IPv6', '21220023', '36'],
    ['a block too short for UNIX', '213100d7', '216'],
    ['no block for IPv4', '21110000', '0 octets'],
  ])('refuses a header with %s at its last octet', (_, end, named) => {
    const bytes = hex(signature + end);
    expect(refusal(() => readAll(bytes))).toEqual({ status: 400, section: binarySection });
    expect(refusal(() => readWhole(concat(bytes, ipv6Block)))).toEqual({
      status: 400,
      section: binarySection,
    });
    expect(() => readWhole(bytes)).toThrow(named);
  });

  it('gives what the header says, for any addresses and ports', () => {
    const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
    const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const pair = fc.oneof(fc.tuple(ipv4, ipv4), fc.tuple(ipv6, ipv6));
    const port = fc.nat(0xffff);
    const ports = (...numbers: number[]) =>
      Uint8Array.from(numbers.flatMap((each) => [each >> 8, each & 0xff]));
    fc.assert(
      fc.property(pair, port, port, ([source, destination], from, to) => {
        const expected = {
          local: false,
          source: formatIpAddress(source),
          port: from,
          rest: new Uint8Array(0),
        };
        const block = concat(source, destination, ports(from, to));
        expect(readAll(binary(0x21, source.length === 4 ? 0x11 : 0x21, block))).toEqual(expected);
        const protocol = source.length === 4 ? 'TCP4' : 'TCP6';
        const addresses = `${formatIpAddress(source)} ${formatIpAddress(destination)}`;
        expect(readAll(octets(`PROXY ${protocol} ${addresses} ${from} ${to}\r\n`))).toEqual(expected);
      }),
      { seed, numRuns: 500 },
    );
  });

  it('gives nothing, a header or one HttpError for any octets, the same however they are cut', () => {
    const front = fc.constantFrom(
      '',
      'PROXY ',
      'PROXY TCP4 1.2.3.4 ',
      'PROXY TCP6 ::1 ',
      'PROXY UNKNOWN',
      '\r\n',
    );
    const text = fc
      .tuple(
        front,
        fc.array(fc.constantFrom(...'1.:2 \r\n5f\xff', '1.2.3.4 ', '65535 ', '\r\n'), { maxLength: 30 }),
      )
      .map(([start, end]) => octets(start + end.join('')));
    const blob = fc
      .tuple(
        fc.constantFrom(0x20, 0x21, 0x21, 0x21, 0x22, 0x31),
        fc.oneof(fc.constantFrom(0x11, 0x21), fc.nat(0x33)),
        fc.constantFrom(0, 11, 12, 36, 40, 216),
        fc.uint8Array({ maxLength: 60, size: 'max' }),
      )
      .map(([command, family, announced, block]) => binary(command, family, block, announced));
    const outcomes = new Map<string, number>();
    fc.assert(
      fc.property(fc.oneof(text, blob, fc.uint8Array({ maxLength: 40 })), (bytes) => {
        const outcome = (chunks: readonly Uint8Array[]) => {
          const reader = new ProxyHeaderReader();
          try {
            for (const [index, chunk] of chunks.entries()) {
              const result = reader.receive(chunk);
              if (result === undefined) continue;
              return {
                ...result,
                rest: Buffer.concat([result.rest, ...chunks.slice(index + 1)]).toString('hex'),
              };
            }
            return undefined;
          } catch (error) {
            if (!(error instanceof HttpError)) throw error;
            return error.message;
          }
        };
        const whole = outcome([bytes]);
        expect(outcome(Array.from(bytes, (octet) => Uint8Array.of(octet)))).toEqual(whole);
        const kind = typeof whole === 'object' ? (whole.local ? 'local' : 'client') : typeof whole;
        outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
      }),
      { seed, numRuns: 5000 },
    );
    for (const kind of ['undefined', 'local', 'client', 'string']) {
      expect(outcomes.get(kind) ?? 0, kind).toBeGreaterThan(20);
    }
  });
});
