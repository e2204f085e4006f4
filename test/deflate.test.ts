import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import nodeZlib, {
  createDeflateRaw,
  createInflateRaw,
  type DeflateRaw,
  deflateRawSync,
  type InflateRaw,
  type ZlibOptions,
  constants as zlib,
} from 'node:zlib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CloseCode, maximumReasonLength, type ProtocolError } from '../src/close.ts';
import {
  DeflateWindow,
  deflate,
  inflate,
  isCompressible,
  isWorthwhile,
  maximumCompressedLength,
} from '../src/deflate.ts';
import { seededRandom } from './support/chopping.ts';
import { follow, type InflateStep, inflateSteps } from './support/inflate-steps.ts';
import { concat, countedOctets, hex, randomOctets, utf8 } from './support/octets.ts';
import { Program } from './support/process.ts';
import { errorOf } from './support/protocol-error.ts';

const none = new Uint8Array(0);
const tail = hex('00 00 ff ff');
const everyBits = [8, 9, 10, 11, 12, 13, 14, 15];
const mebibyte = 1024 * 1024;
const fresh = (bits = 15, takeover = true) => DeflateWindow.fresh(bits, takeover);
const text = (octets: Uint8Array) => Buffer.from(octets).toString();

/** The ProtocolError that the payload costs, after a look at its wording; undefined when it is a message. */
function refused(
  payload: Uint8Array,
  window = fresh(),
  limit = mebibyte,
): Partial<ProtocolError> | undefined {
  const error = errorOf(() => inflate(payload, window, limit));
  if (error === undefined) return undefined;
  const { closeCode, section, explanation } = error;
  expect(explanation).toMatch(/^[A-Z].*\.$/);
  expect(Buffer.byteLength(explanation)).toBeLessThanOrEqual(maximumReasonLength);
  return { closeCode, section };
}

const notDeflate = { closeCode: CloseCode.invalidPayload, section: 'RFC 7692 §7.2.2' };
const tooBig = { closeCode: CloseCode.messageTooBig, section: 'RFC 6455 §10.4' };

/** A message that looks back: words, repeated octets, noise, or nothing; of up to so many octets. */
function randomMessage(random: () => number, most: number): Uint8Array {
  const length = Math.floor(random() ** 3 * most);
  const kind = Math.floor(random() * 4);
  if (kind === 0) return randomOctets(length, random);
  if (kind === 1) return new Uint8Array(length).fill(random() * 256);
  const alphabet = kind === 2 ? 3 : 40;
  return Uint8Array.from({ length }, () => 97 + Math.floor(random() * alphabet));
}

/** Runs the body with seeded randomness; a failure names the seed. */
function withSeed(seed: number, body: (random: () => number) => void): void {
  try {
    body(seededRandom(seed));
  } catch (error) {
    if (error instanceof Error) error.message = `[seed ${seed}] ${error.message}`;
    throw error;
  }
}

const seeds = (count: number) => Array.from({ length: count }, (_, index) => 7692 + index);

