/** The numbers of the image viewer: steps of zoom, the size that fits, what a swipe means, a file's name. Pure. */
import type { Image } from '../../../src/chat/events.ts';

/** 1 is the size that fits the window. */
const steps = [1, 1.5, 2, 3, 4, 6, 8];

export const fit = 1;

/** The next larger step, or the next smaller one. */
export function zoomBy(zoom: number, direction: 1 | -1): number {
  if (direction === 1) return steps.find((step) => step > zoom + 0.01) ?? steps.at(-1) ?? fit;
  return steps.findLast((step) => step < zoom - 0.01) ?? fit;
}

/** Pixels of an image as wide and high as a stage allows, and not larger than it is. */
export function fitted(
  image: { readonly width: number; readonly height: number },
  stage: { readonly width: number; readonly height: number },
): { readonly width: number; readonly height: number } {
  const scale = Math.min(1, stage.width / image.width, stage.height / image.height);
  return { width: Math.round(image.width * scale), height: Math.round(image.height * scale) };
}

/** Where a finger that moved so far wants to go: 1 to the next image, -1 to the one before, 0 nowhere. Pixels. */
export function swipeOf(across: number, down: number): -1 | 0 | 1 {
  if (Math.abs(across) < 48 || Math.abs(across) < 1.5 * Math.abs(down)) return 0;
  return across < 0 ? 1 : -1;
}

const extensions: Readonly<Record<Image['type'], string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
};

/** What a downloaded image is called: `barewire-2026-03-12-104200.jpg`, by the viewer's own clock. */
export function fileNameOf(image: Pick<Image, 'type'>, time: number): string {
  const at = new Date(time);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join('');
  return `barewire-${day}-${clock}.${extensions[image.type]}`;
}
