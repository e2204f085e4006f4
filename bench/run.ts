/**
 * `npm run bench`: starts bench/server.ts in a process of its own, checks what it answers, and then times it: messages
 * a second, median and spread over rounds of the same work, with the CPU that either side had, because a figure means
 * little when the client was the busy one. The clients are raw TCP: they send frames made beforehand and count octets.
 * `--rounds N` and `--scale X` change the amount; the test runs it small.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { encodeFrame, Opcode } from '../src/frame.ts';

interface Scenario {
  readonly path: '/echo' | '/fanout';
  readonly payloadLength: number;
  readonly clients: number;
  /** Messages that one client has under way before it waits for their answers. */
  readonly depth: number;
  /** Messages sent in one round, all clients together, at scale 1. */
  readonly messages: number;
}

const scenarios: readonly Scenario[] = [
  { path: '/echo', payloadLength: 64, clients: 1, depth: 1, messages: 20_000 },
  { path: '/echo', payloadLength: 64, clients: 50, depth: 16, messages: 400_000 },
  { path: '/echo', payloadLength: 1024, clients: 50, depth: 16, messages: 200_000 },
  { path: '/echo', payloadLength: 65_536, clients: 8, depth: 4, messages: 12_000 },
  { path: '/echo', payloadLength: 4 * 1024 * 1024, clients: 2, depth: 2, messages: 200 },
  { path: '/fanout', payloadLength: 160, clients: 200, depth: 1, messages: 2000 },
];

interface Round {
  /** Messages that reached a client, each second. */
  readonly rate: number;
  /** Shares of one core, 0 to 1; undefined for a server that we cannot look into. */
  readonly serverLoad: number | undefined;
  readonly clientLoad: number;
}

/** One connection that sends a fixed block of frames again and again, and waits for so many octets of answer. */
class Client {
  readonly #tcp: Socket;
  #wanted = 0;
  #done: (() => void) | undefined;
  /** Octets as they came, while somebody wants to see them. */
  #kept: Buffer[] | undefined;