describe('deflate', () => {
  it('makes the one block of §7.2.3.1', () => {
    expect(deflate(utf8('Hello'), fresh(), 6)).toEqual(hex('f2 48 cd c9 c9 07 00'));
  });

  it('points back into the window (§7.2.3.2)', () => {
    const window = fresh().after(utf8('Hello'));
    // The RFC's example has H as itself, and only the rest as a pointer.
    expect(deflate(utf8('Hello'), window, 6)).toEqual(hex('02 13 00 00'));
    expect(deflate(utf8('ello'), window, 6)).toEqual(hex('02 61 00 00'));
  });

  it('makes one octet of nothing, in any window (§7.2.3.6)', () => {
    for (const bits of everyBits) {
      for (let level = 1; level <= 9; level++) {
        expect(deflate(none, fresh(bits), level)).toEqual(hex('00'));
        expect(deflate(none, fresh(bits).after(utf8('Hello')), level)).toEqual(hex('00'));
      }
    }
  });

  it('only reads its arguments', () => {
    const message = utf8('Hello Hello Hello');
    const window = fresh(8).after(utf8('Hello'));
    const { octets } = window;
    inflate(deflate(message, window, 9), window, 100);
    expect(message).toEqual(utf8('Hello Hello Hello'));
    expect(window.octets).toBe(octets);
    expect(octets).toEqual(utf8('Hello'));
  });

  it('makes high levels smaller', () => {
    const random = seededRandom(1);
    const message = Uint8Array.from({ length: 20_000 }, () => 97 + Math.floor(random() * 3));
    const [fast, small] = [1, 9].map((level) => deflate(message, fresh(), level).length);
    expect(small).toBeLessThan((fast ?? 0) * 0.98);
  });

  it.each(seeds(24))('never points back further than the window, seed %d', (seed) => {
    withSeed(seed, (random) => {
      for (const bits of everyBits) {
        let window = fresh(bits);
        for (let count = 0; count < 4; count++) {
          const message = randomMessage(random, 5000);
          const payload = deflate(message, window, 1 + Math.floor(random() * 9));
          const steps = [...inflateSteps(concat(payload, tail))];
          expect(furthest(steps)).toBeLessThanOrEqual(2 ** bits);
          expect(follow(steps, window.octets)).toEqual(message);
          window = window.after(message);
        }
      }
    });
  });

  it.each(everyBits)('finds what is just inside of %d bits, and not what is outside', (bits) => {
    // Noise, and then its start again: the only pointer there can be spans the noise.
    const pointerOver = (length: number) => {
      const noise = randomOctets(length, seededRandom(length));
      const repeated = noise.subarray(0, 200);
      const context = fresh(bits).after(noise);
      const steps = [
        ...inflateSteps(concat(deflate(repeated, context, 9), tail)),
        ...inflateSteps(concat(deflate(concat(noise, repeated), fresh(bits), 9), tail)),
      ];
      return furthest(steps);
    };
    // zlib looks back no further than its window less 262 octets, and has none of 8 bits.
    const reach = Math.max(2 ** bits, 512) - 262;
    expect(pointerOver(reach)).toBe(reach);
    for (const past of [1, 2, 5, 6, 7, 100, 200, 261, 262, 263]) {
      expect(pointerOver(reach + past)).toBeLessThanOrEqual(2 ** bits);
    }
  });
});

function furthest(steps: readonly InflateStep[]): number {
  return steps.reduce((most, step) => (step.kind === 'match' ? Math.max(most, step.distance) : most), 0);
}

