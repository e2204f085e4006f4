/**
 * The whole server out of its parts: database, chat, transports, APIs, pages, on one port; and how it ends. Made by
 * main.ts, and by tests, which change clocks, limits and directories.
 */
import type { IncomingMessage } from 'node:http';
import { Chat } from './chat/chat.ts';
import type { Clock } from './chat/clock.ts';
import { Database } from './chat/database.ts';
import { type Member, maximumEventLength } from './chat/events.ts';
import { isEncrypted } from './chat/http/credential.ts';
import { createEventsApi, type EventsApi } from './chat/http/events-api.ts';
import { createSessionApi, credentialOf } from './chat/http/session-api.ts';
import { type Webhook, Webhooks } from './chat/http/webhooks.ts';
import { Identities, type IdentitiesOptions } from './chat/identity.ts';
import { Images } from './chat/images.ts';
import type { ChatRates } from './chat/limits.ts';
import { Moderation } from './chat/moderation.ts';
import { Rooms } from './chat/rooms.ts';
import { acceptFor } from './chat/session.ts';
import { SqliteLog } from './chat/sqlite-log.ts';
import { createServer, type Server, type ServerOptions } from './index.ts';
import type { Logger } from './logger.ts';
import { createSite } from './site.ts';
import { type AllowedOrigins, isAllowedOrigin } from './transports/answers.ts';
import { createTransports, type Transports } from './transports/transports.ts';
import { type SocketData, webSocketOptions } from './transports/websocket.ts';

export interface AssemblyOptions {
  /** The data directory. */
  readonly data: string;
  /** Where the built pages are; they may be built after the start. */
  readonly pages: string;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whose pages may connect and ask. Default `same-origin`. */
  readonly allowedOrigins?: AllowedOrigins;
  /** Keys of backends. Default none. */
  readonly apiKeys?: readonly string[];
  /** Default none. */
  readonly webhooks?: readonly Webhook[];
  /** What webhooks are signed with. */
  readonly webhookSecret?: string;
  /** What it takes to come in, and how long a token lives. */
  readonly identities?: IdentitiesOptions;
  /** Of the chat. */
  readonly rates?: Partial<ChatRates>;
  /** Of the server: where it listens, TLS, proxies, limits. */
  readonly server?: Omit<ServerOptions, 'http' | 'allowedOrigins'>;
}

export interface Assembly {
  readonly chat: Chat;
  readonly database: Database;
  readonly images: Images;
  readonly transports: Transports;
  /** It does not listen yet. */
  readonly server: Server<SocketData>;
  /**
   * Stops in good order: everybody is told and asked to come back within the window, what is under way is carried out.
   * @param deadline milliseconds after which whoever has not finished is cut
   */
  drain(options: { readonly deadline: number; readonly retryWindow: number }): Promise<void>;
  /** Lets go of everything, at once. The server must have stopped, or never have listened. */
  end(): void;
}

/** Puts the parts together. @throws DataDirectoryError; RangeError, TypeError for options of the server */
export function assemble(options: AssemblyOptions): Assembly {
  const { clock, logger, allowedOrigins = 'same-origin' } = options;
  const database = new Database(options.data);
  try {
    return new Parts(options, clock, logger, allowedOrigins, database);
  } catch (error) {
    database.close();
    throw error;
  }
}

class Parts implements Assembly {
  readonly chat: Chat;
  readonly database: Database;
  readonly images: Images;
  readonly transports: Transports;
  readonly server: Server<SocketData>;
  readonly #events: EventsApi;
  readonly #webhooks: Webhooks | undefined;
  readonly #stopSweeping: () => void;

  constructor(
    options: AssemblyOptions,
    clock: Clock,
    logger: Logger,
    allowedOrigins: AllowedOrigins,
    database: Database,
  ) {
    this.database = database;
    this.images = new Images(database, options.data);
    const log = new SqliteLog(database);
    const identities = new Identities(database, options.identities);
    const rooms = new Rooms(database, log, (memberId) => identities.isOwner(memberId));
    const chat = new Chat({
      log,
      rooms,
      identities,
      moderation: new Moderation(database, rooms, identities),
      findImage: (id) => this.images.find(id),
      releaseImage: (id, now) => this.images.release(id, now),
      clock,
      logger,
      ...(options.rates === undefined ? {} : { rates: options.rates }),
    });
    this.chat = chat;
    const memberOfToken = async (token: string | undefined): Promise<Member | undefined> => {
      if (token === undefined) return undefined;
      const found = await identities.authenticate(token, clock.now());
      return found.status === 'known' ? found.member : undefined;
    };
    // Whose page asks has been looked at before, for everything under /api/.
    const memberOf = (request: IncomingMessage) => memberOfToken(credentialOf(request.headers));
    const addressOf = (request: IncomingMessage) => this.server.addressOf(request);
    this.transports = createTransports({
      accept: acceptFor(chat),
      credentialOf,
      isSameClient: async (one, other) => {
        const [first, second] = await Promise.all([memberOfToken(one), memberOfToken(other)]);
        return first !== undefined && first.id === second?.id;
      },
      addressOf,
      allowedOrigins,
      maxMessageLength: maximumEventLength,
      clock,
      logger,
    });
    this.#events = createEventsApi({
      chat,
      keys: options.apiKeys ?? [],
      memberOf,
      addressOf,
      logger,
    });
    const session = createSessionApi({
      chat,
      allowsOrigin: (request) => isAllowedOrigin(request, allowedOrigins),
      addressOf,
      // Behind a proxy that has taken TLS off, the page's origin says it.
      isSecure: (request) => isEncrypted(request) || /^https:/i.test(request.headers.origin ?? ''),
    });
    this.server = createServer(this.transports.handlers, {
      maxMessageLength: maximumEventLength,
      ...webSocketOptions,
      ...options.server,
      allowedOrigins: allowedOrigins === 'same-origin' ? 'same-origin' : allowedOrigins,
      http: createSite({
        apis: [this.transports, session, this.#events],
        images: this.images,
        buckets: chat.uploadBuckets,
        memberOf,
        logger,
        clock,
        pages: options.pages,
        version: options.version,
        health: () => ({ connections: chat.peerCount, transports: this.transports.counts }),
        addressOf,
        allowedOrigins,
      }),
    });
    const { webhooks: hooks = [], webhookSecret: secret = '' } = options;
    this.#webhooks =
      hooks.length === 0 ? undefined : new Webhooks({ database, log, clock, logger, hooks, secret });
    this.#stopSweeping = this.images.sweepHourly(clock, (id) => log.refersToImage(id), logger);
  }

  async drain({ deadline, retryWindow }: { deadline: number; retryWindow: number }): Promise<void> {
    this.chat.announceRestart(retryWindow);
    // Streams and polls before the server refuses requests, so that their clients hear why.
    this.transports.drain({ retryWindow });
    this.#events.stop();
    await this.server.drain({ deadline, retryWindow });
    await this.chat.idle();
    await this.#webhooks?.stop();
    this.end();
  }

  end(): void {
    void this.#webhooks?.stop();
    this.#stopSweeping();
    this.#events.stop();
    this.transports.stop();
    this.chat.stop();
    this.database.close();
  }
}
