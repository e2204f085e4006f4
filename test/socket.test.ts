/** The shell around one connection: writing, back-pressure, pings, deadlines, handlers that throw. Real TCP, a manual clock. */
import { deflateRawSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Connection } from '../src/connection.ts';
import { encodeFrame, Opcode } from '../src/frame.ts';
import { PreparedMessage } from '../src/prepared-message.ts';
import { SendResult } from '../src/socket.ts';
import { serve } from './support/serving.ts';
import { TcpPeer, upgradeHead } from './support/tcp-peer.ts';

const text = (value: string) => new TextEncoder().encode(value);
const closeFrame = (code: number, reason = '') =>
  encodeFrame({ opcode: Opcode.close, payload: Uint8Array.of(code >>> 8, code & 0xff, ...text(reason)) });

describe('messages', () => {
  test('what came in the same packet as the head is the first frame', async () => {
    const { port } = await serve();
    const peer = await TcpPeer.connect(port);
    const frame = encodeFrame({ opcode: Opcode.text, payload: text('early'), maskingKey: 1 });
    peer.send(Buffer.concat([Buffer.from(upgradeHead(port)), frame]));
    expect(await peer.head()).toMatch(/^HTTP\/1\.1 101 /);
    expect(await peer.take(7)).toEqual(
      Buffer.from(encodeFrame({ opcode: Opcode.text, payload: text('early') })),
    );
  });

  test('open is called before the first message, and the socket says what it is', async () => {
    const seen: unknown[] = [];
    const { port } = await serve({
      open: (socket) =>
        void seen.push(['open', socket.data, socket.readyState, socket.protocol, socket.remoteAddress]),
      message: (socket, data) => void seen.push(['message', data, socket.request.query.get('as')]),
    });
    const peer = await TcpPeer.open(port, '/room?as=me');
    peer.sendFrame({ opcode: Opcode.text, payload: text('one') });
    peer.sendFrame({ opcode: Opcode.ping });
    await peer.take(2);
    expect(seen).toEqual([
      ['open', '/room', 1, '', '127.0.0.1'],
      ['message', 'one', 'me'],
    ]);
  });

  test('all that one chunk causes is written at once', async () => {
    const { port } = await serve({
      message(socket) {
        for (let index = 0; index < 50; index++) socket.send(`answer ${index}`);
      },
    });
    const peer = await TcpPeer.open(port);
    const chunks: Buffer[] = [];
    peer.socket.on('data', (chunk) => chunks.push(chunk));
    peer.sendFrame({ opcode: Opcode.text, payload: text('go') });
    const length = [...Array(50).keys()].reduce((sum, index) => sum + 2 + `answer ${index}`.length, 0);
    await peer.take(length);
    expect(chunks.length).toBe(1);
  });

  test('text, octets and prepared messages go out in order', async () => {
    const { port, opened } = await serve();
    const peer = await TcpPeer.open(port);
    const socket = await opened();
    expect(socket.send('a')).toBe(SendResult.sent);
    expect(socket.send(Uint8Array.of(1, 2))).toBe(SendResult.sent);
    expect(socket.send(new PreparedMessage('b'))).toBe(SendResult.sent);
    socket.ping(Uint8Array.of(9));
    expect(await peer.take(3 + 4 + 3 + 3)).toEqual(
      Buffer.from([0x81, 1, 0x61, 0x82, 2, 1, 2, 0x81, 1, 0x62, 0x89, 1, 9]),
    );
  });

  test('a large message goes out whole and unharmed', async () => {
    const { port } = await serve({}, { maxMessageLength: 8 * 1024 * 1024 });
    const peer = await TcpPeer.open(port);
    const payload = new Uint8Array(5_000_000).map((_, index) => index * 7);
    peer.sendFrame({ opcode: Opcode.binary, payload });
    const echo = await peer.take(10 + payload.length);
    expect(echo.subarray(10).equals(payload)).toBe(true);
  });

  test('ping and pong handlers see the payload; the ping has been answered', async () => {
    const seen: unknown[] = [];
    const { port } = await serve({
      ping: (_, payload) => seen.push(['ping', ...payload]),
      pong: (_, payload) => seen.push(['pong', ...payload]),
    });
    const peer = await TcpPeer.open(port);
    peer.sendFrame({ opcode: Opcode.pong, payload: Uint8Array.of(5) });
    peer.sendFrame({ opcode: Opcode.ping, payload: Uint8Array.of(1, 2) });
    expect(await peer.take(4)).toEqual(Buffer.from([0x8a, 2, 1, 2]));
    expect(seen).toEqual([
      ['pong', 5],
      ['ping', 1, 2],
    ]);
  });
});

