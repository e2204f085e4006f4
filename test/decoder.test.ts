/** The receiving half: frames in any cut become messages and control frames (RFC 6455 §5.1, §5.2, §5.4, §5.5, §6.2, §8.1). */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decoder } from '../src/decoder.ts';
import { DeflateWindow, deflate } from '../src/deflate.ts';
import { encodeFrame, type Frame, Opcode } from '../src/frame.ts';
import { createReadBuffer } from '../src/mask-kernel.ts';
import { forEachChopping, seededRandom } from './support/chopping.ts';
import { lengthForms } from './support/frame-vectors.ts';
import { concat, countedOctets, hex, randomOctets, utf8 } from './support/octets.ts';
import { errorOf } from './support/protocol-error.ts';

const seed = 0x6_02;
const limit = 1024 * 1024;
const key = 0x37fa213d;

type Event = readonly ['message', string | Uint8Array] | readonly ['control', number, Uint8Array];
type Sender = 'client' | 'server';
const senders: readonly Sender[] = ['client', 'server'];

/** A decoder with what it hands out. */
function decoding(from: Sender, maxMessageLength = limit, window?: DeflateWindow) {
  const events: Event[] = [];
  const decoder = new Decoder({ masked: from === 'client', maxMessageLength, window });
  const decode = (chunk: Uint8Array): void =>
    decoder.decode(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length), {
      message: (data) => events.push(['message', data]),
      // The payload is valid during the call only, so it is copied.
      control: (opcode, payload) => events.push(['control', opcode, Uint8Array.from(payload)]),
    });
  return { decoder, events, decode };
}

/** The octets of the first message. */
function binaryOf(events: readonly Event[]): Uint8Array {
  const [event] = events;
  if (event?.[0] === 'message' && typeof event[1] !== 'string') return event[1];
  throw new Error(`The first event is no binary message: ${event}`);
}

/** Frames as that sender makes them. */
function frames(from: Sender, ...list: readonly Frame[]): Uint8Array {
  return concat(
    ...list.map((frame) => encodeFrame(from === 'client' ? { maskingKey: key, ...frame } : frame)),
  );
}

/** One ping behind the vector shows, in the chopping with a tail, that the stream is in step. */
const tailOf = (from: Sender): Uint8Array => frames(from, { opcode: Opcode.ping, payload: utf8('tail') });
const tailEvent: Event = ['control', Opcode.ping, utf8('tail')];

function expectEvents(
  from: Sender,
  bytes: Uint8Array,
  expected: readonly Event[],
  window?: DeflateWindow,
  held = 0,
): void {
  forEachChopping(
    bytes,
    seed,
    ({ chunks, tail }) => {
      const { decoder, events, decode } = decoding(from, limit, window);
      for (const chunk of chunks) decode(chunk);
      expect(events).toEqual(tail.length === 0 ? expected : [...expected, tailEvent]);
      expect(decoder.midMessage).toBe(false);
      expect(decoder.heldAmount).toBe(held);
    },
    { tail: tailOf(from) },
  );
}

describe('the examples of §5.7', () => {
  const hello = utf8('Hello');
  test('Hello, unmasked from a server and masked from a client', () => {
    expectEvents('server', hex('81 05 48 65 6c 6c 6f'), [['message', 'Hello']]);
    expectEvents('client', hex('81 85 37 fa 21 3d 7f 9f 4d 51 58'), [['message', 'Hello']]);
  });
  test('Hel and lo', () => {
    expectEvents('server', hex('01 03 48 65 6c 80 02 6c 6f'), [['message', 'Hello']]);
  });
  test('Ping and Pong', () => {
    expectEvents('server', hex('89 05 48 65 6c 6c 6f'), [['control', Opcode.ping, hello]]);
    expectEvents('client', hex('8a 85 37 fa 21 3d 7f 9f 4d 51 58'), [['control', Opcode.pong, hello]]);
  });
  test('256 octets and 64 KiB of binary', () => {
    const short = countedOctets(256);
    expectEvents('server', concat(hex('82 7e 01 00'), short), [['message', short]]);
    const long = countedOctets(65_536);
    const { events, decode } = decoding('server');
    decode(concat(hex('82 7f 00 00 00 00 00 01 00 00'), long));
    expect(events).toEqual([['message', long]]);
  });
});

