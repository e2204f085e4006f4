// What people write as a tree: the subset that is drawn, and everything else left as it was written.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isEmojiOnly } from '../../public/chat/view/emoji-sign.ts';
import { type CodePiece, highlight } from '../../public/chat/view/highlight.ts';
import {
  type Block,
  excerptOf,
  type Inline,
  parseMarkdown,
  plainText,
} from '../../public/chat/view/markdown.ts';

const origin = 'https://chat.example';

/** A tree as one line: `p(a **b**)`. */
function show(blocks: readonly Block[]): string {
  return blocks.map(showBlock).join(' ');
}

function showBlock(block: Block): string {
  switch (block.type) {
    case 'paragraph':
      return `p(${block.children.map(showInline).join('')})`;
    case 'heading':
      return `h(${block.children.map(showInline).join('')})`;
    case 'code-block':
      return `code[${block.language}](${block.text})`;
    case 'quote':
      return `quote(${show(block.children)})`;
    case 'rule':
      return 'rule';
    case 'list': {
      const items = block.items.map((item) => {
        const box = item.checked === undefined ? '' : item.checked ? 'x ' : 'o ';
        return `${box}${show(item.children)}`;
      });
      return `list[${block.start ?? '-'}](${items.join('; ')})`;
    }
  }
}

function showInline(inline: Inline): string {
  switch (inline.type) {
    case 'text':
      return inline.text;
    case 'code':
      return `<code ${inline.text}>`;
    case 'break':
      return '⏎';
    case 'mention':
      return `<${inline.id} ${inline.text}>`;
    case 'shortcode':
      return `<emoji ${inline.name}>`;
    case 'link':
      return `<${inline.here ? 'here' : 'away'} ${inline.href} ${inline.children.map(showInline).join('')}>`;
    default:
      return `<${inline.type} ${inline.children.map(showInline).join('')}>`;
  }
}

const read = (text: string): string => show(parseMarkdown(text, { origin }));

describe('the subset', () => {
  test.each([
    ['**b** *e* ~~s~~ `c`', 'p(<strong b> <emphasis e> <strike s> <code c>)'],
    ['one\ntwo\n\nthree', 'p(one⏎two) p(three)'],
    ['# Title\ntext', 'h(Title) p(text)'],
    ['> a\n> b', 'quote(p(a⏎b))'],
    ['- a\n- [x] b\n- [ ] c', 'list[-](p(a); x p(b); o p(c))'],
    ['3. a\n4. b', 'list[3](p(a); p(b))'],
    ['```ts\nlet a = "<b>";\n```', 'code[ts](let a = "<b>";)'],
    ['a\n\n---\n\nb', 'p(a) rule p(b)'],
    ['**粗体**和*斜体*', 'p(<strong 粗体>和<emphasis 斜体>)'],
  ])('%j', (text, expected) => {
    expect(read(text)).toBe(expected);
  });
});

describe('what is not in the subset stays text', () => {
  test.each([
    ['<script>alert(1)</script>'],
    ['<img src=x onerror=alert(1)> <b>not bold</b>'],
    ['<!-- hidden -->'],
    ['&lt;b&gt; &amp;'],
    ['| a | b |'],
    ['[a]: http'],
    ['[text][reference]'],
    ['snake_case_name and 2 * 3 * 4 = 24'],
  ])('%j', (text) => {
    expect(read(text)).toBe(`p(${text})`);
  });

  test('an underlined line is no heading, an indented one no code, a table no table', () => {
    expect(read('Title\n=====')).toBe('p(Title⏎=====)');
    expect(read('    four')).toBe('p(    four)');
    expect(read('| a |\n|---|\n| b |')).toBe('p(| a |⏎|---|⏎| b |)');
  });
});

describe('links', () => {
  test.each([
    ['see https://example.org/a.', 'https://example.org/a'],
    ['(https://example.org/a_(b))', 'https://example.org/a_(b)'],
    ['看 https://example.org/中文，好吗', 'https://example.org/%E4%B8%AD%E6%96%87'],
    ['https://example.org/__init__.py', 'https://example.org/__init__.py'],
    ['[x](https://example.org/?a=1&b=2)', 'https://example.org/?a=1&b=2'],
    ['<https://example.org/>', 'https://example.org/'],
    ['write to me@example.org', 'mailto:me@example.org'],
    ['www.example.org', 'http://www.example.org/'],
  ])('%s leads away', (text, href) => {
    expect(read(text)).toContain(`<away ${href} `);
  });

  test.each([
    ['[x](javascript:alert(1))'],
    ['[x](JaVaScRiPt:alert(1))'],
    ['[x](data:text/html,<script>alert(1)</script>)'],
    ['[x](vbscript:x) [y](file:///etc/passwd) [z](blob:https://a.example/1)'],
    ['[x](//evil.example)'],
    ['[x](/api/session)'],
    ['ftp://a.example https:// https://['],
    ['<javascript:alert(1)>'],
  ])('%s does not', (text) => {
    const tree = read(text);
    expect(tree).not.toContain('<away');
    expect(tree).not.toContain('<here');
  });

  test('a place in this chat is opened here, with or without the origin, and no other page of it', () => {
    expect(read('[x](#/dev/12)')).toBe('p(<here #/dev/12 x>)');
    expect(read(`${origin}/#/dev`)).toBe(`p(<here #/dev ${origin}/#/dev>)`);
    expect(read('https://other.example/#/dev')).toContain('<away');
    expect(read(`${origin}/?x=1#/dev`)).toContain('<away');
    expect(read('[x](#/dev/12/../x)')).not.toContain('<here');
  });

  test('a picture from elsewhere is a link, so that its host does not learn who reads', () => {
    expect(read('![a cat](https://example.org/cat.png)')).toBe('p(<away https://example.org/cat.png a cat>)');
  });

  test('a link in a link is one link', () => {
    expect(read('[see https://b.example](https://a.example)')).toBe(
      'p(<away https://a.example/ see https://b.example>)',
    );
  });
});

