/** docs/limits.md tells the truth: its defaults are the program's, none is missing, and the tests that it names exist. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { maximumEventLength } from '../src/chat/events.ts';
import { resolveDrainOptions } from '../src/drain.ts';
import { inactivityTimeout } from '../src/http-handover.ts';
import { headLimits } from '../src/http-head.ts';
import { resolveOptions } from '../src/options.ts';
import { bodyTimeout } from '../src/transports/answers.ts';
import { maximumHeldAmount, pollingLimits } from '../src/transports/connections.ts';
import { keepAliveInterval, maximumBufferedAmount } from '../src/transports/event-stream.ts';
import {
  maximumAnswerLength,
  maximumWait,
  maximumWaitingLength,
  pollingLapse,
} from '../src/transports/polling.ts';
import { maximumBatchLength, messagesInBody } from '../src/transports/upstream.ts';
import { root } from './support/process.ts';

const markdown = readFileSync(join(root, 'docs/limits.md'), 'utf8');

interface Row {
  readonly limit: string;
  readonly value: number;
  readonly testFile: string;
  readonly testName: string;
}

function readTable(section: string): Row[] {
  return [...section.matchAll(/^\| (.+) \|$/gm)].slice(1).map(([, line = '']) => {
    const [limit = '', , value = '', , , test = ''] = line.split(' | ');
    const [, testFile = '', testName = ''] = /^`(test\/[\w/-]+\.test\.ts)`: (.+)$/.exec(test) ?? [];
    return { limit, value: Number(value.replaceAll(',', '')), testFile, testName };
  });
}

const [core = ''] = markdown.split('## What counts as held');
const [, http = ''] = markdown.split('## The chat over HTTP');
const rows = readTable(core);
const httpRows = readTable(http);

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

  it('has what the chat lets clients over HTTP make it hold, as it is', () => {
    const valueFor = (limit: string) => httpRows.find((row) => row.limit === limit)?.value;
    expect(valueFor('what waits for an event stream')).toBe(maximumBufferedAmount);
    expect(valueFor('silence of an event stream')).toBe(keepAliveInterval);
    expect(valueFor('messages that a poll has not acknowledged')).toBe(maximumWaitingLength);
    expect(valueFor('one answer to a poll, but for one longer message')).toBe(maximumAnswerLength);
    expect(valueFor('wait of a poll')).toBe(maximumWait);
    expect(valueFor('time without a poll')).toBe(pollingLapse);
    const polling = httpRows.filter(({ limit }) => limit === 'connections that poll');
    expect(polling.map(({ value }) => value)).toEqual([pollingLimits.all, pollingLimits.address]);
    expect(valueFor('what waits for all clients over HTTP')).toBe(maximumHeldAmount);
    expect(valueFor('body with requests')).toBe(messagesInBody * maximumEventLength);
    expect(valueFor('messages in one body')).toBe(maximumBatchLength);
    expect(valueFor('time for a body')).toBe(bodyTimeout);
  });

  it('names a test for each, and it exists', () => {
    expect(rows.length).toBeGreaterThan(20);
    expect(httpRows.length).toBeGreaterThan(15);
    for (const { limit, testFile, testName } of [...rows, ...httpRows]) {
      expect([limit, testFile === '']).toEqual([limit, false]);
      const source = readFileSync(join(root, testFile), 'utf8');
      const quoted = [`'${testName}'`, `"${testName}"`, `\`${testName}\``].some((name) =>
        source.includes(name),
      );
      expect([testFile, testName, quoted]).toEqual([testFile, testName, true]);
    }
  });
});
