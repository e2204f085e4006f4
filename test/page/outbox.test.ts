import { describe, expect, test } from 'vitest';
import {
  advance,
  nextToSend,
  nextToUpload,
  type Outbox,
  type OutboxEvent,
  type OutboxItem,
  withoutStored,
} from '../../public/chat/outbox.ts';
import type { Failure } from '../../src/chat/events.ts';
import { fakeFile, pngHead } from './fake-browser.ts';
import { sampleImage } from './fake-chat.ts';

const picked = fakeFile('a.png', pngHead);
const shown = { name: 'a.png', length: 1000, url: 'blob:a', width: 640, height: 480 };
const base = {
  room: 'general',
  time: 1,
  tab: 'tab',
  file: undefined,
  status: 'pending',
  progress: undefined,
  failure: undefined,
  offset: undefined,
} as const;
const text = (nonce: string, change: Partial<OutboxItem> = {}): OutboxItem => ({
  ...base,
  nonce,
  command: { type: 'text', text: nonce, replyTo: undefined },
  ...change,
});
const picture = (nonce: string): OutboxItem => ({
  ...base,
  nonce,
  file: picked,
  command: { type: 'image', file: shown, image: undefined, replyTo: undefined },
});
const failure: Failure = { code: 'invalid', message: 'no' };
const run = (outbox: Outbox, ...events: OutboxEvent[]) => events.reduce(advance, outbox);
const next = (outbox: Outbox, may: (item: OutboxItem) => boolean = () => true) =>
  nextToSend(outbox, may)?.nonce;

describe('a text', () => {
  test('is sent, waits for its event, and is gone with it', () => {
    const added = run([], { type: 'added', item: text('a') });
    expect(next(added)).toBe('a');
    const sending = run(added, { type: 'send-started', nonce: 'a' });
    expect(sending[0]?.status).toBe('sending');
    expect(next(sending)).toBeUndefined();
    const sent = run(sending, { type: 'acknowledged', nonce: 'a', offset: 7 });
    expect(sent[0]).toMatchObject({ status: 'sent', offset: 7 });
    expect(run(sent, { type: 'disconnected' })).toBe(sent);
    expect(run(sent, { type: 'caught-up', room: 'general', offset: 6 })).toBe(sent);
    expect(run(sent, { type: 'caught-up', room: 'general', offset: 7 })).toEqual([]);
    const mine = { author: { id: 'me', name: 'Ada' }, nonce: 'a' };
    expect(withoutStored(sent, [mine], 'me')).toEqual([]);
    expect(withoutStored(sent, [mine], 'other')).toBe(sent);
  });

  test('goes out after the one before it, and not beside it', () => {
    const outbox = [text('a'), text('b')];
    const sending = run(outbox, { type: 'send-started', nonce: 'a' });
    expect(next(sending)).toBeUndefined();
    expect(next(run(sending, { type: 'acknowledged', nonce: 'a', offset: 1 }))).toBe('b');
    // Interrupted: the same one again first.
    expect(next(run(sending, { type: 'disconnected' }))).toBe('a');
  });

  test('that failed does not hold up the next, and is tried again when asked', () => {
    const failed = run(
      [text('a'), text('b')],
      { type: 'send-started', nonce: 'a' },
      { type: 'refused', nonce: 'a', failure },
    );
    expect(failed[0]).toMatchObject({ status: 'failed', failure });
    expect(next(failed)).toBe('b');
    expect(next(run(failed, { type: 'retried', nonce: 'a' }))).toBe('a');
  });

  test('can be dropped, but not while it is under way', () => {
    const outbox = [text('a')];
    expect(run(outbox, { type: 'discarded', nonce: 'a' })).toEqual([]);
    const sending = run(outbox, { type: 'send-started', nonce: 'a' });
    expect(run(sending, { type: 'discarded', nonce: 'a' })).toBe(sending);
    const sent = run(sending, { type: 'acknowledged', nonce: 'a', offset: 1 });
    expect(run(sent, { type: 'discarded', nonce: 'a' })).toBe(sent);
  });

  test('for a room that makes people wait does not hold up the others', () => {
    const outbox = [text('a', { room: 'slow' }), text('b')];
    expect(next(outbox, ({ room }) => room !== 'slow')).toBe('b');
  });
});