for (const from of senders) {
  describe(`messages from a ${from}`, () => {
    for (const [length] of lengthForms.filter(([each]) => each < 60_000)) {
      test(`${length} octets, text and binary`, () => {
        const payload = countedOctets(length).map((octet) => octet & 0x7f);
        const bytes = frames(from, { opcode: Opcode.text, payload }, { opcode: Opcode.binary, payload });
        expectEvents(from, bytes, [
          ['message', Buffer.from(payload).toString('latin1')],
          ['message', payload],
        ]);
      });
    }

    for (const [length] of lengthForms.filter(([each]) => each > 60_000)) {
      test(`${length} octets, in reads of 1,000`, () => {
        const payload = countedOctets(length);
        const bytes = frames(from, { opcode: Opcode.binary, payload });
        const { events, decode } = decoding(from);
        for (let index = 0; index < bytes.length; index += 1000) decode(bytes.slice(index, index + 1000));
        expect(events).toHaveLength(1);
        expect(Buffer.compare(binaryOf(events), payload)).toBe(0);
      });
    }

    test('fragments, some empty, with control frames between them (§5.4)', () => {
      const bytes = frames(
        from,
        { fin: false, opcode: Opcode.text },
        { opcode: Opcode.ping, payload: utf8('one') },
        { fin: false, opcode: Opcode.continuation, payload: utf8('Hé').subarray(0, 2) },
        { opcode: Opcode.pong, payload: countedOctets(125) },
        { fin: false, opcode: Opcode.continuation, payload: utf8('é').subarray(1) },
        { opcode: Opcode.close, payload: hex('03 e8') },
        { opcode: Opcode.continuation },
        { fin: false, opcode: Opcode.binary, payload: hex('00 ff') },
        { opcode: Opcode.continuation, payload: hex('c3') },
      );
      expectEvents(from, bytes, [
        ['control', Opcode.ping, utf8('one')],
        ['control', Opcode.pong, countedOctets(125)],
        ['control', Opcode.close, hex('03 e8')],
        ['message', 'Hé'],
        ['message', hex('00 ff c3')],
      ]);
    });

    test('text that is not UTF-8 fails as soon as the octet is there, and not earlier (§8.1)', () => {
      const whole = frames(from, { opcode: Opcode.text, payload: hex('61 f4 90 62 63') });
      const fragments = frames(
        from,
        { fin: false, opcode: Opcode.text, payload: hex('61 f4') },
        { opcode: Opcode.ping },
        { fin: false, opcode: Opcode.continuation, payload: hex('90 62 63') },
      );
      for (const bytes of [whole, fragments]) {
        // The bad octet, and two behind it that never have to come.
        const { decode } = decoding(from);
        for (const octet of bytes.subarray(0, -3)) decode(Uint8Array.of(octet));
        const error = errorOf(() => decode(bytes.slice(-3, -2)));
        expect(error).toMatchObject({ closeCode: 1007, section: 'RFC 6455 §8.1' });
        forEachChopping(bytes, seed, ({ chunks }) => {
          const chopped = decoding(from);
          expect(errorOf(() => chunks.forEach(chopped.decode))?.closeCode).toBe(1007);
          expect(chopped.events.filter(([kind]) => kind === 'message')).toEqual([]);
        });
      }
    });

    test('text that ends inside a character fails at its end', () => {
      for (const list of [
        [{ opcode: Opcode.text, payload: hex('61 e2 82') }],
        [
          { fin: false, opcode: Opcode.text, payload: hex('61 e2 82') },
          { opcode: Opcode.continuation, payload: hex('') },
        ],
      ]) {
        forEachChopping(frames(from, ...list), seed, ({ chunks }) => {
          const { decode } = decoding(from);
          expect(errorOf(() => chunks.forEach(decode))?.closeCode).toBe(1007);
        });
      }
    });

    const mask = from === 'client' ? 0x80 : 0;
    const wrongMask = from === 'client' ? 0 : 0x80;
    const refused: readonly (readonly [string, Uint8Array, string])[] = [
      ['a reserved bit', Uint8Array.of(0xc1, mask), '§5.2'],
      ['a reserved opcode', Uint8Array.of(0x83, mask), '§5.2'],
      ['a reserved control opcode', Uint8Array.of(0x8b, mask), '§5.2'],
      ['the wrong masking', Uint8Array.of(0x81, wrongMask), '§5.1'],
      ['a fragmented control frame', Uint8Array.of(0x09, mask), '§5.5'],
      ['a control frame of 126 octets', Uint8Array.of(0x89, mask | 126), '§5.5'],
      ['a continuation of nothing', Uint8Array.of(0x80, mask | 1), '§5.4'],
      ['a continuation of nothing, not the last', Uint8Array.of(0x00, mask | 1), '§5.4'],
    ];
    for (const [name, start, section] of refused) {
      test(`${name} is refused at the second octet (${section})`, () => {
        for (const before of [
          new Uint8Array(0),
          frames(from, { opcode: Opcode.text, payload: utf8('Hi') }),
        ]) {
          forEachChopping(concat(before, start), seed, ({ chunks }) => {
            const { events, decode } = decoding(from);
            const error = errorOf(() => chunks.forEach(decode));
            expect(error).toMatchObject({ closeCode: 1002, section: `RFC 6455 ${section}` });
            expect(events).toEqual(before.length === 0 ? [] : [['message', 'Hi']]);
          });
        }
      });
    }

    test('a whole header is judged as its beginning is', () => {
      for (const [, start, section] of refused) {
        const rest = new Uint8Array(200);
        const error = errorOf(() => decoding(from).decode(concat(start, rest)));
        expect(error?.section).toBe(`RFC 6455 ${section}`);
      }
    });

    test('a new message inside a message is refused (§5.4)', () => {
      for (const opcode of [Opcode.text, Opcode.binary]) {
        const bytes = frames(from, { fin: false, opcode: Opcode.text, payload: utf8('a') }, { opcode });
        forEachChopping(bytes, seed, ({ chunks }) => {
          const { events, decode } = decoding(from);
          expect(errorOf(() => chunks.forEach(decode))).toMatchObject({
            closeCode: 1002,
            section: 'RFC 6455 §5.4',
          });
          expect(events).toEqual([]);
        });
      }
    });

    test('a length that is not in its shortest form is refused (§5.2)', () => {
      for (const octets of [
        '82 7e 00 05',
        '82 7f 00 00 00 00 00 00 00 05',
        '82 7f 80 00 00 00 00 00 00 00',
      ]) {
        const bytes = concat(hex(octets), from === 'client' ? hex('01 02 03 04') : hex(''));
        bytes[1] = (bytes[1] as number) | mask;
        forEachChopping(bytes, seed, ({ chunks }) => {
          const { decode } = decoding(from);
          expect(errorOf(() => chunks.forEach(decode))).toMatchObject({
            closeCode: 1002,
            section: 'RFC 6455 §5.2',
          });
        });
      }
    });

    test('a message over the limit is refused by its header, before anything is held (§10.4)', () => {
      const headers = [
        frames(from, { opcode: Opcode.binary, payload: new Uint8Array(1001) }).slice(0, mask === 0 ? 4 : 8),
        concat(
          hex('81'),
          Uint8Array.of(mask | 127),
          hex('7f ff ff ff ff ff ff ff'),
          hex(mask === 0 ? '' : '00 00 00 00'),
        ),
      ];
      for (const header of headers) {
        forEachChopping(header, seed, ({ chunks }) => {
          const { decoder, decode } = decoding(from, 1000);
          const error = errorOf(() => {
            for (const chunk of chunks) {
              decode(chunk);
              expect(decoder.heldAmount).toBe(0);
            }
          });
          expect(error).toMatchObject({ closeCode: 1009, section: 'RFC 6455 §10.4' });
          expect(decoder.heldAmount).toBe(0);
        });
      }
      expectEvents(from, frames(from, { opcode: Opcode.binary, payload: new Uint8Array(1000) }), [
        ['message', new Uint8Array(1000)],
      ]);
    });

    test('text that no string could hold is refused though binary of its length is not', () => {
      const length = hex('7f 00 00 00 00 3f ff ff ff');
      length[0] = mask | 127;
      for (const [first, code] of [
        ['01', 1009],
        ['02', undefined],
      ] as const) {
        const { decoder, decode } = decoding(from, 2 ** 30);
        const header = concat(hex(first), length, hex(mask === 0 ? '' : '00 00 00 00'));
        expect(errorOf(() => decode(header))?.closeCode).toBe(code);
        expect(decoder.heldAmount).toBe(0);
      }
    });

    test('fragments are counted together, and so are their headers', () => {
      const { decode } = decoding(from, 1000);
      decode(frames(from, { fin: false, opcode: Opcode.binary, payload: new Uint8Array(600) }));
      decode(frames(from, { fin: false, opcode: Opcode.continuation, payload: new Uint8Array(400) }));
      expect(
        errorOf(() => decode(frames(from, { opcode: Opcode.continuation, payload: new Uint8Array(1) })))
          ?.closeCode,
      ).toBe(1009);

      const empty = decoding(from, 1000);
      empty.decode(frames(from, { fin: false, opcode: Opcode.binary }));
      const one = frames(from, { fin: false, opcode: Opcode.continuation });
      const most = Math.floor(65_536 / one.length) - 1;
      for (let count = 0; count < most; count++) empty.decode(one.slice());
      expect(errorOf(() => empty.decode(one.slice()))?.closeCode).toBe(1009);
    });

    test('headers are counted by message: any number of short messages may come', () => {
      const list = [
        frames(from, { opcode: Opcode.text, payload: utf8('a') }),
        frames(from, { fin: false, opcode: Opcode.text }, { opcode: Opcode.continuation }),
      ];
      for (const bytes of list) {
        const { events, decode } = decoding(from, 1);
        for (let count = 0; count < 40_000; count++) decode(bytes.slice());
        expect(events).toHaveLength(40_000);
      }
    });

    test('memory held is at most twice the octets received of the message', () => {
      const payload = countedOctets(5000);
      const whole = [{ opcode: Opcode.binary, payload }];
      const cuts = [0, 1, 5, 5, 700, 1400, 1401, 4000, 5000];
      const fragmented = cuts.map((start, index) => ({
        fin: index === cuts.length - 1,
        opcode: index === 0 ? Opcode.binary : Opcode.continuation,
        payload: payload.subarray(start, cuts[index + 1] ?? 5000),
      }));
      for (const list of [whole, fragmented]) {
        const { decoder, events, decode } = decoding(from);
        let received = 0;
        for (const octet of frames(from, ...list)) {
          decode(Uint8Array.of(octet));
          received++;
          expect(decoder.heldAmount).toBeLessThanOrEqual(2 * received);
        }
        expect(events).toEqual([['message', payload]]);
        expect(decoder.heldAmount).toBe(0);
      }
    });

    for (const cut of [0, 40]) {
      test(`4 MiB in 64-octet fragments, cut at ${cut}, arrives and is moved some twenty times only`, () => {
        const { decoder, events, decode } = decoding(from, 4 * limit);
        const part = countedOctets(64);
        const sizes = new Set<number>();
        for (let count = 0; count < 65_536; count++) {
          const opcode = count === 0 ? Opcode.binary : Opcode.continuation;
          const bytes = frames(from, { fin: count === 65_535, opcode, payload: part });
          decode(bytes.slice(0, cut));
          decode(bytes.slice(cut));
          sizes.add(decoder.heldAmount);
        }
        expect(sizes.size).toBeLessThan(20);
        expect(events).toHaveLength(1);
        const message = binaryOf(events);
        expect(message).toHaveLength(4 * limit);
        expect(message.subarray(-64)).toEqual(part);
      });
    }
  });
}

