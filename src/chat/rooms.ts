/**
 * The rooms and who is in them: kept in memory, backed by two tables, changed by events of the log alone, so that what
 * is here is what a reader of the log would work out. Each change is written in the transaction of its event (`write`)
 * and seen once that is durable (`apply`). Only how far somebody has read, and what they want to hear, is no event.
 * Called by chat.ts, moderation.ts and the handlers.
 */
import type { Database } from './database.ts';
import type { Member, Role, RoomEvent, RoomKind, RoomSummary } from './events.ts';
import type { Log } from './log.ts';
import { Refusal } from './refusal.ts';
import { checkNameFree, directRoomId, freeId } from './room-names.ts';
import { type Membership, type NewRoom, type RoomRecord, RoomTable } from './room-table.ts';

/** The most rooms that one member can have made and that are still there. Direct ones do not count. */
export const maximumRoomsPerCreator = 200;
/** Where counting unread messages stops. */
const maximumCount = 1000;

export class Rooms {
  readonly #database: Database;
  readonly #table: RoomTable;
  readonly #log: Log;
  readonly #isServerOwner: (memberId: string) => boolean;
  readonly #rooms = new Map<string, RoomRecord>();
  readonly #members = new Map<string, Map<string, Membership>>();
  readonly #roomsOf = new Map<string, Set<string>>();
  /** Ids, and keys of public names, of rooms that are being made. */
  readonly #reserved = new Map<string, NewRoom>();
  /** Who has read on since that was last written down. */
  readonly #dirtyReads = new Map<string, { readonly room: string; readonly memberId: string }>();