describe('items of several tabs', () => {
  test('are in the order in which they were made', () => {
    const outbox = run(
      [],
      { type: 'added', item: text('c', { time: 3 }) },
      { type: 'added', item: text('a', { time: 1 }) },
      { type: 'added', item: text('b2', { time: 2 }) },
      { type: 'added', item: text('b1', { time: 2 }) },
    );
    expect(outbox.map(({ nonce }) => nonce)).toEqual(['a', 'b1', 'b2', 'c']);
  });

  test('are replaced by what another tab says of them, in their place', () => {
    const outbox = [text('a'), text('b')];
    const told = run(outbox, { type: 'added', item: text('a', { status: 'failed', failure }) });
    expect(told.map(({ nonce, status }) => `${nonce} ${status}`)).toEqual(['a failed', 'b pending']);
  });

  test('show what another tab does with them, until they are stored', () => {
    const outbox = [picture('a')];
    const mirrored = run(outbox, { type: 'mirrored', nonce: 'a', status: 'uploading', progress: 0.5 });
    expect(mirrored).toMatchObject([{ status: 'uploading', progress: 0.5 }]);
    const sent = run(mirrored, { type: 'acknowledged', nonce: 'a', offset: 3 });
    expect(run(sent, { type: 'mirrored', nonce: 'a', status: 'sending', progress: undefined })).toBe(sent);
  });

  test('that this tab does not send are not waited for', () => {
    const outbox = [text('a', { tab: 'other', status: 'sending' }), text('b')];
    expect(next(outbox, ({ tab }) => tab === 'tab')).toBe('b');
  });
});

describe('a picture', () => {
  test('is uploaded, then sent, and does not hold up what comes after it', () => {
    const outbox = [picture('p'), text('a')];
    expect(next(outbox)).toBe('a');
    expect(nextToUpload(outbox, () => true)?.nonce).toBe('p');
    const uploading = run(
      outbox,
      { type: 'upload-started', nonce: 'p' },
      { type: 'progressed', nonce: 'p', progress: 2 },
    );
    expect(uploading[0]).toMatchObject({ status: 'uploading', progress: 1 });
    expect(nextToUpload(uploading, () => true)).toBeUndefined();
    const uploaded = run(uploading, { type: 'uploaded', nonce: 'p', image: sampleImage });
    expect(next(uploaded)).toBe('p');
  });

  test('whose image the server has lost is uploaded again', () => {
    const sending = run(
      [picture('p')],
      { type: 'upload-started', nonce: 'p' },
      { type: 'uploaded', nonce: 'p', image: sampleImage },
      { type: 'send-started', nonce: 'p' },
      { type: 'image-lost', nonce: 'p' },
    );
    expect(nextToUpload(sending, () => true)?.nonce).toBe('p');
  });
});

test('what was for a room that is gone goes with it', () => {
  const outbox = [text('a', { room: 'dev' }), text('b')];
  expect(run(outbox, { type: 'room-gone', room: 'dev' }).map(({ nonce }) => nonce)).toEqual(['b']);
});

test('an event that does not fit changes nothing', () => {
  const outbox = [text('a'), picture('p')];
  const events: OutboxEvent[] = [
    { type: 'refused', nonce: 'a', failure },
    { type: 'uploaded', nonce: 'a', image: sampleImage },
    { type: 'progressed', nonce: 'p', progress: 1 },
    { type: 'postponed', nonce: 'a' },
    { type: 'retried', nonce: 'a' },
    { type: 'send-started', nonce: 'p' },
    { type: 'upload-started', nonce: 'a' },
    { type: 'settled', nonce: 'x' },
    { type: 'discarded', nonce: 'x' },
    { type: 'disconnected' },
  ];
  for (const event of events) expect(advance(outbox, event), event.type).toBe(outbox);
});
