/**
 * Clients that we did not write against our server: `ws`, and the WebSocket that Node brings (undici's). What any client
 * can do is in test/support/interop.ts; here is what these two can do besides. Pings and fragments, which the WHATWG
 * interface does not show, are asked of `ws`.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PerMessageDeflateOptions, WebSocket as WsWebSocket } from 'ws';
import type { DeflateOptions } from '../src/deflate-negotiation.ts';
import {
  type ClientEnd,
  type Connect,
  describeClient,
  Inbox,
  type InteropServer,
  isSame,
  octets,
  serveInterop,
  similarMessages,
} from './support/interop.ts';

interface WsOptions {
  readonly protocols?: readonly string[];
  readonly deflate?: boolean | PerMessageDeflateOptions;
}

function openWs(address: string, { protocols = [], deflate = false }: WsOptions = {}): Promise<WsWebSocket> {
  return new Promise((resolve, reject) => {
    const perMessageDeflate = deflate === true ? { threshold: 0 } : deflate;
    const socket = new WsWebSocket(address, [...protocols], { perMessageDeflate });
    socket.once('error', reject);
    socket.once('open', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

const connectWs: Connect = async (address, options) => {
  const socket = await openWs(address, options);
  const inbox = new Inbox();
  socket.on('message', (data: Buffer, isBinary: boolean) => inbox.push(isBinary ? data : data.toString()));
  const closed = new Promise<ClientEnd>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  // ws reports a close that it did not expect as an error too; the close tells it all.
  socket.on('error', () => {});
  return {
    protocol: socket.protocol,
    extensions: socket.extensions,
    send: (data) => socket.send(data),
    close: (code, reason) => socket.close(code, reason),
    next: () => inbox.next(),
    closed,
  };
};

/** Offers permessage-deflate always, and has no say in it. */
const connectNode: Connect = async (address, { protocols = [] } = {}) => {
  const socket = new WebSocket(address, [...protocols]);
  socket.binaryType = 'arraybuffer';
  const inbox = new Inbox();
  socket.addEventListener('message', ({ data }) => {
    inbox.push(data instanceof ArrayBuffer ? Buffer.from(data) : String(data));
  });
  const closed = new Promise<ClientEnd>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }));
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('It could not be opened.')));
  });
  return {
    protocol: socket.protocol,
    extensions: socket.extensions,
    send: (data) => socket.send(data),
    close: (code, reason) => socket.close(code, reason),
    next: () => inbox.next(),
    closed,
  };
};

describeClient('ws', connectWs, { compresses: true });
// It reads compressed messages and sends none.
describeClient('Node’s WebSocket', connectNode, { compresses: false });

let served: InteropServer;

async function serving(deflate: boolean | DeflateOptions = false): Promise<InteropServer> {
  served = await serveInterop(deflate);
  return served;
}
afterEach(() => served?.server.close());

describe.each([
  ['ws', connectWs],
  ['Node’s WebSocket', connectNode],
] as const)('%s', (_name, connect) => {
  beforeEach(() => serving());

  it('a lone surrogate becomes U+FFFD on the way, and is good UTF-8', async () => {
    const client = await connect(served.url);
    client.send('a\ud800b');
    expect(await client.next()).toBe('a\ufffdb');
    client.close();
    await client.closed;
  });

  it('closes without a code: both ends read 1005', async () => {
    const client = await connect(served.url);
    client.close();
    expect(await client.closed).toEqual({ code: 1005, reason: '' });
    await served.closed;
    expect(served.records).toMatchObject([{ code: 1005, reason: '', wasClean: true, initiator: 'peer' }]);
  });

  it('is closed by the server without a code', async () => {
    const client = await connect(served.url);
    client.send('close');
    expect(await client.closed).toEqual({ code: 1005, reason: '' });
    await served.closed;
    expect(served.records).toMatchObject([{ wasClean: true, initiator: 'us' }]);
  });
});