describe('whose octets they are', () => {
  test('a message that fills its chunk is a view of it; a short one does not keep a long chunk alive', () => {
    const long = frames('client', { opcode: Opcode.binary, payload: countedOctets(60_000) });
    const view = decoding('client');
    view.decode(long);
    const message = binaryOf(view.events);
    expect(message.buffer).toBe(long.buffer);
    expect(message).not.toBeInstanceOf(Buffer);

    const slab = new Uint8Array(65_536);
    const short = frames('client', { opcode: Opcode.binary, payload: countedOctets(20) });
    slab.set(short, 1000);
    const copy = decoding('client');
    copy.decode(slab.subarray(1000, 1000 + short.length));
    const copied = binaryOf(copy.events);
    expect(copied).toEqual(countedOctets(20));
    expect(copied.buffer.byteLength).toBe(20);
    slab.fill(0);
    expect(copied).toEqual(countedOctets(20));
  });

  test('half of the chunk’s memory is where a view begins', () => {
    for (const [length, isView] of [
      [499, false],
      [500, true],
    ] as const) {
      const slab = new Uint8Array(1000);
      const bytes = frames('server', { opcode: Opcode.binary, payload: countedOctets(length) });
      slab.set(bytes, 100);
      const { events, decode } = decoding('server');
      decode(slab.subarray(100, 100 + bytes.length));
      expect(binaryOf(events).buffer === slab.buffer).toBe(isView);
    }
  });

  test('of a chunk that is lent nothing is kept: neither long nor short, whole nor in parts', () => {
    const expected: Event[] = [];
    const list: Frame[] = [];
    for (const length of [0, 20, 125, 1000, 60_000]) {
      const payload = countedOctets(length);
      list.push({ opcode: Opcode.binary, payload });
      expected.push(['message', payload]);
    }
    list.push({ fin: false, opcode: Opcode.binary, payload: utf8('in ') });
    list.push({ opcode: Opcode.continuation, payload: utf8('parts') });
    expected.push(['message', utf8('in parts')]);
    for (const from of senders) {
      const vector = frames(from, ...list);
      for (const size of [vector.length, 60_100, 700, 1]) {
        const lent = Buffer.allocUnsafeSlow(size);
        const events: Event[] = [];
        const decoder = new Decoder({ masked: from === 'client', maxMessageLength: limit });
        const sink = { message: (data: string | Uint8Array) => events.push(['message', data]), control() {} };
        for (let index = 0; index < vector.length; index += size) {
          const part = vector.subarray(index, index + size);
          lent.set(part);
          decoder.decode(lent.subarray(0, part.length), sink, true);
          lent.fill(0xff);
        }
        expect(events).toEqual(expected);
        for (const [, data] of events) {
          if (!(data instanceof Uint8Array)) expect.unreachable();
          expect(data.buffer).not.toBe(lent.buffer);
          expect(data).not.toBeInstanceOf(Buffer);
        }
      }
    }
  });

  test('a message put together holds no more than twice itself', () => {
    const { events, decode } = decoding('server');
    const bytes = frames(
      'server',
      { fin: false, opcode: Opcode.binary, payload: countedOctets(300) },
      { opcode: Opcode.continuation, payload: countedOctets(10) },
    );
    decode(bytes);
    expect(binaryOf(events).buffer.byteLength).toBeLessThanOrEqual(620);
  });

  test('what is kept over a chunk’s end is a copy', () => {
    const { events, decode } = decoding('client');
    const bytes = frames(
      'client',
      { opcode: Opcode.ping, payload: utf8('ping') },
      { opcode: Opcode.text, payload: utf8('text') },
    );
    for (const octet of bytes) {
      const chunk = Uint8Array.of(octet);
      decode(chunk);
      chunk.fill(0xff);
    }
    expect(events).toEqual([
      ['control', Opcode.ping, utf8('ping')],
      ['message', 'text'],
    ]);
  });
});

