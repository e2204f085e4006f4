import { describe, expect, test } from 'vitest';
import { type PostEvents, readUploadReply, uploadImage, uploadStall } from '../../public/chat/upload.ts';
import { sampleImage } from './fake-chat.ts';
import { FakeClock } from './fake-clock.ts';

const refusal = (message: string) => JSON.stringify({ error: { code: 'x', message } });

describe('readUploadReply', () => {
  test('201 is the image', () => {
    expect(readUploadReply(201, JSON.stringify({ image: sampleImage }), null)).toEqual({
      status: 'done',
      image: sampleImage,
    });
    expect(readUploadReply(201, '{"image":{}}', null)).toMatchObject({ failure: { code: 'internal' } });
  });

  test.each([
    [401, { code: 'signed-out', message: 'why' }],
    [413, { code: 'invalid', message: 'why', field: 'image.length' }],
    [415, { code: 'invalid', message: 'why', field: 'image.type' }],
    [429, { code: 'rate-limited', message: 'why', retryAfter: 3000 }],
    [500, { code: 'internal', message: 'why' }],
    [404, { code: 'internal', message: 'why' }],
  ])('%i is final', (status, failure) => {
    expect(readUploadReply(status, refusal('why'), '3')).toEqual({ status: 'refused', failure });
  });

  test('422 says whether it is the pixels', () => {
    const body = (code: string) => JSON.stringify({ error: { code, message: 'why' } });
    const field = (code: string) => readUploadReply(422, body(code), null);
    expect(field('image-too-many-pixels')).toMatchObject({
      failure: { code: 'invalid', field: 'image.pixels' },
    });
    expect(field('image-unreadable')).toMatchObject({ failure: { code: 'invalid', field: 'image.type' } });
  });

  test.each([0, 408, 502, 503, 504])('%i may get through next time', (status) => {
    expect(readUploadReply(status, '<html>bad gateway', null)).toEqual({ status: 'lost' });
  });

  test.each([null, 'soon', '-1'])('429 with Retry-After %j says no time', (field) => {
    expect(readUploadReply(429, '', field)).toEqual({
      status: 'refused',
      failure: { code: 'rate-limited', message: 'The upload was answered with 429.' },
    });
  });
});

function setUp() {
  const clock = new FakeClock();
  const posted: unknown[] = [];
  const told: unknown[] = [];
  let events: PostEvents | undefined;
  let aborted = 0;
  const poster = {
    post(path: string, fields: Readonly<Record<string, string>>, body: string, given: PostEvents) {
      posted.push([path, fields, body]);
      events = given;
    },
    abort() {
      aborted += 1;
    },
  };
  const handlers = {
    progress: (share: number) => told.push(share),
    done: ({ status }: { status: string }) => told.push(status),
  };
  const cancel = uploadImage(poster, 'octets', handlers, clock.after);
  if (events === undefined) throw new Error('nothing was posted');
  return { clock, posted, told, events, cancel, aborted: () => aborted };
}

describe('uploadImage', () => {
  test('posts the octets, tells progress, then the outcome once', () => {
    const { clock, posted, told, events } = setUp();
    expect(posted).toEqual([['/api/images', { 'Content-Type': 'application/octet-stream' }, 'octets']]);
    events.progressed(5, 10);
    events.progressed(6, 0);
    events.answered(201, JSON.stringify({ image: sampleImage }), null);
    events.failed();
    events.progressed(10, 10);
    expect(told).toEqual([0.5, 'done']);
    expect(clock.timerCount).toBe(0);
  });

  test('a cancelled one is aborted and tells nothing any more', () => {
    const { clock, told, events, cancel, aborted } = setUp();
    cancel();
    cancel();
    events.answered(201, JSON.stringify({ image: sampleImage }), null);
    events.failed();
    expect(told).toEqual([]);
    expect(aborted()).toBe(1);
    expect(clock.timerCount).toBe(0);
  });

  test('one that stalls is given up; progress gives it time', async () => {
    const { clock, told, events, aborted } = setUp();
    await clock.advance(uploadStall - 1);
    events.progressed(1, 10);
    await clock.advance(uploadStall - 1);
    expect(told).toEqual([0.1]);
    await clock.advance(1);
    expect(told).toEqual([0.1, 'lost']);
    expect(aborted()).toBe(1);
  });

  test('a network error is lost, not refused', () => {
    const { told, events } = setUp();
    events.failed();
    expect(told).toEqual(['lost']);
  });
});
