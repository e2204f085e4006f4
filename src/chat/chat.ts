/**
 * The chat: what it is made of, and the way from an event of the log to the people it concerns. Knows peers, not
 * connections; session.ts is one peer's life, handlers/ what a peer may ask for. Called by both, by what answers HTTP
 * requests (http/, site.ts), and by main.ts.
 */
import { randomBytes } from 'node:crypto';
import { countedAddress } from '../ip-address.ts';
import type { Logger } from '../logger.ts';
import { Announcer } from './announcer.ts';
import type { ChatOptions } from './chat-options.ts';
import type { Clock } from './clock.ts';
import { type Peer, pushOf } from './delivery.ts';
import { readMissed } from './entrance.ts';
import {
  type Cursor,
  defaultRoom,
  type Entrance,
  type Image,
  type Member,
  type Receipt,
  type RequestData,
  type RoomEvent,
  type RoomMember,
  type RoomSummary,
} from './events.ts';
import type { Identities } from './identity.ts';
import { type ChatRates, defaultRates, KeyedBuckets } from './limits.ts';
import { type Appended, type Entry, isSameSend, type Log } from './log.ts';
import { createRoom, joinRoom, leaveRoom, openDirect, rosterOf } from './membership.ts';
import type { Moderation } from './moderation.ts';
import { nonceReused, postMessage, receiptOf } from './posting.ts';
import { Presence } from './presence.ts';
import { checkRate, Refusal } from './refusal.ts';
import type { NewRoom } from './room-table.ts';
import type { Rooms } from './rooms.ts';

export type { ChatOptions } from './chat-options.ts';
export type { Peer } from './delivery.ts';

/** How often graces and typists are looked at, in milliseconds; a grace ends up to this much late. */
const sweepInterval = 1000;
/** How often it is written down who is still here, and whose name is over is forgotten. */
const refreshInterval = 5 * 60 * 1000;

export class Chat {
  readonly log: Log;
  readonly rooms: Rooms;
  readonly identities: Identities;
  readonly moderation: Moderation;
  readonly findImage: (id: string) => Image | undefined;
  readonly releaseImage: (id: string, now: number) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rates: ChatRates;
  readonly maxBufferedAmount: number;
  readonly messageBuckets: KeyedBuckets;
  readonly signInBuckets: KeyedBuckets;
  readonly uploadBuckets: KeyedBuckets;
  readonly searchBuckets: KeyedBuckets;
  readonly presence: Presence<Peer>;
  readonly #announcer: Announcer;
  readonly #peers = new Set<Peer>();
  readonly #work = new Set<Promise<void>>();
  readonly #stops: (() => void)[];

