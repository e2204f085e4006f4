/**
 * What an image is, judged by its first octets and never by its name or what the sender calls it. Pure. Called by
 * images.ts before anything is decoded, so that whatever is not one of five types never meets a decoder.
 */
import type { Image } from './events.ts';

export type ImageType = Image['type'];

/** How many octets `sniffImageType` wants to see. */
export const sniffLength = 64;

/** The file name ending of each type. */
export const imageExtensions: Record<ImageType, string> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
};

/** The type that a file's first octets (all, or `sniffLength`) speak for; undefined when it is none of ours. */
export function sniffImageType(head: Uint8Array): ImageType | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^GIF8[79]a/.test(text)) return 'image/gif';
  if (text.startsWith('RIFF') && text.startsWith('WEBPVP8', 8)) return 'image/webp';
  if (text.startsWith('ftyp', 4) && brandsOf(text).some((brand) => brand === 'avif' || brand === 'avis')) {
    return 'image/avif';
  }
  return undefined;
}

/** The major and compatible brands of an ISO base media file, as far as its first box goes. */
function brandsOf(text: string): string[] {
  const length = Buffer.from(text.slice(0, 4), 'latin1').readUInt32BE(0);
  const box = text.slice(8, length);
  const brands = [box.slice(0, 4)];
  // The minor version stands between the two.
  for (let index = 8; index + 4 <= box.length; index += 4) brands.push(box.slice(index, index + 4));
  return brands;
}