describe('closing', () => {
  test('the peer closes: its code comes back, TCP is ended by the server first, and the record says who', async () => {
    const { port, closed } = await serve();
    const peer = await TcpPeer.open(port);
    peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x0f, 0xa0, ...text('bye')) });
    expect(await peer.rest()).toEqual(Buffer.from(closeFrame(4000, 'bye')));
    expect(await peer.ended).toBe(true);
    peer.socket.end();
    expect(await closed()).toMatchObject({
      code: 4000,
      reason: 'bye',
      wasClean: true,
      initiator: 'peer',
      section: undefined,
      explanation: 'The peer closed with 4000 "bye".',
    });
  });

  test('we close: the peer answers, then TCP is ended', async () => {
    const { port, opened, closed } = await serve();
    const peer = await TcpPeer.open(port);
    const socket = await opened();
    socket.close(4001, 'enough');
    expect(socket.readyState).toBe(2);
    expect(socket.send('late')).toBe(SendResult.closed);
    await peer.take(closeFrame(4001, 'enough').length);
    peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x0f, 0xa1) });
    expect(await peer.ended).toBe(true);
    peer.socket.end();
    expect(await closed()).toMatchObject({ code: 4001, wasClean: true, initiator: 'us' });
    expect(socket.readyState).toBe(3);
    expect(socket.send('later')).toBe(SendResult.closed);
  });

  test('a peer that does not answer our Close is cut off at the deadline', async () => {
    const { port, opened, closed, clock } = await serve({}, { closeTimeout: 3000 });
    const peer = await TcpPeer.open(port);
    (await opened()).close(1000);
    await peer.take(4);
    clock.advance(2000);
    clock.advance(1000);
    expect(await closed()).toMatchObject({
      code: 1006,
      wasClean: false,
      initiator: 'us',
      explanation: 'The peer did not finish the closing handshake in time.',
    });
  });

  test('a violation is answered with its code, recorded with its section, and what follows is ignored', async () => {
    const { port, closed, records } = await serve();
    const peer = await TcpPeer.open(port);
    peer.send(Uint8Array.of(0x81, 0x01, 0x61));
    peer.sendFrame({ opcode: Opcode.text, payload: text('ignored') });
    const answer = await peer.rest();
    expect([...answer.subarray(0, 4)]).toEqual([0x88, answer.length - 2, 0x03, 0xea]);
    peer.socket.end();
    expect(await closed()).toMatchObject({
      code: 1002,
      initiator: 'us',
      section: 'RFC 6455 §5.1',
      explanation: 'A frame from the client is not masked.',
    });
    expect(records.length).toBe(1);
  });

  test('FIN without a Close, and a reset, are told apart', async () => {
    const { port, closed } = await serve();
    const first = await TcpPeer.open(port);
    first.send(Uint8Array.of(0x81));
    first.socket.end();
    expect(await closed()).toMatchObject({
      code: 1006,
      initiator: 'network',
      explanation: 'The peer ended TCP without a Close frame, in the middle of a message.',
    });
    const second = await TcpPeer.open(port);
    second.socket.resetAndDestroy();
    expect(await closed()).toMatchObject({
      code: 1006,
      initiator: 'network',
      explanation: 'The peer was lost (ECONNRESET) without a Close frame, between messages.',
    });
  });

  test('terminate cuts TCP at once', async () => {
    const { port, opened, closed } = await serve();
    await TcpPeer.open(port);
    (await opened()).terminate();
    expect(await closed()).toMatchObject({
      code: 1006,
      initiator: 'us',
      explanation: 'We cut the connection without a Close frame.',
    });
  });

  test('after terminate nothing more of the same chunk is handed out, and nothing is sent', async () => {
    const seen: unknown[] = [];
    const { port, closed } = await serve({
      message(socket, data) {
        seen.push(data);
        socket.terminate();
        seen.push(socket.send('late'));
      },
    });
    const peer = await TcpPeer.open(port);
    const frame = encodeFrame({ opcode: Opcode.text, payload: text('x'), maskingKey: 1 });
    peer.send(Buffer.concat([frame, frame, frame]));
    await closed();
    expect(seen).toEqual(['x', 'closed']);
  });

  test('a peer whose FIN is late after both Closes is recorded as closed cleanly', async () => {
    const { port, closed, clock } = await serve();
    const peer = await TcpPeer.open(port);
    peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xe8) });
    await peer.ended;
    clock.advance(10_000);
    expect(await closed()).toMatchObject({
      code: 1000,
      wasClean: true,
      explanation: 'The peer closed with 1000.',
    });
  });

  test('a wrong code or reason from our own side is a RangeError, and the socket stays open', async () => {
    const { port, opened } = await serve();
    await TcpPeer.open(port);
    const socket = await opened();
    expect(() => socket.close(1006)).toThrow(RangeError);
    expect(() => socket.close(1000, 'x'.repeat(124))).toThrow(RangeError);
    expect(() => socket.ping(new Uint8Array(126))).toThrow(RangeError);
    expect(socket.readyState).toBe(1);
  });
});

