/** From TCP to a head: limits by address, TLS with certificates that change, and whose connection it is behind proxies. */
import { request as httpsRequest } from 'node:https';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { encodeFrame, Opcode } from '../src/frame.ts';
import type { ServerOptions } from '../src/options.ts';
import { certificate } from './support/certificates.ts';
import { serve } from './support/serving.ts';
import { answer, TcpPeer, upgradeHead } from './support/tcp-peer.ts';

const text = (value: string) => new TextEncoder().encode(value);
const textFrame = (value: string) => Buffer.from(encodeFrame({ opcode: Opcode.text, payload: text(value) }));
const first = certificate('first');
const second = certificate('second');

/** An echo server over TLS. */
const serveTls = (options: ServerOptions = {}) => serve({}, { tls: first, ...options });

async function openTls(port: number, ca = first.cert, path = '/'): Promise<TcpPeer> {
  const peer = await TcpPeer.secure(port, ca);
  await peer.upgrade(port, path);
  return peer;
}

async function echoes(peer: TcpPeer): Promise<boolean> {
  peer.sendFrame({ opcode: Opcode.text, payload: text('echo') });
  return (await peer.take(6)).equals(textFrame('echo'));
}

describe('TLS', () => {
  test('carries a WebSocket from the handshake to the closing, and the request says so', async () => {
    const { port, opened, closed } = await serveTls();
    const peer = await openTls(port, first.cert, '/room');
    const socket = await opened();
    expect([socket.data, socket.request.secure, socket.remoteAddress]).toEqual(['/room', true, '127.0.0.1']);
    expect(await echoes(peer)).toBe(true);
    peer.sendFrame({ opcode: Opcode.close, payload: Uint8Array.of(0x03, 0xe8) });
    expect(await peer.rest()).toEqual(Buffer.from([0x88, 2, 0x03, 0xe8]));
    peer.socket.end();
    expect(await closed()).toMatchObject({ code: 1000, wasClean: true, initiator: 'peer' });
  });

  test('without it the request says that too', async () => {
    const { port, opened } = await serve();
    await TcpPeer.open(port);
    expect((await opened()).request.secure).toBe(false);
  });

  test('large messages go both ways whole', async () => {
    const { port } = await serveTls({ maxMessageLength: 4 * 1024 * 1024 });
    const peer = await openTls(port);
    const payload = new Uint8Array(3_000_000).map((_, index) => index * 7);
    peer.sendFrame({ opcode: Opcode.binary, payload });
    const echo = await peer.take(10 + payload.length);
    expect(echo.subarray(10).equals(payload)).toBe(true);
  });

  test('carries HTTP on the same port', async () => {
    const { port } = await serveTls({
      http: (request, response) => {
        response.end(`${request.url} ${'encrypted' in request.socket && request.socket.encrypted}`);
      },
    });
    const body = await new Promise<string>((resolve, reject) => {
      const request = httpsRequest({ port, host: '127.0.0.1', path: '/page', ca: first.cert }, (response) => {
        let received = '';
        response.setEncoding('utf8').on('data', (part: string) => {
          received += part;
        });
        response.on('end', () => resolve(received));
      });
      request.on('error', reject).end();
    });
    expect(body).toBe('/page true');
  });

  test('a handshake that fails costs nobody else anything, and is counted', async () => {
    const { port, server, errors } = await serveTls();
    expect(server.failedTlsHandshakes).toBe(0);
    const plain = await TcpPeer.connect(port);
    plain.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await plain.ended;
    const leaving = await TcpPeer.connect(port);
    leaving.send(Uint8Array.of(0x16, 0x03, 0x01));
    leaving.socket.resetAndDestroy();
    const ending = await TcpPeer.connect(port);
    ending.send(Uint8Array.of(0x16, 0x03, 0x01));
    ending.socket.end();
    await ending.ended;
    await expect.poll(() => server.failedTlsHandshakes).toBe(3);
    expect(await echoes(await openTls(port))).toBe(true);
    expect(errors).toEqual([]);
  });

  test('a handshake that does not come to its end is cut off with the time for the head', async () => {
    const { port, clock, server } = await serveTls({ headTimeout: 10_000 });
    const silent = await TcpPeer.connect(port);
    const half = await TcpPeer.secure(port, first.cert);
    half.send('GET / HTTP/1.1\r\n');
    await openTls(port);
    clock.advance(9000);
    expect(silent.socket.destroyed).toBe(false);
    clock.advance(1000);
    await silent.ended;
    expect((await half.rest()).toString()).toMatch(/^HTTP\/1\.1 408 /);
    await expect.poll(() => server.failedTlsHandshakes).toBe(1);
    half.socket.end();
  });

  test('speaks HTTP/1.1 to whoever could speak HTTP/2 too, and nothing to whoever could only that', async () => {
    const { port } = await serveTls();
    const negotiate = (ALPNProtocols: string[]) =>
      new Promise<string | false | null>((resolve, reject) => {
        const socket = connectTls({ port, host: '127.0.0.1', ca: first.cert, ALPNProtocols }, () => {
          resolve(socket.alpnProtocol);
          socket.destroy();
        });
        socket.on('error', reject);
      });
    expect(await negotiate(['h2', 'http/1.1'])).toBe('http/1.1');
    await expect(negotiate(['h2'])).rejects.toThrow(/alert/);
  });

  test('a peer that ends its side gets all that waits for it', async () => {
    const { port, opened, closed } = await serveTls({ maxBufferedAmount: 32 * 1024 * 1024 });
    const peer = await openTls(port);
    const socket = await opened();
    peer.socket.pause();
    const part = new Uint8Array(1024 * 1024);
    for (let count = 0; count < 8; count++) socket.send(part);
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    // These wait behind a write that TCP has not taken.
    for (let count = 0; count < 8; count++) socket.send(part);
    peer.socket.end();
    await expect.poll(() => socket.readyState).toBe(3);
    peer.socket.resume();
    await peer.take(16 * (10 + part.length));
    expect(await peer.ended).toBe(true);
    expect(await closed()).toMatchObject({ code: 1006, initiator: 'network' });
  });

  test('a new certificate is for new connections; one that does not work leaves the old one', async () => {
    const { port, server } = await serveTls();
    const before = await openTls(port);
    server.setCertificate(second);
    await expect(TcpPeer.secure(port, first.cert)).rejects.toThrow();
    const after = await openTls(port, second.cert);
    expect(() => server.setCertificate({ key: first.key, cert: second.cert })).toThrow(/key values mismatch/);
    expect(() => server.setCertificate({ key: 'none', cert: 'none' })).toThrow();
    expect(() => server.setCertificate({ key: undefined, cert: undefined })).toThrow(/a key and a cert/);
    for (const peer of [before, after, await openTls(port, second.cert)])
      expect(await echoes(peer)).toBe(true);
  });

  test('a certificate that does not work is an error when the server is made', async () => {
    await expect(serve({}, { tls: { key: first.key, cert: second.cert } })).rejects.toThrow(/mismatch/);
  });

  test('a server without TLS has no certificate to change', async () => {
    const { server } = await serve();
    expect(() => server.setCertificate(first)).toThrow(/speaks no TLS/);
    expect(server.failedTlsHandshakes).toBe(0);
  });

  test('clients may have to have a certificate of their own', async () => {
    const { port } = await serveTls({ tls: { ...first, requestCert: true, ca: second.cert } });
    const open = (own: object) =>
      new Promise<TLSSocket>((resolve, reject) => {
        const socket = connectTls({ port, host: '127.0.0.1', ca: first.cert, ...own });
        // TLS 1.3 tells only afterwards that the certificate is missing.
        socket.once('error', reject);
        socket.once('close', () => reject(new Error('closed')));
        socket.write(upgradeHead(port));
        socket.once('data', () => resolve(socket));
      });
    await expect(open({})).rejects.toThrow();
    await expect(open({ ...first })).rejects.toThrow();
    (await open({ ...second })).destroy();
  });

  test('over a limit there is no answer that could be read', async () => {
    const { port } = await serveTls({ maxConnections: 1 });
    const peer = await openTls(port);
    const other = await TcpPeer.connect(port);
    expect((await other.rest()).length).toBe(0);
    expect(await echoes(peer)).toBe(true);
  });
});

