/**
 * From an address to an open connection: names, our turn, TCP, TLS, our request, the server's answer and its judgement
 * (RFC 6455 §4.1, RFC 7692 §5.1). It holds the deadline, and everything that can go wrong ends in one HandshakeError.
 * Made by client.ts, once for each client; what comes behind the answer is the business of wire.ts.
 */
import { randomBytes } from 'node:crypto';
import { ADDRCONFIG, type LookupAddress, lookup } from 'node:dns';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type ConnectionOptions as TlsOptions } from 'node:tls';
import type { ClientAddress } from './client-address.ts';
import type { ClientTlsOptions, ResolvedConnectOptions } from './client-options.ts';
import { checkAnswer, type DeflateAgreement, deflateExtension, makeOffer } from './deflate-negotiation.ts';
import { type Extension, encodeExtensions } from './extensions.ts';
import { checkUpgradeResponse, encodeUpgradeRequest } from './handshake.ts';
import {
  badAnswer,
  HandshakeError,
  type HandshakeStage,
  lostConnection,
  refusedAnswer,
} from './handshake-error.ts';
import { HandshakeQueue } from './handshake-queue.ts';
import { HeadReader, HttpError, parseResponseHead, type ResponseHead } from './http-head.ts';
import { normaliseIpAddress } from './ip-address.ts';
import { RefusalBody } from './refusal-body.ts';

/** A connection whose opening handshake is done. */
export interface OpenedConnection {
  readonly tcp: Socket;
  /** Octets that came behind the server's answer. */
  readonly rest: Uint8Array;
  /** Empty for none. */
  readonly protocol: string;
  /** The server's choice as it stands in the field; empty for none. */
  readonly extensions: string;
  /** What was agreed on about permessage-deflate; undefined for no compression. */
  readonly agreement: DeflateAgreement | undefined;
}

/** Exactly one of the two is called, once, and never from within the constructor or `fail`. */
export interface ClientHandshakeEvents {
  /** The connection is the receiver's now, and has no listeners. */
  opened(connection: OpenedConnection): void;
  /** The connection is gone. */
  failed(error: HandshakeError): void;
}

/** All clients of the process stand in it: the rule is about hosts, whoever connects to them. */
const queue = new HandshakeQueue();

export class ClientHandshake {
  readonly #address: ClientAddress;
  readonly #options: ResolvedConnectOptions;
  readonly #events: ClientHandshakeEvents;
  readonly #key: string;
  readonly #offer: readonly Extension[];
  readonly #request: Uint8Array;
  /** Undefined for a ws address. */
  readonly #tls: TlsOptions | undefined;
  readonly #stopWaiting: () => void;

  /** Undefined until it is our turn. */
  #tcp: Socket | undefined;
  /** Our place in the queue, from when the host's addresses are known. */
  #leaveQueue: (() => void) | undefined;
  #stage: HandshakeStage = 'connecting';
  #reader = new HeadReader();
  /** The answer, once it is known to be no 101, and what has come of its body. */
  #refusal: { readonly head: ResponseHead; readonly body: RefusalBody } | undefined;
  #error: HandshakeError | undefined;

