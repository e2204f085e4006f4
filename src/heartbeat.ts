/**
 * When to ping a peer, when to take it for lost, and how long the way there and back is (RFC 6455 §5.5.2-§5.5.3). Time
 * comes in as a value, so it is tested without waiting. Called by wire.ts, one for each connection.
 */

export interface HeartbeatOptions {
  /** Milliseconds between pings. */
  readonly pingInterval: number;
  /** Milliseconds that a pong may take. */
  readonly pongTimeout: number;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #pingAt: number;
  #pingSentAt: number | undefined;
  /** From when on the pong has been due: later than the ping when octets stood in its way. */
  #pongSince = 0;
  #count = 0;
  #roundTripTime: number | undefined;

  /** @param options shared by all connections; only read */
  constructor(options: HeartbeatOptions, now: number) {
    this.#options = options;
    this.#pingAt = now + options.pingInterval;
  }

  /** Milliseconds between our last ping that was answered and its pong; undefined before the first. */
  get roundTripTime(): number | undefined {
    return this.#roundTripTime;
  }

  /**
   * What is due: a Ping with `payload`, or giving up.
   * @param outputWaits whether octets wait in front of what we send: then no pong can be asked of the peer
   * @param lastReceived when the last octets of a message came that is still under way: they stand in front of the
   *   pong. 0 between messages
   */
  check(now: number, outputWaits: boolean, lastReceived: number): 'ping' | 'lost' | undefined {
    if (this.#pingSentAt === undefined) {
      if (now < this.#pingAt) return undefined;
      this.#pingAt = now + this.#options.pingInterval;
      this.#pingSentAt = now;
      this.#pongSince = now;
      this.#count = (this.#count + 1) >>> 0;
      return 'ping';
    }
    if (outputWaits) this.#pongSince = now;
    return now - Math.max(this.#pongSince, lastReceived) < this.#options.pongTimeout ? undefined : 'lost';
  }

  /** Four octets that tell our pings apart, so that an old pong is not taken for the answer to a new ping. */
  get payload(): Uint8Array {
    const count = this.#count;
    return Uint8Array.of(count >>> 24, count >>> 16, count >>> 8, count);
  }

  /** Notes the answer to our ping; a Pong that nobody asked for is nothing to us (§5.5.3). */
  receivePong(payload: Uint8Array, now: number): void {
    if (this.#pingSentAt === undefined || !sameOctets(payload, this.payload)) return;
    this.#roundTripTime = now - this.#pingSentAt;
    this.#pingSentAt = undefined;
  }

  /** Reading was not possible, so nothing could be heard: pings begin anew. */
  restart(now: number): void {
    this.#pingSentAt = undefined;
    this.#pingAt = now + this.#options.pingInterval;
  }
}

function sameOctets(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((octet, index) => octet === right[index]);
}
