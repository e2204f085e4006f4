/**
 * Every target of the fuzzer for a fixed number of seeded runs, the findings that are kept, and the fuzzer itself: that
 * it finds what is there, makes it small, and does the same for the same seed. BAREWIRE_SEED tries another one;
 * `npm run fuzz` goes on for as long as one likes.
 */
import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFindings } from './fuzz/findings.ts';
import { Fuzzer, reduce, type Target, template } from './fuzz/fuzzer.ts';
import { changeFrames, readFrames, writeFrames } from './fuzz/loose-frames.ts';
import { plainMutations } from './fuzz/mutator.ts';
import { NotDeflate, plainInflate } from './fuzz/plain-inflate.ts';
import { targets } from './fuzz/targets.ts';
import { seededRandom } from './support/chopping.ts';
import { concat, countedOctets, hex, utf8 } from './support/octets.ts';

const seed = Number(process.env.BAREWIRE_SEED ?? 20_260);

/** Runs of each target, seeds included: a second or two. */
const runs: Readonly<Record<string, number>> = {
  frame: 8000,
  handshake: 6000,
  deflate: 1500,
  connection: 5000,
  server: 1200,
};

/** Outcomes that a target has to meet in these runs; else it has stopped reaching what it is there for. */
const reached: Readonly<Record<string, readonly RegExp[]>> = {
  frame: [/^legal 1 true/, /1002 RFC 6455 §5\.5/, /1007 RFC 6455 §8\.1/, /^no header/],
  handshake: [
    /^request open/,
    /^request 4\d\d RFC 9112/,
    /^response opened/,
    /^response 502/,
    /^extensions \d/,
    /^negotiation .*taken/,
    /^address (?:true|false)/,
    /^IP address/,
    /^PROXY IPv4/,
    /^PROXY IPv6/,
    /^client forwarded 4/,
  ],
  deflate: [/^inflate \d/, /^inflate 1007/, /^inflate 1009/, /^both 8 true/, /^both 15 false/],
  connection: [
    /^server, .*message string/,
    /^client, .*message object/,
    /^server, .*true, /,
    /1002 RFC 7692 §6\.1/,
    /1007 RFC 6455 §8\.1/,
    /1007 RFC 7692 §7\.2\.2/,
    /1009 RFC 6455 §10\.4/,
    /peer, closed/,
  ],
  server: [
    /^0 400/,
    /^0 101 .*close 1002/,
    /^1 101 .*true/,
    /^2 101 /,
    /^2 200/,
    /^3 101 .*false/,
    /^4 101 /,
    /close 1011/,
    /close 4001/,
    / 403/,
    / 500/,
    /^reset$/,
  ],
};

describe.each(targets)('$name', (target) => {
  beforeAll(() => target.start?.());
  afterAll(() => target.stop?.());

  it('keeps its claims', async () => {
    const fuzzer = new Fuzzer(target, seed);
    while (fuzzer.executions < (runs[target.name] ?? 0)) await fuzzer.step();
    const found = fuzzer.findings.map(
      ({ input, message }) => `BAREWIRE_SEED=${seed} ${Buffer.from(input).toString('hex')}\n${message}`,
    );
    expect(found).toEqual([]);
    const met = [...fuzzer.classes.keys()];
    const missed = (reached[target.name] ?? [/never/]).filter(
      (outcome) => !met.some((one) => outcome.test(one)),
    );
    expect(missed).toEqual([]);
  });

  it('keeps them for what broke one once', async () => {
    for (const { name, input } of readFindings().filter((finding) => finding.target === target.name)) {
      await expect(Promise.resolve(input).then(target.run), name).resolves.toBeTypeOf('string');
    }
  });
});

describe('findings', () => {
  it('are of targets that there are', () => {
    const names = targets.map(({ name }) => name);
    expect(readFindings().filter(({ target }) => !names.includes(target))).toEqual([]);
  });
});

/** Breaks on three octets in a row that no seed has; each of them alone is another kind of outcome. */
const needle: Target = {
  name: 'needle',
  seeds: [utf8('a haystack with nothing in it')],
  mutations: [],
  together: 1,
  run(input) {
    const at = input.indexOf(0x7f);
    if (at < 0) return 'nothing';
    if (input[at + 1] !== 0xff) return 'one';
    if (input[at + 2] !== 0x00) return 'two';
    throw new Error(`Found at ${at}.`);
  },
};

async function search(from: number, steps: number): Promise<Fuzzer> {
  const fuzzer = new Fuzzer(needle, from);
  for (let step = 0; step < steps; step++) await fuzzer.step();
  return fuzzer;
}

