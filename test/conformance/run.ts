/**
 * Runs the cases of the table against the real server over TCP: test/conformance.test.ts and `npm run conformance` both
 * call it. Each case is sent whole, octet by octet and cut at seeded random places, and must have the same outcome; what
 * fails tells how it was sent, with the seed.
 */

import type { DeflateOptions } from '../../src/deflate-negotiation.ts';
import { chooseProtocol } from '../../src/handshake.ts';
import { createServer, type Server } from '../../src/server.ts';
import { seededRandom } from '../support/chopping.ts';
import { maskedFrame, RawClient } from '../support/raw-client.ts';
import { decodeClose } from '../support/raw-stream.ts';
import {
  type ConformanceCase,
  deflateServers,
  type ExpectedFrame,
  type FrameCase,
  type HandshakeCase,
  maxMessageLength,
  protocols,
  type ServerName,
} from './cases.ts';

const seed = 6455;
/** Longer vectors are not sent octet by octet: the pieces would take minutes and try nothing new. */
const longestInOctets = 400;

/** The servers under test, by the port of each. */
export interface ConformanceServers {
  readonly ports: Readonly<Record<ServerName, number>>;
  stop(): Promise<void>;
}

export async function startServers(): Promise<ConformanceServers> {
  const servers: Server<undefined>[] = [];
  const listen = async (deflate: boolean | DeflateOptions): Promise<number> => {
    const server = createServer<undefined>(
      {
        upgrade: (request) => ({ data: undefined, protocol: chooseProtocol(request.protocols, protocols) }),
        message: (socket, data) => {
          socket.send(data);
        },
      },
      {
        maxMessageLength,
        deflate,
        allowedOrigins: ['https://allowed.example'],
        maxConnectionsPerAddress: 100_000,
      },
    );
    servers.push(server);
    return (await server.listen()).port;
  };
  const { plain, usual, generous, frugal } = deflateServers;
  const ports = {
    plain: await listen(plain),
    usual: await listen(usual),
    generous: await listen(generous),
    frugal: await listen(frugal),
  };
  return {
    ports,
    async stop() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

/** What must come of a case, in two words. */
export function outcomeOf(test: ConformanceCase): string {
  if ('status' in test) return `HTTP ${test.status}`;
  if (test.outcome === 'open') return 'goes on';
  return test.outcome === 'ended' ? 'ends' : `Close ${test.outcome.close}`;
}

/** Runs one case in every delivery. @throws Error that says what came instead, and how the case was sent */
export async function runCase(test: ConformanceCase, servers: ConformanceServers): Promise<void> {
  const octets =
    'head' in test
      ? Buffer.concat([Buffer.from(test.head, 'latin1'), test.early?.octets ?? Buffer.alloc(0)])
      : Buffer.from(test.octets);
  for (const { name, pieces } of deliveries(octets)) {
    try {
      if ('head' in test) await runHandshake(test, pieces, servers);
      else await runFrames(test, pieces, servers);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`Sent ${name}: ${message}`, { cause: error });
    }
  }
}

interface Delivery {
  readonly name: string;
  readonly pieces: readonly Uint8Array[];
}

function* deliveries(octets: Uint8Array): Generator<Delivery> {
  yield { name: 'whole', pieces: [octets] };
  if (octets.length <= 1) return;
  if (octets.length <= longestInOctets) {
    yield { name: 'octet by octet', pieces: Array.from(octets, (octet) => Uint8Array.of(octet)) };
  }
  const random = seededRandom(seed);
  for (let run = 0; run < 2; run++) {
    const cuts = Array.from({ length: 4 }, () => 1 + Math.floor(random() * (octets.length - 1))).sort(
      (a, b) => a - b,
    );
    const pieces = [0, ...cuts].map((start, index) => octets.subarray(start, cuts[index] ?? octets.length));
    yield { name: `cut at ${cuts.join(', ')} (seed ${seed})`, pieces };
  }
}

async function runFrames(
  { frames, outcome, server = 'plain', offer }: FrameCase,
  pieces: readonly Uint8Array[],
  { ports }: ConformanceServers,
): Promise<void> {
  const client = await RawClient.open(
    ports[server],
    '/',
    offer === undefined ? [] : [`Sec-WebSocket-Extensions: ${offer}`],
  );
  try {
    const sent = client.sendInPieces(pieces);
    await expectFrames(client, frames);
    if (outcome === 'open') {
      await sent;
      await expectOpen(client);
      return;
    }
    if (outcome === 'ended') {
      await sent;
      client.end();
      expectEqual((await client.frames()).map(summary), [], 'frames before the end');
      return;
    }
    const last = await client.frames();
    expectEqual(
      last.map(({ opcode }) => opcode),
      [0x8],
      'opcodes of the last frames',
    );
    const close = decodeClose(last[0]?.payload ?? Buffer.alloc(0));
    expectEqual(close.code, outcome.close, 'close code');
    if (outcome.reason !== undefined) expectEqual(close.reason, outcome.reason, 'close reason');
    // A failure says in words what was wrong.
    else expectMatch(close.reason, /^[A-Z].+\.$/, 'close reason');
    await sent;
  } finally {
    client.destroy();
  }
}

async function runHandshake(
  test: HandshakeCase,
  pieces: readonly Uint8Array[],
  { ports }: ConformanceServers,
): Promise<void> {
  const client = await RawClient.connect(ports[test.server ?? 'plain']);
  try {
    const sent = client.sendInPieces(pieces);
    const { status, headers, body } = await client.response();
    if (status !== test.status)
      throw new Error(`status: ${status} came, ${test.status} was expected; it said ${body}`);
    for (const [name, value] of Object.entries(test.fields ?? {})) {
      expectEqual(headers.get(name) ?? null, value, `field ${name}`);
    }
    if (test.extension !== undefined) {
      const answer = headers.get('sec-websocket-extensions');
      expectEqual(
        answer === undefined ? null : sorted(answer),
        test.extension && sorted(test.extension),
        'extension',
      );
    }
    if (status === 101) {
      await expectFrames(client, test.early?.frames ?? []);
      await sent;
      await expectOpen(client);
      return;
    }
    expectMatch(body, test.says ?? /./, 'body');
    // One plain sentence, in a line of its own.
    expectMatch(body, /^[A-Z].*\.\n$/, 'body');
    expectEqual(headers.get('content-type'), 'text/plain; charset=utf-8', 'field content-type');
    expectMatch(headers.get('connection') ?? '', /\bclose\b/, 'field connection');
    await sent;
    expectEqual((await client.rest()).length, 0, 'octets behind the response');
  } finally {
    client.destroy();
  }
}

async function expectFrames(client: RawClient, expected: readonly ExpectedFrame[]): Promise<void> {
  for (const [index, frame] of expected.entries()) {
    const received = await client.frame();
    expectEqual(summary(received), summary(frame), `frame ${index}`);
    if (frame.compressed !== undefined) {
      expectEqual(received.compressed, frame.compressed, `whether frame ${index} is compressed`);
    }
  }
}

/** The order of parameters means nothing. */
function sorted(extension: string): string {
  const [name = '', ...parameters] = extension.split(';').map((part) => part.trim());
  return [name, ...parameters.sort()].join('; ');
}

/** The connection is alive, and nothing else had come back: the next frame is the answer to a Ping sent now. */
async function expectOpen(client: RawClient): Promise<void> {
  client.send(maskedFrame({ opcode: 0x9, payload: 'still there?' }));
  const answer = summary({ opcode: 0xa, payload: Buffer.from('still there?') });
  expectEqual(summary(await client.frame()), answer, 'answer to a Ping');
}

function summary(frame: {
  readonly opcode: number;
  readonly fin?: boolean;
  readonly payload: Buffer;
}): string {
  const { opcode, fin, payload } = frame;
  const content =
    payload.length > 80 ? `${payload.length} octets, sum ${sumOf(payload)}` : payload.toString('hex');
  return `${fin === false ? 'part of ' : ''}0x${opcode.toString(16)} [${content}]`;
}

/** Tells long payloads apart: each octet counts with its place. */
function sumOf(payload: Buffer): number {
  return payload.reduce((sum, octet, index) => (sum * 31 + octet + index) % 2_147_483_647, 7);
}

function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const [came, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (came !== wanted) throw new Error(`${what}: ${came} came, ${wanted} was expected`);
}

function expectMatch(actual: string, expected: RegExp, what: string): void {
  if (!expected.test(actual))
    throw new Error(`${what}: ${JSON.stringify(actual)} came, ${expected} was expected`);
}