describe('inflate', () => {
  it.each([
    ['one block (§7.2.3.1)', 'f2 48 cd c9 c9 07 00'],
    ['a stored block (§7.2.3.3)', '00 05 00 fa ff 48 65 6c 6c 6f 00'],
    ['a final block and the empty one (§7.2.3.4)', 'f3 48 cd c9 c9 07 00 00'],
    ['two blocks (§7.2.3.5)', 'f2 48 05 00 00 00 ff ff ca c9 c9 07 00'],
    ['two final blocks', 'f3 48 05 00 cb c9 c9 07 00 00'],
    ['a stored block and a final one that is empty', '00 05 00 fa ff 48 65 6c 6c 6f 01'],
  ])('reads %s', (_, payload) => {
    for (const bits of everyBits) {
      for (const takeover of [true, false]) {
        expect(text(inflate(hex(payload), fresh(bits, takeover), 5))).toBe('Hello');
      }
    }
  });

  it('reads a pointer into the window (§7.2.3.2)', () => {
    expect(text(inflate(hex('f2 00 11 00 00'), fresh(8).after(utf8('Hello')), 5))).toBe('Hello');
    expect(refused(hex('f2 00 11 00 00'), fresh(8, false).after(utf8('Hello')))).toEqual(notDeflate);
  });

  it.each(['00', '01', '02 00', '03 00 00', '00 00 00 ff ff 00'])(
    'reads an empty message from %s',
    (payload) => {
      expect(inflate(hex(payload), fresh(), 0)).toHaveLength(0);
    },
  );

  it.each([
    ['no octets at all', ''],
    ['no empty block at the end', 'f2 48 cd c9 c9 07'],
    ['nothing behind a final block', 'f3 48 cd c9 c9 07 00'],
    ['a block type that does not exist', '06'],
    ['lengths that disagree', '00 05 00 fa fe 48 65 6c 6c 6f 00'],
    ['a pointer before the window', 'f2 00 11 00 00'],
    ['a stored block that goes on behind the end', '00 06 00 f9 ff 48'],
    ['a final stored block that goes on behind the end', '01 05 00 fa ff'],
  ])('refuses %s', (_, payload) => {
    expect(refused(hex(payload))).toEqual(notDeflate);
  });

  it.each(seeds(16))('undoes deflate, seed %d', (seed) => {
    withSeed(seed, (random) => {
      for (const bits of everyBits) {
        for (const takeover of [true, false]) {
          let [sender, receiver] = [fresh(bits, takeover), fresh(bits, takeover)];
          for (let count = 0; count < 4; count++) {
            const message = randomMessage(random, 70_000);
            const payload = deflate(message, sender, 1 + Math.floor(random() * 9));
            const inflated = inflate(payload, receiver, message.length);
            expect(Buffer.compare(inflated, message)).toBe(0);
            sender = sender.after(message);
            receiver = receiver.after(inflated);
            expect(receiver.equals(sender)).toBe(true);
          }
        }
      }
    });
  });

  it.each([
    [
      'text',
      () => Uint8Array.from({ length: 16 * mebibyte }, (_, index) => 97 + ((index ^ (index >> 5)) & 15)),
    ],
    ['noise', () => randomOctets(16 * mebibyte, seededRandom(16))],
  ])('takes 16 MiB of %s', (_, make) => {
    const message = make();
    const window = fresh(11);
    const payload = deflate(message, window, 1);
    expect(Buffer.compare(inflate(payload, window, message.length), message)).toBe(0);
    expect(refused(payload, window, message.length - 1)).toEqual(tooBig);
  });

  it.each([1, 2, 100, 1023, 1024, 1025, 8192, 65_535, 65_536, 65_537, 200_000])(
    'takes a message of the limit, %d octets, and not of one more',
    (length) => {
      for (const message of [countedOctets(length), new Uint8Array(length)]) {
        const payload = deflate(message, fresh(), 6);
        expect(inflate(payload, fresh(), length)).toHaveLength(length);
        expect(inflate(payload, fresh(), Number.POSITIVE_INFINITY)).toHaveLength(length);
        expect(refused(payload, fresh(), length - 1)).toEqual(tooBig);
      }
    },
  );

  it('stops a bomb at the limit, with a window as agreed', () => {
    const bomb = deflate(new Uint8Array(256 * mebibyte), fresh(), 9);
    expect(bomb.length).toBeLessThan(2 * mebibyte);
    const calls = watchInflate();
    expect(refused(bomb, fresh(11), mebibyte)).toEqual(tooBig);
    // One octet more, for the mark at the end.
    expect(calls).toMatchObject([{ maxOutputLength: mebibyte + 1, windowBits: 11 }]);
  });

  it('says what is wrong with no octets', () => {
    expect(errorOf(() => inflate(none, fresh(), 1))?.explanation).toBe(
      'A compressed message cannot be inflated: it is empty, and even an empty message takes an octet.',
    );
  });
});

describe('what is made', () => {
  it.each(['counted', 'zeros'])('keeps no more memory alive than twice its length, %s octets', (kind) => {
    for (const length of [1, 10, 100, 1000, 5000, 20_000, 100_000]) {
      const message = kind === 'zeros' ? new Uint8Array(length) : countedOctets(length);
      const payload = deflate(message, fresh(), 6);
      const pieces = concat(deflateRawSync(message), payload);
      for (const made of [payload, inflate(payload, fresh(), length), inflate(pieces, fresh(), 2 * length)]) {
        expect(made.buffer.byteLength).toBeLessThanOrEqual(2 * made.length);
        expect(made.constructor).toBe(Uint8Array);
      }
    }
  });
});

