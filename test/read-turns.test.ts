/** How long one connection is read at a time: alone, among others, and when it brings more than its share. */
import { expect, test } from 'vitest';
import { heldReadLength, type Reader, ReadTurns, readLength } from '../src/read-turns.ts';

const rate = 16 * 1024 * 1024;
/** So many full reads of one connection in one turn among others, and so many when it is alone. */
const shortTurn = 2;
const longTurn = 16;
const shortTurns = 256;
const burst = 250;

const reader = (): Reader => ({ inTurn: 0, account: undefined });

/** Turns with a clock of their own. */
function timed(at = 1000) {
  const time = { now: at };
  const turns = new ReadTurns(rate, () => time.now);
  /** Full reads until the turn is over: how many, and what comes then. */
  const turn = (one: Reader): [reads: number, wait: number] => {
    for (let reads = 1; ; reads++) {
      const wait = turns.after(one, one.account?.held === true ? heldReadLength : readLength);
      if (wait >= 0) return [reads, wait];
    }
  };
  return { time, turns, turn };
}

/** Milliseconds that so many full reads take at the rate. */
const cost = (reads: number): number => (reads * readLength * 1000) / rate;

test('a read that is not full ends no turn, and begins one', () => {
  const { turns, turn } = timed();
  const one = reader();
  for (let count = 0; count < 1000; count++) expect(turns.after(one, readLength - 1)).toBe(-1);
  expect(one).toEqual({ inTurn: 0, account: undefined });
  expect(turns.after(one, readLength)).toBe(-1);
  expect(turns.after(one, 1)).toBe(-1);
  expect(turn(one)).toEqual([shortTurn, 0]);
});

test('turns are short for as long as somebody else was heard not long ago, then long', () => {
  const { time, turns, turn } = timed();
  const one = reader();
  for (let count = 0; count < 2; count++) {
    for (let index = 0; index < shortTurns; index++) {
      expect(turn(one)).toEqual([shortTurn, 0]);
      time.now += cost(shortTurn);
    }
    expect(turn(one)).toEqual([longTurn, 0]);
    expect(turn(one)).toEqual([longTurn, 0]);
    time.now += 1000;
    expect(turns.after(reader(), 1)).toBe(-1);
  }
});

test('a burst is free, and what comes behind it has to wait for its time, one short read at a time', () => {
  const { time, turn } = timed();
  const one = reader();
  let reads = 0;
  for (;;) {
    const [more, wait] = turn(one);
    reads += more;
    if (wait > 0) {
      expect(wait).toBe(Math.ceil(cost(reads) - burst));
      time.now += wait;
      break;
    }
  }
  expect(cost(reads)).toBeGreaterThan(burst);
  expect(cost(reads)).toBeLessThanOrEqual(burst + cost(shortTurn));
  const began = time.now;
  let later = 0;
  for (let index = 0; index < 100; index++) {
    const [more, wait] = turn(one);
    expect(more).toBe(1);
    later += (more * heldReadLength) / readLength;
    time.now += wait;
  }
  // Waits are whole milliseconds, and what one is too long the next one lacks.
  expect(time.now - began).toBeGreaterThan(cost(later) - 2);
  expect(time.now - began).toBeLessThan(cost(later) + 2);
});

test('a turn that a half read ends counts as well', () => {
  const { turns } = timed();
  const one = reader();
  let brought = 0;
  for (let wait = -1; wait < 0; brought += 1.5) {
    expect(turns.after(one, readLength)).toBe(-1);
    wait = turns.after(one, readLength / 2);
  }
  expect(one.account).toMatchObject({ overdrawn: true, held: true });
  expect(cost(brought)).toBeGreaterThan(burst);
  expect(cost(brought - 1.5)).toBeLessThanOrEqual(burst);
});

test('whoever has waited long enough has a burst again, and no more than one', () => {
  const { time, turn } = timed();
  const one = reader();
  while (turn(one)[1] === 0);
  time.now += 1_000_000;
  let reads = 0;
  for (let wait = 0; wait === 0; ) {
    const [more, then] = turn(one);
    reads += more;
    wait = then;
  }
  expect(cost(reads)).toBeLessThanOrEqual(burst + cost(shortTurn));
  expect(cost(reads)).toBeGreaterThan(burst);
});

test('a short read that is not full is one of a peer that sends slowly', () => {
  const { turns, turn } = timed();
  const one = reader();
  while (turn(one)[1] === 0);
  expect(one.account?.held).toBe(true);
  expect(turns.after(one, heldReadLength - 1)).toBe(-1);
  expect(turns.after(one, heldReadLength)).toBeGreaterThan(0);
});

test('nobody is slowed down by those alone who bring too much themselves', () => {
  const { turns, turn } = timed();
  const one = reader();
  const other = reader();
  while (turn(one)[1] === 0);
  while (turn(other)[1] === 0);
  for (let index = 0; index < shortTurns; index++) {
    turn(one);
    turn(other);
  }
  // The first turn that nobody else is near to is still as short as it was promised.
  turn(one);
  turn(other);
  expect(turn(one)).toEqual([longTurn, 0]);
  expect(turn(other)).toEqual([longTurn, 0]);
  // Whoever brings little is heard, and both are slow again.
  turns.after(reader(), 100);
  expect(turn(one)[1]).toBeGreaterThan(0);
  expect(turn(other)[1]).toBeGreaterThan(0);
});

test('whoever brought too much, and brings little since, is somebody that others are held back for', () => {
  const { time, turns, turn } = timed();
  const one = reader();
  const other = reader();
  while (turn(one)[1] === 0);
  turns.after(other, 100);
  for (let index = 0; index <= shortTurns; index++) {
    turn(other);
    time.now += cost(longTurn);
  }
  expect(turn(other)).toEqual([longTurn, 0]);
  turns.after(one, 100);
  expect(turn(other)).toEqual([shortTurn, 0]);
});

test('what was brought alone is no debt when others come', () => {
  const { time, turns, turn } = timed();
  const one = reader();
  for (let index = 0; index < 10_000; index++) {
    turn(one);
    time.now += 0.1;
  }
  turns.after(reader(), 100);
  const [, wait] = turn(one);
  expect(wait).toBeLessThanOrEqual(Math.ceil(cost(longTurn) + cost(shortTurn)));
});

test('one that is forgotten is not taken for another that is new', () => {
  const { time, turns, turn } = timed();
  const one = reader();
  for (let index = 0; index < shortTurns; index++) {
    turn(one);
    time.now += 1000;
  }
  turns.forget(reader());
  expect(turn(one)).toEqual([longTurn, 0]);
  turns.forget(one);
  // Whoever comes next is somebody else.
  expect(turn(one)).toEqual([shortTurn, 0]);
});