describe('handlers that fail', () => {
  const failed = 'The server failed on this message.';

  test('one that throws costs its own socket 1011 and no other', async () => {
    const thrown = new Error('bug');
    const { port, errors, closed } = await serve({
      message(socket, data) {
        if (data === 'bad') throw thrown;
        socket.send(data);
      },
    });
    const victim = await TcpPeer.open(port);
    const other = await TcpPeer.open(port);
    victim.sendFrame({ opcode: Opcode.text, payload: text('bad') });
    expect(await victim.take(4 + failed.length)).toEqual(Buffer.from(closeFrame(1011, failed)));
    victim.socket.destroy();
    expect(await closed()).toMatchObject({ explanation: 'A handler threw.' });
    other.sendFrame({ opcode: Opcode.text, payload: text('x') });
    expect(await other.take(3)).toEqual(Buffer.from([0x81, 1, 0x78]));
    expect(errors).toEqual([thrown]);
  });

  test('one that rejects does the same', async () => {
    const thrown = new Error('async bug');
    const { port, errors } = await serve({ message: () => Promise.reject(thrown) });
    const peer = await TcpPeer.open(port);
    peer.sendFrame({ opcode: Opcode.text, payload: text('x') });
    expect(await peer.take(4 + failed.length)).toEqual(Buffer.from(closeFrame(1011, failed)));
    expect(errors).toEqual([thrown]);
  });

  test('a thenable that rejects does, too, and so does what is no Error', async () => {
    // biome-ignore lint/suspicious/noThenProperty: promises of other makes are what is tested
    const thenable = { then: (_: unknown, reject: (error: unknown) => void) => reject(Object.create(null)) };
    const { port, errors } = await serve({ message: () => thenable });
    const peer = await TcpPeer.open(port);
    peer.sendFrame({ opcode: Opcode.text, payload: text('x') });
    await peer.take(4 + failed.length);
    expect(errors.length).toBe(1);
  });

  test('what fails without a handler, while receiving, is recorded as what it is', async () => {
    const bug = new Error('no memory');
    const { port, errors, closed } = await serve();
    const peer = await TcpPeer.open(port);
    const receive = vi.spyOn(Connection.prototype, 'receive').mockImplementationOnce(() => {
      throw bug;
    });
    onTestFinished(() => receive.mockRestore());
    peer.sendFrame({ opcode: Opcode.text, payload: text('x') });
    expect(await peer.take(4 + failed.length)).toEqual(Buffer.from(closeFrame(1011, failed)));
    peer.socket.destroy();
    expect(await closed()).toMatchObject({ explanation: 'The server failed while receiving.' });
    expect(errors).toEqual([bug]);
  });

  test('an open that does not finish in time costs its socket 1011, and its end is nobody’s any more', async () => {
    const reason = 'The open handler did not finish within 3000 ms.';
    const seen: unknown[] = [];
    let settle: () => void = () => {};
    const { port, clock, closed, errors } = await serve(
      {
        open: () =>
          new Promise<void>((resolve) => {
            settle = resolve;
          }),
        message: (_, data) => void seen.push(data),
      },
      { upgradeTimeout: 3000, closeTimeout: 1000 },
    );
    const peer = await TcpPeer.open(port);
    peer.sendFrame({ opcode: Opcode.text, payload: text('x') });
    clock.advance(2000);
    clock.advance(1000);
    expect(await peer.take(4 + reason.length)).toEqual(Buffer.from(closeFrame(1011, reason)));
    settle();
    peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xf3) });
    await peer.ended;
    peer.socket.end();
    expect(await closed()).toMatchObject({ initiator: 'us', wasClean: true, explanation: reason });
    expect([seen, errors]).toEqual([[], []]);
  });

  test('an open that finishes in time has no deadline afterwards', async () => {
    let settle: () => void = () => {};
    const { port, clock } = await serve(
      {
        open: () =>
          new Promise<void>((resolve) => {
            settle = resolve;
          }),
      },
      { upgradeTimeout: 3000 },
    );
    const peer = await TcpPeer.open(port);
    clock.advance(2000);
    settle();
    peer.sendFrame({ opcode: Opcode.text, payload: text('x') });
    expect(await peer.take(3)).toEqual(Buffer.from([0x81, 1, 0x78]));
    clock.advance(2000);
    peer.sendFrame({ opcode: Opcode.text, payload: text('y') });
    expect(await peer.take(3)).toEqual(Buffer.from([0x81, 1, 0x79]));
  });

  test('open and close that throw are reported too', async () => {
    const { port, errors } = await serve({
      open() {
        throw new Error('in open');
      },
      close() {
        throw new Error('in close');
      },
    });
    const peer = await TcpPeer.open(port);
    await peer.take(4 + failed.length);
    peer.sendFrame({ opcode: Opcode.close });
    await peer.ended;
    peer.socket.end();
    await expect.poll(() => errors.map(String)).toEqual(['Error: in open', 'Error: in close']);
  });
});

