/** Everything that can keep a client's WebSocket from opening: the error says it in words, and TCP is gone. */
import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import { connect as connectTcp, getDefaultAutoSelectFamily, setDefaultAutoSelectFamily } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type ClientAddress, parseAddress } from '../src/client-address.ts';
import { ClientHandshake, type OpenedConnection } from '../src/client-handshake.ts';
import { type ConnectOptions, resolveConnectOptions } from '../src/client-options.ts';
import { HandshakeError } from '../src/handshake-error.ts';
import { HandshakeQueue } from '../src/handshake-queue.ts';
import { RefusalBody } from '../src/refusal-body.ts';
import { certificate } from './support/certificates.ts';
import { type ManualClock, manualClock } from './support/manual-clock.ts';
import {
  acceptFor,
  type RawPeer,
  RawServer,
  type ReceivedRequest,
  switchingHead,
} from './support/raw-server.ts';

/** What the next name means; undefined: what it does mean. */
const names = vi.hoisted((): { next: readonly string[] | undefined } => ({ next: undefined }));
vi.mock('node:dns', async (importActual) => {
  const actual = await importActual<typeof import('node:dns')>();
  return { ...actual, lookup: lookUp };

  function lookUp(
    name: string,
    options: LookupAllOptions,
    callback: (error: Error | null, addresses: LookupAddress[]) => void,
  ): void {
    const addresses = names.next?.map((address) => ({ address, family: 4 }));
    names.next = undefined;
    if (addresses === undefined) actual.lookup(name, options, callback);
    else setImmediate(callback, null, addresses);
  }
});

type Outcome = OpenedConnection | HandshakeError;

function begin(
  address: ClientAddress,
  options: ConnectOptions = {},
): { handshake: ClientHandshake; outcome: Promise<Outcome> } {
  let settle: (outcome: Outcome) => void = () => {};
  let count = 0;
  const outcome = new Promise<Outcome>((resolve) => {
    settle = (value) => {
      count++;
      expect(count).toBe(1);
      resolve(value);
    };
  });
  const handshake = new ClientHandshake(
    address,
    resolveConnectOptions({ clock: manualClock(), ...options }),
    {
      opened: settle,
      failed: settle,
    },
  );
  return { handshake, outcome };
}

/** Lets a server answer the request as it likes. */
async function answered(
  answer: (peer: RawPeer, request: ReceivedRequest) => unknown,
  options: ConnectOptions = {},
): Promise<{ outcome: Outcome; peer: RawPeer; port: number }> {
  const server = await RawServer.listen();
  const { outcome } = begin(parseAddress(`ws://127.0.0.1:${server.port}/`), options);
  const peer = await server.next();
  await answer(peer, await peer.request());
  return { outcome: await outcome, peer, port: server.port };
}

/** The same for answers that must be refused. */
async function refused(
  answer: (peer: RawPeer, request: ReceivedRequest) => unknown,
  options: ConnectOptions = {},
): Promise<HandshakeError> {
  const { outcome, peer } = await answered(answer, options);
  // Nothing is said to a server whose answer was wrong (RFC 6455 §4.1).
  expect(await peer.rest()).toHaveLength(0);
  if (!(outcome instanceof HandshakeError)) throw new Error('It was opened.');
  expect(outcome.explanation).toMatch(/\.$|…$|:/);
  return outcome;
}

async function opened(
  answer: (peer: RawPeer, request: ReceivedRequest) => unknown,
  options: ConnectOptions = {},
): Promise<OpenedConnection> {
  const { outcome } = await answered(answer, options);
  if (outcome instanceof HandshakeError) throw outcome;
  outcome.tcp.destroy();
  return outcome;
}

const send = (octets: string) => (peer: RawPeer) => peer.send(octets);
const item = (number: number) => `RFC 6455 §4.1 response item ${number}`;

