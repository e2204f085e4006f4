/** One message put together: its limit, its memory and its UTF-8 (RFC 6455 §5.4, §8.1, §10.4). */
import { Buffer, constants } from 'node:buffer';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { maximumCompressedLength } from '../src/deflate.ts';
import { Opcode } from '../src/frame.ts';
import { MessageAssembler, notUtf8 } from '../src/message.ts';
import { below } from './fuzz/mutator.ts';
import { forEachChopping, seededRandom } from './support/chopping.ts';
import { countedOctets, hex, utf8 } from './support/octets.ts';
import { errorOf } from './support/protocol-error.ts';

const seed = 0x5_04;
const unknown = Number.POSITIVE_INFINITY;

/** Pushes the chunks as pieces of one frame. */
function pushAll(assembler: MessageAssembler, chunks: readonly Uint8Array[]): void {
  let expected = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  for (const chunk of chunks) {
    assembler.push(Buffer.from(chunk), 0, chunk.length, expected);
    expected -= chunk.length;
  }
}

describe('putting together', () => {
  for (const bytes of [hex(''), utf8('Hello'), utf8('aé€😀\ufeff'), utf8('long '.repeat(100))]) {
    test(`${bytes.length} octets as text and as binary, cut anywhere`, () => {
      forEachChopping(
        bytes,
        seed,
        ({ chunks, tail }) => {
          const assembler = new MessageAssembler(1024);
          const whole = Buffer.concat([bytes, tail]);
          assembler.begin(Opcode.text);
          expect(assembler.underWay).toBe(true);
          pushAll(assembler, chunks);
          expect(assembler.take()).toBe(whole.toString('utf8'));
          expect(assembler.underWay).toBe(false);
          assembler.begin(Opcode.binary);
          pushAll(assembler, chunks);
          expect(assembler.take()).toEqual(Uint8Array.from(whole));
        },
        { tail: utf8('z') },
      );
    });
  }

  test('only the range given is taken, and it is copied', () => {
    const assembler = new MessageAssembler(1024);
    const bytes = Buffer.from('__Hello__');
    assembler.begin(Opcode.binary);
    assembler.push(bytes, 2, 7, unknown);
    bytes.fill(0);
    expect(assembler.take()).toEqual(utf8('Hello'));
  });

  test('binary that was handed over belongs to its taker', () => {
    const assembler = new MessageAssembler(1024);
    assembler.begin(Opcode.binary);
    pushAll(assembler, [utf8('first')]);
    const first = assembler.take();
    assembler.begin(Opcode.binary);
    pushAll(assembler, [utf8('other')]);
    expect(first).toEqual(utf8('first'));
    expect(first).not.toBeInstanceOf(Buffer);
  });

  test('a message of which nothing came is empty', () => {
    const assembler = new MessageAssembler(1024);
    assembler.begin(Opcode.text);
    expect(assembler.take()).toBe('');
    assembler.begin(Opcode.binary);
    expect(assembler.take()).toEqual(new Uint8Array());
    assembler.begin(Opcode.text, true);
    expect(assembler.take()).toEqual(new Uint8Array());
  });

  test('clear drops the message, also in the middle of a character', () => {
    const assembler = new MessageAssembler(1024);
    assembler.begin(Opcode.text);
    pushAll(assembler, [hex('61 e2 82')]);
    assembler.clear();
    expect(assembler.underWay).toBe(false);
    expect(assembler.heldAmount).toBe(0);
    assembler.begin(Opcode.text);
    pushAll(assembler, [utf8('ok')]);
    expect(assembler.take()).toBe('ok');
  });
});

describe('UTF-8 (§8.1)', () => {
  test('a bad octet fails in the piece that holds it', () => {
    const assembler = new MessageAssembler(1024);
    assembler.begin(Opcode.text);
    assembler.push(Buffer.from(hex('ce ba e1')), 0, 3, unknown);
    expect(errorOf(() => assembler.push(Buffer.from(hex('61')), 0, 1, unknown))).toMatchObject({
      closeCode: 1007,
      section: 'RFC 6455 §8.1',
    });
  });

  test('text that ends inside a character fails at its end', () => {
    for (const octets of ['c3', 'e2 82', 'f0 9f 98']) {
      const assembler = new MessageAssembler(1024);
      assembler.begin(Opcode.text);
      pushAll(assembler, [hex(octets)]);
      expect(errorOf(() => assembler.take())?.closeCode).toBe(1007);
    }
  });

  test('binary is not looked at', () => {
    const assembler = new MessageAssembler(1024);
    assembler.begin(Opcode.binary);
    pushAll(assembler, [hex('ff fe c3')]);
    expect(assembler.take()).toEqual(hex('ff fe c3'));
  });

  test('the error says so', () => {
    expect(notUtf8()).toMatchObject({ closeCode: 1007, explanation: 'A text message is not UTF-8.' });
  });
});

