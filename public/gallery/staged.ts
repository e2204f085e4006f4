/** Made-up states of the chat for the gallery, by name. */
import type { Image, Member, Message } from '../../src/chat/events.ts';
import type {
  ChatState,
  ChatStore,
  ConnectionState,
  Outgoing,
  TimelineItem,
  WireTick,
} from '../chat/model.ts';

const names = [
  'Mei',
  'Ada Lovelace',
  '张伟',
  'Björn',
  'Maximiliane Friederike von Hohenzollern-Sigmaringen',
  '👾 pixel',
];
const [mei, ada, wei, bjorn, long, pixel] = names.map((name, index): Member => ({ id: `m${index}`, name }));
const me: Member = { id: 'me', name: 'Robin' };
const noon = new Date();
noon.setHours(10, 40, 0, 0);
const base = noon.getTime();

let count = 0;
function say(author: Member | undefined, minute: number, content: string | Image): TimelineItem {
  count += 1;
  const message: Message = {
    room: 'general',
    offset: count,
    id: `id-${count}`,
    author: author ?? me,
    time: base + minute * 60_000,
    nonce: `nonce-${count}`,
    content:
      typeof content === 'string' ? { type: 'text', text: content } : { type: 'image', image: content },
  };
  return { kind: 'message', key: message.id, message, own: message.author.id === me.id };
}

function notice(kind: 'joined' | 'left', member: Member | undefined, minute: number): TimelineItem {
  count += 1;
  return { kind, key: `notice-${count}`, member: member ?? me, time: base + minute * 60_000 };
}

/** A picture drawn here: hills at dusk. */
function picture(id: string, width: number, height: number): Image {
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 600 400" preserveAspectRatio="xMidYMid slice">
    <defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#2b3a67"/><stop offset=".6" stop-color="#e08e6d"/><stop offset="1" stop-color="#f6d7a7"/></linearGradient></defs>
    <rect width="600" height="400" fill="url(#s)"/><circle cx="420" cy="240" r="34" fill="#fff1cf"/>
    <path d="M0 280 120 190 230 270 330 200 470 290 600 220V400H0z" fill="#6d4c5b"/><path d="M0 330 150 260 300 330 430 280 600 340V400H0z" fill="#3c2f45"/></svg>`;
  const url = `data:image/svg+xml,${encodeURIComponent(drawing)}`;
  const scale = Math.min(1, 640 / width, 640 / height);
  return {
    id,
    type: 'image/jpeg',
    length: 482_133,
    width,
    height,
    url,
    thumbnail: { url, width: Math.round(width * scale), height: Math.round(height * scale) },
  };
}

function lively(): TimelineItem[] {
  count = 0;
  return [
    say(ada, -60 * 15, 'Deploy is done. See you tomorrow.'),
    say(undefined, -60 * 15 + 1, 'Night! 🌙'),
    notice('joined', mei, 0),
    notice('joined', wei, 1),
    notice('joined', bjorn, 1),
    say(mei, 2, 'good morning 👋'),
    say(mei, 2, 'did anyone look at the handshake test that failed last night?'),
    say(undefined, 3, 'Yes, it was mine: I compared the key before trimming it.'),
    say(undefined, 3, 'Fixed in the branch, the whole suite is green again.'),
    say(wei, 4, '早上好！我昨晚也遇到了同样的问题，更新之后就好了。'),
    say(wei, 5, '顺便问一下，今天下午三点的会还开吗？'),
    say(
      ada,
      6,
      'Yes. RFC 6455 §5.5.1 is the first item, please read it before: https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1 (it is short).',
    ),
    say(bjorn, 8, picture('hills', 1600, 1067)),
    say(bjorn, 8, 'the view from the cabin this morning'),
    say(mei, 9, '😍🏔️'),
    say(undefined, 10, 'Wow. Where is that?'),
    say(
      long,
      11,
      'That must be near Åndalsnes.\n\nI went there in 2019: the train up the valley is one of the best things I have ever done on rails, and it takes only an hour and a half from Dombås.',
    ),
    say(
      pixel,
      12,
      'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft_and_even_longer_words_wrap_too',
    ),
    notice('left', long, 13),
    say(mei, 14, '那我们下午三点见 ☕'),
    say(undefined, 14, '好的，到时候见！'),
  ];
}

/** Texts that strain a layout, by others and by oneself. */
function odd(): TimelineItem[] {
  count = 0;
  const texts = [
    'function accept(key) {\n  const hash = createHash("sha1");\n  return hash.update(key + guid).digest("base64");\n}',
    'مرحبا، كيف حالكم اليوم؟ الاجتماع الساعة 3 (في الغرفة الكبيرة).',
    'שלום לכולם! https://example.org/he/דף',
    `https://example.org/search?q=${'abcdefghij'.repeat(24)}&page=2#top`,
    'W'.repeat(180),
    '<script>alert(1)</script> <b>not bold</b> &amp; "quoted"',
    '😀😃😄😁😆😅',
    '🧑‍🚀',
    'a\n\n\nb',
    '一个很长的中文句子没有任何空格但是仍然需要在合适的地方换行否则就会把页面撑开让手机用户不得不横向滚动才能读完这句话。',
    'k',
  ];
  return texts.flatMap((text, index) => [
    say([mei, long, wei][index % 3], index * 2, text),
    say(undefined, index * 2 + 1, text),
  ]);
}

