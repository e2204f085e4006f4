/**
 * What the program was told: flags, the environment behind them, and defaults, checked before anything is started. What
 * cannot be so is one sentence for the person at the keyboard. Pure functions of text; called by main.ts.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { CertificatePaths } from './certificate-files.ts';
import { readWebhook, type Webhook } from './chat/http/webhooks.ts';
import { TrustedProxies } from './trusted-proxies.ts';

export const usage = `barewire: a chat on a WebSocket server that can be read in an afternoon

Usage: npm start -- [options]        or, after npm run build: node dist/main.js [options]

  --port N                 TCP port, 0 for any free one
                           (environment: PORT; default 8080)
  --host H                 address to listen on; 0.0.0.0 or :: lets other machines in
                           (HOST; default 127.0.0.1)
  --data DIR               where messages, names and images are kept
                           (DATA; default ./data)
  --origin URL             another origin whose pages may connect, as behind a proxy that
                           changes Host; may be repeated
                           (ALLOWED_ORIGINS, separated by commas)
  --tls-cert FILE          certificate with its chain, as PEM: serves https and wss;
                           needs --tls-key. Read again when it changes, and at SIGHUP
                           (TLS_CERT)
  --tls-key FILE           its private key, as PEM
                           (TLS_KEY)
  --trust-proxy ADDRESS    proxy whose X-Forwarded-For is believed: an address, a range as
                           10.0.0.0/8, loopback or private; may be repeated
                           (TRUSTED_PROXIES, separated by commas)
  --proxy-protocol         these proxies put a PROXY protocol header before each connection
                           (PROXY_PROTOCOL=1)
  --server-password TEXT   what people must know to come in under a new name; better given by
                           the environment, for everybody on the machine sees flags
                           (SERVER_PASSWORD)
  --invitation-only        nobody comes in under a new name without an invitation
                           (INVITATION_ONLY=1)
  --api-key KEY            lets a backend that has it read and write rooms over HTTP; at
                           least 20 characters; may be repeated
                           (API_KEYS, separated by commas)
  --webhook ROOM=URL       POSTs what happens in a room there, signed with WEBHOOK_SECRET;
                           may be repeated, once for each room
                           (WEBHOOKS, separated by spaces)
  --help                   this text
  --version                the version

  WEBHOOK_SECRET in the environment: what webhooks are signed with, at least 16 characters.
  LOG_LEVEL in the environment: fatal, error, warn (default), info, debug, trace or silent.
`;

/** The most characters that a password may have, as on the wire. */
const maximumPasswordLength = 256;
/** The fewest characters in a key, and in the secret of webhooks: what nobody can try out. */
const minimumKeyLength = 20;
const minimumSecretLength = 16;

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What to start. Everything in it has been checked as far as it can be without trying. */
export interface Settings {
  /** 0 for any free one. */
  readonly port: number;
  readonly host: string;
  /** Absolute. */
  readonly data: string;
  /** In their one spelling. */
  readonly origins: readonly string[];
  /** Undefined for http and ws. */
  readonly certificate: CertificatePaths | undefined;
  /** As `trustedProxies` of the server takes them. */
  readonly trustedProxies: readonly string[];
  readonly proxyProtocol: boolean;
  /** What people must know who come under a new name; undefined for nothing. */
  readonly serverPassword: string | undefined;
  readonly invitationOnly: boolean;
  readonly apiKeys: readonly string[];
  readonly webhooks: readonly Webhook[];
  /** Not empty when there are webhooks. */
  readonly webhookSecret: string;
  readonly logLevel: string;
}

/** What was typed is wrong. The message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Reads the command line, and the environment for what it does not say.
 * @param args without the program's name
 * @returns what to start with, or the one thing to print instead
 * @throws UsageError
 */
export function readSettings(
  args: readonly string[],
  processEnvironment: NodeJS.ProcessEnv,
): Settings | 'help' | 'version' {
  const flags = readFlags(args);
  if (flags.help === true) return 'help';
  if (flags.version === true) return 'version';
  // A variable that is set to nothing is not set.
  const environment = Object.fromEntries(
    Object.entries(processEnvironment).filter(([, value]) => value !== ''),
  );
  const trustedProxies = flags['trust-proxy']?.flatMap(listed) ?? listed(environment.TRUSTED_PROXIES ?? '');
  const proxyProtocol = flags['proxy-protocol'] ?? readSwitch('PROXY_PROTOCOL', environment.PROXY_PROTOCOL);
  const proxiesName = flags['trust-proxy'] === undefined ? 'TRUSTED_PROXIES' : '--trust-proxy';
  for (const proxy of trustedProxies) checkProxy(proxiesName, proxy);
  if (proxyProtocol && trustedProxies.length === 0) {
    throw new UsageError(
      '--proxy-protocol needs --trust-proxy: only the headers of those proxies are believed.',
    );
  }
  return {
    port: readPort(flags.port, environment.PORT),
    host: nonEmpty('the host', flags.host ?? environment.HOST ?? '127.0.0.1'),
    data: resolve(nonEmpty('the data directory', flags.data ?? environment.DATA ?? './data')),
    origins: (flags.origin?.flatMap(listed) ?? listed(environment.ALLOWED_ORIGINS ?? '')).map(checkOrigin),
    certificate: readCertificatePaths(
      flags['tls-cert'] ?? environment.TLS_CERT,
      flags['tls-key'] ?? environment.TLS_KEY,
    ),
    trustedProxies,
    proxyProtocol,
    serverPassword: readPassword(flags['server-password'], environment.SERVER_PASSWORD),
    invitationOnly: flags['invitation-only'] ?? readSwitch('INVITATION_ONLY', environment.INVITATION_ONLY),
    apiKeys: readKeys(flags['api-key'], environment.API_KEYS),
    ...readWebhooks(flags.webhook, environment.WEBHOOKS, environment.WEBHOOK_SECRET),
    logLevel: readLogLevel(environment.LOG_LEVEL),
  };
}

