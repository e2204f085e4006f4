/**
 * From the head of a request to a WebSocket (RFC 6455 §4.2): the head is judged, the application decides, at once or
 * later, and the socket is handed over, or the request is refused. While a decision is awaited what the client sends
 * already is kept, and a client that goes away costs nothing. Called by server.ts.
 */
import { Buffer } from 'node:buffer';
import type { Socket as TcpSocket } from 'node:net';
import type { ConnectionCounts } from './connection-counts.ts';
import { type AcceptableRequest, checkUpgradeRequest } from './handshake.ts';
import type { HttpError, RequestHead } from './http-head.ts';
import type { ResolvedOptions } from './options.ts';
import type { Pending, PendingEnd } from './pending.ts';
import { unavailable } from './refusals.ts';
import { isThenable } from './rejection.ts';
import { clientAddress } from './trusted-proxies.ts';
import { type Agreed, agree, checkDecision, type UpgradeDecision } from './upgrade-decision.ts';
import { IncomingRequest, type UpgradeRequest } from './upgrade-request.ts';

/** What came in, and where from. */
export interface Upgrade {
  /** TCP or TLS. Its errors are listened to. */
  readonly stream: TcpSocket;
  readonly head: RequestHead;
  /** The octets behind the head. */
  readonly rest: Uint8Array;
  /** IP address of the peer: of the last proxy when there are any, unless a PROXY header named the client. */
  readonly peerAddress: string;
  /** Whether the connection has been counted for its address already. */
  readonly counted: boolean;
}

/** A WebSocket that may be opened: the reply has to be written. */
export interface Upgraded<T> extends Agreed {
  readonly stream: TcpSocket;
  readonly request: UpgradeRequest;
  readonly data: T;
}

export interface UpgradeHost<T> {
  readonly options: ResolvedOptions;
  readonly pending: Pending<TcpSocket>;
  readonly counts: ConnectionCounts<TcpSocket>;
  /** Why no WebSocket is opened any more, once the server stops. */
  readonly stopping: HttpError | undefined;
  decide(request: UpgradeRequest): UpgradeDecision<T> | PromiseLike<UpgradeDecision<T>>;
  /** @param rest what the client has sent behind its request */
  open(upgraded: Upgraded<T>, rest: Uint8Array): void;
  refuse(stream: TcpSocket, error: unknown): void;
  turnAway(stream: TcpSocket, error: HttpError): void;
}

export class Upgrades<T> {
  readonly #host: UpgradeHost<T>;

  constructor(host: UpgradeHost<T>) {
    this.#host = host;
  }

  /** Takes the stream over: opens a WebSocket on it, now or later, or refuses. Never throws. */
  receive(upgrade: Upgrade): void {
    const { stream } = upgrade;
    if (stream.destroyed) return;
    try {
      this.#receive(upgrade);
    } catch (error) {
      this.#host.refuse(stream, error);
    }
  }

