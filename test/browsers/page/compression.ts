/** permessage-deflate (RFC 7692) between the browser and barewire, with each parameter that the server may ask for. */
import type { Account } from '../account.ts';
import { opcodes } from '../scenarios.ts';
import { expectEqual, expectThat, type GroupCheck, inGroup } from './check.ts';
import { chatLine, expectOctets, expectText, noise, textOf } from './data.ts';
import type { Conversation, Suite } from './suite.ts';

/** A server of endpoints.ts, and what its `deflate` option asks for. */
const variants: readonly (readonly [server: string, title: string, section: string])[] = [
  ['deflate', 'as barewire has it by default', 'RFC 7692 §7'],
  ['deflate-server-fresh', 'server_no_context_takeover', 'RFC 7692 §7.1.1.1'],
  ['deflate-client-fresh', 'client_no_context_takeover', 'RFC 7692 §7.1.1.2'],
  ['deflate-both-fresh', 'both without context takeover', 'RFC 7692 §7.1.1'],
  ['deflate-window-9', 'server_max_window_bits of 9', 'RFC 7692 §7.1.2.1'],
  ['deflate-client-window-9', 'client_max_window_bits of 9', 'RFC 7692 §7.1.2.2'],
  ['deflate-window-15', 'windows of 32 KiB both ways', 'RFC 7692 §7.1.2'],
];

const isData = (opcode: number): boolean => opcode === opcodes.text || opcode === opcodes.binary;

/** The data frames that the endpoint got, or sent, the oldest first; the last few of the connection. */
function dataFrames({ frames }: Account, direction: 'in' | 'out'): Account['frames'] {
  return frames.filter((frame) => frame.direction === direction && isData(frame.opcode));
}

async function accountAfter(suite: Suite, conversation: Conversation): Promise<Account> {
  await conversation.end(1000);
  return await suite.accountOf(conversation);
}

async function openDeflate(suite: Suite, server: string, path = '/echo'): Promise<Conversation> {
  const conversation = await suite.open(server, path);
  const { extensions } = conversation.socket;
  expectThat(/^permessage-deflate\b/.test(extensions), `extensions is ${JSON.stringify(extensions)}.`);
  return conversation;
}

const negotiated = variants.map(
  ([server, title, section]): GroupCheck => ({
    id: server,
    title: `${title}: 100 lines of a chat, there and back`,
    section,
    async run(suite) {
      const conversation = await openDeflate(suite, server);
      // All at once first, then one at a time: what is batched must not matter.
      for (let index = 0; index < 50; index++) conversation.socket.send(chatLine(index));
      for (let index = 0; index < 50; index++) expectText(await conversation.next(), chatLine(index));
      for (let index = 50; index < 100; index++) {
        expectText(await conversation.ask(chatLine(index)), chatLine(index));
      }
      const account = await accountAfter(suite, conversation);
      expectEqual('The count of messages', account.messagesReceived, 100);
      for (const direction of ['in', 'out'] as const) {
        expectThat(
          dataFrames(account, direction).every(({ rsv1 }) => rsv1),
          direction === 'in'
            ? 'The browser sends lines uncompressed.'
            : 'The server sends lines uncompressed.',
        );
      }
      return account.extensions;
    },
  }),
);

/** Sends the same octets twice; they do not compress alone, so what the second takes tells of the context. */
async function repeatLengths(suite: Suite, server: string): Promise<readonly number[]> {
  const conversation = await openDeflate(suite, server);
  const octets = noise(400);
  for (let index = 0; index < 2; index++) expectOctets(await conversation.ask(octets), octets);
  return dataFrames(await accountAfter(suite, conversation), 'in').map(({ payloadLength }) => payloadLength);
}

const contexts: readonly GroupCheck[] = [
  {
    id: 'deflate-declined',
    title: 'a server that declines by silence gets plain frames',
    section: 'RFC 7692 §5.1',
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      expectEqual('extensions', conversation.socket.extensions, '');
      await conversation.ask(chatLine(1));
      const frames = dataFrames(await accountAfter(suite, conversation), 'in');
      expectThat(!frames.some(({ rsv1 }) => rsv1), 'A frame has RSV1.');
      return undefined;
    },
  },
  {
    id: 'deflate-context-kept',
    title: 'the browser compresses with its earlier messages',
    section: 'RFC 7692 §7.1.1',
    async run(suite) {
      const [first = 0, second = 0] = await repeatLengths(suite, 'deflate-window-15');
      return second < first / 2 ? 'it does' : 'each message by itself';
    },
  },
  {
    id: 'deflate-context-not-kept',
    title: 'after client_no_context_takeover the browser compresses each message by itself',
    section: 'RFC 7692 §7.1.1.2',
    async run(suite) {
      const [first, second] = await repeatLengths(suite, 'deflate-client-fresh');
      expectEqual('What the second message takes', second, first);
      return undefined;
    },
  },
  {
    id: 'deflate-short',
    title: 'a message of 2 octets',
    section: 'RFC 7692 §6',
    async run(suite) {
      const conversation = await openDeflate(suite, 'deflate');
      expectText(await conversation.ask('Hi'), 'Hi');
      const [frame] = dataFrames(await accountAfter(suite, conversation), 'in');
      return frame?.rsv1 === true ? 'the browser compresses it' : 'the browser sends it as it is';
    },
  },
  {
    id: 'deflate-empty',
    title: 'empty messages between others',
    section: 'RFC 7692 §7.2.3.6',
    async run(suite) {
      const conversation = await openDeflate(suite, 'deflate');
      for (const text of ['', chatLine(1), '', chatLine(1)]) expectText(await conversation.ask(text), text);
      expectOctets(await conversation.ask(new Uint8Array(0)), new Uint8Array(0));
      return undefined;
    },
  },
  {
    id: 'deflate-large-text',
    title:
      'a text of 256 KiB that compresses well, and 4 MiB that come back as they are, for they would take long',
    section: 'RFC 7692 §7.2',
    async run(suite) {
      const conversation = await openDeflate(suite, 'deflate');
      const text = textOf(256 * 1024);
      const long = textOf(4 * 1024 * 1024);
      expectText(await conversation.ask(text), text);
      expectText(await conversation.ask(long), long);
      expectText(await conversation.ask(text), text);
      const [frame] = dataFrames(await accountAfter(suite, conversation), 'out');
      expectThat(frame?.rsv1 === true && frame.payloadLength < text.length / 20, 'It is not compressed.');
      return undefined;
    },
  },
  {
    id: 'deflate-large-noise',
    title: '4 MiB that do not compress, there and back, and a line after them',
    section: 'RFC 7692 §7.2.3.3',
    async run(suite) {
      const conversation = await openDeflate(suite, 'deflate');
      const octets = noise(4 * 1024 * 1024);
      expectOctets(await conversation.ask(octets), octets);
      expectText(await conversation.ask(chatLine(1)), chatLine(1));
      return undefined;
    },
  },
  {
    id: 'deflate-too-large',
    title: 'a message that is short on the wire and too long inside is closed with 1009, in words',
    section: 'RFC 7692 §9, RFC 6455 §7.4.1',
    async run(suite) {
      const conversation = await openDeflate(suite, 'deflate-limited');
      conversation.socket.send('a'.repeat(100_000));
      const { code, reason } = await conversation.closed;
      expectEqual('The code', code, 1009);
      expectThat(reason.includes('1000'), `The reason is ${JSON.stringify(reason)}.`);
      return undefined;
    },
  },
];

export const compression = inGroup('permessage-deflate', [...negotiated, ...contexts]);
