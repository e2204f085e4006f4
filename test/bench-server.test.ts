/**
 * The server that others measure, in a process of its own: every length form up to its 64 MiB, whole and in fragments,
 * by a client that we did not write and by a raw one, compressed when told so, and everybody's message to everybody in
 * order.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { seededRandom } from './support/chopping.ts';
import { Program } from './support/process.ts';
import { maskedFrame, RawClient, upgradeHead } from './support/raw-client.ts';

const limit = 64 * 1024 * 1024;
const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 1024 * 1024, 16 * 1024 * 1024, limit];
const command = ['--import', 'tsx', 'bench/server.ts'];

let program: Program;
let port: number;
beforeAll(async () => {
  program = new Program([...command, '--port', '0']);
  const [, printed] = await program.output(/^listening (\d+)\n/);
  port = Number(printed);
});
afterAll(() => program.stop());

function open(path: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
      perMessageDeflate: false,
      maxPayload: 2 * limit,
    });
    socket.once('error', reject);
    socket.once('open', () => resolve(socket));
  });
}

interface Message {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

function next(socket: WebSocket): Promise<Message> {
  return new Promise((resolve, reject) => {
    socket.once('message', (data, isBinary) => {
      if (Buffer.isBuffer(data)) resolve({ data, isBinary });
      else reject(new TypeError('ws gave something else than a Buffer.'));
    });
    socket.once('close', (code, reason) => reject(new Error(`It was closed with ${code} ${reason}`)));
  });
}

function ended(socket: WebSocket): Promise<void> {
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.close();
  return closed;
}

/** Octets that do not repeat with any frame or chunk length, ASCII so that they are text as well. */
function content(length: number): Buffer {
  const block = Buffer.alloc(65_521);
  const random = seededRandom(length);
  for (let index = 0; index < block.length; index++) block[index] = 32 + Math.floor(random() * 95);
  return Buffer.alloc(length, block);
}

const digest = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

describe('/echo', () => {
  for (const length of lengths) {
    for (const isBinary of [false, true]) {
      const kind = isBinary ? 'binary' : 'text';
      it(`${kind} of ${length} octets, whole and in fragments`, async () => {
        const socket = await open('/echo');
        const data = content(length);
        const wanted = { isBinary, length, digest: digest(data) };

        const whole = next(socket);
        socket.send(data, { binary: isBinary });
        const first = await whole;
        expect({ isBinary: first.isBinary, length: first.data.length, digest: digest(first.data) }).toEqual(
          wanted,
        );

        const fragmented = next(socket);
        const cut = Math.floor(length / 3);
        socket.send(data.subarray(0, cut), { binary: isBinary, fin: false });
        socket.send(data.subarray(cut, 2 * cut), { binary: isBinary, fin: false });
        socket.send(data.subarray(2 * cut), { binary: isBinary, fin: true });
        const second = await fragmented;
        expect({
          isBinary: second.isBinary,
          length: second.data.length,
          digest: digest(second.data),
        }).toEqual(wanted);
        await ended(socket);
      });
    }
  }

  it('64 MiB in 1,024 fragments from a raw client, with a Ping in the middle', async () => {
    const client = await RawClient.open(port, '/echo');
    const data = content(limit);
    const step = limit / 1024;
    for (let index = 0; index < 1024; index++) {
      const payload = data.subarray(index * step, (index + 1) * step);
      client.send(maskedFrame({ opcode: index === 0 ? 0x2 : 0x0, fin: index === 1023, payload }));
      if (index === 511) client.send(maskedFrame({ opcode: 0x9, payload: 'middle' }));
    }
    const pong = await client.frame();
    expect([pong.opcode, pong.payload.toString()]).toEqual([0xa, 'middle']);
    const { fin, opcode, payload } = await client.frame();
    expect([fin, opcode, payload.length, digest(payload)]).toEqual([true, 0x2, limit, digest(data)]);
    client.destroy();
  });

  it('refuses 64 MiB and one octet with 1009, by the header alone', async () => {
    const client = await RawClient.open(port, '/echo');
    client.send(maskedFrame({ opcode: 0x2, announced: BigInt(limit + 1) }));
    expect((await client.close()).code).toBe(1009);
    expect(await client.rest()).toHaveLength(0);
    client.destroy();
  });

  it('refuses the octet over 64 MiB that comes in a last fragment', async () => {
    const client = await RawClient.open(port, '/echo');
    client.send(maskedFrame({ opcode: 0x2, fin: false, payload: content(limit) }));
    client.send(maskedFrame({ opcode: 0x0, payload: 'x' }));
    expect((await client.close()).code).toBe(1009);
    client.destroy();
  });

  it('echoes three messages of 64 MiB that were sent without waiting', async () => {
    const socket = await open('/echo');
    const data = content(limit);
    const lengthsReceived: number[] = [];
    const all = new Promise<void>((resolve, reject) => {
      socket.on('close', (code) => reject(new Error(`It was closed with ${code}`)));
      socket.on('message', (message: Buffer) => {
        if (lengthsReceived.push(message.length) === 3) resolve();
      });
    });
    for (let index = 0; index < 3; index++) socket.send(data, { binary: true });
    await all;
    expect(lengthsReceived).toEqual([limit, limit, limit]);
    socket.removeAllListeners('close');
    await ended(socket);
  });
});