describe('long text', () => {
  const width = { ascii: 'a', two: 'é', three: '元', four: '😀' } as const;
  const pieceLength = 64 * 1024;

  /** Pushes in 64 KiB pieces, and tells nobody what is to come. */
  function assembled(whole: Buffer, known: boolean): string | Uint8Array {
    const assembler = new MessageAssembler(2 ** 24);
    assembler.begin(Opcode.text);
    for (let start = 0; start < whole.length; start += pieceLength) {
      const end = Math.min(whole.length, start + pieceLength);
      const piece = Buffer.from(whole.subarray(start, end));
      assembler.push(piece, 0, piece.length, known ? whole.length - start : unknown);
    }
    return assembler.take();
  }

  for (const [name, character] of Object.entries(width)) {
    test(`${name}: characters may be cut wherever pieces and blocks end`, () => {
      for (let before = 0; before < 4; before++) {
        const text = `${'-'.repeat(before)}${character.repeat(700_000 / Buffer.byteLength(character))}`;
        // Compared by ===, because a difference in strings as long as these is nothing to print.
        expect(assembled(Buffer.from(text), true) === text).toBe(true);
        expect(assembled(Buffer.from(text), false) === text).toBe(true);
      }
    });
  }

  test('ASCII for long, then something else, then ASCII again', () => {
    for (const first of [1000, 256 * 1024, 300_000, 1024 * 1024, 1_500_000]) {
      const text = `${'a'.repeat(first)}${'元'.repeat(200_000)}${'z'.repeat(1_200_000)}`;
      expect(assembled(Buffer.from(text), true) === text).toBe(true);
    }
  });

  test('in one push', () => {
    for (const character of Object.values(width)) {
      const text = character.repeat(600_000);
      const whole = Buffer.from(text);
      const assembler = new MessageAssembler(2 ** 24);
      assembler.begin(Opcode.text);
      assembler.push(whole, 0, whole.length, whole.length);
      expect(assembler.take() === text).toBe(true);
    }
  });

  test('whoever says that octets are ASCII spares them a look, but not the character before them', () => {
    const assembler = new MessageAssembler(1024);
    assembler.begin(Opcode.text);
    assembler.push(Buffer.from('abc'), 0, 3, unknown, true);
    assembler.push(Buffer.from(hex('c3')), 0, 1, unknown, false);
    expect(errorOf(() => assembler.push(Buffer.from('abc'), 0, 3, unknown, true))?.closeCode).toBe(1007);
  });

  test('is refused at the octet, however much came before', () => {
    const assembler = new MessageAssembler(2 ** 24);
    assembler.begin(Opcode.text);
    assembler.push(Buffer.alloc(1_500_000, 'é'), 0, 1_500_000, unknown);
    expect(errorOf(() => assembler.push(Buffer.from(hex('ff')), 0, 1, unknown))?.closeCode).toBe(1007);
  });

  test('counts as held: its string so far, and the block that gathers the next piece', () => {
    for (const [character, most] of [
      ['a', 2],
      ['元', 2],
      ['ÿ', 3],
    ] as const) {
      const piece = Buffer.from(character.repeat(32_768));
      const assembler = new MessageAssembler(2 ** 25);
      assembler.begin(Opcode.text);
      for (let length = piece.length; length <= 2 ** 22; length += piece.length) {
        assembler.push(piece, 0, piece.length, unknown);
        if (length < 2 ** 20) continue;
        expect(assembler.heldAmount).toBeGreaterThanOrEqual(length / 2);
        expect(assembler.heldAmount).toBeLessThanOrEqual(most * length);
      }
      assembler.clear();
      expect(assembler.heldAmount).toBe(0);
    }
  });
});