describe('where it stands', () => {
  test('midMessage: inside a frame, its header, or between fragments', () => {
    const { decoder, decode } = decoding('client');
    const states: boolean[] = [decoder.midMessage];
    const bytes = frames(
      'client',
      { fin: false, opcode: Opcode.text },
      { opcode: Opcode.continuation, payload: utf8('a') },
      { opcode: Opcode.ping },
    );
    for (const octet of bytes) {
      decode(Uint8Array.of(octet));
      states.push(decoder.midMessage);
    }
    // 6 octets of an empty fragment, 7 of the last one, 6 of a ping.
    expect(states).toEqual([false, ...Array(12).fill(true), false, ...Array(5).fill(true), false]);
  });

  test('after stop nothing is held, handed out or judged', () => {
    for (const before of [
      hex('81'),
      hex('82 05 01 02'),
      hex('89 05 01 02'),
      hex('01 02 61 62'),
      hex('02 02 61 62 00 04 63'),
    ]) {
      const { decoder, events, decode } = decoding('server');
      decode(before);
      expect(decoder.midMessage).toBe(true);
      decoder.stop();
      expect(decoder.midMessage).toBe(false);
      expect(decoder.heldAmount).toBe(0);
      decode(hex('89 00'));
      decode(hex('ff ff'));
      expect(events).toEqual([]);
    }
  });

  test('stop from within an event ends the chunk there', () => {
    const decoder = new Decoder({ masked: false, maxMessageLength: limit });
    const seen: number[] = [];
    for (const chunk of [hex('89'), hex('00 8a 00 ff ff')]) {
      decoder.decode(Buffer.from(chunk), {
        message: () => expect.unreachable(),
        control(opcode) {
          seen.push(opcode);
          if (opcode === Opcode.pong) decoder.stop();
        },
      });
    }
    expect(seen).toEqual([Opcode.ping, Opcode.pong]);
  });
});

