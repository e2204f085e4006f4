/**
 * The I/O shell as a whole: one port for WebSockets (RFC 6455) and everything else (node:http), or a place on somebody
 * else's http server. It puts the parts together: listener.ts accepts and reads heads, upgrades.ts decides, socket.ts
 * is one open WebSocket. Here are the sockets, their topics, the deadlines, the memory that all hold, and the end.
 * Called by main.ts, bench/ and whoever imports the package.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import { type AttachableServer, type AttachOptions, attachTo, pathMatcher } from './attachments.ts';
import { CloseCode } from './close.ts';
import { ConnectionCounts } from './connection-counts.ts';
import {
  type DrainOptions,
  type ResolvedDrainOptions,
  reasonWithHint,
  resolveDrainOptions,
  retryAfter,
} from './drain.ts';
import type { UpgradeRequest } from './handshake.ts';
import { HeldAmounts } from './held-amounts.ts';
import { HttpHandover } from './http-handover.ts';
import type { HttpError, RequestHead } from './http-head.ts';
import { type ListenAddress, Listener, peerAddress } from './listener.ts';
import {
  type ResolvedOptions,
  resolveOptions,
  type ServerOptions,
  sweepInterval,
  type TlsCertificate,
} from './options.ts';
import { Pending } from './pending.ts';
import { PreparedMessage } from './prepared-message.ts';
import { Refusals, unavailable } from './refusals.ts';
import { onRejection } from './rejection.ts';
import type { Handlers, PublishOptions, Server, ServerCloseOptions } from './server-interface.ts';
import { SendResult, ServerSocket, type SocketHost, type WebSocket } from './socket.ts';
import { Topics } from './topics.ts';
import { clientAddress } from './trusted-proxies.ts';
import type { UpgradeDecision } from './upgrade-decision.ts';
import { tooManyConnections, type Upgraded, type UpgradeHost, Upgrades } from './upgrades.ts';

export type { Handlers, PublishOptions, Server, ServerCloseOptions } from './server-interface.ts';

/**
 * So many answers are written one right behind the other: whoever reads them is woken once and not for each, which on one
 * machine costs more than the write. Each waits for a few others, some 0.1 ms.
 */
const answeredAtOnce = 16;

/** So many sockets are written to in one turn of the event loop: some 0.1 ms, in which nobody else is heard. */
const flushedAtOnce = 16;

/**
 * Creates a server. The handlers object is used as it is, for all sockets.
 * @throws RangeError, TypeError for options that are out of range, naming them; TypeError for a handler that is missing
 *   or no function, naming it; what node:tls says of a bad certificate
 */
export function createServer<T>(handlers: Handlers<T>, options: ServerOptions = {}): Server<T> {
  checkHandlers(handlers);
  return new NodeServer(handlers, resolveOptions(options));
}

class NodeServer<T> implements Server<T>, SocketHost<T>, UpgradeHost<T> {
  readonly handlers: Handlers<T>;
  readonly options: ResolvedOptions;
  readonly sockets = new Set<ServerSocket<T>>();
  readonly pending: Pending<TcpSocket>;
  readonly counts: ConnectionCounts<TcpSocket>;
  readonly #listener: Listener;
  readonly #http: HttpHandover;
  readonly #upgrades: Upgrades<T>;
  readonly #refusals: Refusals;
  readonly #topics = new Topics<ServerSocket<T>>();
  readonly #held: HeldAmounts;
  readonly #detachments = new Set<() => void>();
  #answered: ServerSocket<T>[] = [];
  #flushing: NodeJS.Immediate | undefined;
  readonly #scheduled: ServerSocket<T>[] = [];
  #relieving = false;
  #stopSweeping: (() => void) | undefined;
  #stopping: HttpError | undefined;
  #stopped: Promise<void> | undefined;
  /** Called when something has gone, while the server stops. */
  #checkEmpty: (() => void) | undefined;