describe('no step takes long', () => {
  afterEach(() => vi.restoreAllMocks());
  const pieceLength = 64 * 1024;
  const piece = Buffer.from(countedOctets(pieceLength));

  /** What each push of a message moved, in octets: itself, and what had come before it. */
  function movedBy(length: number, expected: (left: number) => number): number[] {
    const assembler = new MessageAssembler(2 ** 26);
    assembler.begin(Opcode.binary);
    let moved = 0;
    const { copy } = Buffer.prototype;
    vi.spyOn(Buffer.prototype, 'copy').mockImplementation(function (this: Buffer, ...range) {
      const count = copy.apply(this, range);
      moved += count;
      return count;
    });
    const steps: number[] = [];
    for (let left = length; left > 0; left -= pieceLength) {
      moved = 0;
      assembler.push(piece, 0, Math.min(left, pieceLength), expected(left));
      steps.push(moved);
    }
    vi.restoreAllMocks();
    expect(assembler.take()).toHaveLength(length);
    return steps;
  }

  test('64 MiB in 64 KiB pieces: a push moves itself, twice as much of what came before, or 256 KiB once', () => {
    for (const expected of [(left: number) => left, () => unknown]) {
      const steps = movedBy(2 ** 26, expected);
      expect(Math.max(...steps)).toBeLessThanOrEqual(pieceLength + 256 * 1024);
      expect(steps.filter((moved) => moved > 3 * pieceLength).length).toBeLessThanOrEqual(1);
    }
  });

  test('up to 1 MiB in 64 KiB pieces nothing is moved when the length is known', () => {
    for (const length of [pieceLength, 3 * pieceLength, 2 ** 20]) {
      expect(new Set(movedBy(length, (left) => left))).toEqual(new Set([pieceLength]));
    }
  });

  test('text is decoded by 256 KiB, by 1 MiB where it is ASCII', () => {
    // What Buffer makes a string of: of é that is its Latin-1, one octet for two.
    for (const [character, most, all] of [
      ['a', 2 ** 20, 2 ** 23],
      ['é', 2 ** 17, 2 ** 22],
    ] as const) {
      const text = Buffer.alloc(pieceLength, character);
      const assembler = new MessageAssembler(2 ** 23);
      assembler.begin(Opcode.text);
      const decoded: number[] = [];
      const { prototype } = Buffer;
      const original = prototype.toString;
      prototype.toString = function (this: Buffer, encoding?: BufferEncoding, start = 0, end = this.length) {
        decoded.push(end - start);
        return original.call(this, encoding, start, end);
      };
      try {
        for (let left = 2 ** 23; left > 0; left -= pieceLength) assembler.push(text, 0, pieceLength, left);
        expect(assembler.take()).toHaveLength(2 ** 23 / Buffer.byteLength(character));
      } finally {
        prototype.toString = original;
      }
      expect(Math.max(...decoded)).toBe(most);
      expect(decoded.reduce((sum, octets) => sum + octets, 0)).toBe(all);
    }
  });

  test('long text of any kind, in pieces of any length, is what it was', () => {
    const random = seededRandom(seed);
    const kinds = ['plain ASCII, and more of it. ', 'Füße und Größe; ', '元気です。', '😀🎉 ', 'e\u0301'];
    for (let count = 0; count < 12; count++) {
      let text = '';
      while (text.length < 1_500_000) {
        const kind = kinds[below(random, kinds.length)] as string;
        text += kind.repeat(1 + below(random, below(random, 2) === 0 ? 20_000 : 200));
      }
      const whole = Buffer.from(text);
      const assembler = new MessageAssembler(2 ** 26);
      assembler.begin(Opcode.text);
      for (let start = 0; start < whole.length; ) {
        const end = Math.min(whole.length, start + 1 + below(random, 100_000));
        assembler.push(whole, start, end, unknown);
        start = end;
        // At most four times what came, but for the smallest blocks.
        expect(assembler.heldAmount).toBeLessThanOrEqual(Math.max(4 * start, 8192));
      }
      expect(assembler.take() === text).toBe(true);
    }
  });

  test('a message may end at any time, also while it is being moved', () => {
    for (let count = 1; count <= 40; count++) {
      const assembler = new MessageAssembler(2 ** 26);
      const whole = Buffer.from(countedOctets(count * 50_000));
      assembler.begin(Opcode.binary);
      for (let start = 0; start < whole.length; start += 50_000)
        assembler.push(whole, start, start + 50_000, unknown);
      expect(whole.equals(Buffer.from(assembler.take()))).toBe(true);
    }
  });

  test('a push that the next block is too short for gets a longer one', () => {
    const whole = Buffer.from(countedOctets(5_000_000));
    const assembler = new MessageAssembler(2 ** 26);
    assembler.begin(Opcode.binary);
    let start = 0;
    for (const length of [300_000, 100_000, 50_000, 3_000_000, 1_550_000]) {
      assembler.push(whole, start, start + length, unknown);
      start += length;
    }
    expect(whole.equals(Buffer.from(assembler.take()))).toBe(true);
  });
});

