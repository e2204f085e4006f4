import { describe, expect, it } from 'vitest';
import { sniffImageType } from '../../src/chat/image-type.ts';

const sniff = (text: string) => sniffImageType(Buffer.from(text, 'latin1'));

describe('sniffImageType', () => {
  it.each([
    ['\x89PNG\r\n\x1a\n....', 'image/png'],
    ['\xff\xd8\xff\xe0..JFIF', 'image/jpeg'],
    ['GIF87a..', 'image/gif'],
    ['GIF89a..', 'image/gif'],
    ['RIFF\x10\0\0\0WEBPVP8 ', 'image/webp'],
    ['RIFF\x10\0\0\0WEBPVP8L', 'image/webp'],
    ['RIFF\x10\0\0\0WEBPVP8X', 'image/webp'],
    ['\0\0\0\x18ftypavif\0\0\0\0mif1miaf', 'image/avif'],
    ['\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf', 'image/avif'],
    ['\0\0\0\x14ftypavis\0\0\0\0mif1', 'image/avif'],
  ])('knows %j', (head, type) => {
    expect(sniff(head)).toBe(type);
  });

  it.each([
    '',
    '\x89',
    '\x89PNG\n\x1a\n',
    'GIF90a',
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    '<?xml version="1.0"?><svg/>',
    '<!doctype html><script>',
    '\x1f\x8b\x08 svgz',
    'RIFF\x10\0\0\0WAVEfmt ',
    'RIFF\x10\0\0\0WEBPXXXX',
    '\0\0\0\x18ftypheic\0\0\0\0mif1heic',
    '\0\0\0\x14ftypheic\0\0\0\0mif1avif', // outside of the box
    '\0\0\0\x18ftypisom\0\0\0\0mp41avc1',
    '\0\0\0\x10ftypmif1avif', // that is its minor version
    'BM......',
    'II*\0....',
    '%PDF-1.7',
    '\xff\xfb\x90mp3',
  ])('knows nothing of %j', (head) => {
    expect(sniff(head)).toBeUndefined();
  });
});