  /**
   * Begins to connect: at once when the host is an IP address with which no other handshake is under way.
   * @throws TypeError for subprotocols, an origin or headers that no request may have, and what node:tls throws for
   *   certificates and keys that it cannot read
   */
  constructor(address: ClientAddress, options: ResolvedConnectOptions, events: ClientHandshakeEvents) {
    this.#address = address;
    this.#options = options;
    this.#events = events;
    this.#key = randomBytes(16).toString('base64');
    this.#offer = options.deflate === undefined ? [] : [makeOffer(options.deflate)];
    const { host, target } = address;
    const { protocols, headers, origin } = options;
    this.#request = encodeUpgradeRequest({
      host,
      target,
      key: this.#key,
      protocols,
      extensions: this.#offer,
      origin,
      headers,
    });
    this.#tls = address.secure ? tlsOptions(address.hostname, options.tls) : undefined;
    this.#stopWaiting = options.clock.every(options.handshakeTimeout, () => this.#timedOut());
    if (isIP(address.hostname) === 0) this.#lookUp();
    else this.#enterQueue([{ address: address.hostname, family: isIP(address.hostname) }]);
  }

  /** Gives up. The error is reported when TCP is gone; the first one counts. */
  fail(error: HandshakeError): void {
    const isFirst = this.#error === undefined;
    this.#error ??= error;
    if (this.#tcp !== undefined) {
      this.#tcp.destroy();
    } else if (isFirst) {
      // At once, so that our turn does not come any more.
      this.#leaveQueue?.();
      setImmediate(this.#closed);
    }
  }

  /** Asks for every address of the host, as node:net does when it is given a name. */
  #lookUp(): void {
    // Elsewhere only addresses of families that this machine has; Windows would leave out localhost as well.
    const hints = process.platform === 'win32' ? 0 : ADDRCONFIG;
    lookup(this.#address.hostname, { all: true, hints }, (error, addresses) => {
      if (this.#error !== undefined) return;
      if (error !== null) this.fail(lostConnection(this.#address, this.#stage, error));
      else this.#enterQueue(addresses);
    });
  }

  /**
   * One host has one handshake under way, whatever names it is called by (RFC 6455 §4.1). Which of its addresses will
   * answer is not known yet, so it takes its turn at all of them.
   */
  #enterQueue(addresses: readonly LookupAddress[]): void {
    const keys = addresses.map(
      ({ address }) => `${normaliseIpAddress(address) ?? address} ${this.#address.port}`,
    );
    this.#leaveQueue = queue.enter(keys, () => {
      this.#tcp = this.#connect(addresses);
    });
  }

  #connect(addresses: readonly LookupAddress[]): Socket {
    const { hostname, port } = this.#address;
    const known: LookupFunction = (_hostname, { all }, callback) => {
      const [first] = addresses;
      if (all === true) callback(null, [...addresses]);
      else callback(null, first?.address ?? '', first?.family);
    };
    const options = { host: hostname, port, lookup: known, noDelay: true, allowHalfOpen: true };
    let tcp: Socket;
    if (this.#tls !== undefined) {
      // Nothing is written before the certificate has been checked.
      tcp = connectTls({ ...this.#tls, ...options });
      tcp.on('connect', this.#connected);
      tcp.on('secureConnect', this.#ask);
    } else {
      tcp = connectTcp(options);
      tcp.on('connect', this.#ask);
    }
    tcp.on('data', this.#receive);
    tcp.on('end', this.#receiveEnd);
    tcp.on('error', this.#lost);
    tcp.on('close', this.#closed);
    return tcp;
  }

  readonly #connected = (): void => {
    this.#stage = 'securing';
  };

  readonly #ask = (): void => {
    this.#stage = 'asking';
    this.#tcp?.write(this.#request);
  };

  readonly #receive = (chunk: Uint8Array): void => {
    try {
      if (this.#refusal === undefined) this.#receiveHead(chunk);
      else this.#receiveBody(chunk);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.fail(badAnswer(error));
    }
  };

  #receiveHead(chunk: Uint8Array): void {
    let rest = chunk;
    for (;;) {
      const read = this.#reader.receive(rest);
      if (read === undefined) return;
      rest = read.rest;
      const head = parseResponseHead(read.bytes);
      if (head.status === 101) {
        this.#judge(head, rest);
        return;
      }
      // Below 100 there is no status: no other response follows (RFC 9110 §15).
      if (head.status >= 200 || head.status < 100) {
        this.#refusal = { head, body: new RefusalBody(head) };
        this.#receiveBody(rest);
        return;
      }
      // An interim response, as 103 Early Hints: the real one follows (RFC 9110 §15.2).
      this.#reader = new HeadReader();
    }
  }

  #receiveBody(chunk: Uint8Array): void {
    this.#refusal?.body.receive(chunk);
    if (this.#refusal?.body.complete === true) this.#refuse();
  }

  #refuse(): void {
    if (this.#refusal === undefined) return;
    const { head, body } = this.#refusal;
    this.fail(refusedAnswer(head, body.words));
  }

  /** @throws HttpError for a 101 that is not the answer to our request */
  #judge(head: ResponseHead, rest: Uint8Array): void {
    const sent = { key: this.#key, protocols: this.#options.protocols, extensions: this.#offer };
    const { protocol, extensions } = checkUpgradeResponse(head, sent);
    const agreement = this.#agree(extensions);
    // The answer came from there.
    const tcp = this.#tcp as Socket;
    this.#stopWaiting();
    tcp.off('connect', this.#connected);
    tcp.off('secureConnect', this.#ask);
    tcp.off('connect', this.#ask);
    tcp.off('data', this.#receive);
    tcp.off('end', this.#receiveEnd);
    tcp.off('error', this.#lost);
    tcp.off('close', this.#closed);
    this.#leaveQueue?.();
    this.#events.opened({ tcp, rest, protocol, extensions: encodeExtensions(extensions), agreement });
  }

  /** Extensions that were not offered are refused before this, so an answer can only be to our one offer. */
  #agree(extensions: readonly Extension[]): DeflateAgreement | undefined {
    const [answer, second] = extensions;
    if (answer === undefined || this.#options.deflate === undefined) return undefined;
    if (second !== undefined) {
      throw new HttpError(502, 'RFC 6455 §9.1', `The server accepted ${deflateExtension} twice.`);
    }
    return checkAnswer(answer, this.#options.deflate);
  }

  readonly #receiveEnd = (): void => {
    // The end of TCP ends a body too, and a refusal may as well come without one.
    if (this.#refusal === undefined) this.fail(lostConnection(this.#address, this.#stage, undefined));
    else this.#refuse();
  };

  readonly #lost = (error: Error): void => {
    if (this.#refusal === undefined) this.fail(lostConnection(this.#address, this.#stage, error));
    else this.#refuse();
  };

  #timedOut(): void {
    this.#stopWaiting();
    if (this.#refusal !== undefined) {
      this.#refuse();
      return;
    }
    const { host } = this.#address;
    const { handshakeTimeout } = this.#options;
    const waited = this.#tcp === undefined && this.#leaveQueue !== undefined;
    const explanation = waited
      ? `The WebSocket to ${host} was not opened within ${handshakeTimeout} ms: an earlier one to it was still under way.`
      : `${host} did not open the WebSocket within ${handshakeTimeout} ms.`;
    this.fail(new HandshakeError({ explanation, initiator: 'us' }));
  }

  readonly #closed = (): void => {
    this.#stopWaiting();
    this.#leaveQueue?.();
    this.#events.failed(this.#error ?? lostConnection(this.#address, this.#stage, undefined));
  };
}

/**
 * What node:tls is told. Certificates and keys are read here, long before it may be our turn.
 * @throws what node:tls throws for those that it cannot read; TypeError for a `servername` that is none
 */
function tlsOptions(hostname: string, tls: ClientTlsOptions): TlsOptions {
  // A name is no IP address, and is sent without a dot at its end (RFC 6066 §3).
  const own = isIP(hostname) === 0 ? hostname.replace(/\.$/, '') : undefined;
  const servername: unknown = tls.servername ?? own;
  if (servername !== undefined && typeof servername !== 'string') {
    throw new TypeError(`tls.servername is ${servername}; it takes a name.`);
  }
  return { ALPNProtocols: ['http/1.1'], ...tls, servername, secureContext: createSecureContext(tls) };
}
