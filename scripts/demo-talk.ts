// What the people in the screenshots say, in which room and at what time. screenshots.ts lets demo-people.ts say it.

/** One message: who, at how many minutes after ten (yesterday's are negative), what, and what becomes of it. */
export interface Line {
  /** What other lines call it. */
  readonly id?: string;
  readonly who: string;
  readonly minute: number;
  /** Default general. */
  readonly room?: RoomName;
  readonly say: string;
  /** Sends the picture instead of the words. */
  readonly picture?: boolean;
  /** Id of the line that it answers. */
  readonly answers?: string;
  /** What it says in the end. */
  readonly edited?: string;
  readonly deleted?: boolean;
  readonly reactions?: Readonly<Record<string, readonly string[]>>;
}

export type RoomName = 'general' | 'dev' | 'launch' | '设计' | 'Mei';

export const me = 'Robin';
/** In the order in which they come. */
export const people = [
  'Mei',
  'Ada Lovelace',
  '张伟',
  'Björn',
  'Maximiliane von Hohenzollern',
  'Priya',
] as const;

interface MadeRoom {
  readonly name: string;
  readonly by: string;
  readonly topic: string;
  readonly kind?: 'private';
  readonly members: readonly string[];
}

/** Besides general, which is there already. */
export const rooms: readonly MadeRoom[] = [
  {
    name: 'dev',
    by: 'Ada Lovelace',
    topic: 'Frames, masks and what the RFC says',
    members: [me, 'Mei', 'Björn', '张伟'],
  },
  {
    name: '设计',
    by: '张伟',
    topic: '界面、文字与图标',
    members: [me, 'Mei', 'Priya'],
  },
  {
    name: 'launch',
    by: 'Mei',
    topic: 'Until it is out, between us',
    kind: 'private',
    members: [me, 'Ada Lovelace'],
  },
  {
    name: 'books',
    by: 'Priya',
    topic: 'What we read, and what we gave up on',
    members: ['Ada Lovelace', 'Björn'],
  },
  { name: 'mountains', by: 'Björn', topic: 'Huts, weather, who drives', members: ['Mei'] },
  { name: 'weekend plans', by: 'Priya', topic: '', members: [] },
];

const acceptKey = [
  'The key and a fixed GUID, hashed:',
  '',
  '```ts',
  'export function acceptKey(key: string): string {',
  '  // RFC 6455 §4.2.2: the key as it came, then the GUID',
  "  const hash = createHash('sha1').update(key + guid);",
  "  return hash.digest('base64'); // 28 characters",
  '}',
  '```',
  '',
  'and that is all of it.',
].join('\n');

const steps = [
  '**Before the review**, in this order:',
  '',
  '1. read §5.5, it is short',
  '2. write the test and see it red',
  '3. write the code',
  '',
  '- [x] ping and pong',
  '- [ ] close, with a code that nobody knows',
].join('\n');

