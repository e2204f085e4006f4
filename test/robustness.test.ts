/**
 * 10,000 seeded byte sequences, and the ones that have killed other servers, against a server in a process of its own:
 * it must answer in good frames or good HTTP, stay alive, and serve the next client. Each sequence has a number, and a
 * failure prints it with its octets; BAREWIRE_SEED repeats a run or tries another.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from './support/chopping.ts';
import { Program } from './support/process.ts';
import { closeFrame, maskedFrame, RawClient, upgradeHead } from './support/raw-client.ts';
import { decodeClose } from './support/raw-stream.ts';

const seed = Number(process.env.BAREWIRE_SEED ?? 65_432);
const together = 16;

let program: Program;
let port: number;
let alive = true;
beforeAll(async () => {
  program = new Program(['--import', 'tsx', 'bench/server.ts']);
  void program.ended.then(() => {
    alive = false;
  });
  const [, printed] = await program.output(/^listening (\d+)\n/);
  port = Number(printed);
});
afterAll(() => program.stop());

/** The same process still serves: a new client's message comes back. */
async function expectServing(): Promise<void> {
  expect(alive).toBe(true);
  const client = await RawClient.open(port, '/echo');
  client.send(maskedFrame({ opcode: 0x1, payload: 'serving' }));
  expect((await client.frame()).payload.toString()).toBe('serving');
  client.destroy();
  // A handler that threw, a warning, a leak of listeners: all of that would be said here.
  expect(program.stderr).toBe('');
}

/** What the sequences led to, to see that they reach the rules and do not all end at the first octet. */
const met = new Set<string>();

type Random = () => number;

const below = (random: Random, limit: number): number => Math.floor(random() * limit);

function randomOctets(random: Random, length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => below(random, 256)));
}

/** Some frames that follow the rules, or would if they stood elsewhere. */
function randomFrames(random: Random): Buffer {
  const frames = Array.from({ length: 1 + below(random, 5) }, () => {
    const opcode = [0x0, 0x1, 0x1, 0x2, 0x8, 0x9, 0xa][below(random, 7)] ?? 0x1;
    const length = [0, 1, 5, 125, 126, 127, 300][below(random, 7)] ?? 0;
    const payload =
      opcode === 0x8 ? Buffer.from([3, 232]) : Buffer.alloc(opcode > 7 ? length % 126 : length, 'aé');
    return maskedFrame({ opcode, fin: random() < 0.7, payload });
  });
  return Buffer.concat(frames);
}

/** One to four changes: a bit turned over, an octet replaced, a piece cut out, put in or repeated. */
function mutate(octets: Buffer, random: Random): Buffer {
  let changed = Buffer.from(octets);
  for (let count = 1 + below(random, 4); count > 0; count--) {
    const at = below(random, changed.length);
    const length = below(random, 12);
    const [before, after] = [changed.subarray(0, at), changed.subarray(at)];
    switch (below(random, 5)) {
      case 0:
        changed = Buffer.concat([
          before,
          Buffer.of((after[0] ?? 0) ^ (1 << below(random, 8))),
          after.subarray(1),
        ]);
        break;
      case 1:
        changed = Buffer.concat([before, Buffer.of(below(random, 256)), after.subarray(1)]);
        break;
      case 2:
        changed = Buffer.concat([before, after.subarray(length)]);
        break;
      case 3:
        changed = Buffer.concat([before, randomOctets(random, length), after]);
        break;
      default:
        changed = Buffer.concat([before, after.subarray(0, length), after]);
    }
  }
  return changed;
}

/** A sequence is sent as it is, ends our half of TCP, and is answered until the server ends its own. */
interface Kind {
  readonly name: string;
  readonly count: number;
  readonly opened: boolean;
  make(random: Random): Buffer;
}

const kinds: readonly Kind[] = [
  {
    name: 'octets instead of a request',
    count: 1500,
    opened: false,
    make: (random) => randomOctets(random, 1 + below(random, 200)),
  },
  {
    name: 'changed requests',
    count: 2000,
    opened: false,
    make: (random) => mutate(Buffer.from(upgradeHead('/echo')), random),
  },
  {
    name: 'changed requests with frames behind them',
    count: 500,
    opened: false,
    make: (random) =>
      mutate(Buffer.concat([Buffer.from(upgradeHead('/echo')), randomFrames(random)]), random),
  },
  {
    name: 'octets instead of frames',
    count: 2000,
    opened: true,
    make: (random) => randomOctets(random, 1 + below(random, 200)),
  },
  { name: 'frames in any order', count: 1000, opened: true, make: randomFrames },
  {
    name: 'changed frames',
    count: 3000,
    opened: true,
    make: (random) => mutate(randomFrames(random), random),
  },
];

/** Reads all that comes. */
async function expectGoodFrames(client: RawClient): Promise<void> {
  const frames = await client.frames();
  for (const [index, { fin, opcode, payload }] of frames.entries()) {
    expect([0x1, 0x2, 0x8, 0xa]).toContain(opcode);
    expect(fin).toBe(true);
    met.add(`opcode ${opcode}`);
    if (opcode === 0x1) expect(() => new TextDecoder('utf-8', { fatal: true }).decode(payload)).not.toThrow();
    if (opcode !== 0x8) continue;
    // Nothing follows a Close, and its code may stand on the wire; 1005 is a Close without one.
    expect(index).toBe(frames.length - 1);
    const { code } = decodeClose(payload);
    met.add(`close ${code}`);
    expect(
      (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1006) || (code >= 3000 && code <= 4999),
    ).toBe(true);
  }
}