describe('properties', () => {
  const payloads = fc.oneof(
    fc.uint8Array({ maxLength: 10 }),
    fc.integer({ min: 120, max: 400 }).map(countedOctets),
  );
  const messages = fc.array(
    fc.record({
      text: fc.boolean(),
      string: fc.string({ unit: 'grapheme', maxLength: 20 }),
      payload: payloads,
      parts: fc.integer({ min: 1, max: 4 }),
      ping: fc.option(fc.uint8Array({ maxLength: 125 })),
    }),
    { maxLength: 6 },
  );

  test('any messages, fragmented and chopped anyhow, arrive as they were', () => {
    fc.assert(
      fc.property(messages, fc.constantFrom(...senders), fc.nat(), (list, from, cutSeed) => {
        const all: Frame[] = [];
        const expected: Event[] = [];
        for (const { text, string, payload, parts, ping } of list) {
          const bytes = text ? utf8(string) : payload;
          for (let part = 0; part < parts; part++) {
            const [start, end] = [part, part + 1].map((each) => Math.floor((bytes.length * each) / parts));
            all.push({
              fin: part === parts - 1,
              opcode: part > 0 ? Opcode.continuation : text ? Opcode.text : Opcode.binary,
              payload: bytes.subarray(start, end),
            });
            if (part > 0 || ping === null) continue;
            all.push({ opcode: Opcode.ping, payload: ping });
            if (parts > 1) expected.push(['control', Opcode.ping, ping]);
          }
          expected.push(['message', text ? string : bytes]);
          if (parts === 1 && ping !== null) expected.push(['control', Opcode.ping, ping]);
        }
        const vector = frames(from, ...all);
        const random = seededRandom(cutSeed);
        const { events, decode } = decoding(from);
        for (let index = 0; index < vector.length; ) {
          const length = 1 + Math.floor(random() * random() * 60);
          decode(vector.slice(index, index + length));
          index += length;
        }
        expect(events).toEqual(expected);
      }),
      { seed, numRuns: 300 },
    );
  });

  test('any octets give the same events, or the same error, however they are cut', () => {
    const random = seededRandom(seed);
    for (let run = 0; run < 2000; run++) {
      const from = senders[run % 2] as Sender;
      const list = Array.from({ length: 1 + Math.floor(random() * 4) }, () =>
        frames(from, {
          fin: random() < 0.7,
          opcode: Math.floor(random() * 3),
          payload: random() < 0.5 ? utf8('aé€') : randomOctets(Math.floor(random() * 6), random),
        }),
      );
      const bytes = concat(...list, randomOctets(Math.floor(random() * 4), random));
      // One octet changed makes most streams illegal somewhere.
      if (random() < 0.5) bytes[Math.floor(random() * bytes.length)] = random() * 256;
      const outcome = (chunks: readonly Uint8Array[]): unknown => {
        const { events, decode } = decoding(from, 100);
        const error = errorOf(() => chunks.forEach(decode));
        return [events, error?.closeCode, error?.section];
      };
      const whole = outcome([bytes.slice()]);
      forEachChopping(
        bytes,
        seed + run,
        ({ chunks }) => expect(outcome(chunks), `run ${run}`).toEqual(whole),
        { tail: new Uint8Array(0), randomRuns: 2 },
      );
    }
  });
});

