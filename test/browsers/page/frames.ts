/** Frames that only a hand-written endpoint sends: fragments, Pings between them, early data, and bad frames. */
import {
  badCompressedFrames,
  badFrames,
  compressedFrames,
  type GoodFrames,
  goodFrames,
} from '../scenarios.ts';
import { expectEqual, expectThat, type GroupCheck, inGroup } from './check.ts';
import { expectOctets, expectText } from './data.ts';
import type { Conversation, Suite } from './suite.ts';

async function expectMessages(conversation: Conversation, messages: GoodFrames['messages']): Promise<void> {
  for (const message of messages) {
    const data = await conversation.next();
    if (typeof message === 'string') expectText(data, message);
    else expectOctets(data, Uint8Array.from(message));
  }
}

/** Asks the raw endpoint for those frames and looks at what comes of them at both ends. */
async function expectGood(suite: Suite, path: string, { messages, pongs = [] }: GoodFrames): Promise<void> {
  const conversation = await suite.open('raw', path);
  conversation.socket.send('go');
  await expectMessages(conversation, messages);
  expectEqual('The close', await conversation.end(1000, 'done'), {
    code: 1000,
    reason: 'done',
    wasClean: true,
  });
  expectEqual('The list of Pongs', (await suite.accountOf(conversation)).pongs, pongs);
}

/**
 * Asks the raw endpoint for those frames; the connection has to be failed for them (RFC 6455 §7.1.7).
 * @returns how the browser tells the server: that it does is a SHOULD
 */
async function expectFailed(suite: Suite, path: string): Promise<string> {
  const conversation = await suite.open('raw', path);
  conversation.socket.send('go');
  const first = await Promise.race([
    conversation.next().then(
      () => 'message',
      () => 'close',
    ),
    conversation.closed.then(() => 'close'),
  ]);
  expectThat(first === 'close', 'It is taken for a message.');
  const { code, wasClean } = await conversation.closed;
  expectThat(!wasClean, `It is taken for a good Close, with ${code}.`);
  expectEqual('The code', code, 1006);
  expectEqual('The events', conversation.events, ['open', 'error', 'close']);
  const account = await suite.accountOf(conversation);
  return account.code === 1006 ? 'without a Close' : `Close ${account.code}`;
}

const early: readonly GroupCheck[] = [
  {
    id: 'early-data',
    title: 'messages in the same segment as the 101 are not lost',
    section: 'RFC 6455 §4.2.2',
    async run(suite) {
      const conversation = suite.connect('raw', '/early');
      await expectMessages(conversation, ['first', 'second']);
      expectEqual('The events', conversation.events.slice(0, 2), ['open', 'message']);
      return undefined;
    },
  },
  {
    id: 'early-data-by-server',
    title: 'so it is with what barewire’s `open` handler sends',
    section: 'RFC 6455 §4.2.2',
    async run(suite) {
      const conversation = suite.connect('main', '/greet');
      await expectMessages(conversation, ['first', [2], 'third']);
      expectEqual('The first event', conversation.events[0], 'open');
      return undefined;
    },
  },
  {
    id: 'early-close',
    title: 'a Close in the same segment as the 101 opens, and closes with its code',
    section: 'RFC 6455 §4.2.2, §7.1.5',
    async run(suite) {
      const conversation = suite.connect('raw', '/early-close');
      const { code, reason, wasClean } = await conversation.closed;
      expectEqual('The close', { code, reason, wasClean }, { code: 4000, reason: 'early', wasClean: true });
      expectEqual('The events', conversation.events, ['open', 'close']);
      return undefined;
    },
  },
  {
    id: 'single-octets',
    title: 'a response and frames that come octet by octet',
    section: 'RFC 6455 §5.2',
    async run(suite) {
      await expectMessages(suite.connect('raw', '/octets'), ['first', 'second']);
      return undefined;
    },
  },
];

const good = goodFrames.map(
  (scenario): GroupCheck => ({
    id: `frames-${scenario.id}`,
    title: scenario.title,
    section: scenario.section,
    async run(suite) {
      await expectGood(suite, `/frames/${scenario.id}`, scenario);
      return undefined;
    },
  }),
);

const compressed = compressedFrames.map(
  (scenario): GroupCheck => ({
    id: `deflate-frames-${scenario.id}`,
    title: scenario.title,
    section: scenario.section,
    async run(suite) {
      await expectGood(suite, `/deflate/${scenario.id}`, scenario);
      return undefined;
    },
  }),
);

export const frames = [
  ...inGroup('Early data, fragments and Pings', [...early, ...good]),
  ...inGroup(
    'Bad frames, for which the connection is failed',
    badFrames.map(({ id, title, section }) => ({
      id: `bad-${id}`,
      title,
      section,
      run: (suite) => expectFailed(suite, `/bad/${id}`),
    })),
  ),
];

export const compressedFrameChecks = [
  ...inGroup('Compressed messages of every form', compressed),
  ...inGroup(
    'Bad compressed frames, for which the connection is failed',
    badCompressedFrames.map(({ id, title, section }) => ({
      id: `bad-deflate-${id}`,
      title,
      section,
      run: (suite) => expectFailed(suite, `/bad-deflate/${id}`),
    })),
  ),
];
