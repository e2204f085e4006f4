/**
 * The program: starts what assembly.ts puts together, as settings.ts has read it from flags and environment, and stops
 * it in good order. Prints one line on standard output, the address; everything else goes to standard error. Run by
 * `npm start`, or built as `node dist/main.js`.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Logger, pino } from 'pino';
import { type Assembly, assemble } from './assembly.ts';
import { CertificateError, CertificateFiles } from './certificate-files.ts';
import { systemClock } from './chat/clock.ts';
import { type Database, DataDirectoryError } from './chat/database.ts';
import { readSettings, type Settings, UsageError, usage } from './settings.ts';

/** Clients come back over this many milliseconds after a restart, so that they do not all come at once. */
const retryWindow = 5000;
/** Milliseconds for clients to answer the Close, and for uploads that are under way. */
const drainDeadline = 6000;
/** Milliseconds within which a stop is over, whatever does not end: less than the ten that container runtimes give. */
const stopTimeout = 8000;

function readVersion(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const hasVersion = typeof file === 'object' && file !== null && 'version' in file;
  return hasVersion && typeof file.version === 'string' ? file.version : 'unknown';
}

async function start(settings: Settings): Promise<void> {
  // Written at once, so that the last words before an end are not lost.
  const logger = pino({ level: settings.logLevel }, pino.destination({ dest: 2, sync: true }));
  const { certificate: paths } = settings;
  const certificate = paths && (await CertificateFiles.open(paths, logger));
  const assembly = assemble({
    data: settings.data,
    pages: fileURLToPath(new URL('../dist/public/', import.meta.url)),
    version: readVersion(),
    clock: systemClock,
    logger,
    allowedOrigins: settings.origins.length === 0 ? 'same-origin' : settings.origins,
    apiKeys: settings.apiKeys,
    webhooks: settings.webhooks,
    webhookSecret: settings.webhookSecret,
    identities: {
      entry: { serverPassword: settings.serverPassword, invitationOnly: settings.invitationOnly },
    },
    server: {
      port: settings.port,
      host: settings.host,
      tls: certificate?.certificate,
      trustedProxies: settings.trustedProxies,
      proxyProtocol: settings.proxyProtocol,
    },
  });
  await listen(settings, assembly).catch((error: unknown) => {
    assembly.end();
    throw error;
  });
  const { server, database } = assembly;
  const stopWatching = certificate?.watch(systemClock, (pair) => server.setCertificate(pair));
  // Without a certificate the signal does what it always does: the terminal is gone, and so is the program.
  if (certificate !== undefined) process.on('SIGHUP', () => void certificate.reload());

  const stop = async (): Promise<void> => {
    await assembly.drain({ deadline: drainDeadline, retryWindow });
    stopWatching?.();
  };
  stopOnSignal(stop, database, logger);
}

/** Has the server listen, and prints where; and, while nobody owns it, how to. */
async function listen(settings: Settings, { server, chat }: Assembly): Promise<void> {
  const address = await server.listen();
  const scheme = settings.certificate === undefined ? 'http' : 'https';
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  const url = `${scheme}://${host}:${address.port}`;
  process.stdout.write(`barewire chat on ${url}\n`);
  const { ownerCode } = chat.identities;
  if (ownerCode === undefined) return;
  const [page = url] = settings.origins;
  process.stderr.write(
    `barewire: nobody owns this server yet. Sign in and open ${page}/#/claim/${ownerCode} to be its owner.\n`,
  );
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
function explain(error: unknown, { port, host, certificate }: Settings): string | undefined {
  if (error instanceof DataDirectoryError || error instanceof CertificateError) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EADDRINUSE')
    return `Port ${port} on ${host} is in use. Stop what has it, or take another with --port N.`;
  if (code === 'EACCES')
    return `Port ${port} needs rights that this user has not. Take one above 1023 with --port N.`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return `${host} is no address of this machine. Name one with --host H, or 0.0.0.0 for all.`;
  }
  if (error instanceof Error && certificate !== undefined && /^ERR_(?:OSSL|SSL)_/.test(code))
    return `The certificate in ${certificate.cert} cannot be used (${code}).`;
  return undefined;
}

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2), process.env);
  if (settings === 'help') {
    process.stdout.write(usage);
    return;
  }
  if (settings === 'version') {
    process.stdout.write(`${readVersion()}\n`);
    return;
  }
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
