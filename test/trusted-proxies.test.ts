import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fields } from '../src/http-head.ts';
import { normaliseIpAddress } from '../src/ip-address.ts';
import { clientAddress, type ForwardingField, TrustedProxies } from '../src/trusted-proxies.ts';

const seed = 0x7239;
const proxy = '10.0.0.1';

function fieldsWith(kind: ForwardingField, ...lines: string[]): Fields {
  return new Map([[kind, lines]]);
}

/** Whom the server takes for the client when the proxy, one of 10.0.0.0/8, sends these lines of the field. */
function clientOf(kind: ForwardingField, ...lines: string[]): string {
  return clientAddress(proxy, fieldsWith(kind, ...lines), new TrustedProxies(['10.0.0.0/8'], { kind }));
}

describe('TrustedProxies', () => {
  it('reads X-Forwarded-For unless told otherwise', () => {
    expect(new TrustedProxies([]).kind).toBe('x-forwarded-for');
    expect(new TrustedProxies([], {}).kind).toBe('x-forwarded-for');
    expect(new TrustedProxies([], { kind: 'forwarded' }).kind).toBe('forwarded');
  });

  it.each([
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.255'],
    ['loopback', '::1'],
    ['loopback', '::ffff:127.0.0.1'],
    ['private', '10.255.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.0.1'],
    ['private', '::ffff:c0a8:1'],
    ['private', 'fd12:3456::1'],
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1', '::FFFF:192.0.2.1'],
    ['::ffff:192.0.2.0/120', '192.0.2.77'],
    ['192.0.2.0/24', '192.0.2.77'],
    ['2001:DB8::/32', '2001:db8:1::'],
    ['fe80::/10', 'fe80::1%eth0'],
    ['0.0.0.0/0', '203.0.113.9'],
  ])('%s has %s', (entry, address) => {
    expect(new TrustedProxies([entry]).has(address)).toBe(true);
    expect(new TrustedProxies(['198.51.100.1', entry, '2001:db8:ffff::1']).has(address)).toBe(true);
  });

  it.each([
    ['loopback', '128.0.0.1'],
    ['loopback', '::2'],
    ['loopback', '::'],
    ['private', '127.0.0.1'],
    ['private', '::1'],
    ['private', '11.0.0.0'],
    ['private', '172.15.255.255'],
    ['private', '172.32.0.0'],
    ['private', '192.169.0.0'],
    ['private', 'fe80::1'],
    ['private', '100.64.0.1'],
    ['private', '169.254.0.1'],
    ['192.0.2.1', '192.0.2.2'],
    ['0.0.0.0/0', '::1'],
    ['0.0.0.0/0', ''],
    ['0.0.0.0/0', 'unknown'],
    ['0.0.0.0/0', '1.2.3.4:80'],
    ['::/0', '[::1]'],
  ])('%s does not have %s', (entry, address) => {
    expect(new TrustedProxies([entry]).has(address)).toBe(false);
  });

  it('trusts nobody when it is empty', () => {
    expect(new TrustedProxies([]).has('127.0.0.1')).toBe(false);
  });

  it.each(['', 'localhost', 'Loopback', '10.0.0.0/33', '10.0.0.1/8', 'fe80::1%eth0', '10.0.0.*'])(
    'refuses the entry %j by name',
    (entry) => {
      expect(() => new TrustedProxies(['loopback', entry])).toThrow(TypeError);
      expect(() => new TrustedProxies(['loopback', entry])).toThrow(entry === '' ? '"" is' : entry);
    },
  );

  it('refuses another kind by name', () => {
    const options: object = { kind: 'x-real-ip' };
    expect(() => new TrustedProxies([], options)).toThrow(
      new TypeError('kind is "x-real-ip"; it takes "x-forwarded-for" or "forwarded".'),
    );
  });
});

