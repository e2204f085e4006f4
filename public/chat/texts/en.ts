/** The chat page in English. The shape, and what each text is for, is in table.ts. */

import { conversationEn } from './en-conversation.ts';
import { panelsEn } from './en-panels.ts';
import { createFormats } from './formats.ts';
import type { Texts } from './table.ts';

const format = createFormats('en-GB');

/** `1 message`, `2 messages`. */
const counted = (count: number, one: string, other: string) =>
  `${format.number(count)} ${format.plural(count) === 'one' ? one : other}`;

const willGoOut = (waiting: number) =>
  waiting === 0 ? '' : ` ${counted(waiting, 'message', 'messages')} will go out when you are back.`;

const soon = (seconds: number) =>
  seconds <= 0 ? 'Trying again now…' : `Trying again in ${counted(seconds, 'second', 'seconds')}.`;

const transports = {
  websocket: 'WebSocket',
  'event-stream': 'Event stream',
  'fetch-stream': 'Fetch stream',
  'long-poll': 'Long polling',
  'short-poll': 'Short polling',
} as const;

const failure: Texts['failure'] = {
  malformed: () => 'The server could not read this message. Reload the page, then try again.',
  'unknown-event': () => 'The server does not know this kind of message. Reload the page, then try again.',
  invalid(failure) {
    if (failure.field === 'image.length') return 'The image is too large for the server. Make it smaller.';
    if (failure.field === 'image.pixels')
      return 'The image has more pixels than the server can take. Make it smaller.';
    if (failure.field === 'image.type')
      return 'The server could not read this as an image. Try another file, or save it anew as PNG or JPEG.';
    return 'The server refused this as it is. Change it and try again.';
  },
  'signed-out': () =>
    'You were signed out before this was confirmed. If it is not in the conversation, send it again.',
  'signed-in': () => 'You are signed in already. Reload the page.',
  'name-taken': () => 'Somebody here already has that name. Choose another.',
  'password-needed': () => 'That name has a password. Type it, or choose another name.',
  'password-wrong': (failure) =>
    failure.field?.includes('server')
      ? 'That is not the password of this server. Ask whoever runs it.'
      : 'That is not the password. Type it once more.',
  'invitation-needed': () =>
    'This server lets in only who is invited, or who knows its password. Ask whoever runs it for a link.',
  'invitation-unknown': () => 'This invitation is used up, too old or mistyped. Ask for a new one.',
  'token-unknown': () => 'Your session has ended. Enter again to go on.',
  'token-expired': () => 'Your session has ended. Enter again to go on.',
  'device-unknown': () => 'That device is signed out already.',
  'room-unknown': () => 'There is no such room, or it is private and you are not in it.',
  'room-exists': () => 'There is a room of that name already. Choose another name, or join it.',
  'not-joined': () => 'You are not in this room any more. Join it again to go on.',
  forbidden: () => 'You may not do that here: it takes a moderator or an owner.',
  banned: (failure) =>
    failure.retryAfter === undefined
      ? 'You are banned here.'
      : `You are banned here for another ${format.duration(failure.retryAfter)}.`,
  muted: (failure) =>
    failure.retryAfter === undefined
      ? 'A moderator has muted you in this room: you can read, but not write.'
      : `A moderator has muted you in this room for another ${format.duration(failure.retryAfter)}.`,
  'slow-mode': (failure) =>
    `This room is in slow mode. You can write again in ${format.seconds(failure.retryAfter ?? 1000)}.`,
  'member-unknown': () => 'There is nobody of that name any more.',
  'message-unknown': () => 'That message is not there any more.',
  'image-unknown': () => 'The server no longer has this image. Add it again.',
  'nonce-reused': () => 'This was mixed up with an earlier message. Copy it and send it anew.',
  'rate-limited': (failure) =>
    failure.retryAfter === undefined
      ? 'That was a lot at once. Wait a moment, then try again.'
      : `That was a lot at once. Try again in ${format.seconds(failure.retryAfter)}.`,
  'too-many': () => 'That is more than this server keeps. Remove something first, then try again.',
  unsupported: () =>
    'This cannot be done over the connection that you have now. Try again when it is better.',
  internal: () => 'Something failed in the server. It is not your doing; try again in a moment.',
};