  private constructor(tcp: Socket) {
    this.#tcp = tcp;
    tcp.on('data', (chunk) => {
      this.#kept?.push(chunk);
      this.#wanted -= chunk.length;
      if (this.#wanted <= 0) this.#done?.();
    });
    tcp.on('close', () => {
      if (this.#wanted > 0) throw new Error('The server closed a connection in the middle of a round.');
    });
  }

  static async open(port: number, path: string): Promise<Client> {
    const tcp = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(tcp, 'connect');
    const lines = [
      `GET ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
    ];
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    tcp.write(`${[...lines, key, 'Sec-WebSocket-Version: 13'].join('\r\n')}\r\n\r\n`);
    const [answer]: Buffer[] = await once(tcp, 'data');
    if (!answer?.toString('latin1').startsWith('HTTP/1.1 101 ')) throw new Error(`No upgrade: ${answer}`);
    return new Client(tcp);
  }

  send(frames: Buffer): void {
    this.#tcp.write(frames);
  }

  receive(octets: number): Promise<void> {
    this.#wanted += octets;
    if (this.#wanted <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  /** Waits for so many octets and returns them. */
  async take(octets: number): Promise<Buffer> {
    this.#kept = [];
    await this.receive(octets);
    const taken = Buffer.concat(this.#kept);
    this.#kept = undefined;
    return taken;
  }

  close(): void {
    this.#wanted = 0;
    this.#tcp.destroy();
  }
}

/** Milliseconds of CPU that a process has had; undefined where there is no /proc. */
function cpuOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    // utime and stime, in hundredths of a second (proc(5)).
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}

function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

class Run {
  readonly #scenario: Scenario;
  readonly #clients: readonly Client[];
  readonly #request: Buffer;
  readonly #answer: Buffer;

  private constructor(scenario: Scenario, clients: readonly Client[]) {
    const payload = Buffer.alloc(scenario.payloadLength, 'The quick brown fox. ');
    this.#scenario = scenario;
    this.#clients = clients;
    this.#request = Buffer.from(encodeFrame({ opcode: Opcode.text, payload, maskingKey: 0x37fa213d }));
    this.#answer = Buffer.from(encodeFrame({ opcode: Opcode.text, payload }));
  }

  static async open(scenario: Scenario, port: number): Promise<Run> {
    const { path, clients } = scenario;
    return new Run(
      scenario,
      await Promise.all(Array.from({ length: clients }, () => Client.open(port, path))),
    );
  }

  /** What comes back is what should, octet by octet, at every client. */
  async check(): Promise<void> {
    const [first] = this.#clients;
    const receivers = this.#scenario.path === '/echo' ? [first] : this.#clients;
    const taken = receivers.map((client) => client?.take(this.#answer.length));
    first?.send(this.#request);
    for (const octets of await Promise.all(taken)) {
      if (octets?.equals(this.#answer) !== true) throw new Error(`${this.#scenario.path} answers wrongly.`);
    }
  }

  async round(messages: number, serverPid: number): Promise<Round> {
    const serverBefore = cpuOf(serverPid);
    const clientBefore = ownCpu();
    const start = performance.now();
    const received =
      this.#scenario.path === '/echo' ? await this.#echo(messages) : await this.#fanout(messages);
    const elapsed = performance.now() - start;
    const serverAfter = cpuOf(serverPid);
    return {
      rate: (received / elapsed) * 1000,
      serverLoad:
        serverBefore === undefined || serverAfter === undefined
          ? undefined
          : (serverAfter - serverBefore) / elapsed,
      clientLoad: (ownCpu() - clientBefore) / elapsed,
    };
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  async #echo(messages: number): Promise<number> {
    const { depth } = this.#scenario;
    const batch = Buffer.concat(Array.from({ length: depth }, () => this.#request));
    const batches = Math.max(1, Math.ceil(messages / depth / this.#clients.length));
    await Promise.all(
      this.#clients.map(async (client) => {
        for (let sent = 0; sent < batches; sent++) {
          client.send(batch);
          await client.receive(depth * this.#answer.length);
        }
      }),
    );
    return batches * depth * this.#clients.length;
  }

  async #fanout(messages: number): Promise<number> {
    for (let sent = 0; sent < messages; sent++) {
      const all = this.#clients.map((client) => client.receive(this.#answer.length));
      this.#clients[sent % this.#clients.length]?.send(this.#request);
      await Promise.all(all);
    }
    return messages * this.#clients.length;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function report({ path, payloadLength, clients, depth }: Scenario, rounds: readonly Round[]): string {
  const rates = rounds.map(({ rate }) => rate);
  const rate = median(rates);
  const number = (value: number): string => Math.round(value).toLocaleString('en');
  const serverLoads = rounds.flatMap(({ serverLoad }) => (serverLoad === undefined ? [] : [serverLoad]));
  const server = serverLoads.length === 0 ? undefined : median(serverLoads);
  const client = median(rounds.map(({ clientLoad }) => clientLoad));
  const percent = (load: number): string => `${Math.round(load * 100)} %`;
  const busy = [server !== undefined && server > 0.85 ? 'server' : '', client > 0.85 ? 'client' : ''];
  const saturated = busy.filter((side) => side !== '').join(' and ') || 'neither';
  return [
    `${path} ${number(payloadLength)} octets, ${clients} clients, ${depth} under way each`,
    `  ${number(rate)} messages/s received (${number(Math.min(...rates))} to ${number(Math.max(...rates))} over ${rounds.length} rounds), ${number((rate * payloadLength) / 2 ** 20)} MiB/s`,
    `  server ${server === undefined ? 'unknown' : percent(server)} of a core, clients ${percent(client)}; saturated: ${saturated}`,
  ].join('\n');
}

function readFlags(): { rounds: number; scale: number } {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '5' }, scale: { type: 'string', default: '1' } },
  });
  const [rounds, scale] = [Number(values.rounds), Number(values.scale)];
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1000)
    throw new RangeError('--rounds takes 1 to 1000.');
  if (!(scale > 0 && scale <= 100)) throw new RangeError('--scale takes a number above 0, at most 100.');
  return { rounds, scale };
}

const { rounds, scale } = readFlags();
const program = fileURLToPath(new URL('server.ts', import.meta.url));
const server = spawn(process.execPath, ['--import', 'tsx', program], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [line]: Buffer[] = await once(server.stdout, 'data');
  const port = Number(/^listening (\d+)/.exec(String(line))?.[1]);
  console.log(
    `Node ${process.version}, ${availableParallelism()} cores, loopback; clients and server on the same machine\n`,
  );
  for (const scenario of scenarios) {
    const run = await Run.open(scenario, port);
    const messages = Math.max(1, Math.round(scenario.messages * scale));
    await run.check();
    await run.round(Math.ceil(messages / 4), server.pid ?? 0);
    const results: Round[] = [];
    for (let round = 0; round < rounds; round++) results.push(await run.round(messages, server.pid ?? 0));
    await run.check();
    run.close();
    console.log(report(scenario, results));
  }
} finally {
  server.kill();
}