describe('/fanout', () => {
  it('sends every message to all of 20 clients, the sender included, in one order', async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => open('/fanout')));
    const eachSends = 10;
    const received = sockets.map(() => [] as string[]);
    const everything = Promise.all(
      sockets.map(
        (socket, index) =>
          new Promise<void>((resolve) => {
            socket.on('message', (data: Buffer, isBinary: boolean) => {
              const messages = received[index] ?? [];
              if (messages.push(`${isBinary ? 'binary' : 'text'} ${data}`) === 20 * eachSends) resolve();
            });
          }),
      ),
    );
    for (let count = 0; count < eachSends; count++) {
      for (const [index, socket] of sockets.entries())
        socket.send(`${index} ${count}`, { binary: index % 2 === 1 });
    }
    await everything;

    for (const messages of received) expect(messages).toEqual(received[0]);
    const sent = sockets.flatMap((_, index) =>
      Array.from(
        { length: eachSends },
        (_, count) => `${index % 2 === 1 ? 'binary' : 'text'} ${index} ${count}`,
      ),
    );
    expect([...(received[0] ?? [])].sort()).toEqual(sent.sort());
    for (const [index] of sockets.entries()) {
      const own = (received[0] ?? []).filter((message) => message.split(' ')[1] === String(index));
      expect(own.map((message) => Number(message.split(' ')[2]))).toEqual(
        Array.from({ length: eachSends }, (_, count) => count),
      );
    }
    await Promise.all(sockets.map(ended));
  });

  it('does not reach /echo, nor the other way', async () => {
    const echo = await open('/echo');
    const fanout = await open('/fanout');
    const answers = [next(echo), next(fanout)];
    fanout.send('to the fan-out');
    echo.send('to the echo');
    expect((await Promise.all(answers)).map(({ data }) => data.toString())).toEqual([
      'to the echo',
      'to the fan-out',
    ]);
    await Promise.all([ended(echo), ended(fanout)]);
  });
});

