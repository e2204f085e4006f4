/**
 * The client against a server of raw octets: what it sends, what it takes, what it refuses, and how each end comes.
 * Each rule of the protocol that connection.test.ts shows for a server is shown here for the client, over TCP.
 */
import { createServer as createTlsServer } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connect, WebSocketClient } from '../src/client.ts';
import type { ClientCloseEvent, ClientErrorEvent } from '../src/client-events.ts';
import type { ConnectOptions } from '../src/client-options.ts';
import { Connection } from '../src/connection.ts';
import { HandshakeError } from '../src/handshake-error.ts';
import { certificate } from './support/certificates.ts';
import { type ManualClock, manualClock } from './support/manual-clock.ts';
import { maskedFrame } from './support/raw-client.ts';
import { type RawPeer, RawServer } from './support/raw-server.ts';

const frame = (
  opcode: number,
  payload: string | Uint8Array = '',
  more: { fin?: boolean; reserved?: number } = {},
) => maskedFrame({ opcode, payload, mask: null, ...more });
const text = (payload: string) => frame(0x1, payload);
const close = (code: number, reason = '') =>
  frame(0x8, Buffer.concat([Uint8Array.of(code >> 8, code & 0xff), Buffer.from(reason)]));

/** What came, in order: `open`, `message "a"`, `error …`, `close 1000`. */
function log(client: WebSocketClient): string[] {
  const seen: string[] = [];
  client.addEventListener('open', () => seen.push('open'));
  client.addEventListener('message', ({ data }) => seen.push(`message ${show(data)}`));
  client.addEventListener('ping', ({ data }) => seen.push(`ping ${show(data)}`));
  client.addEventListener('pong', ({ data }) => seen.push(`pong ${show(data)}`));
  client.addEventListener('drain', () => seen.push('drain'));
  client.addEventListener('error', ({ message }) => seen.push(`error ${message}`));
  client.addEventListener('close', ({ code }) => seen.push(`close ${code}`));
  return seen;
}

function show(data: string | ArrayBuffer | Uint8Array): string {
  return typeof data === 'string' ? JSON.stringify(data) : Buffer.from(new Uint8Array(data)).toString('hex');
}

interface Opened {
  readonly client: WebSocketClient;
  readonly peer: RawPeer;
  readonly seen: string[];
  readonly clock: ManualClock;
}

/** A client that is open, with the server's end of its connection. */
async function open(options: ConnectOptions = {}): Promise<Opened> {
  const server = await RawServer.listen();
  const clock = manualClock();
  const client = connect(`ws://127.0.0.1:${server.port}/`, { clock, ...options });
  onTestFinished(() => client.terminate());
  const seen = log(client);
  const peer = await server.next();
  await peer.accept();
  await client.opened;
  // Reading begins in the next turn, and pings with it.
  await new Promise<void>((resolve) => setImmediate(resolve));
  return { client, peer, seen, clock };
}

/** Waits until the client's next event of that type. */
function next(client: WebSocketClient, type: 'open' | 'message' | 'ping' | 'pong' | 'drain'): Promise<void> {
  return new Promise((resolve) => client.addEventListener(type, () => resolve(), { once: true }));
}