describe('inflate, with final blocks inside a message (§7.2.3.4)', () => {
  /** The payload of a sender that ends its DEFLATE data after each piece. */
  const inPieces = (pieces: readonly Uint8Array[], options: ZlibOptions = {}) =>
    concat(...pieces.map((piece) => deflateRawSync(piece, options)), hex('00'));

  it('goes on behind each, with the window so far', () => {
    const pieces = [utf8('one, two, '), utf8('one, two, three, '), utf8('one, two, three, four')];
    const window = fresh(9).after(utf8('zero, one'));
    let slid = window;
    const payload = concat(
      ...pieces.map((piece) => {
        const data = deflateRawSync(piece, { dictionary: slid.octets, windowBits: 9 });
        slid = slid.after(piece);
        return data;
      }),
      hex('00'),
    );
    expect(payload.length).toBeLessThan(pieces.reduce((sum, piece) => sum + piece.length, 0));
    expect(inflate(payload, window, 48)).toEqual(concat(...pieces));
    expect(refused(payload, window, 47)).toEqual(tooBig);
  });

  it('keeps the window inside of a message when none is taken over', () => {
    const second = deflateRawSync(utf8('Hello'), { dictionary: utf8('Hello') });
    const payload = concat(deflateRawSync(utf8('Hello')), second, hex('00'));
    expect(text(inflate(payload, fresh(8, false), 10))).toBe('HelloHello');
  });

  it('counts the limit over all of them', () => {
    const payload = inPieces([new Uint8Array(600), new Uint8Array(400), none]);
    expect(inflate(payload, fresh(), 1000)).toHaveLength(1000);
    expect(refused(payload, fresh(), 999)).toEqual(tooBig);
    expect(refused(payload, fresh(), 600)).toEqual(tooBig);
    expect(refused(payload, fresh(), 599)).toEqual(tooBig);
  });

  it('counts the limit over all of them in what zlib reads', () => {
    const random = seededRandom(1000);
    const payload = inPieces([randomOctets(600, random), randomOctets(400, random), none]);
    expect(inflate(payload, fresh(), 1000)).toHaveLength(1000);
    for (const limit of [999, 600, 599]) expect(refused(payload, fresh(), limit)).toEqual(tooBig);
  });

  it('takes eight of the smallest, and no more in a short message', () => {
    const emptyBlocks = (count: number) => inPieces(Array.from({ length: count }, () => none));
    expect(inflate(emptyBlocks(8), fresh(), 0)).toHaveLength(0);
    expect(refused(emptyBlocks(9))).toEqual(tooBig);
  });

  it('takes as many as a sender has that flushes by them', () => {
    const random = seededRandom(256);
    const pieces = Array.from({ length: 400 }, () => randomOctets(300, random));
    expect(Buffer.compare(inflate(inPieces(pieces), fresh(), 120_000), concat(...pieces))).toBe(0);
  });

  it('gives up early on a message of nothing else', () => {
    const calls = watchInflate();
    expect(refused(new Uint8Array(Buffer.alloc(mebibyte, hex('03 00'))))).toEqual(tooBig);
    expect(calls).toHaveLength(9 + mebibyte / 256);
    // Nor does each take as much memory as the first, which might have been the whole message.
    const [first, ...others] = calls.map(({ chunkSize }) => chunkSize);
    expect([first, new Set(others)]).toEqual([65_536, new Set([1024])]);
  });
});

describe('inflate, with data that were damaged', () => {
  /** What the data say by themselves, undefined for nonsense. `inflate` may refuse more than this, but not read more. */
  const readPlainly = (payload: Uint8Array, window: DeflateWindow): Uint8Array | undefined => {
    try {
      return follow(inflateSteps(concat(payload, tail)), window.octets);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  };

  const sample = (random: () => number, most: number) => {
    const window = fresh(8 + Math.floor(random() * 8)).after(randomMessage(random, most));
    const message = randomMessage(random, most);
    return { window, payload: deflate(message, window, 1 + Math.floor(random() * 9)) };
  };

  /** Octets or undefined for a ProtocolError, after a look at it. */
  const attempt = (payload: Uint8Array, window: DeflateWindow, limit: number): Uint8Array | undefined => {
    const error = refused(payload, window, limit);
    expect([undefined, notDeflate, tooBig]).toContainEqual(error);
    return error === undefined ? inflate(payload, window, limit) : undefined;
  };

  it.each(seeds(24))('finds every cut inside a block, seed %d', (seed) => {
    withSeed(seed, (random) => {
      const { payload, window } = sample(random, 1000);
      expect(refused(none, window)).toEqual(notDeflate);
      for (let length = 1; length < payload.length; length++) {
        const cut = payload.subarray(0, length);
        // A stored block that lacks four octets at the end is whole with the tail (§7.2.2); hardly any other cut is.
        const plainly = readPlainly(cut, window);
        if (plainly === undefined) expect(refused(cut, window)).toEqual(notDeflate);
        else expect(Buffer.compare(inflate(cut, window, 2000), plainly)).toBe(0);
      }
    });
  });

  it.each(seeds(24))('gives what the octets say or a ProtocolError for flipped bits, seed %d', (seed) => {
    withSeed(seed, (random) => {
      const { payload, window } = sample(random, 1000);
      for (let run = 0; run < 100; run++) {
        const damaged = Uint8Array.from(payload);
        for (let flips = 1 + Math.floor(random() * 3); flips > 0; flips--) {
          const at = Math.floor(random() * damaged.length);
          damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(random() * 8));
        }
        const octets = attempt(damaged, window, 4000);
        if (octets !== undefined) expect(octets).toEqual(readPlainly(damaged, window));
      }
    });
  });

  it.each(seeds(12))('gives what the octets say or a ProtocolError for noise, seed %d', (seed) => {
    withSeed(seed, (random) => {
      const window = fresh(8).after(randomOctets(200, random));
      for (let run = 0; run < 200; run++) {
        const noise = randomOctets(1 + Math.floor(random() * 40), random);
        const octets = attempt(noise, window, 500);
        if (octets !== undefined) expect(octets).toEqual(readPlainly(noise, window));
      }
    });
  });
});