/** Several images in a row, all shapes, loaded and not, own and others'. */
function manyImages(): TimelineItem[] {
  count = 0;
  const broken: Image = { ...picture('broken', 1200, 800) };
  const lost: Image = {
    ...broken,
    url: '/nothing.jpg',
    thumbnail: { ...broken.thumbnail, url: '/nothing.jpg' },
  };
  return [
    say(mei, 1, picture('wide', 2400, 600)),
    say(mei, 1, picture('tall', 400, 1600)),
    say(mei, 2, 'and one more'),
    say(mei, 2, lost),
    say(bjorn, 3, { ...lost, id: 'small-broken', width: 60, height: 40 }),
    say(undefined, 4, picture('own', 1600, 1067)),
    say(undefined, 4, picture('own-square', 500, 500)),
    say(undefined, 5, 'There.'),
    say(undefined, 5, picture('tiny', 24, 24)),
    say(undefined, 6, { ...lost, id: 'own-broken' }),
  ];
}

function monologue(length: number): TimelineItem[] {
  count = 0;
  return Array.from({ length }, (_, index) =>
    say(mei, Math.floor(index / 3), index % 5 === 0 ? `${'on and on '.repeat(30)}${index}` : `line ${index}`),
  );
}

function log(length: number): TimelineItem[] {
  count = 0;
  return Array.from({ length }, (_, index) =>
    say(
      [mei, ada, undefined, wei, bjorn][(index * 7) % 5],
      index - length,
      index % 40 === 9 ? picture(`p${index}`, 1600, 1067) : `${index} ${'words '.repeat((index * 13) % 50)}`,
    ),
  );
}

function crowd(size: number): Member[] {
  const kinds = [
    'Mei',
    '王小明',
    'Maximiliane Friederike von Hohen',
    'WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW',
    '👾👾👾',
    'محمد',
  ];
  return Array.from({ length: size }, (_, index) =>
    index === 7 ? me : { id: `c${index}`, name: `${kinds[index % kinds.length]} ${index}` },
  );
}

const limits = {
  nameLength: 32,
  textLength: 4000,
  imageLength: 8 * 1024 * 1024,
  imageTypes: ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'],
  pageLength: 100,
  eventLength: 65536,
};

function waitingText(nonce: string, text: string, status: Outgoing['status'] = 'pending'): Outgoing {
  return {
    nonce,
    time: base + 15 * 60_000,
    content: { type: 'text', text },
    status,
    progress: undefined,
    failure: status === 'failed' ? { code: 'internal', message: 'The server failed.' } : undefined,
  };
}

