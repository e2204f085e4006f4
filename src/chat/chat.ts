/**
 * The chat: its rooms, what they are made of, and the way from a decision to the people it concerns. Knows peers, not
 * connections; session.ts is one peer's life, handlers/ what a peer may ask for. Called by both, by site.ts for the
 * token behind an upload, and by main.ts.
 */
import type { Logger, Push } from './channel.ts';
import type { Clock } from './clock.ts';
import { defaultRoom, encodePush, type Image, type Member } from './events.ts';
import type { Identities } from './identity.ts';
import { type ChatRates, defaultRates, KeyedBuckets } from './limits.ts';
import type { Log } from './log.ts';
import { type Delivery, Room } from './room.ts';

/** What the chat can do with one connection. */
export interface Peer {
  push(push: Push): void;
  /** Ends it with 1000: the member logged out. */
  logOut(): void;
}

export interface ChatOptions {
  readonly log: Log;
  readonly identities: Identities;
  /** What an upload was kept as, or undefined. */
  readonly findImage: (id: string) => Image | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rates?: Partial<ChatRates>;
  /** Milliseconds that a member stays after their last connection went. Default 10,000: a slow reload fits in. */
  readonly grace?: number;
  /** The same after a restart of the server, for those who were here before. Default 30,000: the page's longest back-off. */
  readonly restartGrace?: number;
}

/** How often graces are looked at, in milliseconds; one ends up to this much late. */
const sweepInterval = 1000;
/** How often it is written down who is still here. */
const refreshInterval = 5 * 60 * 1000;

export class Chat {
  readonly log: Log;
  readonly identities: Identities;
  readonly findImage: (id: string) => Image | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rates: ChatRates;
  readonly messageBuckets: KeyedBuckets;
  readonly signInBuckets: KeyedBuckets;
  readonly uploadBuckets: KeyedBuckets;
  readonly #rooms = new Map<string, Room<Peer>>();
  readonly #peers = new Set<Peer>();
  readonly #work = new Set<Promise<void>>();
  readonly #stops: (() => void)[];

  constructor(options: ChatOptions) {
    this.log = options.log;
    this.identities = options.identities;
    this.findImage = options.findImage;
    this.clock = options.clock;
    this.logger = options.logger;
    this.rates = { ...defaultRates, ...options.rates };
    this.messageBuckets = new KeyedBuckets(this.rates.messages);
    this.signInBuckets = new KeyedBuckets(this.rates.signIns);
    this.uploadBuckets = new KeyedBuckets(this.rates.uploads);

    const room = new Room<Peer>(defaultRoom, options.grace ?? 10_000);
    this.#rooms.set(room.name, room);
    const now = this.clock.now();
    for (const member of this.identities.wereHere(now)) {
      room.restore(member, now + (options.restartGrace ?? 30_000));
    }
    this.#report(this.identities.forgetLost(now));
    this.#stops = [
      this.log.onStored((message) => {
        const stored = this.#rooms.get(message.room);
        if (stored !== undefined) this.deliver([stored.say(message)]);
      }),
      this.clock.every(sweepInterval, () => this.#sweep()),
      this.clock.every(refreshInterval, () => this.#refresh()),
    ];
  }

  get peerCount(): number {
    return this.#peers.size;
  }

  room(name: string): Room<Peer> | undefined {
    return this.#rooms.get(name);
  }

  /** Sends what a room decided: each push is encoded once, however many get it. */
  deliver(deliveries: readonly Delivery<Peer>[]): void {
    for (const delivery of deliveries) {
      const push: Push = {
        event: delivery.event,
        text: encodePush(delivery.event, delivery.data),
        offset: delivery.event === 'message:new' ? delivery.data.message.offset : undefined,
      };
      for (const peer of delivery.to) peer.push(push);
    }
  }

  add(peer: Peer): void {
    this.#peers.add(peer);
  }

  remove(peer: Peer): void {
    this.#peers.delete(peer);
  }

  /** Notes work of a peer that is under way, until it is done. It must not reject. */
  track(work: Promise<void>): void {
    this.#work.add(work);
    void work.then(() => this.#work.delete(work));
  }

  /** Resolves when every request that has come in is carried out. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  /** A member has shown that they have their token. */
  confirm(member: Member): void {
    this.#report(this.identities.confirm(member.id));
  }

  /** A member's peer comes into a room. */
  enter(room: Room<Peer>, member: Member, peer: Peer): void {
    const wasHere = room.has(member.id);
    this.deliver(room.enter(member, peer, this.clock.now()));
    if (!wasHere) this.#notePresence(member.id, true);
  }

  /** A member's peer is gone; the member leaves when their grace ends. */
  disconnect(room: Room<Peer>, member: Member, peer: Peer): void {
    room.disconnect(member.id, peer, this.clock.now());
  }

  /** Logs a member out everywhere. Their token must be void already. */
  logOut(member: Member): void {
    for (const room of this.#rooms.values()) {
      const { deliveries, connections } = room.leave(member.id, this.clock.now());
      for (const peer of connections) peer.logOut();
      this.deliver(deliveries);
    }
  }

  /** Tells every peer that the server is about to restart. @param retryWithin milliseconds over which to come back */
  announceRestart(retryWithin: number): void {
    const to = [...this.#peers];
    this.deliver([{ to, event: 'server:restart', data: { retryWithin } }]);
  }

  /** Stops the timers. Whoever is here stays noted as being here, for the next process. */
  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #sweep(): void {
    const now = this.clock.now();
    for (const room of this.#rooms.values()) {
      const { left, deliveries } = room.expire(now);
      for (const member of left) this.#notePresence(member.id, false);
      this.deliver(deliveries);
    }
    for (const buckets of [this.messageBuckets, this.signInBuckets, this.uploadBuckets]) buckets.sweep(now);
  }

  #refresh(): void {
    this.#report(this.identities.refresh(this.clock.now()));
  }

  #notePresence(memberId: string, isHere: boolean): void {
    this.#report(this.identities.notePresence(memberId, isHere, this.clock.now()));
  }

  /** Who is here, and is known to be, is a courtesy: when it cannot be written down, the chat goes on. */
  #report(written: Promise<void>): void {
    written.catch((error: unknown) => this.logger.error({ err: error }, 'presence was not stored'));
  }
}