describe('a 101 that is no answer to the request', () => {
  const good = (request: ReceivedRequest) => ({
    upgrade: 'Upgrade: websocket',
    connection: 'Connection: Upgrade',
    accept: `Sec-WebSocket-Accept: ${acceptFor(request)}`,
  });
  type Lines = Record<string, string | undefined>;

  it.each<[string, (lines: ReturnType<typeof good>) => Lines, string]>([
    ['without Upgrade', (lines) => ({ ...lines, upgrade: undefined }), item(2)],
    ['with another Upgrade', (lines) => ({ ...lines, upgrade: 'Upgrade: h2c' }), item(2)],
    ['with two upgrades', (lines) => ({ ...lines, upgrade: 'Upgrade: websocket, h2c' }), item(2)],
    ['without Connection', (lines) => ({ ...lines, connection: undefined }), item(3)],
    ['with another Connection', (lines) => ({ ...lines, connection: 'Connection: keep-alive' }), item(3)],
    ['without Sec-WebSocket-Accept', (lines) => ({ ...lines, accept: undefined }), item(4)],
    [
      'with the accept of the RFC’s example',
      (lines) => ({ ...lines, accept: 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }),
      item(4),
    ],
    [
      'with an accept in another case',
      (lines) => ({ ...lines, accept: lines.accept.toLowerCase() }),
      item(4),
    ],
    [
      'with two accepts',
      (lines) => ({ ...lines, accept: `${lines.accept}\r\n${lines.accept}` }),
      'RFC 6455 §11.3.3',
    ],
    [
      'with an extension that was not offered',
      (lines) => ({ ...lines, more: 'Sec-WebSocket-Extensions: permessage-bzip2' }),
      item(5),
    ],
    [
      'with extensions that the grammar does not allow',
      (lines) => ({ ...lines, more: 'Sec-WebSocket-Extensions: a b' }),
      'RFC 6455 §9.1',
    ],
    [
      'with permessage-deflate twice',
      (lines) => ({ ...lines, more: 'Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate' }),
      'RFC 6455 §9.1',
    ],
    [
      'with permessage-deflate on two lines',
      (lines) => ({
        ...lines,
        more: 'Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Extensions: permessage-deflate',
      }),
      'RFC 6455 §9.1',
    ],
    [
      'with an unknown parameter of permessage-deflate',
      (lines) => ({ ...lines, more: 'Sec-WebSocket-Extensions: permessage-deflate; level=9' }),
      'RFC 7692 §7',
    ],
    [
      'with a window that no LZ77 has',
      (lines) => ({
        ...lines,
        more: 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16',
      }),
      'RFC 7692 §7.1.2.1',
    ],
    [
      'with a subprotocol that was not offered',
      (lines) => ({ ...lines, more: 'Sec-WebSocket-Protocol: superchat' }),
      item(6),
    ],
    [
      'with two subprotocols',
      (lines) => ({ ...lines, more: 'Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat' }),
      'RFC 6455 §11.3.4',
    ],
  ])('%s', async (_what, change, section) => {
    const error = await refused(
      (peer, request) => {
        const lines = Object.values(change(good(request))).filter((line) => line !== undefined);
        peer.send(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
      },
      { protocols: ['chat'] },
    );
    expect(error).toMatchObject({ section, code: 1006, initiator: 'us', response: undefined });
    expect(error.message).toBe(`${error.explanation} (${section})`);
    expect(error.cause).toMatchObject({ name: 'HttpError', section });
  });

  it('with an extension, where none was offered', async () => {
    const error = await refused(
      (peer, request) =>
        peer.send(switchingHead(acceptFor(request), ['Sec-WebSocket-Extensions: permessage-deflate'])),
      { deflate: false },
    );
    expect(error.section).toBe(item(5));
  });

  it('that leaves out what was asked for', async () => {
    const error = await refused(
      (peer, request) =>
        peer.send(switchingHead(acceptFor(request), ['Sec-WebSocket-Extensions: permessage-deflate'])),
      { deflate: { serverNoContextTakeover: true } },
    );
    expect(error.section).toBe('RFC 7692 §7.1.1.1');
  });
});

describe('a 101 that is one', () => {
  it('tells what was agreed on, and keeps the octets behind the head', async () => {
    const { protocol, extensions, agreement, rest } = await opened(
      (peer, request) =>
        peer.send(
          switchingHead(acceptFor(request), [
            'Sec-WebSocket-Protocol: chat',
            'Sec-WebSocket-Extensions: permessage-deflate ; client_max_window_bits="10"; server_no_context_takeover',
          ]),
          Uint8Array.of(0x81, 0x00),
        ),
      { protocols: ['other', 'chat'] },
    );
    expect({ protocol, extensions, agreement }).toEqual({
      protocol: 'chat',
      extensions: 'permessage-deflate; client_max_window_bits=10; server_no_context_takeover',
      agreement: {
        serverNoContextTakeover: true,
        clientNoContextTakeover: false,
        serverMaxWindowBits: 15,
        clientMaxWindowBits: 10,
      },
    });
    expect([...rest]).toEqual([0x81, 0x00]);
  });

  it('is found in any case and among other fields, and after interim responses', async () => {
    const { protocol, agreement } = await opened((peer, request) =>
      peer.send(
        'HTTP/1.1 100 Continue\r\n\r\n',
        'HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n',
        'HTTP/1.1 101 \r\nServer: x\r\nUPGRADE: WebSocket\r\nconnection: keep-alive, UPGRADE\r\n',
        `sec-websocket-accept:${acceptFor(request)}\r\n\r\n`,
      ),
    );
    expect({ protocol, agreement }).toEqual({ protocol: '', agreement: undefined });
  });

  it('leaves no listener on the connection', async () => {
    const { tcp } = await opened((peer, request) => peer.send(switchingHead(acceptFor(request))));
    for (const name of ['data', 'connect', 'timeout']) expect(tcp.listenerCount(name)).toBe(0);
  });
});

describe('an answer that is no 101', () => {
  it.each([
    [
      'a redirect',
      'HTTP/1.1 302 Found\r\nLocation: https://example.com/login?next=%2F\r\nContent-Length: 0\r\n\r\n',
      'The server answered 302 to https://example.com/login?next=%2F; redirects are not followed.',
    ],
    [
      'a redirect to a path',
      'HTTP/1.1 308 Permanent Redirect\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n',
      'The server answered 308 to /other; redirects are not followed.',
    ],
    [
      'a redirect to nowhere',
      'HTTP/1.1 301 Moved Permanently\r\nContent-Length: 0\r\n\r\n',
      'The server answered 301 Moved Permanently, not 101: it opens no WebSocket at this address.',
    ],
    [
      'a page',
      'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<h1>Hi</h1>\r\n',
      'The server answered 200 OK, not 101: it opens no WebSocket at this address.',
    ],
    [
      'a refusal in words',
      'HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 21\r\n\r\nPages of x\r\nmay not. \n',
      'The server answered 403 Forbidden: Pages of x may not.',
    ],
    [
      'a refusal in JSON and in chunks',
      'HTTP/1.1 401 Unauthorized\r\nContent-Type: application/problem+json\r\nTransfer-Encoding: chunked\r\n\r\n' +
        '9\r\n{"title":\r\na;x=y\r\n"no token"\r\n1\r\n}\r\n0\r\n\r\n',
      'The server answered 401 Unauthorized: {"title":"no token"}',
    ],
    [
      'no content',
      'HTTP/1.1 204 No Content\r\n\r\n',
      'The server answered 204 No Content, not 101: it opens no WebSocket at this address.',
    ],
    [
      'a status that is none (RFC 9110 §15)',
      'HTTP/1.1 099 Soon\r\nContent-Length: 0\r\n\r\n',
      'The server answered 99 Soon, not 101: it opens no WebSocket at this address.',
    ],
    [
      'a status without a reason, of HTTP/1.0',
      'HTTP/1.0 503 \r\nContent-Length: 0\r\n\r\n',
      'The server answered 503, not 101: it opens no WebSocket at this address.',
    ],
  ])('%s', async (_what, octets, explanation) => {
    const error = await refused(send(octets));
    expect(error).toMatchObject({ explanation, message: explanation, code: 1006, initiator: 'peer' });
    expect(error.section).toBeUndefined();
  });

  it('is given as a value too', async () => {
    const error = await refused(
      send('HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 5\r\n\r\nLater'),
    );
    expect(error.response).toEqual({
      status: 503,
      headers: new Map([
        ['retry-after', '7'],
        ['x-a', '1, 2'],
        ['content-length', '5'],
      ]),
      words: 'Later',
    });
  });

  /** Waits until a client has read words that end so. */
  function wordsReceived(end: string): Promise<void> {
    return new Promise((resolve) => {
      const { receive } = RefusalBody.prototype;
      const spy = vi.spyOn(RefusalBody.prototype, 'receive').mockImplementation(function (
        this: RefusalBody,
        chunk,
      ) {
        receive.call(this, chunk);
        if (this.words.endsWith(end)) resolve();
      });
      onTestFinished(() => spy.mockRestore());
    });
  }

  it.each([
    ['ends with TCP', (peer: RawPeer) => peer.end()],
    ['is cut by a reset', (peer: RawPeer) => peer.reset()],
    ['never ends, when the time is up', (_peer: RawPeer, clock: ManualClock) => clock.advance(10_000)],
  ])('whose body %s', async (_how, finish) => {
    const clock = manualClock();
    const server = await RawServer.listen();
    const received = wordsReceived('words');
    const { outcome } = begin(parseAddress(`ws://127.0.0.1:${server.port}/`), { clock });
    const peer = await server.next();
    await peer.request();
    peer.send('HTTP/1.1 500 Oops\r\n\r\nThe first words');
    await received;
    finish(peer, clock);
    expect(await outcome).toMatchObject({
      message: 'The server answered 500 Oops: The first words',
      response: { status: 500 },
    });
  });

  it('whose body is long is cut short', async () => {
    const error = await refused(send(`HTTP/1.1 500 Oops\r\n\r\n${'a'.repeat(100_000)}`));
    expect(error.message).toBe(`The server answered 500 Oops: ${'a'.repeat(199)}…`);
  });
});

describe('no HTTP', () => {
  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', 'RFC 9112 §4'],
    ['binary', '\x15\x03\x01\x00\x02\x02\x46', 'RFC 9110 §5.5'],
    ['lines that end in LF', 'HTTP/1.1 101 x\n\n', 'RFC 9112 §2.2'],
    ['another HTTP', 'HTTP/2.0 200 OK\r\n\r\n', 'RFC 9112 §2.3'],
    ['a field that is none', 'HTTP/1.1 101 x\r\nno colon\r\n\r\n', 'RFC 9112 §5'],
    ['too many fields', `HTTP/1.1 101 x\r\n${'a: b\r\n'.repeat(101)}\r\n`, 'RFC 6585 §5'],
    ['a head without an end', `HTTP/1.1 101 x\r\na: ${'b'.repeat(16_384)}`, 'RFC 6585 §5'],
    ['a first line without an end', 'HTTP/1.1 101 '.padEnd(8200, 'x'), 'RFC 9112 §3'],
    [
      'a length that stands twice',
      'HTTP/1.1 403 x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n',
      'RFC 9110 §5.3',
    ],
  ])('%s', async (_what, octets, section) => {
    const error = await refused(send(octets));
    expect(error).toMatchObject({ section, initiator: 'us', code: 1006 });
  });
});