/** Said before the page is opened. */
export const before: readonly Line[] = [
  { who: 'Ada Lovelace', minute: -962, say: 'Release is out, all green. Thank you, everyone 🎉' },
  { who: 'Mei', minute: -960, say: 'Finally! See you tomorrow.' },

  { who: 'Mei', minute: -930, room: 'launch', say: 'The words for the first page are in the draft.' },
  { who: me, minute: -925, room: 'launch', say: 'I like the second one best.' },

  { who: '张伟', minute: -70, room: '设计', say: '早上好！今天先看**连接状态**的颜色吧。' },
  { who: 'Priya', minute: -66, room: '设计', say: '深色模式下的铜色我调亮了一点，对比度现在是 5.2:1。' },
  {
    id: 'contrast',
    who: '张伟',
    minute: -64,
    room: '设计',
    say: '很好。那么断开的时候，线要画成虚线还是留一个缺口？',
  },
  {
    who: me,
    minute: -60,
    room: '设计',
    say: '缺口。虚线已经用来表示“正在连接”了。',
    answers: 'contrast',
    reactions: { '👍': ['张伟', 'Priya'], '💯': ['Mei'] },
  },
  { who: 'Mei', minute: -58, room: '设计', say: '同意，这样不看颜色也能分清楚。' },
  {
    who: 'Priya',
    minute: -57,
    room: '设计',
    say: '规范里写着：\n\n> 颜色只表示状态，状态也不能只靠颜色。\n\n我把图标改好，下午发给大家。',
  },
  { who: '张伟', minute: -30, room: '设计', say: '@Robin 标题的字号用 `15px` 还是 `16px`？' },
  { who: me, minute: -28, room: '设计', say: '16px，中文小了看起来会挤。' },
  { who: '张伟', minute: -27, room: '设计', say: '好的 👌' },

  { who: 'Mei', minute: 12, room: 'Mei', say: 'Are you coming on Saturday?' },
  { who: me, minute: 14, room: 'Mei', say: 'If the train runs, yes! Shall I bring something?' },
  { who: 'Mei', minute: 15, room: 'Mei', say: 'Your tent, please. And your bad jokes 🏕️' },

  {
    id: 'how',
    who: 'Björn',
    minute: 20,
    room: 'dev',
    say: 'How is `Sec-WebSocket-Accept` made again? I can never remember.',
  },
  {
    id: 'code',
    who: 'Ada Lovelace',
    minute: 22,
    room: 'dev',
    say: acceptKey,
    answers: 'how',
    reactions: { '🙏': ['Björn'], '❤️': ['Mei', me, '张伟'] },
  },
  {
    who: me,
    minute: 24,
    room: 'dev',
    say: 'And §1.3 has a key to try it with:\n\n```sh\nnpm run connect -- --key dGhlIHNhbXBsZSBub25jZQ==\n```',
  },
  { who: 'Mei', minute: 26, room: 'dev', say: steps },
  { who: 'Björn', minute: 27, room: 'dev', say: 'I take the close frames.' },
];

/** Said while the page is open, in another room. */
export const meanwhile: readonly Line[] = [
  { who: 'Mei', minute: 42, say: 'good morning 👋' },
  { who: 'Mei', minute: 42, say: 'did anyone find out why the handshake test failed last night?' },
  {
    who: me,
    minute: 43,
    say: 'Yes, it was mine: I compared the key before triming it.',
    edited: 'Yes, it was mine: I compared the key before trimming it. Fixed.',
    reactions: { '🎉': ['Mei', 'Ada Lovelace', '张伟'] },
  },
  { id: 'meeting', who: '张伟', minute: 45, say: '早上好！顺便问一下，下午三点的会还开吗？' },
  {
    who: 'Ada Lovelace',
    minute: 46,
    say: 'It is on. First item is RFC 6455, section 5.5, please read it before: https://www.rfc-editor.org/rfc/rfc6455#section-5.5',
  },
  { who: me, minute: 47, say: '好的，三点见！', answers: 'meeting' },
  {
    who: 'Maximiliane von Hohenzollern',
    minute: 48,
    say: 'I will be late, the Dampfschifffahrtsgesellschaftskapitänsmützenabzeichenmuseum called.',
  },
  {
    id: 'lake',
    who: 'Björn',
    minute: 49,
    say: '',
    picture: true,
    reactions: { '😍': ['Mei', 'Ada Lovelace', me], '🏔️': ['张伟'] },
  },
  { who: 'Priya', minute: 50, say: 'I have been there twice, and both times it rained.', deleted: true },
  { id: 'where', who: me, minute: 51, say: 'Wow. Where is that?', answers: 'lake' },
];

/** Said last, and not read yet. */
export const unread: readonly Line[] = [
  {
    who: 'Björn',
    minute: 52,
    say: 'Above the Lysefjord, two hours on foot. I can show you on Saturday.',
    answers: 'where',
  },
  {
    who: 'Ada Lovelace',
    minute: 53,
    say: '@Robin the meeting has moved to the second floor. Bring coffee ☕',
    reactions: { '☕': ['Mei', 'Björn'] },
  },
];
