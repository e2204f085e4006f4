/**
 * `npm run attack`: what a hostile stranger can do, done to a server with every limit at its default, while an honest
 * client talks to it without a pause. For each attack it prints what the server answered, the memory of its process
 * at the most, and the honest client's longest wait; it ends with 1 when the process fell, the honest client lost
 * anything, or more memory was taken than docs/limits.md allows. Run by hand and by test/attack.test.ts.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { constants, createDeflateRaw } from 'node:zlib';
import { maskedFrame, RawClient, upgradeHead } from '../support/raw-client.ts';

const mebibyte = 1024 * 1024;
const text = 0x1;
const binary = 0x2;
const continuation = 0x0;
const ping = 0x9;
const pong = 0xa;
const withDeflate = ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'];

interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

interface Closed {
  readonly code: number;
  readonly explanation: string;
}

/** The process under attack. */
class Target {
  readonly port: number;
  readonly closes: Closed[] = [];
  ended = false;
  readonly #child: ChildProcess;
  #askers: ((memory: Memory) => void)[] = [];
  #waiting: { readonly enough: (closes: readonly Closed[]) => boolean; readonly done: () => void }[] = [];

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
    child.on('exit', () => {
      this.ended = true;
    });
    child.on('message', (message) => {
      if (isRecord(message) && isMemory(message.memory)) this.#askers.shift()?.(message.memory);
      if (isRecord(message) && isClosed(message.closed)) this.#heard(message.closed);
    });
  }

  static start(): Promise<Target> {
    const file = fileURLToPath(new URL('target.ts', import.meta.url));
    const child = fork(file, { execArgv: ['--import', 'tsx'], stdio: 'inherit' });
    return new Promise((resolve, reject) => {
      child.once('exit', () => reject(new Error('The server ended before it listened.')));
      child.once('message', (message) => {
        if (isRecord(message) && typeof message.port === 'number') resolve(new Target(child, message.port));
        else reject(new Error('The server said something else than its port.'));
      });
    });
  }

  memory(): Promise<Memory> {
    this.#child.send('memory');
    return new Promise((resolve) => this.#askers.push(resolve));
  }

  /** Waits for the close records of this attack. */
  closed(enough: (closes: readonly Closed[]) => boolean): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ enough, done });
      this.#look();
    });
  }

  stop(): void {
    this.#child.disconnect();
  }

  #heard(closed: Closed): void {
    this.closes.push(closed);
    this.#look();
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(({ enough, done }) => {
      if (!enough(this.closes)) return true;
      done();
      return false;
    });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isMemory(value: unknown): value is Memory {
  return isRecord(value) && ['rss', 'heapUsed', 'external'].every((key) => typeof value[key] === 'number');
}

function isClosed(value: unknown): value is Closed {
  return isRecord(value) && typeof value.code === 'number' && typeof value.explanation === 'string';
}

/** The honest client: one message after the other, each of which must come back. */
class Honest {
  longestWait = 0;
  exchanged = 0;
  failure: string | undefined;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(client: RawClient) {
    this.#done = this.#talk(client).catch((error: unknown) => {
      this.failure = error instanceof Error ? error.message : String(error);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #talk(client: RawClient): Promise<void> {
    while (!this.#stopped) {
      const message = `honest ${this.exchanged}`;
      const started = performance.now();
      client.send(maskedFrame({ opcode: text, payload: message }));
      let frame = await client.frame();
      if (frame.opcode === ping) {
        client.send(maskedFrame({ opcode: pong, payload: frame.payload }));
        frame = await client.frame();
      }
      const echo = frame.payload.toString();
      if (echo !== message) throw new Error(`It got ${echo} for ${message}.`);
      this.longestWait = Math.max(this.longestWait, performance.now() - started);
      this.exchanged++;
      await pause(2);
    }
    client.destroy();
  }
}

/** Time is part of what is shown here, so it is the real one. */
const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Attack {
  readonly name: string;
  /** Mebibytes that the process may grow by: the limit that holds here, its overhead, and 48 for the garbage collector. */
  readonly allowed: number;
  /** Carries it out. @returns what the server did about it; throws when that is not what it must do */
  run(target: Target): Promise<string>;
}

const collector = 48;

