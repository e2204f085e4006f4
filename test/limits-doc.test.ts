/** docs/limits.md tells the truth: its defaults are the program's, none is missing, and the tests that it names exist. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveDrainOptions } from '../src/drain.ts';
import { inactivityTimeout } from '../src/http-handover.ts';
import { headLimits } from '../src/http-head.ts';
import { resolveOptions } from '../src/options.ts';
import { root } from './support/process.ts';

const markdown = readFileSync(join(root, 'docs/limits.md'), 'utf8');

interface Row {
  readonly limit: string;
  readonly value: number;
  readonly testFile: string;
  readonly testName: string;
}

const [table = ''] = markdown.split('## What counts as held');
const rows: Row[] = [...table.matchAll(/^\| (.+) \|$/gm)].slice(1).map(([, line = '']) => {
  const [limit = '', , value = '', , , test = ''] = line.split(' | ');
  const [, testFile = '', testName = ''] = /^`(test\/[\w-]+\.test\.ts)`: (.+)$/.exec(test) ?? [];
  return { limit, value: Number(value.replaceAll(',', '')), testFile, testName };
});

/** Every option that is a number, but the port, which limits nothing. */
const { port, ...options } = resolveOptions({});
const defaults = Object.entries(options).filter(
  (entry): entry is [string, number] => typeof entry[1] === 'number',
);

describe('the table of limits', () => {
  it('has each numeric option of the server with its default', () => {
    expect(port).toBe(0);
    expect(defaults.length).toBeGreaterThan(10);
    for (const [name, value] of defaults) {
      const found = rows.filter(({ limit }) => limit === `\`${name}\`` || limit.startsWith(`\`${name}\`,`));
      expect([name, found.length > 0]).toEqual([name, true]);
      for (const row of found) expect([row.limit, row.value]).toEqual([row.limit, value]);
    }
  });

  it('names no option that there is not', () => {
    const known = new Set(defaults.map(([name]) => name));
    const named = rows.flatMap(({ limit }) => [...limit.matchAll(/`(max\w+|\w+Timeout|\w+Interval)`/g)]);
    expect(named.map(([, name]) => name).filter((name) => !known.has(name ?? ''))).toEqual([]);
  });

  it('has what is fixed, or follows from an option, as it is', () => {
    const valueFor = (limit: string) => rows.find((row) => row.limit === limit)?.value;
    expect(valueFor('head of a request')).toBe(headLimits.headLength);
    expect(valueFor('its first line')).toBe(headLimits.startLineLength);
    expect(valueFor('its fields')).toBe(headLimits.fieldCount);
    expect(valueFor('half of `maxBufferedAmount`')).toBe(options.maxBufferedAmount / 2);
    expect(valueFor('the same, inflated')).toBe(options.maxMessageLength);
    expect(valueFor('headers of one message’s fragments')).toBe(options.maxMessageLength);
    expect(valueFor('plain HTTP on which no octet moves')).toBe(inactivityTimeout);
    expect(valueFor('deadline of `drain` and `close`')).toBe(
      resolveDrainOptions({}, options.closeTimeout).deadline,
    );
  });

  it('names a test for each, and it exists', () => {
    expect(rows.length).toBeGreaterThan(20);
    for (const { limit, testFile, testName } of rows) {
      expect([limit, testFile === '']).toEqual([limit, false]);
      const source = readFileSync(join(root, testFile), 'utf8');
      const quoted = [`'${testName}'`, `"${testName}"`, `\`${testName}\``].some((name) =>
        source.includes(name),
      );
      expect([testFile, testName, quoted]).toEqual([testFile, testName, true]);
    }
  });
});