describe('the short way for whole messages is as strict as the long one', () => {
  const extensions: readonly (readonly [number, string])[] = [
    [0, ''],
    [1, ''],
    [124, ''],
    [125, ''],
    [126, '00 00'],
    [126, '00 05'],
    [126, '00 7d'],
    [126, '00 7e'],
    [126, '00 c8'],
    [126, '00 c9'],
    [126, '01 00'],
    [127, '00 00 00 00 00 00 00 05'],
    [127, '00 00 00 00 00 00 00 c8'],
    [127, '80 00 00 00 00 00 00 00'],
  ];

  for (const from of senders) {
    for (const [name, contextWindow] of [
      ['without compression', undefined],
      ['with compression', DeflateWindow.fresh(15, true)],
    ] as const) {
      test(`every first octet, each form of length, masked or not, from a ${from}, ${name}`, () => {
        const tail = tailOf(from);
        let messages = 0;
        let refusals = 0;
        for (let first = 0; first < 256; first++) {
          for (const maskBit of [0, 0x80]) {
            for (const [form, extension] of extensions) {
              const header = Uint8Array.of(first, maskBit | form, ...hex(extension));
              // A key of 0, so that what follows is the same ASCII for either, and frames of its own as well.
              const bytes = concat(header, hex('00 00 00 00'), new Uint8Array(256).fill(0x61), tail);
              const outcome = (...cuts: readonly number[]): unknown => {
                const { events, decoder, decode } = decoding(from, 200, contextWindow);
                const error = errorOf(() => {
                  let start = 0;
                  for (const end of [...cuts, bytes.length]) {
                    decode(bytes.slice(start, end));
                    start = end;
                  }
                });
                if (events.some(([kind]) => kind === 'message')) messages++;
                if (error !== undefined) refusals++;
                return [events, error?.closeCode, error?.section, error?.explanation, decoder.midMessage];
              };
              // A header that is cut after its first octet takes the long way.
              expect(outcome(), `${first} ${maskBit} ${form} ${extension}`).toEqual(outcome(1));
            }
          }
        }
        expect(messages).toBeGreaterThan(10);
        expect(refusals).toBeGreaterThan(10_000);
      });
    }
  }

  test('the rest of a header is not taken for a frame, however it looks', () => {
    const { events, decode } = decoding('client');
    // Behind the cut there is what could be an empty text.
    for (const chunk of [hex('82'), hex('81 80 11 22 33 e1')]) decode(chunk);
    expect(events).toEqual([['message', hex('61')]]);
  });

  test('stop from within a message ends the chunk there, whatever follows', () => {
    for (const rest of [
      hex('81 01 62 81 01 63'),
      hex('89 00 00 00 00 00'),
      hex('81 01'),
      hex('01 01 62'),
      hex('ff ff'),
    ]) {
      const decoder = new Decoder({ masked: false, maxMessageLength: limit });
      const seen: unknown[] = [];
      decoder.decode(Buffer.from(concat(hex('81 05 68 65 6c 6c 6f'), rest)), {
        message(data) {
          seen.push(data);
          decoder.stop();
        },
        control: () => expect.unreachable(),
      });
      expect(seen).toEqual(['hello']);
      expect(decoder.frames.list()).toHaveLength(1);
      expect(decoder.midMessage).toBe(false);
    }
  });

  test('messages from memory with a kernel are the same as from any other', () => {
    const random = seededRandom(seed);
    const list: Frame[] = [];
    for (let count = 0; count < 300; count++) {
      const length = Math.floor(random() ** 4 * 3000);
      const letters = random() < 0.5 ? 'plain ' : 'é漢😀';
      list.push(
        random() < 0.7
          ? {
              opcode: Opcode.text,
              payload: utf8(letters.repeat(length / 6)),
              maskingKey: (random() * 2 ** 32) >>> 0,
            }
          : {
              opcode: Opcode.binary,
              payload: randomOctets(length, random),
              maskingKey: (random() * 2 ** 32) >>> 0,
            },
      );
    }
    const vector = frames('client', ...list);
    const expected = decoding('client', limit);
    expected.decode(vector.slice());
    const readBuffer = createReadBuffer(1000);
    const events: Event[] = [];
    const decoder = new Decoder({ masked: true, maxMessageLength: limit });
    const sink = { message: (data: string | Uint8Array) => events.push(['message', data]), control() {} };
    for (let index = 0; index < vector.length; index += 1000) {
      const part = vector.subarray(index, index + 1000);
      readBuffer.set(part);
      decoder.decode(readBuffer.subarray(0, part.length), sink, true);
      readBuffer.fill(0xff);
    }
    expect(events).toHaveLength(300);
    expect(events).toEqual(expected.events);
  });
});