describe('clientAddress', () => {
  it('is the peer’s when nobody, or not the peer, is trusted', () => {
    const fields = fieldsWith('x-forwarded-for', '203.0.113.9');
    expect(clientAddress('127.0.0.1', fields, new TrustedProxies([]))).toBe('127.0.0.1');
    expect(clientAddress('198.51.100.1', fields, new TrustedProxies(['loopback']))).toBe('198.51.100.1');
  });

  it('is the peer’s when the trusted peer sends no field', () => {
    expect(clientAddress(proxy, new Map(), new TrustedProxies(['private']))).toBe(proxy);
    expect(clientOf('x-forwarded-for')).toBe(proxy);
  });

  it.each([
    ['::ffff:198.51.100.1', '198.51.100.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['', ''],
    ['%eth0', '%eth0'],
    ['/run/Barewire.sock', '/run/Barewire.sock'],
  ])('writes the peer %j as %j', (peer, address) => {
    expect(clientAddress(peer, new Map(), new TrustedProxies(['loopback']))).toBe(address);
  });

  it('knows a trusted peer by any spelling', () => {
    const trusted = new TrustedProxies(['10.0.0.1', 'fe80::1', '2001:db8::1']);
    for (const peer of ['::ffff:10.0.0.1', '::FFFF:a00:1', 'fe80:0::1%eth0', '2001:0DB8::0001']) {
      expect(clientAddress(peer, fieldsWith('x-forwarded-for', '203.0.113.9'), trusted)).toBe('203.0.113.9');
    }
  });

  it('looks at the one field only that the proxies write', () => {
    const both: Fields = new Map([
      ['x-forwarded-for', ['203.0.113.1']],
      ['forwarded', ['for=203.0.113.2']],
    ]);
    expect(clientAddress(proxy, both, new TrustedProxies([proxy]))).toBe('203.0.113.1');
    expect(clientAddress(proxy, both, new TrustedProxies([proxy], { kind: 'forwarded' }))).toBe(
      '203.0.113.2',
    );
    const other = fieldsWith('forwarded', 'for=203.0.113.2');
    expect(clientAddress(proxy, other, new TrustedProxies([proxy]))).toBe(proxy);
  });
});

describe('X-Forwarded-For', () => {
  it.each([
    ['one address', ['203.0.113.9'], '203.0.113.9'],
    ['the rightmost that is not trusted', ['192.0.2.66, 203.0.113.9'], '203.0.113.9'],
    ['past trusted proxies', ['192.0.2.66, 203.0.113.9, 10.0.0.3,10.0.0.2'], '203.0.113.9'],
    [
      'past trusted proxies in several lines',
      ['192.0.2.66', '203.0.113.9, 10.0.0.3', '10.0.0.2'],
      '203.0.113.9',
    ],
    ['the leftmost when all are trusted', ['10.0.0.4, 10.0.0.3', '10.0.0.2'], '10.0.0.4'],
    ['a port after IPv4', ['203.0.113.9:4711'], '203.0.113.9'],
    ['bare IPv6', ['2001:DB8:0:0::17'], '2001:db8::17'],
    ['IPv6 in brackets', ['[2001:db8::17]'], '2001:db8::17'],
    ['IPv6 in brackets with a port', ['[2001:db8::17]:4711'], '2001:db8::17'],
    ['an IPv4-mapped address', ['::ffff:203.0.113.9'], '203.0.113.9'],
    ['an IPv4-mapped address of a proxy', ['203.0.113.9, ::ffff:10.0.0.2'], '203.0.113.9'],
    ['white space around', [' \t203.0.113.9\t , 10.0.0.2 '], '203.0.113.9'],
    ['garbage to the left of the client', ['"<>,\\, 203.0.113.9'], '203.0.113.9'],
    ['an open quote to the left of the client', ['", 203.0.113.9'], '203.0.113.9'],
  ])('takes %s', (_, lines, address) => {
    expect(clientOf('x-forwarded-for', ...lines)).toBe(address);
  });

  it.each([
    'unknown',
    '',
    '-',
    'localhost',
    '_hidden',
    '203.0.113',
    '203.0.113.999',
    '203.0.113.09',
    '203.0.113.9:',
    '203.0.113.9:port',
    '203.0.113.9:123456',
    '203.0.113.9:80:80',
    '[203.0.113.9]',
    '[::1',
    '::1]',
    '[]',
    '[]:80',
    '[::1]80',
    '[[::1]]',
    'fe80::1%eth0',
    '[fe80::1%eth0]',
    '"203.0.113.9"',
    'for=203.0.113.9',
    '203.0.113.9 203.0.113.8',
    '203.0.113.9;203.0.113.8',
  ])('stops at %j, at the proxy that wrote it', (entry) => {
    expect(clientOf('x-forwarded-for', entry)).toBe(proxy);
    expect(clientOf('x-forwarded-for', `192.0.2.66, ${entry}`)).toBe(proxy);
    expect(clientOf('x-forwarded-for', `192.0.2.66, ${entry}, 10.0.0.2`)).toBe('10.0.0.2');
  });
});

describe('Forwarded', () => {
  it.each([
    ['one address', ['for=203.0.113.9'], '203.0.113.9'],
    ['names in any case, and other parameters', ['Proto=https;FOR=203.0.113.9;bY=10.0.0.1'], '203.0.113.9'],
    ['the rightmost that is not trusted', ['for=192.0.2.66, for=203.0.113.9'], '203.0.113.9'],
    ['past trusted proxies', ['for=192.0.2.66, for=203.0.113.9,for=10.0.0.2;proto=http'], '203.0.113.9'],
    [
      'past trusted proxies in several lines',
      ['for=203.0.113.9', 'for=10.0.0.3, for=10.0.0.2'],
      '203.0.113.9',
    ],
    ['the leftmost when all are trusted', ['for=10.0.0.3, for=10.0.0.2'], '10.0.0.3'],
    ['a quoted address', ['for="203.0.113.9"'], '203.0.113.9'],
    ['a quoted address with a port', ['for="203.0.113.9:4711"'], '203.0.113.9'],
    ['a quoted address with an obfuscated port', ['for="203.0.113.9:_p-0.1"'], '203.0.113.9'],
    ['IPv6', ['For="[2001:DB8:cafe::17]"'], '2001:db8:cafe::17'],
    ['IPv6 with a port', ['for="[2001:db8:cafe::17]:4711"'], '2001:db8:cafe::17'],
    ['quoted pairs', ['for="\\2\\0\\3.0.113.9"'], '203.0.113.9'],
    ['a comma in quotes', ['for=203.0.113.9;host="a,for=192.0.2.66"'], '203.0.113.9'],
    ['a semicolon in quotes', ['host="a;for=192.0.2.66";for=203.0.113.9'], '203.0.113.9'],
    ['an escaped quote', ['for=203.0.113.9;host="a\\",for=192.0.2.66,\\"\\\\"'], '203.0.113.9'],
    ['empty pairs', [';for=203.0.113.9;;proto=http;'], '203.0.113.9'],
    [
      'white space around elements and pairs',
      ['\tfor=203.0.113.9 ; proto=http\t,  for=10.0.0.2 '],
      '203.0.113.9',
    ],
    ['an unknown parameter', ['secret="\xe9 x";for=203.0.113.9'], '203.0.113.9'],
    ['a quote that the client left open', ['for=", for=203.0.113.9'], '203.0.113.9'],
    ['the same before a quoted address', ['for="x, for="[2001:db8::17]:4711"'], '2001:db8::17'],
    ['a backslash that the client left open', ['for="192.0.2.66\\, for="203.0.113.9"'], '203.0.113.9'],
  ])('takes %s', (_, lines, address) => {
    expect(clientOf('forwarded', ...lines)).toBe(address);
  });

  it.each([
    'for=unknown',
    'for=Unknown',
    'for="unknown:80"',
    'for=_hidden',
    'for="_hidden:80"',
    'for=""',
    'for=',
    'for',
    '=203.0.113.9',
    '',
    ';',
    'proto=http',
    '203.0.113.9',
    'for=203.0.113.9;for=203.0.113.9',
    'for=203.0.113.9;For=unknown',
    'for="";for=203.0.113.9',
    'for =203.0.113.9',
    'for= 203.0.113.9',
    'for=203.0.113.9 proto=http',
    'for=203.0.113.9:4711',
    'for=[2001:db8::17]',
    'for=2001:db8::17',
    'for="2001:db8::17"',
    'for="[2001:db8::17"',
    'for="[203.0.113.9]"',
    'for="203.0.113.9:_"',
    'for="203.0.113.9 "',
    'for="203.0.113.9',
    'for=203.0.113.9"',
    'for="203.0.113.9"x',
    'for="203.0.113.9"";proto="http"',
    'for="203.0.113.9\\"',
    "for='203.0.113.9'",
    'for=203.0.113.9;host=a:80',
    'for=203.0.113.9;a b=c',
    'for=203.0.113.9;host="a"b"',
  ])('stops at %j, at the proxy that wrote it', (element) => {
    expect(clientOf('forwarded', element)).toBe(proxy);
    expect(clientOf('forwarded', 'for=192.0.2.66', element)).toBe(proxy);
    expect(clientOf('forwarded', 'for=192.0.2.66', element, 'for=10.0.0.2')).toBe('10.0.0.2');
  });
});

describe('what strangers send', () => {
  const kinds: readonly ForwardingField[] = ['x-forwarded-for', 'forwarded'];
  const piece = fc.constantFrom(
    ...['for=', 'for="', '"', '"', '\\', ',', ';', '=', ' ', '[', ']', ':', '_', 'unknown', '\t', '\xff'],
    ...['203.0.113.9', '192.0.2.66', '10.0.0.2', '[2001:db8::1]', '2001:db8::1', '::ffff:10.0.0.3', ':80'],
  );
  const line = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  const lines = fc.array(line, { maxLength: 4 });

  it('gives an address in its one spelling, whatever the field says', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), lines, (kind, values) => {
        const address = clientOf(kind, ...values);
        expect(normaliseIpAddress(address)).toBe(address);
      }),
      { seed, numRuns: 5000 },
    );
  });

  it('does not change what the proxy has put behind it', () => {
    const appended = [
      ['x-forwarded-for', '203.0.113.9'],
      ['forwarded', 'for=203.0.113.9'],
      ['forwarded', 'by="[fd00::1]";for="203.0.113.9:4711";host="a\\"b,;"'],
    ] as const;
    fc.assert(
      fc.property(fc.constantFrom(...appended), lines, ([kind, element], [last = '', ...others]) => {
        expect(clientOf(kind, ...others, `${last}, ${element}`)).toBe('203.0.113.9');
        expect(clientOf(kind, last, ...others, element)).toBe('203.0.113.9');
      }),
      { seed, numRuns: 5000 },
    );
  });

  it('ends on very long lists: the work grows with the length, not with its square', () => {
    const many = 50_000;
    const trusted = new TrustedProxies(['::/0']);
    const list = ['2001:db8::1', ...Array<string>(many).fill('::2')].join(',');
    expect(clientAddress('::1', fieldsWith('x-forwarded-for', list), trusted)).toBe('2001:db8::1');
    for (const text of ['"', '\\', '\\"', ',', ';', ' ', '=', 'for=', '[', ':', 'a', 'a=b;', '"\\']) {
      for (const kind of kinds) {
        const long = text.repeat(many);
        for (const value of [long, `for="${long}"`, `for=${long}`, `${long}=::1`, `[${long}]`]) {
          expect(clientOf(kind, value)).toBe(proxy);
        }
      }
    }
  });
});
