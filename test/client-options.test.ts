import { describe, expect, it } from 'vitest';
import { type ConnectOptions, resolveConnectOptions } from '../src/client-options.ts';
import { resolveDeflateOptions } from '../src/deflate-negotiation.ts';
import { manualClock } from './support/manual-clock.ts';

describe('resolveConnectOptions', () => {
  it('fills in the defaults, the server’s where they are the same', () => {
    const { clock, ...resolved } = resolveConnectOptions({});
    expect(resolved).toEqual({
      protocols: [],
      headers: {},
      origin: undefined,
      binaryType: 'arraybuffer',
      deflate: resolveDeflateOptions('client', {}),
      maxMessageLength: 1024 * 1024,
      maxBufferedAmount: 4 * 1024 * 1024,
      handshakeTimeout: 10_000,
      pingInterval: 25_000,
      pongTimeout: 20_000,
      closeTimeout: 5000,
      signal: undefined,
      tls: {},
    });
    expect(clock.now()).toBeTypeOf('number');
  });

  it('takes undefined for what is not given', () => {
    const names = [
      'protocols',
      'headers',
      'origin',
      'binaryType',
      'deflate',
      'maxMessageLength',
      'maxBufferedAmount',
      'handshakeTimeout',
      'pingInterval',
      'pongTimeout',
      'closeTimeout',
      'signal',
      'tls',
      'clock',
    ];
    const options: ConnectOptions = Object.fromEntries(names.map((name) => [name, undefined]));
    expect(resolveConnectOptions(options)).toEqual(resolveConnectOptions({}));
  });

  it('keeps what is given', () => {
    const clock = manualClock();
    const { signal } = new AbortController();
    const given = {
      headers: { Cookie: 'a=b' },
      origin: 'https://example.com',
      binaryType: 'uint8array',
      maxMessageLength: 1,
      maxBufferedAmount: 128 * 1024,
      handshakeTimeout: 1,
      pingInterval: 2,
      pongTimeout: 3,
      closeTimeout: 4,
      signal,
      tls: { servername: 'example.com' },
      clock,
    } as const;
    expect(resolveConnectOptions({ ...given, protocols: 'chat' })).toMatchObject({
      ...given,
      protocols: ['chat'],
    });
    expect(resolveConnectOptions({ protocols: ['a', 'b'] }).protocols).toEqual(['a', 'b']);
  });

  it('offers compression as it is told', () => {
    expect(resolveConnectOptions({ deflate: false }).deflate).toBeUndefined();
    expect(resolveConnectOptions({ deflate: true }).deflate).toEqual(resolveDeflateOptions('client', {}));
    expect(resolveConnectOptions({ deflate: { clientMaxWindowBits: 10 } }).deflate).toEqual(
      resolveDeflateOptions('client', { clientMaxWindowBits: 10 }),
    );
    expect(() => resolveConnectOptions({ deflate: { level: 0 } })).toThrow('level is 0;');
  });

  it.each<[string, unknown, string]>([
    ['binaryType', 'text', `binaryType is "text"; it takes 'arraybuffer', 'blob' or 'uint8array'.`],
    ['binaryType', 'toString', 'binaryType is "toString";'],
    ['binaryType', null, 'binaryType is null;'],
    ['handshakeTimeout', 0, 'handshakeTimeout is 0; it takes a whole number from 1 to 2147483647.'],
    ['handshakeTimeout', 2 ** 31, 'handshakeTimeout is 2147483648;'],
    ['handshakeTimeout', 1.5, 'handshakeTimeout is 1.5;'],
    ['maxMessageLength', 0, 'maxMessageLength is 0;'],
    ['maxBufferedAmount', 1, 'maxBufferedAmount is 1;'],
    ['pingInterval', -1, 'pingInterval is -1;'],
    ['pongTimeout', Number.NaN, 'pongTimeout is NaN;'],
    ['closeTimeout', Number.POSITIVE_INFINITY, 'closeTimeout is Infinity;'],
    ['deflate', 'yes', 'deflate is "yes";'],
    ['deflate', null, 'deflate is null;'],
  ])('names %s when it is %j', (name, value, message) => {
    expect(() => resolveConnectOptions({ [name]: value })).toThrow(message);
  });
});
