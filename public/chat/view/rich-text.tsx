/**
 * Draws the tree that markdown.ts reads from a text: elements and text nodes, never HTML. A link that leads away opens
 * apart, tells nobody where it was clicked, and passes on no authority.
 */
import type { ComponentChild, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { CodeBlock } from './code-block.tsx';
import { emojiOfShortcode } from './emoji-data.ts';
import { isEmojiOnly } from './emoji-sign.ts';
import { type Block, type Inline, type Mentionable, parseMarkdown } from './markdown.ts';

interface TextBodyProps {
  readonly text: string;
  /** Who is mentioned in it. */
  readonly mentions?: readonly Mentionable[];
  /** The id of the reader, whose own mentions stand out. */
  readonly me?: string | undefined;
}

/** A text as it was said; one to six emoji alone are drawn larger. */
export function TextBody({ text, mentions = [], me }: TextBodyProps): JSX.Element {
  if (isEmojiOnly(text)) return <p class="said emoji-only">{text}</p>;
  const tree = parseMarkdown(text, { mentions, origin: location.origin });
  // dir="auto" lets Arabic and Hebrew run their own way.
  return (
    <div class="said" dir="auto">
      {drawBlocks(tree, me)}
    </div>
  );
}

function drawBlocks(blocks: readonly Block[], me: string | undefined): ComponentChild[] {
  return blocks.map((block) => drawBlock(block, me));
}

function drawBlock(block: Block, me: string | undefined): ComponentChild {
  switch (block.type) {
    case 'paragraph':
      return <p dir="auto">{drawInlines(block.children, me)}</p>;
    case 'heading':
      // No heading of the page's outline: that belongs to the page.
      return (
        <p class="heading" dir="auto">
          <strong>{drawInlines(block.children, me)}</strong>
        </p>
      );
    case 'code-block':
      return <CodeBlock text={block.text} language={block.language} />;
    case 'quote':
      return <blockquote dir="auto">{drawBlocks(block.children, me)}</blockquote>;
    case 'rule':
      return <hr />;
    case 'list': {
      const items = block.items.map((item) => (
        <li class={item.checked === undefined ? undefined : 'task'}>
          {item.checked === undefined ? null : (
            <input type="checkbox" checked={item.checked} disabled aria-label={item.checked ? '✓' : '–'} />
          )}
          {drawBlocks(item.children, me)}
        </li>
      ));
      return block.start === undefined ? (
        <ul dir="auto">{items}</ul>
      ) : (
        <ol dir="auto" start={block.start}>
          {items}
        </ol>
      );
    }
  }
}

function drawInlines(inlines: readonly Inline[], me: string | undefined): ComponentChild[] {
  return inlines.map((inline) => drawInline(inline, me));
}

function drawInline(inline: Inline, me: string | undefined): ComponentChild {
  switch (inline.type) {
    case 'text':
      return inline.text;
    case 'strong':
      return <strong>{drawInlines(inline.children, me)}</strong>;
    case 'emphasis':
      return <em>{drawInlines(inline.children, me)}</em>;
    case 'strike':
      return <s>{drawInlines(inline.children, me)}</s>;
    case 'code':
      return <code>{inline.text}</code>;
    case 'break':
      return <br />;
    case 'mention':
      return (
        <span class={inline.id === me || inline.id === 'everyone' ? 'mention me' : 'mention'}>
          {inline.text}
        </span>
      );
    case 'shortcode':
      return <Shortcode name={inline.name} />;
    case 'link':
      return inline.here ? (
        <a href={inline.href}>{drawInlines(inline.children, me)}</a>
      ) : (
        <a href={inline.href} title={inline.href} target="_blank" rel="noopener noreferrer nofollow">
          {drawInlines(inline.children, me)}
        </a>
      );
  }
}

/** `:tada:` until the emoji of that name is known. */
function Shortcode({ name }: { readonly name: string }): JSX.Element {
  const [emoji, setEmoji] = useState<string | undefined>(undefined);
  useEffect(() => {
    let wanted = true;
    void emojiOfShortcode(name).then((found) => {
      if (wanted) setEmoji(found);
    });
    return () => {
      wanted = false;
    };
  }, [name]);
  return <span title={emoji === undefined ? undefined : `:${name}:`}>{emoji ?? `:${name}:`}</span>;
}
