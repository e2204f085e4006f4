/** One message for many: framed once, compressed once for each window, windows that meet again (RFC 7692 §7.2.3.2). */
import { describe, expect, test } from 'vitest';
import { DeflateWindow, inflate } from '../src/deflate.ts';
import { decodeFrameHeader, encodeFrame, Opcode } from '../src/frame.ts';
import { PreparedMessage } from '../src/prepared-message.ts';
import { seededRandom } from './support/chopping.ts';
import { countedOctets, hex, randomOctets, utf8 } from './support/octets.ts';

const level = 6;
const threshold = 1;
const chat = (count: number): string =>
  JSON.stringify({
    event: 'message:new',
    data: { offset: count, name: 'Ada', text: `Message number ${count}` },
  });

/** What a peer makes of a frame whose window was `window`: its text, and its window from then on. */
function read(frame: Uint8Array, window: DeflateWindow): { text: string; window: DeflateWindow } {
  const header = decodeFrameHeader(frame);
  if (header === undefined) throw new Error('There is no frame.');
  const payload = frame.subarray(header.headerLength);
  if (!header.rsv1) return { text: new TextDecoder().decode(payload), window };
  const message = inflate(payload, window, 2 ** 20);
  return { text: new TextDecoder().decode(message), window: window.after(message) };
}

describe('without compression', () => {
  test('is one unmasked frame', () => {
    for (const [data, bytes, payloadLength] of [
      ['Hello', hex('81 05 48 65 6c 6c 6f'), 5],
      [hex('00 ff'), hex('82 02 00 ff'), 2],
      ['', hex('81 00'), 0],
      ['a\ud800', hex('81 04 61 ef bf bd'), 4],
    ] as const) {
      expect(new PreparedMessage(data)).toMatchObject({ frame: bytes, payloadLength });
    }
  });

  test('what was given may change afterwards', () => {
    const data = countedOctets(20_000);
    const message = new PreparedMessage(data);
    data.fill(0);
    expect(message.frame.subarray(4, 10)).toEqual(hex('00 01 02 03 04 05'));
  });

  test('takes a string or octets', () => {
    for (const data of [undefined, 7, {}, new ArrayBuffer(4)]) {
      expect(() => Reflect.construct(PreparedMessage, [data])).toThrow(TypeError);
    }
  });
});

describe('compressed', () => {
  test('is a frame with RSV1, the same object for the same window', () => {
    const window = DeflateWindow.fresh(11, true);
    for (const [data, opcode] of [
      [chat(1), Opcode.text],
      [utf8(chat(1)), Opcode.binary],
    ] as const) {
      const message = new PreparedMessage(data);
      const encoded = message.encodeFor(window, level, threshold);
      expect(message.encodeFor(window, level, threshold)).toBe(encoded);
      expect(decodeFrameHeader(encoded.frame)).toMatchObject({
        fin: true,
        rsv1: true,
        opcode,
        masked: false,
        payloadLength: encoded.payloadLength,
      });
      expect(encoded.payloadLength).toBeLessThan(message.payloadLength);
      expect(read(encoded.frame, window)).toMatchObject({ text: chat(1) });
      expect(encoded.window.octets).toEqual(utf8(chat(1)));
    }
  });

  test('below the threshold it stays as it is, and so does the window', () => {
    const window = DeflateWindow.fresh(11, true);
    const message = new PreparedMessage('a'.repeat(99));
    expect(message.encodeFor(window, level, 100)).toEqual({
      frame: message.frame,
      payloadLength: 99,
      window,
    });
    expect(message.encodeFor(window, level, 99).frame).not.toBe(message.frame);
  });

  test('each peer’s threshold counts, whoever was asked about before', () => {
    const window = DeflateWindow.fresh(11, true);
    const message = new PreparedMessage(chat(1).repeat(3));
    expect(message.encodeFor(window, level, threshold).frame).not.toBe(message.frame);
    const { frame, window: after } = message.encodeFor(window, level, message.payloadLength + 1);
    expect(frame).toBe(message.frame);
    expect(after).toBe(window);
  });

  test('what does not become shorter stays as it is, and so does the window', () => {
    const random = randomOctets(300, seededRandom(7692));
    const message = new PreparedMessage(random);
    const window = DeflateWindow.fresh(11, true).after(utf8(chat(1).repeat(4)));
    const encoded = message.encodeFor(window, level, threshold);
    expect(encoded.frame).toBe(message.frame);
    expect(encoded.frame).toEqual(encodeFrame({ opcode: Opcode.binary, payload: random }));
    expect(encoded.window).toBe(window);
  });

  test('a peer without context takeover keeps its empty window', () => {
    const window = DeflateWindow.fresh(11, false);
    const encoded = new PreparedMessage(chat(1)).encodeFor(window, level, threshold);
    expect(encoded.window).toBe(window);
    expect(read(encoded.frame, window).text).toBe(chat(1));
  });
});

