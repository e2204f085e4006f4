/** One image, as large as the window allows; arrow keys go to the others of the conversation. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Image } from '../../../src/chat/events.ts';
import { Icon } from './icons.tsx';
import { Dialog } from './layers.tsx';
import { usePage } from './page.ts';

export interface ShownImage {
  readonly image: Image;
  readonly author: string;
  readonly time: number;
}

interface ImageViewerProps {
  readonly images: readonly ShownImage[];
  /** Id of the image that is shown. */
  readonly opened: string;
  readonly onOpen: (id: string) => void;
  readonly onClose: () => void;
}

export function ImageViewer({ images, opened, onOpen, onClose }: ImageViewerProps): JSX.Element | null {
  const { texts } = usePage();
  const words = texts.viewer;
  const index = images.findIndex((shown) => shown.image.id === opened);
  const shown = images[index];
  const [status, setStatus] = useState<'loading' | 'loaded' | 'failed'>('loading');
  const go = (step: number): void => {
    const next = images[index + step];
    if (next === undefined) return;
    setStatus('loading');
    onOpen(next.image.id);
  };
  const latest = useRef(go);
  latest.current = go;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key === 'ArrowLeft') latest.current(-1);
      if (event.key === 'ArrowRight') latest.current(1);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);

  if (shown === undefined) return null;
  const { image, author, time } = shown;
  const label = words.label(author, texts.format.dateTime(time));
  return (
    <Dialog label={label} look="viewer" onClose={onClose}>
      <header class="viewer-head">
        <div class="viewer-title">
          <p class="ellipsis">{author}</p>
          <p class="figure quiet ellipsis">
            {texts.format.day(time, Date.now())} {texts.format.time(time)} ·{' '}
            {words.details(image.width, image.height, image.length)}
          </p>
        </div>
        <a
          class="icon-button"
          href={image.url}
          target="_blank"
          rel="noopener"
          aria-label={words.open}
          title={words.open}
        >
          <Icon name="external" />
        </a>
        <button
          type="button"
          class="icon-button"
          aria-label={words.close}
          title={words.close}
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </header>
      <div
        class="viewer-stage"
        onPointerDown={(event) => {
          if (event.target === event.currentTarget) onClose();
        }}
      >
        {status === 'failed' ? (
          <p class="viewer-failed">{words.failed}</p>
        ) : (
          <img
            key={image.id}
            class={status}
            src={image.url}
            alt={texts.message.image(author)}
            width={image.width}
            height={image.height}
            onLoad={() => setStatus('loaded')}
            onError={() => setStatus('failed')}
          />
        )}
      </div>
      {images.length > 1 ? (
        <footer class="viewer-foot">
          <button
            type="button"
            class="icon-button"
            aria-label={words.previous}
            aria-disabled={index === 0}
            onClick={() => go(-1)}
          >
            <Icon name="left" />
          </button>
          <span class="figure quiet">{words.position(index + 1, images.length)}</span>
          <button
            type="button"
            class="icon-button"
            aria-label={words.next}
            aria-disabled={index === images.length - 1}
            onClick={() => go(1)}
          >
            <Icon name="right" />
          </button>
        </footer>
      ) : null}
    </Dialog>
  );
}