describe('the client’s address behind trusted proxies', () => {
  const trustedProxies = ['127.0.0.1', '10.0.0.0/8'];
  const addresses = async (options: ServerOptions, fields: readonly string[]) => {
    const { port, opened } = await serve({}, options);
    const peer = await TcpPeer.open(port, '/', fields);
    const { remoteAddress, request } = await opened();
    peer.destroy();
    expect(request.remoteAddress).toBe(remoteAddress);
    return remoteAddress;
  };

  test('is what they say, up to the first one that is not trusted', async () => {
    const field = ['X-Forwarded-For: 198.51.100.9, 203.0.113.7, 10.1.1.1'];
    expect(await addresses({ trustedProxies }, field)).toBe('203.0.113.7');
    expect(await addresses({}, field)).toBe('127.0.0.1');
    const forwarded = ['Forwarded: for="[2001:db8::1]:443"'];
    expect(await addresses({ trustedProxies, forwardingField: 'forwarded' }, forwarded)).toBe('2001:db8::1');
    expect(await addresses({ trustedProxies }, forwarded)).toBe('127.0.0.1');
  });

  test('counts for the limit: a proxy may have any number, a client behind it not', async () => {
    const { port } = await serve({}, { trustedProxies, maxConnectionsPerAddress: 2 });
    const by = (address: string) => [`X-Forwarded-For: ${address}`];
    const open = [
      await TcpPeer.open(port, '/', by('192.0.2.1')),
      await TcpPeer.open(port, '/', by('192.0.2.1')),
      await TcpPeer.open(port, '/', by('192.0.2.2')),
      await TcpPeer.open(port, '/', by('192.0.2.3')),
    ];
    const refused = await answer(port, upgradeHead(port, '/', by('192.0.2.1')));
    expect(refused).toMatch(/^HTTP\/1\.1 503 /);
    expect(refused).toContain('Your address has as many connections as one may have.');
    open[0]?.socket.resetAndDestroy();
    await expect
      .poll(() =>
        TcpPeer.open(port, '/', by('192.0.2.1')).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });

  test('is known to the listener of plain requests', async () => {
    const { port, server } = await serve(
      {},
      { trustedProxies, http: (request, response) => void response.end(server.addressOf(request)) },
    );
    const headers = { 'X-Forwarded-For': '203.0.113.7' };
    expect(await (await fetch(`http://127.0.0.1:${port}/`, { headers })).text()).toBe('203.0.113.7');
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('127.0.0.1');
  });
});

describe('a PROXY header', () => {
  const options = { trustedProxies: ['127.0.0.1'], proxyProtocol: true } as const;
  const line = 'PROXY TCP4 203.0.113.7 192.0.2.1 51000 443\r\n';
  const version2 = Buffer.from('0d0a0d0a000d0a515549540a2111000ccb007107c0000201c73801bb', 'hex');

  test.each([
    ['version 1', Buffer.from(line)],
    ['version 2', version2],
  ])('of %s says whose connection it is, cut anywhere', async (_, header) => {
    const { port, opened } = await serve({}, options);
    for (const pieces of [[header], [...header].map((octet) => Uint8Array.of(octet))]) {
      const peer = await TcpPeer.connect(port);
      for (const piece of pieces) {
        peer.send(piece);
        await new Promise(setImmediate);
      }
      await peer.upgrade(port);
      expect((await opened()).remoteAddress).toBe('203.0.113.7');
      expect(await echoes(peer)).toBe(true);
    }
  });

  test('may come in one packet with the head and the first frame', async () => {
    const { port, opened } = await serve({}, options);
    const peer = await TcpPeer.connect(port);
    const early = encodeFrame({ opcode: Opcode.text, payload: text('early'), maskingKey: 5 });
    peer.send(Buffer.concat([Buffer.from(line), Buffer.from(upgradeHead(port)), early]));
    await peer.head();
    expect(await peer.take(7)).toEqual(textFrame('early'));
    expect((await opened()).remoteAddress).toBe('203.0.113.7');
  });

  test('comes before TLS, also in one packet with its first octets', async () => {
    const { port, opened } = await serve({}, { ...options, tls: first });
    for (const together of [false, true]) {
      const tcp = (await TcpPeer.connect(port)).socket;
      if (together) tcp.cork();
      tcp.write(line);
      if (together) setImmediate(() => tcp.uncork());
      const peer = await TcpPeer.securely(tcp, first.cert);
      await peer.upgrade(port);
      const socket = await opened();
      expect([socket.remoteAddress, socket.request.secure]).toEqual(['203.0.113.7', true]);
      expect(await echoes(peer)).toBe(true);
    }
  });

  test('serves plain requests as well, and the listener learns the address', async () => {
    const { port, server } = await serve(
      {},
      { ...options, http: (request, response) => void response.end(server.addressOf(request)) },
    );
    const peer = await TcpPeer.connect(port);
    peer.send(`${line}GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect((await peer.rest()).toString()).toMatch(/\r\n\r\n203\.0\.113\.7$/);
    peer.socket.end();
  });

  test('that names nobody leaves the proxy’s address', async () => {
    const { port, opened } = await serve({}, options);
    const peer = await TcpPeer.connect(port);
    peer.send('PROXY UNKNOWN\r\n');
    await peer.upgrade(port);
    expect((await opened()).remoteAddress).toBe('127.0.0.1');
  });

  test('counts the client, and not the proxy', async () => {
    const { port } = await serve({}, { ...options, maxConnectionsPerAddress: 1 });
    const connect = async (header: string) => {
      const peer = await TcpPeer.connect(port);
      peer.send(`${header}${upgradeHead(port)}`);
      return (await peer.head()).slice(9, 12);
    };
    const from = (address: string) => `PROXY TCP4 ${address} 192.0.2.1 51000 443\r\n`;
    expect(await connect(from('203.0.113.1'))).toBe('101');
    expect(await connect(from('203.0.113.2'))).toBe('101');
    expect(await connect(from('203.0.113.1'))).toBe('503');
  });

  test('must come from a trusted proxy, within the time for the head', async () => {
    const { port, clock } = await serve({}, options);
    expect(await answer(port, upgradeHead(port))).toMatch(/^HTTP\/1\.1 400 /);
    const silent = await TcpPeer.connect(port);
    const other = await TcpPeer.connect(port);
    other.send(line);
    await other.upgrade(port);
    clock.advance(10_000);
    expect((await silent.rest()).length).toBe(0);
    const leaving = await TcpPeer.connect(port);
    leaving.send('PROXY TCP4');
    leaving.socket.end();
    await leaving.ended;
  });

  test('over TLS a proxy without one is cut off', async () => {
    const { port } = await serve({}, { ...options, tls: first });
    await expect(TcpPeer.secure(port, first.cert)).rejects.toThrow();
  });

  test('is refused from anybody else', async () => {
    const other = { trustedProxies: ['192.0.2.1'], proxyProtocol: true } as const;
    const { port, opened, server } = await serve({}, other);
    for (const header of [Buffer.from(line), version2]) {
      const peer = await TcpPeer.connect(port);
      peer.send(Buffer.concat([header, Buffer.from(upgradeHead(port))]));
      expect((await peer.rest()).toString('latin1')).toMatch(/^HTTP\/1\.1 400 /);
      peer.socket.end();
    }
    expect(server.sockets.size).toBe(0);
    await TcpPeer.open(port);
    expect((await opened()).remoteAddress).toBe('127.0.0.1');
  });
});
