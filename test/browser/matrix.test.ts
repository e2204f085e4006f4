/**
 * The browser suite (test/browsers/) in each engine that this system has: every check comes to what is written in
 * expectations.ts, and docs/browsers.md says the same.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enginesHere } from '../browsers/engines.ts';
import { choices, expectedOutcome, gaps } from '../browsers/expectations.ts';
import { checks } from '../browsers/page/all.ts';
import { readVersions, renderMatrix } from '../browsers/report.ts';
import { type Run, startRun } from '../browsers/run.ts';

describe.each(enginesHere)('%s', (engine) => {
  let run: Run | undefined;
  beforeAll(async () => {
    run = await startRun(engine);
  });
  afterAll(() => run?.stop());

  test.each(checks.map(({ id }) => id))('%s', async (id) => {
    expect(await run?.outcomeOf(id)).toEqual(expectedOutcome(engine, id));
  });
});

describe('what is known of the engines', () => {
  const ids = checks.map(({ id }) => id);

  test('each check has a name of its own', () => {
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test('nothing is expected of checks that there are not', () => {
    expect(Object.keys({ ...gaps, ...choices }).filter((id) => !ids.includes(id))).toEqual([]);
  });
});

describe('docs/browsers.md', () => {
  const document = readFileSync(fileURLToPath(new URL('../../docs/browsers.md', import.meta.url)), 'utf8');

  test('has a row for each check, in order', () => {
    const rows = [...document.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, id]) => id);
    expect(rows).toEqual(checks.map(({ id }) => id));
  });

  test('is what `npm run test:browsers` writes when all is as expected', () => {
    const versions = readVersions(document);
    expect(document).toBe(renderMatrix({ versions, outcomeOf: expectedOutcome }));
  });
});
