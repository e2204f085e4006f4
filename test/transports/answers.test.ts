// Bodies and origins by themselves: what comes too late, what a browser says of its page.
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bodyTimeout, isAllowedOrigin, readJson } from '../../src/transports/answers.ts';

function request(headers: Record<string, string> = {}): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  Object.assign(message.headers, { 'content-type': 'application/json', ...headers });
  return message;
}

afterEach(() => void vi.useRealTimers());

describe('a body', () => {
  it('that does not come in time is a problem', async () => {
    vi.useFakeTimers();
    const late = request();
    late.push('{"event"');
    const read = readJson(late, 100);
    await vi.advanceTimersByTimeAsync(bodyTimeout - 1);
    let isOver = false;
    void read.then(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await read).toMatchObject({ problem: { status: 408 } });
  });

  it('that ends too early is a problem', async () => {
    const cut = request();
    const read = readJson(cut, 100);
    cut.push('{"event"');
    cut.destroy();
    expect(await read).toMatchObject({ problem: { status: 400, message: 'The body ended too early.' } });
  });

  it('that is empty is undefined, of whatever type', async () => {
    const empty = request({ 'content-type': 'text/plain' });
    empty.complete = true;
    empty.push(null);
    expect(await readJson(empty, 100)).toEqual({ value: undefined });
  });

  it('of so many octets is read, and of one more refused', async () => {
    for (const [length, outcome] of [
      [100, { value: 'x'.repeat(98) }],
      [101, { problem: { status: 413 } }],
    ] as const) {
      const body = request();
      const read = readJson(body, 100);
      body.push(JSON.stringify('x'.repeat(length - 2)));
      body.push(null);
      expect(await read).toMatchObject(outcome);
    }
  });
});

describe('a page', () => {
  const host = 'chat.example:8080';
  it.each<[Record<string, string>, boolean]>([
    [{}, true],
    [{ origin: 'http://chat.example:8080' }, true],
    [{ origin: 'https://CHAT.example:8080' }, true],
    [{ origin: 'http://chat.example' }, false],
    [{ origin: 'http://evil.example' }, false],
    [{ origin: 'null' }, false],
    [{ origin: '' }, false],
    [{ origin: 'https://allowed.example' }, true],
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'none' }, true],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    // Behind a proxy that changes Host the origin is what was allowed.
    [{ origin: 'https://allowed.example', 'sec-fetch-site': 'same-origin' }, true],
  ])('with %j may ask: %s', (headers, may) => {
    const asked = request({ host, ...headers });
    expect(isAllowedOrigin(asked, ['https://allowed.example'])).toBe(may);
  });
});
