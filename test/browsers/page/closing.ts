/** Closing from either side, cleanly and not (RFC 6455 §7), and what `close()` refuses (WHATWG WebSockets §3.1). */
import { expectEqual, expectThat, expectThrow, type GroupCheck, inGroup } from './check.ts';

/** A reason of 123 octets, the most that there may be; its last character takes four. */
const longestReason = `${'é'.repeat(59)}x😀`;

const byPage = (
  [
    [1000, ''],
    [1000, 'done'],
    [3000, ''],
    [4999, longestReason],
  ] as const
).map(
  ([code, reason]): GroupCheck => ({
    id: `close-by-page-${code}${reason === '' ? '' : '-reason'}`,
    title: `the page closes with ${code}${
      reason === '' ? '' : reason === longestReason ? ' and a reason of 123 octets' : ' and a reason'
    }: both ends agree`,
    section: 'RFC 6455 §7.1.2, §7.4',
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      const closing = await conversation.end(code, reason);
      expectEqual('The close', closing, { code, reason, wasClean: true });
      const account = await suite.accountOf(conversation);
      expectEqual('The server’s record', [account.code, account.reason], [code, reason]);
      expectThat(!conversation.events.includes('error'), 'There is an error event.');
      return undefined;
    },
  }),
);

const byServer = [1000, 1001, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014, 3000, 4999].map(
  (code): GroupCheck => ({
    id: `close-by-server-${code}`,
    title: `the server closes with ${code} and a reason`,
    section: 'RFC 6455 §7.1.5, §7.1.6, §7.4',
    async run(suite) {
      const reason = code === 4999 ? longestReason : 'because 😀';
      const query = `code=${code}&reason=${encodeURIComponent(reason)}`;
      const conversation = await suite.open('main', `/close?${query}`);
      conversation.socket.send('go');
      expectEqual('The close', await conversation.closed, { code, reason, wasClean: true });
      const account = await suite.accountOf(conversation);
      expectEqual('The code that comes back', account.code, code);
      return undefined;
    },
  }),
);

const others: readonly GroupCheck[] = [
  {
    id: 'close-by-page-no-code',
    title: 'the page closes without a code: both ends read 1005',
    section: 'RFC 6455 §7.1.5',
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      expectEqual('The close', await conversation.end(), { code: 1005, reason: '', wasClean: true });
      expectEqual('The server’s code', (await suite.accountOf(conversation)).code, 1005);
      return undefined;
    },
  },
  {
    id: 'close-by-server-no-code',
    title: 'the server closes without a code: the page reads 1005',
    section: 'RFC 6455 §7.1.5',
    async run(suite) {
      const conversation = await suite.open('main', '/close');
      conversation.socket.send('go');
      expectEqual('The close', await conversation.closed, { code: 1005, reason: '', wasClean: true });
      return undefined;
    },
  },
  {
    id: 'close-cut',
    title: 'TCP is cut without a Close: 1006, not clean',
    section: 'RFC 6455 §7.1.5',
    async run(suite) {
      const conversation = await suite.open('main', '/cut');
      conversation.socket.send('go');
      expectEqual('The close', await conversation.closed, { code: 1006, reason: '', wasClean: false });
      return conversation.events.includes('error') ? 'with an error event' : 'without an error event';
    },
  },
  {
    id: 'close-cut-in-frame',
    title: 'TCP is cut inside a frame: 1006, and no part of the message',
    section: 'RFC 6455 §7.1.5',
    async run(suite) {
      const conversation = await suite.open('raw', '/cut-in-frame');
      conversation.socket.send('go');
      expectEqual('The close', await conversation.closed, { code: 1006, reason: '', wasClean: false });
      expectThat(!conversation.events.includes('message'), 'There is a message event.');
      return undefined;
    },
  },
  {
    id: 'close-flushes',
    title: 'what is sent before close() still arrives',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = await suite.open('main', '/silent');
      for (let index = 0; index < 16; index++) conversation.socket.send(new Uint8Array(256 * 1024));
      await conversation.end(1000);
      expectEqual('The count of messages', (await suite.accountOf(conversation)).messagesReceived, 16);
      return undefined;
    },
  },
  {
    id: 'close-silences',
    title: 'after close() no message is handed out any more',
    section: 'WHATWG WebSockets §4',
    async run(suite) {
      const conversation = await suite.open('main', '/flood');
      conversation.socket.send('go');
      await conversation.next();
      const before = conversation.events.length;
      await conversation.end(1000);
      expectEqual('The events after it', conversation.events.slice(before), ['close']);
      return undefined;
    },
  },
  {
    id: 'close-while-connecting',
    title: 'close() before open is an error and 1006',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = suite.connect('main', '/echo');
      expectEqual('The close', await conversation.end(), { code: 1006, reason: '', wasClean: false });
      expectEqual('The events', conversation.events, ['error', 'close']);
      return undefined;
    },
  },
  {
    id: 'close-twice',
    title: 'close() again changes nothing',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      conversation.socket.close(4000, 'first');
      conversation.socket.close(4001, 'second');
      expectEqual('The close', await conversation.closed, { code: 4000, reason: 'first', wasClean: true });
      conversation.socket.close(4002);
      expectEqual('The events', conversation.events, ['open', 'close']);
      return undefined;
    },
  },
  {
    id: 'close-code-wrong',
    title: 'close() with a code that pages may not use is an InvalidAccessError',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const { socket } = await suite.open('main', '/echo');
      for (const code of [0, 999, 1001, 1005, 1006, 1011, 2999, 5000]) {
        expectThrow(`close(${code})`, 'InvalidAccessError', () => socket.close(code));
      }
      expectEqual('readyState', socket.readyState, 1);
      return undefined;
    },
  },
  {
    id: 'close-reason-too-long',
    title: 'close() with a reason of 124 octets is a SyntaxError',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const { socket } = await suite.open('main', '/echo');
      for (const reason of ['x'.repeat(124), 'é'.repeat(62)]) {
        expectThrow('A reason of 124 octets', 'SyntaxError', () => socket.close(1000, reason));
      }
      expectEqual('readyState', socket.readyState, 1);
      return undefined;
    },
  },
  {
    id: 'close-reason-surrogate',
    title: 'a lone surrogate in the reason becomes U+FFFD',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      await conversation.end(1000, 'a\ud800b');
      expectEqual('The reason', (await suite.accountOf(conversation)).reason, 'a\ufffdb');
      return undefined;
    },
  },
];

export const closing = inGroup('Closing', [...byPage, ...byServer, ...others]);
