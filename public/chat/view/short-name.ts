/** What a notice says of a file with an endless name; toasts.tsx shows it. Pure. */
import type { ToastText } from '../model.ts';

/** A file's name of forty characters at most: its beginning and, because the type is there, its end. */
export function withShortName(text: ToastText): ToastText {
  if (!('file' in text)) return text;
  const signs = [...text.file];
  if (signs.length <= 40) return text;
  return { ...text, file: `${signs.slice(0, 24).join('')}…${signs.slice(-12).join('')}` };
}
