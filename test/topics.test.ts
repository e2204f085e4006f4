import { expect, test } from 'vitest';
import { Topics } from '../src/topics.ts';

const of = (topics: Topics<string>, topic: string) => [...topics.of(topic)];

test('a subscriber is in a topic once, in the order of coming, and leaves one or all', () => {
  const topics = new Topics<string>();
  for (const subscriber of ['a', 'b', 'a', 'c']) topics.subscribe(subscriber, 'news');
  topics.subscribe('a', 'sport');
  expect(of(topics, 'news')).toEqual(['a', 'b', 'c']);
  topics.unsubscribe('b', 'news');
  topics.unsubscribe('b', 'news');
  topics.unsubscribe('b', 'nothing');
  expect(of(topics, 'news')).toEqual(['a', 'c']);
  topics.remove('a');
  topics.remove('a');
  expect([of(topics, 'news'), of(topics, 'sport'), of(topics, 'nothing')]).toEqual([['c'], [], []]);
});

test('who is in any topic is known', () => {
  const topics = new Topics<string>();
  expect(topics.has('a')).toBe(false);
  topics.subscribe('a', 'news');
  topics.subscribe('a', 'sport');
  topics.unsubscribe('a', 'news');
  expect([topics.has('a'), topics.has('b')]).toEqual([true, false]);
  topics.unsubscribe('a', 'sport');
  expect(topics.has('a')).toBe(false);
  topics.subscribe('a', 'news');
  topics.remove('a');
  expect(topics.has('a')).toBe(false);
});

test('who leaves while the topic is walked through does not upset the walk', () => {
  const topics = new Topics<string>();
  for (const subscriber of ['a', 'b', 'c']) topics.subscribe(subscriber, 'news');
  const seen: string[] = [];
  for (const subscriber of topics.of('news')) {
    seen.push(subscriber);
    topics.remove(subscriber);
  }
  expect(seen).toEqual(['a', 'b', 'c']);
  expect(of(topics, 'news')).toEqual([]);
});