type InflateSync = (data: Uint8Array, options: ZlibOptions) => unknown;

/** Puts something else in the place of zlib's inflateRawSync until the test is over. */
function replaceInflate(replacement: InflateSync): void {
  vi.spyOn(nodeZlib, 'inflateRawSync').mockImplementation(replacement as typeof nodeZlib.inflateRawSync);
  syncBuiltinESMExports();
}

/** The options of each call of inflateRawSync until the test is over. */
function watchInflate(): ZlibOptions[] {
  const { inflateRawSync } = nodeZlib;
  const calls: ZlibOptions[] = [];
  replaceInflate((data, options) => {
    calls.push(options);
    return inflateRawSync(data, options);
  });
  return calls;
}

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

describe('inflate, when zlib itself fails', () => {
  /** Too long to be read by hand: a stored block of zeros. */
  const large = concat(Uint8Array.of(0, 0xe8, 0x03, 0x17, 0xfc), new Uint8Array(1000), Uint8Array.of(0));
  const failures = [
    Object.assign(new Error('insufficient memory'), { code: 'Z_MEM_ERROR' }),
    new RangeError('Array buffer allocation failed'),
    'no error at all',
  ];
  it.each(failures)('throws on what is not the peer’s fault: %s', (failure) => {
    replaceInflate(() => {
      throw failure;
    });
    let thrown: unknown;
    try {
      inflate(large, fresh(), 1000);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(failure);
  });

  it.each([
    [{}],
    [{ buffer: none }],
    [{ buffer: none, engine: {} }],
    [{ buffer: none, engine: { bytesWritten: '7' } }],
    [{ buffer: 'Hello', engine: { bytesWritten: 7 } }],
  ])('does not go on with a result of another shape: %j', (result) => {
    replaceInflate(() => result);
    expect(() => inflate(large, fresh(), 1000)).toThrow(TypeError);
  });
});

describe('with the streams of zlib at the other end', () => {
  /** What a live stream makes of the octets up to a flush. */
  async function through(stream: DeflateRaw | InflateRaw, octets: Uint8Array): Promise<Uint8Array> {
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer) => void chunks.push(chunk);
    stream.on('data', take);
    stream.write(octets);
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject);
      stream.flush(zlib.Z_SYNC_FLUSH, resolve);
    });
    stream.off('data', take);
    stream.removeAllListeners('error');
    return concat(...chunks);
  }

  async function closed(stream: DeflateRaw | InflateRaw): Promise<void> {
    stream.close();
    await once(stream, 'close');
  }

  it.each(everyBits)('a stock inflater of %d bits reads our messages, one after the other', async (bits) => {
    const random = seededRandom(bits);
    const stream = createInflateRaw({ windowBits: bits });
    let window = fresh(bits);
    for (let count = 0; count < 60; count++) {
      const message = randomMessage(random, 9000);
      const payload = deflate(message, window, 1 + Math.floor(random() * 9));
      expect(Buffer.compare(await through(stream, concat(payload, tail)), message)).toBe(0);
      window = window.after(message);
    }
    await closed(stream);
  });

  it.each(everyBits)('we read the messages of a stock deflater of %d bits', async (bits) => {
    const random = seededRandom(100 + bits);
    const stream = createDeflateRaw({ windowBits: bits });
    let window = fresh(bits);
    for (let count = 0; count < 60; count++) {
      const message = concat(randomMessage(random, 9000), Uint8Array.of(count));
      const data = await through(stream, message);
      expect(data.subarray(-4)).toEqual(tail);
      const inflated = inflate(data.subarray(0, -4), window, message.length);
      expect(Buffer.compare(inflated, message)).toBe(0);
      window = window.after(inflated);
    }
    await closed(stream);
  });
});