describe('mentions', () => {
  const mentions = [
    { id: '1', name: 'Ada' },
    { id: '2', name: 'Ada Lovelace' },
    { id: '3', name: 'C++ (bot)' },
    { id: '4', name: '张伟' },
  ];
  const mentioning = (text: string) => show(parseMarkdown(text, { mentions, origin }));

  test('the longest name counts, whatever its capitals and signs', () => {
    expect(mentioning('@Ada Lovelace, @ada')).toBe('p(<2 @Ada Lovelace>, <1 @ada>)');
    expect(mentioning('hi @C++ (bot)!')).toBe('p(hi <3 @C++ (bot)>!)');
    expect(mentioning('（@张伟）')).toBe('p(（<4 @张伟>）)');
  });

  test('not within a word, an address, code, or a longer name', () => {
    expect(mentioning('x@Ada @Adalbert `@Ada` \\@nobody')).toBe('p(x@Ada @Adalbert <code @Ada> @nobody)');
  });
});

test('a short name of an emoji is found, and no time, path or scope operator', () => {
  expect(read(':tada: (:+1x:) 10:30:45 std::vector::size a:b:c')).toBe(
    'p(<emoji tada> (:+1x:) 10:30:45 std::vector::size a:b:c)',
  );
});

test('an excerpt is one line without marks', () => {
  expect(excerptOf('# Hi **Ada**\n\n- one\n- `two` :tada:')).toBe('Hi Ada one two :tada:');
});

describe('hostile input', () => {
  const patterns = ['>', '> ', '- ', '1. ', '*', '_a', '[', '![', '[a](', '`a', '<', '~~a', '\n', '**a *b '];
  test.each(patterns)('4000 characters of %j are read, and nothing of them is lost', (pattern) => {
    const text = pattern.repeat(Math.floor(4000 / pattern.length));
    const tree = parseMarkdown(text, { origin });
    const signs = (value: string) => value.replace(/[^\p{L}]/gu, '').length;
    expect(signs(plainText(tree))).toBe(signs(text));
  });

  test('every text becomes a tree whose links are of the few kinds', () => {
    const bit = fc.constantFrom(
      '*', '**', '_', '`', '```', '\n', '\n\n', '> ', '- ', '1. ', '[', ']', '(', ')', '<', '>', '!', '#', '|',
      'javascript:', 'https://a.example', '#/a', '&#106;', '\\', ' ', 'a', '@Ada', ':a', '\u202e', '\0', '😀',
    ); // biome-ignore format: one table of bits
    const links = (blocks: readonly Block[]): string[] => {
      const inline = (one: Inline): string[] =>
        one.type === 'link'
          ? [one.href, ...one.children.flatMap(inline)]
          : 'children' in one
            ? one.children.flatMap(inline)
            : [];
      return blocks.flatMap((block) => {
        if (block.type === 'list') return block.items.flatMap((item) => links(item.children));
        if (block.type === 'quote') return links(block.children);
        return 'children' in block ? block.children.flatMap(inline) : [];
      });
    };
    fc.assert(
      fc.property(fc.array(bit, { maxLength: 60 }), (bits) => {
        const tree = parseMarkdown(bits.join(''), { origin, mentions: [{ id: '1', name: 'Ada' }] });
        for (const href of links(tree)) expect(href).toMatch(/^(?:https?:\/\/|mailto:|#\/)/);
      }),
    );
  });
});

test.each([
  ['👋', true],
  ['😍🏔️', true],
  ['👨‍👩‍👧‍👦 🇩🇪', true],
  ['☕', true],
  ['hi 👋', false],
  ['123', false],
  ['', false],
  ['😀😀😀😀😀😀😀', false],
])('%s is emoji only: %s', (text, expected) => {
  expect(isEmojiOnly(text)).toBe(expected);
});

describe('highlight', () => {
  const flat = (pieces: readonly CodePiece[]): string =>
    pieces.map((piece) => (typeof piece === 'string' ? piece : flat(piece.children))).join('');

  test('cuts code into pieces that are the code again', async () => {
    const code = 'const a: string = "</span><script>"; // 1 < 2\n';
    const pieces = await highlight(code, 'ts');
    expect(pieces).toContainEqual({ scope: 'keyword', children: ['const'] });
    expect(flat(pieces ?? [])).toBe(code);
  });

  test('leaves what it does not know, and what is very long', async () => {
    expect(await highlight('x', 'brainfuck')).toBeUndefined();
    expect(await highlight('x', 'constructor')).toBeUndefined();
    expect(await highlight('x'.repeat(8001), 'js')).toBeUndefined();
  });
});
