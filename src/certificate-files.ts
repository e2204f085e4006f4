/**
 * The certificate and its key as files that others replace while the program runs, as certbot and Kubernetes do. Both
 * are read and tried together, so that connections never get a certificate without its key; whatever is wrong with new
 * ones is said once, and the old ones stay. Called by main.ts.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock } from './chat/clock.ts';
import type { TlsCertificate } from './index.ts';
import type { Logger } from './logger.ts';

/** Where the two are. */
export interface CertificatePaths {
  /** PEM: the certificate, behind it the chain. */
  readonly cert: string;
  /** PEM, without a passphrase. */
  readonly key: string;
}

/** The files cannot be used. The message is one line that names the file and what is wrong with it. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/** What the two files held at one moment. */
interface Pair extends TlsCertificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** How often the files are looked at, in milliseconds. They are small; reading them finds changes that times hide. */
const lookInterval = 5000;

export class CertificateFiles {
  readonly #paths: CertificatePaths;
  readonly #logger: Logger;
  #current: Pair;
  /** What was there at the last look, when that was not what is in use. */
  #seen: Pair | undefined;
  /** What was wrong at the last look. */
  #problem: string | undefined;
  #apply: (certificate: TlsCertificate) => void = () => {};
  #looking: Promise<void> | undefined;

  private constructor(paths: CertificatePaths, logger: Logger, pair: Pair) {
    this.#paths = paths;
    this.#logger = logger;
    this.#current = pair;
  }

  /** Reads both for the first time. @throws CertificateError */
  static async open(paths: CertificatePaths, logger: Logger): Promise<CertificateFiles> {
    const pair = await readPair(paths);
    checkPair(pair, paths);
    return new CertificateFiles(paths, logger, pair);
  }

  /** What is in use. */
  get certificate(): TlsCertificate {
    return this.#current;
  }

  /**
   * Looks at the files from now on, every five seconds. A new pair is used once two looks have found the same, for
   * whoever replaces the files does one after the other.
   * @param apply is given each new pair; when it throws, the old one stays
   * @returns a function that stops it
   */
  watch(clock: Clock, apply: (certificate: TlsCertificate) => void): () => void {
    this.#apply = apply;
    return clock.every(lookInterval, () => void this.look());
  }

  /** One look. Never rejects; one that comes while another is under way waits for that one. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** Reads and uses what is there now, whether or not it changed, as when a person asks. Never rejects. */
  async reload(): Promise<void> {
    await this.#looking;
    try {
      this.#use(await readPair(this.#paths));
    } catch (error) {
      this.#complain(error);
    }
  }

  async #look(): Promise<void> {
    try {
      const pair = await readPair(this.#paths);
      if (isSame(pair, this.#current)) {
        this.#seen = undefined;
        this.#problem = undefined;
      } else if (isSame(pair, this.#seen)) {
        this.#use(pair);
      } else {
        this.#seen = pair;
      }
    } catch (error) {
      const { message } = asError(error);
      if (message !== this.#problem) this.#complain(error);
      this.#problem = message;
    }
  }

  #use(pair: Pair): void {
    const certificate = checkPair(pair, this.#paths);
    this.#apply(pair);
    this.#current = pair;
    this.#problem = undefined;
    this.#logger.info(
      { file: this.#paths.cert, validTo: certificate.validTo },
      'the certificate was read again and is used from now on',
    );
  }

  #complain(error: unknown): void {
    const text = `the old certificate stays: ${asError(error).message}`;
    this.#logger.error({ file: this.#paths.cert }, text);
  }
}

function isSame(one: Pair, other: Pair | undefined): boolean {
  return other !== undefined && one.cert.equals(other.cert) && one.key.equals(other.key);
}

async function readPair({ cert, key }: CertificatePaths): Promise<Pair> {
  return { cert: await read(cert), key: await read(key) };
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new CertificateError(`The file ${path} cannot be read (${String(code)}).`);
  }
}

/** @throws CertificateError for what node:tls would refuse in words for nobody */
function checkPair(pair: Pair, paths: CertificatePaths): X509Certificate {
  const certificate = parseCertificate(pair.cert, paths.cert);
  if (!certificate.checkPrivateKey(parseKey(pair.key, paths.key))) {
    throw new CertificateError(
      `The key in ${paths.key} is not that of the first certificate in ${paths.cert}.`,
    );
  }
  return certificate;
}

function parseCertificate(octets: Buffer, path: string): X509Certificate {
  try {
    // X509Certificate takes DER as well, node:tls does not.
    if (octets.includes('-----BEGIN ')) return new X509Certificate(octets);
  } catch {
    // Said below.
  }
  throw new CertificateError(`${path} holds no certificate in PEM form.`);
}

function parseKey(octets: Buffer, path: string): KeyObject {
  try {
    return createPrivateKey(octets);
  } catch {
    throw new CertificateError(
      `${path} holds no private key in PEM form that can be used without a passphrase.`,
    );
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
