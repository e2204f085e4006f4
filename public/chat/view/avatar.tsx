/** A member's face. Decoration: the name always stands beside it, so its alternative text is empty. */
import type { JSX } from 'preact';
import { useAvatar } from './avatars.ts';

export function Avatar({ name, size }: { readonly name: string; readonly size: number }): JSX.Element {
  const { uri, hue } = useAvatar(name);
  return (
    <span class="avatar" style={{ '--hue': String(hue), inlineSize: `${size}px`, blockSize: `${size}px` }}>
      {uri === undefined ? null : <img src={uri} alt="" width={size} height={size} draggable={false} />}
    </span>
  );
}
