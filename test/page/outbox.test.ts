import { describe, expect, test } from 'vitest';
import {
  advance,
  messageOf,
  nextToSend,
  nextToUpload,
  type Outbox,
  type OutboxEvent,
  type OutboxItem,
  withoutStored,
} from '../../public/chat/outbox.ts';
import type { Failure, Message } from '../../src/chat/events.ts';
import { sampleImage } from './fake-chat.ts';

const file = { name: 'a.png', length: 1000, url: 'blob:a', width: 640, height: 480 };
const base = { time: 1, status: 'pending', progress: undefined, failure: undefined, tried: false } as const;
const text = (nonce: string): OutboxItem => ({ ...base, nonce, content: { type: 'text', text: nonce } });
const picture = (nonce: string): OutboxItem => ({
  ...base,
  nonce,
  content: { type: 'image', file, image: undefined },
});
const failure: Failure = { code: 'invalid', message: 'no' };
const run = (outbox: Outbox, ...events: OutboxEvent[]) => events.reduce(advance, outbox);
const me = { id: 'me', name: 'Ada' };

describe('a text', () => {
  test('is sent, and gone once stored', () => {
    const added = run([], { type: 'added', item: text('a') });
    expect(nextToSend(added)?.nonce).toBe('a');
    const sending = run(added, { type: 'send-started', nonce: 'a' });
    expect(sending[0]).toMatchObject({ status: 'sending', tried: true });
    expect(nextToSend(sending)).toBeUndefined();
    expect(run(sending, { type: 'settled', nonce: 'a' })).toEqual([]);
  });

  test('goes out after the one before it, and not beside it', () => {
    const outbox = [text('a'), text('b')];
    const sending = run(outbox, { type: 'send-started', nonce: 'a' });
    expect(nextToSend(sending)).toBeUndefined();
    expect(nextToSend(run(sending, { type: 'settled', nonce: 'a' }))?.nonce).toBe('b');
    // Interrupted: the same one again first, under the same nonce.
    expect(nextToSend(run(sending, { type: 'disconnected' }))).toMatchObject({ nonce: 'a', tried: true });
  });

  test('that failed does not hold up the next, and keeps its nonce when it is retried', () => {
    const failed = run(
      [text('a'), text('b')],
      { type: 'send-started', nonce: 'a' },
      { type: 'refused', nonce: 'a', failure },
    );
    expect(failed[0]).toMatchObject({ status: 'failed', failure });
    expect(nextToSend(failed)?.nonce).toBe('b');
    const retried = run(failed, { type: 'retried', nonce: 'a' });
    expect(retried[0]).toMatchObject({ nonce: 'a', status: 'pending', failure: undefined });
  });

  test('is not added twice', () => {
    const outbox = run([], { type: 'added', item: text('a') });
    expect(advance(outbox, { type: 'added', item: text('a') })).toBe(outbox);
  });

  test('can be discarded while it waits or has failed, not while it is on its way', () => {
    expect(run([text('a')], { type: 'discarded', nonce: 'a' })).toEqual([]);
    const sending = run([text('a')], { type: 'send-started', nonce: 'a' });
    expect(advance(sending, { type: 'discarded', nonce: 'a' })).toBe(sending);
    const failed = run(sending, { type: 'refused', nonce: 'a', failure });
    expect(run(failed, { type: 'discarded', nonce: 'a' })).toEqual([]);
  });
});

