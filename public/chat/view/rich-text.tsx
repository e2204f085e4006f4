/**
 * What people write, as text nodes and links, never as HTML. A link opens apart, tells nobody where it was clicked,
 * and passes on no authority.
 */
import type { ComponentChild, JSX } from 'preact';
import { cutLinks, type Piece } from './links.ts';

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
