/**
 * `node --import tsx bench/memory.ts`: what one connection costs in memory that does nothing, with compression and
 * without. The server is measured in a process of its own, new for each line of the table, against itself before
 * anybody came; the clients are bare TCP in another one. `--connections N` changes their number. The figures of
 * docs/limits.md come from here.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DeflateWindow, deflate } from '../src/deflate.ts';
import { encodeFrame, Opcode } from '../src/frame.ts';
import { createServer } from '../src/index.ts';

interface Setting {
  readonly name: string;
  /** Window bits of both sides; 0 for no compression. */
  readonly bits: number;
  /** Octets in the message that each client sends and gets back before it falls idle; 0 for none. */
  readonly messageLength: number;
}

const settings: readonly Setting[] = [
  { name: 'no message yet', bits: 0, messageLength: 0 },
  { name: 'after a message each way', bits: 0, messageLength: 1000 },
  { name: 'compression (11 bits), no message yet', bits: 11, messageLength: 0 },
  { name: 'compression, both windows of 2 KiB full', bits: 11, messageLength: 5000 },
  { name: 'compression, both windows of 32 KiB full', bits: 15, messageLength: 40_000 },
];

/** Octets. */
interface Memory {
  readonly rss: number;
  readonly heap: number;
  /** Buffers: memory that V8 does not manage. */
  readonly buffers: number;
}

/** Runs in the server's process: tells what it has, whenever it is asked. */
async function runServer(bits: number): Promise<void> {
  const server = createServer<undefined>(
    {
      upgrade: () => ({ data: undefined }),
      message: (socket, data) => void socket.send(data),
    },
    {
      deflate: bits === 0 ? false : { serverMaxWindowBits: bits, clientMaxWindowBits: bits },
      maxConnections: Number.MAX_SAFE_INTEGER,
      maxConnectionsPerAddress: Number.MAX_SAFE_INTEGER,
      maxTotalHeldAmount: Number.MAX_SAFE_INTEGER,
      pingInterval: 2 ** 31 - 1,
    },
  );
  const { port } = await server.listen();
  process.on('message', () => {
    for (let round = 0; round < 4; round++) globalThis.gc?.();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    const memory: Memory = { rss, heap: heapUsed, buffers: arrayBuffers };
    process.send?.(memory);
  });
  process.send?.(port);
}

function open(port: number, bits: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('data', (reply: Buffer) => {
      if (reply.toString('latin1', 0, 13) === 'HTTP/1.1 101 ') resolve(socket);
      else reject(new Error(reply.toString()));
    });
    const offer = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n';
    socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n' +
        `${bits === 0 ? '' : offer}\r\n`,
    );
  });
}

/** Runs in the clients' process. */
async function runClients(port: number, connections: number, setting: Setting): Promise<void> {
  const { bits, messageLength } = setting;
  const message = Buffer.alloc(messageLength, 'Nothing here is said only once. ');
  const payload = bits === 0 ? message : deflate(message, DeflateWindow.fresh(bits, true), 6);
  const frame = encodeFrame({ opcode: Opcode.text, payload, rsv1: bits !== 0, maskingKey: 0x37fa213d });
  const sockets: Socket[] = [];
  while (sockets.length < connections) {
    const batch = Math.min(100, connections - sockets.length);
    const opened = await Promise.all(Array.from({ length: batch }, () => open(port, bits)));
    sockets.push(...opened);
    if (messageLength === 0) continue;
    await Promise.all(
      opened.map((socket) => {
        const echoed = once(socket, 'data');
        socket.write(frame);
        return echoed;
      }),
    );
  }
  process.send?.('open');
}

/** The next message of a child, when it is what it should be. */
async function from<Value>(child: ChildProcess, is: (value: unknown) => value is Value): Promise<Value> {
  const ended = once(child, 'exit').then(() => {
    throw new Error('A process of the measurement ended before it was asked to.');
  });
  const [value]: unknown[] = await Promise.race([once(child, 'message'), ended]);
  if (is(value)) return value;
  throw new TypeError(`A process of the measurement said ${JSON.stringify(value)}.`);
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isText = (value: unknown): value is string => typeof value === 'string';
const isMemory = (value: unknown): value is Memory =>
  typeof value === 'object' && value !== null && 'rss' in value && 'heap' in value && 'buffers' in value;

async function ask(server: ChildProcess): Promise<Memory> {
  const answer = from(server, isMemory);
  server.send('how much?');
  return answer;
}

async function measure(setting: Setting, connections: number): Promise<string> {
  const program = fileURLToPath(import.meta.url);
  const start = (role: string, ...args: string[]): ChildProcess =>
    fork(program, ['--role', role, '--setting', String(settings.indexOf(setting)), ...args], {
      execArgv: [...process.execArgv, '--expose-gc'],
    });
  const server = start('server');
  let clients: ChildProcess | undefined;
  try {
    const port = await from(server, isNumber);
    // Whatever is made once, on the first connection, is not the connection's.
    clients = start('clients', '--port', String(port), '--connections', '10');
    await from(clients, isText);
    const before = await ask(server);
    clients.kill();
    clients = start('clients', '--port', String(port), '--connections', String(connections));
    await from(clients, isText);
    const after = await ask(server);
    const each = (part: keyof Memory): string =>
      `${(Math.max(0, after[part] - before[part]) / connections / 1024).toFixed(1)} KiB`;
    return `| ${setting.name} | ${each('rss')} | ${each('heap')} | ${each('buffers')} |`;
  } finally {
    clients?.kill();
    server.kill();
  }
}

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '5000' },
    role: { type: 'string' },
    setting: { type: 'string', default: '0' },
    port: { type: 'string' },
  },
});
const connections = Number(values.connections);
if (!Number.isInteger(connections) || connections < 1 || connections > 25_000)
  throw new RangeError('--connections takes 1 to 25000: each has a port of one address.');
const setting = settings[Number(values.setting)];
if (setting === undefined) throw new RangeError('There is no such setting.');

if (values.role === 'server') {
  await runServer(setting.bits);
} else if (values.role === 'clients') {
  await runClients(Number(values.port), connections, setting);
} else {
  console.log(
    `Node ${process.version}, ${process.arch}, ${availableParallelism()} cores, ${connections} connections\n`,
  );
  console.log('| one idle connection | resident memory | of that heap | of that buffers |');
  console.log('|---|---|---|---|');
  for (const each of settings) console.log(await measure(each, connections));
}
