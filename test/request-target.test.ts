import { describe, expect, it } from 'vitest';
import {
  isAuthority,
  isEqualOrigin,
  isOrigin,
  isSameOrigin,
  queryOf,
  resolveTarget,
} from '../src/request-target.ts';
import { refusal } from './support/refusal.ts';

function resolve(target: string, hosts: readonly string[] = ['example.com']) {
  const fields = new Map(hosts.length === 0 ? [] : [['host', hosts]]);
  const { path, host } = resolveTarget({ target, fields });
  return { path, query: [...queryOf(target)], host };
}

describe('resolveTarget', () => {
  it.each<[string, string, Array<[string, string]>]>([
    ['/', '/', []],
    ['/chat', '/chat', []],
    ['/chat?', '/chat', []],
    [
      '/chat?a=1&b=%20c+d&a=2',
      '/chat',
      [
        ['a', '1'],
        ['b', ' c d'],
        ['a', '2'],
      ],
    ],
    ['/chat?a=?/b', '/chat', [['a', '?/b']]],
    ['/chat?100%', '/chat', [['100%', '']]],
    ['/chat??a=1', '/chat', [['?a', '1']]],
    ['/a%2Fb/../%C3%A9', '/a%2Fb/../%C3%A9', []],
    ['//other.example/chat', '//other.example/chat', []],
    ['/http://other.example/', '/http://other.example/', []],
  ])('reads the origin form %s', (target, path, query) => {
    expect(resolve(target)).toEqual({ path, query, host: 'example.com' });
  });

  it.each([
    ['http://other.example/chat', '/chat', 'other.example'],
    ['HTTPS://other.example:8443/chat', '/chat', 'other.example:8443'],
    ['ws://other.example', '/', 'other.example'],
    ['wss://[::1]:80/', '/', '[::1]:80'],
  ])('lets the authority of the absolute form %s replace Host', (target, path, host) => {
    expect(resolve(target)).toEqual({ path, query: [], host });
  });

  it('judges each Host, whatever the last one was', () => {
    for (let time = 0; time < 2; time++) {
      expect(resolve('/', ['a.example']).host).toBe('a.example');
      expect(refusal(() => resolve('/', ['a b']))).toMatchObject({ status: 400 });
      expect(refusal(() => resolve('/', ['a b']))).toMatchObject({ status: 400 });
    }
  });

  it('reads the query of an absolute form without a path', () => {
    expect(resolve('ws://other.example?a=b/c')).toEqual({
      path: '/',
      query: [['a', 'b/c']],
      host: 'other.example',
    });
  });

  it.each([
    ['the asterisk form', '*', 'RFC 9112 §3.2'],
    ['the authority form', 'example.com:80', 'RFC 9112 §3.2'],
    ['another scheme', 'ftp://example.com/', 'RFC 9112 §3.2'],
    ['a path without a slash', 'chat', 'RFC 9112 §3.2'],
    ['a query alone', '?a', 'RFC 9112 §3.2'],
    ['a fragment', '/chat#top', 'RFC 6455 §3'],
    ['an empty fragment', '/chat?a#', 'RFC 6455 §3'],
    ['a fragment in the absolute form', 'ws://example.com#top', 'RFC 6455 §3'],
    ['a lone percent', '/100%', 'RFC 9112 §3.2'],
    ['a percent with one digit', '/%4/', 'RFC 9112 §3.2'],
    ['a percent with other letters', '/%zz?a', 'RFC 9112 §3.2'],
    ['no authority', 'http:///chat', 'RFC 9112 §3.2.2'],
    ['user information', 'http://user@example.com/', 'RFC 9112 §3.2.2'],
  ])('refuses %s', (_, target, section) => {
    expect(refusal(() => resolve(target))).toEqual({ status: 400, section });
  });

  it.each([
    ['is missing', []],
    ['is empty', ['']],
    ['stands twice', ['example.com', 'example.com']],
    ['is a list', ['a, b']],
    ['has a path', ['example.com/']],
    ['is missing beside an absolute form', [], 'http://example.com/'],
  ])('refuses a request whose Host %s', (_, hosts, target = '/') => {
    expect(refusal(() => resolve(target, hosts))).toEqual({ status: 400, section: 'RFC 9112 §3.2' });
  });
});

