import { describe, expect, it } from 'vitest';
import { KeyedBuckets, TokenBucket } from '../../src/chat/limits.ts';

describe('TokenBucket', () => {
  it('gives its burst, then says how long to wait, and keeps its word', () => {
    const bucket = new TokenBucket({ burst: 2, perSecond: 4 }, 1000);
    expect([bucket.take(1000), bucket.take(1000), bucket.take(1000)]).toEqual([0, 0, 250]);
    expect(bucket.take(1249)).toBe(1);
    expect(bucket.take(1250)).toBe(0);
    expect(bucket.take(1250)).toBe(250);
  });

  it('never holds more than its burst', () => {
    const bucket = new TokenBucket({ burst: 2, perSecond: 4 }, 0);
    expect([bucket.take(1e9), bucket.take(1e9), bucket.take(1e9)]).toEqual([0, 0, 250]);
    bucket.giveBack();
    bucket.giveBack();
    bucket.giveBack();
    expect([bucket.take(1e9), bucket.take(1e9)]).toEqual([0, 0]);
    expect(bucket.take(1e9)).toBeGreaterThan(0);
  });

  it('loses nothing and gains nothing when the clock is set back', () => {
    const bucket = new TokenBucket({ burst: 1, perSecond: 1 }, 10_000);
    expect(bucket.take(10_000)).toBe(0);
    expect(bucket.take(5000)).toBe(1000);
    expect(bucket.take(6000)).toBe(0);
  });
});

describe('KeyedBuckets', () => {
  it('keeps keys apart, and forgets those that are full again', () => {
    const buckets = new KeyedBuckets({ burst: 1, perSecond: 1 });
    expect([buckets.take('a', 0), buckets.take('a', 0), buckets.take('b', 0)]).toEqual([0, 1000, 0]);
    buckets.sweep(500);
    expect(buckets.size).toBe(2);
    buckets.sweep(1000);
    expect(buckets.size).toBe(0);
    expect(buckets.take('a', 1000)).toBe(0);
    buckets.giveBack('a');
    expect(buckets.take('a', 1000)).toBe(0);
  });
});