  /** @param isServerOwner whether that member may do everything everywhere */
  constructor(database: Database, log: Log, isServerOwner: (memberId: string) => boolean) {
    this.#database = database;
    this.#table = new RoomTable(database);
    this.#log = log;
    this.#isServerOwner = isServerOwner;
    for (const room of this.#table.rooms()) this.#load(room);
  }

  get(id: string): RoomRecord | undefined {
    return this.#rooms.get(id);
  }

  all(): Iterable<RoomRecord> {
    return this.#rooms.values();
  }

  /** Ids of the rooms that a member is in, in the order in which they came into them. */
  roomsOf(memberId: string): readonly string[] {
    return [...(this.#roomsOf.get(memberId) ?? [])];
  }

  /** Who is in a room, in the order in which they came. */
  membersIn(room: string): ReadonlyMap<string, Membership> {
    return this.#members.get(room) ?? nobody;
  }

  membership(room: string, memberId: string): Membership | undefined {
    return this.#members.get(room)?.get(memberId);
  }

  isIn(room: string, memberId: string): boolean {
    return this.membership(room, memberId) !== undefined;
  }

  /** Whether two members have a room in common. */
  shareRoom(memberId: string, other: string): boolean {
    for (const room of this.#roomsOf.get(memberId) ?? []) if (this.isIn(room, other)) return true;
    return false;
  }

  /** Whether that member may read the room: it is public, or they are in it. */
  maySee(room: string, memberId: string): boolean {
    return this.get(room)?.kind === 'public' || this.isIn(room, memberId);
  }

  /** A room that the member may read. @throws Refusal `room-unknown`, whether there is none or it is not theirs to see */
  visible(id: string, memberId: string): RoomRecord {
    const room = this.get(id);
    if (room !== undefined && this.maySee(id, memberId)) return room;
    throw new Refusal('room-unknown', 'There is no room of that name that you may see.', {
      field: 'data.room',
    });
  }

  /** A room that the member is in. @throws Refusal `room-unknown`, `not-joined` */
  joined(id: string, memberId: string): RoomRecord {
    const room = this.visible(id, memberId);
    if (this.isIn(id, memberId)) return room;
    throw new Refusal('not-joined', 'Only who is in this room may do that: join it first.', {
      field: 'data.room',
    });
  }

  /** The server's owner is the owner everywhere. Who is not in the room is a `member`. */
  roleOf(room: string, memberId: string): Role {
    if (this.#isServerOwner(memberId)) return 'owner';
    return this.membership(room, memberId)?.role ?? 'member';
  }

  isModerator(room: string, memberId: string): boolean {
    return this.roleOf(room, memberId) !== 'member';
  }

  /** @throws Refusal `forbidden` */
  checkModerator(room: string, memberId: string): void {
    if (this.isModerator(room, memberId)) return;
    throw new Refusal('forbidden', 'Only moderators and owners of this room may do that.');
  }

  /** The other one of a direct room, whether they are in it or have left; undefined when it is none. */
  otherOf(room: string, memberId: string): Member | undefined {
    return this.get(room)?.pair.find(({ id }) => id !== memberId);
  }

  /** Messages that a member has not read, and how many mention them. Who is not in the room has no such. */
  countsFor(room: string, memberId: string): { unread: number; mentions: number } {
    const membership = this.membership(room, memberId);
    if (membership === undefined) return { unread: 0, mentions: 0 };
    return this.#log.countAfter(room, membership.read, memberId, maximumCount);
  }

  /** A room as a member sees it. They must be allowed to. @throws RangeError when there is no such room */
  summaryFor(id: string, memberId: string): RoomSummary {
    const room = this.get(id);
    if (room === undefined) throw new RangeError(`There is no room ${id}.`);
    const { offset: newest, time: lastTime } = this.#log.newestOf(id);
    const membership = this.membership(id, memberId);
    const other = this.otherOf(id, memberId);
    return {
      id,
      kind: room.kind,
      name: other?.name ?? room.name,
      topic: room.topic,
      memberCount: this.membersIn(id).size,
      joined: membership !== undefined,
      role: this.roleOf(id, memberId),
      newest,
      lastTime,
      read: membership?.read ?? newest,
      ...this.countsFor(id, memberId),
      muted: membership?.muted ?? false,
      slowMode: room.slowMode,
      ...(membership?.mutedUntil !== undefined && { mutedUntil: membership.mutedUntil }),
      ...(other !== undefined && { other }),
    };
  }

  // Making rooms ----------------------------------------------------------------------------------------------------

  /**
   * Keeps an id and a name for a room that is about to be made.
   * @returns the room, and what gives both back when it could not be made, or has been
   * @throws Refusal `room-exists` with a suggestion, `too-many`
   */
  reserve(
    creator: Member,
    { name, topic, kind }: { readonly name: string; readonly topic: string; readonly kind: RoomKind },
  ): { readonly room: NewRoom; readonly release: () => void } {
    const made = this.#withReserved().filter(
      (room) => room.createdBy === creator.id && room.kind !== 'direct',
    );
    if (made.length >= maximumRoomsPerCreator) {
      throw new Refusal('too-many', `You have made ${maximumRoomsPerCreator} rooms, which is the most.`);
    }
    if (kind === 'public') checkNameFree(name, this.#withReserved(), undefined);
    const members = [{ member: creator, role: 'owner' as const }];
    return this.#reserve({
      // One that is made of the name would tell whoever makes a room called so that there is a private one.
      id: freeId(kind === 'public' ? name : '', (id) => !this.#rooms.has(id) && !this.#reserved.has(id)),
      kind,
      name,
      topic,
      slowMode: 0,
      createdBy: creator.id,
      pair: [],
      members,
    });
  }

  /** The same for the room of two members, whose id follows from theirs. */
  reserveDirect(creator: Member, other: Member): { readonly room: NewRoom; readonly release: () => void } {
    const members = [creator, other].map((member) => ({ member, role: 'member' as const }));
    const id = directRoomId(creator.id, other.id);
    return this.#reserve({
      id,
      kind: 'direct',
      name: '',
      topic: '',
      slowMode: 0,
      createdBy: creator.id,
      pair: [creator, other],
      members,
    });
  }

  /** Keeps a name for a room that is about to be renamed. @returns what gives it back @throws Refusal `room-exists` */
  reserveName(id: string, name: string): () => void {
    const room = this.get(id);
    if (room?.kind !== 'public') return () => {};
    checkNameFree(name, this.#withReserved(), id);
    // Under a key that is no id: the room has its own all the while.
    const key = `${id} ${name}`;
    this.#reserved.set(key, { ...room, name, createdBy: '', members: [] });
    return () => this.#reserved.delete(key);
  }

  #reserve(room: NewRoom): { readonly room: NewRoom; readonly release: () => void } {
    this.#reserved.set(room.id, room);
    return {
      room,
      release: () => {
        if (this.#reserved.get(room.id) === room) this.#reserved.delete(room.id);
      },
    };
  }

  #withReserved(): RoomRecord[] {
    return [...this.#rooms.values(), ...this.#reserved.values()];
  }

  // Changes ---------------------------------------------------------------------------------------------------------

  /** Writes a room that was reserved. To be called inside of the transaction of its `created` event. */
  create(room: NewRoom, event: RoomEvent): void {
    this.#table.create(room, event);
  }

  /** Writes what an event does to its room. To be called inside of its transaction. @throws Refusal, AlreadyJoined */
  write(event: RoomEvent): void {
    this.#table.write(event);
  }

  /** Does in memory what `write` has written, once that is durable. */
  apply(event: RoomEvent): void {
    const { room: id, author } = event;
    const room = this.get(id);
    switch (event.type) {
      case 'created': {
        const created = this.#table.room(id);
        if (created !== undefined) this.#load(created);
        break;
      }
      case 'joined':
        this.#add(id, {
          member: author,
          role: 'member',
          joinedAt: event.time,
          read: event.offset,
          muted: false,
          mutedUntil: undefined,
        });
        break;
      case 'left':
        this.#remove(id, author.id);
        break;
      case 'kicked':
        this.#remove(id, event.member.id);
        break;
      case 'renamed':
        if (room !== undefined) this.#rooms.set(id, { ...room, name: event.name });
        break;
      case 'topic':
        if (room !== undefined) this.#rooms.set(id, { ...room, topic: event.topic });
        break;
      case 'slow':
        if (room !== undefined) this.#rooms.set(id, { ...room, slowMode: event.seconds });
        break;
      case 'role':
        this.#update(id, event.member.id, { role: event.role });
        break;
    }
  }

  /** Who becomes the owner when that one goes: who has been a moderator, else a member, for longest. */
  heirOf(id: string, memberId: string): Member | undefined {
    const others = [...this.membersIn(id).values()].filter(({ member }) => member.id !== memberId);
    if (others.some(({ role }) => role === 'owner')) return undefined;
    return (others.find(({ role }) => role === 'moderator') ?? others[0])?.member;
  }

  /** Notes up to where a member has read; never back, never beyond the end. @returns whether that is further than before */
  setRead(id: string, memberId: string, offset: number): boolean {
    const membership = this.membership(id, memberId);
    const read = Math.min(offset, this.#log.newestOf(id).offset);
    if (membership === undefined || read <= membership.read) return false;
    this.#update(id, memberId, { read });
    // Each reader says this for each message: what changes in a second is written at once.
    this.#dirtyReads.set(`${id} ${memberId}`, { room: id, memberId });
    return true;
  }

  /** Writes down how far everybody has read. Resolves when that is durable. */
  async flushReads(): Promise<void> {
    if (this.#dirtyReads.size === 0) return;
    const dirty = [...this.#dirtyReads].map(([key, { room, memberId }]) => ({
      key,
      room,
      memberId,
      read: this.membership(room, memberId)?.read ?? 0,
    }));
    this.#dirtyReads.clear();
    try {
      await this.#database.write(() => {
        for (const { room, memberId, read } of dirty) this.#table.setRead(room, memberId, read);
      });
    } catch (error) {
      // As on a full disk: the next time has it too.
      for (const { key, room, memberId } of dirty) this.#dirtyReads.set(key, { room, memberId });
      throw error;
    }
  }

  /** Whether a member wants to hear of this room. Resolves when that is durable. */
  setMuted(id: string, memberId: string, muted: boolean): Promise<void> {
    return this.#database.write(
      () => this.#table.setMuted(id, memberId, muted),
      () => this.#update(id, memberId, { muted }),
    );
  }

  /**
   * Lets a member write only from that time on, or with undefined again at once. Resolves when that is durable.
   * @param alongside further changes in the same transaction
   */
  setMutedUntil(
    id: string,
    memberId: string,
    mutedUntil: number | undefined,
    alongside?: () => void,
  ): Promise<void> {
    return this.#database.write(
      () => {
        this.#table.setMutedUntil(id, memberId, mutedUntil);
        alongside?.();
      },
      () => this.#update(id, memberId, { mutedUntil }),
    );
  }

  #load(room: RoomRecord): void {
    this.#rooms.set(room.id, room);
    for (const membership of this.#table.members(room.id)) this.#add(room.id, membership);
  }

  #add(id: string, membership: Membership): void {
    const members = this.#members.get(id) ?? new Map<string, Membership>();
    this.#members.set(id, members.set(membership.member.id, membership));
    const rooms = this.#roomsOf.get(membership.member.id) ?? new Set<string>();
    this.#roomsOf.set(membership.member.id, rooms.add(id));
  }

  #remove(id: string, memberId: string): void {
    this.#members.get(id)?.delete(memberId);
    const rooms = this.#roomsOf.get(memberId);
    rooms?.delete(id);
    if (rooms?.size === 0) this.#roomsOf.delete(memberId);
  }

  #update(id: string, memberId: string, change: Partial<Membership>): void {
    const membership = this.membership(id, memberId);
    if (membership !== undefined) this.#members.get(id)?.set(memberId, { ...membership, ...change });
  }
}

const nobody: ReadonlyMap<string, Membership> = new Map();