describe('isAuthority', () => {
  it.each([
    'a',
    'EXAMPLE.com',
    'a.b.:80',
    'a:',
    'a:0',
    'a:65535',
    '127.0.0.1:8080',
    '[::1]',
    '[2001:DB8::1]:443',
    '[::ffff:1.2.3.4]',
    'a-b_c~d',
    "!$&'()*+,;=",
    '%C3%A9.example',
  ])('takes %s', (authority) => {
    expect(isAuthority(authority)).toBe(true);
  });

  it.each([
    '',
    ':80',
    'a:65536',
    'a:8o',
    'a:80:80',
    'a:-1',
    'user@a',
    'a b',
    'a/',
    'a?b',
    'a#b',
    'a\\b',
    'a%2',
    'é',
    '[::1',
    '[:::]',
    '[]',
    '[1]',
    '::1',
    '[fe80::1%25eth0]',
    '[v1.a]',
    'a\n',
    '<a>',
    'a:080808080808080808080808080',
  ])('refuses %j', (authority) => {
    expect(isAuthority(authority)).toBe(false);
  });
});

describe('origins', () => {
  it.each([
    ['http://example.com', 'example.com'],
    ['https://example.com', 'example.com'],
    ['https://example.com', 'EXAMPLE.com:443'],
    ['http://example.com', 'example.com:80'],
    ['http://example.com:80', 'example.com'],
    ['https://example.com:8443', 'example.com:8443'],
    ['http://127.0.0.1:8080', '127.0.0.1:8080'],
    ['http://[::1]:8080', '[0:0::1]:8080'],
    ['HTTP://Example.com', 'example.com'],
  ])('%s is the same as Host %s', (origin, host) => {
    expect(isSameOrigin(origin, host)).toBe(true);
  });

  it.each([
    ['http://example.com', 'example.com:443'],
    ['https://example.com', 'example.com:80'],
    ['http://example.com:8080', 'example.com'],
    ['http://example.com', 'example.com:8080'],
    ['http://www.example.com', 'example.com'],
    ['http://example.com.evil.example', 'example.com'],
    ['http://localhost:8080', '127.0.0.1:8080'],
    ['null', 'null'],
    ['', 'example.com'],
    ['example.com', 'example.com'],
    ['ws://example.com', 'example.com'],
    ['file://example.com', 'example.com'],
    ['http://example.com/', 'example.com'],
    ['http://evil.example@example.com', 'example.com'],
    ['http://example.com http://evil.example', 'example.com'],
    ['http://1.2.3.999', '1.2.3.999'],
    ['http://example.com', '1.2.3.999'],
  ])('%s is not the same as Host %s', (origin, host) => {
    expect(isSameOrigin(origin, host)).toBe(false);
  });

  it('are judged by what is asked now, whatever was asked last', () => {
    const ask = () => isSameOrigin('http://a.example', 'a.example');
    expect([ask(), ask()]).toEqual([true, true]);
    expect(isSameOrigin('http://a.example', 'b.example')).toBe(false);
    expect(isSameOrigin('http://b.example', 'b.example')).toBe(true);
    expect(isSameOrigin('http://a.example', 'b.example')).toBe(false);
    expect(ask()).toBe(true);
  });

  it('are equal whatever their spelling', () => {
    expect(isEqualOrigin('https://Example.com:443', 'https://example.com')).toBe(true);
    expect(isEqualOrigin('null', 'null')).toBe(true);
    expect(isEqualOrigin('App://Local', 'app://local')).toBe(true);
    expect(isEqualOrigin('http://1.2.3.999', 'http://1.2.3.999')).toBe(true);
    expect(isEqualOrigin('https://example.com', 'http://example.com')).toBe(false);
    expect(isEqualOrigin('https://example.com/path', 'https://example.com')).toBe(false);
    expect(isEqualOrigin('https://example.com', 'null')).toBe(false);
  });

  it('are known by their grammar', () => {
    const good = ['null', 'https://example.com', 'http://[::1]:8080', 'chrome-extension://abc', 'NULL'];
    const bad = [
      '',
      '*',
      'example.com',
      'https://',
      'https://example.com/',
      'https://*.a/',
      'https://a b',
      'app://a/b',
      'http://a\n',
    ];
    expect(good.filter((origin) => !isOrigin(origin))).toEqual([]);
    expect(bad.filter(isOrigin)).toEqual([]);
  });
});
