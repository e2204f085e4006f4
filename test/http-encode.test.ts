import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { encodeField, encodeFields, encodeHead, encodeRefusal } from '../src/http-encode.ts';
import { HeadReader, parseResponseHead } from '../src/http-head.ts';
import { forEachChopping } from './support/chopping.ts';
import { text } from './support/http.ts';

describe('encodeRefusal', () => {
  it('is a complete response, octet by octet', () => {
    expect(text(encodeRefusal(405, 'A WebSocket is opened with GET.', { Allow: 'GET' }))).toBe(
      'HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n' +
        'Content-Length: 32\r\nAllow: GET\r\n\r\nA WebSocket is opened with GET.\n',
    );
  });

  it.each([400, 401, 403, 404, 405, 408, 413, 414, 426, 429, 431, 500, 503, 505, 300, 418, 599])(
    'can be read back: %i',
    (status) => {
      const bytes = encodeRefusal(status, 'Zu viele Anfragen: 再见.');
      forEachChopping(
        bytes,
        status,
        ({ chunks }) => {
          const reader = new HeadReader();
          const body: Uint8Array[] = [];
          let head: Uint8Array | undefined;
          for (const chunk of chunks) {
            if (head !== undefined) body.push(chunk);
            else {
              const complete = reader.receive(chunk);
              head = complete?.bytes;
              if (complete !== undefined) body.push(complete.rest);
            }
          }
          const response = parseResponseHead(head ?? new Uint8Array());
          expect(response.status).toBe(status);
          expect(response.reason === '').toBe([300, 418, 599].includes(status));
          expect(response.fields.get('connection')).toEqual(['close']);
          const whole = Buffer.concat(body);
          expect(whole.toString('utf8')).toBe('Zu viele Anfragen: 再见.\n');
          expect(response.fields.get('content-length')).toEqual([String(whole.length)]);
        },
        { tail: new Uint8Array(0) },
      );
    },
  );

  it('names Upgrade in Connection when it sends it, whatever the case', () => {
    const lines = text(
      encodeRefusal(426, 'Use 13.', { upgrade: 'websocket', 'Sec-WebSocket-Version': '13' }),
    ).split('\r\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'Connection: close, Upgrade',
        'upgrade: websocket',
        'Sec-WebSocket-Version: 13',
      ]),
    );
  });

  it.each([101, 200, 299, 600, 400.5, Number.NaN])('has no status %d', (status) => {
    expect(() => encodeRefusal(status, 'No.')).toThrow(RangeError);
  });

  it.each(['connection', 'Content-Length', 'content-type', 'Transfer-Encoding'])('sets %s itself', (name) => {
    expect(() => encodeRefusal(400, 'No.', { [name]: 'x' })).toThrow(TypeError);
  });
});

describe('fields', () => {
  it.each([
    ['a\r\nb', 'c'],
    ['a:', 'c'],
    ['', 'c'],
    ['a', 'b\r\nc: d'],
    ['a', 'b\n'],
    ['a', 'b\0'],
    ['a', '€'],
  ])('cannot break the head: %j: %j', (name, value) => {
    expect(() => encodeField(name, value)).toThrow(TypeError);
    expect(() => encodeFields({ [name]: value }, new Set())).toThrow(TypeError);
  });

  it('go out in order, in Latin-1', () => {
    const lines = encodeFields({ b: 'caf\xe9', a: '' }, new Set(['c']));
    expect(lines).toEqual(['b: caf\xe9', 'a: ']);
    expect([...encodeHead(['é'])]).toEqual([0xe9, 13, 10, 13, 10]);
  });
});
