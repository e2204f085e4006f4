// What "Measure in this browser" runs, in Node with a clock of its own: checks before it times, turn by turn.
import { describe, expect, it } from 'vitest';
import { browserName } from '../../public/lab/bench/browser-name.ts';
import { makeTasks, measureTasks, type Task } from '../../public/lab/bench/codec-tasks.ts';

const plan = { rounds: 2, warmUp: 0, round: 0 };

/** Goes on by one millisecond each time that it is looked at. */
function countingClock(): () => number {
  let time = 0;
  return () => time++;
}

describe('the tasks', () => {
  const tasks = makeTasks();

  it.each(tasks)('$id: its output is right, and as much as a read has', (task) => {
    task.check();
    expect(task.run()).toBeGreaterThanOrEqual(0);
    // Also after it has run: masking in place must not change what the next run begins with.
    task.check();
    expect(task.frames * task.length).toBeGreaterThan(60_000);
    expect(task.frames * task.length).toBeLessThanOrEqual(65_536);
  });

  it('go over the same sizes in each group', () => {
    const lengths = [16, 125, 1024, 16_384, 65_536];
    expect(tasks.map(({ id }) => id)).toEqual(
      ['decode', 'encode', 'mask'].flatMap((group) => lengths.map((length) => `${group}-${length}`)),
    );
    for (const task of tasks.filter(({ group }) => group === 'decode')) {
      expect(task.run()).toBe(task.frames * task.length);
    }
  });
});

describe('measuring', () => {
  const order: string[] = [];
  const fake = (id: string, check = (): void => undefined): Task => ({
    id,
    group: 'mask',
    length: 1,
    frames: 10,
    check() {
      order.push(`check ${id}`);
      check();
    },
    run() {
      order.push(id);
      return 1;
    },
  });

  it('checks each task before it is timed, warms all up, then gives each its turn in each round', () => {
    order.length = 0;
    const steps: number[] = [];
    const results = measureTasks([fake('a'), fake('b')], plan, countingClock(), (done, total) => {
      steps.push(done);
      expect(total).toBe(6);
    });
    expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(order.filter((entry, index) => entry !== order[index - 1])).toEqual([
      'check a',
      'a',
      'check b',
      'b',
      'a',
      'b',
      'a',
      'b',
    ]);
    // One run of ten frames between two looks at the clock, a millisecond apart.
    expect(results).toEqual([
      { id: 'a', group: 'mask', length: 1, samples: [100_000, 100_000] },
      { id: 'b', group: 'mask', length: 1, samples: [100_000, 100_000] },
    ]);
  });

  it('times nothing when an output is wrong', () => {
    order.length = 0;
    const wrong = fake('wrong', () => {
      throw new Error('not what it must be');
    });
    expect(() => measureTasks([wrong], plan, countingClock(), () => undefined)).toThrow(
      'not what it must be',
    );
    expect(order).toEqual(['check wrong']);
  });
});

describe('a browser’s name', () => {
  const mozilla = 'Mozilla/5.0 (X11; Linux x86_64)';
  it.each([
    [`${mozilla} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36`, 'Chromium 150'],
    [
      `${mozilla} AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/150.0.0.0 Safari/537.36`,
      'Chromium 150',
    ],
    [
      `${mozilla} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0`,
      'Edge 150',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox 140'],
    [`${mozilla} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15`, 'Safari 26.1'],
    ['something else', 'this browser'],
  ])('%s is %s', (userAgent, name) => {
    expect(browserName(userAgent)).toBe(name);
  });
});
