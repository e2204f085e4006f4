import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { type Chopping, forEachChopping, seededRandom } from './support/chopping.ts';

const vector = Uint8Array.from({ length: 40 }, (_, index) => index);

function collect(seed: number, bytes: Uint8Array = vector): Chopping[] {
  const all: Chopping[] = [];
  forEachChopping(bytes, seed, (chopping) => all.push(chopping));
  return all;
}

describe('forEachChopping', () => {
  it('delivers every octet once and in order, whatever the cut', () => {
    for (const { chunks, tail } of collect(7)) {
      expect(Buffer.concat(chunks)).toEqual(Buffer.concat([vector, tail]));
    }
  });

  it('goes whole, octet by octet, with a tail and at random places', () => {
    const [whole, octets, tailed, ...random] = collect(7);
    expect(whole?.chunks).toEqual([vector]);
    expect(octets?.chunks).toHaveLength(40);
    expect(tailed).toMatchObject({ name: 'with a tail', tail: Uint8Array.of(0x81) });
    expect(random).toHaveLength(8);
  });

  it('cuts at the same places for the same seed only', () => {
    expect(collect(7)).toEqual(collect(7));
    expect(collect(7)).not.toEqual(collect(8));
  });

  it('hands out copies, so that a decoder may change them', () => {
    for (const bytes of [vector.slice(), Buffer.from(vector)]) {
      forEachChopping(bytes, 1, ({ chunks }) => {
        for (const chunk of chunks) chunk.fill(0xff);
      });
      expect([...bytes]).toEqual([...vector]);
    }
  });

  it('knows what to do with no octets at all', () => {
    for (const { chunks, tail } of collect(3, new Uint8Array(0))) {
      expect(Buffer.concat(chunks)).toEqual(Buffer.from(tail));
    }
  });

  it('names the cut and the seed when the run fails', () => {
    const failing = (error: unknown) => () =>
      forEachChopping(vector, 4711, ({ name }) => {
        if (name === 'octet by octet') throw error;
      });
    expect(failing(new RangeError('off by one'))).toThrow('[octet by octet; seed 4711] off by one');
    expect(failing(new RangeError('off by one'))).toThrow(RangeError);
    expect(failing('a string')).toThrow('[octet by octet; seed 4711] a string');
  });
});

describe('seededRandom', () => {
  it('stays in [0, 1) and spreads', () => {
    const random = seededRandom(1);
    const drawn = Array.from({ length: 1000 }, random);
    expect(drawn.every((number) => number >= 0 && number < 1)).toBe(true);
    expect(new Set(drawn).size).toBeGreaterThan(990);
  });
});
