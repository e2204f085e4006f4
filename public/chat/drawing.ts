/**
 * The lines of a window as the components draw them: whose a message is, whether it mentions this person, and what
 * they have done to it that is not acknowledged yet, as if it were done. A line that has not changed stays the same
 * object, so that it is not drawn anew.
 */
import type { Member } from '../../src/chat/events.ts';
import { changeMessage, type Deed } from './changes.ts';
import type { Outgoing, TimelineItem } from './model.ts';
import type { Line } from './timeline.ts';

export type Draw = (
  lines: readonly Line[],
  outbox: readonly Outgoing[],
  me: Member,
) => readonly TimelineItem[];

/** Makes the function for one room and one person. */
export function createDrawing(): Draw {
  const drawn = new WeakMap<Line, TimelineItem>();
  let last: {
    readonly lines: readonly Line[];
    readonly outbox: readonly Outgoing[];
    readonly items: readonly TimelineItem[];
  } = { lines: [], outbox: [], items: [] };

  function plain(line: Line, me: Member): TimelineItem {
    const known = drawn.get(line);
    if (known !== undefined) return known;
    const made = draw(line, me, []);
    drawn.set(line, made);
    return made;
  }

  return (lines, outbox, me) => {
    if (lines === last.lines && outbox === last.outbox) return last.items;
    const deeds = deedsOf(outbox, me);
    const items = lines.map((line) => {
      const own = line.item.type === 'message' ? deeds.get(line.item.id) : undefined;
      return own === undefined ? plain(line, me) : draw(line, me, own);
    });
    const same =
      items.length === last.items.length && items.every((item, index) => item === last.items[index]);
    last = { lines, outbox, items: same ? last.items : items };
    return last.items;
  };
}

function draw({ item }: Line, me: Member, deeds: readonly Deed[]): TimelineItem {
  if (item.type !== 'message') return { kind: 'notice', key: item.id, item };
  const message = deeds.reduce(changeMessage, item);
  return {
    kind: 'message',
    key: item.id,
    message,
    own: item.author.id === me.id,
    mentioned: item.author.id !== me.id && isMentioned(message.mentions, me.id),
    pending: deeds.length > 0,
  };
}

export function isMentioned(mentions: readonly string[] | undefined, id: string): boolean {
  return mentions?.some((mentioned) => mentioned === id || mentioned === 'everyone') ?? false;
}

/** What waits to be done to each message, by its id. */
function deedsOf(outbox: readonly Outgoing[], me: Member): ReadonlyMap<string, readonly Deed[]> {
  const deeds = new Map<string, Deed[]>();
  for (const { command, time, status } of outbox) {
    if (command.type === 'text' || command.type === 'image' || status === 'failed') continue;
    const deed: Deed =
      command.type === 'edit'
        ? { type: 'edit', text: command.text, mentions: command.target.mentions, author: me, time }
        : command.type === 'delete'
          ? { type: 'delete', author: me, time }
          : { type: 'reaction', emoji: command.emoji, on: command.on, author: me };
    deeds.set(command.target.id, [...(deeds.get(command.target.id) ?? []), deed]);
  }
  return deeds;
}