describe('no connection', () => {
  async function failure(url: string, options: ConnectOptions = {}): Promise<HandshakeError> {
    const outcome = await begin(parseAddress(url), options).outcome;
    if (!(outcome instanceof HandshakeError)) throw new Error('It was opened.');
    return outcome;
  }

  it('nobody listens', async () => {
    const server = await RawServer.listen();
    const { port } = server;
    await server.stop();
    const error = await failure(`ws://127.0.0.1:${port}/`);
    expect(error).toMatchObject({
      message: `Nobody listens at 127.0.0.1:${port}: the connection was refused (ECONNREFUSED).`,
      initiator: 'network',
      code: 1006,
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('the name is not known', async () => {
    const error = await failure('ws://nobody.invalid/');
    expect(error.message).toMatch(/^The name nobody\.invalid (?:is not known|could not be looked up)/);
    expect(error.cause).toMatchObject({ syscall: 'getaddrinfo' });
  });

  it.each([
    ['before the answer', ''],
    ['in the middle of the answer', 'HTTP/1.1 101 Switching Pro'],
  ])('the server ends TCP %s', async (_when, octets) => {
    const { outcome, port } = await answered((peer) => {
      if (octets !== '') peer.send(octets);
      peer.end();
    });
    expect(outcome).toMatchObject({
      message: `127.0.0.1:${port} ended the connection before it had answered the request.`,
      initiator: 'network',
    });
  });

  it('the server resets TCP', async () => {
    const { outcome, port } = await answered((peer) => peer.reset());
    expect(outcome).toMatchObject({
      message: `127.0.0.1:${port} cut the connection before it had answered the request (ECONNRESET).`,
      initiator: 'network',
      cause: { code: 'ECONNRESET' },
    });
  });

  it('the certificate is for another name', async () => {
    const server = await RawServer.listen(certificate('first'));
    const tls = { ca: certificate('first').cert, servername: 'example.com' };
    const error = await failure(`wss://127.0.0.1:${server.port}/`, { tls });
    expect(error).toMatchObject({
      message: `The certificate of 127.0.0.1:${server.port} is for another name (ERR_TLS_CERT_ALTNAME_INVALID).`,
      initiator: 'us',
      code: 1015,
    });
  });

  it('it is given up: the first error counts, and is told when TCP is gone', async () => {
    const server = await RawServer.listen();
    const { handshake, outcome } = begin(parseAddress(`ws://127.0.0.1:${server.port}/`));
    const peer = await server.next();
    const first = new HandshakeError({ explanation: 'The first.', initiator: 'us' });
    handshake.fail(first);
    handshake.fail(new HandshakeError({ explanation: 'The second.', initiator: 'us' }));
    expect(await outcome).toBe(first);
    await peer.rest();
  });
});

describe('one host has one handshake under way (RFC 6455 §4.1)', () => {
  /** Sees who enters the queue: from then on a client that does not wait would be connecting. */
  function enteringQueue() {
    const { enter } = HandshakeQueue.prototype;
    let wake = (): void => {};
    const keys: (readonly string[])[] = [];
    const spy = vi.spyOn(HandshakeQueue.prototype, 'enter').mockImplementation(function (
      this: HandshakeQueue,
      names,
      start,
    ) {
      keys.push(names);
      const leave = enter.call(this, names, start);
      wake();
      return leave;
    });
    onTestFinished(() => spy.mockRestore());
    return {
      keys,
      async entered(count: number): Promise<void> {
        while (keys.length < count) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
    };
  }

  /** A connection of the test's own: whatever has begun to connect before it is accepted before it. */
  async function knock(server: RawServer): Promise<RawPeer> {
    const tcp = connectTcp(server.port, '127.0.0.1', () => tcp.write('knock\r\n\r\n'));
    onTestFinished(() => void tcp.destroy());
    const peer = await server.next();
    expect((await peer.request()).line).toBe('knock');
    return peer;
  }

  const close = (outcome: Outcome): void => {
    if (outcome instanceof HandshakeError) throw outcome;
    outcome.tcp.destroy();
  };

  it.each<[string, (peer: RawPeer) => Promise<unknown>]>([
    ['is open', (peer) => peer.accept()],
    [
      'was refused',
      async (peer) => {
        await peer.request();
        peer.send('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n');
      },
    ],
    ['has lost TCP', async (peer) => peer.reset()],
    ['is cut off', async (peer) => peer.end()],
  ])('the second begins to connect when the first %s', async (_what, finish) => {
    const server = await RawServer.listen();
    const address = parseAddress(`ws://127.0.0.1:${server.port}/`);
    const first = begin(address);
    const second = begin(address);
    const peer = await server.next();
    await knock(server);
    await finish(peer);
    const secondPeer = await server.next();
    await secondPeer.accept();
    close(await second.outcome);
    const outcome = await first.outcome;
    if (!(outcome instanceof HandshakeError)) outcome.tcp.destroy();
  });

  it('the first of all is connecting at once', async () => {
    const server = await RawServer.listen();
    const { outcome } = begin(parseAddress(`ws://127.0.0.1:${server.port}/`));
    const tcp = connectTcp(server.port, '127.0.0.1');
    onTestFinished(() => void tcp.destroy());
    await (await server.next()).accept();
    close(await outcome);
  });

  it('however it is called', async () => {
    const server = await RawServer.listen();
    const queue = enteringQueue();
    const first = begin(parseAddress(`ws://127.0.0.1:${server.port}/`));
    const peer = await server.next();
    const others = ['localhost', '[::ffff:127.0.0.1]', '0177.1'].map((host) =>
      begin(parseAddress(`ws://${host}:${server.port}/`)),
    );
    await queue.entered(4);
    for (const keys of queue.keys) expect(keys).toContain(`127.0.0.1 ${server.port}`);
    await knock(server);
    const given = new HandshakeError({ explanation: 'Enough.', initiator: 'us' });
    for (const { handshake, outcome } of others.slice(1)) {
      handshake.fail(given);
      expect(await outcome).toBe(given);
    }
    await peer.accept();
    close(await first.outcome);
    await (await server.next()).accept();
    const [byName] = others;
    if (byName !== undefined) close(await byName.outcome);
  });

  it('other ports are other hosts', async () => {
    const [one, other] = [await RawServer.listen(), await RawServer.listen()];
    const waiting = begin(parseAddress(`ws://127.0.0.1:${one.port}/`));
    const { outcome } = begin(parseAddress(`ws://127.0.0.1:${other.port}/`));
    await (await other.next()).accept();
    close(await outcome);
    await (await one.next()).accept();
    close(await waiting.outcome);
  });

  it('who gives up while waiting is told so later, once, and has sent nothing', async () => {
    const server = await RawServer.listen();
    const address = parseAddress(`ws://127.0.0.1:${server.port}/`);
    const [first, second, third] = [begin(address), begin(address), begin(address)];
    await server.next();
    const failed = vi.fn();
    void second.outcome.then(failed);
    const reason = new HandshakeError({ explanation: 'The first.', initiator: 'us' });
    // From within an immediate the end of TCP is told before the next one runs.
    await new Promise((resolve) => setImmediate(resolve));
    second.handshake.fail(reason);
    second.handshake.fail(new HandshakeError({ explanation: 'The second.', initiator: 'us' }));
    // The turn that comes now is the third's, though nobody has been told yet.
    first.handshake.fail(reason);
    await Promise.resolve();
    expect(failed).not.toHaveBeenCalled();
    await (await server.next()).accept();
    close(await third.outcome);
    expect([await first.outcome, await second.outcome]).toEqual([reason, reason]);
    await knock(server);
  });

  it('the time runs while one waits, and the error says so', async () => {
    const server = await RawServer.listen();
    const address = parseAddress(`ws://127.0.0.1:${server.port}/`);
    const first = begin(address);
    const clock = manualClock();
    const second = begin(address, { clock, handshakeTimeout: 500 });
    clock.advance(500);
    expect(await second.outcome).toMatchObject({
      message: `The WebSocket to 127.0.0.1:${server.port} was not opened within 500 ms: an earlier one to it was still under way.`,
      initiator: 'us',
      code: 1006,
    });
    await (await server.next()).accept();
    close(await first.outcome);
    await knock(server);
  });

  it('who gives up before the name is known never stands in the queue', async () => {
    const queue = enteringQueue();
    const { handshake, outcome } = begin(parseAddress('ws://localhost:1/'));
    const reason = new HandshakeError({ explanation: 'Enough.', initiator: 'us' });
    handshake.fail(reason);
    expect(await outcome).toBe(reason);
    // Whoever asks later for the same name hears of it later.
    await new Promise((resolve) => lookup('localhost', { all: true }, resolve));
    expect(queue.keys).toEqual([]);
  });

  it('a thousand come one after the other', async () => {
    const server = await RawServer.listen();
    const address = parseAddress(`ws://127.0.0.1:${server.port}/`);
    const outcomes = Array.from({ length: 1000 }, () => begin(address).outcome);
    let opened = 0;
    for (const outcome of outcomes) void outcome.then(() => opened++);
    for (let count = 0; count < outcomes.length; count++) {
      const peer = await server.next();
      expect(opened).toBe(count);
      await peer.accept();
      const outcome = await outcomes[count];
      if (outcome !== undefined) close(outcome);
    }
  });

  it('certificates and names that cannot be read are told at the call, whoever waits', async () => {
    const server = await RawServer.listen();
    const first = begin(parseAddress(`ws://127.0.0.1:${server.port}/`));
    const secure = parseAddress(`wss://127.0.0.1:${server.port}/`);
    expect(() => begin(secure, { tls: { ca: 'no certificate' } })).not.toThrow();
    expect(() => begin(secure, { tls: { cert: 'no certificate' } })).toThrow(/PEM/i);
    const servername: string = JSON.parse('5');
    expect(() => begin(secure, { tls: { servername } })).toThrow(
      new TypeError('tls.servername is 5; it takes a name.'),
    );
    await (await server.next()).accept();
    close(await first.outcome);
  });
});

describe('a name', () => {
  it.each([true, false])(
    'of several addresses is called at one that answers; whether Node tries them all: %s',
    async (all) => {
      const server = await RawServer.listen();
      const before = getDefaultAutoSelectFamily();
      setDefaultAutoSelectFamily(all);
      onTestFinished(() => setDefaultAutoSelectFamily(before));
      names.next = all ? ['127.0.0.2', '127.0.0.1'] : ['127.0.0.1', '127.0.0.2'];
      const { outcome } = begin(parseAddress(`ws://example.com:${server.port}/`));
      const { fields } = await (await server.next()).accept();
      expect(fields.get('host')).toEqual([`example.com:${server.port}`]);
      const connection = await outcome;
      if (connection instanceof HandshakeError) throw connection;
      connection.tcp.destroy();
    },
  );

  it('is told to TLS without a dot at its end (RFC 6066 §3)', async () => {
    const server = await RawServer.listen(certificate('first'));
    names.next = ['127.0.0.1'];
    const { outcome } = begin(parseAddress(`wss://localhost.:${server.port}/`), {
      tls: { ca: certificate('first').cert },
    });
    const peer = await server.next();
    await peer.accept();
    expect(peer.serverName).toBe('localhost');
    const connection = await outcome;
    if (connection instanceof HandshakeError) throw connection;
    connection.tcp.destroy();
  });
});
