import { describe, expect, it } from 'vitest';
import { maskingKeys } from '../src/masking-keys.ts';

describe('maskingKeys', () => {
  it('hands each word out once, in order, and fetches more when they are used up', () => {
    let count = 0;
    let fills = 0;
    const next = maskingKeys((octets) => {
      fills++;
      const words = new DataView(octets.buffer);
      for (let at = 0; at < octets.length; at += 4) words.setUint32(at, count++);
    });
    const keys = Array.from({ length: 1000 }, next);
    expect(keys).toEqual(keys.map((_, index) => index));
    expect(fills).toBe(Math.ceil(1000 / 256));
  });

  it('gives whole words of 32 bits, the greatest too', () => {
    const next = maskingKeys((octets) => octets.fill(0xff));
    expect(next()).toBe(0xffff_ffff);
  });

  it('takes them from the system: all 32 bits come in both values, and sources differ', () => {
    const one = maskingKeys();
    const other = maskingKeys();
    const keys = Array.from({ length: 256 }, one);
    // Each of the 64 cases is missed with a chance of 2^-256.
    expect(keys.reduce((all, key) => (all | key) >>> 0, 0)).toBe(0xffff_ffff);
    expect(keys.reduce((all, key) => (all & key) >>> 0, 0xffff_ffff)).toBe(0);
    expect(Array.from({ length: 256 }, other)).not.toEqual(keys);
  });
});
