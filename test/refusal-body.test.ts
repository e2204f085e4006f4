import { describe, expect, it } from 'vitest';
import type { ResponseHead } from '../src/http-head.ts';
import { plainLine, RefusalBody } from '../src/refusal-body.ts';
import { refusal } from './support/refusal.ts';

function head(fields: Readonly<Record<string, string>>, status = 400): ResponseHead {
  return {
    version: '1.1',
    status,
    reason: '',
    fields: new Map(Object.entries(fields).map(([name, value]) => [name, [value]])),
  };
}

/** Receives the body whole, then octet by octet; both must say the same. */
function read(
  fields: Readonly<Record<string, string>>,
  octets: string | Uint8Array,
  status = 400,
): [string, boolean] {
  const body = Buffer.from(octets);
  const whole = new RefusalBody(head(fields, status));
  whole.receive(body);
  const cut = new RefusalBody(head(fields, status));
  for (const octet of body) cut.receive(Uint8Array.of(octet));
  expect([cut.words, cut.complete]).toEqual([whole.words, whole.complete]);
  return [whole.words, whole.complete];
}

describe('the end of a body', () => {
  it('is told by Content-Length, and what is behind it is no part', () => {
    expect(read({ 'content-length': '5' }, 'Hello')).toEqual(['Hello', true]);
    expect(read({ 'content-length': '5' }, 'Hello world')).toEqual(['Hello', true]);
    expect(read({ 'content-length': '5' }, 'Hell')).toEqual(['Hell', false]);
    expect(new RefusalBody(head({ 'content-length': '0' })).complete).toBe(true);
  });

  it('is that of the connection when nothing tells', () => {
    expect(read({}, 'Hello')).toEqual(['Hello', false]);
    expect(read({ 'content-length': 'five' }, 'Hello')).toEqual(['Hello', false]);
    expect(new RefusalBody(head({})).complete).toBe(false);
  });

  it.each([204, 304])('is there at once with %i', (status) => {
    expect(new RefusalBody(head({}, status)).complete).toBe(true);
  });

  it('is the last chunk, whatever extensions the chunks have', () => {
    const fields = { 'transfer-encoding': 'gzip, Chunked', 'content-length': '1' };
    expect(read(fields, '5\r\nHello\r\n00;a=b\r\n\r\n')).toEqual(['Hello', true]);
    expect(read(fields, '1;x\r\nH\r\n4 \r\nello\r\n')).toEqual(['Hello', false]);
    expect(read(fields, '5\r\nHel')).toEqual(['Hel', false]);
    expect(read(fields, '5')).toEqual(['', false]);
  });

  it('is there when a chunk is none', () => {
    expect(read({ 'transfer-encoding': 'chunked' }, 'hello\r\n')).toEqual(['', true]);
    expect(read({ 'transfer-encoding': 'chunked' }, '123456789\r\n')).toEqual(['', true]);
  });

  it('is there after 1024 octets', () => {
    expect(read({}, 'a'.repeat(1024))[1]).toBe(true);
    expect(read({ 'content-length': '99999999999999999999' }, 'a'.repeat(1024))[1]).toBe(true);
    expect(read({ 'transfer-encoding': 'chunked' }, `fffff\r\n${'a'.repeat(1017)}`)[1]).toBe(true);
    expect(read({}, 'a'.repeat(1023))[1]).toBe(false);
  });

  it('cannot be told by two lengths', () => {
    const fields = new Map([['content-length', ['1', '1']]]);
    expect(refusal(() => new RefusalBody({ ...head({}), fields }))).toEqual({
      status: 400,
      section: 'RFC 9110 §5.3',
    });
  });
});

describe('the words of a body', () => {
  it.each(['text/plain', 'TEXT/PLAIN; charset=utf-8', 'application/json', 'application/problem+json'])(
    'are read from %s',
    (type) => {
      expect(read({ 'content-type': type }, '{"no":1}')[0]).toBe('{"no":1}');
    },
  );

  it.each(['text/html', 'image/png', 'application/octet-stream', 'text/plainer', 'x'])(
    'are not read from %s',
    (type) => {
      expect(read({ 'content-type': type }, 'abc')[0]).toBe('');
    },
  );

  it('are not read from what is compressed', () => {
    expect(read({ 'content-encoding': 'gzip' }, 'abc')[0]).toBe('');
  });

  it('leave out a character that is cut, and replace what is no UTF-8', () => {
    expect(read({}, Buffer.from('a€').subarray(0, 3))[0]).toBe('a');
    expect(read({}, Uint8Array.of(0x61, 0xff, 0x62))[0]).toBe('a\ufffdb');
  });
});

describe('plainLine', () => {
  it('makes one line of characters that are seen', () => {
    expect(plainLine(' a\r\n\tb \u001b[31mred\u0085\u009b\u2028\u202e\u200bc\u0000 ', 100)).toBe(
      'a b [31mred c',
    );
  });

  it('cuts by characters, not within one', () => {
    expect(plainLine('😀😀😀', 3)).toBe('😀😀😀');
    expect(plainLine('😀😀😀😀', 3)).toBe('😀😀…');
    expect(plainLine('', 3)).toBe('');
  });
});
