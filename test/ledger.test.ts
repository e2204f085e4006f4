/**
 * The ledger has no hole: each section of the RFCs has as many rows as it has demands, each row names code that is there
 * and tests that are there, and docs/ledger.md says the same.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderLedger, splitProof } from '../scripts/ledger.ts';
import { declaredNames, type TestNames, testNames } from '../scripts/ledger-names.ts';
import { readSourceTree } from '../scripts/source-tree.ts';
import { tables } from './conformance/all.ts';
import { ledgers } from './ledger/all.ts';
import type { Entry } from './ledger/entry.ts';
import { root } from './support/process.ts';

const { sources } = readSourceTree();
const conformance = new Map(tables.map(({ file, cases }) => [file, new Set(cases.map(({ name }) => name))]));

/** What we must do and do not do yet. */
const missing: readonly string[] = [];

/** Reads each file once. */
function remembering<Value>(read: (file: string, source: string) => Value) {
  const known = new Map<string, Value>();
  return (file: string): Value | undefined => {
    const source = sources.get(file);
    if (source === undefined) return undefined;
    const value = known.get(file) ?? read(file, source);
    known.set(file, value);
    return value;
  };
}
const declaredIn = remembering(declaredNames);
const testsIn = remembering<TestNames>(testNames);

function isDeclared(name: string): boolean {
  const hash = name.indexOf('#');
  return (
    /^(?:src|public)\//.test(name) && declaredIn(name.slice(0, hash))?.has(name.slice(hash + 1)) === true
  );
}

function isTested(proof: string): boolean {
  const { file, title } = splitProof(proof);
  const cases = conformance.get(file);
  if (cases !== undefined) return cases.has(title);
  if (!file.endsWith('.test.ts')) return false;
  const names = testsIn(file);
  if (names === undefined) return false;
  const [test = '', row] = title.split(' › ');
  return names.titles.has(test) && (row === undefined || names.strings.has(row));
}

describe.each(ledgers)('RFC $rfc', ({ rfc, entries, counts }) => {
  it.each(['MUST', 'SHOULD'] as const)('has a row for each %s of each section', (strength) => {
    const rows: Record<string, number> = {};
    for (const entry of entries) {
      if (entry.strength === strength) rows[entry.section] = (rows[entry.section] ?? 0) + 1;
    }
    expect(rows).toEqual(counts[strength]);
  });

  it('says each demand once in its section, in one line of our own', () => {
    const demands = entries.map(({ section, strength, who, requirement }) =>
      [section, strength, who, requirement].join(' '),
    );
    expect(demands.filter((demand, index) => demands.indexOf(demand) !== index)).toEqual([]);
    for (const { id, requirement } of entries) {
      expect([id, requirement]).toEqual([id, expect.stringMatching(/^[A-Z0-9].{8,118}[.)]$/u)]);
    }
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    expect(entries.filter(({ id }) => !id.startsWith(`${rfc}-`))).toEqual([]);
  });

  const kept = entries.filter((entry) => 'keeps' in entry);

  it('names code that is there', () => {
    const absent = kept.flatMap(({ id, keeps }) =>
      keeps.filter((name) => !isDeclared(name)).map((name) => [id, name]),
    );
    expect(absent).toEqual([]);
    expect(kept.filter(({ keeps }) => keeps.length === 0)).toEqual([]);
  });

  it('names tests that are there', () => {
    const absent = kept.flatMap(({ id, proof }) =>
      proof.filter((name) => !isTested(name)).map((name) => [id, name]),
    );
    expect(absent).toEqual([]);
    expect(kept.filter(({ proof }) => proof.length === 0)).toEqual([]);
  });

  it('gives a reason for what is not kept, and keeps every MUST that is ours but those known', () => {
    const reasons = entries.flatMap((entry: Entry) =>
      'notApplicable' in entry
        ? [[entry.id, entry.notApplicable]]
        : 'notKept' in entry
          ? [[entry.id, entry.notKept]]
          : [],
    );
    expect(reasons.filter(([, reason]) => !/^[A-Z].{15,}\.$/.test(reason ?? ''))).toEqual([]);
    const notKept = entries.filter((entry) => 'notKept' in entry && entry.strength !== 'SHOULD');
    expect(notKept.map(({ id }) => id)).toEqual(missing.filter((id) => id.startsWith(`${rfc}-`)));
  });
});

describe('the names', () => {
  it('are found in code: functions, constants, classes and their members', () => {
    const source = `
      export const one = 1, two = 2;
      function three() { const inner = 0; }
      export class Four { static five = 5; #six = 6; get seven() {} #eight() {} constructor() {} }
      export interface Nine { ten: number }`;
    expect([...declaredNames('src/a.ts', source)]).toEqual([
      'one',
      'two',
      'three',
      'Four',
      'Four.five',
      'Four.#six',
      'Four.seven',
      'Four.#eight',
      'Four.constructor',
    ]);
  });

  it('are found in tests: titles of every form, and the rows of tables', () => {
    const source = `
      describe('a group', () => {
        it('is one', () => {});
        test.concurrent(\`is \${two}, \${or} more\`, () => {});
        it.each([['a row', 1]])('is %s', () => {});
        not('this', () => {});
      });`;
    const { titles, strings } = testNames('test/a.test.ts', source);
    expect([...titles]).toEqual(['is one', 'is …, … more', 'is %s']);
    expect(strings).toContain('a row');
  });

  it('that are not there are missed', () => {
    expect(isDeclared('src/frame.ts#checkFrameStart')).toBe(true);
    expect(isDeclared('src/frame.ts#checkFrameEnd')).toBe(false);
    expect(isDeclared('src/no-file.ts#checkFrameStart')).toBe(false);
    expect(isTested('test/frame.test.ts: the sentence says what came')).toBe(true);
    expect(isTested('test/frame.test.ts: the sentence says what did not come')).toBe(false);
    expect(isTested('test/handshake.test.ts: refuses %s › no key')).toBe(true);
    expect(isTested('test/handshake.test.ts: refuses %s › no lock')).toBe(false);
    expect(isTested('test/conformance/closing.ts: one octet of payload')).toBe(true);
    expect(isTested('test/conformance/framing.ts: one octet of payload')).toBe(false);
  });
});

describe('docs/ledger.md', () => {
  it('is what scripts/write-ledger.ts writes', () => {
    expect(readFileSync(join(root, 'docs/ledger.md'), 'utf8') === renderLedger(ledgers)).toBe(true);
  });
});
