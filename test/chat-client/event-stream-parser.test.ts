// text/event-stream out of chunks that are cut anywhere: each stream whole, octet by octet, and cut in two at every place.
import { describe, expect, test } from 'vitest';
import {
  createEventStreamParser,
  maximumStreamEventLength,
  type StreamEvent,
} from '../../src/chat-client/event-stream-parser.ts';

const encoder = new TextEncoder();

function parse(chunks: readonly Uint8Array[]): StreamEvent[] {
  const parser = createEventStreamParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

const cases: [string, string, StreamEvent[]][] = [
  ['data alone', 'data: a\n\n', [{ type: 'message', data: 'a', id: '' }]],
  ['a name and an id', 'event: e\nid: 1:2\ndata: x\n\n', [{ type: 'e', data: 'x', id: '1:2' }]],
  [
    'an id that stays, a name that does not',
    'event: e\nid: 7\ndata: x\n\ndata: y\n\n',
    [
      { type: 'e', data: 'x', id: '7' },
      { type: 'message', data: 'y', id: '7' },
    ],
  ],
  ['several lines of data', 'data: a\ndata\ndata:b\n\n', [{ type: 'message', data: 'a\n\nb', id: '' }]],
  ['CRLF', 'event: e\r\ndata: x\r\n\r\n', [{ type: 'e', data: 'x', id: '' }]],
  ['CR', 'event: e\rdata: x\r\r', [{ type: 'e', data: 'x', id: '' }]],
  [
    'CR, LF and CRLF mixed',
    'data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\r',
    [
      { type: 'message', data: 'a\nb\nc', id: '' },
      { type: 'message', data: 'd', id: '' },
    ],
  ],
  ['one space after the colon is not data', 'data:  a\n\n', [{ type: 'message', data: ' a', id: '' }]],
  [
    'comments, retry and unknown fields',
    ': hi\n\nretry: 5\nfoo: x\ndata: a\n\n',
    [{ type: 'message', data: 'a', id: '' }],
  ],
  [
    'an event without data is none',
    'event: e\nid: 3\n\ndata: a\n\n',
    [{ type: 'message', data: 'a', id: '3' }],
  ],
  [
    'an id with NUL is not taken',
    'id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n',
    [
      { type: 'message', data: 'a', id: '1' },
      { type: 'message', data: 'b', id: '1' },
    ],
  ],
  ['a byte order mark', '\uFEFFdata: a\n\n', [{ type: 'message', data: 'a', id: '' }]],
  ['characters of two to four octets', 'data: é€😀\n\n', [{ type: 'message', data: 'é€😀', id: '' }]],
  ['what is not finished', 'data: a\n\ndata: b\n', [{ type: 'message', data: 'a', id: '' }]],
];

describe.each(cases)('%s', (_, text, expected) => {
  const octets = encoder.encode(text);
  test('whole', () => expect(parse([octets])).toEqual(expected));
  test('octet by octet', () => {
    expect(parse([...octets].map((octet) => Uint8Array.of(octet)))).toEqual(expected);
  });
  test('cut in two at every place', () => {
    for (let place = 0; place <= octets.length; place += 1) {
      expect(parse([octets.subarray(0, place), octets.subarray(place)]), `cut at ${place}`).toEqual(expected);
    }
  });
});

test('a line, and an event, that grow without end are refused', () => {
  const chunk = encoder.encode('x'.repeat(1024 * 1024));
  const line = createEventStreamParser();
  line.push(encoder.encode('data: '));
  expect(() => {
    for (let sent = 0; sent <= maximumStreamEventLength; sent += chunk.length) line.push(chunk);
  }).toThrow(RangeError);

  const event = createEventStreamParser();
  const lineOfData = encoder.encode(`data: ${'x'.repeat(1024 * 1024)}\n`);
  expect(() => {
    for (let sent = 0; sent <= maximumStreamEventLength; sent += chunk.length) event.push(lineOfData);
  }).toThrow(RangeError);
});