function readFlags(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        data: { type: 'string' },
        origin: { type: 'string', multiple: true },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        'trust-proxy': { type: 'string', multiple: true },
        'proxy-protocol': { type: 'boolean' },
        'server-password': { type: 'string' },
        'invitation-only': { type: 'boolean' },
        'api-key': { type: 'string', multiple: true },
        webhook: { type: 'string', multiple: true },
        help: { type: 'boolean' },
        version: { type: 'boolean' },
      },
    });
    return values;
  } catch (error) {
    // Its first sentence says it; the rest is about options that begin with a dash.
    const [sentence] = (error instanceof Error ? error.message : String(error)).split(/\.\s|\.?\n|\.?$/, 1);
    throw new UsageError(`${sentence}. See --help.`);
  }
}

function readPort(flag: string | undefined, variable: string | undefined): number {
  const port = flag ?? variable ?? '8080';
  const name = flag === undefined ? 'PORT' : '--port';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(`${name} is "${port}"; it takes a number from 0 to 65535.`);
  }
  return Number(port);
}

function readLogLevel(level = 'warn'): string {
  if (logLevels.some((known) => known === level)) return level;
  throw new UsageError(`LOG_LEVEL is "${level}"; it takes one of ${logLevels.join(', ')}.`);
}

function readSwitch(name: string, value = '0'): boolean {
  if (value === '0' || value === '1') return value === '1';
  throw new UsageError(`${name} is "${value}"; it takes 1 or 0.`);
}

function readPassword(flag: string | undefined, variable: string | undefined): string | undefined {
  const password = flag ?? variable;
  if (password === undefined) return undefined;
  const name = flag === undefined ? 'SERVER_PASSWORD' : '--server-password';
  if (password.trim() === '') throw new UsageError(`${name} is empty; leave it out for no password.`);
  if (password.length > maximumPasswordLength)
    throw new UsageError(`${name} is longer than ${maximumPasswordLength} characters.`);
  return password;
}

/** A key is a secret, so a message never says it. */
function readKeys(flags: readonly string[] | undefined, variable = ''): readonly string[] {
  const name = flags === undefined ? 'API_KEYS' : '--api-key';
  const keys = flags?.flatMap(listed) ?? listed(variable);
  for (const key of keys) {
    // It has to fit into a field Authorization.
    if (key.length >= minimumKeyLength && /^[\x21-\x7e]+$/.test(key)) continue;
    throw new UsageError(
      `${name}: a key needs at least ${minimumKeyLength} characters, letters, digits and signs without spaces. One way to make it: openssl rand -hex 24.`,
    );
  }
  return [...new Set(keys)];
}

function readWebhooks(
  flags: readonly string[] | undefined,
  variable = '',
  secret = '',
): { readonly webhooks: readonly Webhook[]; readonly webhookSecret: string } {
  const name = flags === undefined ? 'WEBHOOKS' : '--webhook';
  const texts = flags ?? variable.split(/\s+/).filter((text) => text !== '');
  const webhooks = texts.map((text) => {
    const webhook = readWebhook(text);
    if (webhook !== undefined) return webhook;
    throw new UsageError(
      `${name} is "${text}"; it takes the id of a room and an address, as in general=https://example.org/hook.`,
    );
  });
  const rooms = webhooks.map(({ room }) => room);
  const twice = rooms.find((room, index) => rooms.indexOf(room) !== index);
  if (twice !== undefined)
    throw new UsageError(`${name}: the room ${twice} is there twice; it takes one address.`);
  if (webhooks.length > 0 && secret.length < minimumSecretLength) {
    throw new UsageError(
      `${name} needs WEBHOOK_SECRET in the environment, with at least ${minimumSecretLength} characters: what is sent is signed with it.`,
    );
  }
  return { webhooks, webhookSecret: secret };
}

/** The parts of a list with commas, without what is empty. */
function listed(list: string): string[] {
  return list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function nonEmpty(name: string, value: string): string {
  if (value.trim() === '') throw new UsageError(`Empty text is given for ${name}.`);
  return value;
}

function checkOrigin(text: string): string {
  const { origin } = URL.canParse(text) ? new URL(text) : { origin: 'null' };
  if (/^https?:/.test(origin)) return origin;
  throw new UsageError(`"${text}" is no origin; one looks like https://chat.example.org.`);
}

function readCertificatePaths(
  cert: string | undefined,
  key: string | undefined,
): CertificatePaths | undefined {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined)
    throw new UsageError('--tls-key needs --tls-cert: the file with the certificate for that key.');
  if (key === undefined)
    throw new UsageError('--tls-cert needs --tls-key: the file with the key of that certificate.');
  return {
    cert: resolve(nonEmpty('the certificate', cert)),
    key: resolve(nonEmpty('the key', key)),
  };
}

function checkProxy(name: string, proxy: string): void {
  try {
    new TrustedProxies([proxy]);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${name}: ${error.message}`);
  }
}
