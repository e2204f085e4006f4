/**
 * One image, as large as the window allows; arrow keys and swipes go to the others of the conversation, + − 0 make it
 * larger and smaller, and what is larger than the window is moved by dragging.
 */
import type { JSX, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Image } from '../../../src/chat/events.ts';
import { Icon } from './icons.tsx';
import { fileNameOf, fit, fitted, swipeOf, zoomBy } from './image-zoom.ts';
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
  const [zoom, setZoom] = useState(fit);
  const go = (step: number): void => {
    const next = images[index + step];
    if (next === undefined) return;
    setZoom(fit);
    onOpen(next.image.id);
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => go(-1),
    ArrowRight: () => go(1),
    '+': () => setZoom((before) => zoomBy(before, 1)),
    '=': () => setZoom((before) => zoomBy(before, 1)),
    '-': () => setZoom((before) => zoomBy(before, -1)),
    '0': () => setZoom(fit),
  };
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      // With Ctrl or ⌘ these are the browser's own zoom.
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const act = latest.current[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
  // Whoever deletes the image that is looked at closes the viewer with it.
  const gone = shown === undefined;
  useEffect(() => {
    if (gone) onClose();
  }, [gone]);

  if (shown === undefined) return null;
  const { image, author, time } = shown;
  const button = (name: Parameters<typeof Icon>[0]['name'], label: string, act: () => void, off = false) => (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      aria-disabled={off}
      onClick={act}
    >
      <Icon name={name} />
    </button>
  );
  return (
    <Dialog label={words.label(author, texts.format.dateTime(time))} look="viewer" onClose={onClose}>
      <header class="viewer-head">
        <div class="viewer-title">
          <p class="ellipsis">{author}</p>
          <p class="figure quiet ellipsis" title={texts.format.dateTime(time)}>
            {texts.format.day(time, Date.now())} {texts.format.time(time)} ·{' '}
            {words.details(image.width, image.height, image.length)}
          </p>
        </div>
        <span class="only-fine viewer-zoom">
          {button('minus', words.zoomOut, () => setZoom(zoomBy(zoom, -1)), zoom === fit)}
          {button('plus', words.zoomIn, () => setZoom(zoomBy(zoom, 1)), zoomBy(zoom, 1) === zoom)}
        </span>
        <a
          class="icon-button"
          href={image.url}
          download={fileNameOf(image, time)}
          aria-label={words.download}
          title={words.download}
        >
          <Icon name="download" />
        </a>
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
        {button('close', words.close, onClose)}
      </header>
      <Stage
        key={image.id}
        image={image}
        alt={texts.message.image(author)}
        zoom={zoom}
        onZoom={setZoom}
        onSwipe={go}
        onClose={onClose}
      />
      {images.length > 1 ? (
        <footer class="viewer-foot">
          {button('left', words.previous, () => go(-1), index === 0)}
          <span class="figure quiet">{words.position(index + 1, images.length)}</span>
          {button('right', words.next, () => go(1), index === images.length - 1)}
        </footer>
      ) : null}
      <p class="visually-hidden" role="status">
        {zoom === fit ? '' : words.zoomed(zoom)}
      </p>
    </Dialog>
  );
}

interface StageProps {
  readonly image: Image;
  readonly alt: string;
  readonly zoom: number;
  readonly onZoom: (zoom: number) => void;
  readonly onSwipe: (step: number) => void;
  readonly onClose: () => void;
}

function Stage({ image, alt, zoom, onZoom, onSwipe, onClose }: StageProps): JSX.Element {
  const { texts } = usePage();
  const stage = useRef<HTMLDivElement>(null);
  const [status, setStatus] = useState<'loading' | 'loaded' | 'failed'>('loading');
  const size = useStageSize(stage);
  const own = size === undefined ? undefined : fitted(image, size);
  /** Where a press began, and what was seen then. */
  const press = useRef<{ x: number; y: number; left: number; top: number } | undefined>(undefined);
  const larger = zoom !== fit;

  // What was in the middle stays there.
  const before = useRef(zoom);
  useLayoutEffect(() => {
    const element = stage.current;
    const ratio = zoom / before.current;
    before.current = zoom;
    if (element === null || ratio === 1) return;
    const { clientWidth: width, clientHeight: height } = element;
    element.scrollLeft = (element.scrollLeft + width / 2) * ratio - width / 2;
    element.scrollTop = (element.scrollTop + height / 2) * ratio - height / 2;
  }, [zoom]);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: all of it can be done by keys and buttons too
    <div
      ref={stage}
      class={larger ? 'viewer-stage zoomed' : 'viewer-stage'}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        const { scrollLeft: left, scrollTop: top } = event.currentTarget;
        press.current = { x: event.clientX, y: event.clientY, left, top };
        if (larger && event.pointerType === 'mouse') {
          event.preventDefault();
          event.currentTarget.setPointerCapture(event.pointerId);
        }
      }}
      onPointerMove={(event) => {
        const from = press.current;
        if (from === undefined || !larger || event.pointerType !== 'mouse') return;
        event.currentTarget.scrollLeft = from.left - (event.clientX - from.x);
        event.currentTarget.scrollTop = from.top - (event.clientY - from.y);
      }}
      onPointerUp={(event) => {
        const from = press.current;
        press.current = undefined;
        if (from === undefined || larger) return;
        const across = event.clientX - from.x;
        const down = event.clientY - from.y;
        const swipe = event.pointerType === 'mouse' ? 0 : swipeOf(across, down);
        if (swipe !== 0) onSwipe(swipe);
        else if (event.target === event.currentTarget && Math.hypot(across, down) < 8) onClose();
      }}
      onPointerCancel={() => {
        press.current = undefined;
      }}
      onDblClick={(event) => {
        if (event.target !== event.currentTarget) onZoom(larger ? fit : 2);
      }}
    >
      {status === 'failed' ? (
        <p class="viewer-failed">{texts.viewer.failed}</p>
      ) : (
        <img
          class={status}
          src={image.url}
          alt={alt}
          width={image.width}
          height={image.height}
          draggable={false}
          style={
            own === undefined
              ? undefined
              : { inlineSize: `${own.width * zoom}px`, blockSize: `${own.height * zoom}px` }
          }
          onLoad={() => setStatus('loaded')}
          onError={() => setStatus('failed')}
        />
      )}
    </div>
  );
}

/** Pixels inside of the stage's padding; undefined before it is laid out. */
function useStageSize(
  stage: RefObject<HTMLDivElement | null>,
): { readonly width: number; readonly height: number } | undefined {
  const [size, setSize] = useState<{ width: number; height: number } | undefined>(undefined);
  useLayoutEffect(() => {
    const element = stage.current;
    if (element === null) return;
    const measure = (): void => {
      const style = getComputedStyle(element);
      const across = Number.parseFloat(style.paddingLeft) + Number.parseFloat(style.paddingRight);
      const down = Number.parseFloat(style.paddingTop) + Number.parseFloat(style.paddingBottom);
      setSize({ width: element.offsetWidth - across, height: element.offsetHeight - down });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return size;
}