describe('pings', () => {
  test('one goes out every interval; its pong gives the round-trip time', async () => {
    const { port, opened, clock } = await serve({}, { pingInterval: 5000, pongTimeout: 4000 });
    const peer = await TcpPeer.open(port);
    const socket = await opened();
    expect(socket.roundTripTime).toBe(undefined);
    for (const count of [1, 2]) {
      clock.advance(5000 * count - clock.now());
      expect(await peer.take(6)).toEqual(Buffer.from([0x89, 4, 0, 0, 0, count]));
      clock.advance(12);
      peer.sendFrame({ opcode: Opcode.pong, payload: Uint8Array.of(0, 0, 0, count) });
      peer.sendFrame({ opcode: Opcode.ping });
      await peer.take(2);
      expect(socket.roundTripTime).toBe(12);
    }
    expect(socket.readyState).toBe(1);
  });

  test('a peer without a pong is closed with a reason', async () => {
    const { port, clock, closed } = await serve(
      {},
      { pingInterval: 5000, pongTimeout: 4000, closeTimeout: 1000 },
    );
    const peer = await TcpPeer.open(port);
    clock.advance(5000);
    await peer.take(6);
    // A pong that answers nothing does not help.
    peer.sendFrame({ opcode: Opcode.pong, payload: Uint8Array.of(7) });
    peer.sendFrame({ opcode: Opcode.ping });
    await peer.take(2);
    clock.advance(3000);
    clock.advance(1000);
    const reason = 'The peer did not answer a ping within 4000 ms.';
    expect(await peer.take(4 + reason.length)).toEqual(Buffer.from(closeFrame(1008, reason)));
    clock.advance(1000);
    expect(await closed()).toMatchObject({ code: 1006, initiator: 'us', explanation: reason });
  });

  test('a peer in the middle of a long message is not taken for dead', async () => {
    const { port, opened, clock } = await serve({}, { pingInterval: 5000, pongTimeout: 4000 });
    const peer = await TcpPeer.open(port);
    const socket = await opened();
    const frame = encodeFrame({ opcode: Opcode.text, payload: text('long message'), maskingKey: 3 });
    clock.advance(5000);
    await peer.take(6);
    clock.advance(3000);
    // The echo of a short one shows that the octets behind it have arrived.
    peer.send(
      Buffer.concat([
        encodeFrame({ opcode: Opcode.text, payload: text('x'), maskingKey: 3 }),
        frame.subarray(0, 9),
      ]),
    );
    await peer.take(3);
    clock.advance(3000);
    expect(socket.readyState).toBe(1);
    peer.send(frame.subarray(9));
    await peer.take(2 + 'long message'.length);
  });
});

