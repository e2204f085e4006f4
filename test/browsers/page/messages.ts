/** Messages of every kind and length, there and back (RFC 6455 §5.6, §6; WHATWG WebSockets §3.1). */
import { expectEqual, expectThat, type GroupCheck, inGroup } from './check.ts';
import { expectOctets, expectText, noise, textOf } from './data.ts';

/** A text that comes back as it was sent. */
function textCheck(id: string, title: string, section: string, ...texts: readonly string[]): GroupCheck {
  return {
    id,
    title,
    section,
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      for (const text of texts) expectText(await conversation.ask(text), text);
      return undefined;
    },
  };
}

const texts: readonly GroupCheck[] = [
  textCheck('text', 'text comes back', 'RFC 6455 §5.6', 'Hello'),
  textCheck(
    'text-unicode',
    'text in many scripts, and emoji of several code points',
    'RFC 6455 §8.1',
    'κόσμε 你好 مرحبا שלום नमस्ते',
    '👩🏽‍🚀 🏳️‍🌈 👨‍👩‍👧‍👦',
    '\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}',
  ),
  textCheck(
    'text-nul',
    'NUL and other control characters',
    'RFC 6455 §5.6',
    '\0',
    'a\0b',
    '\u0001\r\n\t\u007f',
  ),
  textCheck('text-bom', 'a byte order mark at the start stays', 'RFC 6455 §5.6', '\ufeffHello'),
  {
    id: 'text-surrogates',
    title: 'lone surrogates become U+FFFD',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      expectText(await conversation.ask('a\ud800b\udc00c\ud83d'), 'a\ufffdb\ufffdc\ufffd');
      return undefined;
    },
  },
];

const values = noise(64);
const views: Readonly<Record<string, ArrayBufferView<ArrayBuffer>>> = {
  Int8Array: new Int8Array(values.buffer, 3, 20),
  Uint8Array: new Uint8Array(values.buffer, 5, 20),
  Uint8ClampedArray: new Uint8ClampedArray(values.buffer, 7, 20),
  Int16Array: new Int16Array(values.buffer, 2, 10),
  Uint16Array: new Uint16Array(values.buffer, 4, 10),
  Int32Array: new Int32Array(values.buffer, 8, 5),
  Uint32Array: new Uint32Array(values.buffer, 12, 5),
  Float32Array: new Float32Array(values.buffer, 16, 5),
  Float64Array: new Float64Array(values.buffer, 24, 3),
  BigInt64Array: new BigInt64Array(values.buffer, 32, 2),
  BigUint64Array: new BigUint64Array(values.buffer, 40, 2),
  DataView: new DataView(values.buffer, 9, 21),
};

const binaries: readonly GroupCheck[] = [
  {
    id: 'binary-array-buffer',
    title: 'an ArrayBuffer is sent, and an ArrayBuffer comes back',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      expectOctets(await conversation.ask(values.buffer), values);
      return undefined;
    },
  },
  {
    id: 'binary-blob',
    title: 'a Blob is sent, and a Blob comes back',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = await suite.open('main', '/echo', { binaryType: 'blob' });
      const back = await conversation.ask(new Blob(['Hello, ', values]));
      if (!(back instanceof Blob)) throw new Error('What comes back is not a Blob.');
      expectEqual('The type', back.type, '');
      const expected = new Uint8Array(7 + values.length);
      expected.set(new TextEncoder().encode('Hello, '));
      expected.set(values, 7);
      expectOctets(await back.arrayBuffer(), expected);
      return undefined;
    },
  },
  ...Object.entries(views).map(
    ([name, view]): GroupCheck => ({
      id: `binary-${name.replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, '-').toLowerCase()}`,
      title: `a ${name} sends the part of its buffer that it shows`,
      section: 'WHATWG WebSockets §3.1',
      async run(suite) {
        const conversation = await suite.open('main', '/echo');
        conversation.socket.send(view);
        const { buffer, byteOffset, byteLength } = view;
        expectOctets(await conversation.next(), new Uint8Array(buffer, byteOffset, byteLength));
        return undefined;
      },
    }),
  ),
  {
    id: 'binary-copied',
    title: 'what is sent may be changed right after send',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      const octets = noise(100_000);
      const before = octets.slice();
      conversation.socket.send(octets);
      octets.fill(0);
      expectOctets(await conversation.next(), before);
      return undefined;
    },
  },
  {
    id: 'binary-type-changed',
    title: 'binaryType may change between messages',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      expectThat((await conversation.ask(values)) instanceof ArrayBuffer, 'The first is not an ArrayBuffer.');
      conversation.socket.binaryType = 'blob';
      expectThat((await conversation.ask(values)) instanceof Blob, 'The second is not a Blob.');
      return undefined;
    },
  },
  {
    id: 'order',
    title: 'a thousand messages, of both kinds and Blobs among them, keep their order',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      for (let index = 0; index < 1000; index++) {
        const text = `message ${index}`;
        conversation.socket.send(
          index % 3 === 0 ? text : index % 3 === 1 ? new TextEncoder().encode(text) : new Blob([text]),
        );
      }
      for (let index = 0; index < 1000; index++) {
        const data = await conversation.next();
        const text = data instanceof ArrayBuffer ? new TextDecoder().decode(data) : data;
        expectEqual('The next message', text, `message ${index}`);
      }
      return undefined;
    },
  },
];

/** The edges of the three forms of a length (§5.2), and long messages up to the server's limit. */
const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 1_048_576, 16_777_216];

const sizes: readonly GroupCheck[] = lengths.flatMap((length): GroupCheck[] => {
  const amount = length.toLocaleString('en-GB');
  const unit = length === 1 ? 'octet' : 'octets';
  return [
    {
      id: `size-${length}-text`,
      title: `text of ${amount} ${unit}`,
      section: 'RFC 6455 §5.2',
      async run(suite) {
        const conversation = await suite.open('main', '/echo');
        const text = textOf(length);
        expectText(await conversation.ask(text), text);
        return undefined;
      },
    },
    {
      id: `size-${length}-binary`,
      title: `binary of ${amount} ${unit}`,
      section: 'RFC 6455 §5.2',
      async run(suite) {
        const conversation = await suite.open('main', '/echo');
        const octets = noise(length);
        expectOctets(await conversation.ask(octets), octets);
        return undefined;
      },
    },
  ];
});

export const messages = [
  ...inGroup('Text', texts),
  ...inGroup('Binary', binaries),
  ...inGroup('Lengths, there and back', sizes),
];
