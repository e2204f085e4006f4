/** The chat page in English. The shape, and what each text is for, is in table.ts. */
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

export const en: Texts = {
  language: 'en',
  tag: 'en',
  format,

  app: {
    title: (room, unread) => `${unread === 0 ? '' : `(${format.number(unread)}) `}#${room} · barewire`,
    tagline: 'A chat where the wire is visible.',
    description: 'A group chat on a WebSocket server written by hand.',
    skipToMessages: 'Skip to the messages',
    skipToComposer: 'Skip to the message field',
    loading: 'Loading…',
    restoring: 'Welcome back. Opening the conversation…',
    scriptNeeded: 'The chat needs JavaScript. Please allow it for this site and reload.',
    failed: 'Something in this page broke. What you sent is safe; reload to go on.',
    reload: 'Reload',
    close: 'Close',
    cancel: 'Cancel',
    back: 'Back',
  },

  signIn: {
    heading: 'Come on in',
    lead: 'Pick a name and start talking. No account, no password.',
    nameLabel: 'Your name',
    placeholder: 'What should people call you?',
    hint: '1 to 32 characters. Everyone here can see it.',
    submit: 'Enter',
    entering: 'Entering…',
    waiting: 'Waiting for the connection. You go in as soon as it is there.',
    avatar: 'Your picture. It follows from your name.',
    promise: 'This browser is remembered for 24 hours, so nobody else can take your name.',
    problem: {
      empty: 'Type a name first.',
      'too-long': 'That name is too long. 32 characters is the most.',
      invisible: 'That name has characters nobody can see. Use letters, digits or emoji.',
    },
    taken: (name) => `Somebody here is already called “${name}”.`,
    useSuggestion: (suggestion) => `Use “${suggestion}”`,
    ended: 'Your session has ended. Enter again to go on where you were.',
  },

  room: {
    name: (room) => `#${room}`,
    rooms: 'Rooms',
    conversation: (room) => `Conversation in #${room}`,
    emptyTitle: 'Nothing has been said yet',
    emptyBody: 'Say the first word. Whoever comes later can read it too.',
    beginning: (room) => `This is where #${room} begins.`,
    loadingOlder: 'Loading older messages…',
    loadOlder: 'Load older messages',
    gap: 'Some messages between these are not loaded.',
    loadGap: 'Load them',
    newMessages: (count) => `${format.number(count)} new`,
    newLine: (count) => `${format.number(count)} new`,
    jumpToNewest: 'Go to the newest message',
    joined: (name) => `${name} joined`,
    left: (name) => `${name} left`,
    joinedMany: (names) => `${format.list(names)} joined`,
    leftMany: (names) => `${format.list(names)} left`,
    openRooms: 'Show rooms',
    openPeople: 'Show who is here',
  },

  people: {
    heading: 'People',
    here: (count) => `${format.number(count)} here`,
    you: 'you',
    nameAndYou: (name) => `${name} (you)`,
    avatarOf: (name) => `Picture of ${name}`,
    alone: 'Just you so far. Share the address of this page to invite people.',
  },

  message: {
    by: (name, time) => `${name} at ${time}`,
    own: (time) => `You at ${time}`,
    copy: 'Copy text',
    copied: 'Copied',
    actions: 'Message actions',
    image: (name) => `Image from ${name}`,
    openImage: (name) => `Open the image from ${name} in full size`,
    imageFailed: 'This image could not be loaded.',
    imageLoading: 'Loading image…',
  },

  composer: {
    label: (room) => `Message to #${room}`,
    placeholder: (room) => `Message #${room}…`,
    placeholderOffline: 'Write on, it will wait.',
    send: 'Send',
    attach: 'Add images',
    emoji: 'Add emoji',
    dropHere: 'Drop images here to send them',
    imageRule: (limit) => `PNG, JPEG, GIF, WebP or AVIF, up to ${format.octets(limit)} each`,
    hint: 'Enter sends, Shift + Enter starts a new line',
    charactersLeft: (count) =>
      count >= 0
        ? `${counted(count, 'character', 'characters')} left`
        : `${counted(-count, 'character', 'characters')} too many`,
    tooLong: (limit) =>
      `That is longer than ${format.number(limit)} characters. Shorten it or send it in parts.`,
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

  outgoing: {
    pending: 'Waiting',
    waitingForConnection: 'Goes out when you are back',
    uploading: (progress) => `Uploading, ${format.percent(progress)}`,
    sending: 'Sending…',
    failed: 'Not sent',
    retry: 'Try again',
    copy: 'Copy',
    discard: 'Discard',
    cancelUpload: 'Cancel the upload',
    imageNamed: (file) => `Your image ${file}`,
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
    transport: 'WebSocket',
    stripLine: (roundTripTime) =>
      roundTripTime === undefined ? 'WebSocket' : `${format.duration(roundTripTime)} · WebSocket`,
    stripButton: (line) => `Connection: ${line}. Show details`,
  },

  connectionDetails: {
    heading: 'Connection',
    state: 'State',
    transport: 'Transport',
    roundTripTime: 'Round trip',
    connectedFor: 'Connected for',
    sent: 'Sent',
    received: 'Received',
    traffic: (messages, octets) => `${counted(messages, 'message', 'messages')}, ${format.octets(octets)}`,
    reconnects: 'Reconnects',
    lastClose: 'Last close',
    closed: (code, reason, time) => `${code}${reason === '' ? '' : ` “${reason}”`} at ${time}`,
    neverClosed: 'None on this page',
    unknown: 'Not known yet',
    reconnectNow: 'Reconnect now',
    legend: 'Each tick is one message: up is from you, down is to you.',
    up: 'From you',
    down: 'To you',
    kinds: { text: 'Text', binary: 'Binary', ping: 'Ping', pong: 'Pong', close: 'Close', error: 'Error' },
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
    label: (name) => `${name}: settings and log out`,
    theme: 'Theme',
    themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
    language: 'Language',
    languages: { system: 'As the browser', en: 'English', zh: '中文' },
    keys: 'Keyboard shortcuts',
    logOut: 'Log out',
    logOutHint: 'Frees your name at once, in every tab.',
    logOutWaiting: (count) =>
      `${counted(count, 'message has', 'messages have')} not been sent and will be lost. Log out all the same?`,
  },

  keys: {
    heading: 'Keyboard shortcuts',
    send: 'Send the message',
    newLine: 'Start a new line',
    closeLayer: 'Close what is on top',
    listKeys: 'Show this list',
    focusComposer: 'Go to the message field',
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
          return 'You were logged out in another tab.';
        case 'history-failed':
          return 'Older messages could not be loaded. Scroll up to try again.';
      }
    },
  },

  announce: {
    message: (name, text) => `${name}: ${text}`,
    image: (name) => `${name} sent an image`,
    messages: (count) => counted(count, 'new message', 'new messages'),
    sent: 'Sent',
    failed: 'A message could not be sent',
    connected: 'Connected again',
    disconnected: 'Connection lost',
    entered: (room, people) =>
      `You are in #${room}. ${format.plural(people) === 'one' ? 'You are the only one here' : `${format.number(people)} people are here`}.`,
    olderLoaded: (count) => `${counted(count, 'older message', 'older messages')} loaded`,
  },

  failure: {
    malformed: () => 'The server could not read this message. Reload the page, then try again.',
    'unknown-event': () => 'The server does not know this kind of message. Reload the page, then try again.',
    invalid(failure) {
      if (failure.field === 'image.length') return 'The image is too large for the server. Make it smaller.';
      if (failure.field === 'image.pixels')
        return 'The image has more pixels than the server can take. Make it smaller.';
      if (failure.field === 'image.type')
        return 'The server could not read this as an image. Try another file, or save it anew as PNG or JPEG.';
      return 'The server refused this message as it is. Change it and send it again.';
    },
    'signed-out': () =>
      'You were signed out before this was confirmed. If it is not in the conversation, send it again.',
    'signed-in': () => 'You are signed in already. Reload the page.',
    'name-taken': () => 'Somebody here already has that name. Choose another.',
    'token-unknown': () => 'Your session has ended. Enter again to go on.',
    'room-unknown': () => 'This room is gone.',
    'image-unknown': () => 'The server no longer has this image. Add it again.',
    'nonce-reused': () => 'This was mixed up with an earlier message. Copy it and send it anew.',
    'rate-limited': (failure) =>
      failure.retryAfter === undefined
        ? 'That was a lot at once. Wait a moment, then try again.'
        : `That was a lot at once. Try again in ${format.seconds(failure.retryAfter)}.`,
    internal: () => 'Something failed in the server. It is not your doing; try again in a moment.',
  },
};
