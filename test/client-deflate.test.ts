/** permessage-deflate through the whole client (RFC 7692), against a server of raw octets and zlib's own streams. */
import { constants, deflateRawSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connect, type WebSocketClient } from '../src/client.ts';
import { seededRandom } from './support/chopping.ts';
import { MessageInflater } from './support/message-inflater.ts';
import { randomOctets } from './support/octets.ts';
import { type RawPeer, RawServer } from './support/raw-server.ts';

const chat = (count: number): string =>
  JSON.stringify({ event: 'message', text: `This is the message number ${count}, like the others` });

/** A client whose offer got this answer, parameters alone; undefined for none. */
async function open(parameters: string | undefined): Promise<{ client: WebSocketClient; peer: RawPeer }> {
  const server = await RawServer.listen();
  const client = connect(`ws://127.0.0.1:${server.port}/`);
  onTestFinished(() => client.terminate());
  const peer = await server.next();
  const answer = ['permessage-deflate', parameters].filter((part) => part !== '').join('; ');
  await peer.accept(parameters === undefined ? [] : [`Sec-WebSocket-Extensions: ${answer}`]);
  await client.opened;
  return { client, peer };
}

/** The messages that come, as many as that, or up to the end. */
async function received(client: WebSocketClient, count: number): Promise<unknown[]> {
  const messages: unknown[] = [];
  await new Promise<void>((resolve) => {
    client.addEventListener('message', ({ data }) => {
      messages.push(data);
      if (messages.length === count) resolve();
    });
    client.addEventListener('close', () => resolve());
  });
  return messages;
}

/** A frame of a server; RSV1 on what is compressed. */
function frame(first: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  if (length > 0xffff) throw new RangeError('A test frame has up to 65,535 octets.');
  return Buffer.concat([
    length < 126 ? Uint8Array.of(first, length) : Uint8Array.of(first, 126, length >> 8, length & 0xff),
    payload,
  ]);
}

function deflated(message: Uint8Array): Buffer {
  return deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
}

describe('sending', () => {
  it('uses nothing that it has offered and the server has not taken (RFC 6455 §9.1)', async () => {
    const { client, peer } = await open(undefined);
    client.send(chat(1).repeat(100));
    const { rsv1, payload } = await peer.frame();
    expect([rsv1, payload.toString()]).toEqual([false, chat(1).repeat(100)]);
  });

  it.each([
    ['', 15, true],
    ['client_max_window_bits=8', 8, true],
    ['client_max_window_bits=9', 9, true],
    ['client_max_window_bits=12', 12, true],
    ['client_max_window_bits=15', 15, true],
    ['client_no_context_takeover', 15, false],
    ['client_no_context_takeover; client_max_window_bits=10', 10, false],
    ['server_no_context_takeover; server_max_window_bits=9', 15, true],
  ])('keeps to %j', async (parameters, windowBits, takeover) => {
    const { client, peer } = await open(parameters);
    const inflater = new MessageInflater(windowBits, takeover);
    const messages = Array.from({ length: 60 }, (_, count) => chat(count));
    // What comes twice lies further apart than small windows reach.
    messages.push(messages.join(''), `${messages.join('')}${messages.join('')}`, chat(0));
    for (const message of messages) client.send(message);
    let octets = 0;
    for (const message of messages) {
      const { rsv1, opcode, payload } = await peer.frame();
      expect([rsv1, opcode]).toEqual([true, 0x1]);
      expect((await inflater.inflate(payload)).toString() === message).toBe(true);
      octets += payload.length;
    }
    expect(octets).toBeLessThan(messages.join('').length / 1.2);
  });

  it('begins each message anew where nothing may be taken over (§7.2.1)', async () => {
    const { client, peer } = await open('client_no_context_takeover');
    for (let count = 0; count < 3; count++) client.send(chat(1));
    const [first, ...others] = [await peer.frame(), await peer.frame(), await peer.frame()];
    for (const other of others) expect(other.payload).toEqual(first?.payload);
  });

  it('sends Ping and Close as they are, and what is short', async () => {
    const { client, peer } = await open('');
    client.send('short');
    client.ping(Buffer.alloc(125, 'a'));
    client.close(1000, 'a'.repeat(123));
    for (const opcode of [0x1, 0x9, 0x8]) {
      const { rsv1, ...head } = await peer.frame();
      expect([rsv1, head.opcode]).toEqual([false, opcode]);
    }
  });
});

describe('receiving', () => {
  const hello = Buffer.from('f248cdc9c90700', 'hex');

  it('reads the RFC’s examples, whole, in fragments and over the window (§7.2.3)', async () => {
    const { client, peer } = await open('');
    const messages = received(client, 5);
    peer.send(
      frame(0xc1, hello),
      frame(0x81, Buffer.from('plain')),
      frame(0xc1, Buffer.from('f200110000', 'hex')),
      frame(0x41, hello.subarray(0, 3)),
      frame(0x80, hello.subarray(3)),
      frame(0xc1, Buffer.from('000500faff48656c6c6f00', 'hex')),
    );
    expect(await messages).toEqual(['Hello', 'plain', 'Hello', 'Hello', 'Hello']);
  });

  it('holds 32,768 octets where no window was agreed on (§7.2.2)', async () => {
    const { client, peer } = await open('');
    const messages = received(client, 2);
    const octets = randomOctets(32_768, seededRandom(7692));
    // One match of 258 octets from as far back as there is: zlib itself points back 262 octets less.
    peer.send(frame(0xc2, deflated(octets)), frame(0xc2, Buffer.from('1abdff1f00', 'hex')));
    expect(await messages).toEqual(
      [octets, octets.subarray(0, 258)].map((part) => new Uint8Array(part).buffer),
    );
  });

  it('drops the window where the server said that it takes nothing over (§7.2.2)', async () => {
    const { client, peer } = await open('server_no_context_takeover');
    const messages = received(client, 1);
    peer.send(frame(0xc1, hello));
    expect(await messages).toEqual(['Hello']);
    peer.send(frame(0xc1, Buffer.from('f200110000', 'hex')));
    expect((await peer.close()).code).toBe(1007);
  });

  it.each([
    ['RSV1 on a Ping', 1002, frame(0xc9, new Uint8Array(0))],
    [
      'RSV1 on a continuation',
      1002,
      Buffer.concat([frame(0x41, hello.subarray(0, 3)), frame(0xc0, hello.subarray(3))]),
    ],
    ['octets that are no DEFLATE', 1007, frame(0xc2, Buffer.from('ffff', 'hex'))],
    ['text that is no UTF-8 when it is inflated', 1007, frame(0xc1, deflated(Uint8Array.of(0xc0, 0x80)))],
    ['a message that is too long when it is inflated', 1009, frame(0xc2, deflated(new Uint8Array(2 ** 21)))],
  ])('refuses %s with %i', async (_what, code, octets) => {
    const { peer } = await open('');
    peer.send(octets);
    expect((await peer.close()).code).toBe(code);
  });
});
