/** The JavaScript interface (WHATWG WebSockets): addresses, states, and what is refused at the call. */
import { expectEqual, expectThat, expectThrow, type GroupCheck, inGroup } from './check.ts';
import { expectRefused, fieldsOf } from './opening.ts';
import type { Suite } from './suite.ts';

/** The address that a socket tells for `url`; the connection is given up at once. */
function urlOf(suite: Suite, url: string): string {
  const conversation = suite.connectTo(url);
  conversation.leave();
  return conversation.socket.url;
}

const addresses: readonly GroupCheck[] = [
  {
    id: 'url-told',
    title: 'url is the address as it was parsed',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      expectEqual('url', urlOf(suite, 'WS://LOCALHOST:80/a/../b?c'), 'ws://localhost/b?c');
      expectEqual('url', urlOf(suite, 'ws://127.1:1234'), 'ws://127.0.0.1:1234/');
      return undefined;
    },
  },
  {
    id: 'url-http',
    title: 'http: and https: stand for ws: and wss:',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const { url, account } = suite.address('main', '/echo');
      const conversation = suite.connectTo(url.replace(/^ws:/, 'http:'), {}, account);
      expectEqual('url', conversation.socket.url, url);
      await conversation.opened;
      expectEqual('url', urlOf(suite, 'https://localhost/x'), 'wss://localhost/x');
      return undefined;
    },
  },
  {
    id: 'url-relative',
    title: 'an address may be relative to the page',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const { account } = suite.address('main', '/echo');
      const conversation = suite.connectTo(`/echo?account=${account}`, {}, account);
      await conversation.opened;
      return undefined;
    },
  },
  {
    id: 'url-fragment',
    title: 'an address with a fragment is a SyntaxError',
    section: 'WHATWG WebSockets §3.1, RFC 6455 §3',
    async run(suite) {
      const { url } = suite.address('main', '/echo');
      for (const end of ['#part', '#']) {
        expectThrow(`An address that ends with ${end}`, 'SyntaxError', () => suite.connectTo(`${url}${end}`));
      }
      return undefined;
    },
  },
  {
    id: 'url-other-scheme',
    title: 'an address of another scheme, or that is none, is a SyntaxError',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      for (const url of ['ftp://localhost/', 'mailto:ada@example.org', 'ws://', 'ws://x:99999/']) {
        expectThrow(`The address ${url}`, 'SyntaxError', () => suite.connectTo(url));
      }
      return undefined;
    },
  },
  {
    id: 'url-user',
    title: 'a user and password in the address',
    section: 'RFC 6455 §4.1, RFC 9110 §11',
    async run(suite) {
      const { url, account } = suite.address('main', '/fields');
      const conversation = suite.connectTo(url.replace('://', '://ada:secret@'), {}, account);
      await conversation.opened;
      const { authorization } = (await fieldsOf(conversation)).headers;
      if (authorization === undefined) return 'not sent';
      expectEqual('Authorization', authorization, `Basic ${btoa('ada:secret')}`);
      return 'sent as Basic';
    },
  },
  {
    id: 'port-blocked',
    title: 'a port of another service is an error and 1006',
    section: 'WHATWG Fetch, port blocking',
    async run(suite) {
      const conversation = suite.connectTo('ws://127.0.0.1:25/');
      await conversation.failed;
      // Whatever follows the error has come when another connection has been opened and used.
      await (await suite.open('main', '/echo')).ask('Hello');
      expectEqual('The events', conversation.events, ['error', 'close']);
      await expectRefused(conversation);
      return undefined;
    },
  },
  {
    id: 'protocol-wrong',
    title: 'a subprotocol that is no token, or is named twice, is a SyntaxError',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const { url } = suite.address('main', '/echo');
      for (const protocols of [[''], ['a b'], ['a,b'], ['é'], ['chat', 'chat']]) {
        expectThrow(`The list ${JSON.stringify(protocols)}`, 'SyntaxError', () =>
          suite.connectTo(url, { protocols }),
        );
      }
      return undefined;
    },
  },
];

const states: readonly GroupCheck[] = [
  {
    id: 'ready-state',
    title: 'readyState goes from 0 to 3, each in its time',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = suite.connect('main', '/echo');
      const { socket } = conversation;
      expectEqual('readyState after new', socket.readyState, 0);
      await conversation.opened;
      expectEqual('readyState after open', socket.readyState, 1);
      socket.close();
      expectEqual('readyState after close()', socket.readyState, 2);
      await conversation.closed;
      expectEqual('readyState after close', socket.readyState, 3);
      return undefined;
    },
  },
  {
    id: 'send-too-early',
    title: 'send before open is an InvalidStateError',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const { socket } = suite.connect('main', '/echo');
      expectThrow('send', 'InvalidStateError', () => socket.send('early'));
      return undefined;
    },
  },
  {
    id: 'events',
    title: 'the events come in order: open, message, close, and no error',
    section: 'WHATWG WebSockets §4',
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      await conversation.ask('one');
      await conversation.end(1000);
      expectEqual('The events', conversation.events, ['open', 'message', 'close']);
      return undefined;
    },
  },
  {
    id: 'message-origin',
    title: 'a message’s origin is the server’s, with ws:',
    section: 'WHATWG WebSockets §4',
    async run(suite) {
      const conversation = await suite.open('main', '/echo');
      const { socket } = conversation;
      const origin = new Promise<string>((resolve) => {
        socket.addEventListener('message', (event) => resolve(event.origin), { once: true });
      });
      socket.send('Hello');
      expectEqual('origin', await origin, new URL(socket.url).origin);
      return undefined;
    },
  },
  {
    id: 'binary-type',
    title: 'binaryType is blob at first, and takes blob and arraybuffer only',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const { socket } = suite.connect('main', '/echo', { binaryType: 'default' });
      expectEqual('binaryType', socket.binaryType, 'blob');
      Reflect.set(socket, 'binaryType', 'text');
      expectEqual('binaryType after text', socket.binaryType, 'blob');
      socket.binaryType = 'arraybuffer';
      expectEqual('binaryType after arraybuffer', socket.binaryType, 'arraybuffer');
      return undefined;
    },
  },
  {
    id: 'constants',
    title: 'the states have their names, on the class and on each socket',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const { socket } = suite.connect('main', '/echo');
      for (const states of [socket, WebSocket]) {
        expectThat(
          states.CONNECTING === 0 && states.OPEN === 1 && states.CLOSING === 2 && states.CLOSED === 3,
          'The constants are not 0 to 3.',
        );
      }
      return undefined;
    },
  },
];

export const interfaceChecks = [
  ...inGroup('Addresses and arguments', addresses),
  ...inGroup('The interface', states),
];