describe('DeflateWindow', () => {
  it('begins empty, with one object for each kind', () => {
    for (const bits of everyBits) {
      for (const takeover of [true, false]) {
        const window = fresh(bits, takeover);
        expect(window).toMatchObject({ bits, takeover, octets: none });
        expect(DeflateWindow.fresh(bits, takeover)).toBe(window);
      }
    }
    expect(fresh(9, true)).not.toBe(fresh(9, false));
  });

  it.each([7, 16, 8.5, Number.NaN])('has no %d bits', (bits) => {
    expect(() => DeflateWindow.fresh(bits, true)).toThrow(RangeError);
  });

  it('keeps the last octets, the newest last', () => {
    const random = seededRandom(5);
    for (const bits of everyBits) {
      let window = fresh(bits);
      let all: Uint8Array = none;
      for (const length of [1, 0, 100, 155, 1, 2 ** bits - 1, 3, 2 ** bits, 2 ** bits + 1, 70_000, 5]) {
        const message = randomOctets(length, random);
        const before = window.octets.slice();
        const next = window.after(message);
        all = concat(all, message).slice(-(2 ** bits));
        expect(Buffer.compare(next.octets, all)).toBe(0);
        expect(Buffer.compare(window.octets, before)).toBe(0);
        window = next;
      }
    }
  });

  it('is itself after nothing, and when nothing is taken over', () => {
    const window = fresh(10).after(utf8('Hello'));
    expect(window.after(none)).toBe(window);
    expect(fresh(10, false).after(utf8('Hello'))).toBe(fresh(10, false));
  });

  it('has memory of its own, and no more than its octets', () => {
    const chunk = Buffer.from('Hello, hello');
    for (const message of [chunk, chunk.subarray(0, 5), new Uint8Array(100_000)]) {
      const { octets } = fresh(11).after(message).after(chunk.subarray(5));
      expect(octets.buffer).not.toBe(message.buffer);
      expect(octets.buffer.byteLength).toBe(octets.length);
    }
    const window = fresh(11).after(chunk);
    chunk.fill(0);
    expect(window.octets).toEqual(utf8('Hello, hello'));
  });

  it('equals another with the same octets, bits and takeover', () => {
    const hello = fresh(11).after(utf8('Hello'));
    expect(hello.equals(hello)).toBe(true);
    expect(hello.equals(fresh(11).after(utf8('Hel')).after(utf8('lo')))).toBe(true);
    expect(hello.equals(fresh(11).after(utf8('Hella')))).toBe(false);
    expect(hello.equals(fresh(11).after(utf8('Hello!')))).toBe(false);
    expect(hello.equals(fresh(11))).toBe(false);
    expect(hello.equals(fresh(12).after(utf8('Hello')))).toBe(false);
    expect(fresh(11, true).equals(fresh(11, false))).toBe(false);
  });
});

describe('maximumCompressedLength', () => {
  it('is enough for whatever zlib makes of what does not compress', () => {
    const random = seededRandom(3);
    const lengths = [0, 1, 2, 10, 63, 64, 127, 128, 1000, 5000, 70_000];
    for (const length of lengths) {
      // Octets of 144 and more have nine bits in fixed codes.
      const message = Uint8Array.from({ length }, () => 144 + random() * 112);
      for (let strategy = 0; strategy <= 4; strategy++) {
        for (const memLevel of [1, 8, 9]) {
          for (const level of [0, 1, 6, 9]) {
            const options = { level, memLevel, strategy, windowBits: 9, finishFlush: zlib.Z_SYNC_FLUSH };
            expect(deflateRawSync(message, options).length - 4).toBeLessThanOrEqual(
              maximumCompressedLength(length),
            );
          }
        }
      }
      expect(deflate(message, fresh(), 6).length).toBeLessThanOrEqual(maximumCompressedLength(length));
    }
  });

  it('is a whole number, and little more than the limit', () => {
    expect(maximumCompressedLength(0)).toBe(64);
    expect(maximumCompressedLength(1)).toBe(67);
    expect(maximumCompressedLength(mebibyte)).toBe(mebibyte + 131_072 + 16_384 + 64);
  });
});

