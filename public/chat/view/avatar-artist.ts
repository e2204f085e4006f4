/** Draws a face from a seed. A chunk of its own (the drawings are most of its size), loaded by avatars.ts. */
import { createAvatar } from '@dicebear/core';
import * as notionists from '@dicebear/notionists';

/** A data: URI of the face that belongs to the seed, without a ground: the page paints that. */
export function drawAvatar(seed: string): string {
  return createAvatar(notionists, {
    seed,
    // Head and shoulders, so that a face is still a face at 28 px.
    scale: 150,
    translateX: -4,
    translateY: 11,
    // A gesture is a hand in front of the face: charming when large, a smudge when small.
    gestureProbability: 0,
    bodyIconProbability: 0,
  }).toDataUri();
}