  constructor(handlers: Handlers<T>, options: ResolvedOptions) {
    this.handlers = handlers;
    this.options = options;
    this.pending = new Pending(options.maxPendingUpgrades);
    this.counts = new ConnectionCounts(options.maxConnectionsPerAddress);
    this.#held = new HeldAmounts(options.maxTotalHeldAmount);
    this.#refusals = new Refusals(
      options,
      (error) => this.report(error, undefined),
      () => this.emptied(),
    );
    this.#upgrades = new Upgrades(this);
    this.#listener = new Listener(this);
    this.#http = new HttpHandover(options.http, {
      upgrade: (stream, head, rest) => {
        if (this.#listener.has(stream)) this.upgrade(stream, head, rest);
        else stream.destroy();
      },
      refuse: (stream, error) => {
        if (this.#listener.has(stream)) this.refuse(stream, error);
        else stream.destroy();
      },
      report: (error) => this.report(error, undefined),
    });
  }

  get heldAmount(): number {
    return this.#held.total;
  }

  get failedTlsHandshakes(): number {
    return this.#listener.failedTlsHandshakes;
  }

  async listen(): Promise<ListenAddress> {
    this.#checkGoing();
    const address = await this.#listener.listen();
    this.#http.start();
    this.#startSweeping();
    return address;
  }

  attach(server: AttachableServer, options: AttachOptions = {}): () => void {
    const matches = pathMatcher(options);
    this.#checkGoing();
    const stop = attachTo(server, {
      matches: (path) => {
        try {
          return matches(path);
        } catch (error) {
          this.report(error, undefined);
          return false;
        }
      },
      upgrade: (stream, head, rest) => {
        // Connections of that server become ours here.
        if (this.sockets.size >= this.options.maxConnections) this.refuse(stream, tooManyConnections());
        else this.#upgrades.receive({ stream, head, rest, peerAddress: peerAddress(stream), counted: false });
      },
      refuse: (stream, error) => this.refuse(stream, error),
    });
    this.#startSweeping();
    const detach = (): void => {
      stop();
      this.#detachments.delete(detach);
    };
    this.#detachments.add(detach);
    return detach;
  }

  setCertificate(certificate: TlsCertificate): void {
    this.#listener.setCertificate(certificate);
  }

  addressOf(request: IncomingMessage): string {
    const { trustedProxies } = this.options;
    const peer = this.#listener.peerOf(request.socket)?.address ?? peerAddress(request.socket);
    const lines = request.headersDistinct[trustedProxies.kind] ?? [];
    return clientAddress(peer, new Map([[trustedProxies.kind, lines]]), trustedProxies);
  }

  publish(topic: string, data: string | Uint8Array, options: PublishOptions<T> = {}): number {
    let message: PreparedMessage | undefined;
    let count = 0;
    for (const socket of this.#topics.of(topic)) {
      message ??= new PreparedMessage(data);
      if (socket !== options.except && socket.send(message, options) !== SendResult.closed) count++;
    }
    return count;
  }

  #checkGoing(): void {
    if (this.#stopping !== undefined) throw new TypeError('The server has been stopped.');
  }

  // UpgradeHost and ListenerHost ----------------------------------------------------------------------------------

  get stopping(): HttpError | undefined {
    return this.#stopping;
  }

  upgrade(stream: TcpSocket, head: RequestHead, rest: Uint8Array): void {
    const peer = this.#listener.peerOf(stream);
    if (peer === undefined) stream.destroy();
    else this.#upgrades.receive({ stream, head, rest, peerAddress: peer.address, counted: peer.counted });
  }

  http(stream: TcpSocket, octets: Uint8Array): void {
    this.#http.take(stream, octets);
  }

  decide(request: UpgradeRequest): UpgradeDecision<T> | PromiseLike<UpgradeDecision<T>> {
    return this.handlers.upgrade(request);
  }

  open(upgraded: Upgraded<T>, rest: Uint8Array): void {
    const socket = new ServerSocket(this, upgraded);
    this.sockets.add(socket);
    socket.open(rest);
  }

  refuse(stream: TcpSocket, error: unknown): void {
    this.pending.delete(stream);
    this.#refusals.refuse(stream, error);
  }

  turnAway(stream: TcpSocket, error: HttpError): void {
    this.#refusals.turnAway(stream, error);
  }

  emptied(): void {
    this.#checkEmpty?.();
  }

  // SocketHost ----------------------------------------------------------------------------------------------------

  schedule(socket: ServerSocket<T>): void {
    this.#scheduled.push(socket);
    this.#flushSoon();
  }

  answered(socket: ServerSocket<T>): void {
    if (this.#answered.push(socket) < answeredAtOnce) this.#flushSoon();
    else this.#flushAnswered();
  }

  /** The check phase comes right after the poll phase, so all that this round of I/O caused goes out in one write. */
  #flushSoon(): void {
    this.#flushing ??= setImmediate(() => this.#flush());
  }

  #flushAnswered(): void {
    const sockets = this.#answered;
    this.#answered = [];
    for (const socket of sockets) socket.flush();
  }

  /** Writes what waits, a few at a time: a broadcast to thousands takes its time, in which others want to be heard. */
  #flush(): void {
    this.#flushing = undefined;
    this.#flushAnswered();
    const sockets = this.#scheduled;
    const count = Math.min(sockets.length, flushedAtOnce);
    for (let index = 0; index < count; index++) sockets[index]?.flush();
    // There may be no end of it: those that are written must not stay until the last one is.
    sockets.splice(0, count);
    if (sockets.length > 0) this.#flushSoon();
  }

  subscribe(socket: ServerSocket<T>, topic: string): void {
    this.#topics.subscribe(socket, topic);
  }

  unsubscribe(socket: ServerSocket<T>, topic: string): void {
    this.#topics.unsubscribe(socket, topic);
  }

  subscribes(socket: ServerSocket<T>): boolean {
    return this.#topics.has(socket);
  }

  held(difference: number): void {
    if (!this.#held.add(difference) || this.#relieving) return;
    this.#relieving = true;
    // Not here: this may be in the middle of what one of them does.
    setImmediate(() => this.#relieve());
  }

  #relieve(): void {
    this.#relieving = false;
    const { maxTotalHeldAmount } = this.options;
    for (const socket of this.#held.excess(this.sockets)) {
      const cause = `All peers together hold over ${maxTotalHeldAmount} octets of memory, this one among the most.`;
      socket.expel(CloseCode.tryAgainLater, cause);
    }
  }

  closed(socket: ServerSocket<T>): void {
    this.#topics.remove(socket);
    this.sockets.delete(socket);
    // After the `close` handler, which is called next.
    if (this.#checkEmpty !== undefined) queueMicrotask(this.#checkEmpty);
  }

  report(error: unknown, socket?: WebSocket<T>): void {
    if (this.handlers.error === undefined) {
      warn(error);
      return;
    }
    try {
      onRejection(this.handlers.error(error, socket), warn);
    } catch (second) {
      warn(second);
    }
  }

  // Deadlines and the end -----------------------------------------------------------------------------------------

  #startSweeping(): void {
    this.#stopSweeping ??= this.options.clock.every(sweepInterval, () => {
      const now = this.options.clock.now();
      this.pending.sweep(now);
      this.#refusals.sweep(now);
      // All of them: those whose peers have ended TCP may have octets that are not taken.
      for (const socket of this.sockets) socket.sweep(now);
    });
  }

  async drain(options: DrainOptions = {}): Promise<void> {
    const resolved = resolveDrainOptions(options, this.options.closeTimeout);
    this.#stopped ??= this.#stop(resolved);
    return this.#stopped;
  }

  close({ code = CloseCode.goingAway, reason = 'The server is stopping.' }: ServerCloseOptions = {}) {
    return this.drain({ code, reason });
  }

  async #stop(options: ResolvedDrainOptions): Promise<void> {
    const { clock } = this.options;
    this.#stopping = unavailable(
      'The server is stopping.',
      Math.max(1, Math.ceil(options.retryWindow / 1000)),
    );
    const stopped = this.#listener.stop();
    for (const detach of this.#detachments) detach();
    this.pending.endAll();
    this.#http.refuseAll(this.#stopping);
    const sockets = [...this.sockets];
    for (const [index, socket] of sockets.entries()) {
      const pause = retryAfter(index, sockets.length, options.retryWindow, Math.random);
      socket.close(options.code, reasonWithHint(options, pause));
    }
    const deadline = clock.now() + options.deadline;
    const stopWaiting = clock.every(sweepInterval, () => {
      this.#http.closeIdle();
      if (clock.now() >= deadline) this.#cutAll();
    });
    // The clock does not keep the process alive; sockets that are still open do.
    await stopped;
    // Node says so before the last connections have told their ends; the `close` handlers come first.
    await new Promise<void>((resolve) => {
      this.#checkEmpty = () => {
        if (this.#listener.size + this.sockets.size + this.#refusals.size === 0) resolve();
      };
      this.#checkEmpty();
    });
    stopWaiting();
    this.#stopSweeping?.();
    this.#http.stop();
  }

  #cutAll(): void {
    for (const socket of this.sockets) socket.cut('The server stopped, and the peer did not finish in time.');
    this.#refusals.destroyAll();
    this.#listener.destroyAll();
  }
}

const requiredHandlers = ['upgrade', 'message'] as const;
const optionalHandlers = ['open', 'ping', 'pong', 'drain', 'close', 'error'] as const;

/** What JavaScript callers may get wrong is an error here, and not at the first client. @throws TypeError */
function checkHandlers<T>(handlers: Handlers<T>): void {
  if (typeof handlers !== 'object' || handlers === null)
    throw new TypeError('createServer takes an object of handlers, with upgrade and message at least.');
  for (const name of requiredHandlers) checkHandler(name, handlers[name]);
  for (const name of optionalHandlers) {
    if (handlers[name] !== undefined) checkHandler(name, handlers[name]);
  }
}

function checkHandler(name: string, handler: unknown): void {
  if (typeof handler === 'function') return;
  const kind = typeof handler;
  const article = kind === 'object' ? 'an' : 'a';
  const what = handler === undefined || handler === null ? String(handler) : `${article} ${kind}`;
  throw new TypeError(`The handler ${name} is ${what}; it takes a function.`);
}

function warn(error: unknown): void {
  process.emitWarning(
    error instanceof Error ? error : new Error('A handler threw what is no Error.', { cause: error }),
  );
}
