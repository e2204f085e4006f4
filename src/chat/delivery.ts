/**
 * The way from a push to those whom it concerns: encoded once, however many get it. Knows peers, not connections. Called
 * by chat.ts only.
 */
import type { Push } from '../transports/channel.ts';
import { encodePush, type PushData, type PushName, type RoomEvent } from './events.ts';
import type { Presence } from './presence.ts';
import type { Rooms } from './rooms.ts';

/** What the chat can do with one connection. */
export interface Peer {
  /** The device that is signed in over it; undefined before sign-in. */
  readonly device: string | undefined;
  readonly remoteAddress: string;
  push(push: Push): void;
  /** Ends it, after what was pushed. @param reason at most 123 octets */
  close(code: number, reason: string): void;
}

export class Delivery {
  readonly #presence: Presence<Peer>;
  readonly #rooms: Rooms;
  readonly #epoch: string;

  constructor(presence: Presence<Peer>, rooms: Rooms, epoch: string) {
    this.#presence = presence;
    this.#rooms = rooms;
    this.#epoch = epoch;
  }

  /** To every connection of everybody in the room, the author's own included. */
  event(event: RoomEvent): void {
    const push: Push = {
      event: 'room:event',
      text: encodePush('room:event', { event }),
      cursor: `${this.#epoch}:${event.offset}`,
      coalesce: undefined,
    };
    for (const memberId of this.connectedMembersOf(event.room)) this.#toMember(memberId, push);
  }

  /** To everybody in a room but one. */
  toOthers<Name extends PushName>(
    room: string,
    except: string,
    name: Name,
    data: PushData<Name>,
    coalesce: string,
  ): void {
    const push = pushOf(name, data, coalesce);
    for (const memberId of this.connectedMembersOf(room)) {
      if (memberId !== except) this.#toMember(memberId, push);
    }
  }

  /** To all of one member's connections. @param except the one that knows */
  toMember<Name extends PushName>(
    memberId: string,
    name: Name,
    data: PushData<Name>,
    coalesce: string | undefined,
    except?: object,
  ): void {
    const peers = this.#presence.connectionsOf(memberId);
    const told = [...peers].filter((peer) => peer !== except);
    if (told.length === 0) return;
    const push = pushOf(name, data, coalesce);
    for (const peer of told) peer.push(push);
  }

  /** To everybody who shares a room with a member. */
  toAcquaintances<Name extends PushName>(
    memberId: string,
    name: Name,
    data: PushData<Name>,
    coalesce: string,
  ): void {
    const push = pushOf(name, data, coalesce);
    const told = new Set([memberId]);
    for (const room of this.#rooms.roomsOf(memberId)) {
      for (const other of this.connectedMembersOf(room)) {
        if (told.has(other)) continue;
        told.add(other);
        this.#toMember(other, push);
      }
    }
  }

  /** Who is in a room and here. */
  *connectedMembersOf(room: string): Generator<string> {
    const members = this.#rooms.membersIn(room);
    // Whichever is the shorter way: a room may be a hundred times as many as are here, or a hundredth.
    if (members.size <= this.#presence.size) {
      for (const memberId of members.keys()) if (this.#presence.isHere(memberId)) yield memberId;
    } else {
      for (const memberId of this.#presence.memberIds()) if (members.has(memberId)) yield memberId;
    }
  }

  #toMember(memberId: string, push: Push): void {
    for (const peer of this.#presence.connectionsOf(memberId)) peer.push(push);
  }
}

export function pushOf<Name extends PushName>(
  event: Name,
  data: PushData<Name>,
  coalesce: string | undefined,
): Push {
  return { event, text: encodePush(event, data), cursor: undefined, coalesce };
}
