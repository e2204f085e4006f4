/** Who is in a room and who types there. The lists are pure functions of events; the typing is timed. */
import {
  type Member,
  type PushData,
  type RoomEvent,
  type RoomMember,
  typingTime,
} from '../../src/chat/events.ts';

export type Members = readonly RoomMember[];

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Who is here first, then by name. */
export function sortMembers(members: Members): Members {
  return members.toSorted(
    (a, b) => Number(b.here) - Number(a.here) || collator.compare(a.name, b.name) || (a.id < b.id ? -1 : 1),
  );
}

/** The members of a room after one of its events. */
export function membersAfter(members: Members, event: RoomEvent): Members {
  switch (event.type) {
    case 'joined': {
      const { author } = event;
      if (members.some(({ id }) => id === author.id)) return members;
      // Who joins does so over a connection.
      return sortMembers([...members, { ...author, role: 'member', here: true }]);
    }
    case 'left':
      return members.filter(({ id }) => id !== event.author.id);
    case 'kicked':
      return members.filter(({ id }) => id !== event.member.id);
    case 'role':
      return members.map((member) =>
        member.id === event.member.id ? { ...member, role: event.role } : member,
      );
    default:
      return members;
  }
}

/** The members of a room after people came and went. */
export function membersAfterPresence(members: Members, change: PushData<'presence:changed'>): Members {
  const here = new Map<string, boolean>();
  for (const { id } of change.away) here.set(id, false);
  for (const { id } of change.here) here.set(id, true);
  if (!members.some(({ id, here: was }) => (here.get(id) ?? was) !== was)) return members;
  return sortMembers(members.map((member) => ({ ...member, here: here.get(member.id) ?? member.here })));
}

export interface Typing {
  /** Who types in that room now, in the order in which they began. */
  in(room: string): readonly Member[];
  /** @param remaining milliseconds; 0 or less says that they have stopped */
  heard(room: string, member: Member, remaining: number): void;
  /** They have said it, or are gone. */
  stopped(room: string, member: string): void;
  clear(): void;
}

/** @param changed called with the room whose typing is other than before */
export function createTyping(
  after: (milliseconds: number, callback: () => void) => () => void,
  changed: (room: string) => void,
): Typing {
  const rooms = new Map<string, Map<string, { readonly member: Member; readonly cancel: () => void }>>();
  /** The last list of each room, so that the same list is the same object. */
  const lists = new Map<string, readonly Member[]>();
  const nobody: readonly Member[] = [];

  function stop(room: string, id: string) {
    const found = rooms.get(room)?.get(id);
    if (found === undefined) return;
    found.cancel();
    rooms.get(room)?.delete(id);
    tell(room);
  }

  function tell(room: string) {
    lists.set(
      room,
      [...(rooms.get(room)?.values() ?? [])].map(({ member }) => member),
    );
    changed(room);
  }

  return {
    in: (room) => lists.get(room) ?? nobody,
    heard(room, member, remaining) {
      if (remaining <= 0) return stop(room, member.id);
      const typists = rooms.get(room) ?? new Map();
      rooms.set(room, typists);
      const known = typists.get(member.id);
      known?.cancel();
      const wait = Math.min(remaining, typingTime);
      typists.set(member.id, { member, cancel: after(wait, () => stop(room, member.id)) });
      if (known === undefined) tell(room);
    },
    stopped: stop,
    clear() {
      for (const typists of rooms.values()) for (const { cancel } of typists.values()) cancel();
      rooms.clear();
      lists.clear();
    },
  };
}