  constructor(options: ChatOptions) {
    this.log = options.log;
    this.rooms = options.rooms;
    this.identities = options.identities;
    this.moderation = options.moderation;
    this.findImage = options.findImage;
    this.releaseImage = options.releaseImage ?? (() => {});
    this.clock = options.clock;
    this.logger = options.logger;
    this.rates = { ...defaultRates, ...options.rates };
    this.maxBufferedAmount = options.maxBufferedAmount ?? 4 * 1024 * 1024;
    this.messageBuckets = new KeyedBuckets(this.rates.messages);
    this.signInBuckets = new KeyedBuckets(this.rates.signIns);
    this.uploadBuckets = new KeyedBuckets(this.rates.uploads);
    this.searchBuckets = new KeyedBuckets(this.rates.searches);
    this.presence = new Presence(options.grace ?? 10_000);
    this.#announcer = new Announcer(this.presence, this.rooms, this.log.epoch);
    const now = this.clock.now();
    for (const member of this.identities.wereHere(now)) {
      this.presence.restore(member, now + (options.restartGrace ?? 30_000));
    }
    this.#stops = [
      this.log.onStored((event) => this.#announce(event)),
      this.clock.every(sweepInterval, () => this.#sweep()),
      this.clock.every(refreshInterval, () => this.#refresh()),
    ];
    this.#forgetLost();
  }

  // The log ---------------------------------------------------------------------------------------------------------

  get cursor(): Cursor {
    return { epoch: this.log.epoch, offset: this.log.newest };
  }

  /**
   * Stores an event, with what it does to its room, and tells everybody in the room. Who may do that is checked before.
   * @param alongside further changes to the database in the same transaction; may be called twice
   * @throws Refusal when the room changed in the meantime so that it makes no sense any more
   */
  append(entry: Entry, alongside?: (event: RoomEvent) => void): Promise<Appended> {
    return this.log.append(entry, (event) => {
      this.rooms.write(event);
      alongside?.(event);
    });
  }

  /** As `append`, for one who wants a receipt. @throws Refusal `nonce-reused` */
  async commit(entry: Entry, alongside?: (event: RoomEvent) => void): Promise<Receipt> {
    const appended = await this.append(entry, alongside);
    if (appended.status === 'conflict') throw nonceReused();
    return receiptOf(appended.event);
  }

  /**
   * The receipt of what was stored under the same nonce before, so that a retry is answered as the first try was,
   * however things are by now. @throws Refusal `nonce-reused` when that was something else
   */
  repeatOf(entry: Entry): Receipt | undefined {
    const stored = this.log.findSend(entry.author.id, entry.nonce);
    if (stored === undefined) return undefined;
    if (isSameSend(stored, entry)) return receiptOf(stored);
    throw nonceReused();
  }

  /**
   * Says something, as `message:send` does.
   * @param author a member, who is held to what the room allows them, or a bot, whom the host has let in
   * @param sender what the rate of messages is counted by
   * @throws Refusal
   */
  async send(
    author: Member,
    sender: string,
    data: RequestData<'message:send'>,
  ): Promise<{ receipt: Receipt; repeated: boolean }> {
    const now = this.clock.now();
    checkRate(this.messageBuckets.take(sender, now), 'You send messages too fast');
    // Who is written to by the other one is in their room again; a message that was tried again is none.
    const isNew = this.rooms.isIn(data.room, author.id) && !this.log.findSend(author.id, data.nonce);
    const other = isNew && this.rooms.otherOf(data.room, author.id);
    if (other && this.identities.member(other.id) !== undefined) await this.letIn(data.room, other);
    return postMessage(this, author, data, now);
  }

  /** @throws Refusal `room-unknown`, `banned` when that member, or with undefined a backend, may not read the room */
  checkReader(room: string, member: Member | undefined): void {
    if (member !== undefined) {
      this.rooms.visible(room, member.id);
      this.moderation.bans.check(room, member.id, this.clock.now());
      return;
    }
    const { kind } = this.rooms.get(room) ?? {};
    if (kind === undefined || kind === 'direct') {
      throw new Refusal('room-unknown', 'There is no room of that name that you may see.', { field: 'room' });
    }
  }

  /** Counts one try with a credential that nobody has. @throws Refusal `rate-limited` */
  countUnknown(address: string): void {
    const retryAfter = this.signInBuckets.take(countedAddress(address), this.clock.now());
    checkRate(retryAfter, 'Too many unknown tokens from your address');
  }

  // Coming in -------------------------------------------------------------------------------------------------------

  get peerCount(): number {
    return this.#peers.size;
  }

  add(peer: Peer): void {
    this.#peers.add(peer);
  }

  remove(peer: Peer): void {
    this.#peers.delete(peer);
  }

  /** A peer is a member's from now on. */
  enter(peer: Peer, member: Member): void {
    if (!this.presence.connect(member, peer)) return;
    this.#announcer.presence(member, true);
    this.#notePresence(member.id, true);
  }

  /** A member's peer is gone; the member goes when their grace ends. */
  disconnect(peer: Peer, member: Member): void {
    this.presence.disconnect(member.id, peer, this.clock.now());
  }

  /**
   * Who a member is and what they missed; whoever is new is put into the room that everybody is in. The peer must have
   * been entered before, so that nothing is lost in between.
   */
  async entrance(
    member: Member,
    device: string,
    since: Cursor | undefined,
  ): Promise<Omit<Entrance, 'token'>> {
    if (!this.rooms.isIn(defaultRoom, member.id)) await this.letIn(defaultRoom, member);
    const rooms = this.rooms.roomsOf(member.id);
    const events = readMissed(this.log, rooms, since);
    return {
      member,
      owner: this.identities.isOwner(member.id),
      hasPassword: this.identities.hasPassword(member.id),
      device,
      cursor: this.cursor,
      rooms: rooms.map((room) => this.rooms.summaryFor(room, member.id)),
      recovered: events !== undefined,
      events: events ?? [],
      time: this.clock.now(),
    };
  }

  /** Puts a member into a room that they were invited to; nothing when it is gone, or they are banned from it. */
  async letIn(room: string, member: Member): Promise<void> {
    if (this.rooms.get(room) === undefined || this.rooms.isIn(room, member.id)) return;
    try {
      await this.join(room, member, `letin-${randomBytes(12).toString('base64url')}`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }

  /** Ends every connection of these devices: they are signed out. Who has no other left goes at once. */
  endDevices(devices: readonly string[], code: number, reason: string): void {
    const ending = new Set(devices);
    for (const member of this.presence.members) {
      const peers = [...this.presence.connectionsOf(member.id)];
      const closing = peers.filter(({ device }) => device !== undefined && ending.has(device));
      this.#close(member, closing, code, reason);
    }
  }

  /** The same for all devices of a member. */
  closeMember(memberId: string, code: number, reason: string): void {
    const member = this.presence.members.find(({ id }) => id === memberId);
    if (member !== undefined) this.#close(member, [...this.presence.connectionsOf(memberId)], code, reason);
  }

  /** IP addresses that a member is connected from. */
  addressesOf(memberId: string): string[] {
    return [...new Set([...this.presence.connectionsOf(memberId)].map((peer) => peer.remoteAddress))];
  }

  // Rooms -----------------------------------------------------------------------------------------------------------

  /** Who is in a room, in the order in which they came. */
  membersOf(room: string): RoomMember[] {
    return rosterOf(this.rooms, this.presence, room, this.clock.now());
  }

  /** Makes a room that was reserved. @returns the room as its maker sees it @throws Refusal `nonce-reused` */
  create(room: NewRoom, creator: Member, nonce: string): Promise<RoomSummary> {
    return createRoom(this, room, creator, nonce);
  }

  /** Puts a member into a room. Whether it is one that they may come into is checked before. @throws Refusal `banned` */
  join(room: string, member: Member, nonce: string): Promise<RoomSummary> {
    return joinRoom(this, room, member, nonce);
  }

  /** Takes a member out of a room, which they leave to somebody else when it was theirs. */
  leave(room: string, member: Member, nonce: string): Promise<void> {
    return leaveRoom(this, room, member, nonce);
  }

  /** The room of two members, with the first of them in it. */
  direct(member: Member, other: Member, nonce: string): Promise<RoomSummary> {
    return openDirect(this, member, other, nonce);
  }

  /** Tells a member's own connections how a room is for them now. @param except the one that knows */
  tellRoomChanged(room: string, memberId: string, except?: object): void {
    this.#announcer.roomChanged(room, memberId, except);
  }

  /** A member has read up to somewhere: their other connections are told. @param except the one that says so */
  read(
    room: string,
    memberId: string,
    offset: number,
    except?: object,
  ): { unread: number; mentions: number } {
    const hasRead = this.rooms.setRead(room, memberId, offset);
    const counts = this.rooms.countsFor(room, memberId);
    if (hasRead) this.#announcer.read(room, memberId, counts, except);
    return counts;
  }

  /** A member types, or has stopped. */
  noteTyping(room: string, member: Member, isTyping: boolean): void {
    this.#announcer.noteTyping(room, member, isTyping, this.clock.now());
  }

  // Work and time ---------------------------------------------------------------------------------------------------

  /** Notes work of a peer that is under way, until it is done. It must not reject. */
  track(work: Promise<void>): void {
    this.#work.add(work);
    void work.then(() => this.#work.delete(work));
  }

  /** Resolves when every request that has come in is carried out. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  /** Tells every peer that the server is about to restart. @param retryWithin milliseconds over which to come back */
  announceRestart(retryWithin: number): void {
    const push = pushOf('server:restart', { retryWithin }, undefined);
    for (const peer of this.#peers) peer.push(push);
  }

  /** Stops the timers. Whoever is here stays noted as being here, for the next process. */
  stop(): void {
    for (const stop of this.#stops) stop();
    this.#report(this.rooms.flushReads(), 'what was read was not stored');
  }

  /** Takes members whose names are over out of their rooms. Direct ones keep them: somebody still reads there. */
  async forget(members: readonly Member[]): Promise<void> {
    for (const member of members) {
      for (const room of this.rooms.roomsOf(member.id)) {
        if (this.rooms.get(room)?.kind === 'direct') continue;
        await this.leave(room, member, `forgotten-${randomBytes(12).toString('base64url')}`);
      }
    }
  }

  // -----------------------------------------------------------------------------------------------------------------

  /** It is stored whatever comes of telling it: whoever asked for it gets their receipt, and a reader sees the hole. */
  #announce(event: RoomEvent): void {
    try {
      this.#announcer.stored(event);
    } catch (error) {
      this.logger.error(
        { err: error, event: event.type, offset: event.offset },
        'an event was not told to all',
      );
    }
  }

  #close(member: Member, peers: readonly Peer[], code: number, reason: string): void {
    for (const peer of peers) peer.close(code, reason);
    if (peers.length > 0 && this.presence.leave(member.id)) this.#gone(member);
  }

  #gone(member: Member): void {
    this.#announcer.presence(member, false);
    this.#notePresence(member.id, false);
  }

  #sweep(): void {
    const now = this.clock.now();
    for (const member of this.presence.expire(now)) this.#gone(member);
    this.#announcer.sweep(now);
    const { messageBuckets, signInBuckets, uploadBuckets, searchBuckets } = this;
    for (const each of [messageBuckets, signInBuckets, uploadBuckets, searchBuckets]) each.sweep(now);
    this.moderation.sweep(now);
    this.#report(this.rooms.flushReads(), 'what was read was not stored');
  }

  #refresh(): void {
    const now = this.clock.now();
    this.#report(this.identities.refresh(now), 'presence was not stored');
    const forgotten = this.identities.sweep(now).then((members) => this.forget(members));
    this.#report(forgotten, 'names that are over were not forgotten');
  }

  /** Members of rooms whose names are over already: the process ended before it had taken them out. */
  #forgetLost(): void {
    const lost = new Map<string, Member>();
    for (const { id, kind } of this.rooms.all()) {
      if (kind === 'direct') continue;
      for (const { member } of this.rooms.membersIn(id).values()) {
        if (this.identities.member(member.id) === undefined) lost.set(member.id, member);
      }
    }
    if (lost.size > 0) this.#report(this.forget([...lost.values()]), 'lost members were not taken out');
    this.#refresh();
  }

  #notePresence(memberId: string, isHere: boolean): void {
    const written = this.identities.notePresence(memberId, isHere, this.clock.now());
    this.#report(written, 'presence was not stored');
  }

  /** What is a courtesy must not stop the chat: it is written down when it fails, and the chat goes on. */
  #report(written: Promise<void>, what: string): void {
    written.catch((error: unknown) => this.logger.error({ err: error }, what));
  }
}
