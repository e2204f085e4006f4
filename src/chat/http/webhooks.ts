/**
 * What happens in a room, told to the host's own programs: each new event is POSTed to the room's URL, in order, at
 * least once. How far a receiver has come is in the database, so neither a restart here nor a failure there loses
 * anything; the chat waits for neither. The bodies are signed, so that a receiver knows who speaks. Started by main.ts.
 */
import { createHmac } from 'node:crypto';
import type { Logger } from '../../logger.ts';
import type { Clock } from '../clock.ts';
import { type Database, numberOf, textOf } from '../database.ts';
import type { RoomEvent } from '../events.ts';
import type { Log } from '../log.ts';

/** A room, and where its events go. */
export interface Webhook {
  readonly room: string;
  /** http or https, without user and password. */
  readonly url: string;
}

export interface WebhooksOptions {
  readonly database: Database;
  readonly log: Log;
  readonly clock: Clock;
  readonly logger: Logger;
  /** At most one for each room. A room that had none before begins with what comes from now on. */
  readonly hooks: readonly Webhook[];
  /** What the signatures are made with. */
  readonly secret: string;
  /** Default: Node's own. */
  readonly fetch?: typeof fetch;
}

/** Events in one POST. */
const batchLength = 100;
/** Milliseconds for a receiver to answer. */
const answerTimeout = 10_000;
/** Milliseconds before the second try, and the most that there may be between two. Each wait is twice the one before. */
const firstRetry = 1000;
const longestRetry = 60 * 60 * 1000;
/** A receiver that has failed for that many milliseconds is left alone until the server is started again. */
const patience = 3 * 24 * 60 * 60 * 1000;
/** How often it is looked for what is due, in milliseconds. */
const lookInterval = 500;

/** Milliseconds to wait after so many failures in a row; undefined when it is time to give up. */
export function retryDelay(failures: number): number | undefined {
  let waited = 0;
  let delay = firstRetry;
  for (let failure = 1; failure < failures; failure++) {
    waited += delay;
    delay = Math.min(2 * delay, longestRetry);
  }
  return waited < patience ? delay : undefined;
}

