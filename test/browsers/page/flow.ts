/** What waits, what is too much, who is still there, and many connections at once. */
import { expectEqual, expectThat, type GroupCheck, inGroup } from './check.ts';
import { expectText } from './data.ts';
import type { Conversation } from './suite.ts';

/** Waits until the browser has handed all to the network. There is no event for that, so it looks again and again. */
async function drained({ socket }: Conversation): Promise<void> {
  while (socket.bufferedAmount > 0) await new Promise((resolve) => setTimeout(resolve, 1));
}

const checks: readonly GroupCheck[] = [
  {
    id: 'buffered-grows',
    title: 'bufferedAmount grows with each send by the octets of the message',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const { socket } = await suite.open('main', '/echo');
      expectEqual('bufferedAmount at first', socket.bufferedAmount, 0);
      socket.send('é€😀');
      expectEqual('bufferedAmount after a text', socket.bufferedAmount, 9);
      socket.send(new Uint8Array(100_000));
      expectEqual('bufferedAmount after octets', socket.bufferedAmount, 100_009);
      socket.send(new Blob(['abc']));
      expectEqual('bufferedAmount after a Blob', socket.bufferedAmount, 100_012);
      return undefined;
    },
  },
  {
    id: 'buffered-drains',
    title: 'bufferedAmount is 0 again when all has been sent',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = await suite.open('main', '/silent');
      for (let index = 0; index < 16; index++) conversation.socket.send(new Uint8Array(1024 * 1024));
      await drained(conversation);
      expectText(await conversation.ask('how many?'), '17');
      return undefined;
    },
  },
  {
    id: 'buffered-after-close',
    title: 'send after close() is no error, and bufferedAmount grows and stays',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      conversation.socket.close();
      conversation.socket.send('abc');
      expectEqual('bufferedAmount after close()', conversation.socket.bufferedAmount, 3);
      await conversation.closed;
      conversation.socket.send('de');
      expectEqual('bufferedAmount after close', conversation.socket.bufferedAmount, 5);
      expectEqual('What arrived', (await suite.accountOf(conversation)).messagesReceived, 0);
      return undefined;
    },
  },
  {
    id: 'too-large',
    title: 'a message over the server’s limit is closed with 1009, in words',
    section: 'RFC 6455 §7.4.1, §10.4',
    async run(suite) {
      const conversation = await suite.open('limited', '/echo');
      expectText(await conversation.ask('x'.repeat(1000)), 'x'.repeat(1000));
      conversation.socket.send('x'.repeat(1001));
      const { code, reason } = await conversation.closed;
      expectEqual('The code', code, 1009);
      expectThat(reason.includes('1000'), `The reason is ${JSON.stringify(reason)}.`);
      return undefined;
    },
  },
  {
    id: 'much-too-large',
    title: 'so is one whose end the server never reads',
    section: 'RFC 6455 §7.4.1, §10.4',
    async run(suite) {
      const conversation = await suite.open('limited', '/echo');
      conversation.socket.send(new Uint8Array(8 * 1024 * 1024));
      const { code, reason } = await conversation.closed;
      expectEqual('The code', code, 1009);
      expectThat(reason.includes('1000'), `The reason is ${JSON.stringify(reason)}.`);
      return undefined;
    },
  },
  {
    id: 'ping',
    title: 'the browser answers a Ping of barewire’s with its payload',
    section: 'RFC 6455 §5.5.3',
    async run(suite) {
      const conversation = await suite.open('main', '/ping');
      expectText(await conversation.ask('payload'), 'pong payload');
      await conversation.end(1000);
      expectEqual('The list of Pongs', (await suite.accountOf(conversation)).pongs, ['payload']);
      return undefined;
    },
  },
  {
    id: 'round-trip',
    title: 'barewire measures the time that its own Ping takes there and back',
    section: 'RFC 6455 §5.5.2',
    async run(suite) {
      const conversation = await suite.open('heartbeat', '/beat');
      const milliseconds = Number(await conversation.ask('beat'));
      expectThat(milliseconds >= 0 && milliseconds < 60_000, `The time is ${milliseconds}.`);
      return undefined;
    },
  },
  {
    id: 'fifty-sockets',
    title: 'fifty connections at once, each with its own messages',
    section: 'RFC 6455 §4.1 item 2',
    async run(suite) {
      const conversations = Array.from({ length: 50 }, () => suite.connect('main', '/echo'));
      await Promise.all(conversations.map(({ opened }) => opened));
      const backs = await Promise.all(
        conversations.map((conversation, index) => conversation.ask(`I am ${index}`)),
      );
      for (const [index, back] of backs.entries()) expectText(back, `I am ${index}`);
      await Promise.all(conversations.map((conversation) => conversation.end(1000)));
      return undefined;
    },
  },
  {
    id: 'reconnect',
    title: 'after a cut a new connection opens, three times',
    section: 'RFC 6455 §7.2.3',
    async run(suite) {
      for (let index = 0; index < 3; index++) {
        const conversation = await suite.open('main', '/cut');
        conversation.socket.send('go');
        expectEqual('The code', (await conversation.closed).code, 1006);
      }
      expectText(await (await suite.open('main', '/echo')).ask('back again'), 'back again');
      return undefined;
    },
  },
];

export const flow = inGroup('Waiting, limits, Pings and many connections', checks);
