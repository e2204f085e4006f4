/**
 * Keeps the outbox in the page's database, over a reload, a crash and a closed tab, and tells the other tabs of what
 * changes, so that each has the same items. A picked file is kept with its item until the picture is in the log. What
 * comes out of the database or from another tab, maybe one of another version, goes through a schema.
 */
import * as v from 'valibot';
import {
  failureSchema,
  messageSchema,
  type Receipt,
  receiptSchema,
  roomId,
  uploadReplySchema,
} from '../../src/chat/events.ts';
import type { Command, PickedFile } from './model.ts';
import type { OutboxItem } from './outbox.ts';
import type { Environment } from './platform.ts';

export const outboxChannel = 'barewire-outbox';

const pickedFile = v.custom<PickedFile>(
  (input) =>
    typeof input === 'object' &&
    input !== null &&
    'size' in input &&
    typeof input.size === 'number' &&
    'slice' in input &&
    typeof input.slice === 'function',
  'must be a file',
);
const replyTo = v.optional(messageSchema);
const target = messageSchema;
const storedCommand = v.variant('type', [
  v.object({ type: v.literal('text'), text: v.string(), replyTo }),
  v.object({
    type: v.literal('image'),
    name: v.string(),
    length: v.number(),
    width: v.optional(v.number()),
    height: v.optional(v.number()),
    image: v.optional(uploadReplySchema.entries.image),
    replyTo,
  }),
  v.object({ type: v.literal('edit'), target, text: v.string() }),
  v.object({ type: v.literal('delete'), target }),
  v.object({ type: v.literal('reaction'), target, emoji: v.string(), on: v.boolean() }),
]);
const record = v.object({
  nonce: v.string(),
  member: v.string(),
  room: roomId,
  time: v.number(),
  tab: v.string(),
  command: storedCommand,
  file: v.optional(pickedFile),
  /** Failed for this reason, and waits for the person. */
  failure: v.optional(failureSchema),
});
type StoredCommand = v.InferOutput<typeof storedCommand>;
type OutboxRecord = v.InferOutput<typeof record>;

const newsSchema = v.variant('kind', [
  v.object({ kind: v.literal('put'), record }),
  v.object({ kind: v.literal('gone'), member: v.string(), nonce: v.string() }),
  v.object({
    kind: v.literal('doing'),
    member: v.string(),
    nonce: v.string(),
    status: v.picklist(['pending', 'uploading', 'sending']),
    progress: v.optional(v.number()),
  }),
  v.object({ kind: v.literal('stored'), member: v.string(), nonce: v.string(), receipt: receiptSchema }),
]);

/** What another tab did. */
export interface OutboxNews {
  put(item: OutboxItem): void;
  gone(nonce: string): void;
  doing(nonce: string, status: 'pending' | 'uploading' | 'sending', progress: number | undefined): void;
  stored(nonce: string, receipt: Receipt): void;
}

export interface OutboxStorage {
  /** What this member has left unsent, in whatever tab, oldest first. */
  load(member: string): Promise<readonly OutboxItem[]>;
  /** Writes an item down. Settles once it outlives a crash. */
  put(member: string, item: OutboxItem): Promise<void>;
  remove(member: string, nonce: string): Promise<void>;
  removeAll(member: string): Promise<void>;
  /** Tells the other tabs that there is this item, or how it is now. */
  tell(member: string, item: OutboxItem): void;
  /** Tells them that the person has dropped it. */
  dropped(member: string, nonce: string): void;
  /** Tells the other tabs what is done at this moment. */
  doing(member: string, item: OutboxItem): void;
  stored(member: string, nonce: string, receipt: Receipt): void;
  dispose(): void;
}

/** @param member whose news is wanted; undefined while nobody is in */
export function createOutboxStorage(
  environment: Environment,
  member: () => string | undefined,
  news: OutboxNews,
): OutboxStorage {
  const { database } = environment;
  const channel = environment.openChannel?.(outboxChannel, hear);
  const key = (owner: string, nonce: string) => `${owner}/${nonce}`;

  function hear(message: unknown) {
    const result = v.safeParse(newsSchema, message);
    if (!result.success) return;
    const heard = result.output;
    if ((heard.kind === 'put' ? heard.record.member : heard.member) !== member()) return;
    if (heard.kind === 'put') news.put(restore(environment, heard.record));
    else if (heard.kind === 'gone') news.gone(heard.nonce);
    else if (heard.kind === 'doing') news.doing(heard.nonce, heard.status, heard.progress);
    else news.stored(heard.nonce, heard.receipt);
  }

  return {
    async load(owner) {
      const found = await database.all('outbox', `${owner}/`);
      return found
        .flatMap((value) => {
          const result = v.safeParse(record, value);
          return result.success ? [restore(environment, result.output)] : [];
        })
        .toSorted((a, b) => a.time - b.time || (a.nonce < b.nonce ? -1 : 1));
    },
    put: (owner, item) => database.put('outbox', key(owner, item.nonce), reduce(owner, item)),
    remove: (owner, nonce) => database.remove('outbox', key(owner, nonce)),
    removeAll: (owner) => database.removeAll('outbox', `${owner}/`),
    tell: (owner, item) => channel?.post({ kind: 'put', record: reduce(owner, item) }),
    dropped: (owner, nonce) => channel?.post({ kind: 'gone', member: owner, nonce }),
    doing(owner, { nonce, status, progress }) {
      if (status === 'failed' || status === 'sent') return;
      channel?.post({ kind: 'doing', member: owner, nonce, status, progress });
    },
    stored: (owner, nonce, receipt) => channel?.post({ kind: 'stored', member: owner, nonce, receipt }),
    dispose: () => channel?.close(),
  };
}

function reduce(
  member: string,
  { nonce, room, time, tab, command, file, failure }: OutboxItem,
): OutboxRecord {
  return { nonce, member, room, time, tab, command: reduceCommand(command), file, failure };
}

function reduceCommand(command: Command): StoredCommand {
  if (command.type !== 'image') return command;
  const { image, replyTo } = command;
  const { name, length, width, height } = command.file;
  return { type: 'image', name, length, width, height, image, replyTo };
}

function restore(environment: Environment, stored: OutboxRecord): OutboxItem {
  const { nonce, room, time, tab, command, file, failure } = stored;
  return {
    nonce,
    room,
    time,
    tab,
    command: restoreCommand(environment, command, file),
    file,
    status: failure === undefined ? 'pending' : 'failed',
    progress: undefined,
    failure,
    offset: undefined,
  };
}

function restoreCommand(
  environment: Environment,
  command: StoredCommand,
  file: PickedFile | undefined,
): Command {
  if (command.type === 'text') return { ...command, replyTo: command.replyTo };
  if (command.type !== 'image') return command;
  const { name, length, width, height, image, replyTo } = command;
  const url = file === undefined ? (image?.thumbnail.url ?? '') : environment.objectUrl(file);
  return { type: 'image', file: { name, length, url, width, height }, image, replyTo };
}