describe('the fuzzer', () => {
  it('finds its way by what is new, tells each fault once, and makes it small', async () => {
    const { findings } = await search(seed, 20_000);
    expect(findings.map(({ input }) => [...input])).toEqual([[0x7f, 0xff, 0x00]]);
    expect(findings[0]).toMatchObject({ target: 'needle', seed, message: /^Error: Found at \d+\./ });
  });

  it('does the same for the same seed, and something else for another', async () => {
    const [one, same, other] = await Promise.all([search(1, 300), search(1, 300), search(2, 300)]);
    expect([...(one?.classes ?? [])]).toEqual([...(same?.classes ?? [])]);
    expect([...(one?.classes ?? [])]).not.toEqual([...(other?.classes ?? [])]);
  });

  it('looks for the input that broke what all share, and tells the whole batch when none does so alone', async () => {
    let batches = 0;
    let last = 0;
    const shared: Target = {
      ...needle,
      together: 3,
      run(input) {
        last = input.length;
        return 'nothing';
      },
      async afterBatch() {
        if (++batches === 2) throw new Error('The server is gone.');
        if (last > 60) throw new Error('The server is slow.');
      },
    };
    const fuzzer = new Fuzzer(shared, 1);
    for (let step = 0; step < 300; step++) await fuzzer.step();
    const [, , , slow, ...more] = fuzzer.findings;
    expect(
      fuzzer.findings.slice(0, 3).every(({ message }) => message.startsWith('Error: The server is gone.')),
    ).toBe(true);
    expect(slow).toMatchObject({ input: { length: 61 }, message: /^Error: The server is slow\./ });
    expect(more).toEqual([]);
  });
});

describe('npm run fuzz', () => {
  const fuzz = (...flags: readonly string[]) =>
    spawnSync(process.execPath, ['--import', 'tsx', 'scripts/fuzz.ts', ...flags], { encoding: 'utf8' });

  it('runs one target for so many seconds, and says what it did', () => {
    const { status, stdout } = fuzz('--seconds', '0.5', '--seed', '7', '--target', 'frame');
    expect(stdout).toMatch(/^Fuzzing frame for 0\.5 s with --seed 7\n/);
    expect(stdout).toMatch(/ {2}frame +\d+ runs +\d+\/s +\d+ in the corpus +\d+ classes +0 findings\n/);
    expect(stdout).toMatch(/\n0 findings with --seed 7\n$/);
    expect(status).toBe(0);
  });

  it('says what it takes', () => {
    const { status, stderr } = fuzz('--target', 'nothing');
    expect(stderr).toContain('all, frame, handshake, deflate, connection, server');
    expect(status).toBe(2);
  });
});

describe('what the fuzzer is made of', () => {
  it('reduces to what is needed', async () => {
    const hasBoth = (input: Uint8Array): boolean => input.includes(3) && input.includes(200);
    expect([...(await reduce(countedOctets(250), hasBoth))]).toEqual([3, 200]);
  });

  it('names faults without what is in the input', () => {
    expect(template('The host "a\\"b" has 17 octets.', 60)).toBe('The host "…" has N octets.');
  });

  it('changes octets without writing the input', () => {
    const random = seededRandom(seed);
    const input = utf8('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const before = [...input];
    for (const mutation of plainMutations) {
      for (let count = 0; count < 50; count++) {
        mutation(input, random, utf8('other'));
        mutation(new Uint8Array(0), random, new Uint8Array(0));
      }
    }
    expect([...input]).toEqual(before);
  });

  it('reads frames and writes them again', () => {
    const stream = concat(
      hex('81 85 37 fa 21 3d 7f 9f 4d 51 58 01 03 48 65 6c c2 7e 00 80'),
      countedOctets(128),
    );
    const { frames, rest } = readFrames(concat(stream, hex('82 05 01')));
    expect(frames.map(({ first, payload }) => [first, payload.length])).toEqual([
      [0x81, 5],
      [0x01, 3],
      [0xc2, 128],
    ]);
    expect([...writeFrames(frames, rest)]).toEqual([...stream, 0x82, 0x05, 0x01]);
    const random = seededRandom(seed);
    for (let count = 0; count < 500; count++) changeFrames(stream, random, stream);
  });

  it('inflates what RFC 7692 §7.2.3 shows, and refuses what is none', () => {
    const hello = (octets: string): string =>
      Buffer.from(
        plainInflate(concat(hex(octets), hex('00 00 ff ff')), new Uint8Array(0), 100).octets,
      ).toString();
    expect(hello('f2 48 cd c9 c9 07 00')).toBe('Hello');
    expect(hello('00 05 00 fa ff 48 65 6c 6c 6f 00')).toBe('Hello');
    expect(hello('f3 48 cd c9 c9 07 00 00')).toBe('Hello');
    expect(hello('f2 48 05 00 00 00 ff ff ca c9 c9 07 00')).toBe('Hello');
    const { octets, farthest } = plainInflate(hex('f2 00 11 00 00 00 00 ff ff'), utf8('Hello'), 100);
    expect([Buffer.from(octets).toString(), farthest]).toEqual(['Hello', 5]);
    expect(() => plainInflate(hex('07 00'), new Uint8Array(0), 100)).toThrow(NotDeflate);
    expect(() => plainInflate(hex('f2 48'), new Uint8Array(0), 100)).toThrow(NotDeflate);
  });
});