describe('opening', () => {
  it('sends the request of RFC 6455 §4.1, with a key of 16 octets that is new each time', async () => {
    const server = await RawServer.listen();
    const keys: string[] = [];
    for (let count = 0; count < 3; count++) {
      const client = connect(`ws://127.0.0.1:${server.port}/chat?room=1`);
      const { line, fields } = await (await server.next()).request();
      expect(line).toBe('GET /chat?room=1 HTTP/1.1');
      const [key = ''] = fields.get('sec-websocket-key') ?? [];
      expect([...fields]).toEqual([
        ['host', [`127.0.0.1:${server.port}`]],
        ['upgrade', ['websocket']],
        ['connection', ['Upgrade']],
        ['sec-websocket-key', [key]],
        ['sec-websocket-version', ['13']],
        ['sec-websocket-extensions', ['permessage-deflate; client_max_window_bits']],
      ]);
      expect(Buffer.from(key, 'base64')).toHaveLength(16);
      keys.push(key);
      client.terminate();
      await client.closed;
    }
    expect(new Set(keys).size).toBe(3);
  });

  it('sends the subprotocols, the origin and the fields that it is given, and no offer when told so', async () => {
    const server = await RawServer.listen();
    const client = connect(`ws://127.0.0.1:${server.port}/`, {
      protocols: ['chat', 'superchat'],
      origin: 'https://example.com',
      headers: { Authorization: 'Bearer abc', Cookie: 'a=b' },
      deflate: false,
    });
    const peer = await server.next();
    const { fields } = await peer.accept(['Sec-WebSocket-Protocol: superchat']);
    expect(fields.get('sec-websocket-protocol')).toEqual(['chat, superchat']);
    expect(fields.get('origin')).toEqual(['https://example.com']);
    expect(fields.get('authorization')).toEqual(['Bearer abc']);
    expect(fields.get('cookie')).toEqual(['a=b']);
    expect(fields.has('sec-websocket-extensions')).toBe(false);
    await client.opened;
    expect(client.protocol).toBe('superchat');
    expect(client.extensions).toBe('');
    client.terminate();
  });

  it('goes from connecting to open, says so once, and keeps the address', async () => {
    const server = await RawServer.listen();
    const client = connect(new URL(`ws://127.0.0.1:${server.port}/ä`), { protocols: 'chat' });
    const seen = log(client);
    expect(client.readyState).toBe(WebSocketClient.CONNECTING);
    expect(client.url).toBe(`ws://127.0.0.1:${server.port}/%C3%A4`);
    expect([client.protocol, client.extensions, client.bufferedAmount]).toEqual(['', '', 0]);
    await (await server.next()).accept();
    await client.opened;
    expect(client.readyState).toBe(WebSocketClient.OPEN);
    expect(seen).toEqual(['open']);
    client.terminate();
  });

  it('is told at the call what can never work', () => {
    expect(() => connect('http://127.0.0.1/')).toThrow(DOMException);
    expect(() => connect('ws://127.0.0.1/', { protocols: ['a', 'a'] })).toThrow(
      'A subprotocol is offered twice.',
    );
    expect(() => connect('ws://127.0.0.1/', { protocols: 'a b' })).toThrow(TypeError);
    expect(() => connect('ws://127.0.0.1/', { headers: { Host: 'x' } })).toThrow(TypeError);
    expect(() => connect('ws://127.0.0.1/', { headers: { 'X-A': 'a\r\nb' } })).toThrow(TypeError);
    expect(() => connect('ws://127.0.0.1/', { pingInterval: 0 })).toThrow(RangeError);
    expect(() =>
      connect('wss://127.0.0.1/', { tls: { ca: 'no certificate', cert: 'x', key: 'y' } }),
    ).toThrow();
  });

  it('hands out what came in the same packet as the 101, to who listens right after `opened`', async () => {
    const server = await RawServer.listen();
    const client = connect(`ws://127.0.0.1:${server.port}/`);
    const peer = await server.next();
    await peer.accept([], text('first'), frame(0x2, Uint8Array.of(1, 2)), close(1001, 'enough'));
    await client.opened;
    const seen = log(client);
    peer.end();
    const record = await client.closed;
    expect(seen).toEqual(['message "first"', 'message 0102', 'close 1001']);
    expect(record).toMatchObject({ code: 1001, reason: 'enough', wasClean: true, initiator: 'peer' });
  });

  it('hands out what came in pieces, cut at each octet of answer and frame', async () => {
    const server = await RawServer.listen();
    const client = connect(`ws://127.0.0.1:${server.port}/`);
    const seen = log(client);
    const peer = await server.next();
    const { acceptFor, switchingHead } = await import('./support/raw-server.ts');
    const answer = Buffer.concat([
      Buffer.from(switchingHead(acceptFor(await peer.request()))),
      text('cut'),
      close(1000),
    ]);
    for (const octet of answer) {
      peer.send(Uint8Array.of(octet));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    peer.end();
    await client.closed;
    expect(seen).toEqual(['open', 'message "cut"', 'close 1000']);
  });

  it('takes over a 101 that is followed by the end of TCP', async () => {
    const server = await RawServer.listen();
    const client = connect(`ws://127.0.0.1:${server.port}/`);
    const seen = log(client);
    const peer = await server.next();
    await peer.accept([], text('only'));
    peer.end();
    const record = await client.closed;
    expect(seen.slice(0, 2)).toEqual(['open', 'message "only"']);
    expect(record).toMatchObject({ code: 1006, wasClean: false, initiator: 'network' });
    expect(await peer.rest()).toHaveLength(0);
  });
});

describe('wss', () => {
  it('opens over TLS to a name that the certificate has, and talks', async () => {
    const server = await RawServer.listen(certificate('first'));
    const client = connect(`wss://localhost:${server.port}/`, { tls: { ca: certificate('first').cert } });
    const peer = await server.next();
    const { fields } = await peer.accept([], text('hello'));
    expect(fields.get('host')).toEqual([`localhost:${server.port}`]);
    const seen = log(client);
    client.addEventListener('message', () => client.close(1000));
    await client.opened;
    expect(await peer.close()).toEqual({ code: 1000, reason: '' });
    peer.send(close(1000));
    peer.end();
    expect(await client.closed).toMatchObject({ code: 1000, wasClean: true });
    expect(seen).toEqual(['open', 'message "hello"', 'close 1000']);
  });

  it('opens to an IP address in the certificate', async () => {
    const server = await RawServer.listen(certificate('second'));
    const client = connect(`wss://127.0.0.1:${server.port}/`, { tls: { ca: certificate('second').cert } });
    await (await server.next()).accept();
    await client.opened;
    client.terminate();
  });

  it('opens with `servername` to a server that is reached under another name', async () => {
    const server = await RawServer.listen(certificate('first'));
    const tls = { ca: certificate('first').cert, servername: 'localhost' };
    const client = connect(`wss://127.0.0.1:${server.port}/`, { tls });
    await (await server.next()).accept();
    await client.opened;
    client.terminate();
  });

  it('names the server in TLS (SNI), but no IP address: those are no names (RFC 6066 §3)', async () => {
    const names: unknown[] = [];
    const server = createTlsServer(certificate('first'), (tcp) => {
      names.push(tcp.servername);
      tcp.on('error', () => {}).destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    onTestFinished(() => void server.close());
    const address = server.address();
    if (address === null || typeof address === 'string')
      throw new TypeError('The server has no TCP address.');
    const tls = { ca: certificate('first').cert };
    for (const host of ['localhost', '127.0.0.1']) {
      await connect(`wss://${host}:${address.port}/`, { tls }).closed;
    }
    expect(names).toEqual(['localhost', false]);
    // An option that is there but not set is not set.
    await connect(`wss://localhost:${address.port}/`, { tls: { ...tls, servername: undefined } }).closed;
    expect(names.slice(2)).toEqual(['localhost']);
  });

  it('refuses a certificate that nobody vouches for, and sends it nothing', async () => {
    const server = await RawServer.listen(certificate('first'));
    const client = connect(`wss://localhost:${server.port}/`, { headers: { Authorization: 'secret' } });
    const seen = log(client);
    await expect(client.opened).rejects.toMatchObject({
      name: 'HandshakeError',
      message: `The certificate of localhost:${server.port} is signed by itself; give it as \`tls.ca\` to trust it (DEPTH_ZERO_SELF_SIGNED_CERT).`,
      code: 1015,
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
    expect(await client.closed).toMatchObject({ code: 1015, initiator: 'us', wasClean: false });
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe('close 1015');
    await server.idle();
    expect(server.octetsReceived).toBe(0);
  });

  it('refuses the certificate of another', async () => {
    const server = await RawServer.listen(certificate('first'));
    const other = connect(`wss://localhost:${server.port}/`, { tls: { ca: certificate('second').cert } });
    await expect(other.opened).rejects.toMatchObject({ code: 1015 });
    await server.idle();
    expect(server.octetsReceived).toBe(0);
  });

  it('takes any certificate when told so', async () => {
    const server = await RawServer.listen(certificate('first'));
    const any = connect(`wss://localhost:${server.port}/`, { tls: { rejectUnauthorized: false } });
    await (await server.next()).accept();
    await any.opened;
    any.terminate();
  });

  it('says that the server speaks no TLS, and that a TLS server cut it off', async () => {
    const server = await RawServer.listen();
    const plain = connect(`wss://127.0.0.1:${server.port}/`);
    (await server.next()).send('HTTP/1.1 400 Bad Request\r\n\r\n');
    await expect(plain.opened).rejects.toMatchObject({
      code: 1015,
      initiator: 'network',
      message: expect.stringContaining('does not speak TLS as we do'),
    });
    const cut = connect(`wss://127.0.0.1:${server.port}/`);
    (await server.next()).end();
    await expect(cut.opened).rejects.toMatchObject({
      code: 1015,
      message: `127.0.0.1:${server.port} ended the connection in the middle of the TLS handshake.`,
    });
  });
});

describe('sending', () => {
  it('masks every frame, each with a key of its own', async () => {
    const { client, peer } = await open();
    for (let count = 0; count < 20; count++) client.send('same');
    const keys = new Set<number>();
    for (let count = 0; count < 20; count++) {
      const { payload, maskingKey, ...head } = await peer.frame();
      expect(head).toEqual({ fin: true, rsv1: false, opcode: 0x1 });
      expect(payload.toString()).toBe('same');
      keys.add(maskingKey);
    }
    expect(keys.size).toBe(20);
  });

  it('sends octets of any kind, as they were when it was called', async () => {
    const { client, peer } = await open();
    const octets = Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7);
    expect(client.send(octets)).toBe('sent');
    client.send(octets.buffer);
    client.send(new DataView(octets.buffer, 1, 3));
    client.send(new Uint16Array(octets.buffer, 2, 2));
    client.send(octets.subarray(6));
    const long = new Uint8Array(100_000).fill(7);
    client.send(long);
    octets.fill(9);
    long.fill(9);
    const sent: string[] = [];
    for (let count = 0; count < 5; count++) {
      const { opcode, payload } = await peer.frame();
      expect(opcode).toBe(0x2);
      sent.push(payload.toString('hex'));
    }
    expect(sent).toEqual(['0001020304050607', '0001020304050607', '010203', '02030405', '0607']);
    expect((await peer.frame()).payload.every((octet) => octet === 7)).toBe(true);
  });

  it('sends a lone surrogate as U+FFFD', async () => {
    const { client, peer } = await open();
    client.send('a\ud800b');
    expect((await peer.frame()).payload.toString()).toBe('a\ufffdb');
  });

  it('throws InvalidStateError before it is open, and TypeError for what is no message', async () => {
    const server = await RawServer.listen();
    const client = connect(`ws://127.0.0.1:${server.port}/`);
    for (const run of [() => client.send('early'), () => client.ping()]) {
      expect(run).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
    }
    const peer = await server.next();
    await peer.accept();
    await client.opened;
    for (const data of [1, null, undefined, {}, new Blob(['a']), ['a']]) {
      // @ts-expect-error what JavaScript callers may do
      expect(() => client.send(data)).toThrow(TypeError);
    }
    client.close();
    expect(await peer.close()).toEqual({ code: 1005, reason: '' });
  });

  it('answers `closed` once it is closing, and counts nothing', async () => {
    const { client, peer } = await open();
    client.close(1000);
    expect(client.readyState).toBe(WebSocketClient.CLOSING);
    const waiting = client.bufferedAmount;
    expect(client.send('late')).toBe('closed');
    client.ping();
    expect(client.bufferedAmount).toBe(waiting);
    expect(await peer.close()).toEqual({ code: 1000, reason: '' });
    peer.send(close(1000));
    peer.end();
    await client.closed;
    expect(client.readyState).toBe(WebSocketClient.CLOSED);
    expect(client.send('later')).toBe('closed');
    client.ping();
    client.close(1000);
    client.terminate();
    expect(client.bufferedAmount).toBe(0);
    expect(await peer.rest()).toHaveLength(0);
  });

  it('says `buffered` when the server does not read, and `drain` when it has', async () => {
    const { client, peer, seen } = await open({ maxBufferedAmount: 32 * 1024 * 1024 });
    peer.pause();
    const block = new Uint8Array(8 * 1024 * 1024);
    while (client.send(block) === 'sent');
    expect(client.bufferedAmount).toBeGreaterThan(16 * 1024 * 1024);
    const drained = next(client, 'drain');
    peer.resume();
    await drained;
    expect(client.bufferedAmount).toBe(0);
    expect(seen).toEqual(['open', 'drain']);
    expect(client.readyState).toBe(WebSocketClient.OPEN);
  });

  it('reads on while the server takes nothing, so that two who wait for each other go on', async () => {
    const { client, peer, seen } = await open({ maxBufferedAmount: 32 * 1024 * 1024 });
    peer.pause();
    const block = new Uint8Array(8 * 1024 * 1024);
    while (client.send(block) === 'sent');
    peer.send(text('read me first'));
    await next(client, 'message');
    expect(client.bufferedAmount).toBeGreaterThan(0);
    const drained = next(client, 'drain');
    peer.resume();
    await drained;
    expect(seen).toEqual(['open', 'message "read me first"', 'drain']);
  });

  it('closes with 1013 when more waits than may', async () => {
    const { client, peer, clock } = await open({ maxBufferedAmount: 128 * 1024 });
    peer.pause();
    const block = new Uint8Array(16 * 1024 * 1024);
    while (client.send(block) !== 'closed');
    clock.advance(60_000);
    expect(await client.closed).toMatchObject({
      code: 1006,
      wasClean: false,
      initiator: 'us',
      explanation: 'The peer reads too slowly: over 131072 octets wait for it.',
    });
  });
});

describe('receiving', () => {
  it('hands out text, binary and fragments, with pings between them', async () => {
    const { client, peer, seen } = await open();
    // What an event tells is its own, and does not keep a chunk alive.
    const payloads: number[] = [];
    for (const type of ['ping', 'pong'] as const) {
      client.addEventListener(type, ({ data }) => payloads.push(data.buffer.byteLength));
    }
    peer.send(
      text('κόσμε'),
      text(''),
      frame(0x2, Uint8Array.of(1, 2, 3)),
      frame(0x1, 'fra', { fin: false }),
      frame(0x9, 'mid'),
      frame(0xa, 'nobody asked'),
      frame(0x0, 'gment'),
      frame(0x9, 'end'),
    );
    expect(await peer.frame()).toMatchObject({ opcode: 0xa, payload: Buffer.from('mid') });
    expect(await peer.frame()).toMatchObject({ opcode: 0xa, payload: Buffer.from('end') });
    expect(seen).toEqual([
      'open',
      'message "κόσμε"',
      'message ""',
      'message 010203',
      'ping 6d6964',
      `pong ${Buffer.from('nobody asked').toString('hex')}`,
      'message "fragment"',
      'ping 656e64',
    ]);
    expect(payloads).toEqual([3, 12, 3]);
  });

  it('gives a message event its origin, and binary as binaryType says from then on', async () => {
    const server = await RawServer.listen();
    const client = connect(`ws://127.0.0.1:${server.port}/`, { binaryType: 'uint8array' });
    onTestFinished(() => client.terminate());
    const wide = connect<'arraybuffer' | 'blob' | 'uint8array'>('ws://127.0.0.1:1/', { binaryType: 'blob' });
    expect(wide.binaryType).toBe('blob');
    wide.binaryType = 'arraybuffer';
    expect(wide.binaryType).toBe('arraybuffer');
    // @ts-expect-error what JavaScript callers may do
    wide.binaryType = 'text';
    expect(wide.binaryType).toBe('arraybuffer');
    const peer = await server.next();
    await peer.accept([], frame(0x2, Uint8Array.of(1, 2, 3)));
    await client.opened;
    const event = await new Promise<unknown>((resolve) => {
      client.onmessage = resolve;
    });
    expect(event).toMatchObject({ type: 'message', origin: `ws://127.0.0.1:${server.port}` });
    expect(event).toHaveProperty('data', expect.any(Uint8Array));
  });

  it('takes a message of the greatest length and no longer one', async () => {
    const { client, peer } = await open({ maxMessageLength: 1000 });
    const message = next(client, 'message');
    peer.send(text('a'.repeat(1000)));
    await message;
    peer.send(frame(0x2, new Uint8Array(1001)));
    expect((await peer.close()).code).toBe(1009);
    peer.end();
    expect(await client.closed).toMatchObject({ code: 1009, initiator: 'us', section: 'RFC 6455 §10.4' });
  });

  it('closes with 1011 when it fails itself, and tells that error', async () => {
    const { client, peer } = await open();
    const fault = new RangeError('Array buffer allocation failed');
    const spy = vi.spyOn(Connection.prototype, 'receive').mockImplementationOnce(() => {
      throw fault;
    });
    onTestFinished(() => spy.mockRestore());
    const errors: unknown[] = [];
    client.onerror = ({ error }) => errors.push(error);
    peer.send(text('a'));
    expect(await peer.close()).toEqual({ code: 1011, reason: 'The client failed on this message.' });
    peer.end();
    expect(await client.closed).toMatchObject({
      code: 1006,
      initiator: 'us',
      explanation: 'The client failed while receiving.',
    });
    expect(errors).toEqual([fault]);
  });

  it('keeps what a listener throws from the others, as Node does for every EventTarget', async () => {
    const { client, peer, seen } = await open();
    const thrown = new Promise((resolve) => {
      const before = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      process.once('uncaughtException', (error) => {
        for (const listener of before) process.on('uncaughtException', listener);
        resolve(error);
      });
    });
    const fault = new Error('of the application');
    client.addEventListener('message', () => {
      throw fault;
    });
    client.addEventListener('message', () => client.send('still here'));
    peer.send(text('a'));
    expect((await peer.frame()).payload.toString()).toBe('still here');
    expect(await thrown).toBe(fault);
    expect(seen).toEqual(['open', 'message "a"']);
    expect(client.readyState).toBe(WebSocketClient.OPEN);
  });
});

describe('failing the connection (RFC 6455 §7.1.7): the server', () => {
  it.each([
    ['masks a frame', 1002, '§5.1', maskedFrame({ opcode: 0x1, payload: 'a' })],
    ['sets RSV1 without an extension', 1002, '§5.2', frame(0x1, 'a', { reserved: 0x40 })],
    ['sets RSV2', 1002, '§5.2', frame(0x1, 'a', { reserved: 0x20 })],
    ['uses a reserved opcode', 1002, '§5.2', frame(0x3, 'a')],
    ['cuts a control frame', 1002, '§5.5', frame(0x9, 'a', { fin: false })],
    ['sends a long control frame', 1002, '§5.5', frame(0x9, 'a'.repeat(126))],
    ['continues nothing', 1002, '§5.4', frame(0x0, 'a')],
    [
      'begins anew within a message',
      1002,
      '§5.4',
      Buffer.concat([frame(0x1, 'a', { fin: false }), text('b')]),
    ],
    [
      'writes a length too long',
      1002,
      '§5.2',
      maskedFrame({ opcode: 0x1, payload: 'a', mask: null, lengthBits: 16 }),
    ],
    ['sends text that is no UTF-8', 1007, '§8.1', frame(0x1, Uint8Array.of(0xc0, 0x80))],
    ['closes with one octet', 1002, '§5.5.1', frame(0x8, Uint8Array.of(3))],
    ['closes with 1005', 1002, '§7.4', close(1005)],
    ['closes with a reason that is no UTF-8', 1007, '§8.1', frame(0x8, Uint8Array.of(0x03, 0xe8, 0xff))],
  ])('%s: %i', async (_what, code, section, octets) => {
    const { client, peer, seen } = await open();
    peer.send(octets, text('after'));
    const sent = await peer.close();
    expect(sent.code).toBe(code);
    // Whoever fails the connection ends TCP (§7.1.7).
    expect(await peer.rest()).toHaveLength(0);
    peer.end();
    const record = await client.closed;
    expect(record).toMatchObject({ code, wasClean: false, initiator: 'us', section: `RFC 6455 ${section}` });
    expect(record.reason).toBe(sent.reason);
    expect(seen).toEqual(['open', `error ${record.explanation} (${record.section})`, `close ${code}`]);
  });

  it('is not heard after that', async () => {
    const { client, peer, seen } = await open();
    peer.send(frame(0x3), text('a'));
    await peer.close();
    peer.send(text('b'), close(1000));
    peer.end();
    await client.closed;
    expect(seen.filter((line) => line.startsWith('message'))).toEqual([]);
  });
});

describe('closing', () => {
  it.each([
    [undefined, undefined, 1005, ''],
    [undefined, '', 1005, ''],
    [1005, undefined, 1005, ''],
    [1000, undefined, 1000, ''],
    [1000, 'done', 1000, 'done'],
    [undefined, 'a reason alone', 1000, 'a reason alone'],
    [1001, 'going', 1001, 'going'],
    [3000, '', 3000, ''],
    [4999, 'é€😀', 4999, 'é€😀'],
    [1000, 'r'.repeat(123), 1000, 'r'.repeat(123)],
  ])('starts with %s %j', async (code, reason, sentCode, sentReason) => {
    const { client, peer, seen } = await open();
    client.close(code, reason);
    expect(client.readyState).toBe(WebSocketClient.CLOSING);
    const sent = await peer.close();
    expect(sent).toEqual({ code: sentCode, reason: sentReason });
    peer.send(sentCode === 1005 ? frame(0x8) : close(sentCode, sentReason));
    peer.end();
    expect(await client.closed).toMatchObject({ ...sent, wasClean: true, initiator: 'us' });
    expect(seen).toEqual(['open', `close ${sentCode}`]);
  });

  it.each([1004, 1006, 1015, 999, 2999, 5000, 1.5, Number.NaN])('does not send the code %d', async (code) => {
    const { client, peer } = await open();
    expect(() => client.close(code)).toThrow(RangeError);
    expect(() => client.close(1000, 'r'.repeat(124))).toThrow(RangeError);
    expect(client.readyState).toBe(WebSocketClient.OPEN);
    client.close(1000);
    expect(await peer.close()).toEqual({ code: 1000, reason: '' });
  });

  it.each([1000, 1001, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    'answers the server’s Close with %i, and leaves the end of TCP to it (§7.1.1)',
    async (code) => {
      const { client, peer, seen } = await open();
      peer.send(close(code, 'because'));
      expect(await peer.close()).toEqual({ code, reason: 'because' });
      expect(client.readyState).toBe(WebSocketClient.CLOSING);
      expect(seen).toEqual(['open']);
      peer.end();
      expect(await peer.rest()).toHaveLength(0);
      const record = await client.closed;
      expect(record).toMatchObject({ code, reason: 'because', wasClean: true, initiator: 'peer' });
      expect(seen).toEqual(['open', `close ${code}`]);
    },
  );

  it('answers a Close without a code', async () => {
    const { client, peer } = await open();
    peer.send(frame(0x8));
    expect(await peer.close()).toEqual({ code: 1005, reason: '' });
    peer.end();
    expect(await client.closed).toMatchObject({ code: 1005, reason: '', wasClean: true });
  });

  it('hands out no message after its own Close, and answers pings until the server’s', async () => {
    const { client, peer, seen } = await open();
    client.close(1000);
    await peer.close();
    peer.send(text('late'), frame(0x9, 'p'), close(1000));
    expect(await peer.frame()).toMatchObject({ opcode: 0xa, payload: Buffer.from('p') });
    peer.end();
    await client.closed;
    expect(seen).toEqual(['open', 'ping 70', 'close 1000']);
  });

  it('cuts TCP when the server does not answer its Close in time', async () => {
    const { client, peer, clock, seen } = await open({ closeTimeout: 3000 });
    client.close(1000);
    await peer.close();
    clock.advance(2000);
    expect(client.readyState).toBe(WebSocketClient.CLOSING);
    clock.advance(2000);
    expect(await client.closed).toMatchObject({
      code: 1006,
      wasClean: false,
      initiator: 'us',
      explanation: 'The peer did not finish the closing handshake in time.',
    });
    expect(seen).toEqual([
      'open',
      'error The peer did not finish the closing handshake in time.',
      'close 1006',
    ]);
  });

  it('cuts TCP cleanly when the server closed and does not end it in time', async () => {
    const { client, peer, clock, seen } = await open();
    peer.send(close(1000));
    await peer.close();
    clock.advance(6000);
    expect(await client.closed).toMatchObject({ code: 1000, wasClean: true });
    expect(seen).toEqual(['open', 'close 1000']);
  });

  it.each([
    ['ends', (peer: RawPeer) => peer.end()],
    ['resets', (peer: RawPeer) => peer.reset()],
  ])('reads 1006 when the server %s TCP', async (_how, cut) => {
    const { client, peer, seen } = await open();
    cut(peer);
    const record = await client.closed;
    expect(record).toMatchObject({ code: 1006, reason: '', wasClean: false, initiator: 'network' });
    expect(seen).toEqual(['open', `error ${record.explanation}`, 'close 1006']);
  });

  it('terminates: the server sees no Close', async () => {
    const { client, peer, seen } = await open();
    client.terminate();
    expect(await client.closed).toMatchObject({ code: 1006, initiator: 'us', wasClean: false });
    expect(await peer.rest()).toHaveLength(0);
    expect(seen).toEqual(['open', 'error We cut the connection without a Close frame.', 'close 1006']);
  });

  it('gives the events to who listens, with the record, and the promise too', async () => {
    const { client, peer } = await open();
    const events: (ClientErrorEvent | ClientCloseEvent)[] = [];
    client.onerror = (event) => events.push(event);
    client.onclose = (event) => events.push(event);
    peer.end();
    const record = await client.closed;
    const [error, closed] = events;
    expect(error).toMatchObject({ type: 'error', error: expect.any(Error), message: record.explanation });
    expect(closed).toMatchObject({ type: 'close', code: 1006, reason: '', wasClean: false });
    expect(closed).toHaveProperty('record', record);
    expect(events).toHaveLength(2);
  });
});

describe('pings', () => {
  it('sends what it is given, and measures its own', async () => {
    const { client, peer, clock } = await open({ pingInterval: 5000 });
    client.ping(Uint8Array.of(1, 2));
    client.ping();
    expect(await peer.frame()).toMatchObject({ opcode: 0x9, payload: Buffer.of(1, 2) });
    expect(await peer.frame()).toMatchObject({ opcode: 0x9, payload: Buffer.of() });
    expect(() => client.ping(new Uint8Array(126))).toThrow(RangeError);
    expect(client.roundTripTime).toBeUndefined();
    clock.advance(5000);
    const { opcode, payload } = await peer.frame();
    expect(opcode).toBe(0x9);
    clock.advance(40);
    const pong = next(client, 'pong');
    peer.send(frame(0xa, payload));
    await pong;
    expect(client.roundTripTime).toBe(40);
  });

  it('closes with 1008 when no pong comes', async () => {
    const { client, peer, clock } = await open({ pingInterval: 5000, pongTimeout: 3000, closeTimeout: 1000 });
    clock.advance(5000);
    await peer.frame();
    clock.advance(3000);
    expect((await peer.close()).code).toBe(1008);
    clock.advance(2000);
    expect(await client.closed).toMatchObject({
      code: 1006,
      initiator: 'us',
      explanation: 'The peer did not answer a ping within 3000 ms.',
    });
  });
});

describe('a server that pings and does not read', () => {
  it('is closed when too many answers wait', async () => {
    const { client, peer, clock } = await open({ maxBufferedAmount: 128 * 1024 });
    peer.pause();
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(0x9, new Uint8Array(125))));
    while (client.readyState === WebSocketClient.OPEN) {
      const seen = next(client, 'ping');
      peer.send(pings);
      await seen;
    }
    expect(client.bufferedAmount).toBeLessThan(1024 * 1024);
    clock.advance(60_000);
    expect(await client.closed).toMatchObject({
      code: 1006,
      initiator: 'us',
      explanation: 'The peer pings and does not read: over 131072 octets of answers wait for it.',
    });
  });

  it('is not closed for pings whose answers it takes, however many', async () => {
    const { client, peer } = await open({ maxBufferedAmount: 128 * 1024 });
    const pings = Buffer.concat(Array.from({ length: 500 }, () => frame(0x9, new Uint8Array(125))));
    for (let round = 0; round < 6; round++) {
      peer.send(pings);
      for (let count = 0; count < 500; count++) expect((await peer.frame()).opcode).toBe(0xa);
    }
    expect(client.readyState).toBe(WebSocketClient.OPEN);
  });

  it('is not closed for pings in the middle of a long message of ours', async () => {
    const { client, peer, seen } = await open({ maxBufferedAmount: 128 * 1024 });
    peer.pause();
    client.send(new Uint8Array(32 * 1024 * 1024));
    const ping = next(client, 'ping');
    peer.send(frame(0x9, 'alive?'));
    await ping;
    peer.resume();
    expect((await peer.frame()).payload).toHaveLength(32 * 1024 * 1024);
    expect(await peer.frame()).toMatchObject({ opcode: 0xa, payload: Buffer.from('alive?') });
    expect(seen.filter((line) => !line.startsWith('ping'))).toEqual(['open', 'drain']);
    expect(client.readyState).toBe(WebSocketClient.OPEN);
  });
});

describe('the clock', () => {
  /** A clock that counts who still waits for it. */
  function countingClock(): ManualClock & { readonly waiting: number } {
    const clock = manualClock();
    let waiting = 0;
    return {
      ...clock,
      get waiting() {
        return waiting;
      },
      every(interval, callback) {
        const stop = clock.every(interval, callback);
        let stopped = false;
        waiting++;
        return () => {
          if (!stopped) waiting--;
          stopped = true;
          stop();
        };
      },
    };
  }

  it('is asked for one thing at a time, and for nothing when it is over', async () => {
    const clock = countingClock();
    const server = await RawServer.listen();
    const client = connect(`ws://127.0.0.1:${server.port}/`, { clock });
    expect(clock.waiting).toBe(1);
    const peer = await server.next();
    await peer.accept();
    await client.opened;
    expect(clock.waiting).toBe(1);
    // The deadline of the handshake is no deadline any more.
    clock.advance(20_000);
    expect(client.readyState).toBe(WebSocketClient.OPEN);
    client.terminate();
    await client.closed;
    expect(clock.waiting).toBe(0);
  });

  it('is asked for nothing after a failure', async () => {
    const clock = countingClock();
    await connect('ws://127.0.0.1:1/', { clock }).closed;
    expect(clock.waiting).toBe(0);
  });
});

describe('giving up before it is open', () => {
  it.each([
    ['close', 'We closed the WebSocket before it was open.', (client: WebSocketClient) => client.close()],
    [
      'terminate',
      'We cut the connection before the WebSocket was open.',
      (client: WebSocketClient) => client.terminate(),
    ],
  ])('by %s, while the server thinks', async (_how, explanation, stop) => {
    const server = await RawServer.listen();
    const client = connect(`ws://127.0.0.1:${server.port}/`);
    const seen = log(client);
    const peer = await server.next();
    await peer.request();
    stop(client);
    expect(client.readyState).toBe(WebSocketClient.CLOSING);
    expect(client.send('x')).toBe('closed');
    stop(client);
    // An answer that comes too late opens nothing.
    peer.send('HTTP/1.1 101 Switching Protocols\r\n\r\n');
    await expect(client.opened).rejects.toThrow(new HandshakeError({ explanation, initiator: 'us' }));
    expect(await client.closed).toMatchObject({ code: 1006, wasClean: false, initiator: 'us', explanation });
    expect(seen).toEqual([`error ${explanation}`, 'close 1006']);
    expect(client.readyState).toBe(WebSocketClient.CLOSED);
    stop(client);
    expect(await peer.rest()).toHaveLength(0);
  });

  it('at once, in the tick of the call', async () => {
    const server = await RawServer.listen();
    const client = connect(`ws://127.0.0.1:${server.port}/`);
    const seen = log(client);
    client.close(4000, 'not used');
    expect(seen).toEqual([]);
    await client.closed;
    expect(seen).toEqual(['error We closed the WebSocket before it was open.', 'close 1006']);
  });

  it('because the server does not answer in time', async () => {
    const server = await RawServer.listen();
    const clock = manualClock();
    const client = connect(`ws://127.0.0.1:${server.port}/`, { clock, handshakeTimeout: 2500 });
    const seen = log(client);
    const peer = await server.next();
    await peer.request();
    peer.send('HTTP/1.1 101 Swit');
    clock.advance(2499);
    expect(client.readyState).toBe(WebSocketClient.CONNECTING);
    clock.advance(1);
    const explanation = `127.0.0.1:${server.port} did not open the WebSocket within 2500 ms.`;
    await expect(client.opened).rejects.toThrow(explanation);
    expect(seen).toEqual([`error ${explanation}`, 'close 1006']);
    clock.advance(60_000);
    expect(seen).toHaveLength(2);
  });

  it('is no unhandled rejection when nobody looks', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    onTestFinished(() => void process.off('unhandledRejection', unhandled));
    const client = connect('ws://127.0.0.1:1/');
    await client.closed;
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('a signal', () => {
  it('that is aborted already: nothing is connected', async () => {
    const server = await RawServer.listen();
    const reason = new Error('not today');
    const client = connect(`ws://127.0.0.1:${server.port}/`, { signal: AbortSignal.abort(reason) });
    const seen = log(client);
    expect(client.readyState).toBe(WebSocketClient.CLOSING);
    await expect(client.opened).rejects.toBe(reason);
    expect(await client.closed).toMatchObject({ code: 1006, initiator: 'us', wasClean: false });
    expect(seen).toEqual(['error not today', 'close 1006']);
    const other = connect(`ws://127.0.0.1:${server.port}/second`);
    expect((await (await server.next()).request()).line).toBe('GET /second HTTP/1.1');
    other.terminate();
  });

  it.each([
    ['in the tick of the call', false],
    ['while the server thinks', true],
  ])('that is aborted %s', async (_when, wait) => {
    const server = await RawServer.listen();
    const controller = new AbortController();
    const client = connect(`ws://127.0.0.1:${server.port}/`, { signal: controller.signal });
    const seen = log(client);
    if (wait) await (await server.next()).request();
    controller.abort('enough');
    expect(client.readyState).toBe(WebSocketClient.CLOSING);
    await expect(client.opened).rejects.toBe('enough');
    expect((await client.closed).explanation).toBe(
      'The client was stopped by its signal before the WebSocket was open.',
    );
    expect(seen).toEqual(['error enough', 'close 1006']);
  });

  it('that is aborted when it is open: closes with 1001', async () => {
    const controller = new AbortController();
    const { client, peer, seen } = await open({ signal: controller.signal });
    controller.abort();
    expect(client.readyState).toBe(WebSocketClient.CLOSING);
    expect(await peer.close()).toEqual({ code: 1001, reason: 'The client was stopped.' });
    peer.send(close(1001));
    peer.end();
    expect(await client.closed).toMatchObject({ code: 1001, wasClean: true, initiator: 'us' });
    expect(seen).toEqual(['open', 'close 1001']);
  });

  it('that is aborted when it is over changes nothing, and holds nothing', async () => {
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    const { client, peer, seen } = await open({ signal: controller.signal });
    peer.end();
    await client.closed;
    expect(remove).toHaveBeenCalledWith('abort', expect.any(Function));
    controller.abort();
    expect(seen.at(-1)).toBe('close 1006');
    expect(seen).toHaveLength(3);
  });
});

describe('the interface of browsers', () => {
  it('has the states by name', () => {
    expect([
      WebSocketClient.CONNECTING,
      WebSocketClient.OPEN,
      WebSocketClient.CLOSING,
      WebSocketClient.CLOSED,
    ]).toEqual([0, 1, 2, 3]);
  });

  it('has handlers as attributes: the last one counts, in the place of the first', async () => {
    const { client, peer } = await open();
    const order: string[] = [];
    expect([client.onopen, client.onmessage, client.onerror, client.onclose]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    client.onmessage = () => order.push('replaced');
    client.addEventListener('message', () => order.push('listener'));
    const handler = function (this: WebSocketClient): void {
      expect(this).toBe(client);
      order.push('handler');
    };
    client.onmessage = handler;
    expect(client.onmessage).toBe(handler);
    peer.send(text('a'));
    await next(client, 'message');
    expect(order).toEqual(['handler', 'listener']);
    client.onmessage = null;
    peer.send(text('b'));
    await next(client, 'message');
    expect(order).toEqual(['handler', 'listener', 'listener']);
    client.onmessage = handler;
    peer.send(text('c'));
    await next(client, 'message');
    expect(order.slice(3)).toEqual(['listener', 'handler']);
  });

  it('takes what is no function for null', async () => {
    const { client } = await open();
    client.onopen = () => {};
    // @ts-expect-error what JavaScript callers may do
    client.onopen = 'text';
    expect(client.onopen).toBeNull();
  });

  it('removes listeners, and takes once and a signal', async () => {
    const { client, peer } = await open();
    const count = vi.fn();
    const once = vi.fn();
    client.addEventListener('message', count);
    client.addEventListener('message', once, { once: true });
    peer.send(text('a'));
    await next(client, 'message');
    client.removeEventListener('message', count);
    peer.send(text('b'));
    await next(client, 'message');
    expect([count.mock.calls.length, once.mock.calls.length]).toEqual([1, 1]);
  });
});
