/** The table of test/conformance/ against the real server, as run.ts runs it; and docs/conformance.md, which lists it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderConformance } from '../scripts/conformance-page.ts';
import { CloseCode } from '../src/close.ts';
import { all, tables } from './conformance/all.ts';
import { type ConformanceServers, outcomeOf, runCase, startServers } from './conformance/run.ts';
import { root } from './support/process.ts';

let servers: ConformanceServers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

for (const { title, cases } of tables) {
  describe(title, () => {
    for (const test of cases) {
      it(`${test.section}: ${test.name} → ${outcomeOf(test)}`, () => runCase(test, servers));
    }
  });
}

describe('the table', () => {
  const names = all.map(({ section, name }) => `${section}: ${name}`);

  it('has more than 1,900 cases, each with a name of its own', () => {
    expect(names.length).toBeGreaterThan(1900);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    for (const { file, cases } of tables) {
      const inFile = cases.map(({ name }) => name);
      expect([file, inFile.filter((name, index) => inFile.indexOf(name) !== index)]).toEqual([file, []]);
    }
  });

  it('expects no code that must not stand on the wire, but for the empty Close', () => {
    const codes = all.flatMap((test) =>
      'outcome' in test && typeof test.outcome === 'object' ? [test.outcome.close] : [],
    );
    expect(codes).not.toContain(CloseCode.abnormalClosure);
    expect(codes.filter((code) => code === CloseCode.noStatusReceived)).toHaveLength(2);
  });

  it('is listed in docs/conformance.md', () => {
    expect(readFileSync(join(root, 'docs/conformance.md'), 'utf8') === renderConformance(tables)).toBe(true);
  });
});
