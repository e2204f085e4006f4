import { expect, it } from 'vitest';
import { Workers } from '../../src/chat/workers.ts';

/** Work that ends when it is told. */
function steps() {
  const started: string[] = [];
  const ends = new Map<string, (fail: boolean) => void>();
  const work = (name: string) => () => {
    started.push(name);
    return new Promise<string>((resolve, reject) => {
      ends.set(name, (fail) => (fail ? reject(new Error(name)) : resolve(name)));
    });
  };
  return { started, work, end: (name: string, fail = false) => ends.get(name)?.(fail) };
}

it('does so many at once, lets so many wait in order, and sends the rest away', async () => {
  const { started, work, end } = steps();
  const workers = new Workers(2, 2);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => workers.run(work(name)));
  expect(workers.run(work('e'))).toBeUndefined();
  expect(started).toEqual(['a', 'b']);
  end('b');
  expect(await b).toBe('b');
  expect(started).toEqual(['a', 'b', 'c']);
  const f = workers.run(work('f'));
  expect(f).toBeDefined();
  end('a', true);
  await expect(a).rejects.toThrow('a');
  expect(started).toEqual(['a', 'b', 'c', 'd']);
  for (const name of ['c', 'd']) end(name);
  await Promise.all([c, d]);
  end('f');
  expect(await f).toBe('f');
  // All places are free again.
  void workers.run(work('g'));
  void workers.run(work('h'));
  expect(started.slice(-2)).toEqual(['g', 'h']);
});
