/** When to ping, when to give up, and how long a pong took: time is a value here. */
import { describe, expect, test } from 'vitest';
import { Heartbeat } from '../src/heartbeat.ts';

const heartbeat = (now = 0) => new Heartbeat({ pingInterval: 100, pongTimeout: 40 }, now);

test('a ping is due every interval, each with a payload of its own', () => {
  const beat = heartbeat(1000);
  expect(beat.check(1099, false, 0)).toBe(undefined);
  expect(beat.check(1100, false, 0)).toBe('ping');
  expect([...beat.payload]).toEqual([0, 0, 0, 1]);
  beat.receivePong(beat.payload, 1105);
  expect(beat.check(1199, false, 0)).toBe(undefined);
  expect(beat.check(1200, false, 0)).toBe('ping');
  expect([...beat.payload]).toEqual([0, 0, 0, 2]);
});

test('the payload counts in four octets', () => {
  const beat = heartbeat();
  for (let count = 1; count <= 258; count++) {
    expect(beat.check(count * 100, false, 0)).toBe('ping');
    beat.receivePong(beat.payload, count * 100);
  }
  expect([...beat.payload]).toEqual([0, 0, 1, 2]);
});

test('the round-trip time is that of the last ping that was answered', () => {
  const beat = heartbeat();
  expect(beat.roundTripTime).toBe(undefined);
  beat.check(100, false, 0);
  beat.receivePong(beat.payload, 107);
  expect(beat.roundTripTime).toBe(7);
  beat.check(200, false, 0);
  expect(beat.roundTripTime).toBe(7);
  beat.receivePong(beat.payload, 212);
  expect(beat.roundTripTime).toBe(12);
});

describe('a pong that answers nothing', () => {
  test('before any ping, a second time, with another payload', () => {
    const beat = heartbeat();
    beat.receivePong(Uint8Array.of(0, 0, 0, 0), 5);
    expect(beat.roundTripTime).toBe(undefined);
    beat.check(100, false, 0);
    const { payload } = beat;
    beat.receivePong(Uint8Array.of(0, 0, 0, 2), 105);
    beat.receivePong(payload.subarray(0, 3), 106);
    beat.receivePong(new Uint8Array(0), 107);
    expect(beat.roundTripTime).toBe(undefined);
    beat.receivePong(payload, 108);
    beat.receivePong(payload, 130);
    expect(beat.roundTripTime).toBe(8);
  });
});

describe('a pong that does not come', () => {
  test('in time: the peer is lost, and no second ping goes out meanwhile', () => {
    const beat = heartbeat();
    expect(beat.check(100, false, 0)).toBe('ping');
    expect(beat.check(139, false, 0)).toBe(undefined);
    expect(beat.check(140, false, 0)).toBe('lost');
  });

  test('because octets stand in front of the ping: the wait begins when they are gone', () => {
    const beat = heartbeat();
    beat.check(100, false, 0);
    expect(beat.check(500, true, 0)).toBe(undefined);
    expect(beat.check(539, false, 0)).toBe(undefined);
    expect(beat.check(540, false, 0)).toBe('lost');
  });

  test('because a long message comes in front of it: the wait begins with its last octets', () => {
    const beat = heartbeat();
    beat.check(100, false, 0);
    expect(beat.check(139 + 50, false, 150)).toBe(undefined);
    expect(beat.check(190, false, 150)).toBe('lost');
  });
});

test('after a time without reading, pings begin anew', () => {
  const beat = heartbeat();
  beat.check(100, false, 0);
  beat.restart(1000);
  expect(beat.check(1099, false, 0)).toBe(undefined);
  expect(beat.check(1100, false, 0)).toBe('ping');
});
