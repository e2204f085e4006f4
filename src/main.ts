/**
 * The program: reads flags and environment, starts the chat and its pages on one port, and stops in good order. Prints
 * one line on standard output, the address; everything else goes to standard error. Run by `npm start`, or built as
 * `node dist/main.js`.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Logger, pino } from 'pino';
import { Chat } from './chat/chat.ts';
import { systemClock } from './chat/clock.ts';
import { Database, DataDirectoryError } from './chat/database.ts';
import { maximumEventLength } from './chat/events.ts';
import { Identities } from './chat/identity.ts';
import { Images } from './chat/images.ts';
import { SqliteLog } from './chat/sqlite-log.ts';
import { chatHandlers } from './chat/websocket-channel.ts';
import { CloseCode, createServer } from './index.ts';
import { createSite } from './site.ts';

const usage = `barewire: a chat on a WebSocket server that can be read in an afternoon

Usage: npm start -- [options]        or, after npm run build: node dist/main.js [options]

  --port N       TCP port, 0 for any free one         (environment: PORT; default 8080)
  --host H       address to listen on; 0.0.0.0 or ::
                 lets other machines in               (HOST; default 127.0.0.1)
  --data DIR     where messages, names and images
                 are kept                             (DATA; default ./data)
  --origin URL   another origin whose pages may
                 connect, as behind a proxy that
                 changes Host; may be repeated        (ALLOWED_ORIGINS, separated by commas)
  --help         this text
  --version      the version

  LOG_LEVEL in the environment: fatal, error, warn (default), info, debug, trace or silent.
`;

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Clients come back over this many milliseconds after a restart, so that they do not all come at once. */
const retryWithin = 5000;
/** Milliseconds within which a stop is over, whatever does not answer. */
const stopTimeout = 8000;

interface Settings {
  readonly port: number;
  readonly host: string;
  readonly data: string;
  readonly origins: readonly string[];
  readonly logLevel: string;
}

/** What was typed is wrong: one line, exit code 2. */
class UsageError extends Error {}

function readSettings(values: ReturnType<typeof readFlags>, processEnvironment: NodeJS.ProcessEnv): Settings {
  // A variable that is set to nothing is not set.
  const environment = Object.fromEntries(
    Object.entries(processEnvironment).filter(([, value]) => value !== ''),
  );
  const port = values.port ?? environment.PORT ?? '8080';
  const portName = values.port === undefined ? 'PORT' : '--port';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(`${portName} is "${port}"; it takes a number from 0 to 65535.`);
  }
  const logLevel = environment.LOG_LEVEL ?? 'warn';
  if (!logLevels.some((level) => level === logLevel)) {
    throw new UsageError(`LOG_LEVEL is "${logLevel}"; it takes one of ${logLevels.join(', ')}.`);
  }
  return {
    port: Number(port),
    host: nonEmpty('the host', values.host ?? environment.HOST ?? '127.0.0.1'),
    data: resolve(nonEmpty('the data directory', values.data ?? environment.DATA ?? './data')),
    origins: (values.origin ?? environment.ALLOWED_ORIGINS?.split(',') ?? [])
      .map((origin) => origin.trim())
      .filter((origin) => origin !== '')
      .map(checkOrigin),
    logLevel,
  };
}

function readFlags(commandLine: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...commandLine],
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        data: { type: 'string' },
        origin: { type: 'string', multiple: true },
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

function nonEmpty(name: string, value: string): string {
  if (value.trim() === '') throw new UsageError(`Empty text is given for ${name}.`);
  return value;
}

function checkOrigin(text: string): string {
  const { origin } = URL.canParse(text) ? new URL(text) : { origin: 'null' };
  if (/^https?:/.test(origin)) return origin;
  throw new UsageError(`"${text}" is no origin; one looks like https://chat.example.org.`);
}

function readVersion(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const hasVersion = typeof file === 'object' && file !== null && 'version' in file;
  return hasVersion && typeof file.version === 'string' ? file.version : 'unknown';
}

async function start(settings: Settings): Promise<void> {
  // Written at once, so that the last words before an end are not lost.
  const logger = pino({ level: settings.logLevel }, pino.destination({ dest: 2, sync: true }));
  const database = new Database(settings.data);
  const images = new Images(database, settings.data);
  const log = new SqliteLog(database);
  const chat = new Chat({
    log,
    identities: new Identities(database),
    findImage: (id) => images.find(id),
    clock: systemClock,
    logger,
  });
  const pages = fileURLToPath(new URL('../dist/public/', import.meta.url));
  const server = createServer(chatHandlers(chat), {
    port: settings.port,
    host: settings.host,
    http: createSite({ chat, images, logger, pages, version: readVersion() }),
    allowedOrigins: settings.origins.length === 0 ? 'same-origin' : settings.origins,
    maxMessageLength: maximumEventLength,
  });
  try {
    const address = await server.listen();
    const host = address.host.includes(':') ? `[${address.host}]` : address.host;
    process.stdout.write(`barewire chat on http://${host}:${address.port}\n`);
  } catch (error) {
    chat.stop();
    database.close();
    throw error;
  }

  const stopSweeping = images.sweepHourly(systemClock, (id) => log.refersToImage(id), logger);

  const stop = async (): Promise<void> => {
    chat.announceRestart(retryWithin);
    await server.close({ code: CloseCode.serviceRestart, reason: 'The server restarts.' });
    await chat.idle();
    chat.stop();
    stopSweeping();
    database.close();
  };
  stopOnSignal(stop, database, logger);
}

/** The first signal stops in good order, within a deadline; the second stops at once. */
function stopOnSignal(stop: () => Promise<void>, database: Database, logger: Logger): void {
  let stopping = false;
  const end = (code: number): void => {
    // What was acknowledged is on the disk in any case; this is for what still waits.
    database.close();
    process.exit(code);
  };
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(128 + number);
      stopping = true;
      setTimeout(() => {
        logger.warn('connections were cut: they did not end in time');
        end(0);
      }, stopTimeout).unref();
      stop().then(
        () => end(0),
        (error: unknown) => {
          logger.error({ err: error }, 'the server did not stop cleanly');
          end(1);
        },
      );
    });
  }
}

/** One line for an error that the person at the keyboard can do something about; undefined for any other. */
function explain(error: unknown, { port, host }: Settings): string | undefined {
  if (error instanceof DataDirectoryError) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return `Port ${port} on ${host} is in use. Stop what has it, or take another with --port N.`;
  if (code === 'EACCES')
    return `Port ${port} needs rights that this user has not. Take one above 1023 with --port N.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `${host} is no address of this machine. Name one with --host H, or 0.0.0.0 for all.`;
  }
  return undefined;
}

async function main(): Promise<void> {
  const values = readFlags(process.argv.slice(2));
  if (values.help === true) {
    process.stdout.write(usage);
    return;
  }
  if (values.version === true) {
    process.stdout.write(`${readVersion()}\n`);
    return;
  }
  const settings = readSettings(values, process.env);
  try {
    await start(settings);
  } catch (error) {
    const explanation = explain(error, settings);
    if (explanation === undefined) throw error;
    process.stderr.write(`barewire: ${explanation}\n`);
    process.exitCode = 1;
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`barewire: ${error.message}\n`);
  process.exitCode = 2;
}
