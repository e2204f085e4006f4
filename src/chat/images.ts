/**
 * Images: taken as octets while they come in, judged, drawn anew without anything that is not picture (EXIF, GPS, XMP,
 * comments), and kept as files under `images/` of the data directory with a thumbnail beside each. Messages only refer
 * to them; one that no message refers to is removed after a day. Called by site.ts for uploads and downloads, by the
 * message handler through `find`, by main.ts for the removal.
 *
 * An id is an HMAC of the octets uploaded: the same file is kept once, and nobody can guess an id, or find out from one
 * whether a file that they have was sent here.
 */
import { createHmac, type Hmac, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp, { type Metadata, type Sharp } from 'sharp';
import * as v from 'valibot';
import type { Logger } from '../logger.ts';
import type { Clock } from './clock.ts';
import { type Database, numberOf, textOf, unusable } from './database.ts';
import { type Image, imageTypes, maximumImageLength } from './events.ts';
import { type ImageType, imageExtensions, sniffImageType, sniffLength } from './image-type.ts';
import { Workers } from './workers.ts';

/** How long an upload waits for the message that sends it, in milliseconds: 24 hours. */
export const unsentLifetime = 24 * 60 * 60 * 1000;
/** How often those that have waited longer are looked for. */
const sweepInterval = 60 * 60 * 1000;

/** Thumbnails fit in this box, in pixels: 320 × 240 on a screen of double density. */
export const thumbnailBox = { width: 640, height: 480 } as const;

export interface ImageLimits {
  /** Octets uploaded. */
  readonly length: number;
  /** Pixels of all frames together: a decoder holds four octets for each. */
  readonly pixels: number;
  readonly frames: number;
  /** Images drawn anew at one time. */
  readonly workers: number;
  /** Images that may wait for that. */
  readonly waiting: number;
  /** Seconds after which the drawing of one is given up. */
  readonly seconds: number;
}

export const defaultImageLimits: ImageLimits = {
  length: maximumImageLength,
  pixels: 40_000_000,
  frames: 1000,
  workers: 2,
  waiting: 32,
  seconds: 60,
};

/** An upload was refused. `status` is the HTTP status that says so, `code` is for programs, the message for people. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly status: 413 | 415 | 422 | 503;
  readonly code: string;

  constructor(status: ImageError['status'], code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface ImageFile {
  readonly path: string;
  readonly type: string;
}

interface Incoming {
  readonly path: string;
  readonly id: string;
  readonly type: ImageType;
}

interface Drawn {
  readonly length: number;
  readonly width: number;
  readonly height: number;
  readonly thumbnailWidth: number;
  readonly thumbnailHeight: number;
}

const columns = 'id, type, length, width, height, thumbnail_width, thumbnail_height';

export class Images {
  readonly #database: Database;
  readonly #directory: string;
  readonly #incoming: string;
  readonly #limits: ImageLimits;
  readonly #workers: Workers;
  /** Images being drawn, by id: the same file sent twice at once is drawn once. */
  readonly #underWay = new Map<string, Promise<Image>>();

  /** @param directory the data directory; `images/` is made in it, and what an earlier process left half done is removed @throws DataDirectoryError when it cannot be used */
  constructor(database: Database, directory: string, limits: Partial<ImageLimits> = {}) {
    this.#database = database;
    this.#directory = join(directory, 'images');
    this.#incoming = join(this.#directory, 'incoming');
    this.#limits = { ...defaultImageLimits, ...limits };
    this.#workers = new Workers(this.#limits.workers, this.#limits.waiting);
    try {
      mkdirSync(this.#incoming, { recursive: true });
      for (const name of readdirSync(this.#incoming)) rmSync(join(this.#incoming, name), { force: true });
      this.#removeOrphans();
    } catch (error) {
      throw unusable(this.#directory, error);
    }
    // One thread for each image: the workers are the parallelism, and the event loop wants a core too.
    sharp.concurrency(1);
    sharp.cache(false);
  }

  /** What an id stands for; undefined when nothing was kept under it. */
  find(id: string): Image | undefined {
    const row = this.#database.get(`SELECT ${columns} FROM image WHERE id = ?`, [id]);
    return row === undefined ? undefined : toImage(row);
  }

  /** The file behind the last part of an image URL, as in `<id>.png` or `<id>.thumbnail.webp`; undefined for any other. */
  file(name: string): ImageFile | undefined {
    const parts = /^([0-9a-f]{32})\.(thumbnail\.webp|[a-z]{3,4})$/.exec(name);
    const id = parts?.[1];
    const ending = parts?.[2];
    if (id === undefined || ending === undefined) return undefined;
    const image = this.find(id);
    if (image === undefined) return undefined;
    if (ending === 'thumbnail.webp') return { path: join(this.#directory, name), type: 'image/webp' };
    if (ending !== imageExtensions[image.type]) return undefined;
    return { path: join(this.#directory, name), type: image.type };
  }

  /**
   * Takes an upload. Reads no more of it than it must: it stops at the first octet over the limit, and at the first
   * octets when they are of no type that is taken.
   * @param clock asked when the image is kept: from then on it waits for its message
   * @throws ImageError when it is refused; what `octets` throws when it breaks off
   */
  async take(octets: AsyncIterable<Uint8Array>, clock: Pick<Clock, 'now'>): Promise<Image> {
    const path = join(this.#incoming, randomBytes(12).toString('hex'));
    try {
      const incoming = await this.#receive(octets, path);
      const known = this.find(incoming.id);
      if (known !== undefined) {
        // Asked for in the same moment in which it was found, so no sweep comes between.
        await this.#waitAnew(known.id, clock.now());
        return known;
      }
      const underWay = this.#underWay.get(incoming.id);
      if (underWay !== undefined) return await underWay;
      const kept = this.#workers.run(() => this.#keep(incoming, clock));
      if (kept === undefined) {
        throw new ImageError(503, 'busy', 'Too many images are being worked on: try again in a moment.');
      }
      this.#underWay.set(incoming.id, kept);
      try {
        return await kept;
      } finally {
        this.#underWay.delete(incoming.id);
      }
    } finally {
      await rm(path, { force: true });
    }
  }

  /**
   * Removes, now and every hour, what was uploaded more than 24 hours ago and never sent.
   * @param isSent whether a message refers to that image; asked inside a transaction
   * @returns what ends it
   */
  sweepHourly(clock: Clock, isSent: (id: string) => boolean, logger: Logger): () => void {
    const sweep = (): void => {
      this.sweep(clock.now(), isSent).catch((error: unknown) => {
        logger.error({ err: error }, 'unsent images were not removed');
      });
    };
    sweep();
    return clock.every(sweepInterval, sweep);
  }

  /**
   * Removes what was uploaded more than 24 hours ago and never sent. All within this call, before anything else runs:
   * a message that found its image has queued its own writing in the same moment, so that is done first, and seen.
   * @param isSent whether a message refers to that image
   * @throws when the storage fails; files that were not removed then are at the next start
   */
  async sweep(now: number, isSent: (id: string) => boolean): Promise<void> {
    let removed: Image[] = [];
    const written = this.#database.write(
      () => this.#removeUnsent(now - unsentLifetime, isSent),
      (images) => {
        removed = images;
      },
    );
    this.#database.flush();
    for (const { url, thumbnail } of removed) {
      for (const gone of [url, thumbnail.url]) rmSync(join(this.#directory, basename(gone)), { force: true });
    }
    await written;
  }

  /** A message with that image was deleted: unless another has it, it waits as if unsent. Only inside of `write`. */
  release(id: string, now: number): void {
    this.#database.run('UPDATE image SET unsent_since = ? WHERE id = ?', [now, id]);
  }

  #removeUnsent(until: number, isSent: (id: string) => boolean): Image[] {
    const removed: Image[] = [];
    const sql = `SELECT ${columns} FROM image WHERE unsent_since <= ?`;
    for (const image of this.#database.all(sql, [until]).map(toImage)) {
      if (isSent(image.id)) {
        this.#database.run('UPDATE image SET unsent_since = NULL WHERE id = ?', [image.id]);
      } else {
        this.#database.run('DELETE FROM image WHERE id = ?', [image.id]);
        removed.push(image);
      }
    }
    return removed;
  }

  /** Removes pictures that have no entry, as a crash may leave them: entries come last and go first. Only at the start. */
  #removeOrphans(): void {
    const ids = new Set(this.#database.all('SELECT id FROM image').map((row) => textOf(row, 'id')));
    for (const name of readdirSync(this.#directory)) {
      const id = /^([0-9a-f]{32})\./.exec(name)?.[1];
      if (id !== undefined && !ids.has(id)) rmSync(join(this.#directory, name), { force: true });
    }
  }

  /** It was uploaded again: if it still waits to be sent, it has a full time from now. */
  #waitAnew(id: string, now: number): Promise<void> {
    return this.#database.write(() => {
      const sql = 'UPDATE image SET unsent_since = ? WHERE id = ? AND unsent_since IS NOT NULL';
      this.#database.run(sql, [now, id]);
    });
  }

  async #receive(octets: AsyncIterable<Uint8Array>, path: string): Promise<Incoming> {
    const hash = createHmac('sha256', this.#database.imageSecret);
    const file = await open(path, 'wx');
    try {
      const type = await this.#write(octets, file, hash);
      return { path, id: hash.digest('hex').slice(0, 32), type };
    } finally {
      await file.close();
    }
  }

  async #write(octets: AsyncIterable<Uint8Array>, file: FileHandle, hash: Hmac): Promise<ImageType> {
    let length = 0;
    let head: Buffer = Buffer.alloc(0);
    for await (const chunk of octets) {
      length += chunk.length;
      if (length > this.#limits.length) throw imageTooLarge(this.#limits.length);
      if (head.length < sniffLength) {
        head = Buffer.concat([head, chunk.subarray(0, sniffLength - head.length)]);
        if (head.length === sniffLength && sniffImageType(head) === undefined) throw unknownType();
      }
      hash.update(chunk);
      // Unlike write, this goes on until all of it is written.
      await file.writeFile(chunk);
    }
    const type = sniffImageType(head);
    if (type === undefined) throw unknownType();
    return type;
  }

  async #keep({ path, id, type }: Incoming, clock: Pick<Clock, 'now'>): Promise<Image> {
    const extension = imageExtensions[type];
    const picture = join(this.#incoming, `${id}.${extension}`);
    const thumbnail = join(this.#incoming, `${id}.thumbnail.webp`);
    try {
      const drawn = await this.#draw(path, type, picture, thumbnail);
      // Contents first, names second, the entry last: a crash in between leaves no name without a picture.
      for (const made of [picture, thumbnail]) await synchronise(made);
      await rename(picture, join(this.#directory, `${id}.${extension}`));
      await rename(thumbnail, join(this.#directory, `${id}.thumbnail.webp`));
      await synchronise(this.#directory);
      const { length, width, height, thumbnailWidth, thumbnailHeight } = drawn;
      const values = [id, type, length, width, height, thumbnailWidth, thumbnailHeight, clock.now()];
      await this.#database.write(() => {
        const sql = `INSERT OR IGNORE INTO image (${columns}, unsent_since) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
        this.#database.run(sql, values);
      });
    } finally {
      await rm(picture, { force: true });
      await rm(thumbnail, { force: true });
    }
    const image = this.find(id);
    if (image === undefined) throw new Error(`Image ${id} was kept, and cannot be found.`);
    return image;
  }

  /** Decodes and encodes anew: pixels, orientation applied, frames and their times are all that comes out. */
  async #draw(path: string, type: ImageType, picture: string, thumbnail: string): Promise<Drawn> {
    try {
      // The header only; what it promises is judged in our own words, not by a failing decoder.
      const metadata = await this.#open(path, type, Number.MAX_SAFE_INTEGER).metadata();
      this.#check(metadata, type);
      const image = this.#open(path, type);
      // A stack of frames cannot be turned; only single pictures, as of cameras, say which way is up.
      const upright = (metadata.pages ?? 1) === 1 ? image.autoOrient() : image;
      const large = await encode(upright, type).toFile(picture);
      const small = await this.#open(picture, type)
        .resize({ ...thumbnailBox, fit: 'inside', withoutEnlargement: true })
        .webp({ quality: 80, effort: 3 })
        .toFile(thumbnail);
      return {
        length: large.size,
        width: large.width,
        height: large.pageHeight ?? large.height,
        thumbnailWidth: small.width,
        thumbnailHeight: small.pageHeight ?? small.height,
      };
    } catch (error) {
      if (error instanceof ImageError) throw error;
      const message = 'The image cannot be read: it is damaged or not complete. Save it anew and try again.';
      throw new ImageError(422, 'image-unreadable', message);
    }
  }

  /** Judges what the header promises, before a pixel is decoded. */
  #check(metadata: Metadata, type: ImageType): void {
    if (metadata.mediaType !== type) throw unknownType();
    const frames = metadata.pages ?? 1;
    const pixels = metadata.width * (metadata.pageHeight ?? metadata.height) * frames;
    const { pixels: most, frames: mostFrames } = this.#limits;
    if (pixels <= most && frames <= mostFrames) return;
    const message = `The image has ${pixels} pixels in ${frames} frame${frames === 1 ? '' : 's'}; at most ${most} pixels and ${mostFrames} frames are taken. Scale it down.`;
    throw new ImageError(422, 'image-too-many-pixels', message);
  }

  #open(path: string, type: ImageType, limitInputPixels = this.#limits.pixels): Sharp {
    const { seconds } = this.#limits;
    const animated = type === 'image/gif' || type === 'image/webp';
    // Frames lie below each other while they are worked on, and the limit holds for the stack.
    return sharp(path, { animated, failOn: 'error', limitInputPixels }).timeout({ seconds });
  }
}

export function imageTooLarge(limit: number): ImageError {
  const mebibytes = Math.round((limit / 1024 / 1024) * 10) / 10;
  return new ImageError(413, 'image-too-large', `The image is over the limit of ${mebibytes} MiB.`);
}

function unknownType(): ImageError {
  const message =
    'This is no image that is taken, by its content: PNG, JPEG, GIF, WebP and AVIF are. SVG is not, for it is a program.';
  return new ImageError(415, 'image-type', message);
}

function encode(image: Sharp, type: ImageType): Sharp {
  switch (type) {
    case 'image/png':
      return image.png();
    case 'image/jpeg':
      return image.jpeg({ quality: 88 });
    case 'image/gif':
      // Its colours are chosen already: spreading them again would cost time and add noise.
      return image.gif({ effort: 4, dither: 0 });
    case 'image/webp':
      return image.webp({ quality: 88, effort: 3 });
    case 'image/avif':
      return image.avif({ quality: 65, effort: 1 });
  }
}

/** Waits until a file's contents, or a directory's names, are on the disk. */
async function synchronise(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function toImage(row: unknown): Image {
  const id = textOf(row, 'id');
  const type = v.parse(v.picklist(imageTypes), textOf(row, 'type'));
  return {
    id,
    type,
    length: numberOf(row, 'length'),
    width: numberOf(row, 'width'),
    height: numberOf(row, 'height'),
    url: `/images/${id}.${imageExtensions[type]}`,
    thumbnail: {
      url: `/images/${id}.thumbnail.webp`,
      width: numberOf(row, 'thumbnail_width'),
      height: numberOf(row, 'thumbnail_height'),
    },
  };
}
