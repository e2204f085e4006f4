/** Conversations for the gallery: a lively one, one with all that Markdown can do, and ones that strain the layout. */
import type { Image } from '../../src/chat/events.ts';
import type { TimelineItem } from '../chat/model.ts';
import {
  ada,
  base,
  beginLog,
  bjorn,
  bot,
  long,
  me,
  mei,
  notice,
  picture,
  pixel,
  quoteOf,
  say,
  wei,
} from './people.ts';

export function lively(): TimelineItem[] {
  beginLog();
  const view = say(bjorn, 8, picture('hills', 1600, 1067), {
    reactions: [
      { emoji: '😍', members: [mei, ada, me] },
      { emoji: '🏔️', members: [wei] },
    ],
  });
  const question = say(me, 10, 'Wow. Where is that?', { replyTo: quoteOf(view) });
  return [
    say(ada, -60 * 15, 'Deploy is done. See you tomorrow.'),
    say(me, -60 * 15 + 1, 'Night! 🌙'),
    notice(mei, 0, { type: 'joined' }),
    notice(wei, 1, { type: 'joined' }),
    notice(bjorn, 1, { type: 'joined' }),
    notice(ada, 1, { type: 'topic', topic: 'The handshake, this week' }),
    say(mei, 2, 'good morning 👋'),
    say(mei, 2, 'did anyone look at the **handshake test** that failed last night?'),
    say(me, 3, 'Yes, it was mine: I compared `Sec-WebSocket-Key` before trimming it.', {
      edited: { time: base + 4 * 60_000, count: 1 },
    }),
    say(me, 3, 'Fixed in the branch, the whole suite is green again.', {
      reactions: [{ emoji: '🎉', members: [mei, ada, wei] }],
    }),
    say(wei, 4, '早上好！我昨晚也遇到了同样的问题，更新之后就好了。'),
    say(wei, 5, '顺便问一下，今天下午三点的会还开吗？'),
    say(
      ada,
      6,
      'Yes. RFC 6455 §5.5.1 is the first item, please read it before: https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1 (it is short). @Robin, could you show the trace?',
      { mentions: ['me'] },
    ),
    { ...view },
    say(bjorn, 8, 'the view from the cabin this morning'),
    say(mei, 9, '😍🏔️'),
    question,
    say(
      long,
      11,
      'That must be near Åndalsnes.\n\nI went there in 2019: the train up the valley is one of the best things I have ever done on rails, and it takes only an hour and a half from Dombås.',
      { replyTo: quoteOf(question) },
    ),
    say(pixel, 12, 'never mind', {
      content: { type: 'deleted' },
      deleted: { time: base + 12 * 60_000, by: pixel },
    }),
    say(bot, 12, 'Deployed **v2.0.1** to `eu-1` in 41 s. [Log](https://ci.example/9)'),
    notice(long, 13, { type: 'left' }),
    say(mei, 14, '那我们下午三点见 ☕'),
    say(me, 14, '好的，到时候见！'),
  ];
}

const code = [
  '```ts',
  'export function accept(key: string): string {',
  '  // RFC 6455 §4.2.2: the key, then the GUID',
  "  const hash = createHash('sha1');",
  "  return hash.update(key + guid).digest('base64'); // 28 characters",
  '}',
  '```',
].join('\n');

/** All that a text can hold, by others and by oneself. */
export function marked(): TimelineItem[] {
  beginLog();
  const texts = [
    `# Plan\nWe do **three** things, *in this order*, ~~not four~~:\n\n1. read the RFC\n2. write the test\n   - with \`vitest\`\n   - and see it red\n3. write the code\n\n- [x] frames\n- [ ] deflate`,
    `This is how the accept key is made:\n\n${code}\n\nand that is all of it.`,
    '> The opening handshake is intended to be compatible\n> with HTTP-based server-side software.\n\nSo a GET it is.',
    '@Robin and @everyone: the room is #/general and a message is [this one](#/general/3). :tada: at 10:30:45',
    '<script>alert(1)</script> <b>not bold</b> &amp; [click](javascript:alert(1)) ![x](https://example.org/track.png)',
    '| a | b |\n|---|---|\n| 1 | 2 |',
    '```sh\nnpm start -- --port 8080 --data ./data --log-level debug --behind-proxy 127.0.0.1 --max-connections 20000\n```',
  ];
  return texts.flatMap((text, index) => [
    say([mei, ada, wei][index % 3] ?? mei, index * 2, text, { mentions: ['me', 'everyone'] }),
    say(me, index * 2 + 1, text, { mentions: ['m0'] }),
  ]);
}

/** Texts that strain a layout, by others and by oneself. */
export function odd(): TimelineItem[] {
  beginLog();
  const texts = [
    'مرحبا، كيف حالكم اليوم؟ الاجتماع الساعة 3 (في الغرفة الكبيرة).',
    'שלום לכולם! https://example.org/he/דף',
    `https://example.org/search?q=${'abcdefghij'.repeat(24)}&page=2#top`,
    'W'.repeat(180),
    'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft_and_more',
    '😀😃😄😁😆😅',
    '🧑‍🚀',
    'a\n\n\nb',
    '一个很长的中文句子没有任何空格但是仍然需要在合适的地方换行否则就会把页面撑开让手机用户不得不横向滚动才能读完这句话。',
    `${'on and on '.repeat(30)}\n\n`.repeat(9),
    'k',
  ];
  return texts.flatMap((text, index) => [
    say([mei, long, wei][index % 3] ?? mei, index * 2, text, {
      reactions: index % 4 === 0 ? [{ emoji: '👍', members: [me] }] : [],
    }),
    say(me, index * 2 + 1, text),
  ]);
}

/** Several images in a row, all shapes, loaded and not, own and others'. */
export function manyImages(): TimelineItem[] {
  beginLog();
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
    say(me, 4, picture('own', 1600, 1067)),
    say(me, 4, picture('own-square', 500, 500)),
    say(me, 5, 'There.'),
    say(me, 5, picture('tiny', 24, 24)),
    say(me, 6, { ...lost, id: 'own-broken' }),
  ];
}

/** Everything that a moderator can do to a room, in a row. */
export function moderated(): TimelineItem[] {
  beginLog();
  return [
    notice(ada, 0, { type: 'created', name: 'general' }),
    say(pixel, 1, 'buy cheap watches', {
      content: { type: 'deleted' },
      deleted: { time: base + 60_000, by: ada },
    }),
    notice(ada, 2, { type: 'slow', seconds: 30 }),
    notice(ada, 2, { type: 'kicked', member: pixel, reason: 'advertising', banned: true }),
    notice(ada, 2, { type: 'role', member: me, role: 'moderator' }),
    notice(ada, 3, { type: 'renamed', name: 'general' }),
    notice(ada, 3, { type: 'topic', topic: '' }),
    notice(mei, 3, { type: 'joined' }),
    notice(mei, 3, { type: 'left' }),
    notice(wei, 3, { type: 'joined' }),
    say(wei, 4, 'That was quick.'),
  ];
}

/** Lines from one offset to another, as a server would have them. */
export function log(from: number, to: number): TimelineItem[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => {
    const offset = from + index;
    const author = [mei, ada, me, wei, bjorn][(offset * 7) % 5] ?? mei;
    const item = say(
      author,
      offset - 1000,
      offset % 40 === 9
        ? picture(`p${offset}`, 1600, 1067)
        : `${offset} ${'words '.repeat((offset * 13) % 50)}`,
    );
    return {
      ...item,
      key: `log-${offset}`,
      message: { ...item.message, offset, id: `log-${offset}`, nonce: `log-nonce-${offset}` },
    };
  });
}
