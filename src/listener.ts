/**
 * From TCP to the head of a request: accepts connections within the limits, reads a PROXY header where one is due, has
 * TLS done, and reads heads (RFC 9112 §2) until it is known whose they are. Called by server.ts.
 */
import { createServer, type Server as TcpServer, type Socket as TcpSocket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { ConnectionCounts } from './connection-counts.ts';
import { wantsWebSocket } from './handshake.ts';
import { HeadReader, HttpError, parseRequestHead, type RequestHead } from './http-head.ts';
import { normaliseIpAddress } from './ip-address.ts';
import { acceptLent, LentSocket, type Peer, type StreamOwner } from './lent-socket.ts';
import { checkCertificate, type ResolvedOptions, type TlsCertificate } from './options.ts';
import type { Pending, PendingEnd, PendingEntry } from './pending.ts';
import { ProxyHeaderReader } from './proxy-protocol.ts';
import { ReadTurns } from './read-turns.ts';
import { ignore } from './refusals.ts';
import { tooManyConnections, tooManyFromAddress, tooManyPending } from './upgrades.ts';

/** Where a server listens. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface ListenerHost {
  readonly options: ResolvedOptions;
  readonly pending: Pending<TcpSocket>;
  readonly counts: ConnectionCounts<TcpSocket>;
  /** What to refuse with, once the server stops. */
  readonly stopping: HttpError | undefined;
  /** A request that asks for a WebSocket, and the octets behind its head. */
  upgrade(stream: TcpSocket, head: RequestHead, rest: Uint8Array): void;
  /** Any other request: everything that has been read. */
  http(stream: TcpSocket, octets: Uint8Array): void;
  refuse(stream: TcpSocket, error: unknown): void;
  turnAway(stream: TcpSocket, error: HttpError): void;
  /** Accepting failed. */
  report(error: unknown): void;
  /** The last TCP connection is gone. */
  emptied(): void;
}

export class Listener {
  readonly #host: ListenerHost;
  readonly #tcpServer: TcpServer;
  /** Listens nowhere; it is given connections. */
  readonly #tlsServer: TlsServer | undefined;
  readonly #connections = new Set<TcpSocket>();
  /** Every stream that requests come on, TCP or TLS, besides lent sockets, which know theirs. */
  readonly #peers = new WeakMap<Duplex, Peer>();
  /** TCP connections on which TLS is under way, by both their ends: node:tls does not say which one has become secure. */
  readonly #handshakes = new Map<string, TcpSocket>();
  readonly #insecure = new Set<TcpSocket>();
  #failedTlsHandshakes = 0;