const attacks: readonly Attack[] = [
  {
    name: '50,000 fragments of 1 octet, whole, and from 100 more that never finish',
    // Each holds at most twice the 50,000 octets of payload.
    allowed: collector + 10,
    async run({ port }) {
      const part = maskedFrame({ opcode: continuation, fin: false, payload: 'a' });
      const fragments = Buffer.concat([
        maskedFrame({ opcode: binary, fin: false, payload: 'a' }),
        ...Array.from({ length: 49_998 }, () => part),
      ]);
      const unfinished = await Promise.all(Array.from({ length: 100 }, () => RawClient.open(port, '/echo')));
      for (const client of unfinished) client.send(fragments);
      const client = await RawClient.open(port, '/echo');
      client.send(fragments);
      client.send(maskedFrame({ opcode: continuation, payload: 'a' }));
      const { payload } = await client.frame();
      must(payload.length === 50_000, `${payload.length} octets came back`);
      // They have been read too: a Ping between fragments is answered in its turn.
      for (const other of unfinished) {
        other.send(maskedFrame({ opcode: ping, payload: '?' }));
        must((await other.frame()).opcode === pong, 'no Pong came');
        other.destroy();
      }
      client.destroy();
      return 'the message arrived, 50,000 octets';
    },
  },
  {
    name: 'a bomb: 1 GiB in 1 MiB, ten times',
    // The limit of one message, twice while its parts are joined.
    allowed: collector + 16,
    async run({ port }) {
      const payload = await bomb();
      for (let count = 0; count < 10; count++) {
        const client = await RawClient.open(port, '/echo', withDeflate);
        client.send(maskedFrame({ opcode: binary, reserved: 0x40, payload }));
        const { code } = await client.close();
        must(code === 1009, `the close code was ${code}`);
        client.destroy();
      }
      return `1009 for ${payload.length.toLocaleString('en')} octets`;
    },
  },
  {
    name: '5,000 half-open handshakes',
    // 16 KiB for each head that may be pending, and what Node keeps for a connection.
    allowed: collector + 40,
    async run({ port }) {
      const sockets: Socket[] = [];
      for (let count = 0; count < 5000; count++) {
        // No address has more than it may, so that it is the number pending that counts. (Only Linux has them all.)
        const last = process.platform === 'linux' ? 2 + Math.floor(count / 1000) : 1;
        sockets.push(await halfOpen(port, `127.0.0.${last}`));
      }
      const client = await RawClient.open(port, '/echo');
      client.send(maskedFrame({ opcode: text, payload: 'in' }));
      must((await client.frame()).payload.toString() === 'in', 'the echo was another');
      client.destroy();
      const open = sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length;
      for (const socket of sockets) socket.destroy();
      return `${open.toLocaleString('en')} still pending, and a newcomer got in`;
    },
  },
  {
    name: '10 readers in a room that never read, while 64 MiB are said',
    // maxBufferedAmount for each.
    allowed: collector + 10 * 4,
    async run(target) {
      const stalled = await Promise.all(Array.from({ length: 10 }, () => stall(target.port, '/room')));
      const listener = await RawClient.open(target.port, '/room');
      const speaker = await RawClient.open(target.port, '/room');
      const payload = noise(64 * 1024);
      for (let count = 0; count < 1024; count++) {
        speaker.send(maskedFrame({ opcode: binary, payload }));
        const received = await listener.frame();
        must(received.payload.equals(payload), 'the listener got something else');
      }
      const slow = (closed: Closed) => /reads too slowly|took no octets/.test(closed.explanation);
      await target.closed((closes) => closes.filter(slow).length === 10);
      const words = target.closes.find(slow)?.explanation;
      for (const socket of stalled) socket.destroy();
      listener.destroy();
      speaker.destroy();
      return `closed: "${words}" The others got all of it`;
    },
  },
  {
    name: 'one that asks for 64 MiB of echoes and never reads',
    allowed: collector + 8,
    async run(target) {
      const socket = await stall(target.port, '/echo');
      const frame = maskedFrame({ opcode: binary, payload: noise(64 * 1024) });
      let taken = 0;
      for (let count = 0; count < 1024; count++) {
        if (socket.write(frame)) {
          taken++;
          continue;
        }
        // The server reads no more from it; give it the time to show that.
        const drained = await Promise.race([
          new Promise<boolean>((resolve) => socket.once('drain', () => resolve(true))),
          pause(1000).then(() => false),
        ]);
        if (!drained) break;
        taken++;
      }
      must(taken < 1024, 'the server read everything');
      socket.destroy();
      return `the server stopped reading after ${Math.round((taken * 64) / 1024)} MiB`;
    },
  },
  {
    name: '500 unfinished messages of 1 MiB',
    // maxTotalHeldAmount for the process.
    allowed: collector + 256 + 64,
    async run(target) {
      const frame = maskedFrame({ opcode: binary, fin: false, payload: noise(mebibyte - 1) });
      const clients: RawClient[] = [];
      for (let count = 0; count < 500; count++) {
        const client = await RawClient.open(target.port, '/echo');
        client.send(frame);
        client.send(maskedFrame({ opcode: ping }));
        clients.push(client);
        // It may be among those that have to go, with octets of it that nobody has read: then no frame gets through.
        await client.frame().catch(() => undefined);
      }
      const greedy = (closed: Closed) => closed.explanation.includes('hold');
      await target.closed((closes) => closes.some(greedy));
      const words = target.closes.find(greedy)?.explanation;
      const count = target.closes.filter(greedy).length;
      for (const client of clients) client.destroy();
      return `${count} closed: "${words}"`;
    },
  },
];

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(`The server did not do what it must: ${otherwise}.`);
}

