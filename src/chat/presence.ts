/**
 * Who is here, on the whole server, and who types where. Pure: every method is told the time, and answers with what
 * has changed; nothing is sent from here. A member is here while they have a connection, and for a grace after the last
 * one went, so that a reload makes nobody go and come. Called by chat.ts. `Connection` is whatever stands for one.
 */
import { type Member, type PushData, typingTime } from './events.ts';

/** The least time between two pushes of one member's typing in one room, in milliseconds. */
const typingInterval = 1000;

interface Here<Connection> {
  readonly member: Member;
  readonly connections: Set<Connection>;
  /** When the grace ends; undefined while there is a connection. */
  absentUntil: number | undefined;
}

export class Presence<Connection> {
  readonly #grace: number;
  readonly #here = new Map<string, Here<Connection>>();

  /** @param grace milliseconds that a member stays after their last connection went */
  constructor(grace: number) {
    this.#grace = grace;
  }

  /** Who is here, in the order in which they came. */
  get members(): Member[] {
    return [...this.#here.values()].map(({ member }) => member);
  }

  get size(): number {
    return this.#here.size;
  }

  memberIds(): Iterable<string> {
    return this.#here.keys();
  }

  isHere(memberId: string): boolean {
    return this.#here.has(memberId);
  }

  /** A member's connections, in the order in which they came. */
  connectionsOf(memberId: string): ReadonlySet<Connection> {
    return this.#here.get(memberId)?.connections ?? none;
  }

  /** A member's connection comes in. @returns whether the member was not here before */
  connect(member: Member, connection: Connection): boolean {
    const here = this.#here.get(member.id);
    if (here !== undefined) {
      here.connections.add(connection);
      here.absentUntil = undefined;
      return false;
    }
    this.#here.set(member.id, { member, connections: new Set([connection]), absentUntil: undefined });
    return true;
  }

  /** Puts a member back who was here before a restart of the server, without a word, until that time. */
  restore(member: Member, until: number): void {
    if (this.#here.has(member.id)) return;
    this.#here.set(member.id, { member, connections: new Set(), absentUntil: until });
  }

  /** A connection is gone. If it was the member's last, their grace begins. */
  disconnect(memberId: string, connection: Connection, now: number): void {
    const here = this.#here.get(memberId);
    if (here === undefined || !here.connections.delete(connection)) return;
    if (here.connections.size === 0) here.absentUntil = now + this.#grace;
  }

  /** A member goes at once, unless a connection of theirs is left. @returns whether they were here, and are no longer */
  leave(memberId: string): boolean {
    if (this.connectionsOf(memberId).size > 0) return false;
    return this.#here.delete(memberId);
  }

  /** Ends every grace that is over. @returns who went */
  expire(now: number): Member[] {
    const gone: Member[] = [];
    for (const [id, { member, absentUntil }] of this.#here) {
      if (absentUntil === undefined || now < absentUntil) continue;
      this.#here.delete(id);
      gone.push(member);
    }
    return gone;
  }
}

const none: ReadonlySet<never> = new Set();

interface Typist {
  readonly room: string;
  readonly member: Member;
  /** What was said last, and when. */
  isTyping: boolean;
  until: number;
  toldAt: number;
  /** What is to be said when the next second comes. */
  next: boolean | undefined;
}

/** Who types where. What is said faster than once a second waits, and only the newest of it is told. */
export class Typing {
  readonly #typists = new Map<string, Typist>();

  /** A member types in a room, or has stopped. @returns what the others are to be told now */
  note(room: string, member: Member, isTyping: boolean, now: number): PushData<'room:typing'> | undefined {
    const key = JSON.stringify([room, member.id]);
    const known = this.#typists.get(key);
    // Whoever is not known to type need not stop.
    if (known === undefined && !isTyping) return undefined;
    if (known !== undefined && now >= known.toldAt && now - known.toldAt < typingInterval) {
      known.next = isTyping;
      return undefined;
    }
    const typist = known ?? { room, member, isTyping, until: 0, toldAt: 0, next: undefined };
    this.#typists.set(key, typist);
    return tell(typist, isTyping, now);
  }

  /** A message of theirs says that they have stopped; nobody needs to be told. */
  forget(room: string, memberId: string): void {
    this.#typists.delete(JSON.stringify([room, memberId]));
  }

  /** To be called every second. @returns what waited */
  expire(now: number): PushData<'room:typing'>[] {
    const told: PushData<'room:typing'>[] = [];
    for (const [key, typist] of this.#typists) {
      // A wall clock that was set back must not keep anything for ever.
      const isDue = now < typist.toldAt || now - typist.toldAt >= typingInterval;
      if (typist.next !== undefined && isDue) {
        if (typist.next !== typist.isTyping || typist.next) told.push(tell(typist, typist.next, now));
        typist.next = undefined;
      } else if (isDue && (now >= typist.until || now < typist.toldAt)) {
        this.#typists.delete(key);
      }
    }
    return told;
  }
}

function tell(typist: Typist, isTyping: boolean, now: number): PushData<'room:typing'> {
  typist.isTyping = isTyping;
  typist.until = isTyping ? now + typingTime : now;
  typist.toldAt = now;
  typist.next = undefined;
  return { room: typist.room, member: typist.member, until: typist.until };
}
