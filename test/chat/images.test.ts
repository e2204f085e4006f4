// Images on a real disk and with the real library: what is taken, what comes out of it, and what is refused.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Database, DataDirectoryError } from '../../src/chat/database.ts';
import { type Image, imageTypes } from '../../src/chat/events.ts';
import { type ImageLimits, Images, unsentLifetime } from '../../src/chat/images.ts';
import { SqliteLog } from '../../src/chat/sqlite-log.ts';
import { FakeClock, recordingLogger, stageChat, temporaryDirectory } from '../support/chat.ts';
import { animation, bombPicture, cameraPicture, picture } from '../support/pictures.ts';

function open(limits: Partial<ImageLimits> = {}, directory = temporaryDirectory()) {
  const database = new Database(directory);
  onTestFinished(() => database.close());
  const clock = new FakeClock();
  const images = new Images(database, directory, limits);
  const stored = (url: string) => readFileSync(join(directory, url.replace(/^\//, '')));
  const left = () => readdirSync(join(directory, 'images', 'incoming'));
  return {
    images,
    directory,
    database,
    stored,
    left,
    clock,
    take: (bytes: Uint8Array) => images.take(pieces(bytes), clock),
  };
}

/** As octets come off a line: in pieces that are cut anywhere. */
async function* pieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, 3);
  for (let index = 3; index < bytes.length; index += size) yield bytes.subarray(index, index + size);
}

async function refusal(taken: Promise<Image>) {
  const error = await taken.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return expect(error);
}

describe('what is taken', () => {
  it.each(imageTypes)('%s, kept as what it is, with its size and a thumbnail', async (type) => {
    const { take, stored, images, left } = open();
    const image = await take(await picture(type, 1000, 500));
    expect(image).toMatchObject({ type, width: 1000, height: 500, thumbnail: { width: 640, height: 320 } });
    expect(image.id).toMatch(/^[0-9a-f]{32}$/);
    const bytes = stored(image.url);
    expect(bytes.length).toBe(image.length);
    expect(await sharp(bytes).metadata()).toMatchObject({ mediaType: type, width: 1000, height: 500 });
    const thumbnail = await sharp(stored(image.thumbnail.url)).metadata();
    expect(thumbnail).toMatchObject({ mediaType: 'image/webp', width: 640, height: 320 });
    expect(images.find(image.id)).toEqual(image);
    expect(left()).toEqual([]);
  });

  it('small pictures have thumbnails of their own size; high ones fit in the box', async () => {
    const { take } = open();
    const small = await take(await picture('image/png', 30, 20));
    expect(small.thumbnail).toMatchObject({ width: 30, height: 20 });
    const high = await take(await picture('image/png', 100, 4800));
    expect(high.thumbnail).toMatchObject({ width: 10, height: 480 });
  });

  it('nothing is left of EXIF, GPS and XMP, and the picture stands upright', async () => {
    const camera = await cameraPicture();
    for (const secret of ['SecretCamera', 'SecretPerson', 'SecretPlace']) {
      expect(camera.includes(secret)).toBe(true);
    }
    const { take, stored } = open();
    const image = await take(camera);
    expect(image).toMatchObject({ width: 40, height: 60, thumbnail: { width: 40, height: 60 } });
    for (const url of [image.url, image.thumbnail.url]) {
      const bytes = stored(url);
      for (const secret of ['Secret', 'Exif', 'GPS', 'xmp', 'http://ns.adobe.com']) {
        expect(bytes.includes(secret)).toBe(false);
      }
      const { exif, xmp, icc, orientation } = await sharp(bytes).metadata();
      expect([exif, xmp, icc, orientation]).toEqual([undefined, undefined, undefined, undefined]);
    }
  });

  it('nothing is left of a PNG’s texts, or of what stands behind the picture', async () => {
    const { take, stored } = open();
    const image = await take(
      Buffer.concat([await picture('image/png'), Buffer.from('<script>Secret</script>')]),
    );
    expect(stored(image.url).includes('Secret')).toBe(false);
  });

  it.each(['image/gif', 'image/webp'] as const)(
    'an animated %s stays animated, its thumbnail too',
    async (type) => {
      const { take, stored } = open();
      const image = await take(await animation(type, 1280, 96));
      expect(image).toMatchObject({ width: 1280, height: 96, thumbnail: { width: 640, height: 48 } });
      for (const url of [image.url, image.thumbnail.url]) {
        const metadata = await sharp(stored(url), { animated: true }).metadata();
        expect(metadata).toMatchObject({ pages: 3, delay: [100, 200, 300], loop: 0 });
      }
    },
  );

  it('the same file twice is one image, also at the same time, and after a restart', async () => {
    const { take, directory, database } = open();
    const bytes = await picture('image/png');
    const [first, second] = await Promise.all([take(bytes), take(bytes)]);
    expect(second).toEqual(first);
    expect(await take(bytes)).toEqual(first);
    const files = readdirSync(join(directory, 'images')).filter((name) => name !== 'incoming');
    expect(files.sort()).toEqual([`${first.id}.png`, `${first.id}.thumbnail.webp`]);
    database.close();
    expect(await open({}, directory).take(bytes)).toEqual(first);
  });

  it('has an id that nobody can compute from the file', async () => {
    const bytes = await picture('image/png');
    expect((await open().take(bytes)).id).not.toBe((await open().take(bytes)).id);
  });

  it('clears away what an earlier process left half done', () => {
    const { directory, database } = open();
    database.close();
    const half = join(directory, 'images', 'incoming', 'half');
    writeFileSync(half, 'x');
    open({}, directory);
    expect(existsSync(half)).toBe(false);
  });
});

it('says in words that its directory cannot be used', () => {
  const directory = temporaryDirectory();
  const database = new Database(directory);
  onTestFinished(() => database.close());
  writeFileSync(join(directory, 'images'), 'in the way');
  expect(() => new Images(database, directory)).toThrow(DataDirectoryError);
  expect(() => new Images(database, directory)).toThrow(`${join(directory, 'images')} cannot be used (E`);
});

describe('what is refused', () => {
  it.each([
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    [
      'SVG behind an XML head',
      '<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    ],
    ['HTML', `<!doctype html><title>cat.png</title>${' '.repeat(100)}<script>alert(1)</script>`],
    ['nothing at all', ''],
    ['one octet', '\x89'],
  ])('%s', async (_name, content) => {
    const { take, left } = open();
    (await refusal(take(Buffer.from(content, 'latin1')))).toMatchObject({
      status: 415,
      code: 'image-type',
      message: expect.stringMatching(
        /^This is no image that is taken, by its content: PNG, JPEG, GIF, WebP and AVIF/,
      ),
    });
    expect(left()).toEqual([]);
  });

  it.each([
    ['HTML with the first octets of a PNG', '\x89PNG\r\n\x1a\n<!doctype html><script>alert(1)</script>'],
    ['SVG with the first octets of a GIF', 'GIF89a<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['an empty JPEG', '\xff\xd8\xff\xd9'],
  ])('%s', async (_name, content) => {
    const { take, left } = open();
    (await refusal(take(Buffer.from(content, 'latin1')))).toMatchObject({
      status: 422,
      code: 'image-unreadable',
    });
    expect(left()).toEqual([]);
  });

  it.each(imageTypes)('%s that is cut off', async (type) => {
    const { take } = open();
    const whole = await picture(type, 300, 200);
    const cut = whole.subarray(0, Math.floor(whole.length * 0.6));
    (await refusal(take(cut))).toMatchObject({ status: 422, code: 'image-unreadable' });
  });

  it('more pixels than the limit, judged by the header alone', async () => {
    const { take } = open();
    (await refusal(take(await bombPicture()))).toMatchObject({
      status: 422,
      code: 'image-too-many-pixels',
      message: expect.stringContaining('has 2500000000 pixels in 1 frame; at most 40000000 pixels'),
    });
  });

  it('more pixels than the limit, counted over all frames; and too many frames', async () => {
    const gif = await animation('image/gif', 20, 10);
    (await refusal(open({ pixels: 599 }).take(gif))).toMatchObject({ code: 'image-too-many-pixels' });
    (await refusal(open({ frames: 2 }).take(gif))).toMatchObject({ code: 'image-too-many-pixels' });
    expect(await open({ pixels: 600, frames: 3 }).take(gif)).toMatchObject({ width: 20, height: 10 });
  });

  it('more octets than the limit, at the first one too many', async () => {
    const { images, left, clock } = open({ length: 5000 });
    const bytes = Buffer.concat([await picture('image/png', 20, 20), Buffer.alloc(100_000)]);
    let read = 0;
    async function* watched() {
      for await (const piece of pieces(bytes)) {
        read += piece.length;
        yield piece;
      }
    }
    (await refusal(images.take(watched(), clock))).toMatchObject({ status: 413, code: 'image-too-large' });
    expect(read).toBeLessThanOrEqual(6003);
    expect(left()).toEqual([]);
  });

  it('what is no image, before the rest is read', async () => {
    const { images, clock } = open();
    let read = 0;
    async function* endless() {
      for (;;) {
        read += 1000;
        yield Buffer.alloc(1000, 'x');
      }
    }
    (await refusal(images.take(endless(), clock))).toMatchObject({ status: 415 });
    expect(read).toBe(1000);
  });

  it('any, when all workers are busy and the queue is full', async () => {
    const { take, left } = open({ workers: 0, waiting: 0 });
    (await refusal(take(await picture('image/png')))).toMatchObject({ status: 503, code: 'busy' });
    expect(left()).toEqual([]);
  });

  it('an upload that breaks off leaves nothing', async () => {
    const { images, left, clock } = open();
    const bytes = await picture('image/png');
    async function* broken() {
      yield bytes.subarray(0, 100);
      throw new Error('connection lost');
    }
    await expect(images.take(broken(), clock)).rejects.toThrow('connection lost');
    expect(left()).toEqual([]);
  });
});

describe('what was never sent', () => {
  const hour = 3_600_000;
  const kept = (directory: string) =>
    readdirSync(join(directory, 'images')).filter((name) => name !== 'incoming');

  function stageImages() {
    const directory = temporaryDirectory();
    let images: Images | undefined;
    const stage = stageChat({
      directory,
      findImage: (id) => images?.find(id),
      releaseImage: (id, at) => images?.release(id, at),
    });
    images = new Images(stage.database, directory);
    const log = new SqliteLog(stage.database);
    const { clock, logger } = stage;
    onTestFinished(images.sweepHourly(clock, (id) => log.refersToImage(id), logger));
    const found = images;
    return {
      ...stage,
      images: found,
      upload: (bytes: Uint8Array) => found.take(pieces(bytes), clock),
      sent: (id: string) => log.refersToImage(id),
    };
  }
  const image = (id: string) => ({ type: 'image', image: id }) as const;

  it('is removed within an hour after 24, and what was sent is not', async () => {
    const { clock, upload, images, directory, settled, client } = stageImages();
    const bytes = await picture('image/png', 20);
    const [unsent, sent] = [await upload(bytes), await upload(await picture('image/png', 30))];
    const ada = client();
    await ada.enter('Ada');
    await ada.ok('message:send', { nonce: 'nonce-sent', content: image(sent.id) });
    // Text that speaks of an image is no message that has it.
    await ada.say(JSON.stringify({ image: unsent }));
    clock.advance(24 * hour - 1);
    await settled();
    expect(images.find(unsent.id)).toEqual(unsent);
    clock.advance(hour);
    await settled();
    expect(images.find(unsent.id)).toBeUndefined();
    expect(images.find(sent.id)).toEqual(sent);
    expect(kept(directory).sort()).toEqual([`${sent.id}.png`, `${sent.id}.thumbnail.webp`]);
    clock.advance(100 * hour);
    await settled();
    expect(images.find(sent.id)).toEqual(sent);
    const refused = await ada.refused('message:send', { nonce: 'nonce-unsent', content: image(unsent.id) });
    expect(refused.code).toBe('image-unknown');
    // Uploaded again, it is there again.
    expect(await upload(bytes)).toEqual(unsent);
  });

  it('stays when it is uploaded again, for 24 hours from then', async () => {
    const { clock, upload, images } = stageImages();
    const bytes = await picture('image/png');
    const first = await upload(bytes);
    clock.advance(23 * hour);
    await upload(bytes);
    clock.advance(23 * hour);
    expect(images.find(first.id)).toEqual(first);
    clock.advance(2 * hour);
    expect(images.find(first.id)).toBeUndefined();
  });

  it('stays when its message is sent in the very moment of the removal', async () => {
    const { clock, upload, images, client, sent } = stageImages();
    const taken = await upload(await picture('image/png'));
    const ada = client();
    await ada.enter('Ada');
    clock.advance(24 * hour - 1);
    const reply = ada.ok('message:send', { nonce: 'nonce-late', content: image(taken.id) });
    // Queued, and not yet written; the sweep comes first.
    expect(sent(taken.id)).toBe(false);
    clock.advance(hour);
    await reply;
    expect(images.find(taken.id)).toEqual(taken);
    expect(ada.heard.at(-1)).toMatchObject({ content: { image: taken } });
  });

  it('goes a day after the last message that shows it was deleted', async () => {
    const { clock, upload, images, client } = stageImages();
    const taken = await upload(await picture('image/png'));
    const ada = client();
    await ada.enter('Ada');
    const send = (nonce: string) => ada.ok('message:send', { nonce, content: image(taken.id) });
    const [first, second] = [await send('nonce-one'), await send('nonce-two')];
    const remove = (target: string, nonce: string) =>
      ada.ok('message:delete', { room: 'general', target, nonce });
    await remove(first.id, 'delete-one');
    clock.advance(26 * hour);
    expect(images.find(taken.id)).toEqual(taken);
    await remove(second.id, 'delete-two');
    clock.advance(23 * hour);
    expect(images.find(taken.id)).toEqual(taken);
    clock.advance(3 * hour);
    expect(images.find(taken.id)).toBeUndefined();
  });

  it('cannot be sent any more in the very moment of the removal', async () => {
    const { clock, upload, images, client, sent } = stageImages();
    const taken = await upload(await picture('image/png'));
    const ada = client();
    await ada.enter('Ada');
    const swept = images.sweep(clock.now() + unsentLifetime, sent);
    const refused = await ada.refused('message:send', { nonce: 'nonce-late', content: image(taken.id) });
    expect(refused.code).toBe('image-unknown');
    await swept;
    expect(sent(taken.id)).toBe(false);
  });

  it('stays when it is uploaded again in the very moment of the removal', async () => {
    const { clock, images } = stageImages();
    const bytes = await picture('image/png');
    const first = await images.take(pieces(bytes), clock);
    clock.advance(24 * hour - 1);
    const find = images.find.bind(images);
    // The file is known; before anything else happens, the hour strikes.
    images.find = (id) => {
      const found = find(id);
      queueMicrotask(() => void images.sweep(clock.now() + 1, () => false));
      return found;
    };
    expect(await images.take(pieces(bytes), clock)).toEqual(first);
    expect(find(first.id)).toEqual(first);
  });

  it('is removed at the start too, as are pictures without an entry', async () => {
    const before = open();
    const { id } = await before.take(await picture('image/png'));
    const orphan = `${'0'.repeat(32)}.png`;
    writeFileSync(join(before.directory, 'images', orphan), 'x');
    writeFileSync(join(before.directory, 'images', 'README'), 'not ours');
    before.database.close();
    const after = open({}, before.directory);
    expect(kept(after.directory).sort()).toEqual([`${id}.png`, `${id}.thumbnail.webp`, 'README'].sort());
    after.clock.advance(unsentLifetime);
    onTestFinished(after.images.sweepHourly(after.clock, () => false, recordingLogger()));
    expect(kept(after.directory)).toEqual(['README']);
  });

  it('is written down when it cannot be removed, and tried again', async () => {
    const { take, images, clock } = open();
    const { id } = await take(await picture('image/png'));
    clock.advance(unsentLifetime);
    let fails = true;
    const logger = recordingLogger();
    const isSent = () => {
      if (fails) throw new Error('disk broken');
      return false;
    };
    onTestFinished(images.sweepHourly(clock, isSent, logger));
    await new Promise((resolve) => setImmediate(resolve));
    expect(logger.lines).toMatchObject([{ level: 'error', text: 'unsent images were not removed' }]);
    expect(images.find(id)).toBeDefined();
    fails = false;
    clock.advance(hour);
    expect(images.find(id)).toBeUndefined();
  });
});

describe('file', () => {
  it('finds a picture and its thumbnail, under their own names only', async () => {
    const { take, images, directory } = open();
    const { id } = await take(await picture('image/jpeg'));
    expect(images.file(`${id}.jpg`)).toEqual({
      path: join(directory, 'images', `${id}.jpg`),
      type: 'image/jpeg',
    });
    expect(images.file(`${id}.thumbnail.webp`)?.type).toBe('image/webp');
    for (const name of [
      `${id}.png`,
      `${id}.jpeg`,
      id,
      `${id}.JPG`,
      `${id.toUpperCase()}.jpg`,
      `incoming/${id}.jpg`,
      `../chat.db`,
      `../images/${id}.jpg`,
      `${id}.jpg/`,
      `${id}.jpg\n`,
      `${id}.thumbnail.jpg`,
      `${'0'.repeat(32)}.jpg`,
      '',
    ]) {
      expect(images.file(name)).toBeUndefined();
    }
  });
});
