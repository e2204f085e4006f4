/**
 * What has become of each message: its present text, whether it was deleted, its reactions, whom it mentions, and its
 * words in the search index. Written in the transaction that stores the event, so the two never differ; read to show a
 * message as it is now. Called by sqlite-log.ts only.
 */
import * as v from 'valibot';
import { type Database, numberOf, optionalNumberOf, optionalTextOf, textOf } from './database.ts';
import type { Message, Reaction, RoomEvent } from './events.ts';
import { Refusal } from './refusal.ts';
import { searchText } from './search-text.ts';

/** What replaces the content of a message that was deleted. */
const scrubbed = JSON.stringify({ content: { type: 'deleted' } });

const mentionsSchema = v.array(v.string());

interface State {
  readonly text: string | undefined;
  readonly mentions: string[] | undefined;
  readonly edited: Message['edited'];
  readonly deleted: Message['deleted'];
}

export class MessageStates {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Carries out what an event does to messages. Only from inside the work of `write`. @throws Refusal `message-unknown` */
  write(event: RoomEvent): void {
    switch (event.type) {
      case 'message':
        this.#mention(event.room, event.offset, event.mentions);
        if (event.content.type === 'text') this.#index(event.offset, event.content.text);
        break;
      case 'edit':
        this.#checkThere(event.targetOffset);
        this.#edit(event);
        break;
      case 'delete':
        this.#checkThere(event.targetOffset);
        this.#delete(event);
        break;
      case 'reaction':
        this.#checkThere(event.targetOffset);
        this.#react(event);
        break;
    }
  }