describe('bench/deflate.ts', () => {
  it('prints four tables', async () => {
    const { code, stdout, stderr } = await new Program([
      '--import',
      'tsx',
      'bench/deflate.ts',
      '--scale',
      '0.001',
    ]).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Node v\d+.*\n/);
    expect(stdout.match(/^ *octets( +\d+)+$/gm)).toHaveLength(4);
    expect(stdout.match(/^ *\d+( +\d+\.\d\dx [\d.]+)+$/gm)).toHaveLength(20);
  });
});

describe('a stored block that counts in what we put behind the payload', () => {
  const window = DeflateWindow.fresh(15, true);

  it.each([
    [1, true],
    [2, true],
    [3, true],
    // §7.2.2 puts four octets behind every payload: these are its own as the RFC reads them.
    [4, false],
    [5, true],
    [6, true],
    [7, true],
    [8, true],
  ])('%i octets more than came are refused: %s', (more, refused) => {
    for (const final of [0, 1]) {
      const length = 44 + more;
      const head = Uint8Array.of(final, length, 0, 0xff - length, 0xff);
      const payload = concat(head, new Uint8Array(44).fill(0x61));
      const error = errorOf(() => inflate(payload, window, 1000));
      // One that is not final and ends exactly there is whole too.
      expect(error?.closeCode).toBe(refused ? 1007 : undefined);
      // The same for a payload that zlib reads.
      const long = concat(Uint8Array.of(0, 0xe8, 0x03, 0x17, 0xfc), new Uint8Array(1000), payload);
      expect(errorOf(() => inflate(long, window, 2000))?.closeCode).toBe(refused ? 1007 : undefined);
    }
  });
});

describe('isCompressible', () => {
  it('is what has from the threshold to 256 KiB', () => {
    const lengths = [0, 63, 64, 262_144, 262_145];
    expect(lengths.map((length) => isCompressible(length, 64))).toEqual([false, false, true, true, false]);
    expect([isCompressible(0, 0), isCompressible(300_000, 300_000)]).toEqual([true, false]);
  });

  it('compresses at level 1 above 32 KiB', () => {
    const random = seededRandom(32);
    const message = Uint8Array.from({ length: 32_769 }, () => 97 + Math.floor(random() * 3));
    const [fast, asked] = [1, 9].map((level) => deflate(message, fresh(), level));
    expect(asked).toEqual(fast);
    const [shorterFast, shorter] = [1, 9].map((level) => deflate(message.subarray(1), fresh(), level).length);
    expect(shorter).toBeLessThan((shorterFast ?? 0) * 0.98);
  });
});

describe('isWorthwhile', () => {
  const empty = DeflateWindow.fresh(11, true);
  const small = empty.after(new Uint8Array(255));
  const seeded = empty.after(new Uint8Array(256));

  it('what gets shorter always is', () => {
    for (const window of [empty, small, seeded, DeflateWindow.fresh(11, false)]) {
      expect(isWorthwhile(99, 100, window)).toBe(true);
    }
  });

  it('what does not is while it fills an empty window at little cost', () => {
    for (const window of [empty, small]) {
      expect(isWorthwhile(100, 100, window)).toBe(true);
      expect(isWorthwhile(116, 100, window)).toBe(true);
      expect(isWorthwhile(117, 100, window)).toBe(false);
    }
    expect(isWorthwhile(100, 100, seeded)).toBe(false);
    expect(isWorthwhile(100, 100, DeflateWindow.fresh(11, false))).toBe(false);
    expect(isWorthwhile(1, 0, empty)).toBe(false);
  });

  it('short lines that never get shorter alone are halved in company', () => {
    let window = empty;
    let sent = 0;
    let length = 0;
    for (let count = 0; count < 50; count++) {
      const message = utf8(`{"from":"Ada","to":"everybody","line":${count},"text":"words ${count * 7919}"}`);
      const compressed = deflate(message, window, 6);
      expect(isWorthwhile(compressed.length, message.length, window)).toBe(true);
      window = window.after(message);
      sent += compressed.length;
      length += message.length;
    }
    expect(sent).toBeLessThan(length / 2);
  });
});
