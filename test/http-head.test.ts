import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { HeadReader, HttpError, headLimits, parseRequestHead, parseResponseHead } from '../src/http-head.ts';
import { forEachChopping, seededRandom } from './support/chopping.ts';
import { octets, text, upgradeText } from './support/http.ts';
import { refusal } from './support/refusal.ts';

function readAll(chunks: readonly Uint8Array[], reader = new HeadReader()) {
  let complete: { bytes: Uint8Array; rest: Uint8Array } | undefined;
  for (const chunk of chunks) {
    expect(complete, 'the head was complete before its last octet').toBeUndefined();
    complete = reader.receive(chunk);
  }
  return complete;
}

describe('HeadReader', () => {
  const heads = [
    'GET / HTTP/1.1\r\n\r\n',
    upgradeText(),
    upgradeText({ 'X-Text': '\tcaf\xe9 \xff\t' }),
    `\r\n${upgradeText()}`,
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n',
  ];

  it('finds the end of a head however it is cut, and keeps what follows', () => {
    for (const [seed, head] of heads.entries()) {
      forEachChopping(
        octets(head),
        seed,
        ({ chunks, tail }) => {
          const reader = new HeadReader();
          // A random cut at the very end leaves empty reads, which come before nothing: drop them.
          const complete = readAll(
            chunks.filter((chunk) => chunk.length > 0),
            reader,
          );
          expect(text(complete?.bytes ?? new Uint8Array())).toBe(head);
          expect(complete?.rest).toEqual(tail);
          expect(text(reader.received)).toBe(head + text(tail));
        },
        { tail: Uint8Array.of(0x81, 0x82, 0, 10, 13, 0x7f) },
      );
    }
  });

  it('takes an empty read for nothing', () => {
    const reader = new HeadReader();
    expect(reader.receive(new Uint8Array(0))).toBeUndefined();
    expect(reader.received).toHaveLength(0);
    expect(text(reader.receive(octets('A\r\n\r\nB'))?.rest ?? new Uint8Array())).toBe('B');
  });

  it('gives views of a head that came whole, and copies one that came in pieces', () => {
    const whole = octets(`${upgradeText()}tail`);
    const complete = new HeadReader().receive(whole);
    expect(complete?.bytes.buffer).toBe(whole.buffer);
    expect(complete?.rest.buffer).toBe(whole.buffer);

    const reader = new HeadReader();
    const first = octets('GET / HTTP/1.1\r\n');
    expect(reader.receive(first)).toBeUndefined();
    first.fill(0);
    expect(text(reader.received)).toBe('GET / HTTP/1.1\r\n');
    expect(text(reader.receive(octets('\r\n'))?.bytes ?? first)).toBe('GET / HTTP/1.1\r\n\r\n');
  });

  it('wants nothing after the end', () => {
    const reader = new HeadReader();
    reader.receive(octets(upgradeText()));
    expect(() => reader.receive(octets('x'))).toThrow(TypeError);
  });

  // Each of these ends in the octet that must be refused, without waiting for anything after it.
  const refusedAtTheOctet: ReadonlyArray<[what: string, head: string, status: number, section: string]> = [
    ['NUL', 'GET /\0', 400, 'RFC 9110 §5.5'],
    ['a control in a value', 'GET / HTTP/1.1\r\nA: \x1b', 400, 'RFC 9110 §5.5'],
    ['DEL', 'GET / HTTP/1.1\r\nA: \x7f', 400, 'RFC 9110 §5.5'],
    ['a TLS greeting', '\x16', 400, 'RFC 9110 §5.5'],
    ['a bare LF', 'GET / HTTP/1.1\n', 400, 'RFC 9112 §2.2'],
    ['a bare LF at once', '\n', 400, 'RFC 9112 §2.2'],
    ['a bare CR', 'GET / HTTP/1.1\rA', 400, 'RFC 9112 §2.2'],
    ['two CR', 'GET / HTTP/1.1\r\r', 400, 'RFC 9112 §2.2'],
    ['CR LF CR and no LF', 'GET / HTTP/1.1\r\n\rA', 400, 'RFC 9112 §2.2'],
    ['two empty lines first', '\r\n\r\n', 400, 'RFC 9112 §2.2'],
    ['a first line of 8,193 octets', `GET /${'a'.repeat(8188)}`, 414, 'RFC 9112 §3'],
    ['field 101', `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(101)}`, 431, 'RFC 6585 §5'],
    ['16,384 octets and no end', `GET / HTTP/1.1\r\nA: ${'b'.repeat(16_365)}`, 431, 'RFC 6585 §5'],
  ];
  it.each(refusedAtTheOctet)('refuses %s at the octet', (_, head, status, section) => {
    const bytes = octets(head);
    new HeadReader().receive(bytes.subarray(0, -1));
    forEachChopping(bytes, 99, ({ chunks }) => {
      expect(refusal(() => readAll(chunks))).toEqual({ status, section });
    });
  });

  it('takes a head of exactly the limits', () => {
    const fields = 'A: b\r\n'.repeat(headLimits.fieldCount);
    expect(readAll([octets(`GET / HTTP/1.1\r\n${fields}\r\n`)])).toBeDefined();

    const longest = `GET /${'a'.repeat(headLimits.startLineLength - 'GET / HTTP/1.1'.length)} HTTP/1.1\r\n`;
    const rest = headLimits.headLength - longest.length - 'A: \r\n\r\n'.length;
    const head = octets(`${longest}A: ${'b'.repeat(rest)}\r\n\r\n`);
    expect(head).toHaveLength(16_384);
    forEachChopping(head, 5, ({ chunks }) => {
      expect(readAll(chunks.filter((chunk) => chunk.length > 0))?.bytes).toHaveLength(16_384);
    });
  });

  it('can be given other limits', () => {
    const with5 = () => new HeadReader({ headLength: 5, fieldCount: 0 });
    expect(with5().receive(octets('A\r\n\r\n'))?.rest).toHaveLength(0);
    expect(refusal(() => with5().receive(octets('AB\r\n\r\n')))).toMatchObject({ status: 431 });
    expect(refusal(() => with5().receive(octets('\r\nA\r\n\r\n')))).toMatchObject({ status: 431 });
    expect(refusal(() => new HeadReader({ fieldCount: 0 }).receive(octets('A\r\nb:c\r\n')))).toMatchObject({
      status: 431,
    });
    expect(refusal(() => new HeadReader({ startLineLength: 3 }).receive(octets('ABCD')))).toMatchObject({
      status: 414,
    });
  });

  it('looks at an octet of a read twice at most, and never at those of earlier reads', () => {
    // Counted, not timed: once or twice to judge it, once to copy it.
    let looks = 0;
    const watch = {
      get(target: Uint8Array, property: string | symbol) {
        if (property === '0') looks++;
        const value: unknown = Reflect.get(target, property);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    };
    const head = octets(`GET / HTTP/1.1\r\nA: ${'b'.repeat(16_000)}\r\n\r\n`);
    const reader = new HeadReader();
    for (const octet of head.subarray(0, -1)) reader.receive(new Proxy(Uint8Array.of(octet), watch));
    expect(looks).toBeGreaterThanOrEqual(head.length - 1);
    expect(looks).toBeLessThanOrEqual(2 * head.length + 20);
    reader.receive(head.subarray(-1));
    expect(text(reader.received)).toBe(text(head));
  });

  it('needs the memory of a read only during the call', () => {
    const lent = new Uint8Array(64);
    const receive = (reader: HeadReader, part: string) => {
      lent.set(octets(part));
      return reader.receive(lent.subarray(0, part.length));
    };
    const reader = new HeadReader();
    receive(reader, 'GET / HTTP/1.1\r\n');
    receive(reader, 'A: b\r\n\r');
    const complete = receive(reader, '\nrest');
    expect(text(complete?.rest ?? lent)).toBe('rest');
    const received = reader.received;
    lent.fill(0);
    expect(text(received)).toBe('GET / HTTP/1.1\r\nA: b\r\n\r\nrest');
    expect(text(complete?.bytes ?? lent)).toBe('GET / HTTP/1.1\r\nA: b\r\n\r\n');

    const whole = new HeadReader();
    receive(whole, 'GET / HTTP/1.1\r\n\r\nrest');
    const asked = whole.received;
    lent.fill(0);
    expect(text(asked)).toBe('GET / HTTP/1.1\r\n\r\nrest');

    const half = new HeadReader();
    receive(half, 'GET / ');
    lent.fill(0);
    expect(text(half.received)).toBe('GET / ');
  });
});

describe('parseRequestHead', () => {
  it('reads method, target, version and fields', () => {
    const head = parseRequestHead(
      octets(
        'GET /chat?room=1 HTTP/1.1\r\nHost: a\r\nX-One:1\r\nx-one: \t two words\t \r\nEmpty:\r\nL: caf\xe9\r\n\r\n',
      ),
    );
    expect(head).toMatchObject({ method: 'GET', target: '/chat?room=1', version: '1.1' });
    expect([...head.fields]).toEqual([
      ['host', ['a']],
      ['x-one', ['1', 'two words']],
      ['empty', ['']],
      ['l', ['caf\xe9']],
    ]);
  });

  it('keeps nothing of the octets, which may be lent, and the text from which it can be read again', () => {
    const bytes = octets(upgradeText({ 'X-Text': 'caf\xe9' }));
    const head = parseRequestHead(bytes);
    bytes.fill(0);
    expect(head.text).toBe(upgradeText({ 'X-Text': 'caf\xe9' }));
    expect(head.target).toBe('/chat');
    expect(head.fields.get('x-text')).toEqual(['caf\xe9']);
    expect([...parseRequestHead(octets(head.text)).fields]).toEqual([...head.fields]);
  });

  it('takes any method and form of target, and any minor version', () => {
    expect(parseRequestHead(octets("M-SEARCH!#$%&'*+.^_`|~ * HTTP/1.0\r\n\r\n"))).toMatchObject({
      method: "M-SEARCH!#$%&'*+.^_`|~",
      target: '*',
      version: '1.0',
    });
    expect(parseRequestHead(octets('get a:80 HTTP/1.9\r\n\r\n'))).toMatchObject({
      method: 'get',
      version: '1.9',
    });
  });

  it('skips one empty line before the request line, and only reads the octets', () => {
    const bytes = octets(`\r\n${upgradeText()}`);
    const copy = bytes.slice();
    expect(parseRequestHead(bytes).target).toBe('/chat');
    expect(bytes).toEqual(copy);
    expect(parseRequestHead(Buffer.concat([octets('xx'), bytes]).subarray(2)).target).toBe('/chat');
  });

  const bad: ReadonlyArray<[what: string, head: string, status: number, section: string]> = [
    ['no line', '\r\n\r\n', 400, 'RFC 9112 §3'],
    ['nothing', '', 400, 'RFC 9112 §2.1'],
    ['no empty line at the end', 'GET / HTTP/1.1\r\n', 400, 'RFC 9112 §2.1'],
    ['HTTP/0.9', 'GET /\r\n\r\n', 400, 'RFC 9112 §3'],
    ['two spaces', 'GET  / HTTP/1.1\r\n\r\n', 400, 'RFC 9112 §3'],
    ['a tab between', 'GET\t/ HTTP/1.1\r\n\r\n', 400, 'RFC 9112 §3'],
    ['a space in the target', 'GET /a b HTTP/1.1\r\n\r\n', 400, 'RFC 9112 §3'],
    ['a space at the end', 'GET / HTTP/1.1 \r\n\r\n', 400, 'RFC 9112 §3'],
    ['a space first', ' GET / HTTP/1.1\r\n\r\n', 400, 'RFC 9112 §3'],
    ['http in lower case', 'GET / http/1.1\r\n\r\n', 400, 'RFC 9112 §3'],
    ['a version without a minor', 'GET / HTTP/1\r\n\r\n', 400, 'RFC 9112 §3'],
    ['a version of two digits', 'GET / HTTP/1.11\r\n\r\n', 400, 'RFC 9112 §3'],
    ['no method', ' / HTTP/1.1\r\n\r\n', 400, 'RFC 9112 §3.1'],
    ['a method with a bracket', 'G[T / HTTP/1.1\r\n\r\n', 400, 'RFC 9112 §3.1'],
    ['no target', 'GET  HTTP/1.1\r\n\r\n', 400, 'RFC 9112 §3.2'],
    ['a target beyond ASCII', 'GET /\xe9 HTTP/1.1\r\n\r\n', 400, 'RFC 9112 §3.2'],
    ['NUL in the target', 'GET /\0 HTTP/1.1\r\n\r\n', 400, 'RFC 9112 §3.2'],
    ['a bare LF in the target', 'GET /\n HTTP/1.1\r\n\r\n', 400, 'RFC 9112 §3.2'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\n', 505, 'RFC 9112 §2.3'],
    ['HTTP/0', 'GET / HTTP/0.9\r\n\r\n', 505, 'RFC 9112 §2.3'],
    ['a folded field', 'GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n', 400, 'RFC 9112 §5.2'],
    ['a field folded with a tab', 'GET / HTTP/1.1\r\nA: b\r\n\tc: d\r\n\r\n', 400, 'RFC 9112 §5.2'],
    ['white space before the first field', 'GET / HTTP/1.1\r\n A: b\r\n\r\n', 400, 'RFC 9112 §5.2'],
    ['no colon', 'GET / HTTP/1.1\r\nHost\r\n\r\n', 400, 'RFC 9112 §5'],
    ['no name', 'GET / HTTP/1.1\r\n: a\r\n\r\n', 400, 'RFC 9112 §5'],
    ['an empty line in the middle', 'GET / HTTP/1.1\r\n\r\nA: b\r\n\r\n', 400, 'RFC 9112 §5'],
    ['a space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', 400, 'RFC 9112 §5.1'],
    ['a tab before the colon', 'GET / HTTP/1.1\r\nHost\t: a\r\n\r\n', 400, 'RFC 9112 §5.1'],
    ['a space in the name', 'GET / HTTP/1.1\r\nHo st: a\r\n\r\n', 400, 'RFC 9110 §5.1'],
    ['a name beyond ASCII', 'GET / HTTP/1.1\r\nH\xf6st: a\r\n\r\n', 400, 'RFC 9110 §5.1'],
    ['NUL in a value', 'GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n', 400, 'RFC 9110 §5.5'],
    ['a bare CR in a value', 'GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n', 400, 'RFC 9110 §5.5'],
    ['a bare LF in a value', 'GET / HTTP/1.1\r\nHost: a\nb: c\r\n\r\n', 400, 'RFC 9110 §5.5'],
    ['DEL in a value', 'GET / HTTP/1.1\r\nHost: a\x7fb\r\n\r\n', 400, 'RFC 9110 §5.5'],
  ];
  it.each(bad)('refuses %s', (_, head, status, section) => {
    expect(refusal(() => parseRequestHead(octets(head)))).toEqual({ status, section });
  });

  it('gives a head or one HttpError for 10,000 mutations, whole or cut', () => {
    const seed = 20_260_801;
    const random = seededRandom(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const likely = octets('\r\n :\t\0,;="/?#%[]\x7f\xff');
    const outcomes = { read: 0, refused: 0, unfinished: 0 };
    for (let run = 0; run < 10_000; run++) {
      const octetsNow = [...octets(upgradeText({ Origin: 'http://example.com' }))];
      for (let change = below(3); change >= 0; change--) {
        const at = below(octetsNow.length);
        const octet = (random() < 0.5 ? likely[below(likely.length)] : below(256)) ?? 0;
        octetsNow.splice(at, below(3), ...(random() < 0.5 ? [octet] : []));
      }
      const bytes = Uint8Array.from(octetsNow);
      const parseWhole = outcomeOf(() => parseRequestHead(bytes).target);
      const cut = below(bytes.length);
      const readCut = outcomeOf(() => {
        const reader = new HeadReader();
        const complete = reader.receive(bytes.subarray(0, cut)) ?? reader.receive(bytes.subarray(cut));
        return complete === undefined ? undefined : parseRequestHead(complete.bytes).target;
      });
      const where = `seed ${seed}, run ${run}: ${JSON.stringify(text(bytes))}`;
      expect(parseWhole, where).not.toBe('another exception');
      expect(readCut, where).not.toBe('another exception');
      // Neither lets through what the other would have refused.
      if (parseWhole === 'read') expect(readCut, where).toBe('read');
      outcomes[readCut === 'another exception' ? 'refused' : readCut]++;
    }
    // The mutations are worth something: they fall on each side.
    expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(100);
  });

  function outcomeOf(run: () => string | undefined): 'read' | 'unfinished' | 'refused' | 'another exception' {
    try {
      return run() === undefined ? 'unfinished' : 'read';
    } catch (error) {
      return error instanceof HttpError ? 'refused' : 'another exception';
    }
  }
});

describe('parseResponseHead', () => {
  it('reads version, status, reason and fields', () => {
    const head = parseResponseHead(octets('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'));
    expect(head).toMatchObject({ version: '1.1', status: 101, reason: 'Switching Protocols' });
    expect([...head.fields]).toEqual([['upgrade', ['websocket']]]);
    expect(parseResponseHead(octets('HTTP/1.0 200 \r\n\r\n'))).toMatchObject({ status: 200, reason: '' });
    expect(parseResponseHead(octets('HTTP/1.1 404 Non trouv\xe9\t!\r\n\r\n')).reason).toBe(
      'Non trouv\xe9\t!',
    );
  });

  const bad: ReadonlyArray<[what: string, head: string, status: number, section: string]> = [
    ['no space after the status', 'HTTP/1.1 101\r\n\r\n', 400, 'RFC 9112 §4'],
    ['a status of two digits', 'HTTP/1.1 10 X\r\n\r\n', 400, 'RFC 9112 §4'],
    ['a control in the reason', 'HTTP/1.1 101 X\0\r\n\r\n', 400, 'RFC 9112 §4'],
    ['another protocol', 'SSH-2.0-x\r\n\r\n', 400, 'RFC 9112 §4'],
    ['an empty line first', '\r\nHTTP/1.1 101 X\r\n\r\n', 400, 'RFC 9112 §4'],
    ['HTTP/2', 'HTTP/2.0 101 X\r\n\r\n', 505, 'RFC 9112 §2.3'],
    ['a bad field', 'HTTP/1.1 101 X\r\nA\r\n\r\n', 400, 'RFC 9112 §5'],
  ];
  it.each(bad)('refuses %s', (_, head, status, section) => {
    expect(refusal(() => parseResponseHead(octets(head)))).toEqual({ status, section });
  });
});
