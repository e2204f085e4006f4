// What `npm run coverage` makes of a coverage report. The reports here are made up, one for each thing that can lack.
import { describe, expect, it } from 'vitest';
import { describeShortfall, type FileCoverage, shortfalls } from '../scripts/coverage-report.ts';

const at = (line: number) => ({ start: { line } });

/** Two statements, an `if` without an else, and a function; all reached. */
const covered: FileCoverage = {
  statementMap: { 0: at(1), 1: at(2) },
  s: { 0: 1, 1: 7 },
  branchMap: { 0: { loc: at(2), locations: [at(2), { start: {} }] } },
  b: { 0: [3, 4] },
  fnMap: { 0: { decl: at(1) } },
  f: { 0: 1 },
};

describe('shortfalls', () => {
  it('finds none where all was reached, nor where there is nothing', () => {
    expect(shortfalls(covered)).toEqual([]);
    expect(shortfalls({ statementMap: {}, s: {}, branchMap: {}, b: {}, fnMap: {}, f: {} })).toEqual([]);
  });

  it('names statements that were not reached', () => {
    expect(shortfalls({ ...covered, s: { 0: 1, 1: 0 } })).toEqual([
      { kind: 'statements', total: 2, missed: 1, lines: [2] },
    ]);
  });

  it('names branches that were not reached, an unwritten else at its if', () => {
    expect(shortfalls({ ...covered, b: { 0: [3, 0] } })).toEqual([
      { kind: 'branches', total: 2, missed: 1, lines: [2] },
    ]);
  });

  it('names functions that were not called', () => {
    expect(shortfalls({ ...covered, f: { 0: 0 } })).toEqual([
      { kind: 'functions', total: 1, missed: 1, lines: [1] },
    ]);
  });

  it('takes what the report does not count for not reached', () => {
    const kinds = shortfalls({ ...covered, s: {}, b: {}, f: {} }).map(({ kind, missed }) => [kind, missed]);
    expect(kinds).toEqual([
      ['statements', 2],
      ['branches', 2],
      ['functions', 1],
    ]);
  });

  it('lists each line once, in order', () => {
    const statementMap = { 0: at(9), 1: at(3), 2: at(9), 3: at(10) };
    const [statements] = shortfalls({ ...covered, statementMap, s: { 0: 0, 1: 0, 2: 0, 3: 0 } });
    expect(statements).toEqual({ kind: 'statements', total: 4, missed: 4, lines: [3, 9, 10] });
  });
});

describe('describeShortfall', () => {
  it.each([
    [[12], '1 of 40 branches, at line 12'],
    [[12, 14], '1 of 40 branches, at lines 12, 14'],
    [[12, 13, 14, 20, 22, 23], '1 of 40 branches, at lines 12-14, 20, 22-23'],
  ])('writes the lines %j', (lines, text) => {
    expect(describeShortfall({ kind: 'branches', total: 40, missed: 1, lines })).toBe(text);
  });
});
