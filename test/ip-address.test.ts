import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AddressRange,
  countedAddress,
  formatIpAddress,
  normaliseIpAddress,
  parseIpAddress,
} from '../src/ip-address.ts';
import { hex } from './support/octets.ts';

const seed = 0x5952;

/** Octets with enough zeros that "::" has a choice. */
const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const group = fc.oneof(fc.constant(0), fc.constant(0), fc.nat(0xffff), fc.nat(0xf));
const ipv6 = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((number) => [number >> 8, number & 0xff])))
  .filter((octets) => octets[10] !== 0xff);

describe('parseIpAddress', () => {
  it.each([
    ['0.0.0.0', '00000000'],
    ['192.0.2.1', 'c0000201'],
    ['255.255.255.255', 'ffffffff'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1::', '00010000000000000000000000000000'],
    ['2001:db8::8:800:200C:417A', '20010db80000000000080800200c417a'],
    ['2001:0DB8:0:0:8:800:200c:417a', '20010db80000000000080800200c417a'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
    ['::2:3:4:5:6:7:8', '00000002000300040005000600070008'],
    ['1::3:4:5:6:7:8', '00010000000300040005000600070008'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
    ['1:2:3:4:5:6:1.2.3.4', '00010002000300040005000601020304'],
    ['::13.1.68.3', '0000000000000000000000000d014403'],
    ['::ffff:0:1.2.3.4', '0000000000000000ffff000001020304'],
    ['::ffff:192.0.2.1', 'c0000201'],
    ['::FFFF:c000:201', 'c0000201'],
    ['0:0:0:0:0:FFFF:129.144.52.38', '81903426'],
    ['0000:0000:0000:0000:0000:ffff:255.255.255.255', 'ffffffff'],
  ])('reads %s', (text, octets) => {
    expect(parseIpAddress(text)).toEqual(hex(octets));
  });

  it.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    '1.2.3.256',
    '1.2.3.1000',
    '01.2.3.4',
    '1.2.3.00',
    '0x1.2.3.4',
    '1.2.3.+4',
    '1.2.3.4 ',
    ' 1.2.3.4',
    '1.2.3.4\n',
    '1.2.3.4:80',
    '1.2.3.4/8',
    ':',
    ':::',
    '::::',
    ':1',
    '1:',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '1::2::3',
    '1:::2',
    '1::2:3:4:5:6:7:8',
    '::1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
    '::-1',
    ':: 1',
    '::1\n',
    '[::1]',
    '::1/64',
    'fe80::1%eth0',
    'fe80::1%251',
    '::1.2.3',
    '::1.2.3.256',
    '::1.2.3.4:5',
    '1.2.3.4::',
    '1.2.3.4::5.6.7.8',
    '::1:1.2.3.4:1.2.3.4',
    '1:2:3:4:5:6:7:1.2.3.4',
    '1.2.3.4:1:2:3:4:5:6',
    'localhost',
    '１.2.3.4',
    `0${'0000:'.repeat(9)}`,
  ])('takes %j for no address', (text) => {
    expect(parseIpAddress(text)).toBeUndefined();
    expect(normaliseIpAddress(text)).toBeUndefined();
  });

  it('agrees with node:net on what an address is', () => {
    const piece = fc.oneof(
      fc.constantFrom(':', ':', '::', '.', '.', '%', '/', ' ', 'g', 'ffff', '1.2.3.4', '256', '00', '12345'),
      fc.nat(300).map(String),
      fc.nat(0xffff).map((number) => number.toString(16)),
    );
    const text = fc.array(piece, { maxLength: 17 }).map((pieces) => pieces.join(''));
    let addresses = 0;
    fc.assert(
      fc.property(text, (address) => {
        const isAddress = isIPv4(address) || (isIPv6(address) && !address.includes('%'));
        expect(parseIpAddress(address) !== undefined).toBe(isAddress);
        if (isAddress) addresses++;
      }),
      { seed, numRuns: 20_000 },
    );
    expect(addresses).toBeGreaterThan(100);
  });
});

describe('formatIpAddress', () => {
  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['10.20.30.255', '10.20.30.255'],
    ['::FFFF:a00:1', '10.0.0.1'],
    ['::FFFF:10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::ffff:a00:1', '10.0.0.1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['2001:0DB8::00A', '2001:db8::a'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:1:2:3:4:0:0', '::1:2:3:4:0:0'],
    ['1:2:3:4:5:6:0:0', '1:2:3:4:5:6::'],
    ['10:0:1:0:0:20:1:1', '10:0:1::20:1:1'],
    ['0:10:0:100:0:1000:0:0', '0:10:0:100:0:1000::'],
    ['::1.2.3.4', '::102:304'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ])('writes %s as %s', (text, written) => {
    expect(normaliseIpAddress(text)).toBe(written);
    expect(normaliseIpAddress(written)).toBe(written);
  });

  it('writes the mapped address of sixteen octets as IPv4', () => {
    expect(formatIpAddress(hex('0000 0000 0000 0000 0000 ffff c000 0201'))).toBe('192.0.2.1');
  });

  it('reads a view into a larger buffer, and leaves it alone', () => {
    const all = hex('ff 20010db8000000000000000000000001 ff');
    expect(formatIpAddress(all.subarray(1, 17))).toBe('2001:db8::1');
    expect(all).toEqual(hex('ff 20010db8000000000000000000000001 ff'));
  });

  it('is undone by parseIpAddress, and writes IPv6 as the URL standard does', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6), (octets) => {
        const text = formatIpAddress(octets);
        expect(parseIpAddress(text)).toEqual(octets);
        expect(parseIpAddress(text.toUpperCase())).toEqual(octets);
        if (octets.length === 16) expect(new URL(`http://[${text}]`).hostname).toBe(`[${text}]`);
      }),
      { seed, numRuns: 2000 },
    );
  });

  it.each([0, 3, 5, 15, 17])('refuses %i octets', (length) => {
    expect(() => formatIpAddress(new Uint8Array(length))).toThrow(RangeError);
  });
});

