/**
 * Passwords: kept as scrypt hashes (RFC 7914) with their own salt and parameters, so that these can be raised later.
 * Hashing is made slow on purpose, so it runs beside the event loop, few at a time, with a short queue: a flood of
 * sign-ins is refused and holds up nothing else. Wrong tries are counted per name and per address. Called by
 * identity.ts.
 */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { KeyedBuckets, type Rate } from './limits.ts';
import { checkRate, Refusal } from './refusal.ts';

/** scrypt's cost: memory and time grow with `cost`, which is a power of two, times `blockSize`; time with `parallel`. */
export interface PasswordCost {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallel: number;
}

/** 32 MiB and about a quarter of a second: as much as OWASP's password storage cheat sheet asks for. */
const defaultCost: PasswordCost = { cost: 2 ** 15, blockSize: 8, parallel: 3 };

/** Of Node's four threads for such work, two stay free for files. */
const maximumRunning = 2;
const maximumWaiting = 16;
/** Milliseconds after which one who found the queue full should try again. */
const queueRetryAfter = 3000;

const saltLength = 16;
const hashLength = 32;
const storedGrammar = /^scrypt\$(\d{1,8})\$(\d{1,3})\$(\d{1,3})\$([A-Za-z0-9_-]+)\$([A-Za-z0-9_-]+)$/;

export class Passwords {
  readonly #cost: PasswordCost;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param cost of hashes that are made; those that are stored are checked with their own */
  constructor(cost: PasswordCost = defaultCost) {
    this.#cost = cost;
  }

  /** What to keep instead of a password. @throws Refusal `rate-limited` when too many wait */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(saltLength);
    const { cost, blockSize, parallel } = this.#cost;
    const hash = await this.#derive(password, salt, this.#cost);
    return ['scrypt', cost, blockSize, parallel, salt.toString('base64url'), hash.toString('base64url')].join(
      '$',
    );
  }

  /**
   * Whether that is the password that a hash was made from.
   * @throws Refusal `rate-limited` when too many wait
   * @throws TypeError when what is stored is no such hash
   */
  async verify(password: string, stored: string): Promise<boolean> {
    const [, cost, blockSize, parallel, salt = '', hash = ''] = storedGrammar.exec(stored) ?? [];
    if (hash === '')
      throw new TypeError('chat.db: a password is stored in a form that this version does not know.');
    const expected = Buffer.from(hash, 'base64url');
    const actual = await this.#derive(password, Buffer.from(salt, 'base64url'), {
      cost: Number(cost),
      blockSize: Number(blockSize),
      parallel: Number(parallel),
    });
    return expected.length === actual.length && timingSafeEqual(expected, actual);
  }

  async #derive(
    password: string,
    salt: Buffer,
    { cost, blockSize, parallel }: PasswordCost,
  ): Promise<Buffer> {
    await this.#take();
    try {
      // Twice what is needed (RFC 7914 §5): Node refuses to go to the limit itself.
      const options = { N: cost, r: blockSize, p: parallel, maxmem: 256 * cost * blockSize };
      // The same password may be typed in another spelling on another machine.
      return await deriveKey(password.normalize('NFKC'), salt, options);
    } finally {
      // Whoever waits is handed the place, so that nobody slips in before.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  async #take(): Promise<void> {
    if (this.#running < maximumRunning) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= maximumWaiting) {
      const message = 'Too many passwords are being checked: try again in a few seconds.';
      throw new Refusal('rate-limited', message, { retryAfter: queueRetryAfter });
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

function deriveKey(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hashLength, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** Wrong tries on one name, from everywhere: enough for a forgetful owner, who otherwise comes back with a token. */
const nameRate: Rate = { burst: 20, perSecond: 1 / 60 };
/** Wrong tries from one address, on whatever name or code. */
const addressRate: Rate = { burst: 10, perSecond: 1 / 30 };

/** Counts wrong tries at secrets, so that nobody can guess one. */
export class SecretTries {
  readonly #names = new KeyedBuckets(nameRate);
  readonly #addresses = new KeyedBuckets(addressRate);

  /**
   * Counts a try before it is judged, so that many at once are counted too.
   * @param name what the secret belongs to, when it is one of many
   * @returns what takes it back, to be called when the secret was right
   * @throws Refusal `rate-limited`
   */
  take(address: string, name: string | undefined, now: number): () => void {
    const what = 'Too many wrong tries';
    checkRate(this.#addresses.take(address, now), `${what} from your address`);
    const retryAfter = name === undefined ? 0 : this.#names.take(name, now);
    if (retryAfter > 0) this.#addresses.giveBack(address);
    checkRate(retryAfter, `${what} for this name`);
    return () => {
      this.#addresses.giveBack(address);
      if (name !== undefined) this.#names.giveBack(name);
    };
  }

  /** Forgets those whose tries are long ago. */
  sweep(now: number): void {
    this.#names.sweep(now);
    this.#addresses.sweep(now);
  }
}