describe('windows', () => {
  const size = 2 ** 9;

  test('peers that got the same messages share one window and one frame', () => {
    const first = new PreparedMessage(chat(1));
    const left = first.encodeFor(DeflateWindow.fresh(9, true), level, threshold).window;
    const right = first.encodeFor(DeflateWindow.fresh(9, true), level, threshold).window;
    expect(left).toBe(right);
  });

  test('one who came later is in step as soon as the window holds nothing older', () => {
    let older = new PreparedMessage(chat(0)).encodeFor(DeflateWindow.fresh(9, true), level, threshold).window;
    let newer = DeflateWindow.fresh(9, true);
    let received = 0;
    for (let count = 1; received < size; count++) {
      expect(newer).not.toBe(older);
      const message = new PreparedMessage(chat(count));
      const forOlder = message.encodeFor(older, level, threshold);
      const forNewer = message.encodeFor(newer, level, threshold);
      expect(read(forOlder.frame, older).text).toBe(chat(count));
      expect(read(forNewer.frame, newer).text).toBe(chat(count));
      ({ window: older } = forOlder);
      ({ window: newer } = forNewer);
      received += message.payloadLength;
    }
    expect(newer).toBe(older);
  });

  test('beyond four with something in them the others begin anew, and together', () => {
    const fresh = DeflateWindow.fresh(9, true);
    const windows = Array.from({ length: 7 }, (_, index) => fresh.after(utf8(chat(100 + index))));
    const message = new PreparedMessage(chat(1));
    const encoded = windows.map((window) => message.encodeFor(window, level, threshold));
    expect(new Set(encoded.map(({ frame }) => frame)).size).toBe(5);
    expect(encoded[4]).toBe(encoded[5]);
    expect(encoded[4]).toBe(encoded[6]);
    expect(encoded[4]).toBe(message.encodeFor(fresh, level, threshold));
    // Each peer's own window has older octets before, which the frame does not refer to.
    for (const [index, { frame }] of encoded.entries()) {
      expect(read(frame, windows[index] ?? fresh).text).toBe(chat(1));
    }
    // The four keep their places.
    for (const [index, window] of windows.slice(0, 4).entries()) {
      expect(message.encodeFor(window, level, threshold)).toBe(encoded[index]);
    }
  });

  test('an empty window takes none of the four places', () => {
    const fresh = DeflateWindow.fresh(9, true);
    const message = new PreparedMessage(chat(1));
    message.encodeFor(fresh, level, threshold);
    message.encodeFor(DeflateWindow.fresh(10, true), level, threshold);
    const windows = Array.from({ length: 4 }, (_, index) => fresh.after(utf8(chat(100 + index))));
    const frames = windows.map((window) => message.encodeFor(window, level, threshold).frame);
    expect(new Set(frames).size).toBe(4);
    expect(frames).not.toContain(message.encodeFor(fresh, level, threshold).frame);
  });
});