describe('back-pressure', () => {
  const maxBufferedAmount = 256 * 1024;
  const large = new Uint8Array(64 * 1024);

  test('a peer is not called slow for what one tick has gathered', async () => {
    const { port, opened } = await serve({}, { maxBufferedAmount });
    const peer = await TcpPeer.open(port);
    const socket = await opened();
    for (let index = 0; index < 10; index++) expect(socket.send(large)).not.toBe(SendResult.closed);
    await peer.take(10 * (10 + large.length));
    expect(socket.readyState).toBe(1);
  });

  test('send tells, drain follows, and a peer that never reads is closed with 1013', async () => {
    let drained = 0;
    const { port, opened, closed, clock } = await serve({ drain: () => drained++ }, { maxBufferedAmount });
    const peer = await TcpPeer.open(port);
    const socket = await opened();
    peer.socket.pause();
    // The operating system takes some; what it does not take waits here.
    let result: SendResult = SendResult.sent;
    let messages = 0;
    while (result !== SendResult.buffered) {
      result = socket.send(large);
      messages++;
      await new Promise(setImmediate);
    }
    expect(socket.bufferedAmount).toBeGreaterThan(maxBufferedAmount / 2);
    peer.socket.resume();
    await peer.take(messages * (10 + large.length));
    await expect.poll(() => drained).toBe(1);
    expect(socket.bufferedAmount).toBe(0);

    peer.socket.pause();
    while (result !== SendResult.closed) {
      result = socket.send(large);
      await new Promise(setImmediate);
    }
    expect(socket.readyState).toBe(2);
    expect(socket.bufferedAmount).toBeLessThan(maxBufferedAmount + 2 * large.length);
    clock.advance(10_000);
    expect(await closed()).toMatchObject({
      code: 1006,
      initiator: 'us',
      explanation: `The peer reads too slowly: over ${maxBufferedAmount} octets wait for it.`,
    });
  });

  test('a peer that sends and does not read is not read from, and is closed when it takes nothing', async () => {
    const { port, opened, closed, clock } = await serve({}, { maxBufferedAmount, pongTimeout: 200 });
    const peer = await TcpPeer.open(port);
    const socket = await opened();
    peer.socket.pause();
    const frame = encodeFrame({ opcode: Opcode.binary, payload: large, maskingKey: 1 });
    let stalled = false;
    while (!stalled) {
      stalled = !peer.socket.write(frame) && peer.socket.writableLength > 16 * frame.length;
      await new Promise(setImmediate);
    }
    // Its octets wait on its side: ours hold at most half the limit and what one read brings.
    await expect.poll(() => socket.bufferedAmount, { interval: 1 }).toBeGreaterThan(maxBufferedAmount / 2);
    expect(socket.bufferedAmount).toBeLessThan(maxBufferedAmount);
    // Node's own timer tells that nothing moves: it alone sees octets leave in the middle of one write.
    await expect.poll(() => socket.readyState).toBe(2);
    clock.advance(10_000);
    expect(await closed()).toMatchObject({
      code: 1006,
      initiator: 'us',
      explanation: 'The peer took no octets for 200 ms.',
    });
  });
});

