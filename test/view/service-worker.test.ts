// What the service worker decides: which requests are its business, and which caches it drops.
import { describe, expect, test } from 'vitest';
import { imagePrefix } from '../../public/chat/worker/register.ts';
import { imageCache, isPage, oldCaches, routeOf, shellPrefix } from '../../public/chat/worker/routing.ts';

const origin = 'https://chat.example';
const shell = new Set(['/index.html', '/assets/index-1.js', '/theme.js']);

function route(path: string, change: { method?: string; mode?: string; partial?: boolean } = {}) {
  const asked = { method: 'GET', url: new URL(path, origin).href, mode: 'cors', partial: false, ...change };
  return routeOf(asked, shell, origin);
}

describe('routeOf', () => {
  test.each([
    ['/', 'page'],
    ['/index.html', 'page'],
    ['/?from=home', 'page'],
    ['/lab/bench', 'pass'],
    ['/images/abc.png', 'pass'],
    ['/api/stream', 'pass'],
  ])('opening %s: %s', (path, expected) => {
    expect(route(path, { mode: 'navigate' })).toBe(expected);
  });

  test.each([
    ['/assets/index-1.js', 'shell'],
    ['/assets/index-2.js', 'pass'],
    ['/theme.js', 'shell'],
    ['/images/abc.png', 'image'],
    ['/images/abc.png?width=1', 'pass'],
    ['https://elsewhere.example/images/abc.png', 'pass'],
    ['https://elsewhere.example/theme.js', 'pass'],
    ['/service-worker.js', 'pass'],
    ['/healthz', 'pass'],
    ['/chat', 'pass'],
  ])('fetching %s: %s', (path, expected) => {
    expect(route(path)).toBe(expected);
  });

  test('the API is never ours, whatever the shell says', () => {
    const asked = { method: 'GET', url: `${origin}/api/session`, mode: 'cors', partial: false };
    expect(routeOf(asked, new Set(['/api/session']), origin)).toBe('pass');
  });

  test.each(['POST', 'PUT', 'DELETE', 'HEAD'])('%s is never ours', (method) => {
    for (const path of ['/', '/theme.js', '/images/abc.png']) expect(route(path, { method })).toBe('pass');
  });

  test('a part of a file is never ours: what is kept is whole', () => {
    expect(route('/images/abc.png', { partial: true })).toBe('pass');
  });
});

describe('oldCaches', () => {
  const name = (version: number) => `${shellPrefix}${version}`;

  test('keeps this version and the one before', () => {
    expect(oldCaches([name(1), name(2), imageCache, name(3)], name(3))).toEqual([name(1)]);
    expect(oldCaches([name(3)], name(3))).toEqual([]);
  });

  test('drops images of another shape, and touches nothing of others', () => {
    expect(oldCaches(['barewire images 0', imageCache, 'somebody else'], name(1))).toEqual([
      'barewire images 0',
    ]);
  });
});

test('an error of a proxy is no page', () => {
  expect([200, 304, 404, 500, 502, 503].map(isPage)).toEqual([true, true, true, false, false, false]);
});

test('the page forgets the cache that the service worker fills', () => {
  expect(imageCache.startsWith(imagePrefix)).toBe(true);
});
