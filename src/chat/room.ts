/**
 * One room: who is here, and who gets what. Pure: every method is told the time and answers with the deliveries that
 * follow; nothing is sent from here. A member is here while they have a connection, and for a grace after the last
 * one went, so that a reload makes no "left" and "joined". Called by chat.ts. `Connection` is whatever stands for one.
 */
import type { Member, Message, PushData, PushName } from './events.ts';

/** One push and the connections that get it. */
export type Delivery<Connection> = {
  [Name in PushName]: {
    readonly to: readonly Connection[];
    readonly event: Name;
    readonly data: PushData<Name>;
  };
}[PushName];

interface Presence<Connection> {
  readonly member: Member;
  readonly connections: Set<Connection>;
  /** When the grace ends; undefined while there is a connection. */
  absentUntil: number | undefined;
}

export class Room<Connection> {
  readonly name: string;
  readonly #grace: number;
  readonly #presences = new Map<string, Presence<Connection>>();

  /** @param grace milliseconds that a member stays after their last connection went */
  constructor(name: string, grace: number) {
    this.name = name;
    this.#grace = grace;
  }

  /** Who is here, in the order in which they came. */
  get members(): Member[] {
    return [...this.#presences.values()].map((presence) => presence.member);
  }

  has(memberId: string): boolean {
    return this.#presences.has(memberId);
  }

  /** A member's connection comes in. Everybody else is told when the member was not here before. */
  enter(member: Member, connection: Connection, now: number): Delivery<Connection>[] {
    const presence = this.#presences.get(member.id);
    if (presence !== undefined) {
      presence.connections.add(connection);
      presence.absentUntil = undefined;
      return [];
    }
    const others = this.#connections();
    this.#presences.set(member.id, { member, connections: new Set([connection]), absentUntil: undefined });
    const data = { room: this.name, member, count: this.#presences.size, time: now };
    return [{ to: others, event: 'member:joined', data }];
  }

  /** Puts a member back who was here before a restart of the server, without a word, until that time. */
  restore(member: Member, until: number): void {
    if (this.#presences.has(member.id)) return;
    this.#presences.set(member.id, { member, connections: new Set(), absentUntil: until });
  }

  /** A connection is gone. If it was the member's last, their grace begins. */
  disconnect(memberId: string, connection: Connection, now: number): void {
    const presence = this.#presences.get(memberId);
    if (presence === undefined || !presence.connections.delete(connection)) return;
    if (presence.connections.size === 0) presence.absentUntil = now + this.#grace;
  }

  /** A member leaves for good and at once. @returns what the others get, and the connections that were theirs */
  leave(
    memberId: string,
    now: number,
  ): { readonly deliveries: Delivery<Connection>[]; readonly connections: readonly Connection[] } {
    const presence = this.#presences.get(memberId);
    if (presence === undefined) return { deliveries: [], connections: [] };
    this.#presences.delete(memberId);
    return { deliveries: [this.#left(presence.member, now)], connections: [...presence.connections] };
  }

  /** Ends every grace that is over. @returns who left, and what the others get */
  expire(now: number): { readonly left: readonly Member[]; readonly deliveries: Delivery<Connection>[] } {
    const left: Member[] = [];
    const deliveries: Delivery<Connection>[] = [];
    for (const [id, { member, absentUntil }] of this.#presences) {
      if (absentUntil === undefined || now < absentUntil) continue;
      this.#presences.delete(id);
      left.push(member);
      deliveries.push(this.#left(member, now));
    }
    return { left, deliveries };
  }

  /** A message was stored: everybody here gets it, the author's own connections included. */
  say(message: Message): Delivery<Connection> {
    return { to: this.#connections(), event: 'message:new', data: { message } };
  }

  #left(member: Member, now: number): Delivery<Connection> {
    const data = { room: this.name, member, count: this.#presences.size, time: now };
    return { to: this.#connections(), event: 'member:left', data };
  }

  #connections(): Connection[] {
    const connections: Connection[] = [];
    for (const presence of this.#presences.values()) connections.push(...presence.connections);
    return connections;
  }
}
