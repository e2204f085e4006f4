/**
 * What an edit, a deletion and a reaction make of a message, pure. The server does the same to the messages of a page;
 * timeline.ts does it to messages that are shown already when such an event comes in live.
 */
import type { Member, Message, Reaction, RoomEvent } from '../../src/chat/events.ts';

export type Change = Extract<RoomEvent, { type: 'edit' | 'delete' | 'reaction' }>;
export type Deed =
  | Pick<Extract<Change, { type: 'edit' }>, 'type' | 'text' | 'mentions' | 'author' | 'time'>
  | Pick<Extract<Change, { type: 'delete' }>, 'type' | 'author' | 'time'>
  | Pick<Extract<Change, { type: 'reaction' }>, 'type' | 'emoji' | 'on' | 'author'>;

/** The message after it was changed. One that is deleted changes no more, and one that does not change comes back itself. */
export function changeMessage(message: Message, deed: Deed): Message {
  if (message.deleted !== undefined) return message;
  switch (deed.type) {
    case 'edit': {
      const { mentions: _mentions, ...kept } = message;
      return {
        ...kept,
        content: { type: 'text', text: deed.text },
        ...(deed.mentions === undefined || deed.mentions.length === 0 ? {} : { mentions: deed.mentions }),
        edited: { time: deed.time, count: (message.edited?.count ?? 0) + 1 },
      };
    }
    case 'delete': {
      const {
        mentions: _mentions,
        reactions: _reactions,
        edited: _edited,
        replyTo: _replyTo,
        ...kept
      } = message;
      return {
        ...kept,
        content: { type: 'deleted' },
        deleted: { time: deed.time, by: deed.author },
      };
    }
    case 'reaction': {
      const { reactions: before = [], ...kept } = message;
      const reactions = react(before, deed.emoji, deed.on, deed.author);
      if (reactions === before) return message;
      return reactions.length === 0 ? kept : { ...kept, reactions };
    }
  }
}

function react(reactions: Reaction[], emoji: string, on: boolean, member: Member): Reaction[] {
  const found = reactions.find((reaction) => reaction.emoji === emoji);
  const reacted = found?.members.some(({ id }) => id === member.id) ?? false;
  if (reacted === on) return reactions;
  if (on) {
    if (found === undefined) return [...reactions, { emoji, members: [member] }];
    return reactions.map((reaction) =>
      reaction === found ? { emoji, members: [...found.members, member] } : reaction,
    );
  }
  return reactions
    .map((reaction) =>
      reaction === found ? { emoji, members: found.members.filter(({ id }) => id !== member.id) } : reaction,
    )
    .filter(({ members }) => members.length > 0);
}
