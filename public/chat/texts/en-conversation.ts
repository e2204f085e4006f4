/** The words around the conversation in English. The shape, and what each text is for, is in conversation-table.ts. */
import type { ConversationTexts } from './conversation-table.ts';
import { createFormats } from './formats.ts';

const format = createFormats('en-GB');

const counted = (count: number, one: string, other: string) =>
  `${format.number(count)} ${format.plural(count) === 'one' ? one : other}`;

/** More than this many in one sentence are named in part, and counted. */
const maximumNamed = 6;

const people = (names: readonly string[]) => {
  const named = names.length > maximumNamed ? names.slice(0, maximumNamed - 2) : names;
  const rest = names.length - named.length;
  return format.list(rest === 0 ? named : [...named, counted(rest, 'other', 'others')]);
};

const because = (reason: string) => (reason === '' ? '' : `: “${reason}”`);

const roles = { owner: 'an owner', moderator: 'a moderator', member: 'a member' } as const;

export const conversationEn: ConversationTexts = {
  sidebar: {
    rooms: 'Rooms',
    direct: 'Direct messages',
    browse: 'Find rooms',
    create: 'New room',
    unread: (count) => `${counted(count, 'message', 'messages')} unread`,
    mentions: (count) => `${counted(count, 'mention', 'mentions')} of you`,
    muted: 'muted',
    privateRoom: 'private room',
    open: 'Show rooms',
    openWithUnread: 'Show rooms. There are unread messages',
  },

  head: {
    people: (here, total) =>
      here === total
        ? `${format.number(here)} here`
        : `${format.number(here)} of ${format.number(total)} here`,
    members: 'People',
    search: 'Search messages',
    roomMenu: 'About this room',
    panel: 'Panel',
  },

  timeline: {
    roomName: (name, direct) => (direct ? name : `#${name}`),
    conversation: (name) => `Conversation in ${name}`,
    newLine: (count) => (count === undefined ? 'New messages' : `${format.number(count)} new`),
    newBelow: (count) => `${format.number(count)} new`,
    jumpToNewest: 'Go to the newest message',
    loadOlder: 'Load older messages',
    loadNewer: 'Load newer messages',
    loading: 'Loading messages…',
    beginning: (name) => `This is where ${name} begins.`,
    beginningDirect: (name) => `This is where your conversation with ${name} begins.`,
    emptyTitle: 'Nothing has been said yet',
    emptyBody: 'Say the first word. Whoever comes later can read it too.',
    emptyDirect: (name) => `Only you and ${name} can read what is said here.`,
    stale: 'As this device remembers it. What came since is loaded when you are back online.',
    failedTitle: 'This room could not be opened',
    openAgain: 'Try again',
    toDefaultRoom: 'Go to #general',
    preview: (name) => `You are reading ${name} from outside. Join it to write and to hear of new messages.`,
    join: 'Join',
    joining: 'Joining…',
    joinOffline: 'There is no connection at the moment. Try again when you are back online.',
  },

  notice: {
    created: (by, name) => (name === '' ? `${by} began this conversation` : `${by} made the room #${name}`),
    joined: (names) => `${people(names)} joined`,
    left: (names) => `${people(names)} left`,
    kicked: (by, name, reason) => `${by} took ${name} out of the room${because(reason)}`,
    banned: (by, name, reason) => `${by} banned ${name} from the room${because(reason)}`,
    renamed: (by, name) => `${by} renamed the room to #${name}`,
    topic: (by, topic) => `${by} set the topic: ${topic}`,
    topicCleared: (by) => `${by} took the topic away`,
    role: (by, name, role) => `${by} made ${name} ${roles[role]}`,
    slow: (by, seconds) => `${by} slowed the room down: one message every ${format.seconds(seconds * 1000)}`,
    slowOff: (by) => `${by} ended slow mode`,
    more: (count) => `and ${counted(count, 'more change', 'more changes')}`,
    fewer: 'Show fewer',
  },

  message: {
    by: (name, time) => `${name} at ${time}`,
    own: (time) => `You at ${time}`,
    you: 'you',
    bot: 'bot',
    edited: 'edited',
    editedHint: (time) => `Edited ${time}. Show the earlier versions`,
    deleted: 'This message was deleted.',
    deletedBy: (name) => `This message was deleted by ${name}.`,
    quoteOf: (name) => `Answers ${name}. Go to that message`,
    permalink: (time) => `Link to this message, ${time}`,
    actions: 'Message actions',
    react: 'React',
    addReaction: 'Add a reaction',
    reply: 'Reply',
    edit: 'Edit',
    more: 'More actions',
    copyText: 'Copy text',
    copyLink: 'Copy link',
    delete: 'Delete…',
    image: (name) => `Image from ${name}`,
    imageExcerpt: 'Image',
    openImage: (name) => `Open the image from ${name} in full size`,
    imageFailed: 'This image could not be loaded.',
    reactedWith: (names, emoji) => `${format.list(names)} reacted with ${emoji}`,
    andOthers: (count) => counted(count, 'other', 'others'),
    copyCode: 'Copy code',
    showAll: 'Show all',
    showLess: 'Show less',
    versions: 'Earlier versions',
    versionNow: 'Now',
    loading: 'Loading…',
    versionsOffline: 'There is no connection at the moment. Try again when you are back online.',
    deleteNow: 'Delete',
    deleteTitle: 'Delete this message?',
    deleteOwn: 'It goes for everyone, and does not come back.',
    deleteOthers: (name) =>
      `It is a message by ${name}. It goes for everyone, and the audit says that you did it.`,
    cancel: 'Cancel',
  },

  composer: {
    label: (name) => `Message to ${name}`,
    placeholder: (name) => `Message ${name}…`,
    placeholderOffline: 'Write on, it will wait.',
    send: 'Send',
    save: 'Save the change',
    attach: 'Add images',
    emoji: 'Add emoji',
    dropHere: 'Drop images here to send them',
    imageRule: (limit) => `PNG, JPEG, GIF, WebP or AVIF, up to ${limit} each`,
    hint: 'Enter sends, Shift + Enter starts a new line, up arrow edits your last message',
    hintNewLine: 'Shift + Enter sends, Enter starts a new line, up arrow edits your last message',
    charactersLeft: (count) =>
      count >= 0
        ? `${counted(count, 'character', 'characters')} left`
        : `${counted(-count, 'character', 'characters')} too many`,
    tooLong: (limit) =>
      `That is longer than ${format.number(limit)} characters. Shorten it or send it in parts.`,
    replyingTo: (name) => `Reply to ${name}`,
    editing: 'Edit your message',
    cancelReply: 'Do not reply',
    cancelEdit: 'Do not edit',
    people: 'People',
    emojiList: 'Emoji',
    everyone: 'All in this room',
    suggestions: (count) =>
      `${counted(count, 'suggestion', 'suggestions')}. Up and down choose, Enter takes one.`,
    typing: (names, more) =>
      more > 0
        ? `${names.join(', ')} and ${counted(more, 'other', 'others')} are typing…`
        : `${format.list(names)} ${names.length === 1 ? 'is' : 'are'} typing…`,
    muted: (until) => `You cannot write here until ${until}. You can still read.`,
    slowMode: (seconds) => `Slow mode: one message every ${seconds}`,
    slowWait: (seconds) => `Slow mode: you can send the next message in ${seconds}`,
  },

  outgoing: {
    pending: 'Waiting',
    waitingForConnection: 'Goes out when you are back',
    uploading: (progress) => `Uploading, ${progress}`,
    sending: 'Sending…',
    failed: 'Not sent.',
    editFailed: 'Your change was not saved.',
    deleteFailed: 'The message was not deleted.',
    reactionFailed: (emoji) => `Your reaction ${emoji} was not saved.`,
    retry: 'Try again',
    copy: 'Copy',
    discard: 'Discard',
    cancelUpload: 'Cancel the upload',
    imageNamed: (file) => `Your image ${file}`,
  },

  announce: {
    message: (name, text) => `${name}: ${text}`,
    image: (name) => `${name} sent an image.`,
    failed: 'A message could not be sent.',
    connected: 'Connected again.',
    disconnected: 'Connection lost. You can write on; messages wait.',
    entered: (room, people) => `You are in ${room}, with ${counted(people, 'person', 'people')} here.`,
  },
};
