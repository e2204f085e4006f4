/**
 * Ids and names for rooms that are made: an id from the name where that is possible, public names that are free. Pure
 * functions over the rooms that there are. Called by rooms.ts only.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Refusal } from './refusal.ts';
import { type RoomRecord, roomNameKey } from './room-table.ts';

/** @param except id of the room that may have the name @throws Refusal `room-exists` with a free name */
export function checkNameFree(name: string, rooms: readonly RoomRecord[], except: string | undefined): void {
  const others = rooms.filter(({ kind, id }) => kind === 'public' && id !== except);
  const taken = new Set(others.map((room) => roomNameKey(room.name)));
  if (!taken.has(roomNameKey(name))) return;
  let suggestion = name;
  for (let number = 2; taken.has(roomNameKey(suggestion)); number++) {
    suggestion = `${name.slice(0, 56).toWellFormed().trimEnd()} ${number}`;
  }
  const message = `There is a public room called ${name}; ${suggestion} is free.`;
  throw new Refusal('room-exists', message, { field: 'data.name', suggestion });
}

/** An id for a room of that name: made of it when it is ASCII, for it is what addresses and logs show; else at random. */
export function freeId(name: string, isFree: (id: string) => boolean): string {
  const slug = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 48)
    .replaceAll(/^-|-$/g, '');
  if (/^[\x20-\x7e]+$/.test(name) && slug !== '') {
    if (isFree(slug)) return slug;
    for (let number = 2; number < 100; number++) if (isFree(`${slug}-${number}`)) return `${slug}-${number}`;
  }
  for (;;) {
    const id = randomId();
    if (isFree(id)) return id;
  }
}

/** The id of the room for two, whoever asks for it: nobody can guess it who does not know both. */
export function directRoomId(one: string, other: string): string {
  const pair = JSON.stringify([one, other].sort());
  return `d-${createHash('sha256').update(pair).digest('hex').slice(0, 32)}`;
}

function randomId(): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  // 252 is the last multiple of 36 that fits in an octet: beyond it some letters would be more likely.
  const octets = [...randomBytes(64)].filter((octet) => octet < 252);
  return octets
    .slice(0, 8)
    .map((octet) => alphabet[octet % 36])
    .join('');
}
