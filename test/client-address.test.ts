import { describe, expect, it } from 'vitest';
import { parseAddress } from '../src/client-address.ts';

function nameOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DOMException) return `${error.name}: ${error.message}`;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('parseAddress', () => {
  it.each([
    // address, secure, hostname, port, host, target
    ['ws://example.com', false, 'example.com', 80, 'example.com', '/'],
    ['wss://example.com', true, 'example.com', 443, 'example.com', '/'],
    ['ws://example.com:80/chat', false, 'example.com', 80, 'example.com', '/chat'],
    ['wss://example.com:443/chat', true, 'example.com', 443, 'example.com', '/chat'],
    ['ws://example.com:443', false, 'example.com', 443, 'example.com:443', '/'],
    ['wss://example.com:80', true, 'example.com', 80, 'example.com:80', '/'],
    ['ws://127.0.0.1:9001/a/b?c=d&e', false, '127.0.0.1', 9001, '127.0.0.1:9001', '/a/b?c=d&e'],
    ['ws://[::1]:9001/', false, '::1', 9001, '[::1]:9001', '/'],
    ['wss://[2001:DB8::1]', true, '2001:db8::1', 443, '[2001:db8::1]', '/'],
    ['WS://EXAMPLE.com/Case', false, 'example.com', 80, 'example.com', '/Case'],
    ['ws://bücher.example/', false, 'xn--bcher-kva.example', 80, 'xn--bcher-kva.example', '/'],
    ['ws://example.com/ä b?ö "', false, 'example.com', 80, 'example.com', '/%C3%A4%20b?%C3%B6%20%22'],
    ['ws://example.com/%23?%23', false, 'example.com', 80, 'example.com', '/%23?%23'],
    ['ws://example.com/a/../b', false, 'example.com', 80, 'example.com', '/b'],
    ['ws://example.com?x', false, 'example.com', 80, 'example.com', '/?x'],
  ] as const)('takes %s apart', (address, secure, hostname, port, host, target) => {
    const { url, origin, ...parts } = parseAddress(address);
    expect(parts).toEqual({ secure, hostname, port, host, target });
    const scheme = secure ? 'wss' : 'ws';
    expect(origin).toBe(`${scheme}://${host}`);
    expect(url).toBe(`${scheme}://${host}${target}`);
  });

  it('takes a URL object too', () => {
    expect(parseAddress(new URL('ws://example.com:81/x')).url).toBe('ws://example.com:81/x');
  });

  it.each([
    ['', 'is not an absolute address'],
    ['/chat', 'is not an absolute address'],
    ['ws://', 'is not an absolute address'],
    ['ws://example.com:65536', 'is not an absolute address'],
    ['ws://a b/', 'is not an absolute address'],
    ['http://example.com', 'is ws or wss, not http.'],
    ['https://example.com', 'is ws or wss, not https.'],
    ['file:///etc/passwd', 'is ws or wss, not file.'],
    ['ws://example.com/#part', 'has no fragment'],
    ['ws://example.com/#', 'has no fragment'],
    ['ws://ada@example.com/', 'has no user and password'],
    ['ws://ada:secret@example.com/', 'has no user and password'],
    ['ws://:secret@example.com/', 'has no user and password'],
    // What the URL rules let pass and RFC 3986 §3.2.2 does not.
    ['ws://exa"mple.com/', 'is no host'],
    ['ws://{example}.com:81/', 'is no host'],
    ['ws://exa`mple.com/', 'is no host'],
  ])('refuses %j', (address, words) => {
    const message = nameOf(() => parseAddress(address));
    expect(message).toMatch(/^SyntaxError: .*\.$/);
    expect(message).toContain(words);
    expect(message).not.toContain('secret');
  });
});
