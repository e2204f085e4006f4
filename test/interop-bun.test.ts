/**
 * Bun's WebSocket client against our server: what every client can do, and with its pings besides. It always offers
 * `permessage-deflate; client_max_window_bits`, keeps to the window that the answer gives it, takes it over from message
 * to message unless told not to, and compresses what is long enough (from about 1 KiB).
 */
import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bunBuild } from '../scripts/programs.ts';
import type { DeflateOptions } from '../src/deflate-negotiation.ts';
import type { FrameNote } from '../src/recent-frames.ts';
import { seededRandom } from './support/chopping.ts';
import { describeClient, type InteropServer, serveInterop } from './support/interop.ts';
import { RemoteClients } from './support/remote-clients.ts';

interface BothWays {
  readonly in: readonly FrameNote[];
  readonly out: readonly FrameNote[];
}

const build = bunBuild();

// Bun is not for every machine; everywhere else it is asked.
if (build === undefined) {
  it('is asked nothing where Bun does not run', () => expect(bunBuild()).toBeUndefined());
} else {
  let bun: RemoteClients;
  beforeAll(() => {
    if (!existsSync(build.program)) throw new Error(`There is no ${build.program}. Run \`npm run pretest\`.`);
    bun = new RemoteClients(build.program, ['test/support/bun-client.ts']);
  });
  afterAll(() => bun.stop());

  describeClient('Bun’s WebSocket', (url, options) => bun.connect(url, options), { compresses: true });

  let served: InteropServer;
  afterEach(() => served?.server.close());

  describe.each([false, true])('Bun’s WebSocket alone, deflate: %s', (deflate) => {
    it('gets a Pong with its payload for each Ping', async () => {
      served = await serveInterop(deflate);
      const client = await bun.connect(served.url);
      for (const payload of ['one', 'two', 'x'.repeat(125)]) expect(await client.ping(payload)).toBe(payload);
      expect(served.pings).toEqual(['one', 'two', 'x'.repeat(125)]);
      client.close();
      await client.closed;
    });

    it('reads 1005 when the server closes without a code', async () => {
      served = await serveInterop(deflate);
      const client = await bun.connect(served.url);
      client.send('close');
      expect(await client.closed).toEqual({ code: 1005, reason: '' });
      expect(await served.closed).toMatchObject({ wasClean: true, initiator: 'us' });
    });

    it('a lone surrogate becomes U+FFFD on the way, and is good UTF-8', async () => {
      served = await serveInterop(deflate);
      const client = await bun.connect(served.url);
      client.send('a\ud800b');
      expect(await client.next()).toBe('a\ufffdb');
      client.close();
      await client.closed;
    });
  });

  /** The frames of a text that is sent and echoed three times, by direction; it has no repetition within itself. */
  async function framesOf(options: DeflateOptions, answer: string, length: number): Promise<BothWays> {
    served = await serveInterop(options);
    const client = await bun.connect(served.url);
    expect(client.extensions).toBe(answer);
    const random = seededRandom(length);
    const text = Array.from({ length }, () => Math.floor(random() * 36).toString(36)).join('');
    for (let count = 0; count < 3; count++) {
      client.send(text);
      expect(await client.next()).toBe(text);
    }
    client.close();
    const { wasClean, lastFrames } = await served.closed;
    expect(wasClean).toBe(true);
    const frames = lastFrames.filter(({ opcode }) => opcode === 0x1);
    expect(frames.map(({ rsv1 }) => rsv1)).toEqual(Array(6).fill(true));
    return {
      in: frames.filter(({ direction }) => direction === 'in'),
      out: frames.filter(({ direction }) => direction === 'out'),
    };
  }

  /** Both sides get a window of so many bits. 15 is the most: where it is agreed on, nothing need be said. */
  function framesWithin(bits: number, length: number): Promise<BothWays> {
    const answer =
      bits === 15
        ? 'permessage-deflate'
        : `permessage-deflate; server_max_window_bits=${bits}; client_max_window_bits=${bits}`;
    return framesOf({ serverMaxWindowBits: bits, clientMaxWindowBits: bits }, answer, length);
  }

  it.each([11, 12, 13, 14, 15])('both point back within a window of %i bits', async (bits) => {
    const frames = await framesWithin(bits, Math.floor(0.6 * 2 ** bits));
    for (const [, second, third] of [frames.in, frames.out]) {
      expect(second?.payloadLength).toBeLessThan(0.06 * 2 ** bits);
      expect(third?.payloadLength).toBeLessThan(0.06 * 2 ** bits);
    }
  });

  it.each([9, 10, 11, 12, 13, 14, 15])('neither points back past a window of %i bits', async (bits) => {
    const length = 2 ** bits + 1100;
    const frames = await framesWithin(bits, length);
    for (const [, second, third] of [frames.in, frames.out]) {
      expect(second?.payloadLength).toBeGreaterThan(0.6 * length);
      expect(third?.payloadLength).toBeGreaterThan(0.6 * length);
    }
  });

  it('neither points back when no context is to be taken over', async () => {
    const frames = await framesOf(
      {
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        serverMaxWindowBits: 15,
        clientMaxWindowBits: 15,
      },
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
      2000,
    );
    for (const { payloadLength } of [...frames.in, ...frames.out])
      expect(payloadLength).toBeGreaterThan(1200);
  });
}
