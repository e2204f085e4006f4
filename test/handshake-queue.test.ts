import { describe, expect, it } from 'vitest';
import { HandshakeQueue } from '../src/handshake-queue.ts';

/** A queue whose places write down when they begin. */
function queueOf() {
  const queue = new HandshakeQueue();
  const begun: string[] = [];
  const enter = (name: string, ...keys: string[]): (() => void) => queue.enter(keys, () => begun.push(name));
  return { queue, begun, enter };
}

describe('one line', () => {
  it('is begun at once by the first, and by each other when the one before has left', () => {
    const { queue, begun, enter } = queueOf();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => enter(name, 'key'));
    expect(begun).toEqual(['a']);
    a?.();
    expect(begun).toEqual(['a', 'b']);
    b?.();
    c?.();
    expect(begun).toEqual(['a', 'b', 'c']);
    expect(queue.isEmpty).toBe(true);
  });

  it('goes on behind who left while waiting, and who leaves twice has left once', () => {
    const { queue, begun, enter } = queueOf();
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => enter(name, 'key'));
    b?.();
    expect(begun).toEqual(['a']);
    a?.();
    a?.();
    expect(begun).toEqual(['a', 'c']);
    b?.();
    expect(begun).toEqual(['a', 'c']);
    c?.();
    d?.();
    expect(begun).toEqual(['a', 'c', 'd']);
    expect(queue.isEmpty).toBe(true);
  });

  it('can end and begin anew', () => {
    const { begun, enter } = queueOf();
    const leave = enter('a', 'key');
    leave();
    const leaveAgain = enter('b', 'key');
    enter('c', 'key');
    leave();
    expect(begun).toEqual(['a', 'b']);
    leaveAgain();
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  it('is entered and left from within a beginning', () => {
    const { queue, begun, enter } = queueOf();
    const first = enter('a', 'key');
    let leaveThird = (): void => {};
    const second = queue.enter(['key'], () => {
      begun.push('b');
      leaveThird = enter('c', 'key');
    });
    first();
    expect(begun).toEqual(['a', 'b']);
    second();
    leaveThird();
    expect(begun).toEqual(['a', 'b', 'c']);
    expect(queue.isEmpty).toBe(true);
  });
});

describe('several lines', () => {
  it('do not wait for each other', () => {
    const { begun, enter } = queueOf();
    enter('a', '1');
    enter('b', '2');
    expect(begun).toEqual(['a', 'b']);
  });

  it('must all be free, and a key that is named twice is one', () => {
    const { begun, enter } = queueOf();
    const a = enter('a', '1');
    const b = enter('b', '2', '2');
    enter('both', '1', '2', '1');
    b();
    expect(begun).toEqual(['a', 'b']);
    a();
    expect(begun).toEqual(['a', 'b', 'both']);
  });

  it('are held by who waits in them: the order of entering is kept', () => {
    const { begun, enter } = queueOf();
    const a = enter('a', '1');
    const both = enter('both', '1', '2');
    enter('late', '2');
    expect(begun).toEqual(['a']);
    both();
    expect(begun).toEqual(['a', 'late']);
    a();
    expect(begun).toEqual(['a', 'late']);
  });

  it('come to an end in any order of keys: nobody waits for ever', () => {
    const { queue, begun, enter } = queueOf();
    const leaves = [
      enter('a', '1', '2'),
      enter('b', '2', '3'),
      enter('c', '3', '1'),
      enter('d', '2', '1', '3'),
    ];
    expect(begun).toEqual(['a']);
    for (const leave of leaves) leave();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
    expect(queue.isEmpty).toBe(true);
  });

  it('one place is begun for each, never two in one line, seed 1', () => {
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    const queue = new HandshakeQueue();
    const busy = new Set<string>();
    const entered: { leave: () => void; keys: string[]; begun: boolean }[] = [];
    let begun = 0;
    const leaveOne = (): void => {
      // Mostly one that is under way.
      const underWay = entered.findIndex((place) => place.begun);
      const [place] = entered.splice(random(4) === 0 ? random(entered.length) : underWay, 1);
      if (place?.begun === true) for (const key of place.keys) busy.delete(key);
      place?.leave();
    };
    for (let step = 0; step < 5000; step++) {
      const keys = [...new Set(Array.from({ length: 1 + random(3) }, () => String(random(6))))];
      const place = { leave: (): void => {}, keys, begun: false };
      place.leave = queue.enter(keys, () => {
        for (const key of keys) expect([seed, busy.has(key)]).toEqual([seed, false]);
        for (const key of keys) busy.add(key);
        place.begun = true;
        begun++;
      });
      entered.push(place);
      if (random(3) > 0 || entered.length > 50) leaveOne();
    }
    while (entered.length > 0) {
      // Whoever came first of those who are left is under way.
      expect([seed, entered[0]?.begun]).toEqual([seed, true]);
      leaveOne();
    }
    expect(begun).toBeGreaterThan(1000);
    expect(queue.isEmpty).toBe(true);
  });
});
