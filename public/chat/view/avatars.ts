/**
 * Faces for names, any number of them: the same name gives the same face and the same ground in each browser.
 * The drawings are loaded once, after the page is up; until then a ground without a face holds the place.
 */
import { useEffect, useState } from 'preact/hooks';
import { nameKey } from '../../../src/chat/names.ts';

/** Enough for every face on a screen and the history above it, at about 20 KB each. */
const cacheLength = 400;

const drawn = new Map<string, string>();
let artist: ((seed: string) => string) | undefined;
let loading: Promise<void> | undefined;

function load(): Promise<void> {
  loading ??= import('./avatar-artist.ts').then(
    (module) => {
      artist = module.drawAvatar;
    },
    () => {
      // Without the drawings the coloured grounds stay; the next face tries again.
      loading = undefined;
    },
  );
  return loading;
}

function draw(seed: string): string | undefined {
  const known = drawn.get(seed);
  if (known !== undefined) return known;
  if (artist === undefined) return undefined;
  const uri = artist(seed);
  if (drawn.size >= cacheLength) {
    const oldest = drawn.keys().next();
    if (oldest.done === false) drawn.delete(oldest.value);
  }
  drawn.set(seed, uri);
  return uri;
}

/** One of twelve hues in degrees, from the seed by FNV-1a. */
function hueOf(seed: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < seed.length; index += 1) {
    hash = Math.imul(hash ^ seed.charCodeAt(index), 0x01000193);
  }
  return ((hash >>> 0) % 12) * 30;
}

/** The face (undefined until the drawings are there) and the hue of the ground for a name. */
export function useAvatar(name: string): { readonly uri: string | undefined; readonly hue: number } {
  const seed = nameKey(name);
  const [, setReady] = useState(artist !== undefined);
  useEffect(() => {
    if (artist !== undefined) return;
    let wanted = true;
    void load().then(() => {
      if (wanted) setReady(true);
    });
    return () => {
      wanted = false;
    };
  }, []);
  return { uri: draw(seed), hue: hueOf(seed) };
}