describe.each([false, true])('ws alone, deflate: %s', (deflate) => {
  beforeEach(() => serving(deflate));

  // Node 20's own client drops a BOM at the start of what it receives, so it cannot be asked.
  it('has a BOM at the start of a text back', async () => {
    const client = await connectWs(served.url, { deflate });
    client.send('\ufefftext');
    expect(await client.next()).toBe('\ufefftext');
    client.close();
    await client.closed;
  });

  it('gets a Pong with its payload for each Ping, in fragments too', async () => {
    const socket = await openWs(served.url, { deflate });
    const pongs: string[] = [];
    socket.on('pong', (data) => pongs.push(data.toString()));
    const message = new Promise<string>((resolve) =>
      socket.on('message', (data: Buffer) => resolve(data.toString())),
    );
    socket.ping('one');
    socket.send('frag', { fin: false });
    socket.ping('two');
    socket.pong('nobody asked');
    socket.send('ment', { fin: true });
    expect(await message).toBe('fragment');
    expect(pongs).toEqual(['one', 'two']);
    expect(served.pings).toEqual(['one', 'two']);
    expect(served.pongs).toEqual(['nobody asked']);
    socket.close();
    await served.closed;
  });

  it('sends text cut inside a character, and has it back whole', async () => {
    const socket = await openWs(served.url, { deflate });
    const message = new Promise<string>((resolve) =>
      socket.on('message', (data: Buffer) => resolve(data.toString())),
    );
    const smiley = Buffer.from('😀');
    for (const [index, octet] of smiley.entries()) {
      socket.send(Uint8Array.of(octet), { fin: index === smiley.length - 1, binary: false });
    }
    expect(await message).toBe('😀');
    socket.close();
    await served.closed;
  });
});

describe('ws and refusals', () => {
  beforeEach(() => serving());

  it('offers compression, which is not taken, and works without', async () => {
    const socket = await openWs(served.url, { deflate: true });
    const message = new Promise<string>((resolve) =>
      socket.on('message', (data: Buffer) => resolve(data.toString())),
    );
    socket.send('a'.repeat(5000));
    expect(await message).toBe('a'.repeat(5000));
    expect(socket.extensions).toBe('');
    socket.close();
    await served.closed;
  });

  it('is told the status and the words of a refusal', async () => {
    const socket = new WsWebSocket(`${served.url}/refused`);
    const words = await new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('unexpected-response', (_request, response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve([response.statusCode, body]));
      });
    });
    expect(words).toEqual([403, 'Not you.\n']);
  });
});

/** What ws may ask for, and what the server may want, in many pairs. */
describe('agreements with ws', () => {
  // ws offers 8 bits for itself and cannot do them: zlib has no such window. For the server's side 8 are fine.
  const offers: readonly PerMessageDeflateOptions[] = [
    {},
    ...[8, 9, 12, 15].map((serverMaxWindowBits) => ({ serverMaxWindowBits })),
    ...[9, 11, 15].map((clientMaxWindowBits) => ({ clientMaxWindowBits })),
    { serverNoContextTakeover: true },
    { clientNoContextTakeover: true },
    { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 9 },
  ];
  const wishes: readonly DeflateOptions[] = [
    {},
    { serverMaxWindowBits: 15, clientMaxWindowBits: 15, threshold: 0 },
    { serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
    { serverNoContextTakeover: true },
    { clientNoContextTakeover: true, level: 9 },
  ];
  const pairs = offers.flatMap((offer) =>
    wishes.map((wish) => [`${JSON.stringify(offer)} against ${JSON.stringify(wish)}`, offer, wish] as const),
  );

  it.each(pairs)('%s', async (_title, offer, wish) => {
    await serving(wish);
    const socket = await openWs(served.url, { deflate: { threshold: 0, ...offer } });
    const inbox = new Inbox();
    socket.on('message', (data: Buffer, isBinary: boolean) => inbox.push(isBinary ? data : data.toString()));
    expect(socket.extensions).toBe('permessage-deflate');
    // The last one repeats within the smallest window: both sides compress it.
    const near = 'near '.repeat(1000);
    for (const message of [...similarMessages(20, 4), octets(40_000), octets(40_000), '', near]) {
      socket.send(message);
      expect(isSame(await inbox.next(), message)).toBe(true);
    }
    socket.close(1000);
    const record = await served.closed;
    expect(record).toMatchObject({ code: 1000, wasClean: true });
    const compressed = record.lastFrames.filter(({ opcode, rsv1 }) => rsv1 && opcode < 8);
    expect(new Set(compressed.map(({ direction }) => direction))).toEqual(new Set(['in', 'out']));
  });
});
