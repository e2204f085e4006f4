/** What was said: a text, or an image in a place of its final size. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Image, Message } from '../../../src/chat/events.ts';
import { Icon } from './icons.tsx';
import { usePage } from './page.ts';
import { TextMessage } from './text-message.tsx';

interface MessageBodyProps {
  readonly message: Message;
  /** Who said it and when, for those who do not see where it stands. */
  readonly label: string;
  readonly onOpenImage: (image: Image) => void;
}

export function MessageBody({ message, label, onOpenImage }: MessageBodyProps): JSX.Element {
  const { content } = message;
  return content.type === 'text' ? (
    <TextMessage text={content.text} label={label} />
  ) : (
    <>
      <span class="visually-hidden">{label}: </span>
      <ImageBody
        image={content.image}
        author={message.author.name}
        onOpen={() => onOpenImage(content.image)}
      />
    </>
  );
}

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

function ImageBody({ image, author, onOpen }: ImageBodyProps): JSX.Element {
  const { texts } = usePage();
  const [status, setStatus] = useState<'loading' | 'loaded' | 'failed'>('loading');
  const box = boxOf(image.width, image.height);
  return (
    <button
      type="button"
      class={`picture ${status}`}
      style={{ inlineSize: `${box.width}px`, aspectRatio: `${box.width} / ${box.height}` }}
      aria-label={
        (status === 'failed' ? `${texts.message.imageFailed} ` : '') + texts.message.openImage(author)
      }
      aria-haspopup="dialog"
      onClick={onOpen}
    >
      {status === 'failed' ? (
        <span class="picture-failed">
          <Icon name="image" />
          <span>{texts.message.imageFailed}</span>
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
