/** What a server may be told: defaults, ranges, and errors that name the option. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { resolveOptions, sweepInterval } from '../src/options.ts';
import { certificate } from './support/certificates.ts';

test('untold, it listens to this machine only and takes the documented defaults', () => {
  const { http, clock, trustedProxies, ...rest } = resolveOptions({});
  expect(rest).toEqual({
    host: '127.0.0.1',
    port: 0,
    allowedOrigins: 'same-origin',
    protocols: [],
    deflate: undefined,
    tls: undefined,
    proxyProtocol: false,
    maxMessageLength: 2 ** 20,
    maxBufferedAmount: 4 * 2 ** 20,
    maxTotalHeldAmount: 256 * 2 ** 20,
    maxReadRate: 8 * 2 ** 20,
    maxConnections: 16_384,
    maxConnectionsPerAddress: 1024,
    maxPendingUpgrades: 1024,
    headTimeout: 10_000,
    upgradeTimeout: 10_000,
    pingInterval: 25_000,
    pongTimeout: 20_000,
    closeTimeout: 5000,
  });
  expect(typeof http).toBe('function');
  expect(typeof clock.now()).toBe('number');
  expect(trustedProxies.has('127.0.0.1')).toBe(false);
  expect(trustedProxies.kind).toBe('x-forwarded-for');
});

test('what is told is taken as it is', () => {
  const http = (_request: IncomingMessage, response: ServerResponse): void => void response.end();
  const clock = { now: () => 0, every: () => () => {} };
  const told = {
    host: '::1',
    port: 8080,
    http,
    allowedOrigins: ['https://example.org'],
    protocols: ['chat'],
    tls: certificate('first'),
    proxyProtocol: true,
    maxMessageLength: 5,
    maxBufferedAmount: 200_000,
    maxTotalHeldAmount: 2_000_000,
    maxReadRate: 100_000,
    maxConnections: 1,
    maxConnectionsPerAddress: 2,
    maxPendingUpgrades: 3,
    headTimeout: 1,
    upgradeTimeout: 5,
    pingInterval: 2,
    pongTimeout: 3,
    closeTimeout: 4,
    clock,
  };
  const { trustedProxies, deflate, ...rest } = resolveOptions({
    ...told,
    trustedProxies: ['10.0.0.0/8'],
    forwardingField: 'forwarded',
    deflate: { threshold: 7 },
  });
  expect(rest).toEqual(told);
  expect([trustedProxies.has('10.1.2.3'), trustedProxies.has('11.1.2.3')]).toEqual([true, false]);
  expect(trustedProxies.kind).toBe('forwarded');
  expect(deflate).toMatchObject({ threshold: 7, serverMaxWindowBits: 11 });
});

test('deflate: true means its defaults, and so does an option that is undefined', () => {
  expect(resolveOptions({ deflate: true }).deflate).toEqual(resolveOptions({ deflate: {} }).deflate);
  expect(resolveOptions({ deflate: false }).deflate).toBe(undefined);
  const untold: Record<string, undefined> = { deflate: undefined, protocols: undefined, port: undefined };
  expect(resolveOptions(untold)).toMatchObject({ deflate: undefined, protocols: [], port: 0 });
});

describe('what is neither here nor there is an error that names the option', () => {
  const faulty: [string, Record<string, unknown>, RegExp][] = [
    ['a subprotocol', { protocols: ['two words'] }, /protocols holds "two words"/],
    ['no list of subprotocols', { protocols: 'chat' }, /protocols is "chat"; it takes a list/],
    ['deflate', { deflate: 'yes' }, /deflate is "yes"; it takes true, false or an object/],
    ['a part of deflate', { deflate: { level: 10 } }, /level is 10/],
    ['a proxy', { trustedProxies: ['here'] }, /"here" is neither an IP address nor a range/],
    ['a field', { forwardingField: 'via' }, /"via"; it takes "x-forwarded-for" or "forwarded"/],
    [
      'proxies that are no list',
      { trustedProxies: 'loopback' },
      /trustedProxies is "loopback"; it takes a list/,
    ],
    ['a listener', { http: 'page' }, /http is "page"; it takes a function/],
    ['TLS without a certificate', { tls: { key: 'key' } }, /tls takes a key and a cert/],
    ['TLS that is no object', { tls: true }, /tls takes a key and a cert/],
    ['proxies without names', { proxyProtocol: true }, /proxyProtocol needs trustedProxies/],
  ];
  for (const [name, options, message] of faulty) {
    test(name, () => {
      expect(() => resolveOptions(options)).toThrow(message);
    });
  }
});

describe('ranges', () => {
  const longest = 2 ** 31 - 1;
  const ranges = {
    port: [0, 65_535],
    maxMessageLength: [1, 2 ** 30],
    maxBufferedAmount: [131_072, Number.MAX_SAFE_INTEGER],
    maxTotalHeldAmount: [1_048_576, Number.MAX_SAFE_INTEGER],
    maxReadRate: [65_536, Number.MAX_SAFE_INTEGER],
    maxConnections: [1, Number.MAX_SAFE_INTEGER],
    maxConnectionsPerAddress: [1, Number.MAX_SAFE_INTEGER],
    maxPendingUpgrades: [1, Number.MAX_SAFE_INTEGER],
    headTimeout: [1, longest],
    upgradeTimeout: [1, longest],
    pingInterval: [1, longest],
    pongTimeout: [1, longest],
    closeTimeout: [1, longest],
  } as const;
  for (const [name, [lowest, highest]] of Object.entries(ranges)) {
    test(`${name} from ${lowest} to ${highest}`, () => {
      for (const value of [lowest, lowest + 1, highest]) {
        expect(resolveOptions({ [name]: value })).toMatchObject({ [name]: value });
      }
      for (const value of [
        lowest - 1,
        highest + 1,
        lowest + 0.5,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        '1',
      ]) {
        expect(() => resolveOptions({ [name]: value })).toThrow(
          new RangeError(`${name} is ${value}; it takes a whole number from ${lowest} to ${highest}.`),
        );
      }
    });
  }

  test('an origin that is none is named', () => {
    expect(() => resolveOptions({ allowedOrigins: ['https://example.org/path'] })).toThrow(
      /allowedOrigins holds "https:\/\/example.org\/path"/,
    );
  });
});

describe('the real clock', () => {
  test('never goes back', () => {
    const { clock } = resolveOptions({});
    const first = clock.now();
    expect(clock.now()).toBeGreaterThanOrEqual(first);
  });

  test('calls back at each interval until it is stopped, and keeps no process alive', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { clock } = resolveOptions({});
    let calls = 0;
    const stop = clock.every(sweepInterval, () => calls++);
    vi.advanceTimersByTime(3 * sweepInterval + 1);
    expect(calls).toBe(3);
    stop();
    vi.advanceTimersByTime(10 * sweepInterval);
    expect(calls).toBe(3);
    vi.useRealTimers();
    const active = process.getActiveResourcesInfo().length;
    const stopReal = clock.every(sweepInterval, () => {});
    // Only timers that keep the process alive are listed.
    expect(process.getActiveResourcesInfo()).toHaveLength(active);
    stopReal();
  });
});

test('a request that is no upgrade is told so in words', async () => {
  const server = createServer(resolveOptions({}).http);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = server.address();
  if (address === null || typeof address === 'string') expect.unreachable();
  const response = await fetch(`http://127.0.0.1:${address.port}/`);
  expect(response.status).toBe(426);
  expect(response.headers.get('upgrade')).toBe('websocket');
  expect(response.headers.get('connection')?.toLowerCase()).toContain('upgrade');
  expect(await response.text()).toBe('This server speaks WebSocket only: connect with a WebSocket client.\n');
});
