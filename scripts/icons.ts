/**
 * Draws the icons that have to be PNG from the one mark: a bare wire with one bit on it. Run by hand when the mark
 * changes: `node --import tsx scripts/icons.ts`. The results are checked in.
 */
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const folder = fileURLToPath(new URL('../public/static/icons/', import.meta.url));

/** @param margin of the mark's own width, on each side @param radius of the ground's corners, of its width */
function icon(margin: number, radius: number): Buffer {
  const size = 16 + 2 * margin;
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-margin} ${-margin} ${size} ${size}">
    <rect x="${-margin}" y="${-margin}" width="${size}" height="${size}" rx="${radius * size}" fill="#fbfaf8"/>
    <path d="M${-margin} 12H5V4h6v8h${5 + margin}" fill="none" stroke="#a8501f" stroke-width="1.75" stroke-linejoin="round"/>
  </svg>`);
}

const icons = [
  { name: 'icon-192', size: 192, drawing: icon(4, 0.2) },
  { name: 'icon-512', size: 512, drawing: icon(4, 0.2) },
  // Systems cut these to their own shape: the bit stays inside the middle 80 %, the wire runs off both edges.
  { name: 'maskable-512', size: 512, drawing: icon(7, 0) },
  { name: 'apple-touch-icon', size: 180, drawing: icon(5, 0) },
];

for (const { name, size, drawing } of icons) {
  await sharp(drawing, { density: 1200 })
    .resize(size, size)
    .png({ palette: true })
    .toFile(`${folder}${name}.png`);
}