describe('permessage-deflate', () => {
  const offer = ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'];
  /** The first octet of the next frame, which is taken whole. */
  const nextStart = async (peer: TcpPeer): Promise<number> => {
    const header = await peer.take(2);
    await peer.take(header.readUInt8(1));
    return header.readUInt8(0);
  };
  const plain = 0x81;
  const compressed = 0xc1;
  const long = 'words that repeat, words that repeat, words that repeat, words that repeat, and more';

  test('is agreed on when it is wanted here and offered there; the socket says so', async () => {
    const { port, opened } = await serve({}, { deflate: true });
    await TcpPeer.open(port, '/', offer);
    expect((await opened()).extensions).toBe(
      'permessage-deflate; server_max_window_bits=11; client_max_window_bits=11',
    );
    await TcpPeer.open(port);
    expect((await opened()).extensions).toBe('');
    const other = await serve();
    await TcpPeer.open(other.port, '/', offer);
    expect((await other.opened()).extensions).toBe('');
  });

  test('a decision may do without it', async () => {
    const { port, opened } = await serve(
      { upgrade: ({ path }) => ({ data: path, deflate: path !== '/secret' }) },
      { deflate: true },
    );
    await TcpPeer.open(port, '/secret', offer);
    expect((await opened()).extensions).toBe('');
    await TcpPeer.open(port, '/', offer);
    expect((await opened()).extensions).not.toBe('');
  });

  test('a compressed message that came is handed out as it was', async () => {
    const seen: unknown[] = [];
    const { port } = await serve(
      {
        message(socket, data) {
          seen.push(data);
          socket.ping();
        },
      },
      { deflate: true },
    );
    const peer = await TcpPeer.open(port, '/', offer);
    // RFC 7692 §7.2.1 takes the last four octets of a flush off, and §7.2.3.4 allows one final block instead.
    const payload = Buffer.concat([deflateRawSync(text(long)), Uint8Array.of(0)]);
    peer.sendFrame({ opcode: Opcode.text, rsv1: true, payload });
    await peer.take(2);
    expect(seen).toEqual([long]);
  });

  test('of whoever gets nothing that others get, each message is compressed', async () => {
    const { port, opened } = await serve({}, { deflate: true });
    const peer = await TcpPeer.open(port, '/', offer);
    const socket = await opened();
    socket.send(long);
    socket.send(long, { compress: false });
    socket.send('short');
    expect([await nextStart(peer), await nextStart(peer), await nextStart(peer)]).toEqual([
      compressed,
      plain,
      plain,
    ]);
  });

  test('of a subscriber only what is published is, unless it is said otherwise', async () => {
    const { port, opened, server } = await serve({}, { deflate: true });
    const peer = await TcpPeer.open(port, '/', offer);
    const socket = await opened();
    socket.subscribe('news');
    socket.send(long);
    expect(await nextStart(peer)).toBe(plain);
    socket.send(long, { compress: true });
    expect(await nextStart(peer)).toBe(compressed);
    server.publish('news', long);
    expect(await nextStart(peer)).toBe(compressed);
    server.publish('news', long, { compress: false });
    expect(await nextStart(peer)).toBe(plain);
  });

  test('and so it is for one who was sent a PreparedMessage', async () => {
    const { port, opened } = await serve({}, { deflate: true });
    const peer = await TcpPeer.open(port, '/', offer);
    const socket = await opened();
    socket.send(long);
    expect(await nextStart(peer)).toBe(compressed);
    socket.send(new PreparedMessage(long));
    expect(await nextStart(peer)).toBe(compressed);
    socket.send(long);
    expect(await nextStart(peer)).toBe(plain);
    socket.send(new PreparedMessage(long), { compress: false });
    expect(await nextStart(peer)).toBe(plain);
  });

  test('members who got the same broadcasts get the same octets, though one of them was sent something alone', async () => {
    const { port, opened, server } = await serve({}, { deflate: true });
    const peers: TcpPeer[] = [];
    for (let index = 0; index < 3; index++) {
      peers.push(await TcpPeer.open(port, '/', offer));
      (await opened()).subscribe('news');
    }
    const [first] = [...server.sockets];
    const frames: Buffer[][] = peers.map(() => []);
    for (let round = 0; round < 3; round++) {
      server.publish('news', `${long} ${round}`);
      if (round === 1) first?.send(long);
      for (const [index, peer] of peers.entries()) {
        const header = await peer.take(2);
        frames[index]?.push(Buffer.concat([header, await peer.take(header.readUInt8(1))]));
        if (round === 1 && index === 0) expect(await nextStart(peer)).toBe(plain);
      }
    }
    expect(frames[0]?.[2]?.[0]).toBe(compressed);
    expect(frames[1]).toEqual(frames[0]);
    expect(frames[2]).toEqual(frames[0]);
    // With what came before to refer to, the last one is shorter than the first.
    expect(frames[0]?.[2]?.length).toBeLessThan(frames[0]?.[0]?.length ?? 0);
  });
});

