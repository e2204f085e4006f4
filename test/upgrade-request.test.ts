/** What a request says, and that it is made from what was kept, once, when it is asked for. */
import { describe, expect, it } from 'vitest';
import { parseRequestHead } from '../src/http-head.ts';
import { IncomingRequest } from '../src/upgrade-request.ts';
import { octets, upgradeText } from './support/http.ts';

const judged = { path: '/chat', host: 'other.example', origin: 'https://a.example', protocols: ['b', 'a'] };

function incoming(changes: Parameters<typeof upgradeText>[0] = {}, line = 'GET /chat?a=1&a=%32 HTTP/1.1') {
  const bytes = octets(upgradeText(changes, line));
  const request = new IncomingRequest(parseRequestHead(bytes), judged, '192.0.2.1', true);
  // Only lent.
  bytes.fill(0);
  return request;
}

describe('a request', () => {
  it('says what was judged, and where it came from', () => {
    expect(incoming()).toMatchObject({
      ...judged,
      target: '/chat?a=1&a=%32',
      remoteAddress: '192.0.2.1',
      secure: true,
    });
  });

  it('has the fields by name, repeated ones joined, and the host that was called', () => {
    const { headers } = incoming({ 'X-A': ['1', '2'], 'X-B': '\xe9' });
    expect(headers.get('x-a')).toBe('1, 2');
    expect(headers.get('x-b')).toBe('\xe9');
    expect(headers.get('host')).toBe('other.example');
    expect([...headers.keys()]).toContain('sec-websocket-key');
  });

  it('has the query', () => {
    expect(incoming().query.getAll('a')).toEqual(['1', '2']);
    expect([...incoming({}, 'GET /chat HTTP/1.1').query]).toEqual([]);
  });

  it('gives the same objects each time', () => {
    const request = incoming();
    expect(request.headers).toBe(request.headers);
    expect(request.query).toBe(request.query);
    expect(request.signal).toBe(request.signal);
    request.query.delete('a');
    expect(request.query.has('a')).toBe(false);
  });

  it('has a signal that is aborted by cancelling, before it is asked for or after', () => {
    const [before, after, never] = [incoming(), incoming(), incoming()];
    const { signal } = after;
    before.cancel();
    after.cancel();
    expect([before.signal.aborted, signal.aborted, never.signal.aborted]).toEqual([true, true, false]);
  });

  it('is copied without what it has not made yet', () => {
    const request = incoming();
    expect(Object.keys({ ...request })).toEqual([
      'target',
      'path',
      'host',
      'origin',
      'protocols',
      'remoteAddress',
      'secure',
    ]);
  });
});
