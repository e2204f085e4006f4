/** Events of the log as rows of the table `event`, and back. What only some kinds have is JSON in `data`. Called by sqlite-log.ts. */
import * as v from 'valibot';
import { numberOf, textOf, type Value } from './database.ts';
import { type RoomEvent, roomEventSchema } from './events.ts';

export const eventColumns =
  'offset, room, previous, id, type, author_id, author_name, author_bot, time, nonce, data';
/** What follows `VALUES` in an INSERT of these columns. */
export const eventPlaces = '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)';

export function eventValues(event: RoomEvent): Value[] {
  const { offset, room, previous, id, type, author, time, nonce, ...data } = event;
  const bot = author.bot === true ? 1 : 0;
  return [offset, room, previous, id, type, author.id, author.name, bot, time, nonce, JSON.stringify(data)];
}

/** @throws ValiError when the row is none of ours */
export function toEvent(row: unknown): RoomEvent {
  const data: unknown = JSON.parse(textOf(row, 'data'));
  const isBot = numberOf(row, 'author_bot') === 1;
  return v.parse(roomEventSchema, {
    ...(typeof data === 'object' ? data : {}),
    offset: numberOf(row, 'offset'),
    room: textOf(row, 'room'),
    previous: numberOf(row, 'previous'),
    id: textOf(row, 'id'),
    type: textOf(row, 'type'),
    author: { id: textOf(row, 'author_id'), name: textOf(row, 'author_name'), ...(isBot && { bot: true }) },
    time: numberOf(row, 'time'),
    nonce: textOf(row, 'nonce'),
  });
}
