/**
 * `node --expose-gc --import tsx bench/experiments/handshake.ts [--against DIRECTORY] [--seconds N]`: what the opening
 * handshake costs without a network: octets of a request in, octets of the 101 out, through the same parts that
 * server.ts puts together. CPU nanoseconds for each part and for the whole, and octets of heap for each request that
 * an open WebSocket keeps. `--against` names another checkout's src/, measured in turn with this one (A B A B).
 */
import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type * as Counts from '../../src/connection-counts.ts';
import type * as Handshake from '../../src/handshake.ts';
import type * as HttpHead from '../../src/http-head.ts';
import type * as Options from '../../src/options.ts';
import type * as PendingModule from '../../src/pending.ts';
import type * as UpgradesModule from '../../src/upgrades.ts';
import { median, ratio } from '../statistics.ts';

interface Parts {
  readonly head: typeof HttpHead;
  readonly handshake: typeof Handshake;
  readonly upgrades: typeof UpgradesModule;
  readonly options: typeof Options;
  readonly pending: typeof PendingModule;
  readonly counts: typeof Counts;
}

/** What Chromium sends to a page's own server, in its order, and the least that is a request at all. */
const requests: Readonly<Record<string, readonly string[]>> = {
  chromium: [
    'GET /chat?room=lobby HTTP/1.1',
    'Host: chat.example.com',
    'Connection: Upgrade',
    'Pragma: no-cache',
    'Cache-Control: no-cache',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'Upgrade: websocket',
    'Origin: https://chat.example.com',
    'Sec-WebSocket-Version: 13',
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Accept-Language: en-GB,en;q=0.9,de;q=0.8',
    'Cookie: session=4f1c2a9e7b3d5a60; theme=dark',
    'Sec-GPC: 1',
    'DNT: 1',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
  ],
  minimal: [
    'GET / HTTP/1.1',
    'Host: 127.0.0.1:8080',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
  ],
};

async function load(directory: string): Promise<Parts> {
  const part = (name: string) => import(pathToFileURL(resolve(directory, `${name}.ts`)).href);
  return {
    head: await part('http-head'),
    handshake: await part('handshake'),
    upgrades: await part('upgrades'),
    options: await part('options'),
    pending: await part('pending'),
    counts: await part('connection-counts'),
  };
}

/** One server without a network: answers with the reply and the request that an open WebSocket would keep. */
function serverOf(parts: Parts): (chunk: Buffer) => UpgradesModule.Upgraded<undefined> {
  const stream = new Socket();
  const options = parts.options.resolveOptions({ deflate: false });
  let upgraded: UpgradesModule.Upgraded<undefined> | undefined;
  const fail = (_stream: Socket, error: unknown): void => {
    throw error;
  };
  const upgrades = new parts.upgrades.Upgrades<undefined>({
    options,
    pending: new parts.pending.Pending<Socket>(1000),
    counts: new parts.counts.ConnectionCounts<Socket>(1000),
    stopping: undefined,
    decide: () => ({ data: undefined }),
    open: (opened) => {
      upgraded = opened;
    },
    refuse: fail,
    turnAway: fail,
  });
  return (chunk) => {
    upgraded = undefined;
    const read = new parts.head.HeadReader().receive(chunk);
    if (read === undefined) throw new Error('The head has no end.');
    const head = parts.head.parseRequestHead(read.bytes);
    if (!parts.handshake.wantsWebSocket(head)) throw new Error('The head asks for no WebSocket.');
    upgrades.receive({ stream, head, rest: read.rest, peerAddress: '127.0.0.1', counted: true });
    if (upgraded === undefined) throw new Error('The request was not taken.');
    return upgraded;
  };
}

/** The steps of the whole, each with all that comes before it. */
function stepsOf(parts: Parts): Readonly<Record<string, (chunk: Buffer) => unknown>> {
  const { HeadReader, parseRequestHead } = parts.head;
  const { checkUpgradeRequest, wantsWebSocket } = parts.handshake;
  const read = (chunk: Buffer) => new HeadReader().receive(chunk)?.bytes ?? chunk;
  return {
    'read the head': read,
    '+ parse it': (chunk) => parseRequestHead(read(chunk)),
    '+ judge it': (chunk) => {
      const head = parseRequestHead(read(chunk));
      return wantsWebSocket(head) && checkUpgradeRequest(head);
    },
    '+ decide, reply': serverOf(parts),
  };
}

/** CPU nanoseconds for each call, over about `duration` milliseconds. */
function time(run: (chunk: Buffer) => unknown, chunk: Buffer, duration: number): number {
  let calls = 0;
  const before = process.cpuUsage();
  const end = performance.now() + duration;
  while (performance.now() < end) {
    for (let index = 0; index < 500; index++) run(chunk);
    calls += 500;
  }
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / calls;
}

/** Octets of heap for each of 10,000 requests that are kept. Each comes in memory of its own, as from TCP. */
function retained(serve: (chunk: Buffer) => UpgradesModule.Upgraded<undefined>, chunk: Buffer): number {
  const kept: unknown[] = new Array(10_000).fill(undefined);
  globalThis.gc?.();
  const before = process.memoryUsage();
  for (let index = 0; index < kept.length; index++) kept[index] = serve(Buffer.from(chunk)).request;
  globalThis.gc?.();
  const after = process.memoryUsage();
  return (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / kept.length;
}

const { values } = parseArgs({
  options: { against: { type: 'string' }, seconds: { type: 'string', default: '4' } },
});
const here = resolve(import.meta.dirname, '../../src');
const sides = [{ name: 'here', parts: await load(here) }];
if (values.against !== undefined) sides.unshift({ name: 'against', parts: await load(values.against) });

const rounds = 15;
for (const [name, lines] of Object.entries(requests)) {
  const chunk = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  console.log(`\n${name}: ${chunk.length} octets, ${lines.length - 1} fields`);
  const runs = sides.map(({ parts }) => stepsOf(parts));
  const duration = (Number(values.seconds) * 1000) / 2 / 4 / rounds / sides.length;
  for (const step of Object.keys(runs[0] ?? {})) {
    const samples = runs.map((): number[] => []);
    for (let round = -3; round < rounds; round++) {
      for (const [side, steps] of runs.entries()) {
        const run = steps[step];
        if (run === undefined) continue;
        const nanoseconds = time(run, chunk, duration);
        if (round >= 0) samples[side]?.push(nanoseconds);
      }
    }
    const [first = [], second] = samples;
    const figures = samples.map((of) => `${median(of).toFixed(0)} ns`).join(' → ');
    const times = second && ratio(second, first, 'less');
    const faster =
      times && ` (${times.middle.toFixed(2)} ×, ${times.low.toFixed(2)}-${times.high.toFixed(2)})`;
    console.log(`  ${step.padEnd(16)} ${figures}${faster ?? ''}`);
  }
  const octets = sides.map(({ parts }) => retained(serverOf(parts), chunk).toFixed(0));
  console.log(`  kept for each    ${octets.join(' → ')} octets`);
}
