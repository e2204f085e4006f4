/** What the jump dialog finds: rooms, people and commands whose names fit the query, the best first. Pure. */
import type { Member, RoomSummary } from '../../../../src/chat/events.ts';
import type { CommandName } from '../../texts/panels-table.ts';
import { rank } from './match.ts';

export type JumpItem =
  | { readonly kind: 'room'; readonly key: string; readonly room: RoomSummary }
  | { readonly kind: 'person'; readonly key: string; readonly member: Member }
  | { readonly kind: 'command'; readonly key: string; readonly command: CommandName };

export interface JumpSource {
  readonly rooms: readonly RoomSummary[];
  /** Whom one could write to, without oneself. */
  readonly people: readonly Member[];
  readonly commands: readonly CommandName[];
  readonly nameOf: (command: CommandName) => string;
}

/** The most of each kind that a query brings up, and of rooms when there is none. */
const most = { room: 8, person: 6, command: 12 } as const;

interface Ranked {
  readonly item: JumpItem;
  readonly name: string;
  readonly weight: number;
}

/**
 * Rooms, then people, then commands, each best first. Without a query: rooms with something unread, then the others in
 * their own order, and the commands. `#` before the query looks for rooms only, `@` for people, `>` for commands.
 */
export function findItems(query: string, source: JumpSource): readonly JumpItem[] {
  const sign = /^[#@>]/.exec(query)?.[0];
  const wanted = (sign === undefined ? query : query.slice(1)).trim();
  const everybody = sign === '@' || wanted !== '';
  const rooms = source.rooms.map(
    (room): Ranked => ({
      item: { kind: 'room', key: `room ${room.id}`, room },
      name: room.name,
      weight: room.muted ? 0 : room.mentions > 0 ? 2 : room.unread > 0 ? 1 : 0,
    }),
  );
  // Who has a direct room stands there already.
  const direct = new Set(source.rooms.flatMap((room) => (room.other === undefined ? [] : [room.other.id])));
  const people = (everybody ? source.people : [])
    .filter((member) => member.bot !== true && !direct.has(member.id))
    .map(
      (member): Ranked => ({
        item: { kind: 'person', key: `person ${member.id}`, member },
        name: member.name,
        weight: 0,
      }),
    );
  const commands = source.commands.map(
    (command): Ranked => ({
      item: { kind: 'command', key: `command ${command}`, command },
      name: source.nameOf(command),
      weight: 0,
    }),
  );
  return [
    ...(sign === undefined || sign === '#' || sign === '@'
      ? best(wanted, onlyDirect(rooms, sign), most.room)
      : []),
    ...(sign === undefined || sign === '@' ? best(wanted, people, most.person) : []),
    ...(sign === undefined || sign === '>' ? best(wanted, commands, most.command) : []),
  ];
}

function onlyDirect(rooms: readonly Ranked[], sign: string | undefined): readonly Ranked[] {
  if (sign === undefined) return rooms;
  return rooms.filter(({ item }) => item.kind === 'room' && (item.room.kind === 'direct') === (sign === '@'));
}

function best(wanted: string, candidates: readonly Ranked[], count: number): readonly JumpItem[] {
  return candidates
    .flatMap((candidate, place) => {
      const fit = rank(wanted, candidate.name);
      return fit === undefined ? [] : [{ candidate, fit, place }];
    })
    .sort((a, b) => a.fit - b.fit || b.candidate.weight - a.candidate.weight || a.place - b.place)
    .slice(0, count)
    .map(({ candidate }) => candidate.item);
}