describe('--deflate', () => {
  let deflating: Program;
  let deflatingPort: number;
  beforeAll(async () => {
    deflating = new Program([...command, '--port', '0', '--deflate']);
    const [, printed] = await deflating.output(/^listening (\d+)\n/);
    deflatingPort = Number(printed);
  });
  afterAll(() => deflating.stop());

  /** What the server answers to that offer; undefined when it declines. */
  async function answerTo(offer: string, on = deflatingPort): Promise<string | undefined> {
    const client = await RawClient.connect(on);
    client.send(upgradeHead('/echo', [`Sec-WebSocket-Extensions: ${offer}`]));
    const { status, headers } = await client.response();
    expect(status).toBe(101);
    client.destroy();
    return headers.get('sec-websocket-extensions');
  }

  it('agrees to every window that the RFC knows, 8 bits too', async () => {
    for (const bits of [8, 9, 10, 11, 12, 13, 14, 15]) {
      const answer = await answerTo(
        `permessage-deflate; server_max_window_bits=${bits}; client_max_window_bits=${bits}`,
      );
      expect(answer).toMatch(/^permessage-deflate; /);
      for (const side of ['server', 'client']) {
        const [, agreed] = new RegExp(`${side}_max_window_bits=(\\d+)`).exec(answer ?? '') ?? [];
        expect(Number(agreed), `${side} of ${answer}`).toBeLessThanOrEqual(bits);
      }
    }
  });

  it('takes the first of several offers that it can', async () => {
    expect(
      await answerTo(
        'x-other, permessage-deflate; server_max_window_bits=16, permessage-deflate; server_no_context_takeover; client_max_window_bits, permessage-deflate',
      ),
    ).toMatch(/^permessage-deflate; server_no_context_takeover; [^,]*$/);
  });

  it('declines what is no legal offer, and everything without the flag', async () => {
    expect(await answerTo('permessage-deflate; server_max_window_bits=7')).toBeUndefined();
    expect(await answerTo('permessage-deflate; unknown')).toBeUndefined();
    expect(await answerTo('permessage-deflate', port)).toBeUndefined();
  });

  it.each([0, 1, 63, 64, 65_536, 16 * 1024 * 1024])('echoes %i octets compressed', async (length) => {
    const socket = new WebSocket(`ws://127.0.0.1:${deflatingPort}/echo`, {
      perMessageDeflate: { threshold: 0 },
      maxPayload: 2 * limit,
    });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    expect(socket.extensions).toBe('permessage-deflate');
    const data = content(length);
    // Twice, so that the second one points back into the first.
    for (const isBinary of [true, false]) {
      const echoed = next(socket);
      socket.send(data, { binary: isBinary });
      const received = await echoed;
      expect([received.isBinary, received.data.length]).toEqual([isBinary, length]);
      expect(digest(received.data)).toBe(digest(data));
    }
    await ended(socket);
  });
});

describe('the process', () => {
  it('echoes on every other path too, whatever a client was told to open', async () => {
    for (const target of ['/', '/other', '/echo?case=1', '/fanout/', '/Fanout']) {
      const client = await RawClient.open(port, target);
      client.send(maskedFrame({ opcode: 0x1, payload: target }));
      expect((await client.frame()).payload.toString()).toBe(target);
      client.destroy();
    }
  });

  it.each([['--port', 'x'], ['--port', '65536'], ['--port', '-1'], ['--port'], ['--speed', '9'], ['extra']])(
    'refuses %s %s and says what it takes',
    async (...args) => {
      const { code, stdout, stderr } = await new Program([...command, ...args]).ended;
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(/Usage: node --import tsx bench\/server\.ts/);
    },
  );

  it('says when the port is taken', async () => {
    const { code, stderr } = await new Program([...command, '--port', String(port)]).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`Cannot listen on 127\\.0\\.0\\.1:${port}: .*EADDRINUSE`));
  });

  it('stops on SIGTERM, with a Close for who is there', async () => {
    const other = new Program([...command]);
    const [, printed] = await other.output(/^listening (\d+)\n/);
    const client = await RawClient.open(Number(printed), '/echo');
    other.signal('SIGTERM');
    expect((await client.close()).code).toBe(1001);
    client.send(maskedFrame({ opcode: 0x8, payload: Uint8Array.of(0x03, 0xe9) }));
    // The server ends TCP first; it goes when we have ended our half too.
    expect(await client.rest()).toHaveLength(0);
    client.end();
    expect((await other.ended).code).toBe(0);
  });
});
