/**
 * Looks at picked files before they are sent: the type by the first octets, whatever the name says, and the length
 * against the server's limit. Pure but for reading the file; store.ts asks it about each file in turn.
 */
import type { imageTypes } from '../../src/chat/events.ts';
import type { PickedFile, ToastText } from './model.ts';

type ImageType = (typeof imageTypes)[number];

/** How many octets `imageTypeOf` wants to see. */
export const headLength = 64;

/** Whether a file may be sent, or what to say against it. */
export type FileVerdict = { readonly type: ImageType } | { readonly problem: ToastText };

/** The image type that a file's first octets show; undefined when it is none that is taken here. */
export function imageTypeOf(head: Uint8Array): ImageType | undefined {
  const has = (at: number, ...octets: number[]) => octets.every((octet, index) => head[at + index] === octet);
  const says = (at: number, text: string) =>
    has(at, ...[...text].map((character) => character.charCodeAt(0)));
  if (has(0, 0x89) && says(1, 'PNG') && has(4, 0x0d, 0x0a, 0x1a, 0x0a)) return 'image/png';
  if (has(0, 0xff, 0xd8, 0xff)) return 'image/jpeg';
  if (says(0, 'GIF87a') || says(0, 'GIF89a')) return 'image/gif';
  if (says(0, 'RIFF') && says(8, 'WEBP')) return 'image/webp';
  if (says(4, 'ftyp') && isAvif(head, says)) return 'image/avif';
  return undefined;
}

/** An ISO base media file is AVIF when a brand says so: the major one, or one of the compatible ones (AVIF §6.3). */
function isAvif(head: Uint8Array, says: (at: number, text: string) => boolean): boolean {
  const boxLength = new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0);
  for (let at = 8; at + 4 <= Math.min(boxLength, head.length); at += 4) {
    // Between major and compatible brands stands a version number.
    if (at !== 12 && (says(at, 'avif') || says(at, 'avis'))) return true;
  }
  return false;
}

/** Judges one file. @param limit the most octets that may be sent. Never rejects. */
export async function judgeFile(file: PickedFile, limit: number): Promise<FileVerdict> {
  if (file.size > limit) {
    return { problem: { id: 'image-too-large', file: file.name, length: file.size, limit } };
  }
  if (file.size === 0) return { problem: { id: 'image-unreadable', file: file.name } };
  try {
    const head = new Uint8Array(await file.slice(0, headLength).arrayBuffer());
    const type = imageTypeOf(head);
    return type === undefined ? { problem: { id: 'image-type', file: file.name } } : { type };
  } catch {
    return { problem: { id: 'image-unreadable', file: file.name } };
  }
}
