/** An image in the conversation, in a place of its final size from the first moment on. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Image } from '../../../src/chat/events.ts';
import { Icon } from './icons.tsx';
import { useWords } from './words.ts';

/** The box that an image is drawn in: its own shape, no larger than it is, and never taller than a view. */
export function boxOf(width: number, height: number): { readonly width: number; readonly height: number } {
  const scale = Math.min(1, 360 / width, 320 / height);
  return { width: Math.max(48, Math.round(width * scale)), height: Math.max(48, Math.round(height * scale)) };
}

interface ImageBodyProps {
  readonly image: Image;
  readonly author: string;
  readonly onOpen: () => void;
}

export function ImageBody({ image, author, onOpen }: ImageBodyProps): JSX.Element {
  const words = useWords().message;
  const [status, setStatus] = useState<'loading' | 'loaded' | 'failed'>('loading');
  const box = boxOf(image.width, image.height);
  return (
    <button
      type="button"
      class={`picture ${status}`}
      style={{ inlineSize: `${box.width}px`, aspectRatio: `${box.width} / ${box.height}` }}
      aria-label={(status === 'failed' ? `${words.imageFailed} ` : '') + words.openImage(author)}
      aria-haspopup="dialog"
      onClick={onOpen}
    >
      {status === 'failed' ? (
        <span class="picture-failed">
          <Icon name="image" />
          <span>{words.imageFailed}</span>
        </span>
      ) : (
        <img
          src={image.thumbnail.url}
          alt=""
          width={box.width}
          height={box.height}
          decoding="async"
          draggable={false}
          onLoad={() => setStatus('loaded')}
          onError={() => setStatus('failed')}
        />
      )}
    </button>
  );
}