async function runSequence(kind: Kind, octets: Buffer): Promise<void> {
  const client = kind.opened ? await RawClient.open(port, '/echo') : await RawClient.connect(port);
  try {
    client.send(octets);
    client.end();
    if (kind.opened) await expectGoodFrames(client);
    else await expectGoodHttp(client);
  } finally {
    client.destroy();
  }
}

/** Nothing at all (the head did not end), a refusal in words, or 101 and then good frames. */
async function expectGoodHttp(client: RawClient): Promise<void> {
  const answer = await client.response().catch((error: Error) => error);
  if (answer instanceof Error) {
    expect(answer.name).toBe('StreamEnded');
    expect(await client.rest()).toHaveLength(0);
    return;
  }
  met.add(`status ${answer.status}`);
  if (answer.status === 101) {
    await expectGoodFrames(client);
    return;
  }
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(600);
}

describe('seeded sequences', () => {
  it('are 10,000', () => {
    expect(kinds.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);
  });

  it.each(kinds)('$count of $name', async (kind) => {
    let number = 0;
    const worker = async (): Promise<void> => {
      for (let own = number++; own < kind.count; own = number++) {
        const octets = kind.make(seededRandom(seed + own));
        try {
          await runSequence(kind, octets);
        } catch (error) {
          const where = `[${kind.name}, number ${own}, BAREWIRE_SEED=${seed}, ${octets.toString('hex')}]`;
          throw new Error(`${where} ${error instanceof Error ? error.message : String(error)}`, {
            cause: error,
          });
        }
        if (own % 250 === 249) await expectServing();
      }
    };
    await Promise.all(Array.from({ length: together }, worker));
    await expectServing();
  });

  it('reach the rules: every kind of answer was met', () => {
    const statuses = [101, 400, 426].map((status) => `status ${status}`);
    const codes = [1000, 1002, 1005, 1007].map((code) => `close ${code}`);
    const opcodes = [0x1, 0x2, 0x8, 0xa].map((opcode) => `opcode ${opcode}`);
    expect([...met]).toEqual(expect.arrayContaining([...statuses, ...codes, ...opcodes]));
  });

  it('are the same for the same seed', () => {
    const [first, second] = [1, 1].map((value) =>
      mutate(randomFrames(seededRandom(value)), seededRandom(value)),
    );
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
  });
});

describe('what has killed or fooled other servers', () => {
  it.each(['x', 'null', '{"type":3}', '{"type":1}', '', '[]', '"', '{"event":0}'])(
    'the text %j',
    async (payload) => {
      const client = await RawClient.open(port, '/echo');
      client.send(maskedFrame({ opcode: 0x1, payload }));
      expect((await client.frame()).payload.toString()).toBe(payload);
      client.destroy();
      await expectServing();
    },
  );

  it.each([127, 126, 65_535, 65_536, 70_000])('a text of exactly %i octets', async (length) => {
    const client = await RawClient.open(port, '/echo');
    client.send(maskedFrame({ opcode: 0x1, payload: 'a'.repeat(length) }));
    expect((await client.frame()).payload.length).toBe(length);
    client.destroy();
    await expectServing();
  });

  it('two frames in one write, and one frame in two', async () => {
    const client = await RawClient.open(port, '/echo');
    const frame = maskedFrame({ opcode: 0x1, payload: 'half and half' });
    await client.sendInPieces([Buffer.concat([frame, frame.subarray(0, 7)]), frame.subarray(7)]);
    expect((await client.frame()).payload.toString()).toBe('half and half');
    expect((await client.frame()).payload.toString()).toBe('half and half');
    client.destroy();
  });

  it('a reset before the request, inside it, after it, inside a frame and after a Close', async () => {
    const frame = maskedFrame({ opcode: 0x1, payload: 'never whole' });
    const head = upgradeHead('/echo');
    for (const octets of ['', head.slice(0, 40), head]) {
      const client = await RawClient.connect(port);
      client.send(octets);
      client.reset();
    }
    for (const octets of [frame.subarray(0, 1), frame.subarray(0, 9), closeFrame(1000)]) {
      const client = await RawClient.open(port, '/echo');
      client.send(octets);
      client.reset();
    }
    await expectServing();
  });

  it('a hundred peers that send and do not read, cut off in the middle', async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => RawClient.open(port, '/echo')));
    for (const client of clients) client.send(maskedFrame({ opcode: 0x2, payload: Buffer.alloc(100_000) }));
    for (const client of clients) client.reset();
    await expectServing();
  });

  it.each([
    'GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
    'GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  ])('the request %j', async (request) => {
    const client = await RawClient.connect(port);
    client.send(Buffer.from(request, 'latin1'));
    const { status } = await client.response();
    expect(status).toBeGreaterThanOrEqual(400);
    client.destroy();
    await expectServing();
  });
});
