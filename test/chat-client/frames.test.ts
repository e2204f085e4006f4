// The frames of a connection as the server traces them, read from an event stream.
import { expect, onTestFinished, test } from 'vitest';
import type { EventSourceLike } from '../../src/chat-client/carriers/event-source.ts';
import { watchFrames } from '../../src/chat-client/frames.ts';
import type { WireTick } from '../../src/chat-client/state.ts';

function setUp() {
  const sources: FakeEventSource[] = [];
  class FakeEventSource implements EventSourceLike {
    readonly url: string;
    closed = false;
    readonly listeners = new Map<string, ((event: { readonly data?: unknown }) => void)[]>();
    constructor(url: string) {
      this.url = url;
      sources.push(this);
    }
    addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void {
      this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
    }
    close(): void {
      this.closed = true;
    }
    tell(type: string, data?: unknown): void {
      for (const listener of this.listeners.get(type) ?? []) listener({ data });
    }
  }
  const ticks: WireTick[] = [];
  let failures = 0;
  const stop = watchFrames('id-of/it', (tick) => ticks.push(tick), {
    url: 'https://chat.example',
    EventSource: FakeEventSource,
    failed: () => {
      failures += 1;
    },
  });
  const [source] = sources;
  if (source === undefined) throw new Error('no event source was made');
  return { source, ticks, stop, failures: () => failures };
}

const frame = { time: 5, direction: 'in', opcode: 1, length: 12, fin: true, rsv1: true, masked: true };

test('tells each frame from the client’s side', () => {
  const { source, ticks } = setUp();
  expect(source.url).toBe('https://chat.example/api/connections/id-of%2Fit/frames');
  source.tell('frame', JSON.stringify(frame));
  source.tell(
    'frame',
    JSON.stringify({ ...frame, direction: 'out', opcode: 0xa, rsv1: false, masked: false }),
  );
  expect(ticks).toEqual([
    { time: 5, direction: 'up', kind: 'text', length: 12, compressed: true },
    { time: 5, direction: 'down', kind: 'pong', length: 12, compressed: false },
  ]);
});

test('passes over what it does not know', () => {
  const { source, ticks } = setUp();
  for (const data of ['', 'not JSON', '{}', JSON.stringify({ ...frame, opcode: 0xb }), undefined, 7]) {
    source.tell('frame', data);
  }
  source.tell('skipped', '{"count":3}');
  expect(ticks).toEqual([]);
});

test('says once that it fails, and does not try by itself', () => {
  const { source, failures } = setUp();
  source.tell('error');
  source.tell('error');
  expect(failures()).toBe(1);
  expect(source.closed).toBe(true);
});

test('is silent after the stop', () => {
  const { source, ticks, stop, failures } = setUp();
  stop();
  source.tell('frame', JSON.stringify(frame));
  source.tell('error');
  expect([ticks, failures(), source.closed]).toEqual([[], 0, true]);
});

test('where there is no EventSource it fails, later', async () => {
  const EventSource = Reflect.get(globalThis, 'EventSource');
  Reflect.deleteProperty(globalThis, 'EventSource');
  onTestFinished(() => void Reflect.set(globalThis, 'EventSource', EventSource));
  const failed = await new Promise<string>((resolve) => {
    let returned = false;
    watchFrames('x', () => {}, {
      url: 'http://chat.example',
      failed: () => resolve(returned ? 'later' : 'at once'),
    });
    returned = true;
  });
  expect(failed).toBe('later');
});
