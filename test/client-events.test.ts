import { describe, expect, it } from 'vitest';
import {
  ClientCloseEvent,
  ClientErrorEvent,
  ClientMessageEvent,
  EventHandler,
  TypedEventTarget,
} from '../src/client-events.ts';
import { failedRecord, HandshakeError } from '../src/handshake-error.ts';

describe('events', () => {
  it('are events, with what browsers tell and the record', () => {
    const record = failedRecord(new HandshakeError({ explanation: 'No.', initiator: 'us', code: 1015 }));
    const close = new ClientCloseEvent(record);
    expect(close).toBeInstanceOf(Event);
    expect([close.type, close.code, close.reason, close.wasClean]).toEqual(['close', 1015, '', false]);
    expect(close.record).toBe(record);
    const message = new ClientMessageEvent('message', 'a', 'ws://example.com');
    expect([message.type, message.data, message.origin]).toEqual(['message', 'a', 'ws://example.com']);
  });

  it('tell an error that is none in words too', () => {
    const error = new Error('No.');
    expect(new ClientErrorEvent(error)).toMatchObject({ type: 'error', error, message: 'No.' });
    expect(new ClientErrorEvent('stop')).toMatchObject({ error: 'stop', message: 'stop' });
    expect(new ClientErrorEvent(undefined)).toMatchObject({ error: undefined, message: 'undefined' });
  });
});

describe('EventHandler', () => {
  class Target extends TypedEventTarget<{ go: Event }> {
    readonly handler = new EventHandler<Target, Event>(this, 'go');

    go(): void {
      this.dispatch(new Event('go'));
    }
  }

  it('keeps its place while handlers change, and comes last when set anew', () => {
    const target = new Target();
    const calls: string[] = [];
    target.handler.set(() => calls.push('first'));
    target.addEventListener('go', () => calls.push('listener'));
    target.handler.set(() => calls.push('second'));
    target.go();
    expect(calls.splice(0)).toEqual(['second', 'listener']);
    target.handler.set(null);
    target.go();
    expect(calls.splice(0)).toEqual(['listener']);
    target.handler.set(() => calls.push('third'));
    target.go();
    expect(calls).toEqual(['listener', 'third']);
  });

  it('is called with the event, on its target, once for each', () => {
    const target = new Target();
    const seen: unknown[] = [];
    const handler = function (this: Target, event: Event): void {
      seen.push(this, event.type);
    };
    target.handler.set(handler);
    target.handler.set(handler);
    expect(target.handler.get()).toBe(handler);
    target.go();
    expect(seen).toEqual([target, 'go']);
  });
});