/** Octets that do not compress, the same each time. */
function noise(length: number): Buffer {
  const octets = Buffer.alloc(length);
  let state = 6455;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    octets[index] = state >>> 24;
  }
  return octets;
}

/** One gibibyte of zeros as a compressed message: some 1,020 times shorter. */
async function bomb(): Promise<Buffer> {
  const deflate = createDeflateRaw({ level: 9 });
  const chunks: Buffer[] = [];
  deflate.on('data', (chunk: Buffer) => chunks.push(chunk));
  const zeros = Buffer.alloc(mebibyte);
  for (let count = 0; count < 1024; count++) {
    await new Promise<void>((resolve) => deflate.write(zeros, () => resolve()));
  }
  await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, () => resolve()));
  const octets = Buffer.concat(chunks);
  return octets.subarray(0, octets.length - 4);
}

/** TCP is there, the head is not. */
function halfOpen(port: number, localAddress: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      // What the server says is read, so that its end is seen.
      socket.resume();
      socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'a'.repeat(15_000)}`);
      resolve(socket);
    });
  });
}

/** An open WebSocket that reads the answer to its handshake, and nothing more. */
function stall(port: number, path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', reject);
    socket.once('data', () => {
      socket.pause();
      resolve(socket);
    });
    socket.write(upgradeHead(path));
  });
}

const inMebibytes = (octets: number): string => (octets / mebibyte).toFixed(0);

async function carryOut(attack: Attack, target: Target): Promise<boolean> {
  const before = await target.memory();
  let most = before.rss;
  let watching = true;
  const watch = (async () => {
    while (watching && !target.ended) {
      most = Math.max(most, (await target.memory()).rss);
      await pause(20);
    }
  })();
  const honest = new Honest(await RawClient.open(target.port, '/echo'));
  target.closes.length = 0;
  const complaints: string[] = [];
  let outcome = '';
  try {
    outcome = await attack.run(target);
  } catch (error) {
    complaints.push(error instanceof Error ? error.message : String(error));
  }
  await honest.stop();
  watching = false;
  await watch;
  const grown = Math.max(0, most - before.rss);
  if (target.ended) complaints.push('The process ended.');
  if (honest.failure !== undefined) complaints.push(`The honest client failed: ${honest.failure}`);
  if (grown > attack.allowed * mebibyte) complaints.push('It took more memory than is allowed.');
  console.log(attack.name);
  if (outcome !== '') console.log(`  ${outcome}`);
  console.log(
    `  memory ${inMebibytes(before.rss)} MiB, at the most ${inMebibytes(grown)} more of ${attack.allowed} allowed; ` +
      `honest client: ${honest.exchanged} echoes, longest wait ${honest.longestWait.toFixed(0)} ms`,
  );
  for (const complaint of complaints) console.log(`  FAILED: ${complaint}`);
  return complaints.length === 0;
}

const target = await Target.start();
let failures = 0;
for (const attack of attacks) {
  if (!(await carryOut(attack, target))) failures++;
  if (target.ended) break;
}
target.stop();
console.log(failures === 0 ? 'The server stood.' : `${failures} of ${attacks.length} failed.`);
process.exitCode = failures === 0 ? 0 : 1;