  constructor(host: ListenerHost) {
    this.#host = host;
    this.#tcpServer = createServer({ allowHalfOpen: true, noDelay: true }, (tcp) => this.#accept(tcp));
    const { tls, headTimeout } = host.options;
    if (tls === undefined) return;
    // HTTP/2 is not spoken; a client that could speak both has to be told.
    const settings = { ...tls, ALPNProtocols: ['http/1.1'], handshakeTimeout: headTimeout };
    this.#tlsServer = createTlsServer(settings, (stream) => this.#secured(stream));
    // Counted when TCP is gone, with those that did not come so far as to be an error.
    this.#tlsServer.on('tlsClientError', (_error, stream) => {
      stream.on('error', ignore);
      stream.destroy();
    });
  }

  /** How many TCP connections are open. */
  get size(): number {
    return this.#connections.size;
  }

  /** TLS handshakes that failed or were broken off. */
  get failedTlsHandshakes(): number {
    return this.#failedTlsHandshakes;
  }

  /** Starts to listen. @throws what node:net reports, as EADDRINUSE or EACCES */
  listen(): Promise<ListenAddress> {
    const { host, port } = this.#host.options;
    return new Promise((resolve, reject) => {
      this.#tcpServer.once('error', reject);
      this.#tcpServer.once('close', () => reject(new Error('The server was closed before it listened.')));
      this.#tcpServer.listen(port, host, () => {
        this.#tcpServer.off('error', reject);
        // Accepting can fail later too, as when the process runs out of file descriptors; that is no reason to fall.
        this.#tcpServer.on('error', (error) => this.#host.report(error));
        this.#acceptLent();
        const address = this.#tcpServer.address();
        if (address === null || typeof address === 'string')
          reject(new TypeError('The server has no TCP address.'));
        else resolve({ host: address.address, port: address.port });
      });
    });
  }

  /** Under TLS it is node:tls that reads. */
  #acceptLent(): void {
    if (this.#tlsServer !== undefined) return;
    const { maxReadRate, clock } = this.#host.options;
    acceptLent(
      this.#tcpServer,
      new ReadTurns(maxReadRate, () => clock.now()),
      (tcp) => this.#accept(tcp),
      (tcp) => this.#closed(tcp),
    );
  }

  /** Takes no more connections. Resolves when none is left. */
  stop(): Promise<void> {
    return new Promise((resolve) => this.#tcpServer.close(() => resolve()));
  }

  /** Cuts every connection. */
  destroyAll(): void {
    for (const tcp of this.#connections) tcp.destroy();
  }

  /** The certificate for connections from now on. @throws Error of node:tls for one that does not work; the old stays */
  setCertificate(certificate: TlsCertificate): void {
    const { tls } = this.#host.options;
    if (this.#tlsServer === undefined || tls === undefined)
      throw new TypeError('The server speaks no TLS: it was made without the option tls.');
    checkCertificate(certificate);
    const settings = { ...tls, passphrase: undefined, ...certificate };
    this.#tlsServer.setSecureContext(settings);
  }

  /** Whose stream it is, when it is one of ours. */
  peerOf(stream: Duplex): Peer | undefined {
    return stream instanceof LentSocket ? stream.peer : this.#peers.get(stream);
  }

  /** Whether the stream is one of ours. */
  has(stream: Duplex): stream is TcpSocket {
    return this.peerOf(stream) !== undefined;
  }

  #accept(tcp: TcpSocket): void {
    const { options, pending } = this.#host;
    this.#connections.add(tcp);
    if (!(tcp instanceof LentSocket)) {
      // What matters of an error comes with 'close'.
      tcp.on('error', ignore);
      tcp.on('close', () => this.#closed(tcp));
    }
    if (this.#connections.size > options.maxConnections) {
      this.#turnAway(tcp, tooManyConnections());
      return;
    }
    const address = peerAddress(tcp);
    const deadline = options.clock.now() + options.headTimeout;
    pending.set(tcp, { deadline, end: () => tcp.destroy() });
    if (options.proxyProtocol && options.trustedProxies.has(address)) this.#readProxyHeader(tcp, address);
    else this.#begin(tcp, address);
  }

  #closed(tcp: TcpSocket): void {
    const { pending, counts } = this.#host;
    this.#connections.delete(tcp);
    pending.delete(tcp);
    counts.leave(tcp);
    if (this.#connections.size === 0) this.#host.emptied();
  }

  /** There is no waiting for the peer, and no answer that it could read where it expects TLS. */
  #turnAway(tcp: TcpSocket, error: HttpError): void {
    this.#host.pending.delete(tcp);
    if (this.#tlsServer !== undefined) tcp.destroy();
    else this.#host.turnAway(tcp, error);
  }

  #readProxyHeader(tcp: TcpSocket, proxyAddress: string): void {
    const reader = new ProxyHeaderReader();
    const receive = (chunk: Buffer): void => {
      try {
        const header = reader.receive(chunk);
        if (header === undefined) return;
        tcp.off('data', receive);
        tcp.off('end', end);
        // What follows is read by somebody else, TLS perhaps.
        tcp.pause();
        if (header.rest.length > 0) tcp.unshift(header.rest);
        this.#begin(tcp, header.local ? proxyAddress : header.source);
      } catch (error) {
        tcp.off('data', receive);
        tcp.off('end', end);
        if (this.#tlsServer === undefined) this.#host.refuse(tcp, error);
        else tcp.destroy();
      }
    };
    const end = (): void => {
      tcp.destroy();
    };
    tcp.on('data', receive);
    tcp.on('end', end);
  }

  /** Its address is known as far as it can be before there is a request. */
  #begin(tcp: TcpSocket, address: string): void {
    const { options, counts } = this.#host;
    const counted = !options.trustedProxies.has(address);
    if (counted && !counts.enter(tcp, address)) {
      this.#turnAway(tcp, tooManyFromAddress());
      return;
    }
    const peer: Peer = { address, counted };
    if (tcp instanceof LentSocket) tcp.peer = peer;
    else this.#peers.set(tcp, peer);
    if (this.#tlsServer === undefined) {
      this.#readHead(tcp);
      return;
    }
    const key = endsOf(tcp);
    this.#handshakes.set(key, tcp);
    this.#insecure.add(tcp);
    tcp.on('close', () => {
      if (this.#insecure.delete(tcp)) this.#failedTlsHandshakes++;
      if (this.#handshakes.get(key) === tcp) this.#handshakes.delete(key);
    });
    // In the middle of the handshake the end of one side is the end; afterwards it is ours to say.
    tcp.allowHalfOpen = false;
    this.#tlsServer.emit('connection', tcp);
  }

  #secured(stream: TLSSocket): void {
    stream.on('error', ignore);
    stream.allowHalfOpen = true;
    const key = endsOf(stream);
    const { pending } = this.#host;
    const tcp = this.#handshakes.get(key);
    const peer = tcp && this.#peers.get(tcp);
    const entry = tcp && pending.get(tcp);
    // Gone in the same moment: there is no asking for its ends any more.
    if (tcp === undefined || peer === undefined || entry === undefined) {
      stream.destroy();
      return;
    }
    this.#handshakes.delete(key);
    this.#insecure.delete(tcp);
    this.#peers.set(stream, peer);
    pending.delete(tcp);
    pending.set(stream, entry);
    stream.on('close', () => pending.delete(stream));
    this.#readHead(stream);
  }

  #readHead(stream: TcpSocket): void {
    const deadline = this.#host.pending.get(stream)?.deadline;
    if (deadline !== undefined) new AwaitedHead(this.#host, stream, deadline).begin();
  }
}

/** A request head that is coming in. */
class AwaitedHead implements StreamOwner, PendingEntry {
  readonly deadline: number;
  readonly #host: ListenerHost;
  readonly #stream: TcpSocket;
  readonly #reader = new HeadReader();
  /** What listens to a stream that is not lent. */
  #listeners: { readonly data: (chunk: Buffer) => void; readonly end: () => void } | undefined;

  constructor(host: ListenerHost, stream: TcpSocket, deadline: number) {
    this.#host = host;
    this.#stream = stream;
    this.deadline = deadline;
  }

  begin(): void {
    const stream = this.#stream;
    this.#host.pending.set(stream, this);
    if (stream instanceof LentSocket && stream.readableLength === 0) {
      stream.owner = this;
    } else {
      this.#listeners = { data: (chunk) => this.receive(chunk), end: () => this.receiveEnd() };
      stream.on('data', this.#listeners.data);
      stream.on('end', this.#listeners.end);
    }
    stream.resume();
  }

  /** Lets go of the stream. */
  #stop(): void {
    if (this.#listeners !== undefined) {
      this.#stream.off('data', this.#listeners.data);
      this.#stream.off('end', this.#listeners.end);
    } else if (this.#stream instanceof LentSocket) {
      this.#stream.owner = undefined;
    }
  }

  receive(chunk: Buffer): void {
    const stream = this.#stream;
    try {
      const read = this.#reader.receive(chunk);
      if (read === undefined) return;
      const head = parseRequestHead(read.bytes);
      this.#stop();
      if (wantsWebSocket(head)) {
        this.#host.upgrade(stream, head, read.rest);
      } else {
        this.#host.pending.delete(stream);
        this.#host.http(stream, this.#reader.received);
      }
    } catch (error) {
      this.#stop();
      this.#host.refuse(stream, error);
    }
  }

  receiveEnd(): void {
    this.#stream.destroy();
  }

  // What matters of these comes to the listener.
  failed(): void {}
  closed(): void {}

  end(because: PendingEnd): void {
    this.#stop();
    const stream = this.#stream;
    if (because === 'stopping' && this.#reader.received.length === 0) {
      // One that has said nothing yet, as browsers hold in reserve, is not told why either.
      stream.destroy();
    } else if (because === 'late') {
      const explanation = 'The request head did not arrive in time.';
      this.#host.refuse(stream, new HttpError(408, 'RFC 9110 §15.5.9', explanation));
    } else {
      this.#host.turnAway(stream, this.#host.stopping ?? tooManyPending());
    }
  }
}

/** The peer's IP address in its one spelling, without a zone; empty when it is gone already. */
export function peerAddress(stream: TcpSocket): string {
  const text = stream.remoteAddress ?? '';
  const address = text.includes('%') ? text.slice(0, text.indexOf('%')) : text;
  return normaliseIpAddress(address) ?? address;
}

/** Both ends of a TCP connection, which no other has while it lasts. */
function endsOf(stream: TcpSocket): string {
  return `${stream.remoteAddress} ${stream.remotePort} ${stream.localAddress}`;
}
