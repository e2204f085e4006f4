// Draws the picture that somebody sends in the screenshots: a mountain lake at dusk, as JPEG. The ridges come from
// midpoint displacement with a seeded generator, so that each run gives the same picture.
import sharp from 'sharp';

const width = 1600;
const height = 1067;
const lake = 830;

/** Mulberry32: 32 bits of state, numbers from 0 to 1. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The heights of a ridge, left to right. */
function ridge(seed: number, level: number, rise: number, roughness: number): number[] {
  const random = generator(seed);
  let heights = [level + (random() - 0.5) * rise, level - rise * 0.6, level + (random() - 0.5) * rise];
  let spread = rise;
  while (heights.length < 400) {
    spread *= roughness;
    heights = heights.flatMap((here, index) => {
      const next = heights[index + 1];
      return next === undefined ? [here] : [here, (here + next) / 2 + (random() - 0.5) * spread];
    });
  }
  return heights;
}

function outline(heights: readonly number[], floor: number): string {
  const step = width / (heights.length - 1);
  const points = heights.map((y, index) => `${(index * step).toFixed(1)},${y.toFixed(1)}`);
  return `M0,${floor} L${points.join(' L')} L${width},${floor} Z`;
}

/** @returns a JPEG of 1600 × 1067 pixels */
export function drawPicture(): Promise<Buffer> {
  const layers = [
    { heights: ridge(11, 590, 380, 0.52), fill: '#8a7396' },
    { heights: ridge(29, 680, 300, 0.52), fill: '#665a7d' },
    { heights: ridge(5, 745, 170, 0.55), fill: '#443f5d' },
    { heights: ridge(42, 800, 60, 0.62), fill: '#272a40' },
  ];
  const mountains = layers
    .map(({ heights, fill }) => `<path d="${outline(heights, lake)}" fill="${fill}"/>`)
    .join('');
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs>
      <linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" stop-color="#31426e"/><stop offset="0.45" stop-color="#a9788f"/>
        <stop offset="0.72" stop-color="#f0a878"/><stop offset="1" stop-color="#fbdba5"/>
      </linearGradient>
      <radialGradient id="glow"><stop offset="0" stop-color="#fff3d0"/><stop offset="0.12" stop-color="#ffe3a8" stop-opacity="0.85"/>
        <stop offset="1" stop-color="#ffd18a" stop-opacity="0"/></radialGradient>
      <linearGradient id="mist" x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" stop-color="#f6c79a" stop-opacity="0"/><stop offset="1" stop-color="#f6c79a" stop-opacity="0.45"/>
      </linearGradient>
      <linearGradient id="water" x1="0" y1="0" x2="0" y2="1">
        <stop offset="0" stop-color="#1b2036" stop-opacity="0.25"/><stop offset="1" stop-color="#10152a" stop-opacity="0.8"/>
      </linearGradient>
    </defs>
    <g id="land">
      <rect width="${width}" height="${lake}" fill="url(#sky)"/>
      <circle cx="1080" cy="500" r="420" fill="url(#glow)"/>
      ${mountains}
      <rect y="520" width="${width}" height="${lake - 520}" fill="url(#mist)"/>
    </g>
  </svg>`;
  return compose(Buffer.from(drawing));
}

/** Mirrors the land in the lake, a little blurred, and gives all of it the grain of a film. */
async function compose(drawing: Buffer): Promise<Buffer> {
  const land = await sharp(drawing).extract({ left: 0, top: 0, width, height: lake }).png().toBuffer();
  const depth = height - lake;
  const mirror = await sharp(land)
    .flip()
    .extract({ left: 0, top: 0, width, height: depth })
    .blur(2.5)
    .modulate({ brightness: 0.72 })
    .png()
    .toBuffer();
  const random = generator(7);
  const ripples = Array.from({ length: 90 }, () => {
    const y = depth * random() ** 1.4;
    const length = 40 + random() * 260 * (0.3 + y / depth);
    const x = random() * width - length / 2;
    return `<rect x="${x.toFixed(0)}" y="${y.toFixed(0)}" width="${length.toFixed(0)}" height="1.5" rx="1" fill="#ffd9a8" opacity="${(0.06 + random() * 0.14).toFixed(2)}"/>`;
  });
  const water = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${depth}">
      <defs><linearGradient id="w" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#1b2036" stop-opacity="0"/>
      <stop offset="1" stop-color="#10152a" stop-opacity="0.65"/></linearGradient></defs>
      ${ripples.join('')}<rect width="${width}" height="${depth}" fill="url(#w)"/></svg>`,
  );
  return sharp({ create: { width, height, channels: 3, background: '#10152a' } })
    .composite([
      { input: land, left: 0, top: 0 },
      { input: mirror, left: 0, top: lake },
      { input: water, left: 0, top: lake },
    ])
    .jpeg({ quality: 86 })
    .toBuffer();
}
