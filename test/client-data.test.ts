import { describe, expect, it } from 'vitest';
import { binaryData, isBinaryType, messageOctets } from '../src/client-data.ts';

describe('binaryData', () => {
  const slab = Uint8Array.of(0, 1, 2, 3, 4, 5);

  it('gives an ArrayBuffer of the message alone, without a copy where it is that already', () => {
    const whole = Uint8Array.of(1, 2, 3);
    expect(binaryData('arraybuffer', whole)).toBe(whole.buffer);
    const part = binaryData('arraybuffer', slab.subarray(2, 4));
    expect(part).toBeInstanceOf(ArrayBuffer);
    expect([...new Uint8Array(part)]).toEqual([2, 3]);
    expect(binaryData('arraybuffer', slab.subarray(6)).byteLength).toBe(0);
    expect([...new Uint8Array(binaryData('arraybuffer', Buffer.from([7, 8])))]).toEqual([7, 8]);
    const shared = new Uint8Array(new SharedArrayBuffer(2));
    expect(binaryData('arraybuffer', shared)).toBeInstanceOf(ArrayBuffer);
  });

  it('gives octets as they are', () => {
    const part = slab.subarray(2, 4);
    expect(binaryData('uint8array', part)).toBe(part);
  });

  it('gives a Blob', async () => {
    const blob = binaryData('blob', slab.subarray(1, 3));
    expect(blob).toBeInstanceOf(Blob);
    expect([...new Uint8Array(await blob.arrayBuffer())]).toEqual([1, 2]);
  });
});

describe('isBinaryType', () => {
  it('knows the three', () => {
    expect(['arraybuffer', 'blob', 'uint8array'].every(isBinaryType)).toBe(true);
    expect([undefined, null, '', 'ArrayBuffer', 'toString', '__proto__', 1].some(isBinaryType)).toBe(false);
  });
});

describe('messageOctets', () => {
  it('views what it is given, without a copy', () => {
    const octets = Uint8Array.of(1, 2, 3, 4);
    expect(messageOctets(octets)).toBe(octets);
    for (const data of [octets.buffer, new DataView(octets.buffer), new Uint16Array(octets.buffer)]) {
      expect([...messageOctets(data)]).toEqual([1, 2, 3, 4]);
      expect(messageOctets(data).buffer).toBe(octets.buffer);
    }
    expect([...messageOctets(new DataView(octets.buffer, 1, 2))]).toEqual([2, 3]);
  });

  it.each([[new Blob(['a'])], [new SharedArrayBuffer(1)], [{}], [null], [[1]], [1]])('refuses %s', (data) => {
    // @ts-expect-error what JavaScript callers may do
    expect(() => messageOctets(data)).toThrow('A message is a string, an ArrayBuffer or a view of one.');
  });
});