/** What the signature field of a POST says. @param time milliseconds, which a receiver compares with its own */
export function signatureOf(secret: string, time: number, body: string): string {
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`;
}

/** Reads `ROOM=URL`; undefined when it is not that. */
export function readWebhook(text: string): Webhook | undefined {
  const [, room, target = ''] = /^([a-z0-9][a-z0-9-]{0,63})=(.+)$/.exec(text) ?? [];
  if (room === undefined || !URL.canParse(target)) return undefined;
  const { protocol, username, password, href } = new URL(target);
  const isPlain = /^https?:$/.test(protocol) && username === '' && password === '';
  return isPlain ? { room, url: href } : undefined;
}

interface Receiver extends Webhook {
  /** Offset of the newest event that was taken. */
  position: number;
  failures: number;
  /** Not before this time. */
  retryAt: number;
  /** It said that it wants no more, or has failed for too long. */
  isStopped: boolean;
  isBusy: boolean;
}

export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #receivers = new Map<string, Receiver>();
  readonly #work = new Set<Promise<void>>();
  readonly #end = new AbortController();
  readonly #stops: readonly (() => void)[];

  /** Begins at once with what a receiver has not got yet. */
  constructor(options: WebhooksOptions) {
    this.#options = options;
    const { log, clock } = options;
    for (const hook of options.hooks) this.#receivers.set(hook.room, this.#find(hook));
    this.#save(() => this.#keepOnlyThese());
    this.#stops = [
      log.onStored(({ room }) => {
        const receiver = this.#receivers.get(room);
        if (receiver !== undefined) this.#look(receiver);
      }),
      clock.every(lookInterval, () => {
        for (const receiver of this.#receivers.values()) this.#look(receiver);
      }),
    ];
    for (const receiver of this.#receivers.values()) this.#look(receiver);
  }

  /** Ends what is under way; it will be sent again by the next process. Resolves when the database is no longer used. */
  async stop(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#end.abort();
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  /** Where a receiver is, from the database; a new one is where the log is. */
  #find(hook: Webhook): Receiver {
    const { database, log } = this.#options;
    const row = database.get('SELECT url, position, failures, retry_at FROM webhook WHERE room = ?', [
      hook.room,
    ]);
    const fresh = { ...hook, failures: 0, retryAt: 0, isStopped: false, isBusy: false };
    if (row === undefined) return { ...fresh, position: log.newest };
    const position = numberOf(row, 'position');
    const failures = numberOf(row, 'failures');
    // Another address is another receiver; and who starts the server anew wants it tried again.
    if (textOf(row, 'url') !== hook.url || retryDelay(failures) === undefined) return { ...fresh, position };
    return { ...fresh, position, failures, retryAt: numberOf(row, 'retry_at') };
  }

  #keepOnlyThese(): void {
    const { database } = this.#options;
    for (const row of database.all('SELECT room FROM webhook')) {
      const room = textOf(row, 'room');
      if (!this.#receivers.has(room)) database.run('DELETE FROM webhook WHERE room = ?', [room]);
    }
    for (const receiver of this.#receivers.values()) this.#store(receiver);
  }

  #store({ room, url, position, failures, retryAt }: Receiver): void {
    // The secret is the host's, from the command line, and has no business on the disk.
    this.#options.database.run(
      `INSERT INTO webhook (room, url, secret, position, failures, retry_at) VALUES (?, ?, '', ?, ?, ?)
       ON CONFLICT (room) DO UPDATE SET url = excluded.url, position = excluded.position,
         failures = excluded.failures, retry_at = excluded.retry_at`,
      [room, url, position, failures, retryAt],
    );
  }

  /** Sends what is due to a receiver, unless it is being sent something. */
  #look(receiver: Receiver): void {
    const isDue = receiver.retryAt <= this.#options.clock.now();
    if (receiver.isStopped || receiver.isBusy || !isDue || this.#end.signal.aborted) return;
    receiver.isBusy = true;
    const sent = this.#send(receiver)
      .catch((error: unknown) => {
        // Not the receiver's fault: the log could not be read. The next look tries again.
        this.#options.logger.error({ err: error, room: receiver.room }, 'a webhook could not be served');
      })
      .finally(() => {
        receiver.isBusy = false;
      });
    this.#track(sent);
  }

  /** Sends batch after batch until there is nothing more, or one is not taken. */
  async #send(receiver: Receiver): Promise<void> {
    // Not in the middle of whoever stored the event.
    await Promise.resolve();
    while (!this.#end.signal.aborted) {
      const events = this.#options.log.readAfter([receiver.room], receiver.position, batchLength);
      const last = events.at(-1);
      if (last === undefined) return;
      const answer = await this.#post(receiver, events);
      if (this.#end.signal.aborted) return;
      if (answer === 'taken') {
        receiver.position = last.offset;
        receiver.failures = 0;
        receiver.retryAt = 0;
      } else this.#fail(receiver, answer);
      this.#save(() => this.#store(receiver));
      if (answer !== 'taken') return;
    }
  }

  #fail(receiver: Receiver, why: string | number): void {
    const { clock, logger } = this.#options;
    const { room, url } = receiver;
    const delay = why === 410 ? undefined : retryDelay(++receiver.failures);
    receiver.isStopped = delay === undefined;
    receiver.retryAt = clock.now() + (delay ?? 0);
    // The address may have a secret in its query.
    const details = { room, host: new URL(url).host, why, failures: receiver.failures };
    if (delay !== undefined) logger.warn(details, 'a webhook failed and is tried again');
    else logger.error(details, 'a webhook is stopped until the next start');
  }

  /** @returns `taken`, or the status or the error that says otherwise */
  async #post(receiver: Receiver, events: readonly RoomEvent[]): Promise<'taken' | string | number> {
    const { log, clock, secret } = this.#options;
    const body = JSON.stringify({ room: receiver.room, epoch: log.epoch, events });
    // One controller for both: AbortSignal.any would keep what it was made of for too long.
    const limit = new AbortController();
    const abort = (): void => limit.abort(new Error(`no answer within ${answerTimeout} ms`));
    const timer = setTimeout(abort, answerTimeout);
    this.#end.signal.addEventListener('abort', abort, { once: true });
    try {
      const response = await (this.#options.fetch ?? fetch)(receiver.url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': 'barewire',
          'X-Barewire-Signature': signatureOf(secret, clock.now(), body),
        },
        body,
        // What is signed is for that address and no other.
        redirect: 'manual',
        signal: limit.signal,
      });
      await response.body?.cancel();
      return response.ok ? 'taken' : response.status;
    } catch (error) {
      const cause = error instanceof Error ? (error.cause ?? error) : error;
      return cause instanceof Error ? cause.message : String(cause);
    } finally {
      clearTimeout(timer);
      this.#end.signal.removeEventListener('abort', abort);
    }
  }

  #save(work: () => void): void {
    const written = this.#options.database.write(work).catch((error: unknown) => {
      this.#options.logger.error({ err: error }, 'how far a webhook has come was not stored');
    });
    this.#track(written);
  }

  #track(work: Promise<void>): void {
    this.#work.add(work);
    void work.then(() => this.#work.delete(work));
  }
}
