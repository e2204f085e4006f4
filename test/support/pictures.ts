// Pictures for tests, made by the same library that the server uses for drawing, and small.
import sharp, { type Sharp } from 'sharp';
import type { ImageType } from '../../src/chat/image-type.ts';

// The quickest that each encoder can do.
const encoders: Record<ImageType, (image: Sharp) => Sharp> = {
  'image/png': (image) => image.png({ compressionLevel: 1 }),
  'image/jpeg': (image) => image.jpeg(),
  'image/gif': (image) => image.gif({ effort: 1, dither: 0 }),
  'image/webp': (image) => image.webp({ effort: 0 }),
  'image/avif': (image) => image.avif({ effort: 0 }),
};

/** A picture of one colour with noise, so that it is not compressed to nothing. */
export function picture(type: ImageType, width = 60, height = 40): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  const image = sharp({ create: { width, height, channels: 3, background: 'red', noise } });
  return encoders[type](image).toBuffer();
}

/** What a camera writes: the place and the maker in EXIF, XMP, and "turn me by 90 degrees". */
export function cameraPicture(): Promise<Buffer> {
  return sharp({ create: { width: 60, height: 40, channels: 3, background: 'red' } })
    .withExif({
      IFD0: { Make: 'SecretCamera', Copyright: 'SecretPerson' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100' },
    })
    .withXmp(
      '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">SecretPlace</rdf:RDF></x:xmpmeta>',
    )
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
}

/** Three frames, of 100, 200 and 300 ms, repeated for ever. */
export async function animation(type: 'image/gif' | 'image/webp', width = 60, height = 40): Promise<Buffer> {
  const frames = await Promise.all(
    ['red', 'green', 'blue'].map((background) =>
      sharp({ create: { width, height, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  const joined = sharp(frames, { join: { animated: true } });
  const options = { delay: [100, 200, 300], loop: 0 };
  return (type === 'image/gif' ? joined.gif(options) : joined.webp(options)).toBuffer();
}

/** A PNG whose header promises more than it holds: 50,000 × 50,000 pixels in a few octets. */
export async function bombPicture(): Promise<Buffer> {
  const small = Buffer.from(await picture('image/png'));
  small.writeUInt32BE(50_000, 16);
  small.writeUInt32BE(50_000, 20);
  // The header's checksum, over its type and content.
  small.writeUInt32BE(crc32(small.subarray(12, 29)), 29);
  return small;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}
