/**
 * The server bench from one end to the other, so small that its figures mean nothing: every row with every peer that is
 * on this machine gives right answers; one that answers wrongly, or not at all, drops out with a note and no figure.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Measure } from '../bench/results.ts';
import { resultsSchema } from '../bench/results-schema.ts';
import { type Build, build, root } from '../bench/server/build.ts';
import type { Plan } from '../bench/server/contenders.ts';
import { idleJob } from '../bench/server/idle-job.ts';
import { type Job, latencyJob, loadJob } from '../bench/server/jobs.ts';
import { choosePinning, noPinning, wrap } from '../bench/server/pinning.ts';
import { findCpuSource } from '../bench/server/processes.ts';
import { rows } from '../bench/server/rows.ts';
import { barewire, findPeers, type Peer } from '../bench/server/subjects.ts';
import { measureServer, serverRowIds } from '../bench/server.bench.ts';

const tiny = { quick: true, rounds: 1, scale: 0.001, progress: () => {} };

let built: Build;
let plan: Plan;
let faults: string;
// Nothing depends on time, but there are many processes, and a machine may have other work.
vi.setConfig({ testTimeout: 300_000 });

beforeAll(() => {
  built = build();
  plan = {
    quick: true,
    rounds: 1,
    roundTime: 1,
    warmUp: 1,
    scale: 0.001,
    pinning: noPinning,
    source: findCpuSource(),
    generator: join(built.directory, 'bench/server/generator.js'),
  };
  // Below node_modules/, so that what is written there finds its packages.
  faults = mkdtempSync(join(root, 'node_modules', '.cache', 'barewire-faults-'));
});
afterAll(() => {
  built.remove();
  rmSync(faults, { recursive: true, force: true });
});

function row(id: string): (typeof rows)[number] {
  const found = rows.find((one) => one.id === id);
  if (found === undefined) throw new RangeError(`There is no row ${id}.`);
  return found;
}

function run(job: Job): ReturnType<Job['run']> {
  return job.run(() => {}, Number.POSITIVE_INFINITY);
}

/** A Node program in the place of a server. */
function program(name: string, source: string): Peer {
  const file = join(faults, `${name}.mjs`);
  writeFileSync(file, source);
  return {
    subject: { name, version: '', runtime: '', options: '' },
    dialect: 'websocket',
    check: 'content',
    cannot: () => undefined,
    command: () => ({ program: process.execPath, args: [file], environment: process.env }),
  };
}

const wsServer = (answer: string): string => `
  import { WebSocketServer } from 'ws';
  let count = 0;
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 }, () => console.log('listening ' + server.address().port));
  server.on('connection', (socket) => socket.on('message', (data, isBinary) => { ${answer} }));
  process.stdin.on('end', () => process.exit(0)).resume();
`;

describe('every row, with every peer that is here', () => {
  /** A figure each, or none because of what is known beforehand. */
  function expectFigures(measures: readonly Measure[]): void {
    for (const { id, series } of measures) {
      for (const { subject, samples, note } of series) {
        if (samples.length === 0)
          expect([id, subject, note]).toEqual([id, subject, 'It has no permessage-deflate.']);
        else expect(samples.every((sample) => Number.isFinite(sample))).toBe(true);
      }
    }
  }

  it.each(rows.map(({ id }) => id))('%s', async (id) => {
    const peers = findPeers(built.directory);
    expect(peers.map(({ subject }) => subject.name)).toEqual(
      expect.arrayContaining(['barewire', 'ws', 'node:net']),
    );
    const measures = await run(loadJob(row(id), peers, plan));
    expectFigures(measures);
    const [measure, octets] = measures;
    expect(measure?.series).toHaveLength(peers.length);
    expect(octets?.series.at(-1)).toEqual(
      octets === undefined ? undefined : { subject: 'uncompressed', samples: [1028], also: {} },
    );
    if (!row(id).workload.deflate) return;
    const agreed = measure?.series.filter(({ samples }) => samples.length > 0).map(({ note }) => note);
    expect(agreed?.every((note) => note?.startsWith('agreed on permessage-deflate'))).toBe(true);
  });

  it('latencies', async () => {
    const measures = await run(latencyJob(findPeers(built.directory), plan, () => true));
    expect(measures).toHaveLength(16);
    expectFigures(measures);
  });

  it('idle connections', async () => {
    expectFigures(await run(idleJob(findPeers(built.directory), plan)));
  });

  it('gives results that keep the agreed form, with every measure that was promised', async () => {
    const results = await measureServer({ ...tiny, quick: false, subjects: ['barewire', 'barewire again'] });
    expect(v.safeParse(resultsSchema, results).issues).toBeUndefined();
    expect(results.measures.map(({ id }) => id).sort()).toEqual([...serverRowIds].sort());
    expect(new Set(serverRowIds).size).toBe(serverRowIds.length);
    expect(results.subjects.map(({ name }) => name)).toEqual(['barewire', 'barewire again', 'uncompressed']);
  });

  it('measures another checkout beside ours', async () => {
    const results = await measureServer({
      ...tiny,
      subjects: ['barewire'],
      only: 'echo-125-1x32',
      against: root,
    });
    expect(results.measures[0]?.series.map(({ subject, samples }) => [subject, samples.length])).toEqual([
      ['barewire', 1],
      ['other', 1],
    ]);
  });
});