  #receive({ stream, head, rest, peerAddress, counted }: Upgrade): void {
    const { options, stopping } = this.#host;
    const checked = checkUpgradeRequest(head, options);
    if (stopping !== undefined) throw stopping;
    const remoteAddress = clientAddress(peerAddress, head.fields, options.trustedProxies);
    if (!counted) this.#count(stream, remoteAddress);
    const secure = 'encrypted' in stream && stream.encrypted === true;
    const request = new IncomingRequest(head, checked.request, remoteAddress, secure);
    const decision = this.#host.decide(request);
    if (isThenable(decision)) this.#wait(stream, checked, request, decision, rest);
    else this.#decided(stream, checked, request, decision, rest);
  }

  /** Connections of trusted proxies are counted here, for the client behind them. */
  #count(stream: TcpSocket, address: string): void {
    const { counts } = this.#host;
    if (!counts.enter(stream, address)) throw tooManyFromAddress();
    stream.once('close', () => counts.leave(stream));
  }

  #decided(
    stream: TcpSocket,
    checked: AcceptableRequest,
    request: UpgradeRequest,
    decision: UpgradeDecision<T>,
    rest: Uint8Array,
  ): void {
    const acceptance = checkDecision(decision);
    const agreed = agree(checked, request, acceptance, this.#host.options);
    this.#host.pending.delete(stream);
    // It went while this was decided, or the handler has stopped the server, which has answered for us.
    if (!stream.writable) {
      stream.destroySoon();
      return;
    }
    stream.setTimeout(0);
    const { protocol, extensions, deflate, reply } = agreed;
    const { data } = acceptance;
    this.#host.open({ stream, request, data, protocol, extensions, deflate, reply }, rest);
  }

  #wait(
    stream: TcpSocket,
    checked: AcceptableRequest,
    request: IncomingRequest,
    decision: PromiseLike<UpgradeDecision<T>>,
    rest: Uint8Array,
  ): void {
    const { options, pending } = this.#host;
    const early = new EarlyOctets(stream, rest);
    let waiting = true;
    /** Whether the result still is of interest; it is so once. */
    const stop = (): boolean => {
      const first = waiting;
      waiting = false;
      if (!first) return false;
      stream.off('close', gone);
      pending.delete(stream);
      return true;
    };
    const gone = (): void => {
      if (stop()) request.cancel();
    };
    stream.on('close', gone);
    pending.set(stream, {
      deadline: options.clock.now() + options.upgradeTimeout,
      end: (because) => {
        if (!stop()) return;
        early.take();
        request.cancel();
        this.#end(stream, because);
      },
    });
    Promise.resolve(decision).then(
      (made) => {
        if (!stop()) return;
        const received = early.take();
        try {
          this.#decided(stream, checked, request, made, received);
        } catch (error) {
          this.#host.refuse(stream, error);
        }
      },
      (error: unknown) => {
        if (!stop()) return;
        early.take();
        this.#host.refuse(stream, error);
      },
    );
  }

  #end(stream: TcpSocket, because: PendingEnd): void {
    if (because === 'late') {
      this.#host.refuse(stream, unavailable('The server did not decide on the request in time.'));
    } else {
      this.#host.turnAway(stream, this.#host.stopping ?? tooManyPending());
    }
  }
}

/** For whoever comes when all places are taken. */
export function tooManyConnections(): HttpError {
  return unavailable('The server has as many connections as it takes. Try again later.');
}

/** For a client whose address has as many connections as one may have. */
export function tooManyFromAddress(): HttpError {
  return unavailable('Your address has as many connections as one may have. Close some first.');
}

/** For the oldest of too many that wait. */
export function tooManyPending(): HttpError {
  return unavailable('The server has as many unanswered requests as it takes. Try again.', 1);
}

/** How many octets behind a head are kept while a decision is awaited; then the client has to wait with more. */
const earlyLimit = 16 * 1024;
/** What a chunk costs besides its octets, so that many small ones are not a way around the limit. */
const chunkOverhead = 256;

/** What a client sends before it is answered. Read, and not left in TCP, because only so its going away is noticed. */
class EarlyOctets {
  readonly #stream: TcpSocket;
  readonly #chunks: Uint8Array[];
  #length: number;

  constructor(stream: TcpSocket, rest: Uint8Array) {
    this.#stream = stream;
    // Both are only lent.
    this.#chunks = [Buffer.from(rest)];
    this.#length = rest.length;
    stream.on('data', this.#receive);
    stream.on('end', this.#end);
    stream.resume();
  }

  /** All of it; reading goes on with whoever listens next. */
  take(): Uint8Array {
    this.#stream.off('data', this.#receive);
    this.#stream.off('end', this.#end);
    const [only] = this.#chunks;
    return this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
  }

  readonly #receive = (chunk: Buffer): void => {
    this.#chunks.push(Buffer.from(chunk));
    this.#length += chunk.length + chunkOverhead;
    if (this.#length > earlyLimit) this.#stream.pause();
  };

  /** Who ends its side here could not answer a Close any more. */
  readonly #end = (): void => {
    this.#stream.destroy();
  };
}