describe('limits (§10.4)', () => {
  test('one octet over the limit is refused by the header, before anything is held', () => {
    const assembler = new MessageAssembler(1000);
    assembler.checkLength(Opcode.binary, 8, 1000);
    const error = errorOf(() => assembler.checkLength(Opcode.binary, 8, 1001));
    expect(error).toMatchObject({ closeCode: 1009, section: 'RFC 6455 §10.4' });
    expect(error?.explanation).toBe('A message of 1001 octets or more is over the limit of 1000.');
    expect(assembler.heldAmount).toBe(0);
  });

  test('fragments are counted together', () => {
    const assembler = new MessageAssembler(10);
    assembler.checkLength(Opcode.binary, 6, 6);
    assembler.begin(Opcode.binary);
    assembler.push(Buffer.alloc(6), 0, 6, unknown);
    assembler.checkLength(Opcode.binary, 6, 4);
    expect(errorOf(() => assembler.checkLength(Opcode.binary, 6, 5))?.closeCode).toBe(1009);
    assembler.clear();
    assembler.checkLength(Opcode.binary, 6, 10);
  });

  test('text may not be longer than a string', () => {
    const longest = constants.MAX_STRING_LENGTH;
    const assembler = new MessageAssembler(2 ** 30);
    assembler.checkLength(Opcode.text, 14, longest);
    assembler.checkLength(Opcode.binary, 14, 2 ** 30);
    expect(errorOf(() => assembler.checkLength(Opcode.text, 14, longest + 1))?.closeCode).toBe(1009);
    assembler.begin(Opcode.text);
    pushAll(assembler, [utf8('a')]);
    const error = errorOf(() => assembler.checkLength(Opcode.continuation, 14, longest));
    expect(error?.explanation).toContain(`over the limit of ${longest}.`);
  });

  test('headers may take 64 KiB, or as much as the message may', () => {
    for (const [limit, overhead] of [
      [1, 65_536],
      [65_536, 65_536],
      [100_000, 100_000],
    ] as const) {
      const assembler = new MessageAssembler(limit);
      assembler.begin(Opcode.binary);
      for (let sum = 0; sum < overhead; sum += 8) assembler.checkLength(Opcode.continuation, 8, 0);
      const error = errorOf(() => assembler.checkLength(Opcode.continuation, 1, 0));
      expect(error).toMatchObject({ closeCode: 1009, section: 'RFC 6455 §10.4' });
      expect(error?.explanation).toContain(`${overhead} octets of headers`);
      // They are the message's own: the next one starts afresh.
      assembler.clear();
      assembler.checkLength(Opcode.binary, 14, 0);
    }
  });
});

