import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSettings, type Settings, UsageError, usage } from '../src/settings.ts';

function settings(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Settings {
  const read = readSettings(args, environment);
  if (typeof read === 'string') throw new Error(`It would print ${read}.`);
  return read;
}

const defaults: Settings = {
  port: 8080,
  host: '127.0.0.1',
  data: resolve('data'),
  origins: [],
  certificate: undefined,
  trustedProxies: [],
  proxyProtocol: false,
  serverPassword: undefined,
  invitationOnly: false,
  apiKeys: [],
  webhooks: [],
  webhookSecret: '',
  logLevel: 'warn',
};

describe('without anything', () => {
  it('there is a default for everything', () => {
    expect(settings([])).toEqual(defaults);
  });

  it('a variable that is set to nothing is not set', () => {
    const names = ['PORT', 'HOST', 'DATA', 'ALLOWED_ORIGINS', 'LOG_LEVEL', 'TLS_CERT', 'TLS_KEY'];
    const more = ['SERVER_PASSWORD', 'INVITATION_ONLY', 'API_KEYS', 'WEBHOOKS', 'WEBHOOK_SECRET'];
    const empty = [...names, ...more, 'TRUSTED_PROXIES', 'PROXY_PROTOCOL'].map((name) => [name, '']);
    expect(settings([], Object.fromEntries(empty))).toEqual(defaults);
  });

  it('--help and --version are answered whatever else is said', () => {
    expect(readSettings(['--port', 'abc', '--help'], {})).toBe('help');
    expect(readSettings(['--version'], { PORT: 'abc' })).toBe('version');
  });
});

describe('each setting', () => {
  const environment = {
    PORT: '1',
    HOST: 'environment',
    DATA: '/environment',
    ALLOWED_ORIGINS: 'https://environment.example',
    TLS_CERT: '/environment.crt',
    TLS_KEY: '/environment.key',
    TRUSTED_PROXIES: 'private',
    PROXY_PROTOCOL: '1',
    SERVER_PASSWORD: 'open sesame',
    INVITATION_ONLY: '1',
    API_KEYS: 'environment-key-0123456789, another-key-0123456789',
    WEBHOOKS: 'general=https://environment.example/hook  dev=http://127.0.0.1:9000/',
    WEBHOOK_SECRET: 'sixteen-letters!',
    LOG_LEVEL: 'info',
  };

  it('comes from the environment', () => {
    expect(settings([], environment)).toEqual({
      port: 1,
      host: 'environment',
      data: '/environment',
      origins: ['https://environment.example'],
      certificate: { cert: '/environment.crt', key: '/environment.key' },
      trustedProxies: ['private'],
      proxyProtocol: true,
      serverPassword: 'open sesame',
      invitationOnly: true,
      apiKeys: ['environment-key-0123456789', 'another-key-0123456789'],
      webhooks: [
        { room: 'general', url: 'https://environment.example/hook' },
        { room: 'dev', url: 'http://127.0.0.1:9000/' },
      ],
      webhookSecret: 'sixteen-letters!',
      logLevel: 'info',
    });
  });

  it('comes from its flag before that', () => {
    const flags = ['--port', '0', '--host', '::', '--data', '/d', '--origin', 'https://a.example:443/'];
    const secure = ['--tls-cert', '/a.crt', '--tls-key', '/a.key', '--trust-proxy', 'loopback'];
    const entry = ['--server-password', 'sesame', '--invitation-only', '--api-key', 'k'.repeat(20)];
    const hook = ['--webhook', 'dev=https://a.example/?a=b,c'];
    const args = [...flags, ...secure, '--proxy-protocol', ...entry, ...hook];
    expect(settings(args, { ...environment, INVITATION_ONLY: '0' })).toEqual({
      port: 0,
      host: '::',
      data: '/d',
      origins: ['https://a.example'],
      certificate: { cert: '/a.crt', key: '/a.key' },
      trustedProxies: ['loopback'],
      proxyProtocol: true,
      serverPassword: 'sesame',
      invitationOnly: true,
      apiKeys: ['k'.repeat(20)],
      webhooks: [{ room: 'dev', url: 'https://a.example/?a=b,c' }],
      webhookSecret: 'sixteen-letters!',
      logLevel: 'info',
    });
  });

  it('has files beside where the program is started', () => {
    const { data, certificate } = settings(['--data', 'd', '--tls-cert', 'c', '--tls-key', 'k']);
    expect([data, certificate]).toEqual([resolve('d'), { cert: resolve('c'), key: resolve('k') }]);
  });

  it('that is a list may be repeated, and separated by commas', () => {
    const origins = ['--origin', 'https://a.example, http://b.example', '--origin', 'https://c.example'];
    const proxies = ['--trust-proxy', '192.0.2.1,10.0.0.0/8', '--trust-proxy', 'fd00::/8'];
    expect(settings([...origins, ...proxies])).toMatchObject({
      origins: ['https://a.example', 'http://b.example', 'https://c.example'],
      trustedProxies: ['192.0.2.1', '10.0.0.0/8', 'fd00::/8'],
    });
    const lists = { ALLOWED_ORIGINS: ' https://a.example ,', TRUSTED_PROXIES: 'loopback, private' };
    expect(settings([], lists)).toMatchObject({
      origins: ['https://a.example'],
      trustedProxies: ['loopback', 'private'],
    });
  });

  it('may have a certificate from the flag and its key from the environment', () => {
    expect(settings(['--tls-cert', '/c'], { TLS_KEY: '/k' }).certificate).toEqual({ cert: '/c', key: '/k' });
  });

  it('that is a switch may be off', () => {
    expect(settings([], { PROXY_PROTOCOL: '0' }).proxyProtocol).toBe(false);
    expect(settings([], { INVITATION_ONLY: '0' }).invitationOnly).toBe(false);
  });

  it('that is a key counts once, however often it is given', () => {
    const key = 'k'.repeat(20);
    expect(settings(['--api-key', `${key},${key}`, '--api-key', key]).apiKeys).toEqual([key]);
  });
});

describe('what cannot be so is refused in one line', () => {
  const keyRule =
    'a key needs at least 20 characters, letters, digits and signs without spaces. One way to make it: openssl rand -hex 24.';
  const levels = 'fatal, error, warn, info, debug, trace, silent';
  it.each<[string[], NodeJS.ProcessEnv, string]>([
    [['--port', 'abc'], {}, '--port is "abc"; it takes a number from 0 to 65535.'],
    [['--port', '65536'], {}, '--port is "65536"; it takes a number from 0 to 65535.'],
    [['--port=-1'], {}, '--port is "-1"; it takes a number from 0 to 65535.'],
    [['--port', ''], {}, '--port is ""; it takes a number from 0 to 65535.'],
    [[], { PORT: '80a' }, 'PORT is "80a"; it takes a number from 0 to 65535.'],
    [['--host', ' '], {}, 'Empty text is given for the host.'],
    [['--data', ''], {}, 'Empty text is given for the data directory.'],
    [['--origin', 'example.org'], {}, '"example.org" is no origin; one looks like https://chat.example.org.'],
    [
      [],
      { ALLOWED_ORIGINS: 'https://a.example,*' },
      '"*" is no origin; one looks like https://chat.example.org.',
    ],
    [['--tls-cert', '/c'], {}, '--tls-cert needs --tls-key: the file with the key of that certificate.'],
    [[], { TLS_KEY: '/k' }, '--tls-key needs --tls-cert: the file with the certificate for that key.'],
    [['--tls-cert', '', '--tls-key', '/k'], {}, 'Empty text is given for the certificate.'],
    [['--tls-cert', '/c', '--tls-key', ' '], {}, 'Empty text is given for the key.'],
    [
      ['--trust-proxy', 'proxy.lan'],
      {},
      '--trust-proxy: "proxy.lan" is neither an IP address nor a range such as 10.0.0.0/8.',
    ],
    [
      [],
      { TRUSTED_PROXIES: 'loopback, 10.0.0.1/8' },
      'TRUSTED_PROXIES: 10.0.0.1/8 has bits behind its prefix: write 10.0.0.0/8 for the range, or the address alone.',
    ],
    [
      ['--proxy-protocol'],
      {},
      '--proxy-protocol needs --trust-proxy: only the headers of those proxies are believed.',
    ],
    [[], { PROXY_PROTOCOL: 'yes' }, 'PROXY_PROTOCOL is "yes"; it takes 1 or 0.'],
    [[], { INVITATION_ONLY: 'yes' }, 'INVITATION_ONLY is "yes"; it takes 1 or 0.'],
    [['--server-password', ' '], {}, '--server-password is empty; leave it out for no password.'],
    [[], { SERVER_PASSWORD: 'x'.repeat(257) }, 'SERVER_PASSWORD is longer than 256 characters.'],
    [['--api-key', 'k'.repeat(19)], {}, `--api-key: ${keyRule}`],
    [[], { API_KEYS: `${'k'.repeat(20)},${'ä'.repeat(20)}` }, `API_KEYS: ${keyRule}`],
    [
      ['--webhook', 'general'],
      { WEBHOOK_SECRET: 'sixteen-letters!' },
      '--webhook is "general"; it takes the id of a room and an address, as in general=https://example.org/hook.',
    ],
    [
      [],
      { WEBHOOKS: 'general=ftp://example.org', WEBHOOK_SECRET: 'sixteen-letters!' },
      'WEBHOOKS is "general=ftp://example.org"; it takes the id of a room and an address, as in general=https://example.org/hook.',
    ],
    [
      ['--webhook', 'a=http://b.example', '--webhook', 'a=http://c.example'],
      { WEBHOOK_SECRET: 'sixteen-letters!' },
      '--webhook: the room a is there twice; it takes one address.',
    ],
    [
      ['--webhook', 'a=http://b.example'],
      { WEBHOOK_SECRET: 'short' },
      '--webhook needs WEBHOOK_SECRET in the environment, with at least 16 characters: what is sent is signed with it.',
    ],
    [[], { LOG_LEVEL: 'loud' }, `LOG_LEVEL is "loud"; it takes one of ${levels}.`],
    [['--prot', '1'], {}, "Unknown option '--prot'. See --help."],
    [['--port'], {}, "Option '--port <value>' argument missing. See --help."],
    [['--proxy-protocol=1'], {}, "Option '--proxy-protocol' does not take an argument. See --help."],
    [['8080'], {}, "Unexpected argument '8080'. See --help."],
  ])('%j with %j', (args, environment, line) => {
    expect(() => readSettings(args, environment)).toThrow(new UsageError(line));
    expect(line).not.toContain('\n');
  });
});

it('the usage fits a terminal', () => {
  expect(Math.max(...usage.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
});