function stateOf(name: string): ChatState {
  const open: ConnectionState = {
    status: 'open',
    since: Date.now() - 754_000,
    roundTripTime: 12,
    slow: false,
  };
  const room: ChatState = {
    phase: 'chatting',
    signInFailure: undefined,
    me,
    room: 'general',
    connection: open,
    lastClose: undefined,
    members: [ada, bjorn, long, mei, me, pixel, wei].flatMap((member) =>
      member === undefined ? [] : [member],
    ),
    timeline: lively(),
    outbox: [],
    hasMore: false,
    loadingOlder: false,
    limits,
    toasts: [],
    traffic: { sent: 41, received: 128, octetsSent: 6_213, octetsReceived: 48_902, reconnects: 1 },
  };
  const out: ChatState = { ...room, phase: 'signed-out', me: undefined, members: [], timeline: [] };
  switch (name) {
    case 'sign-in':
      return out;
    case 'taken':
      return {
        ...out,
        lastName: 'Mei',
        signInFailure: { code: 'name-taken', message: 'Taken.', field: 'data.name', suggestion: 'Mei 2' },
      };
    case 'restoring':
      return { ...out, phase: 'restoring' };
    case 'empty':
      return { ...room, timeline: [], members: [me] };
    case 'offline':
      return {
        ...room,
        connection: { status: 'offline' },
        outbox: [
          waitingText('aaaaaaaa', 'I will be on the train until four,'),
          waitingText('bbbbbbbb', 'so this may come late 🚆'),
        ],
      };
    case 'waiting':
      return {
        ...room,
        connection: { status: 'waiting', attempt: 4, retryAt: Date.now() + 8000, restarting: false },
        lastClose: { time: base + 14 * 60_000, code: 1006, reason: '' },
      };
    case 'restarting':
      return {
        ...room,
        connection: { status: 'waiting', attempt: 1, retryAt: Date.now() + 3000, restarting: true },
      };
    case 'slow':
      return { ...room, connection: { ...open, roundTripTime: 2400, slow: true } };
    case 'stopped':
      return { ...room, connection: { status: 'stopped', reason: 'protocol-version' } };
    case 'outbox': {
      const hills = picture('out', 1200, 800);
      return {
        ...room,
        outbox: [
          waitingText('cccccccc', 'This one did not make it.', 'failed'),
          {
            nonce: 'dddddddd',
            time: base + 15 * 60_000,
            content: {
              type: 'image',
              image: undefined,
              file: { name: 'hills.jpg', length: 3_000_000, url: hills.url, width: 1200, height: 800 },
            },
            status: 'uploading',
            progress: 0.42,
            failure: undefined,
          },
          waitingText('eeeeeeee', 'and this is on its way', 'sending'),
        ],
        toasts: [
          {
            key: 't1',
            tone: 'error',
            text: {
              id: 'image-too-large',
              file: 'holiday-panorama.png',
              length: 12_400_000,
              limit: limits.imageLength,
            },
          },
        ],
      };
    }
    case 'older':
      return { ...room, hasMore: true, loadingOlder: true };
    case 'odd':
      return { ...room, timeline: odd() };
    case 'images':
      return { ...room, timeline: manyImages() };
    case 'monologue':
      return { ...room, timeline: monologue(40) };
    case 'long':
      return { ...room, timeline: log(1500), hasMore: true };
    case 'crowd':
      return { ...room, members: crowd(60) };
    case 'toasts':
      return {
        ...room,
        toasts: [
          { key: 't1', tone: 'error', text: { id: 'image-type', file: 'notes.pdf' } },
          {
            key: 't2',
            tone: 'error',
            text: {
              id: 'image-too-large',
              file: `${'a-very-long-name-without-an-end-'.repeat(4)}.png`,
              length: 12_400_000,
              limit: limits.imageLength,
            },
          },
          { key: 't3', tone: 'info', text: { id: 'rate-limited', retryAfter: 4000 } },
        ],
      };
    case 'gap': {
      const timeline = lively();
      timeline.splice(12, 0, { kind: 'gap', key: 'gap-1', time: base + 7 * 60_000 });
      return { ...room, timeline };
    }
    default:
      return room;
  }
}

/** A store that holds a made-up state, answers `sendText`, and plays traffic on the wire. */
export function stagedStore(name: string): ChatStore {
  let state = stateOf(name);
  const listeners = new Set<() => void>();
  const wires = new Set<(tick: WireTick) => void>();
  const set = (change: Partial<ChatState>): void => {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  };
  const nothing = (): void => undefined;
  // For trying things out from the browser's console.
  Object.assign(window, {
    staged: {
      set,
      say,
      arrive: (text: string) => set({ timeline: [...state.timeline, say(mei, 20, text)] }),
      older: (n: number) =>
        set({
          timeline: [
            ...Array.from({ length: n }, (_, i) =>
              say(i % 3 ? ada : wei, -3000 + i, `older ${count} ${'words '.repeat(i % 40)}`),
            ),
            ...state.timeline,
          ],
        }),
      tick: (tick: WireTick) => {
        for (const wire of wires) wire(tick);
      },
    },
  });
  return {
    actions: {
      signIn: (wanted) => {
        set({ phase: 'entering', signInFailure: undefined });
        setTimeout(() => set({ ...stateOf('room'), me: { id: 'me', name: wanted } }), 30);
      },
      clearSignInFailure: () => set({ signInFailure: undefined }),
      logOut: () => set(stateOf('sign-in')),
      sendText: (text) => set({ timeline: [...state.timeline, say(undefined, 20, text)] }),
      sendImages: nothing,
      retry: nothing,
      discard: (nonce) => set({ outbox: state.outbox.filter((item) => item.nonce !== nonce) }),
      loadOlder: nothing,
      reconnectNow: nothing,
      dismissToast: (key) => set({ toasts: state.toasts.filter((toast) => toast.key !== key) }),
    },
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onWire(listener) {
      wires.add(listener);
      let time = 0;
      for (let index = 0; index < 44; index += 1) {
        time += [300, 80, 2500, 40, 900, 6000][index % 6] ?? 0;
        const beat = index % 11 === 7 || index % 11 === 8;
        listener({
          time,
          direction: beat ? (index % 11 === 7 ? 'up' : 'down') : index % 4 === 1 ? 'up' : 'down',
          kind: beat ? (index % 11 === 7 ? 'ping' : 'pong') : 'text',
          length: beat ? 40 : 90 + ((index * 7919) % 1700) * (index % 5 === 0 ? 6 : 1),
        });
      }
      return () => wires.delete(listener);
    },
    dispose: nothing,
  };
}