describe('memory held', () => {
  test('at most twice what was received, whatever was promised', () => {
    for (const expected of [1, 1000, 2 ** 30, unknown]) {
      const assembler = new MessageAssembler(2 ** 30);
      assembler.begin(Opcode.binary);
      for (let received = 1; received <= 3000; received++) {
        assembler.push(Buffer.of(received), 0, 1, Math.max(1, expected - received + 1));
        expect(assembler.heldAmount).toBeGreaterThanOrEqual(received);
        expect(assembler.heldAmount).toBeLessThanOrEqual(2 * received);
      }
    }
  });

  test('at most four times what was received, when pieces are large and much more was promised', () => {
    for (const pieceLength of [20_000, 65_536, 300_000]) {
      const piece = Buffer.alloc(pieceLength);
      const assembler = new MessageAssembler(2 ** 30);
      assembler.begin(Opcode.binary);
      for (let received = pieceLength; received < 2 ** 24; received += pieceLength) {
        assembler.push(piece, 0, pieceLength, 2 ** 30 - received + pieceLength);
        expect(assembler.heldAmount).toBeGreaterThanOrEqual(received);
        expect(assembler.heldAmount).toBeLessThanOrEqual(4 * received);
      }
    }
  });

  test('a message whose length is known gets a block of that length, once a part of it has come', () => {
    for (const [first, length] of [
      [1000, 2000],
      [16_384, 65_536],
      [65_522, 65_536],
      [65_522, 1_048_576],
    ] as const) {
      const assembler = new MessageAssembler(2 ** 30);
      assembler.begin(Opcode.binary);
      assembler.push(Buffer.alloc(first), 0, first, length);
      assembler.push(Buffer.alloc(length - first), 0, length - first, length - first);
      const message = assembler.take();
      if (typeof message === 'string') throw new TypeError('Binary came as text.');
      expect([message.length, message.buffer.byteLength]).toEqual([length, length]);
    }
  });

  test('no more than the frame still brings, and no more than a message may have', () => {
    const assembler = new MessageAssembler(1000);
    assembler.begin(Opcode.binary);
    assembler.push(Buffer.alloc(400), 0, 400, 500);
    expect(assembler.heldAmount).toBe(500);
    assembler.push(Buffer.alloc(300), 0, 300, unknown);
    expect(assembler.heldAmount).toBe(1000);
  });

  test('it grows by doubling: 4 MiB in 64-octet pieces moves some twenty times, not 65,536 times', () => {
    const assembler = new MessageAssembler(4 * 1024 * 1024);
    const piece = Buffer.from(countedOctets(64));
    const sizes = new Set<number>();
    assembler.begin(Opcode.binary);
    for (let count = 0; count < 65_536; count++) {
      assembler.push(piece, 0, 64, unknown);
      sizes.add(assembler.heldAmount);
    }
    expect(sizes.size).toBeLessThan(20);
    expect(assembler.take()).toHaveLength(4 * 1024 * 1024);
    expect(assembler.heldAmount).toBe(0);
  });
});

describe('a compressed message (RFC 7692 §6.2)', () => {
  test('is put together as octets, text or not, and is handed over as octets', () => {
    for (const opcode of [Opcode.text, Opcode.binary]) {
      const assembler = new MessageAssembler(1024);
      assembler.begin(opcode, true);
      expect(assembler).toMatchObject({ opcode, compressed: true, underWay: true });
      pushAll(assembler, [hex('ff c0'), hex('80')]);
      expect(assembler.take()).toEqual(hex('ff c0 80'));
      expect(assembler).toMatchObject({ opcode: undefined, compressed: false, underWay: false });
      assembler.begin(Opcode.text);
      expect(assembler.compressed).toBe(false);
    }
  });

  test('may take what a legal message of the limit may, and no more', () => {
    for (const opcode of [Opcode.text, Opcode.binary]) {
      const assembler = new MessageAssembler(1000);
      const longest = maximumCompressedLength(1000);
      assembler.checkLength(opcode, 8, longest, true);
      const error = errorOf(() => assembler.checkLength(opcode, 8, longest + 1, true));
      expect(error).toMatchObject({ closeCode: 1009, section: 'RFC 6455 §10.4' });
      expect(error?.explanation).toBe(
        `A compressed message of ${longest + 1} octets or more is over the limit of ${longest}.`,
      );
      assembler.clear();
      assembler.begin(opcode, true);
      pushAll(assembler, [new Uint8Array(longest - 1)]);
      assembler.checkLength(Opcode.continuation, 6, 1);
      expect(errorOf(() => assembler.checkLength(Opcode.continuation, 6, 2))?.closeCode).toBe(1009);
    }
  });

  test('is grown into at most twice what came, and never beyond what it may take', () => {
    const assembler = new MessageAssembler(1000);
    const longest = maximumCompressedLength(1000);
    assembler.begin(Opcode.binary, true);
    for (let length = 1; length <= longest; length++) {
      pushAll(assembler, [new Uint8Array(1)]);
      expect(assembler.heldAmount).toBeLessThanOrEqual(Math.min(2 * length, longest));
    }
    expect(assembler.heldAmount).toBe(longest);
  });
});