describe('tracing', () => {
  const frame = (direction: 'in' | 'out', opcode: number, payloadLength: number, time: number) => ({
    direction,
    opcode,
    fin: true,
    rsv1: false,
    masked: direction === 'in',
    payloadLength,
    time,
  });

  test('tells of each frame both ways with its time, from trace to its end', async () => {
    const seen: unknown[] = [];
    const { port, clock, opened } = await serve();
    const peer = await TcpPeer.open(port);
    const socket = await opened();
    const echo = async (value: string) => {
      peer.sendFrame({ opcode: Opcode.text, payload: text(value) });
      await peer.take(2 + value.length);
    };
    await echo('before');
    const stop = socket.trace((traced) => seen.push(traced));
    clock.advance(500);
    await echo('while');
    peer.sendFrame({ opcode: Opcode.ping });
    await peer.take(2);
    stop();
    stop();
    await echo('after');
    const passed = [
      frame('in', Opcode.text, 5, 500),
      frame('out', Opcode.text, 5, 500),
      frame('in', Opcode.ping, 0, 500),
      frame('out', Opcode.pong, 0, 500),
    ];
    expect(seen).toEqual(passed);
  });

  test('tells each of several listeners, until each one stops', async () => {
    const seen: string[] = [];
    const { port, opened } = await serve();
    const peer = await TcpPeer.open(port);
    const socket = await opened();
    const listener = () => void seen.push('same');
    const stopFirst = socket.trace(listener);
    socket.trace(listener);
    socket.trace(({ direction }) => seen.push(direction));
    peer.sendFrame({ opcode: Opcode.pong });
    peer.sendFrame({ opcode: Opcode.text, payload: text('x') });
    await peer.take(3);
    expect(seen).toEqual(['same', 'same', 'in', 'same', 'same', 'in', 'same', 'same', 'out']);
    seen.length = 0;
    stopFirst();
    peer.sendFrame({ opcode: Opcode.ping });
    await peer.take(2);
    expect(seen).toEqual(['same', 'in', 'same', 'out']);
  });

  test('a listener that throws is not called again, and costs its socket 1011', async () => {
    let calls = 0;
    const { port, opened, errors } = await serve();
    const peer = await TcpPeer.open(port);
    const socket = await opened();
    socket.trace(() => {
      calls++;
      throw new Error('no ink');
    });
    peer.sendFrame({ opcode: Opcode.text, payload: text('x') });
    expect(await peer.take(3)).toEqual(Buffer.from(encodeFrame({ opcode: Opcode.text, payload: text('x') })));
    expect((await peer.take(4)).readUInt16BE(2)).toBe(1011);
    expect(calls).toBe(1);
    expect(errors).toEqual([new Error('no ink')]);
  });
});
