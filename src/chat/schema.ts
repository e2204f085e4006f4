/**
 * The tables of chat.db, as the steps from each version of the schema to the next. Carried out by database.ts when it
 * opens a file that is older. Which file uses which table: `event`, `message_state`, `mention`, `reaction` and
 * `message_text` are the log's (sqlite-log.ts), `room` and `membership` are rooms.ts's, `identity` and `device`
 * identity.ts's, `invitation` invitations.ts's, `ban` and `audit` moderation.ts's, `webhook` http/webhooks.ts's, `image`
 * images.ts's.
 */

/** Steps from each version of the schema to the next. Never changed once released; only added to. */
export const migrations = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE message (
    room TEXT NOT NULL,
    number INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    author_id TEXT NOT NULL,
    author_name TEXT NOT NULL,
    time INTEGER NOT NULL,
    nonce TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (room, number),
    UNIQUE (author_id, nonce)
  ) STRICT;
  CREATE TABLE identity (
    token_hash TEXT PRIMARY KEY,
    member_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    last_here INTEGER NOT NULL,
    is_here INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE image (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    length INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    thumbnail_width INTEGER NOT NULL,
    thumbnail_height INTEGER NOT NULL
  ) STRICT;
  `,
  // Whoever has a token from before has shown it, or will lose nothing by not having to.
  'ALTER TABLE identity ADD COLUMN is_confirmed INTEGER NOT NULL DEFAULT 1;',
  // NULL once a message refers to it. Images from before are given a full time from now.
  `
  ALTER TABLE image ADD COLUMN unsent_since INTEGER;
  UPDATE image SET unsent_since = unixepoch() * 1000;
  CREATE INDEX message_image ON message (json_extract(content, '$.image.id'))
    WHERE json_extract(content, '$.image.id') IS NOT NULL;
  `,
  // Rooms; one log for all of them; what has become of each message; names with devices and passwords; moderation.
  // Tokens from before cannot be read any more: everybody signs in again.
  `
  CREATE TABLE event (
    offset INTEGER PRIMARY KEY,
    room TEXT NOT NULL,
    previous INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    author_id TEXT NOT NULL,
    author_name TEXT NOT NULL,
    author_bot INTEGER NOT NULL DEFAULT 0,
    time INTEGER NOT NULL,
    nonce TEXT NOT NULL,
    data TEXT NOT NULL,
    UNIQUE (author_id, nonce)
  ) STRICT;
  CREATE INDEX event_room ON event (room, offset);
  CREATE INDEX event_item ON event (room, offset) WHERE type NOT IN ('edit', 'delete', 'reaction');
  CREATE INDEX event_message ON event (room, offset, author_id) WHERE type = 'message';
  CREATE INDEX event_edit ON event (json_extract(data, '$.target')) WHERE type = 'edit';
  CREATE TABLE message_state (
    offset INTEGER PRIMARY KEY,
    text TEXT,
    mentions TEXT,
    edit_count INTEGER NOT NULL DEFAULT 0,
    edited_at INTEGER,
    deleted_at INTEGER,
    deleted_by_id TEXT,
    deleted_by_name TEXT
  ) STRICT;
  CREATE TABLE reaction (
    message INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    member_id TEXT NOT NULL,
    member_name TEXT NOT NULL,
    offset INTEGER NOT NULL,
    PRIMARY KEY (message, emoji, member_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE mention (
    room TEXT NOT NULL,
    member_id TEXT NOT NULL,
    offset INTEGER NOT NULL,
    PRIMARY KEY (room, member_id, offset)
  ) STRICT, WITHOUT ROWID;
  CREATE VIRTUAL TABLE message_text USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');
  CREATE TABLE room (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT,
    topic TEXT NOT NULL DEFAULT '',
    slow_mode INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX room_name ON room (name_key) WHERE name_key IS NOT NULL;
  CREATE TABLE membership (
    room TEXT NOT NULL,
    member_id TEXT NOT NULL,
    member_name TEXT NOT NULL,
    role TEXT NOT NULL DEFAULT 'member',
    joined_at INTEGER NOT NULL,
    read_offset INTEGER NOT NULL DEFAULT 0,
    muted INTEGER NOT NULL DEFAULT 0,
    muted_until INTEGER,
    PRIMARY KEY (room, member_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX membership_member ON membership (member_id);
  CREATE TABLE invitation (
    code TEXT PRIMARY KEY,
    room TEXT,
    by_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires INTEGER,
    uses_left INTEGER
  ) STRICT, WITHOUT ROWID;
  DROP TABLE identity;
  CREATE TABLE identity (
    member_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    password TEXT,
    is_owner INTEGER NOT NULL DEFAULT 0,
    last_here INTEGER NOT NULL,
    is_here INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE device (
    id TEXT PRIMARY KEY,
    member_id TEXT NOT NULL,
    label TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    is_confirmed INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX device_member ON device (member_id);
  CREATE TABLE ban (
    room TEXT NOT NULL,
    member_id TEXT NOT NULL,
    member_name TEXT NOT NULL,
    address TEXT,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    time INTEGER NOT NULL,
    until INTEGER,
    reason TEXT NOT NULL,
    PRIMARY KEY (room, member_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE mute (
    room TEXT NOT NULL,
    member_id TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (room, member_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    action TEXT NOT NULL,
    room TEXT,
    member_id TEXT,
    member_name TEXT,
    details TEXT NOT NULL
  ) STRICT;
  CREATE TABLE webhook (
    room TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    position INTEGER NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    retry_at INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  INSERT INTO room (id, kind, name, name_key, created_at, created_by)
    VALUES ('general', 'public', 'general', 'general', unixepoch() * 1000, '');
  INSERT INTO event (offset, room, previous, id, type, author_id, author_name, time, nonce, data)
    SELECT number, room, number - 1, id, 'message', author_id, author_name, time, nonce, json_object('content', json(content))
    FROM message WHERE room = 'general';
  CREATE INDEX event_image ON event (json_extract(data, '$.content.image.id'))
    WHERE json_extract(data, '$.content.image.id') IS NOT NULL;
  CREATE INDEX event_reply ON event (json_extract(data, '$.replyTo.id'))
    WHERE json_extract(data, '$.replyTo.id') IS NOT NULL;
  DROP TABLE message;
  `,
] as const;
