import { describe, expect, test } from 'vitest';
import { imageTypeOf, judgeFile } from '../../public/chat/files.ts';
import { maximumImageLength } from '../../src/chat/events.ts';
import { fakeFile, pngHead } from './fake-browser.ts';

const ascii = (text: string) => [...text].map((character) => character.charCodeAt(0));
const box = (length: number, major: string, ...compatible: string[]) => [
  0,
  0,
  0,
  length,
  ...ascii(`ftyp${major}`),
  0,
  0,
  0,
  0,
  ...compatible.flatMap(ascii),
];

describe('imageTypeOf', () => {
  test.each([
    ['PNG', pngHead, 'image/png'],
    ['PNG mangled by a text-mode copy', [0x89, 0x50, 0x4e, 0x47, 0x0a, 0x1a, 0x0a], undefined],
    ['JPEG', [0xff, 0xd8, 0xff, 0xe0], 'image/jpeg'],
    ['half a JPEG marker', [0xff, 0xd8], undefined],
    ['GIF 87', ascii('GIF87a'), 'image/gif'],
    ['GIF 89', ascii('GIF89a'), 'image/gif'],
    ['GIF 88', ascii('GIF88a'), undefined],
    ['WebP', [...ascii('RIFF'), 1, 2, 3, 4, ...ascii('WEBP')], 'image/webp'],
    ['a RIFF that is a sound', [...ascii('RIFF'), 1, 2, 3, 4, ...ascii('WAVE')], undefined],
    ['AVIF', box(24, 'avif', 'mif1', 'miaf'), 'image/avif'],
    ['AVIF by a compatible brand', box(28, 'mif1', 'mif1', 'avif', 'miaf'), 'image/avif'],
    ['an AVIF sequence', box(24, 'avis', 'msf1'), 'image/avif'],
    ['HEIC', box(24, 'heic', 'mif1', 'heic'), undefined],
    ['a brand after the end of its box', box(20, 'mif1', 'mif1', 'avif'), undefined],
    ['a version number that looks like a brand', [0, 0, 0, 20, ...ascii('ftypmif1avifmif1')], undefined],
    ['SVG', ascii('<svg xmlns="http://www.w3.org/2000/svg">'), undefined],
    ['HTML', ascii('<!doctype html>'), undefined],
    ['nothing', [], undefined],
  ])('%s', (_, octets, type) => {
    expect(imageTypeOf(Uint8Array.from(octets))).toBe(type);
  });
});

describe('judgeFile', () => {
  test('goes by content, not by name', async () => {
    expect(await judgeFile(fakeFile('a.txt', pngHead), maximumImageLength)).toEqual({ type: 'image/png' });
    expect(await judgeFile(fakeFile('a.png', ascii('<svg>')), maximumImageLength)).toEqual({
      problem: { id: 'image-type', file: 'a.png' },
    });
  });

  test('8 MiB pass, one octet more does not, and the limit is told', async () => {
    expect(await judgeFile(fakeFile('a.png', pngHead, 8 * 1024 * 1024), maximumImageLength)).toEqual({
      type: 'image/png',
    });
    expect(await judgeFile(fakeFile('a.png', pngHead, 8 * 1024 * 1024 + 1), maximumImageLength)).toEqual({
      problem: { id: 'image-too-large', file: 'a.png', length: 8_388_609, limit: 8_388_608 },
    });
  });

  test('an empty file and one that cannot be read are told as such', async () => {
    const problem = { id: 'image-unreadable', file: 'a.png' };
    expect(await judgeFile(fakeFile('a.png', pngHead, 0), 10)).toEqual({ problem });
    const gone = {
      name: 'a.png',
      size: 5,
      slice: () => ({ arrayBuffer: () => Promise.reject(new Error('NotFoundError')) }),
    };
    expect(await judgeFile(gone, 10)).toEqual({ problem });
  });
});
