/**
 * The server to measure: barewire and nothing else in the process. `/fanout` sends each message to everybody on that
 * path, the sender included; any other path, `/echo` say, sends each message back with its opcode. Run by bench/run.ts
 * and by any load generator or conformance suite: `node --import tsx bench/server.ts --port N` prints `listening N`
 * when it takes connections. With `--deflate` it agrees to permessage-deflate (RFC 7692) as the library does by default;
 * with `--control` it answers what the driver of server.bench.ts asks on standard input (bench/peers/control.ts).
 */
import { parseArgs } from 'node:util';
import { createServer, type Server } from '../src/index.ts';
import { listening } from './peers/control.ts';

const usage = 'Usage: node --import tsx bench/server.ts [--port N] [--host ADDRESS] [--deflate] [--control]';

/** Octets in one message. Large enough for every frame length form to be met by far. */
const maxMessageLength = 64 * 1024 * 1024;

type Path = 'echo' | 'fanout';

function fail(sentence: string): never {
  console.error(`${sentence}\n${usage}`);
  process.exit(2);
}

function readFlags(): { port: number; host: string; deflate: boolean; control: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: '0' },
        host: { type: 'string', default: '127.0.0.1' },
        deflate: { type: 'boolean', default: false },
        control: { type: 'boolean', default: false },
      },
    });
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
    if (!(port <= 65_535))
      fail(`--port is ${JSON.stringify(values.port)}; it takes a number from 0 to 65535.`);
    return { port, host: values.host, deflate: values.deflate, control: values.control };
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

const { port, host, deflate, control } = readFlags();
const server: Server<Path> = createServer<Path>(
  {
    upgrade: ({ path }) => ({ data: path === '/fanout' ? 'fanout' : 'echo' }),
    open(socket) {
      if (socket.data === 'fanout') socket.subscribe('fanout');
    },
    message(socket, data) {
      if (socket.data === 'echo') socket.send(data);
      else server.publish('fanout', data);
    },
  },
  {
    host,
    port,
    maxMessageLength,
    deflate,
    // Nothing here is private, and load comes from one address.
    allowedOrigins: 'any',
    maxConnections: Number.MAX_SAFE_INTEGER,
    maxConnectionsPerAddress: Number.MAX_SAFE_INTEGER,
    maxPendingUpgrades: Number.MAX_SAFE_INTEGER,
    maxTotalHeldAmount: Number.MAX_SAFE_INTEGER,
    // An echo must be able to wait whole, and another behind it, before its sender counts as one that does not read.
    maxBufferedAmount: 4 * maxMessageLength,
    // Load generators need not answer Pings.
    pingInterval: 2 ** 31 - 1,
  },
);

try {
  const address = await server.listen();
  if (control) listening(address.port);
  else console.log(`listening ${address.port}`);
} catch (error) {
  fail(`Cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void server.close().then(() => process.exit(0)));
}