describe('compressed messages (RFC 7692 §6.2, §7.2.2)', () => {
  const window = DeflateWindow.fresh(15, true);
  const level = 6;
  const hello = hex('f2 48 cd c9 c9 07 00');

  for (const from of senders) {
    test(`Hello and again Hello, text and binary, from a ${from}`, () => {
      const bytes = frames(
        from,
        { rsv1: true, opcode: Opcode.text, payload: hello },
        // What came without compression does not enter the window.
        { opcode: Opcode.text, payload: utf8('not this') },
        { rsv1: true, opcode: Opcode.binary, payload: hex('f2 00 11 00 00') },
      );
      const expected: readonly Event[] = [
        ['message', 'Hello'],
        ['message', 'not this'],
        ['message', utf8('Hello')],
      ];
      expectEvents(from, bytes, expected, window, 10);
    });

    test(`in fragments with control frames between, from a ${from}`, () => {
      for (const [opcode, message] of [
        [Opcode.text, 'Hello'],
        [Opcode.binary, utf8('Hello')],
      ] as const) {
        const bytes = frames(
          from,
          { fin: false, rsv1: true, opcode, payload: hello.subarray(0, 3) },
          { opcode: Opcode.ping, payload: utf8('?') },
          { fin: false, opcode: Opcode.continuation },
          { fin: false, opcode: Opcode.continuation, payload: hello.subarray(3) },
          { opcode: Opcode.continuation },
        );
        const expected: readonly Event[] = [
          ['control', Opcode.ping, utf8('?')],
          ['message', message],
        ];
        expectEvents(from, bytes, expected, window, 5);
      }
    });
  }

  test('without context takeover nothing is held between messages', () => {
    const bytes = frames(
      'server',
      { rsv1: true, opcode: Opcode.text, payload: hello },
      { rsv1: true, opcode: Opcode.text, payload: hello },
    );
    expectEvents(
      'server',
      bytes,
      [
        ['message', 'Hello'],
        ['message', 'Hello'],
      ],
      DeflateWindow.fresh(15, false),
    );
  });

  test('text that is not UTF-8 once it is inflated is refused, also at its end', () => {
    for (const octets of [hex('61 ff'), hex('e2 82')]) {
      const { decode } = decoding('server', limit, window);
      const payload = deflate(octets, window, level);
      const bytes = frames('server', { rsv1: true, opcode: Opcode.text, payload });
      expect(errorOf(() => decode(bytes))).toMatchObject({ closeCode: 1007, section: 'RFC 6455 §8.1' });
    }
  });

  test('data that is not DEFLATE is refused', () => {
    const { decode } = decoding('server', limit, window);
    const error = errorOf(() => decode(frames('server', { rsv1: true, opcode: 0x2, payload: hex('ff ff') })));
    expect(error).toMatchObject({ closeCode: 1007 });
    expect(error?.section).toContain('RFC 7692');
  });

  test('a message that inflates beyond the limit is refused, text and binary; at the limit it is not', () => {
    for (const opcode of [Opcode.text, Opcode.binary]) {
      for (const [length, closeCode] of [
        [1000, undefined],
        [1001, 1009],
        [1_000_000, 1009],
      ] as const) {
        const { decode, events } = decoding('server', 1000, window);
        // A million octets become a thousand, so it is inflating that has to stop.
        const payload = deflate(new Uint8Array(length).fill(0x61), window, level);
        const error = errorOf(() => decode(frames('server', { rsv1: true, opcode, payload })));
        expect(error?.closeCode).toBe(closeCode);
        expect(events).toHaveLength(closeCode === undefined ? 1 : 0);
      }
    }
  });

  test('RSV1 is refused where no compression was agreed on, and behind stop nothing is held', () => {
    const bytes = frames('server', { rsv1: true, opcode: Opcode.text, payload: hello });
    expect(errorOf(() => decoding('server').decode(bytes))).toMatchObject({
      closeCode: 1002,
      section: 'RFC 6455 §5.2',
    });
    const { decoder, decode } = decoding('server', limit, window);
    decode(bytes);
    expect(decoder.heldAmount).toBe(5);
    decoder.stop();
    expect(decoder.heldAmount).toBe(0);
  });
});

