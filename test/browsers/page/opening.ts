/** The opening handshake as a browser does it (RFC 6455 §4.1), and what it does with a wrong answer. */
import { badReplies } from '../scenarios.ts';
import { expectEqual, expectThat, type GroupCheck, inGroup } from './check.ts';
import type { Conversation, Suite } from './suite.ts';

/** An upgrade request as the endpoint `/fields` tells it. */
export interface Fields {
  readonly target: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What the endpoint got when this connection was opened. */
export async function fieldsOf(conversation: Conversation): Promise<Fields> {
  const fields: Fields = JSON.parse(String(await conversation.next()));
  return fields;
}

async function cookies(suite: Suite, path = '/fields'): Promise<readonly string[]> {
  const { headers } = await fieldsOf(await suite.open('main', path));
  return (headers.cookie ?? '').split('; ').filter((cookie) => cookie !== '');
}

/** Waits for the failure of a connection that may not open. @throws Error when it opens, or fails otherwise */
export async function expectRefused(conversation: Conversation): Promise<void> {
  const opens = await conversation.opened.then(
    () => true,
    () => false,
  );
  expectThat(!opens, 'It opens.');
  const { code, reason, wasClean } = await conversation.closed;
  expectEqual('The events', conversation.events, ['error', 'close']);
  expectEqual('The close', { code, reason, wasClean }, { code: 1006, reason: '', wasClean: false });
}

const requests: readonly GroupCheck[] = [
  {
    id: 'upgrade-request',
    title: 'the request has version 13, a Host with the port, and a new key each time',
    section: 'RFC 6455 §4.1',
    async run(suite) {
      const keys: string[] = [];
      for (let index = 0; index < 2; index++) {
        const conversation = await suite.open('main', '/fields');
        const { headers } = await fieldsOf(conversation);
        expectEqual('Sec-WebSocket-Version', headers['sec-websocket-version'], '13');
        expectEqual('Host', headers.host, new URL(conversation.socket.url).host);
        keys.push(headers['sec-websocket-key'] ?? '');
      }
      expectThat(
        keys.every((key) => atob(key).length === 16),
        'Sec-WebSocket-Key is not 16 octets in base64.',
      );
      expectThat(keys[0] !== keys[1], 'Two requests have the same key.');
      return undefined;
    },
  },
  {
    id: 'extensions-offered',
    title: 'permessage-deflate is offered, and nothing else',
    section: 'RFC 7692 §7.1',
    async run(suite) {
      const { headers } = await fieldsOf(await suite.open('main', '/fields'));
      const offer = headers['sec-websocket-extensions'] ?? '';
      expectThat(/^permessage-deflate\b[^,]*$/.test(offer), `The offer is ${JSON.stringify(offer)}.`);
      return offer;
    },
  },
  {
    id: 'origin',
    title: 'Origin is the page’s own',
    section: 'RFC 6455 §4.1 item 8, RFC 6454',
    async run(suite) {
      const { headers } = await fieldsOf(await suite.open('main', '/fields'));
      expectEqual('Origin', headers.origin, suite.origin);
      return undefined;
    },
  },
  {
    id: 'origin-refused',
    title: 'a server that refuses the page’s origin is not opened',
    section: 'RFC 6455 §10.2',
    async run(suite) {
      await expectRefused(suite.connect('foreign', '/echo'));
      return undefined;
    },
  },
  {
    id: 'cookie',
    title: 'the page’s cookies are sent, also those that scripts may not read',
    section: 'RFC 6455 §4.1 item 12, RFC 6265',
    async run(suite) {
      const sent = await cookies(suite);
      for (const cookie of ['open=1', 'hidden=1']) {
        expectThat(sent.includes(cookie), `The cookie ${cookie} was not sent.`);
      }
      return undefined;
    },
  },
  {
    id: 'cookie-path',
    title: 'a cookie of another path is not sent, and is sent on its own',
    section: 'RFC 6265 §5.4',
    async run(suite) {
      expectThat(!(await cookies(suite)).includes('elsewhere=1'), 'It was sent to /fields.');
      expectThat((await cookies(suite, '/fields/here')).includes('elsewhere=1'), 'It was not sent.');
      return undefined;
    },
  },
  {
    id: 'cookie-secure',
    title: 'a cookie with Secure from a page of this machine, over ws:',
    section: 'RFC 6265 §5.4',
    async run(suite) {
      return (await cookies(suite)).includes('secure=1') ? 'sent' : 'not sent';
    },
  },
  {
    id: 'cookie-set-by-upgrade',
    title: 'a cookie that is set by the 101 is kept',
    section: 'RFC 6455 §4.1, RFC 6265',
    async run(suite) {
      const conversation = await suite.open('raw', '/cookie');
      await conversation.next();
      expectThat((await cookies(suite)).includes('upgraded=1'), 'It is not sent afterwards.');
      return undefined;
    },
  },
  {
    id: 'target',
    title: 'path and query arrive percent-encoded as UTF-8',
    section: 'RFC 6455 §3, WHATWG URL',
    async run(suite) {
      const { target } = await fieldsOf(await suite.open('main', '/fields/%41 é/../b?q=ü€ |'));
      expectEqual('The target', target.replace(/&account=.*/, ''), '/fields/b?q=%C3%BC%E2%82%AC%20|');
      return undefined;
    },
  },
];

const protocols: readonly GroupCheck[] = [
  {
    id: 'protocol-none',
    title: 'without subprotocols none is offered and none is chosen',
    section: 'RFC 6455 §4.1 item 10',
    async run(suite) {
      const conversation = await suite.open('main', '/fields');
      const { headers } = await fieldsOf(conversation);
      expectEqual('Sec-WebSocket-Protocol', headers['sec-websocket-protocol'], undefined);
      expectEqual('protocol', conversation.socket.protocol, '');
      return undefined;
    },
  },
  {
    id: 'protocol-chosen',
    title: 'subprotocols are offered in order, and the one that the server chooses is told',
    section: 'RFC 6455 §4.1 item 10, §4.2.2',
    async run(suite) {
      const protocols = ['other', 'chat', 'superchat'];
      const conversation = await suite.open('main', '/fields?protocol=superchat', { protocols });
      const { headers } = await fieldsOf(conversation);
      expectEqual('Sec-WebSocket-Protocol', headers['sec-websocket-protocol'], 'other, chat, superchat');
      expectEqual('protocol', conversation.socket.protocol, 'superchat');
      return undefined;
    },
  },
  {
    id: 'protocol-string',
    title: 'one subprotocol may be given as a string',
    section: 'WHATWG WebSockets §3.1',
    async run(suite) {
      const conversation = await suite.open('main', '/echo?protocol=chat', { protocols: 'chat' });
      expectEqual('protocol', conversation.socket.protocol, 'chat');
      return undefined;
    },
  },
];

const refusals: readonly GroupCheck[] = [
  ...[400, 401, 403, 404, 426, 429, 503].map(
    (status): GroupCheck => ({
      id: `refused-${status}`,
      title: `a refusal with ${status} is an error and 1006, and says no more`,
      section: 'RFC 6455 §4.2.2, §10.2',
      async run(suite) {
        await expectRefused(suite.connect('main', `/refuse?status=${status}`));
        return undefined;
      },
    }),
  ),
  {
    id: 'refused-by-tcp',
    title: 'a port where nobody listens is an error and 1006',
    section: 'RFC 6455 §4.1',
    async run(suite) {
      await expectRefused(suite.connect('nobody', '/echo'));
      return undefined;
    },
  },
];

const wrongReplies = badReplies.map(
  ({ id, title, section, protocols }): GroupCheck => ({
    id: `reply-${id}`,
    title,
    section,
    async run(suite) {
      const options = protocols === undefined ? {} : { protocols: [...protocols] };
      await expectRefused(suite.connect('raw', `/replies/${id}`, options));
      return undefined;
    },
  }),
);

export const opening = [
  ...inGroup('The opening handshake', [...requests, ...protocols]),
  ...inGroup('Refusals', refusals),
  ...inGroup('Wrong answers to the handshake, which must not open', wrongReplies),
];