export const en: Texts = {
  language: 'en',
  tag: 'en',
  format,
  ...conversationEn,
  ...panelsEn(format),

  app: {
    title: (room, unread) => `${unread === 0 ? '' : `(${format.number(unread)}) `}${room} · barewire`,
    skipToMessages: 'Skip to the messages',
    skipToComposer: 'Skip to the message field',
    loading: 'Loading…',
    restoring: 'Welcome back. Opening the conversation…',
    failed: 'Something in this page broke. What you sent is safe; reload to go on.',
    reload: 'Reload',
    close: 'Close',
    cancel: 'Cancel',
    back: 'Back',
  },

  signIn: {
    heading: 'Come on in',
    lead: 'Pick a name and start talking. No\u00a0account\u00a0needed.',
    nameLabel: 'Your name',
    placeholder: 'What should people call you?',
    hint: '1 to 32 characters. Everyone here can see it.',
    submit: 'Enter',
    entering: 'Entering…',
    waiting: 'Waiting for the connection. You go in as soon as it is there.',
    promise:
      'This browser stays signed in, and nobody else can take your name meanwhile. A password, which you can set later, keeps it for good.',
    problem: {
      empty: 'Type a name first.',
      'too-long': 'That name is too long. 32 characters is the most.',
      invisible: 'That name has characters nobody can see. Use letters, digits or emoji.',
    },
    taken: (name) => `Somebody here is already called “${name}”.`,
    useSuggestion: (suggestion) => `Use “${suggestion}”`,
    ended: 'Your session has ended. Enter again to go on where you were.',
    invited: 'You are invited',
    needed: {
      password: 'This server asks for its password the first time. Whoever runs it can tell you.',
      invitation: 'This server is for who is invited. Open the link that you were given.',
      either: 'This server lets in who is invited, or who knows its password.',
    },
    kept: (name) => `“${name}” has a password. If the name is yours, type it here.`,
    passwordLabel: 'Password of this name',
    serverPasswordLabel: 'Password of this server',
    haveServerPassword: 'I know the server’s password',
    wrong: {
      name: 'That is not the password of this name. Type it once more, or take another name.',
      server: 'That is not the password of this server. Ask whoever runs it.',
    },
    passwordMissing: 'Type the password first.',
    showPassword: 'Show the password',
    hidePassword: 'Hide the password',
  },

  emoji: {
    heading: 'Emoji',
    loadFailed: 'The emoji could not be loaded. Close this and open it again to retry.',
    search: 'Search',
    searchHint: 'Press the up or down arrow for results, then Enter to choose.',
    noResults: 'No emoji for that.',
    loading: 'Loading…',
    recent: 'Used lately',
    categories: 'Categories',
    emoji: 'Emoji',
    regionLabel: 'Emoji picker',
    chooseSkinTone: (tone) => `Choose a skin tone (now ${tone})`,
    skinTones: 'Skin tones',
    skinToneHint: 'Press the up or down arrow for skin tones, then Enter to choose.',
    skinToneNames: ['Default', 'Light', 'Medium-light', 'Medium', 'Medium-dark', 'Dark'],
    categoryNames: {
      'smileys-emotion': 'Smileys and emotion',
      'people-body': 'People and body',
      'animals-nature': 'Animals and nature',
      'food-drink': 'Food and drink',
      'travel-places': 'Travel and places',
      activities: 'Activities',
      objects: 'Objects',
      symbols: 'Symbols',
      flags: 'Flags',
      custom: 'More',
    },
  },

  connection: {
    connecting: 'Connecting…',
    reconnecting: 'Reconnecting…',
    open: 'Connected',
    slow: 'Slow',
    slowBanner: 'The connection is slow. Messages may take a moment.',
    offline: 'Offline',
    offlineBanner: (waiting) => `Offline.${willGoOut(waiting)}`,
    retryIn: soon,
    lostBanner: (seconds, waiting) => `Connection lost. ${soon(seconds)}${willGoOut(waiting)}`,
    restartingBanner: (seconds, waiting) =>
      `The server is restarting and will be right back. ${soon(seconds)}${willGoOut(waiting)}`,
    restarting: 'Server restarting',
    tryNow: 'Try now',
    stoppedTitle: 'This page is out of date',
    stopped: 'The server has been updated and speaks a newer protocol. Reload the page to go on.',
    roundTrip: (milliseconds) => format.duration(milliseconds),
    transports,
    stripLine: (roundTripTime, transport) =>
      roundTripTime === undefined
        ? transports[transport]
        : `${format.duration(roundTripTime)} · ${transports[transport]}`,
    stripButton: (line) => `Connection: ${line}. Show details`,
  },

  connectionDetails: {
    heading: 'Connection',
    state: 'State',
    transport: 'Transport',
    own: 'This tab holds the connection.',
    shared: 'Shared: another tab holds the connection for all of them.',
    about: {
      websocket: 'One connection, both ways.',
      'event-stream': 'The server’s words come as server-sent events, yours go as requests.',
      'fetch-stream': 'The server’s words come as one long answer, yours go as requests.',
      'long-poll': 'A request waits at the server until there is something to say.',
      'short-poll': 'This page asks again and again, because nothing better gets through.',
    },
    roundTripTime: 'Round trip',
    connectedFor: 'Connected for',
    sent: 'Sent',
    received: 'Received',
    traffic: (messages, octets) => `${counted(messages, 'message', 'messages')}, ${format.octets(octets)}`,
    resumes: 'Resumed',
    resumed: (count) => (count === 0 ? 'Never' : `${counted(count, 'time', 'times')}, nothing missed`),
    lastClose: 'Last close',
    closed: (code, reason, time, transport) =>
      `${code}${reason === '' ? '' : ` “${reason}”`} at ${time}, over ${transport}`,
    neverClosed: 'None on this page',
    unknown: 'Not known yet',
    reconnectNow: 'Try now',
    legend: 'Each tick is one frame on the wire: up is from you, down is to you, height is size.',
    kinds: {
      text: 'Text',
      binary: 'Binary',
      continuation: 'Continuation',
      ping: 'Ping',
      pong: 'Pong',
      close: 'Close',
      error: 'Error',
    },
    compressed: 'Compressed',
    draw: 'Draw the wire',
    fold: 'Fold the wire',
    closeMeaning(code) {
      switch (code) {
        case 1000:
          return 'Closed as intended.';
        case 1001:
          return 'The other side went away.';
        case 1002:
          return 'A frame broke the protocol.';
        case 1003:
          return 'A kind of data came that is not taken here.';
        case 1005:
          return 'Closed without a code.';
        case 1006:
          return 'The connection broke off without a goodbye: the network, or a server that stopped.';
        case 1007:
          return 'A text was not valid UTF-8.';
        case 1008:
          return 'The server refused to go on; the reason says why.';
        case 1009:
          return 'A message was too big.';
        case 1010:
          return 'An extension was missing.';
        case 1011:
          return 'Something failed in the server.';
        case 1012:
          return 'The server is restarting.';
        case 1013:
          return 'The server was too busy, or this side read too slowly.';
        case 4000:
          return 'This page gave up: the server did not answer in time.';
        default:
          return 'A code without a common meaning.';
      }
    },
  },

  menu: {
    label: (name) => `${name}: preferences and sign out`,
    theme: 'Theme',
    themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
    language: 'Language',
    languages: { system: 'As the browser', en: 'English', zh: '中文' },
    enterKey: 'Enter key',
    enterKeys: { send: 'Sends', 'new-line': 'New line' },
    preferences: 'Preferences',
    devices: 'Devices',
    password: 'Password for your name',
    keys: 'Keyboard shortcuts',
    logOut: 'Sign out',
    logOutHint: 'On this device, in every tab.',
    logOutWaiting: (count) =>
      `${counted(count, 'message has', 'messages have')} not been sent and will be lost. Sign out all the same?`,
  },

  keys: {
    heading: 'Keyboard shortcuts',
    send: 'Send the message',
    newLine: 'Start a new line',
    closeLayer: 'Close what is on top',
    listKeys: 'Show this list',
    jump: 'Jump to a room, a person or a command',
    search: 'Search the messages',
    editLast: 'Edit your last message',
    writing: 'Writing',
    moving: 'Getting around',
    page: 'Everywhere',
    emoji: 'Open the emoji picker',
    attach: 'Add images',
    people: 'Show or hide people',
    older: 'Scroll to older messages',
    newest: 'Go to the newest message',
    viewer: 'Previous or next image',
    moveInMessages: 'Move from message to message',
  },

  viewer: {
    label: (author, time) => `Image from ${author}, ${time}`,
    close: 'Close the image',
    previous: 'Previous image',
    next: 'Next image',
    open: 'Open in a new tab',
    download: 'Download',
    zoomIn: 'Larger',
    zoomOut: 'Smaller',
    zoomed: (share) => format.percent(share),
    details: (width, height, length) => `${width} × ${height}, ${format.octets(length)}`,
    position: (index, count) => `${format.number(index)} of ${format.number(count)}`,
    failed: 'This image could not be loaded. Check the connection and open it again.',
  },

  toast: {
    region: 'Notices',
    dismiss: 'Dismiss',
    text(toast) {
      switch (toast.id) {
        case 'image-too-large':
          return `“${toast.file}” is ${format.octets(toast.length)}. Images may be up to ${format.octets(toast.limit)}; make it smaller and try again.`;
        case 'image-type':
          return `“${toast.file}” is not an image that can be sent here. Use PNG, JPEG, GIF, WebP or AVIF.`;
        case 'image-unreadable':
          return `“${toast.file}” could not be read. Check that the file is still there and not empty.`;
        case 'rate-limited':
          return `That was a lot at once. The rest goes out by itself in ${format.seconds(toast.retryAfter)}.`;
        case 'signed-out-elsewhere':
          return 'You were signed out in another tab or on another device.';
        case 'history-failed':
          return 'Older messages could not be loaded. Scroll up to try again.';
        case 'message-gone':
          return 'That message is not there any more.';
        case 'room-gone': {
          const why = toast.reason === '' ? '' : ` Reason: “${toast.reason}”`;
          if (toast.why === 'left') return `You have left ${toast.name}.`;
          return toast.why === 'kicked'
            ? `You were taken out of ${toast.name}.${why}`
            : `You were banned from ${toast.name}.${why}`;
        }
        case 'copied':
          return 'Copied.';
        case 'refused':
          return failure[toast.failure.code](toast.failure);
      }
    },
  },

  failure,
};