describe('the frames that passed', () => {
  const lengthsOf = (chunks: readonly Uint8Array[]): readonly number[] => {
    const decoder = new Decoder({ masked: false, maxMessageLength: 100 });
    const sink = { message: () => {}, control: () => {} };
    errorOf(() => {
      for (const chunk of chunks) decoder.decode(Buffer.from(chunk), sink);
    });
    return decoder.frames.list().map(({ payloadLength }) => payloadLength);
  };

  test('a length that did not come before the refusal is 0', () => {
    expect(lengthsOf([hex('a2 7e')])).toEqual([0]);
    expect(lengthsOf([hex('a2 7f')])).toEqual([0]);
    expect(lengthsOf([hex('a2 05')])).toEqual([5]);
  });

  test('each is noted once in any cut, the one that is refused too', () => {
    for (const bytes of [
      hex('81 01 61 89 02 61 62 82 7e 00 7e'),
      hex('81 01 61 89 02 61 62 82 7e 00 c8'),
      hex('81 01 61 89 02 61 62 a2 7e'),
    ]) {
      forEachChopping(bytes, seed, ({ chunks }) => expect(lengthsOf(chunks).slice(0, 2)).toEqual([1, 2]), {
        tail: hex('81'),
      });
      forEachChopping(bytes, seed, ({ chunks }) => expect(lengthsOf(chunks)).toHaveLength(3), {
        tail: hex('81'),
      });
    }
  });
});