function has(range: string, address: string): boolean {
  const octets = parseIpAddress(address);
  if (octets === undefined) throw new TypeError(`${address} is no address.`);
  return new AddressRange(range).has(octets);
}

describe('AddressRange', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1/32', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['10.0.0.0/8', '10.255.255.255'],
    ['10.0.0.0/8', '::ffff:10.1.2.3'],
    ['::ffff:10.0.0.0/104', '10.1.2.3'],
    ['::ffff:0:0/96', '255.255.255.255'],
    ['::ffff:192.0.2.1/128', '192.0.2.1'],
    ['172.16.0.0/12', '172.31.255.255'],
    ['128.0.0.0/1', '255.0.0.0'],
    ['0.0.0.0/0', '203.0.113.9'],
    ['::/0', '2001:db8::1'],
    ['fc00::/7', 'fdff:ffff::1'],
    ['2001:DB8::/32', '2001:0db8:ffff::'],
    ['2001:db8::1', '2001:db8:0::1'],
    ['::1/128', '::1'],
  ])('%s holds %s', (range, address) => {
    expect(has(range, address)).toBe(true);
  });

  it.each([
    ['192.0.2.1', '192.0.2.2'],
    ['10.0.0.0/8', '11.0.0.0'],
    ['172.16.0.0/12', '172.32.0.0'],
    ['172.16.0.0/12', '172.15.255.255'],
    ['128.0.0.0/1', '127.255.255.255'],
    ['fc00::/7', 'fe00::'],
    ['2001:db8::/32', '2001:db9::'],
    ['::/0', '192.0.2.1'],
    ['::/0', '::ffff:192.0.2.1'],
    ['0.0.0.0/0', '::1'],
    ['0.0.0.0/0', '::'],
    ['32.1.13.184/32', '2001:db8::'],
    ['2001:db8::/32', '32.1.13.184'],
    ['::ffff:10.0.0.0/104', '11.0.0.0'],
  ])('%s does not hold %s', (range, address) => {
    expect(has(range, address)).toBe(false);
  });

  it.each([
    '',
    '/8',
    'localhost',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/8 ',
    '10.0.0.0/255.0.0.0',
    '10/8',
    '::/129',
    '::/1000',
    '::ffff:0:0/95',
    '::ffff:0:0/129',
    'fe80::%eth0/64',
  ])('refuses %j by name', (text) => {
    expect(() => new AddressRange(text)).toThrow(
      new TypeError(`${JSON.stringify(text)} is neither an IP address nor a range such as 10.0.0.0/8.`),
    );
  });

  it.each([
    ['10.0.0.1/8', '10.0.0.0/8'],
    ['10.64.0.0/9', '10.0.0.0/9'],
    ['::ffff:10.0.0.1/104', '10.0.0.0/8'],
    ['0.0.0.1/0', '0.0.0.0/0'],
    ['2001:db8::1/32', '2001:db8::/32'],
  ])('refuses %s, and says what the range would be', (text, range) => {
    const wanted = `${text} has bits behind its prefix: write ${range} for the range, or the address alone.`;
    expect(() => new AddressRange(text)).toThrow(new TypeError(wanted));
  });

  it('holds an address exactly when its first bits are the prefix’s', () => {
    const bitsOf = (octets: Uint8Array) =>
      Array.from(octets, (octet) => octet.toString(2).padStart(8, '0')).join('');
    const octetsOf = (bits: string) =>
      Uint8Array.from(bits.match(/.{8}/g) ?? [], (octet) => Number.parseInt(octet, 2));
    const outcomes = new Set<boolean>();
    fc.assert(
      fc.property(
        fc.tuple(ipv4, ipv4),
        fc.tuple(ipv6, ipv6),
        fc.nat(128),
        fc.nat(128),
        (fours, sixes, a, b) => {
          for (const [one, other] of [fours, sixes]) {
            const bits = bitsOf(one);
            const prefixBits = Math.min(a, bits.length);
            // The address begins as the prefix does, for some bits, so that both answers come up often.
            const addressBits = bits.slice(0, b) + bitsOf(other).slice(b);
            const prefix = octetsOf(bits.slice(0, prefixBits).padEnd(bits.length, '0'));
            const holds = addressBits.startsWith(bits.slice(0, prefixBits));
            const range = new AddressRange(`${formatIpAddress(prefix)}/${prefixBits}`);
            expect(range.has(octetsOf(addressBits))).toBe(holds);
            outcomes.add(holds);
          }
        },
      ),
      { seed, numRuns: 2000 },
    );
    expect(outcomes.size).toBe(2);
  });
});

describe('countedAddress', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:DB8:0:1::', '2001:db8:0:1::/64'],
    ['::1', '::/64'],
    ['', ''],
    ['no address', 'no address'],
  ])('%s counts as %s', (address, counted) => {
    expect(countedAddress(address)).toBe(counted);
  });
});
