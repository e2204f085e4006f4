/**
 * What is said to whom: of each event of the log that was stored, of who is here, of who types and who has read. Only
 * members of a room hear of it; what is one member's own goes to their connections alone. Called by chat.ts only.
 */
import { Delivery, type Peer } from './delivery.ts';
import type { Member, PushData, RoomEvent } from './events.ts';
import { type Presence, Typing } from './presence.ts';
import type { Rooms } from './rooms.ts';

export class Announcer {
  readonly #presence: Presence<Peer>;
  readonly #rooms: Rooms;
  readonly #delivery: Delivery;
  readonly #typing = new Typing();

  constructor(presence: Presence<Peer>, rooms: Rooms, epoch: string) {
    this.#presence = presence;
    this.#rooms = rooms;
    this.#delivery = new Delivery(presence, rooms, epoch);
  }

  /** An event was stored: what it changes is so from now on, and whom it concerns is told. */
  stored(event: RoomEvent): void {
    const { room } = event;
    // Whoever goes still hears of it.
    if (event.type === 'left' || event.type === 'kicked') this.#delivery.event(event);
    this.#rooms.apply(event);
    switch (event.type) {
      case 'left':
        this.#gone(room, event.author.id, 'left', '');
        return;
      case 'kicked':
        this.#gone(room, event.member.id, event.banned ? 'banned' : 'kicked', event.reason);
        return;
      case 'created':
        // Known to them before its first event comes.
        for (const memberId of this.#rooms.membersIn(room).keys()) this.roomChanged(room, memberId);
        break;
      case 'joined':
        this.roomChanged(room, event.author.id);
        break;
      case 'message':
        this.#typing.forget(room, event.author.id);
        break;
    }
    this.#delivery.event(event);
    // To those who meet them here it is news that they are here.
    if (event.type === 'joined' && this.#presence.isHere(event.author.id)) this.#met(room, event.author);
    if (event.type === 'role') this.roomChanged(room, event.member.id);
    if (event.type === 'renamed' || event.type === 'topic' || event.type === 'slow') {
      for (const memberId of this.#delivery.connectedMembersOf(room)) this.roomChanged(room, memberId);
    }
  }

  /** How a room is for a member now. @param except the connection that knows */
  roomChanged(room: string, memberId: string, except?: object): void {
    if (this.#presence.connectionsOf(memberId).size === 0) return;
    const data = { room: this.#rooms.summaryFor(room, memberId) };
    this.#delivery.toMember(memberId, 'room:changed', data, roomKey(room), except);
  }

  /** A member has read on. @param except the connection that said so */
  read(
    room: string,
    memberId: string,
    counts: { readonly unread: number; readonly mentions: number },
    except?: object,
  ): void {
    const offset = this.#rooms.membership(room, memberId)?.read ?? 0;
    const data = { room, offset, ...counts };
    this.#delivery.toMember(memberId, 'room:read', data, `read ${room}`, except);
  }

  /** A member came, or went. */
  presence(member: Member, isHere: boolean): void {
    const data = isHere ? { here: [member], away: [] } : { here: [], away: [member] };
    this.#delivery.toAcquaintances(member.id, 'presence:changed', data, presenceKey(member));
  }

  /** A member types in a room that they are in, or has stopped. */
  noteTyping(room: string, member: Member, isTyping: boolean, now: number): void {
    const told = this.#typing.note(room, member, isTyping, now);
    if (told !== undefined) this.#typists(told);
  }

  /** To be called every second. */
  sweep(now: number): void {
    for (const told of this.#typing.expire(now)) this.#typists(told);
  }

  #met(room: string, member: Member): void {
    const data = { here: [member], away: [] };
    this.#delivery.toOthers(room, member.id, 'presence:changed', data, presenceKey(member));
  }

  #typists(told: PushData<'room:typing'>): void {
    const { room, member } = told;
    this.#delivery.toOthers(room, member.id, 'room:typing', told, `typing ${room} ${member.id}`);
  }

  #gone(room: string, memberId: string, why: 'left' | 'kicked' | 'banned', reason: string): void {
    this.#typing.forget(room, memberId);
    // The same key as for a change of the room: whichever is newer is so.
    this.#delivery.toMember(memberId, 'room:gone', { room, why, reason }, roomKey(room));
  }
}

function roomKey(room: string): string {
  return `room ${room}`;
}

function presenceKey(member: Member): string {
  return `presence ${member.id}`;
}
