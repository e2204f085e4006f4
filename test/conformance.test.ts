/**
 * The table of test/conformance/ against the real server over TCP. Each case is sent whole, octet by octet and cut at
 * seeded random places, and must have the same outcome; the seed stands in the message of whatever fails.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CloseCode } from '../src/close.ts';
import { chooseProtocol } from '../src/handshake.ts';
import { createServer, type Server } from '../src/server.ts';
import { all, frameTables, handshake } from './conformance/all.ts';
import { type FrameCase, type HandshakeCase, maxMessageLength, protocols } from './conformance/cases.ts';
import { seededRandom } from './support/chopping.ts';
import { decodeClose, maskedFrame, RawClient, type ReceivedFrame } from './support/raw-client.ts';

const seed = 6455;
/** Longer vectors are not sent octet by octet: the pieces would take minutes and try nothing new. */
const longestInOctets = 400;

let server: Server<undefined>;
let port: number;
beforeAll(async () => {
  server = createServer<undefined>(
    {
      upgrade: (request) => ({ data: undefined, protocol: chooseProtocol(request.protocols, protocols) }),
      message: (socket, data) => {
        socket.send(data);
      },
    },
    { maxMessageLength, allowedOrigins: ['https://allowed.example'], maxConnectionsPerAddress: 100_000 },
  );
  ({ port } = await server.listen());
});
afterAll(() => server.close());

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

async function inEveryDelivery(
  octets: Uint8Array,
  run: (pieces: readonly Uint8Array[]) => Promise<void>,
): Promise<void> {
  for (const { name, pieces } of deliveries(octets)) {
    try {
      await run(pieces);
    } catch (error) {
      throw new Error(`Sent ${name}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
}

function summary({
  opcode,
  fin,
  payload,
}: ReceivedFrame | { opcode: number; fin?: boolean; payload: Buffer }): string {
  const content =
    payload.length > 80 ? `${payload.length} octets, sum ${sumOf(payload)}` : payload.toString('hex');
  return `${fin === false ? 'part of ' : ''}0x${opcode.toString(16)} [${content}]`;
}

/** Tells long payloads apart: each octet counts with its place. */
function sumOf(payload: Buffer): number {
  return payload.reduce((sum, octet, index) => (sum * 31 + octet + index) % 2_147_483_647, 7);
}

async function expectFrames(
  client: RawClient,
  expected: readonly { opcode: number; payload: Buffer }[],
): Promise<void> {
  for (const frame of expected) expect(summary(await client.frame())).toBe(summary(frame));
}

/** The connection is alive, and nothing else had come back: the next frame is the answer to a Ping sent now. */
async function expectOpen(client: RawClient): Promise<void> {
  client.send(maskedFrame({ opcode: 0x9, payload: 'still there?' }));
  expect(summary(await client.frame())).toBe(summary({ opcode: 0xa, payload: Buffer.from('still there?') }));
}

async function runFrames(
  { octets, frames, outcome }: FrameCase,
  pieces: readonly Uint8Array[],
): Promise<void> {
  expect(Buffer.concat(pieces).equals(octets)).toBe(true);
  const client = await RawClient.open(port);
  try {
    const sent = client.sendInPieces(pieces);
    await expectFrames(client, frames);
    if (outcome === 'open') {
      await sent;
      await expectOpen(client);
      return;
    }
    const last = await client.frames();
    expect(last.map(({ opcode }) => opcode)).toEqual([0x8]);
    const close = decodeClose(last[0]?.payload ?? Buffer.alloc(0));
    expect(close.code).toBe(outcome.close);
    if (outcome.reason !== undefined) expect(close.reason).toBe(outcome.reason);
    // A failure says in words what was wrong.
    else expect(close.reason).toMatch(/^[A-Z].+\.$/);
    await sent;
  } finally {
    client.destroy();
  }
}

async function runHandshake(test: HandshakeCase, pieces: readonly Uint8Array[]): Promise<void> {
  const client = await RawClient.connect(port);
  try {
    const sent = client.sendInPieces(pieces);
    const { status, headers, body } = await client.response();
    expect({ status, body: status === 101 ? '' : body }).toEqual({
      status: test.status,
      body: expect.any(String),
    });
    for (const [name, value] of Object.entries(test.fields ?? {})) {
      expect([name, headers.get(name) ?? null]).toEqual([name, value]);
    }
    if (status === 101) {
      expect(body).toBe('');
      await expectFrames(client, test.early?.frames ?? []);
      await sent;
      await expectOpen(client);
      return;
    }
    expect(body).toMatch(test.says ?? /./);
    // One plain sentence, in a line of its own.
    expect(body).toMatch(/^[A-Z].*\.\n$/);
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(headers.get('connection')).toMatch(/\bclose\b/);
    await sent;
    expect((await client.rest()).length).toBe(0);
  } finally {
    client.destroy();
  }
}

describe('handshake', () => {
  for (const test of handshake) {
    it(`${test.section}: ${test.name} → ${test.status}`, async () => {
      const octets = Buffer.concat([Buffer.from(test.head, 'latin1'), test.early?.octets ?? Buffer.alloc(0)]);
      await inEveryDelivery(octets, (pieces) => runHandshake(test, pieces));
    });
  }
});

for (const [title, cases] of frameTables) {
  describe(title, () => {
    for (const test of cases) {
      const outcome = test.outcome === 'open' ? 'goes on' : test.outcome.close;
      it(`${test.section}: ${test.name} → ${outcome}`, async () => {
        await inEveryDelivery(test.octets, (pieces) => runFrames(test, pieces));
      });
    }
  });
}

describe('the table', () => {
  const names = all.map(({ section, name }) => `${section}: ${name}`);

  it('has more than 500 cases, each with a name of its own', () => {
    expect(names.length).toBeGreaterThan(500);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('expects no code that must not stand on the wire, but for the empty Close', () => {
    const codes = frameTables.flatMap(([, cases]) =>
      cases.flatMap(({ outcome }) => (outcome === 'open' ? [] : [outcome.close])),
    );
    expect(codes).not.toContain(CloseCode.abnormalClosure);
    expect(codes.filter((code) => code === CloseCode.noStatusReceived)).toHaveLength(1);
  });
});
