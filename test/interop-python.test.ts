/**
 * The client of Python's library websockets against our server: what every client can do, and with its fragments, pings
 * and settings of permessage-deflate besides.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findPythonWithWebSockets } from '../scripts/programs.ts';
import type { DeflateOptions } from '../src/deflate-negotiation.ts';
import {
  describeClient,
  type InteropServer,
  isSame,
  octets,
  serveInterop,
  similarMessages,
} from './support/interop.ts';
import { type DeflateSettings, RemoteClients } from './support/remote-clients.ts';

let python: RemoteClients;
beforeAll(() => {
  const program = findPythonWithWebSockets();
  if (program === undefined) throw new Error('There is no Python with websockets. Run `npm run pretest`.');
  python = new RemoteClients(program, ['test/support/websockets-client.py']);
});
afterAll(() => python.stop());

describeClient('Python’s websockets', (url, options) => python.connect(url, options), { compresses: true });

let served: InteropServer;

async function serving(deflate: boolean | DeflateOptions): Promise<InteropServer> {
  served = await serveInterop(deflate);
  return served;
}
afterEach(() => served?.server.close());

describe.each([false, true])('Python’s websockets alone, deflate: %s', (deflate) => {
  it('sends a message in fragments, and has it back whole', async () => {
    const { url } = await serving(deflate);
    const client = await python.connect(url, { deflate });
    const texts = ['κόσμε ', '', '你好 '.repeat(3000), '😀'];
    client.sendFragments(texts);
    expect(await client.next()).toBe(texts.join(''));
    const pieces = [octets(1000), octets(70_000), octets(1)];
    client.sendFragments(pieces);
    expect(isSame(await client.next(), Buffer.concat(pieces))).toBe(true);
    client.close();
    expect(await client.closed).toEqual({ code: 1000, reason: '' });
  });

  it('gets a Pong with its payload for each Ping', async () => {
    const { url, pings } = await serving(deflate);
    const client = await python.connect(url, { deflate });
    for (const payload of ['', 'one', 'two', 'x'.repeat(125)]) {
      expect(await client.ping(payload)).toBe(payload);
    }
    expect(pings).toEqual(['', 'one', 'two', 'x'.repeat(125)]);
    client.close();
    await client.closed;
  });

  it('reads 1005 when the server closes without a code', async () => {
    const { url, closed } = await serving(deflate);
    const client = await python.connect(url, { deflate });
    client.send('close');
    expect(await client.closed).toEqual({ code: 1005, reason: '' });
    expect(await closed).toMatchObject({ wasClean: true, initiator: 'us' });
  });

  it('has a BOM at the start of a text back', async () => {
    const { url } = await serving(deflate);
    const client = await python.connect(url, { deflate });
    client.send('\ufefftext');
    expect(await client.next()).toBe('\ufefftext');
    client.close();
    await client.closed;
  });
});

describe('a refusal', () => {
  it('is told with its status', async () => {
    const { url } = await serving(false);
    await expect(python.connect(`${url}/refused`)).rejects.toThrow(/HTTP 403/);
  });
});

/** What websockets may offer, and what the server may want, in many pairs; the answer as the RFC has it. */
describe('agreements with Python’s websockets', () => {
  const offers: readonly DeflateSettings[] = [
    {},
    { client_max_window_bits: true },
    ...[8, 9, 12, 15].map((bits) => ({ server_max_window_bits: bits, client_max_window_bits: true })),
    ...[9, 11, 15].map((bits) => ({ client_max_window_bits: bits })),
    { server_no_context_takeover: true, client_no_context_takeover: true },
    { server_no_context_takeover: true, server_max_window_bits: 9, client_max_window_bits: 9 },
  ];
  const wishes: readonly DeflateOptions[] = [
    {},
    { serverMaxWindowBits: 15, clientMaxWindowBits: 15, threshold: 0 },
    { serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
    { serverNoContextTakeover: true, clientNoContextTakeover: true, level: 9 },
  ];
  const pairs = offers.flatMap((offer) =>
    wishes.map((wish) => [`${JSON.stringify(offer)} against ${JSON.stringify(wish)}`, offer, wish] as const),
  );

  it.each(pairs)('%s', async (_title, offer, wish) => {
    const { url, closed } = await serving(wish);
    const client = await python.connect(url, { deflate: offer });
    expect(client.extensions).toMatch(/^permessage-deflate/);
    // The last one repeats within the smallest window: both sides compress it.
    const near = 'near '.repeat(1000);
    for (const message of [...similarMessages(20, 5), octets(40_000), octets(40_000), '', near]) {
      client.send(message);
      expect(isSame(await client.next(), message)).toBe(true);
    }
    client.close();
    const record = await closed;
    expect(record).toMatchObject({ code: 1000, wasClean: true });
    const compressed = record.lastFrames.filter(({ opcode, rsv1 }) => rsv1 && opcode < 8);
    expect(new Set(compressed.map(({ direction }) => direction))).toEqual(new Set(['in', 'out']));
  });
});
