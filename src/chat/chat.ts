/**
 * The chat: what it is made of, and the way from an event of the log to the people it concerns. Knows peers, not
 * connections; session.ts is one peer's life, handlers/ what a peer may ask for. Called by both, by what answers HTTP
 * requests (http/, site.ts), and by main.ts.
 */
import { randomBytes } from 'node:crypto';
import { countedAddress } from '../ip-address.ts';
import type { Logger } from '../logger.ts';
import type { Clock } from './clock.ts';
import { Delivery, type Peer, pushOf } from './delivery.ts';
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
import type { Moderation } from './moderation.ts';
import { beginEntry, nonceReused, postMessage, receiptOf } from './posting.ts';
import { Presence, Typing } from './presence.ts';
import { checkRate, Refusal } from './refusal.ts';
import { AlreadyJoined, type NewRoom } from './room-table.ts';
import type { Rooms } from './rooms.ts';

export type { Peer } from './delivery.ts';

export interface ChatOptions {
  readonly log: Log;
  readonly rooms: Rooms;
  readonly identities: Identities;
  readonly moderation: Moderation;
  /** What an upload was kept as, or undefined. */
  readonly findImage: (id: string) => Image | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rates?: Partial<ChatRates>;
  /** Milliseconds that a member stays after their last connection went. Default 10,000: a slow reload fits in. */
  readonly grace?: number;
  /** The same after a restart of the server, for those who were here before. Default 30,000: the page's longest back-off. */
  readonly restartGrace?: number;
  /** Octets that may wait for a client before its connection is closed with 1013. Default 4 MiB. */
  readonly maxBufferedAmount?: number;
}

/** How often graces and typists are looked at, in milliseconds; a grace ends up to this much late. */
const sweepInterval = 1000;
/** How often it is written down who is still here, and whose name is over is forgotten. */
const refreshInterval = 5 * 60 * 1000;
/** RFC 6455 §7.4.1. The core's table is not used, for the chat does not depend on what carries it. */
const normalClosure = 1000;

export class Chat {
  readonly log: Log;
  readonly rooms: Rooms;
  readonly identities: Identities;
  readonly moderation: Moderation;
  readonly findImage: (id: string) => Image | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rates: ChatRates;
  readonly maxBufferedAmount: number;
  readonly messageBuckets: KeyedBuckets;
  readonly signInBuckets: KeyedBuckets;
  readonly uploadBuckets: KeyedBuckets;
  readonly presence: Presence<Peer>;
  readonly #delivery: Delivery;
  readonly #typing = new Typing();
  readonly #peers = new Set<Peer>();
  readonly #work = new Set<Promise<void>>();
  readonly #stops: (() => void)[];