describe('a server that is wrong', () => {
  const faulty: readonly (readonly [string, string, RegExp])[] = [
    ['wrong', wsServer(`socket.send(data.fill('x'), { binary: isBinary })`), /answers wrongly/],
    [
      'late',
      wsServer(`if (++count > 2000) data[5] ^= 1; socket.send(data, { binary: isBinary })`),
      /answers wrongly/,
    ],
    ['twice', wsServer(`socket.send(data); socket.send(data, { binary: isBinary })`), /wrongly|more than/],
    ['gone', wsServer('process.exit(3)'), /ended a connection|TCP/],
    ['mute', `console.error('it is broken'); process.exit(1)`, /ended by itself\. it is broken/],
  ];

  it.each(faulty)('drops out: %s', async (name, source, sentence) => {
    const peers = [program(name, source), barewire('barewire', built.directory, '')];
    const enough = { ...plan, scale: 1 };
    const [measure] = await run(loadJob(row('echo-125-1x32'), peers, enough));
    const [bad, good] = measure?.series ?? [];
    expect(bad).toMatchObject({ subject: name, samples: [], also: {} });
    expect(bad?.note).toMatch(sentence);
    expect([good?.samples.length, good?.note]).toEqual([1, undefined]);
  });

  it('is found at the gate behind the last round too, and in other kinds of rows', async () => {
    const peer = program(
      'wrong',
      wsServer(`if (++count > 3) data[5] ^= 1; socket.send(data, { binary: isBinary })`),
    );
    const [latency] = await run(latencyJob([peer], plan, () => true));
    expect(latency?.series).toMatchObject([{ subject: 'wrong', samples: [] }]);
    const mute = program('mute', 'process.exit(1)');
    const [idle] = await run(idleJob([mute], plan));
    expect(idle?.series).toMatchObject([{ subject: 'mute', samples: [] }]);
  });
});

describe('without what Linux has', () => {
  it('goes by what servers report of themselves, pinned to nothing', async () => {
    const elsewhere: Plan = { ...plan, source: 'process' };
    const peers = findPeers(built.directory);
    const [measure] = await run(loadJob(row('echo-125-1x32'), peers, elsewhere));
    const figures = measure?.series.flatMap(({ samples }) => samples) ?? [];
    expect(figures).toHaveLength(peers.length);
    expect(figures.every((figure) => figure > 0)).toBe(true);
  });

  it('pins both sides to cores of their own where it can, and says what it did', async () => {
    const pinning = choosePinning(false);
    expect(pinning.note).toMatch(
      pinning.server === undefined ? /^Nothing was pinned/ : /^The server had core \d+ to itself/,
    );
    expect(pinning.server === undefined || pinning.server !== pinning.generator).toBe(true);
    const peers = [barewire('barewire', built.directory, '')];
    const [measure] = await run(loadJob(row('echo-125-1x32'), peers, { ...plan, pinning }));
    expect(measure?.series[0]?.samples).toHaveLength(1);
  });

  it('starts a program as it stands where there is no core to pin it to', () => {
    const [program0, args] = wrap(undefined, false, 'node', ['a', 'b']);
    expect([program0, ...args].slice(-3)).toEqual(['node', 'a', 'b']);
    const pinned = ['chrt', '--rr', '20', 'taskset', '-c', '1', 'node', 'a'];
    expect(wrap(1, true, 'node', ['a'])[1].slice(-8)).toEqual(pinned);
  });
});