  /** The messages, as stored, as they are now. */
  project(messages: readonly Message[]): Message[] {
    if (messages.length === 0) return [];
    const states = this.#states(
      messages.flatMap(({ offset, replyTo }) => [offset, replyTo?.offset ?? offset]),
    );
    const reactions = this.#reactions(messages.map(({ offset }) => offset));
    return messages.map((message) => {
      const { replyTo } = message;
      const quote = replyTo !== undefined && states.get(replyTo.offset)?.deleted !== undefined;
      const kept = quote ? { ...message, replyTo: { ...replyTo, excerpt: '' } } : message;
      return projectOne(kept, states.get(message.offset), reactions.get(message.offset));
    });
  }

  /** Forgets all that belongs to the messages of a room before an offset. Only from inside the work of `write`. */
  trim(room: string, before: number): void {
    const messages = "SELECT offset FROM event WHERE room = ? AND offset < ? AND type = 'message'";
    this.#database.run(`DELETE FROM message_text WHERE rowid IN (${messages})`, [room, before]);
    this.#database.run(`DELETE FROM message_state WHERE offset IN (${messages})`, [room, before]);
    this.#database.run(`DELETE FROM reaction WHERE message IN (${messages})`, [room, before]);
    this.#database.run('DELETE FROM mention WHERE room = ? AND offset < ?', [room, before]);
  }

  #checkThere(offset: number): void {
    const sql = 'SELECT deleted_at FROM message_state WHERE offset = ? AND deleted_at IS NOT NULL';
    if (this.#database.get(sql, [offset]) === undefined) return;
    throw new Refusal('message-unknown', 'That message was deleted.', { field: 'data.target' });
  }

  #edit(event: Extract<RoomEvent, { type: 'edit' }>): void {
    const { room, targetOffset, text, mentions = [], time } = event;
    this.#mention(room, targetOffset, mentions);
    this.#database.run(
      `INSERT INTO message_state (offset, text, mentions, edit_count, edited_at) VALUES (?, ?, ?, 1, ?)
        ON CONFLICT (offset) DO UPDATE SET text = excluded.text, mentions = excluded.mentions,
          edit_count = edit_count + 1, edited_at = excluded.edited_at`,
      [targetOffset, text, JSON.stringify(mentions), time],
    );
    this.#index(targetOffset, text);
  }

  #delete(event: Extract<RoomEvent, { type: 'delete' }>): void {
    const { room, target, targetOffset, author, time } = event;
    this.#mention(room, targetOffset, []);
    this.#database.run(
      `INSERT INTO message_state (offset, deleted_at, deleted_by_id, deleted_by_name) VALUES (?, ?, ?, ?)
        ON CONFLICT (offset) DO UPDATE SET text = NULL, mentions = NULL, deleted_at = excluded.deleted_at,
          deleted_by_id = excluded.deleted_by_id, deleted_by_name = excluded.deleted_by_name`,
      [targetOffset, time, author.id, author.name],
    );
    this.#database.run('DELETE FROM message_text WHERE rowid = ?', [targetOffset]);
    this.#database.run('DELETE FROM reaction WHERE message = ?', [targetOffset]);
    // Deleted is deleted: what it said goes from the log too.
    this.#database.run('UPDATE event SET data = ? WHERE offset = ?', [scrubbed, targetOffset]);
    this.#database.run(
      `UPDATE event SET data = json_remove(json_set(data, '$.text', ''), '$.mentions')
        WHERE type = 'edit' AND json_extract(data, '$.target') = ?`,
      [target],
    );
    // And from the quotes of it. The second condition is what lets the partial index be used.
    this.#database.run(
      `UPDATE event SET data = json_set(data, '$.replyTo.excerpt', '')
        WHERE json_extract(data, '$.replyTo.id') = ? AND json_extract(data, '$.replyTo.id') IS NOT NULL`,
      [target],
    );
  }

  #react({ targetOffset, emoji, author, offset, on }: Extract<RoomEvent, { type: 'reaction' }>): void {
    if (on) {
      this.#database.run(
        'INSERT OR IGNORE INTO reaction (message, emoji, member_id, member_name, offset) VALUES (?, ?, ?, ?, ?)',
        [targetOffset, emoji, author.id, author.name, offset],
      );
    } else {
      const sql = 'DELETE FROM reaction WHERE message = ? AND emoji = ? AND member_id = ?';
      this.#database.run(sql, [targetOffset, emoji, author.id]);
    }
  }

  /** Notes whom a message mentions, in place of whom it mentioned before. */
  #mention(room: string, offset: number, mentions: readonly string[] = []): void {
    for (const memberId of this.#mentionsAt(offset)) {
      const sql = 'DELETE FROM mention WHERE room = ? AND member_id = ? AND offset = ?';
      this.#database.run(sql, [room, memberId, offset]);
    }
    for (const memberId of mentions) {
      const sql = 'INSERT OR IGNORE INTO mention (room, member_id, offset) VALUES (?, ?, ?)';
      this.#database.run(sql, [room, memberId, offset]);
    }
  }

  /** Whom the message mentions so far: nobody when it is being stored only now. */
  #mentionsAt(offset: number): string[] {
    const sql = `SELECT coalesce(message_state.mentions, json_extract(event.data, '$.mentions'), '[]') AS mentions
      FROM event LEFT JOIN message_state ON message_state.offset = event.offset WHERE event.offset = ?`;
    const row = this.#database.get(sql, [offset]);
    return row === undefined ? [] : v.parse(mentionsSchema, JSON.parse(textOf(row, 'mentions')));
  }

  #index(offset: number, text: string): void {
    this.#database.run('DELETE FROM message_text WHERE rowid = ?', [offset]);
    this.#database.run('INSERT INTO message_text (rowid, text) VALUES (?, ?)', [offset, searchText(text)]);
  }

  #states(offsets: readonly number[]): Map<number, State> {
    const sql = `SELECT offset, text, mentions, edit_count, edited_at, deleted_at, deleted_by_id, deleted_by_name
      FROM message_state WHERE offset IN (SELECT value FROM json_each(?))`;
    const rows = this.#database.all(sql, [JSON.stringify(offsets)]);
    return new Map(rows.map((row) => [numberOf(row, 'offset'), toState(row)]));
  }

  /** By message; emojis in the order of their first reaction, members in the order of theirs. */
  #reactions(offsets: readonly number[]): Map<number, Reaction[]> {
    const sql = `SELECT message, emoji, member_id, member_name FROM reaction
      WHERE message IN (SELECT value FROM json_each(?)) ORDER BY message, offset`;
    const found = new Map<number, Reaction[]>();
    for (const row of this.#database.all(sql, [JSON.stringify(offsets)])) {
      const emoji = textOf(row, 'emoji');
      const member = { id: textOf(row, 'member_id'), name: textOf(row, 'member_name') };
      const reactions = found.get(numberOf(row, 'message')) ?? [];
      found.set(numberOf(row, 'message'), reactions);
      const reaction = reactions.find((each) => each.emoji === emoji);
      if (reaction === undefined) reactions.push({ emoji, members: [member] });
      else reaction.members.push(member);
    }
    return found;
  }
}

function toState(row: unknown): State {
  const mentions = optionalTextOf(row, 'mentions');
  const editedAt = optionalNumberOf(row, 'edited_at');
  const deletedAt = optionalNumberOf(row, 'deleted_at');
  return {
    text: optionalTextOf(row, 'text'),
    mentions: mentions === undefined ? undefined : v.parse(mentionsSchema, JSON.parse(mentions)),
    edited: editedAt === undefined ? undefined : { time: editedAt, count: numberOf(row, 'edit_count') },
    deleted:
      deletedAt === undefined
        ? undefined
        : {
            time: deletedAt,
            by: { id: textOf(row, 'deleted_by_id'), name: textOf(row, 'deleted_by_name') },
          },
  };
}

function projectOne(message: Message, state: State | undefined, reactions: Reaction[] | undefined): Message {
  if (state?.deleted !== undefined) {
    const { mentions: _mentions, replyTo: _replyTo, ...kept } = message;
    return { ...kept, content: { type: 'deleted' }, deleted: state.deleted };
  }
  const { mentions = message.mentions ?? [], text, edited } = state ?? {};
  const { mentions: _mentions, ...kept } = message;
  return {
    ...kept,
    ...(text !== undefined && { content: { type: 'text', text } }),
    ...(mentions.length > 0 && { mentions }),
    ...(edited !== undefined && { edited }),
    ...(reactions !== undefined && { reactions }),
  };
}