  constructor(options: ChatOptions) {
    this.log = options.log;
    this.rooms = options.rooms;
    this.identities = options.identities;
    this.moderation = options.moderation;
    this.findImage = options.findImage;
    this.clock = options.clock;
    this.logger = options.logger;
    this.rates = { ...defaultRates, ...options.rates };
    this.maxBufferedAmount = options.maxBufferedAmount ?? 4 * 1024 * 1024;
    this.messageBuckets = new KeyedBuckets(this.rates.messages);
    this.signInBuckets = new KeyedBuckets(this.rates.signIns);
    this.uploadBuckets = new KeyedBuckets(this.rates.uploads);
    this.presence = new Presence(options.grace ?? 10_000);
    this.#delivery = new Delivery(this.presence, this.rooms, this.log.epoch);
    const now = this.clock.now();
    for (const member of this.identities.wereHere(now)) {
      this.presence.restore(member, now + (options.restartGrace ?? 30_000));
    }
    this.#stops = [
      this.log.onStored((event) => this.#carryOut(event)),
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
    return postMessage(this, author, data, now);
  }

  /** @throws Refusal `room-unknown` when that member, or with undefined a backend, may not read the room */
  checkReader(room: string, member: Member | undefined): void {
    if (member !== undefined) {
      this.rooms.visible(room, member.id);
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
    this.#tellPresence(member, true);
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

  /** Ends one device's connections with 1000. */
  closeDevice(device: string, reason: string): void {
    this.endDevices([device], normalClosure, reason);
  }

  /** Ends every connection of a member; they go at once. */
  closeMember(memberId: string, code: number, reason: string): void {
    const member = this.presence.members.find(({ id }) => id === memberId);
    if (member !== undefined) this.#close(member, [...this.presence.connectionsOf(memberId)], code, reason);
  }

  /** IP addresses that a member is connected from. */
  addressesOf(memberId: string): string[] {
    const peers = [...this.presence.connectionsOf(memberId)];
    return [...new Set(peers.map(({ remoteAddress }) => remoteAddress))];
  }

  // Rooms -----------------------------------------------------------------------------------------------------------

  /** Who is in a room, in the order in which they came. */
  membersOf(room: string): RoomMember[] {
    const now = this.clock.now();
    return [...this.rooms.membersIn(room).values()].map(({ member, mutedUntil = 0 }) => ({
      ...member,
      role: this.rooms.roleOf(room, member.id),
      here: this.presence.isHere(member.id),
      ...(mutedUntil > now && { mutedUntil }),
    }));
  }

  /** Makes a room that was reserved. @returns the room as its maker sees it @throws Refusal `nonce-reused` */
  async create(room: NewRoom, creator: Member, nonce: string): Promise<RoomSummary> {
    const entry: Entry = {
      ...beginEntry(room.id, creator, nonce, this.clock.now()),
      type: 'created',
      name: room.name,
    };
    await this.commit(entry, (event) => this.rooms.create(room, event));
    return this.rooms.summaryFor(room.id, creator.id);
  }

  /** Puts a member into a room. Whether it is one that they may come into is checked before. @throws Refusal `banned` */
  async join(room: string, member: Member, nonce: string): Promise<RoomSummary> {
    const now = this.clock.now();
    const entry: Entry = { ...beginEntry(room, member, nonce, now), type: 'joined' };
    if (this.repeatOf(entry) === undefined && !this.rooms.isIn(room, member.id)) {
      this.moderation.checkMayJoin(room, member, now);
      try {
        await this.commit(entry);
      } catch (error) {
        if (!(error instanceof AlreadyJoined)) throw error;
      }
    }
    return this.rooms.summaryFor(room, member.id);
  }

  /** Takes a member out of a room, which they leave to somebody else when it was theirs. */
  async leave(room: string, member: Member, nonce: string): Promise<void> {
    const now = this.clock.now();
    const heir =
      this.rooms.membership(room, member.id)?.role === 'owner'
        ? this.rooms.heirOf(room, member.id)
        : undefined;
    if (heir !== undefined) {
      const handover = beginEntry(room, member, `handover:${nonce}`, now);
      await this.append({ ...handover, type: 'role', member: heir, role: 'owner' });
    }
    await this.commit({ ...beginEntry(room, member, nonce, now), type: 'left' });
  }

  /**
   * Takes a member out of a room, for a moderator who was checked before.
   * @param more `nonce` of the request, by default a new one; `alongside` as of `append`
   * @throws Refusal `member-unknown` when they are not in it
   */
  removeMember(
    room: string,
    member: Member,
    by: Member,
    more: {
      readonly banned: boolean;
      readonly reason: string;
      readonly nonce?: string;
      readonly alongside?: () => void;
    },
  ): Promise<Receipt> {
    const { banned, reason, nonce = randomBytes(18).toString('base64url'), alongside } = more;
    const entry = beginEntry(room, by, nonce, this.clock.now());
    return this.commit({ ...entry, type: 'kicked', member, reason, banned }, alongside);
  }

  /** Tells a member's own connections how a room is for them now. */
  tellRoomChanged(room: string, memberId: string, except?: object): void {
    if (this.presence.connectionsOf(memberId).size === 0) return;
    const data = { room: this.rooms.summaryFor(room, memberId) };
    this.#delivery.toMember(memberId, 'room:changed', data, `room ${room}`, except);
  }

  /** A member has read up to somewhere: their other connections are told. */
  read(
    room: string,
    memberId: string,
    offset: number,
    except: object | undefined,
  ): { unread: number; mentions: number } {
    const hasRead = this.rooms.setRead(room, memberId, offset);
    const counts = this.rooms.countsFor(room, memberId);
    const read = this.rooms.membership(room, memberId)?.read ?? 0;
    if (hasRead) {
      const data = { room, offset: read, ...counts };
      this.#delivery.toMember(memberId, 'room:read', data, `read ${room}`, except);
    }
    return counts;
  }

  /** A member types, or has stopped. */
  noteTyping(room: string, member: Member, isTyping: boolean): void {
    const told = this.#typing.note(room, member, isTyping, this.clock.now());
    if (told !== undefined) this.#tellTyping(told);
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

  /** An event was stored: what it changes is so from now on, and whom it concerns is told. */
  #carryOut(event: RoomEvent): void {
    const { room, author } = event;
    // Whoever goes still hears of it.
    if (event.type === 'left' || event.type === 'kicked') this.#delivery.event(event);
    this.rooms.apply(event);
    switch (event.type) {
      case 'message':
        this.#typing.forget(room, author.id);
        break;
      case 'created':
        // Known to them before its first event comes.
        for (const memberId of this.rooms.membersIn(room).keys()) this.tellRoomChanged(room, memberId);
        break;
      case 'joined':
        this.tellRoomChanged(room, author.id);
        break;
      case 'left':
        this.#tellGone(room, author.id, 'left', '');
        return;
      case 'kicked':
        this.#tellGone(room, event.member.id, event.banned ? 'banned' : 'kicked', event.reason);
        return;
    }
    this.#delivery.event(event);
    if (event.type === 'role') this.tellRoomChanged(room, event.member.id);
    if (event.type === 'renamed' || event.type === 'topic' || event.type === 'slow') {
      for (const memberId of this.#delivery.connectedMembersOf(room)) this.tellRoomChanged(room, memberId);
    }
  }

  #tellGone(room: string, memberId: string, why: 'left' | 'kicked' | 'banned', reason: string): void {
    this.#typing.forget(room, memberId);
    this.#delivery.toMember(memberId, 'room:gone', { room, why, reason }, `room ${room}`);
  }

  #tellPresence(member: Member, isHere: boolean): void {
    const data = isHere ? { here: [member], away: [] } : { here: [], away: [member] };
    this.#delivery.toAcquaintances(member.id, 'presence:changed', data, `presence ${member.id}`);
  }

  #tellTyping(told: Parameters<typeof pushOf<'room:typing'>>[1]): void {
    const { room, member } = told;
    this.#delivery.toOthers(room, member.id, 'room:typing', told, `typing ${room} ${member.id}`);
  }

  #close(member: Member, peers: readonly Peer[], code: number, reason: string): void {
    for (const peer of peers) peer.close(code, reason);
    if (peers.length > 0 && this.presence.leave(member.id)) this.#gone(member);
  }

  #gone(member: Member): void {
    this.#tellPresence(member, false);
    this.#notePresence(member.id, false);
  }

  #sweep(): void {
    const now = this.clock.now();
    for (const member of this.presence.expire(now)) this.#gone(member);
    for (const told of this.#typing.expire(now)) this.#tellTyping(told);
    for (const buckets of [this.messageBuckets, this.signInBuckets, this.uploadBuckets]) buckets.sweep(now);
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
