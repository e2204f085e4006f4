/**
 * What people write, as text nodes and links, never as HTML. A link opens apart, tells nobody where it was clicked,
 * and passes on no authority.
 */
import type { ComponentChild, JSX } from 'preact';
import { cutLinks, isEmojiOnly, type Piece } from './links.ts';

export function RichText({ text }: { readonly text: string }): JSX.Element {
  return <>{cutLinks(text).map(draw)}</>;
}

function draw(piece: Piece): ComponentChild {
  if (!('href' in piece)) return piece.text;
  return (
    <a href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
      {piece.text}
    </a>
  );
}

/** A text as it was said; one to six emoji alone are drawn larger. */
export function TextBody({ text }: { readonly text: string }): JSX.Element {
  // dir="auto" lets Arabic and Hebrew run their own way.
  return isEmojiOnly(text) ? (
    <p class="said emoji-only">{text}</p>
  ) : (
    <p class="said" dir="auto">
      <RichText text={text} />
    </p>
  );
}
