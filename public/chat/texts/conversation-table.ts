/**
 * The shape of the words around the conversation: sidebar, head, timeline, messages, composer. en-conversation.ts and
 * zh-conversation.ts each fill it in. A part of the text table (table.ts), apart because that file is long enough.
 */
import type { Role } from '../../../src/chat/events.ts';

export interface ConversationTexts {
  readonly sidebar: {
    readonly rooms: string;
    readonly direct: string;
    readonly browse: string;
    readonly create: string;
    /** Added to a room's name for who cannot see the badge. */
    readonly unread: (count: number) => string;
    readonly mentions: (count: number) => string;
    readonly muted: string;
    readonly privateRoom: string;
    readonly open: string;
    readonly openWithUnread: string;
  };

  readonly head: {
    /** `here` of `total` people. */
    readonly people: (here: number, total: number) => string;
    readonly members: string;
    readonly search: string;
    readonly roomMenu: string;
    readonly panel: string;
  };

  readonly timeline: {
    /** A room's name as it is spoken of in a sentence: `#dev`, or a person's name. */
    readonly roomName: (name: string, direct: boolean) => string;
    readonly conversation: (name: string) => string;
    /** `count` undefined when nobody knows how many. */
    readonly newLine: (count: number | undefined) => string;
    readonly newBelow: (count: number) => string;
    readonly jumpToNewest: string;
    readonly loadOlder: string;
    readonly loadNewer: string;
    readonly loading: string;
    readonly beginning: (name: string) => string;
    /** The same between two; the name is the other one's. */
    readonly beginningDirect: (name: string) => string;
    readonly emptyTitle: string;
    readonly emptyBody: string;
    readonly emptyDirect: (name: string) => string;
    readonly stale: string;
    readonly failedTitle: string;
    readonly openAgain: string;
    readonly toDefaultRoom: string;
    readonly preview: (name: string) => string;
    readonly join: string;
    readonly joining: string;
    readonly joinOffline: string;
  };

  /** Notices. A list of names is joined into one sentence. */
  readonly notice: {
    /** Without a name it is a conversation between two. */
    readonly created: (by: string, name: string) => string;
    readonly joined: (names: readonly string[]) => string;
    readonly left: (names: readonly string[]) => string;
    readonly kicked: (by: string, name: string, reason: string) => string;
    readonly banned: (by: string, name: string, reason: string) => string;
    readonly renamed: (by: string, name: string) => string;
    readonly topic: (by: string, topic: string) => string;
    readonly topicCleared: (by: string) => string;
    readonly role: (by: string, name: string, role: Role) => string;
    readonly slow: (by: string, seconds: number) => string;
    readonly slowOff: (by: string) => string;
    readonly more: (count: number) => string;
    readonly fewer: string;
  };

  readonly message: {
    readonly by: (name: string, time: string) => string;
    readonly own: (time: string) => string;
    readonly you: string;
    readonly bot: string;
    readonly edited: string;
    readonly editedHint: (time: string) => string;
    readonly deleted: string;
    readonly deletedBy: (name: string) => string;
    readonly quoteOf: (name: string) => string;
    readonly permalink: (time: string) => string;
    readonly actions: string;
    readonly react: string;
    readonly addReaction: string;
    readonly reply: string;
    readonly edit: string;
    readonly more: string;
    readonly copyText: string;
    readonly copyLink: string;
    readonly delete: string;
    readonly image: (name: string) => string;
    readonly imageExcerpt: string;
    readonly openImage: (name: string) => string;
    readonly imageFailed: string;
    /** `names` say “you” for oneself. */
    readonly reactedWith: (names: readonly string[], emoji: string) => string;
    readonly andOthers: (count: number) => string;
    readonly copyCode: string;
    readonly showAll: string;
    readonly showLess: string;
    readonly versions: string;
    readonly versionNow: string;
    readonly loading: string;
    readonly versionsOffline: string;
    readonly deleteNow: string;
    readonly deleteTitle: string;
    readonly deleteOwn: string;
    readonly deleteOthers: (name: string) => string;
    readonly cancel: string;
  };

  readonly composer: {
    readonly label: (name: string) => string;
    readonly placeholder: (name: string) => string;
    readonly placeholderOffline: string;
    readonly send: string;
    readonly save: string;
    readonly attach: string;
    readonly emoji: string;
    readonly dropHere: string;
    readonly imageRule: (limit: string) => string;
    readonly hint: string;
    /** The same when Enter starts a new line. */
    readonly hintNewLine: string;
    /** Characters that are left, or when negative are too many. */
    readonly charactersLeft: (count: number) => string;
    readonly tooLong: (limit: number) => string;
    readonly replyingTo: (name: string) => string;
    readonly editing: string;
    readonly cancelReply: string;
    readonly cancelEdit: string;
    readonly people: string;
    readonly emojiList: string;
    readonly everyone: string;
    readonly suggestions: (count: number) => string;
    /** Up to three names; `more` people besides. */
    readonly typing: (names: readonly string[], more: number) => string;
    readonly muted: (until: string) => string;
    readonly slowMode: (seconds: string) => string;
    readonly slowWait: (seconds: string) => string;
  };

  readonly outgoing: {
    readonly pending: string;
    readonly waitingForConnection: string;
    /** `progress` as in `42 %`. */
    readonly uploading: (progress: string) => string;
    readonly sending: string;
    readonly failed: string;
    readonly editFailed: string;
    readonly deleteFailed: string;
    readonly reactionFailed: (emoji: string) => string;
    readonly retry: string;
    readonly copy: string;
    readonly discard: string;
    readonly cancelUpload: string;
    readonly imageNamed: (file: string) => string;
  };

  /** What screen readers are told, politely and once. */
  readonly announce: {
    readonly message: (name: string, text: string) => string;
    readonly image: (name: string) => string;
    readonly failed: string;
    readonly connected: string;
    readonly disconnected: string;
    readonly entered: (room: string, people: number) => string;
  };
}