describe('a picture', () => {
  test('is uploaded, then sent; what is written meanwhile goes first', () => {
    const outbox = [picture('p'), text('a')];
    expect(nextToUpload(outbox)?.nonce).toBe('p');
    const uploading = run(
      outbox,
      { type: 'upload-started', nonce: 'p' },
      { type: 'progressed', nonce: 'p', progress: 0.4 },
    );
    expect(uploading[0]).toMatchObject({ status: 'uploading', progress: 0.4 });
    expect(nextToSend(uploading)?.nonce).toBe('a');
    const uploaded = run(uploading, { type: 'uploaded', nonce: 'p', image: sampleImage });
    expect(uploaded[0]).toMatchObject({ status: 'pending', content: { image: sampleImage } });
    expect(nextToSend(uploaded)?.nonce).toBe('p');
    expect(nextToUpload(uploaded)).toBeUndefined();
  });

  test('is uploaded one at a time, and again when the upload is lost', () => {
    const uploading = run([picture('p'), picture('q')], { type: 'upload-started', nonce: 'p' });
    expect(nextToUpload(uploading)).toBeUndefined();
    expect(nextToUpload(run(uploading, { type: 'postponed', nonce: 'p' }))?.nonce).toBe('p');
    expect(run(uploading, { type: 'disconnected' })).toBe(uploading);
    expect(run(uploading, { type: 'discarded', nonce: 'p' })).toHaveLength(1);
  });

  test('is uploaded again when the server has lost it', () => {
    const again = run(
      [picture('p')],
      { type: 'upload-started', nonce: 'p' },
      { type: 'uploaded', nonce: 'p', image: sampleImage },
      { type: 'send-started', nonce: 'p' },
      { type: 'image-lost', nonce: 'p' },
    );
    expect(nextToUpload(again)?.nonce).toBe('p');
    expect(nextToSend(again)).toBeUndefined();
  });

  test('has progress between 0 and 1', () => {
    const uploading = run([picture('p')], { type: 'upload-started', nonce: 'p' });
    expect(run(uploading, { type: 'progressed', nonce: 'p', progress: 7 })[0]?.progress).toBe(1);
    expect(run(uploading, { type: 'progressed', nonce: 'p', progress: -1 })[0]?.progress).toBe(0);
  });
});

test('events that do not fit change nothing, not even the array', () => {
  const outbox: Outbox = [text('a'), picture('p')];
  const events: OutboxEvent[] = [
    { type: 'upload-started', nonce: 'a' },
    { type: 'progressed', nonce: 'p', progress: 0.5 },
    { type: 'uploaded', nonce: 'p', image: sampleImage },
    { type: 'send-started', nonce: 'p' },
    { type: 'postponed', nonce: 'a' },
    { type: 'image-lost', nonce: 'p' },
    { type: 'refused', nonce: 'a', failure },
    { type: 'retried', nonce: 'a' },
    { type: 'settled', nonce: 'x' },
    { type: 'discarded', nonce: 'x' },
    { type: 'disconnected' },
    { type: 'identity-changed' },
  ];
  for (const event of events) expect(advance(outbox, event), event.type).toBe(outbox);
});

test('under another identity, what may be stored already waits for the person, the rest goes out', () => {
  const outbox = run([text('a'), text('b')], { type: 'send-started', nonce: 'a' }, { type: 'disconnected' });
  const [a, b] = run(outbox, { type: 'identity-changed' });
  expect(a).toMatchObject({ status: 'failed', failure: { code: 'signed-out' } });
  expect(b).toMatchObject({ status: 'pending' });
});

test('what is in the log is gone from here: matched by nonce and author', () => {
  const message = (nonce: string, author: string): Message => ({
    room: 'general',
    offset: 1,
    id: nonce,
    author: { id: author, name: 'x' },
    time: 1,
    nonce,
    content: { type: 'text', text: '' },
  });
  const outbox = [text('a'), text('b')];
  expect(withoutStored(outbox, [message('a', 'me'), message('b', 'somebody')], me)).toEqual([outbox[1]]);
  expect(withoutStored(outbox, [message('c', 'me')], me)).toBe(outbox);
});

test('a receipt makes the message of an item', () => {
  const receipt = { room: 'general', offset: 5, id: 'm5', time: 9, nonce: 'a' };
  expect(messageOf(text('a'), receipt, me)).toEqual({
    ...receipt,
    author: me,
    content: { type: 'text', text: 'a' },
  });
  expect(messageOf(picture('p'), receipt, me)).toBeUndefined();
});
