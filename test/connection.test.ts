/** One connection of either role: control frames, the closing handshake, failing, and what is sent (RFC 6455 §5.5, §6, §7). */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Close, encodeClosePayload } from '../src/close.ts';
import {
  Connection,
  type ConnectionDeflate,
  type ConnectionEvents,
  type ConnectionOptions,
  ReadyState,
  type Role,
} from '../src/connection.ts';
import { DeflateWindow, inflate } from '../src/deflate.ts';
import { decodeFrameHeader, encodeFrame, type Frame, type FrameHeader, Opcode } from '../src/frame.ts';
import { applyMask } from '../src/mask.ts';
import { PreparedMessage } from '../src/prepared-message.ts';
import { forEachChopping, seededRandom } from './support/chopping.ts';
import { exampleFrames } from './support/frame-vectors.ts';
import { concat, countedOctets, hex, randomOctets, utf8 } from './support/octets.ts';

const seed = 0x7_01;
const roles: readonly Role[] = ['server', 'client'];
/** The key of every frame from a client here, peer or not: the one of the RFC's examples. */
const key = 0x37fa213d;

type Event =
  | readonly ['message', string | Uint8Array]
  | readonly ['ping' | 'pong', Uint8Array]
  | readonly ['close', Close];

/** A connection, the log of its events, and the octets it wants written. */
class End {
  readonly connection: Connection;
  readonly events: Event[] = [];
  readonly sink: ConnectionEvents = {
    message: (data) => this.events.push(['message', data]),
    ping: (payload) => this.events.push(['ping', Uint8Array.from(payload)]),
    pong: (payload) => this.events.push(['pong', Uint8Array.from(payload)]),
    closeReceived: (close) => this.events.push(['close', close]),
  };

  constructor(role: Role, options: ConnectionOptions = {}) {
    this.connection = new Connection(
      role,
      role === 'client' ? { maskingKey: () => key, ...options } : options,
    );
  }

  receive(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.connection.receive(chunk.slice(), this.sink);
  }

  take(): { readonly bytes: Uint8Array; readonly end: boolean } {
    const { chunks, end } = this.connection.takeOutput();
    return { bytes: concat(...chunks), end };
  }
}

/** Frames as a `role` sends them. */
function framesOf(role: Role, ...list: readonly Frame[]): Uint8Array {
  return concat(
    ...list.map((frame) => encodeFrame(role === 'client' ? { ...frame, maskingKey: key } : frame)),
  );
}

const peerOf = (role: Role): Role => (role === 'server' ? 'client' : 'server');
const closeFrame = (code?: number, reason?: string): Frame => ({
  opcode: Opcode.close,
  payload: encodeClosePayload(code, reason),
});
const textFrame = (text: string): Frame => ({ opcode: Opcode.text, payload: utf8(text) });

/** The frames in octets that hold whole ones, unmasked. */
function readFrames(
  bytes: Uint8Array,
): { opcode: number; fin: boolean; masked: boolean; payload: Uint8Array }[] {
  return Array.from(framesIn(bytes), ({ header: { opcode, fin, masked }, payload }) => {
    return { opcode, fin, masked, payload };
  });
}

/** The same with their headers, one after another. */
function* framesIn(bytes: Uint8Array): Generator<{ header: FrameHeader; payload: Uint8Array }> {
  for (let index = 0; index < bytes.length; ) {
    const header = decodeFrameHeader(bytes, index);
    if (header === undefined) throw new Error('The output ends inside a header.');
    const start = index + header.headerLength;
    index = start + header.payloadLength;
    const payload = bytes.slice(start, index);
    applyMask(payload, 0, payload.length, header.maskingKey);
    yield { header, payload };
  }
}

describe('options', () => {
  test('a limit out of range is named', () => {
    for (const maxMessageLength of [0, -1, 1.5, 2 ** 30 + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new Connection('server', { maxMessageLength })).toThrow(
        `maxMessageLength is ${maxMessageLength}; it takes 1 to 1073741824 octets.`,
      );
    }
    for (const maxMessageLength of [1, 2 ** 30]) new Connection('server', { maxMessageLength });
  });

  test('a client needs masking keys, a server asks for none (§5.1, §5.3)', () => {
    expect(() => new Connection('client')).toThrow(TypeError);
    const server = new End('server', { maskingKey: () => expect.unreachable() });
    server.connection.send('Hello');
    expect(server.take().bytes).toEqual(hex('81 05 48 65 6c 6c 6f'));
  });

  test('the limit is 1 MiB unless told', () => {
    for (const role of roles) {
      const end = new End(role);
      const most = new Uint8Array(1024 * 1024);
      end.receive(framesOf(peerOf(role), { opcode: Opcode.binary, payload: most }));
      expect(end.events).toHaveLength(1);
      end.receive(framesOf(peerOf(role), { opcode: Opcode.binary, payload: concat(most, hex('00')) }));
      expect(end.connection.failure?.closeCode).toBe(1009);
    }
  });
});

for (const role of roles) {
  const peer = peerOf(role);
  const fromPeer = (...list: readonly Frame[]): Uint8Array => framesOf(peer, ...list);
  const written = (...list: readonly Frame[]): Uint8Array => framesOf(role, ...list);
  const open = (options?: ConnectionOptions): End => new End(role, options);

  describe(`a ${role}: messages (§6)`, () => {
    for (const { name, bytes, frame } of exampleFrames) {
      if (frame.fin === false || frame.opcode === Opcode.continuation) continue;
      if ((frame.maskingKey !== undefined) !== (role === 'client')) continue;
      test(`sends ${name}`, () => {
        const end = open();
        const payload = frame.payload ?? new Uint8Array(0);
        if (frame.opcode === Opcode.text) end.connection.send(Buffer.from(payload).toString());
        else if (frame.opcode === Opcode.binary) end.connection.send(payload);
        else if (frame.opcode === Opcode.ping) end.connection.ping(payload);
        else end.connection.pong(payload);
        expect(end.connection.pendingAmount).toBe(bytes.length);
        expect(Buffer.compare(end.take().bytes, bytes)).toBe(0);
        expect(end.connection.pendingAmount).toBe(0);
      });
    }

    test('receives text and binary, whole and fragmented, in any cut', () => {
      const bytes = fromPeer(
        textFrame('Hello'),
        { fin: false, opcode: Opcode.text, payload: utf8('Hel') },
        { opcode: Opcode.continuation, payload: utf8('lo') },
        { opcode: Opcode.binary, payload: countedOctets(300) },
        textFrame(''),
        { opcode: Opcode.binary },
      );
      forEachChopping(bytes, seed, ({ chunks }) => {
        const end = open();
        end.receive(...chunks);
        expect(end.events).toEqual([
          ['message', 'Hello'],
          ['message', 'Hello'],
          ['message', countedOctets(300)],
          ['message', ''],
          ['message', new Uint8Array(0)],
        ]);
        expect(end.take()).toEqual({ bytes: new Uint8Array(0), end: false });
        expect(end.connection.readyState).toBe(ReadyState.open);
      });
    });

    test('what is sent in order goes out in order, once', () => {
      const end = open();
      expect(end.connection.send('one')).toBe(true);
      expect(end.connection.send(hex('02'))).toBe(true);
      expect(end.connection.ping()).toBe(true);
      expect(end.connection.pong(utf8('p'))).toBe(true);
      expect(end.take()).toEqual({
        bytes: written(
          textFrame('one'),
          { opcode: Opcode.binary, payload: hex('02') },
          { opcode: Opcode.ping },
          { opcode: Opcode.pong, payload: utf8('p') },
        ),
        end: false,
      });
      expect(end.take().bytes).toHaveLength(0);
    });

    test('a control frame takes 125 octets, and 126 are the caller’s mistake (§5.5)', () => {
      const end = open();
      expect(end.connection.ping(countedOctets(125))).toBe(true);
      for (const send of ['ping', 'pong'] as const) {
        expect(() => end.connection[send](countedOctets(126))).toThrow(
          'A control frame has 126 octets of payload; the most is 125.',
        );
      }
      expect(readFrames(end.take().bytes)).toHaveLength(1);
    });

    test('what is neither a string nor octets is the caller’s mistake, and nothing of it goes out', () => {
      const end = open();
      const wrong: readonly unknown[] = [
        undefined,
        null,
        7,
        {},
        [1],
        new ArrayBuffer(4),
        new DataView(new ArrayBuffer(4)),
      ];
      for (const data of wrong) {
        // As from JavaScript, where no type stands in the way.
        for (const send of ['send', 'ping', 'pong'] as const) {
          if (send !== 'send' && data === undefined) continue;
          expect(() => Reflect.apply(end.connection[send], end.connection, [data])).toThrow(TypeError);
        }
      }
      expect(end.connection.pendingAmount).toBe(0);
    });
  });

  describe(`a ${role}: Ping and Pong (§5.5.2, §5.5.3)`, () => {
    test('a Ping is answered at once by a Pong with the same octets', () => {
      for (const payload of [hex(''), utf8('Hello'), hex('ff 00 c3'), countedOctets(125)]) {
        const bytes = fromPeer({ opcode: Opcode.ping, payload });
        forEachChopping(
          bytes,
          seed,
          ({ chunks }) => {
            const end = open();
            end.receive(...chunks);
            expect(end.events).toEqual([['ping', payload]]);
            expect(end.take()).toEqual({ bytes: written({ opcode: Opcode.pong, payload }), end: false });
          },
          // The first octet of a frame, which is no event yet.
          { tail: hex('81') },
        );
      }
    });

    test('the Pong is there before the event, inside a fragmented message, one for each', () => {
      const end = open();
      const pongs: Uint8Array[] = [];
      const sink: ConnectionEvents = { ...end.sink, ping: () => pongs.push(end.take().bytes) };
      end.connection.receive(
        fromPeer(
          { fin: false, opcode: Opcode.text, payload: utf8('a') },
          { opcode: Opcode.ping, payload: utf8('1') },
          { fin: false, opcode: Opcode.continuation, payload: utf8('b') },
          { opcode: Opcode.ping, payload: utf8('2') },
          { opcode: Opcode.continuation, payload: utf8('c') },
        ),
        sink,
      );
      expect(pongs).toEqual([
        written({ opcode: Opcode.pong, payload: utf8('1') }),
        written({ opcode: Opcode.pong, payload: utf8('2') }),
      ]);
      expect(end.events).toEqual([['message', 'abc']]);
    });

    test('what the handler does to the payload does not reach the Pong', () => {
      const end = open();
      end.connection.receive(fromPeer({ opcode: Opcode.ping, payload: utf8('Hello') }), {
        ...end.sink,
        ping: (payload) => payload.fill(0),
      });
      expect(end.take().bytes).toEqual(written({ opcode: Opcode.pong, payload: utf8('Hello') }));
    });

    test('a Pong that nobody asked for is told and not answered', () => {
      const end = open();
      end.receive(fromPeer({ opcode: Opcode.pong, payload: utf8('x') }, { opcode: Opcode.pong }));
      expect(end.events).toEqual([
        ['pong', utf8('x')],
        ['pong', new Uint8Array(0)],
      ]);
      expect(end.take().bytes).toHaveLength(0);
    });

    test('nobody has to listen', () => {
      const end = open();
      end.connection.receive(fromPeer({ opcode: Opcode.ping }, { opcode: Opcode.pong }, closeFrame(1000)), {
        message: () => expect.unreachable(),
      });
      expect(end.take().bytes).toEqual(written({ opcode: Opcode.pong }, closeFrame(1000)));
    });

    test('a Ping after our Close is answered still: only the peer’s Close ends that duty', () => {
      const end = open();
      end.connection.close(1000);
      end.receive(fromPeer({ opcode: Opcode.ping, payload: utf8('still') }));
      expect(end.take().bytes).toEqual(
        written(closeFrame(1000), { opcode: Opcode.pong, payload: utf8('still') }),
      );
      end.receive(fromPeer(closeFrame(1000), { opcode: Opcode.ping }));
      expect(end.take().bytes).toHaveLength(0);
      expect(end.events.map(([kind]) => kind)).toEqual(['ping', 'close']);
    });
  });

  describe(`a ${role}: the closing handshake (§5.5.1, §7.1)`, () => {
    test('before it', () => {
      expect(open().connection).toMatchObject({
        readyState: ReadyState.open,
        closeSent: undefined,
        closeReceived: undefined,
        closeFirst: undefined,
        failure: undefined,
        wasClean: false,
        closeCode: 1006,
        receiving: true,
        midMessage: false,
        heldAmount: 0,
      });
    });

    for (const [code, reason] of [
      [1000, 'bye'],
      [1001, ''],
      [1014, '€'.repeat(41)],
      [3000, ''],
      [4999, 'private'],
      [1005, ''],
    ] as const) {
      test(`the peer closes first with ${code}: it is echoed, and the server ends TCP`, () => {
        const frame = closeFrame(code, reason);
        forEachChopping(
          fromPeer(textFrame('last'), frame),
          seed,
          ({ chunks }) => {
            const end = open();
            end.receive(...chunks);
            const close = { code, reason };
            expect(end.events).toEqual([
              ['message', 'last'],
              ['close', close],
            ]);
            expect(end.take()).toEqual({ bytes: written(frame), end: role === 'server' });
            expect(end.connection).toMatchObject({
              readyState: ReadyState.closing,
              closeSent: close,
              closeReceived: close,
              closeFirst: 'peer',
              closeCode: code,
              wasClean: true,
              receiving: false,
            });
            end.connection.receiveEnd();
            expect(end.take()).toEqual({ bytes: new Uint8Array(0), end: true });
            expect(end.connection).toMatchObject({
              readyState: ReadyState.closed,
              wasClean: true,
              closeCode: code,
            });
          },
          { tail: fromPeer(textFrame('ignored'), { opcode: Opcode.ping }) },
        );
      });

      test(`we close first with ${code}`, () => {
        const end = open();
        if (code === 1005) end.connection.close();
        else end.connection.close(code, reason);
        expect(end.take()).toEqual({ bytes: written(closeFrame(code, reason)), end: false });
        expect(end.connection).toMatchObject({
          readyState: ReadyState.closing,
          closeSent: { code, reason },
          closeFirst: 'us',
          wasClean: false,
          closeCode: 1006,
          receiving: true,
        });
        end.receive(fromPeer(closeFrame(code)));
        expect(end.take()).toEqual({ bytes: new Uint8Array(0), end: role === 'server' });
        expect(end.events).toEqual([['close', { code, reason: '' }]]);
        expect(end.connection).toMatchObject({
          readyState: ReadyState.closing,
          closeFirst: 'us',
          wasClean: true,
          closeCode: code,
          receiving: false,
        });
        end.connection.receiveEnd();
        expect(end.connection.readyState).toBe(ReadyState.closed);
        expect(end.take().end).toBe(true);
      });
    }

    test('both close at once: one Close each, and each has the other’s code', () => {
      const left = new End(role);
      const right = new End(peer);
      left.connection.close(1000, 'left');
      right.connection.close(1001, 'right');
      const [fromLeft, fromRight] = [left.take(), right.take()];
      left.receive(fromRight.bytes);
      right.receive(fromLeft.bytes);
      for (const [end, close] of [
        [left, { code: 1001, reason: 'right' }],
        [right, { code: 1000, reason: 'left' }],
      ] as const) {
        expect(end.take().bytes).toHaveLength(0);
        expect(end.events).toEqual([['close', close]]);
        expect(end.connection).toMatchObject({ closeFirst: 'us', wasClean: true, closeCode: close.code });
      }
    });

    test('close in the event is too late: the echo has gone', () => {
      const end = open();
      end.connection.receive(fromPeer(closeFrame(4000)), {
        ...end.sink,
        closeReceived: () => end.connection.close(1011, 'late'),
      });
      expect(end.take().bytes).toEqual(written(closeFrame(4000)));
      expect(end.connection.closeFirst).toBe('peer');
    });

    test('closing twice sends one Close', () => {
      const end = open();
      end.connection.close(1000);
      end.connection.close(1001, 'again');
      expect(end.take().bytes).toEqual(written(closeFrame(1000)));
      expect(end.connection.closeSent).toEqual({ code: 1000, reason: '' });
    });

    test('a Close without a code stands for 1005, and 1005 is never written', () => {
      const end = open();
      end.connection.close(1005);
      expect(end.take().bytes).toEqual(written({ opcode: Opcode.close }));
      expect(end.connection.closeSent).toEqual({ code: 1005, reason: '' });
    });

    test('codes and reasons that must not be sent are the caller’s mistake, and change nothing (§7.4)', () => {
      const end = open();
      for (const [code, reason] of [
        [1006, ''],
        [1015, ''],
        [1004, ''],
        [999, ''],
        [5000, ''],
        [1000, 'a'.repeat(124)],
        [undefined, 'why'],
      ] as const) {
        expect(() => end.connection.close(code, reason)).toThrow(RangeError);
      }
      expect(end.connection.readyState).toBe(ReadyState.open);
      expect(end.connection.pendingAmount).toBe(0);
    });

    test('after a Close of either side nothing is sent, and send says so', () => {
      const ours = open();
      ours.connection.close(1000);
      const theirs = open();
      theirs.receive(fromPeer(closeFrame(1000)));
      const ended = open();
      ended.connection.receiveEnd();
      const prepared = new PreparedMessage('x');
      for (const { connection } of [ours, theirs, ended]) {
        const before = connection.pendingAmount;
        expect(connection.send('x')).toBe(false);
        expect(connection.send(hex('00'))).toBe(false);
        expect(connection.send(prepared)).toBe(false);
        expect(connection.ping()).toBe(false);
        expect(connection.pong()).toBe(false);
        expect(connection.pendingAmount).toBe(before);
      }
    });

    test('after our Close messages are not handed out any more, but judged', () => {
      const end = open();
      end.connection.close(1000);
      end.receive(fromPeer(textFrame('unheard'), { opcode: Opcode.pong }));
      expect(end.events).toEqual([['pong', new Uint8Array(0)]]);
      end.receive(fromPeer({ opcode: 0x3 }));
      expect(end.connection.failure?.section).toBe('RFC 6455 §5.2');
      expect(end.take()).toEqual({ bytes: written(closeFrame(1000)), end: true });
    });
  });

  describe(`a ${role}: failing the connection (§7.1.7)`, () => {
    const violations: readonly (readonly [string, Uint8Array, number, string])[] = [
      ['the wrong masking', framesOf(role, textFrame('Hello')), 1002, '§5.1'],
      ['a reserved bit', fromPeer({ rsv1: true, opcode: Opcode.text }), 1002, '§5.2'],
      ['a reserved opcode', fromPeer({ opcode: 0xb }), 1002, '§5.2'],
      ['a continuation of nothing', fromPeer({ opcode: Opcode.continuation }), 1002, '§5.4'],
      ['a fragmented Ping', fromPeer({ fin: false, opcode: Opcode.ping }), 1002, '§5.5'],
      ['a Ping of 126 octets', fromPeer({ opcode: Opcode.ping, payload: countedOctets(126) }), 1002, '§5.5'],
      ['a Close of one octet', fromPeer({ opcode: Opcode.close, payload: hex('03') }), 1002, '§5.5.1'],
      ['a Close with 1006', fromPeer({ opcode: Opcode.close, payload: hex('03 ee') }), 1002, '§7.4'],
      ['a Close with 1005', fromPeer({ opcode: Opcode.close, payload: hex('03 ed') }), 1002, '§7.4'],
      ['a Close with 1015', fromPeer({ opcode: Opcode.close, payload: hex('03 f7') }), 1002, '§7.4'],
      [
        'a reason that is not UTF-8',
        fromPeer({ opcode: Opcode.close, payload: hex('03 e8 c3') }),
        1007,
        '§8.1',
      ],
      ['text that is not UTF-8', fromPeer({ opcode: Opcode.text, payload: hex('c0 80') }), 1007, '§8.1'],
      [
        'a message over the limit',
        fromPeer({ opcode: Opcode.binary, payload: countedOctets(1001) }),
        1009,
        '§10.4',
      ],
    ];
    for (const [name, bytes, code, section] of violations) {
      test(`${name}: ${code}, a reason, the end`, () => {
        forEachChopping(
          concat(fromPeer(textFrame('before')), bytes),
          seed,
          ({ chunks }) => {
            const end = open({ maxMessageLength: 1000 });
            end.receive(...chunks);
            const { failure } = end.connection;
            expect(failure).toMatchObject({ closeCode: code, section: `RFC 6455 ${section}` });
            const reason = failure?.explanation ?? '';
            expect(end.take()).toEqual({ bytes: written(closeFrame(code, reason)), end: true });
            expect(end.events).toEqual([['message', 'before']]);
            expect(end.connection).toMatchObject({
              readyState: ReadyState.closing,
              closeSent: { code, reason },
              closeReceived: undefined,
              closeFirst: 'us',
              closeCode: 1006,
              wasClean: false,
              receiving: false,
              heldAmount: 0,
            });
            // What follows is ignored, and TCP's end changes nothing more.
            end.receive(fromPeer(textFrame('after'), { opcode: Opcode.ping }, closeFrame(1000)));
            end.connection.receiveEnd();
            expect(end.events).toHaveLength(1);
            expect(end.take()).toEqual({ bytes: new Uint8Array(0), end: true });
            expect(end.connection).toMatchObject({ readyState: ReadyState.closed, wasClean: false });
          },
          { tail: fromPeer(textFrame('after')) },
        );
      });
    }

    test('one Close only: none after our own', () => {
      const end = open();
      end.connection.close(1000, 'bye');
      end.receive(fromPeer({ opcode: 0x3 }));
      expect(end.take()).toEqual({ bytes: written(closeFrame(1000, 'bye')), end: true });
      expect(end.connection).toMatchObject({ closeFirst: 'us', wasClean: false });
      expect(end.connection.failure?.closeCode).toBe(1002);
    });

    test('a Pong that was due goes out before the Close', () => {
      const end = open();
      end.receive(concat(fromPeer({ opcode: Opcode.ping, payload: utf8('p') }), fromPeer({ opcode: 0x3 })));
      expect(readFrames(end.take().bytes).map(({ opcode }) => opcode)).toEqual([Opcode.pong, Opcode.close]);
    });

    test('nothing is stored for a message over the limit, however its header is cut', () => {
      const bytes = fromPeer({ opcode: Opcode.text, payload: countedOctets(70_000).fill(0x61) });
      const end = open({ maxMessageLength: 65_536 });
      for (const octet of bytes.subarray(0, 14)) {
        end.receive(Uint8Array.of(octet));
        expect(end.connection.heldAmount).toBe(0);
      }
      expect(end.connection.failure?.closeCode).toBe(1009);
    });

    test('endless empty fragments are refused by the octets of their headers', () => {
      const end = open({ maxMessageLength: 10 });
      end.receive(fromPeer({ fin: false, opcode: Opcode.binary }));
      const hundred = fromPeer(...Array<Frame>(100).fill({ fin: false, opcode: Opcode.continuation }));
      for (let round = 0; round < 400 && end.connection.receiving; round++) end.receive(hundred);
      expect(end.connection.failure?.explanation).toBe(
        'The fragments of a message have more than 65536 octets of headers.',
      );
      expect(end.connection.heldAmount).toBe(0);
    });

    test('what a sink throws is no failure of the peer’s and passes through', () => {
      for (const event of ['message', 'ping', 'pong', 'closeReceived'] as const) {
        const end = open();
        const mistake = new RangeError('ours');
        const bytes = fromPeer(
          textFrame('a'),
          { opcode: Opcode.ping },
          { opcode: Opcode.pong },
          closeFrame(),
        );
        const sink: ConnectionEvents = {
          ...end.sink,
          [event]() {
            throw mistake;
          },
        };
        expect(() => end.connection.receive(bytes, sink)).toThrow(mistake);
        expect(end.connection.failure).toBeUndefined();
      }
    });
  });

  describe(`a ${role}: the end of TCP (§7.1.4, §7.1.5)`, () => {
    test('without a Close it is 1006, and the answer is the end', () => {
      const end = open();
      end.connection.send('pending');
      end.connection.receiveEnd();
      expect(end.connection).toMatchObject({
        readyState: ReadyState.closed,
        wasClean: false,
        closeCode: 1006,
        closeFirst: undefined,
        receiving: false,
        midMessage: false,
      });
      expect(end.take()).toEqual({ bytes: written(textFrame('pending')), end: true });
      end.receive(fromPeer(textFrame('late'), closeFrame(1000)));
      expect(end.events).toEqual([]);
      end.connection.close(1000);
      expect(end.take().bytes).toHaveLength(0);
      expect(end.connection.closeSent).toBeUndefined();
    });

    test('in the middle of a message that is remembered, and its memory let go', () => {
      for (const beginning of [
        fromPeer(textFrame('Hello')).subarray(0, 1),
        fromPeer(textFrame('Hello')).subarray(0, -1),
        fromPeer({ opcode: Opcode.ping, payload: utf8('x') }).subarray(0, -1),
        fromPeer({ fin: false, opcode: Opcode.text, payload: utf8('a') }),
      ]) {
        const end = open();
        end.receive(beginning);
        expect(end.connection.midMessage).toBe(true);
        end.connection.receiveEnd();
        end.connection.receiveEnd();
        expect(end.connection.midMessage).toBe(true);
        expect(end.connection.heldAmount).toBe(0);
        expect(end.events).toEqual([]);
      }
    });

    test('after our Close only', () => {
      const end = open();
      end.connection.close(1001);
      end.connection.receiveEnd();
      expect(end.connection).toMatchObject({
        readyState: 3,
        wasClean: false,
        closeCode: 1006,
        closeFirst: 'us',
      });
      expect(end.take()).toEqual({ bytes: written(closeFrame(1001)), end: true });
    });

    test('from within an event: the rest of the chunk is not looked at', () => {
      const end = open();
      end.connection.receive(fromPeer(textFrame('one'), textFrame('two')), {
        ...end.sink,
        message(data) {
          end.events.push(['message', data]);
          end.connection.receiveEnd();
        },
      });
      expect(end.events).toEqual([['message', 'one']]);
    });
  });

  describe(`a ${role}: output`, () => {
    test('discarding drops whole frames, so that what follows is in step', () => {
      const end = open();
      end.connection.send('dropped');
      end.connection.send(countedOctets(40_000));
      end.connection.discardOutput();
      expect(end.connection.pendingAmount).toBe(0);
      end.connection.send('kept');
      end.connection.close(1013, 'too slow');
      expect(end.take().bytes).toEqual(written(textFrame('kept'), closeFrame(1013, 'too slow')));
    });

    test('a Close that counts as sent is not discarded', () => {
      const end = open();
      end.connection.close(1000);
      end.connection.discardOutput();
      expect(end.take().bytes).toEqual(written(closeFrame(1000)));
    });

    test('what is settled is the same, whoever uses the blocks next', () => {
      const [end, other] = [open(), open()];
      end.connection.settleOutput();
      expect(end.connection.pendingAmount).toBe(0);
      // Whatever is taken and given back has blocks to lend, and the next one gets them.
      other.connection.send('x');
      other.connection.takeOutput().buffer?.reuse();
      end.connection.send('mine');
      end.connection.send(countedOctets(20_000));
      end.connection.settleOutput();
      end.connection.settleOutput();
      other.connection.send('his.');
      other.connection.send(new Uint8Array(20_000));
      end.connection.send('behind');
      const expected = written(
        textFrame('mine'),
        { opcode: Opcode.binary, payload: countedOctets(20_000) },
        textFrame('behind'),
      );
      expect(end.connection.pendingAmount).toBe(expected.length);
      expect(end.take().bytes).toEqual(expected);
    });

    test('memory held is at most twice the octets received, one at a time', () => {
      const end = open();
      let received = 0;
      for (const octet of fromPeer({ opcode: Opcode.binary, payload: countedOctets(3000) })) {
        end.receive(Uint8Array.of(octet));
        received++;
        expect(end.connection.heldAmount).toBeLessThanOrEqual(2 * received);
      }
      expect(end.events).toHaveLength(1);
      expect(end.connection.heldAmount).toBe(0);
    });

    test('a chunk is ours once received; a Buffer or any view of a larger one will do', () => {
      const bytes = fromPeer(textFrame('Hello'));
      const slab = new Uint8Array(100);
      slab.set(bytes, 50);
      for (const chunk of [Buffer.from(bytes), slab.subarray(50, 50 + bytes.length)]) {
        const end = open();
        end.connection.receive(chunk, end.sink);
        expect(end.events).toEqual([['message', 'Hello']]);
      }
    });
  });
}

describe('masking keys (§5.3)', () => {
  test('each frame of a client has the next key', () => {
    const keys = [0x01020304, 0, 0xffffffff, 0x37fa213d, 5];
    let index = 0;
    const client = new End('client', { maskingKey: () => keys[index++] as number });
    client.connection.send('Hello');
    client.connection.send(hex('00 ff'));
    client.connection.ping();
    client.receive(framesOf('server', { opcode: Opcode.ping, payload: utf8('Hello') }));
    client.connection.close(1000);
    expect(client.take().bytes).toEqual(
      concat(
        hex('81 85 01 02 03 04 49 67 6f 68 6e'),
        hex('82 82 00 00 00 00 00 ff'),
        hex('89 80 ff ff ff ff'),
        hex('8a 85 37 fa 21 3d 7f 9f 4d 51 58'),
        hex('88 82 00 00 00 05 03 e8'),
      ),
    );
  });
});

describe('permessage-deflate (RFC 7692)', () => {
  const deflate: ConnectionDeflate = {
    agreement: {
      serverNoContextTakeover: false,
      clientNoContextTakeover: false,
      serverMaxWindowBits: 10,
      clientMaxWindowBits: 12,
    },
    level: 6,
    threshold: 8,
  };
  const chat = (count: number) => JSON.stringify({ event: 'message:new', text: `Message number ${count}` });

  /** The messages in what one end wrote, read with a window of the test's own; RSV1 of each. */
  function messagesIn(bytes: Uint8Array, role: Role): { text: string; compressed: boolean }[] {
    let window = DeflateWindow.fresh(role === 'server' ? 10 : 12, true);
    const list = [];
    for (const { header, payload } of framesIn(bytes)) {
      const message = header.rsv1 ? inflate(payload, window, 2 ** 20) : payload;
      if (header.rsv1) window = window.after(message);
      list.push({ text: new TextDecoder().decode(message), compressed: header.rsv1 });
    }
    return list;
  }

  for (const role of roles) {
    test(`a ${role} compresses text and binary, with context`, () => {
      const end = new End(role, { deflate });
      end.connection.send(chat(1));
      end.connection.send(utf8(chat(2)));
      end.connection.send(chat(3));
      const { bytes } = end.take();
      expect(messagesIn(bytes, role)).toEqual([1, 2, 3].map((n) => ({ text: chat(n), compressed: true })));
      expect(bytes.length).toBeLessThan(100);
    });

    test(`a ${role} sends as they are: short ones, those that get no shorter, and what it is told to`, () => {
      const end = new End(role, { deflate });
      const noise = String.fromCharCode(
        ...randomOctets(200, seededRandom(seed)).map((octet) => octet & 0x7f),
      );
      end.connection.send('short');
      end.connection.send(chat(0).repeat(6));
      end.connection.send(noise);
      end.connection.send(chat(1), false);
      end.connection.send(utf8(chat(2)), false);
      end.connection.send(chat(3), true);
      expect(messagesIn(end.take().bytes, role)).toEqual([
        { text: 'short', compressed: false },
        { text: chat(0).repeat(6), compressed: true },
        { text: noise, compressed: false },
        { text: chat(1), compressed: false },
        { text: chat(2), compressed: false },
        { text: chat(3), compressed: true },
      ]);
    });

    test(`a ${role} reads with the peer's window and refuses what is broken`, () => {
      const end = new End(role, { deflate });
      const peer = new End(peerOf(role), { deflate });
      for (let count = 0; count < 30; count++) {
        peer.connection.send(chat(count));
        end.receive(peer.take().bytes);
      }
      expect(end.events).toEqual(Array.from({ length: 30 }, (_, count) => ['message', chat(count)]));
      // The client's window of 4 KiB is not full yet, the server's of 1 KiB is.
      const received = Array.from({ length: 30 }, (_, count) => chat(count)).join('').length;
      expect(end.connection.heldAmount).toBe(role === 'server' ? received : 1024);
      end.receive(framesOf(peerOf(role), { rsv1: true, opcode: Opcode.text, payload: hex('ff') }));
      expect(end.connection.failure).toMatchObject({ closeCode: 1007 });
      expect(end.connection.heldAmount).toBe(0);
    });
  }

  for (const role of roles) {
    test(`a ${role} that has agreed to take nothing over makes each message by itself (§7.2.1)`, () => {
      const { agreement } = deflate;
      const alone = { ...agreement, serverNoContextTakeover: true, clientNoContextTakeover: true };
      const end = new End(role, { deflate: { ...deflate, agreement: alone } });
      const frames = [1, 2, 3].map(() => {
        end.connection.send(chat(1));
        return end.take().bytes;
      });
      // The same octets each time, which an empty window can read.
      for (const frame of frames) {
        expect(frame).toEqual(frames[0]);
        expect(messagesIn(frame, role)).toEqual([{ text: chat(1), compressed: true }]);
      }
      const other = new End(role, { deflate });
      other.connection.send(chat(1));
      other.connection.send(chat(1));
      expect(other.take().bytes.length).toBeLessThan(2 * (frames[0]?.length ?? 0));
    });
  }

  test('after dropping what waited, the rest does not refer to it', () => {
    const end = new End('server', { deflate });
    end.connection.send(chat(1));
    end.connection.discardOutput();
    end.connection.send(chat(2));
    expect(messagesIn(end.take().bytes, 'server')).toEqual([{ text: chat(2), compressed: true }]);
  });

  test('prepared and personal messages share one window, in the order in which they go out', () => {
    const server = new End('server', { deflate });
    server.connection.send(new PreparedMessage(chat(1)));
    server.connection.send(chat(2));
    server.connection.send(new PreparedMessage(chat(3)), false);
    server.connection.send(new PreparedMessage(chat(4)));
    server.connection.send(new PreparedMessage('short'));
    expect(messagesIn(server.take().bytes, 'server')).toEqual([
      { text: chat(1), compressed: true },
      { text: chat(2), compressed: true },
      { text: chat(3), compressed: false },
      { text: chat(4), compressed: true },
      { text: 'short', compressed: false },
    ]);
  });

  test('our own window counts as held while nobody shares it', () => {
    const { connection } = new End('server', { deflate });
    connection.send(chat(1));
    expect(connection.heldAmount).toBe(chat(1).length);
    connection.send(new PreparedMessage('short'));
    expect(connection.heldAmount).toBe(chat(1).length);
    connection.send(new PreparedMessage(chat(2)));
    expect(connection.heldAmount).toBe(0);
    connection.send(chat(3));
    expect(connection.heldAmount).toBe(chat(1).length * 3);
    connection.discardOutput();
    expect(connection.heldAmount).toBe(0);
  });

  test('behind our Close, a failure or the end of TCP no window is held', () => {
    const ends: readonly ((end: End) => void)[] = [
      (end) => end.connection.close(1000),
      (end) => end.receive(framesOf('client', { opcode: 0x3 })),
      (end) => end.receive(framesOf('client', closeFrame(1000))),
      (end) => end.connection.receiveEnd(),
    ];
    for (const finish of ends) {
      const end = new End('server', { deflate });
      end.connection.send(chat(1));
      expect(end.connection.heldAmount).toBe(chat(1).length);
      finish(end);
      expect(end.connection.heldAmount).toBe(0);
      expect(end.connection.send(chat(2))).toBe(false);
    }
  });

  test('two ends that got the same prepared messages are sent the same frame', () => {
    const ends = [new Connection('server', { deflate }), new Connection('server', { deflate })];
    let octets = 0;
    for (let count = 0; count < 20; count++) {
      const message = new PreparedMessage(chat(count).repeat(400));
      for (const end of ends) end.send(message);
      const [first, second] = ends.map((end) => concat(...end.takeOutput().chunks));
      expect(first).toEqual(second);
      octets += first?.length ?? 0;
    }
    for (const end of ends) expect(end).toMatchObject({ messagesSent: 20, octetsSent: octets });
  });

  test('a Close, a Ping and a Pong are never compressed', () => {
    const end = new End('server', { deflate });
    end.connection.ping(utf8('a'.repeat(100)));
    end.connection.pong(utf8('a'.repeat(100)));
    end.connection.close(1000, 'a'.repeat(100));
    for (const { rsv1 } of end.connection.lastFrames()) expect(rsv1).toBe(false);
  });
});

describe('what passed', () => {
  test('octets and messages are counted both ways, and the last frames kept', () => {
    const end = new End('server');
    end.receive(framesOf('client', textFrame('Hello'), { opcode: Opcode.ping }));
    end.connection.send('Hi');
    expect(end.connection).toMatchObject({
      octetsReceived: 17,
      octetsSent: 0,
      messagesReceived: 1,
      messagesSent: 1,
    });
    end.take();
    expect(end.connection.octetsSent).toBe(2 + 4);
    expect(end.connection.lastFrames()).toEqual([
      { direction: 'in', opcode: Opcode.text, fin: true, rsv1: false, payloadLength: 5 },
      { direction: 'in', opcode: Opcode.ping, fin: true, rsv1: false, payloadLength: 0 },
      { direction: 'out', opcode: Opcode.pong, fin: true, rsv1: false, payloadLength: 0 },
      { direction: 'out', opcode: Opcode.text, fin: true, rsv1: false, payloadLength: 2 },
    ]);
  });

  test('what comes after a Close of ours is no message, and after the peer’s it is not counted', () => {
    const end = new End('server');
    end.connection.close();
    end.receive(framesOf('client', textFrame('late')));
    expect(end.connection).toMatchObject({ octetsReceived: 10, messagesReceived: 0 });
    end.receive(framesOf('client', closeFrame(1000)));
    end.receive(framesOf('client', textFrame('later')));
    expect(end.connection.octetsReceived).toBe(18);
  });
});

describe('a tracer', () => {
  test.each(roles)('of a %s is told of each frame both ways, however it is cut', (role) => {
    const frames = [
      textFrame('Hello'),
      { ...textFrame('He'), fin: false },
      { opcode: Opcode.continuation, payload: utf8('llo') },
      { opcode: Opcode.ping, payload: utf8('?') },
      { opcode: Opcode.binary, payload: new Uint8Array(70_000) },
      closeFrame(1000),
    ];
    const masked = role === 'server';
    const came = [
      [false, 0x81, masked, 5],
      [false, 0x01, masked, 2],
      [false, 0x80, masked, 3],
      [false, 0x89, masked, 1],
      [true, 0x8a, !masked, 1],
      [false, 0x82, masked, 70_000],
      [false, 0x88, masked, 2],
      [true, 0x88, !masked, 2],
    ];
    forEachChopping(framesOf(peerOf(role), ...frames), seed, ({ chunks }) => {
      const end = new End(role);
      const told: unknown[] = [];
      end.connection.tracer = (...frame) => told.push(frame);
      end.connection.send('Hi');
      end.connection.send(Uint8Array.of(1, 2, 3));
      end.receive(...chunks);
      expect(told).toEqual([[true, 0x81, !masked, 2], [true, 0x82, !masked, 3], ...came]);
    });
  });

  test('is told of each prepared message, also of those that go out as one run', () => {
    const end = new End('server');
    const told: unknown[] = [];
    end.connection.tracer = (...frame) => told.push(frame);
    for (const text of ['one', 'three', 'eleven']) end.connection.send(new PreparedMessage(text));
    expect(told).toEqual([3, 5, 6].map((length) => [true, 0x81, false, length]));
    expect(end.connection.takeOutput().chunks).toHaveLength(1);
  });

  test('is told of the frame that was refused, masked or not, and of no more once it is taken off', () => {
    for (const [first, second, masked] of [
      [0x81, 0x05, false],
      [0xa1, 0x85, true],
      [0x83, 0xfe, true],
    ] as const) {
      const end = new End('server');
      const told: unknown[] = [];
      end.connection.tracer = (...frame) => told.push(frame);
      end.receive(Uint8Array.of(first, second));
      expect(told[0]).toEqual([false, first, masked, second === 0xfe ? 0 : 5]);
      expect(told).toHaveLength(2);
    }
    const end = new End('server');
    const told: unknown[] = [];
    end.connection.tracer = (...frame) => told.push(frame);
    end.connection.tracer = undefined;
    end.receive(framesOf('client', textFrame('Hello')));
    expect(told).toEqual([]);
  });
});

describe('PreparedMessage', () => {
  test('is one unmasked frame, the same octets for every server', () => {
    for (const [data, bytes] of [
      ['Hello', hex('81 05 48 65 6c 6c 6f')],
      [hex('00 ff'), hex('82 02 00 ff')],
      ['', hex('81 00')],
      ['a\ud800', hex('81 04 61 ef bf bd')],
    ] as const) {
      const message = new PreparedMessage(data);
      expect(message.frame).toEqual(bytes);
      for (let count = 0; count < 2; count++) {
        const server = new End('server');
        expect(server.connection.send(message)).toBe(true);
        expect(server.take().bytes).toEqual(bytes);
      }
    }
  });

  test('a long one goes out by reference to all', () => {
    const message = new PreparedMessage(countedOctets(20_000));
    for (let count = 0; count < 2; count++) {
      const server = new Connection('server');
      server.send(message);
      expect(server.takeOutput().chunks).toEqual([message.frame]);
    }
  });

  test('what was given may change afterwards', () => {
    const data = countedOctets(20_000);
    const message = new PreparedMessage(data);
    data.fill(0);
    expect(message.frame.subarray(4, 10)).toEqual(hex('00 01 02 03 04 05'));
  });

  test('a client cannot send it, for it has no mask', () => {
    const client = new End('client');
    expect(() => client.connection.send(new PreparedMessage('x'))).toThrow(TypeError);
    expect(client.connection.pendingAmount).toBe(0);
  });

  test('takes a string or octets', () => {
    for (const data of [undefined, 7, {}, new ArrayBuffer(4)]) {
      expect(() => Reflect.construct(PreparedMessage, [data])).toThrow(TypeError);
    }
  });
});

describe('both ends', () => {
  test('whatever one sends the other gets, in any cut, until both have closed', () => {
    const actions = fc.array(
      fc.oneof(
        fc.string({ unit: 'grapheme', maxLength: 150 }),
        fc.uint8Array({ maxLength: 300 }),
        fc.record({ ping: fc.uint8Array({ maxLength: 125 }) }),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(actions, fc.constantFrom(...roles), fc.nat(), fc.nat(), (list, role, keySeed, cutSeed) => {
        const keys = seededRandom(keySeed);
        const options = { maskingKey: () => Math.floor(keys() * 2 ** 32) };
        const sender = new End(role, options);
        const receiver = new End(peerOf(role), options);
        const expected: Event[] = [];
        const pongs: Event[] = [];
        for (const action of list) {
          if (typeof action === 'object' && 'ping' in action) {
            sender.connection.ping(action.ping);
            expected.push(['ping', action.ping]);
            pongs.push(['pong', action.ping]);
          } else {
            sender.connection.send(action);
            expected.push(['message', action]);
          }
        }
        sender.connection.close(1000, 'done');
        expected.push(['close', { code: 1000, reason: 'done' }]);
        const random = seededRandom(cutSeed);
        const carry = (from: End, to: End): boolean => {
          const { bytes, end } = from.take();
          for (let index = 0; index < bytes.length; ) {
            const length = 1 + Math.floor(random() ** 3 * 500);
            to.receive(bytes.subarray(index, index + length));
            index += length;
          }
          if (end) to.connection.receiveEnd();
          return end;
        };
        const ends = [
          carry(sender, receiver),
          carry(receiver, sender),
          carry(sender, receiver),
          carry(receiver, sender),
        ];
        expect(receiver.events).toEqual(expected);
        expect(sender.events).toEqual([...pongs, ['close', { code: 1000, reason: 'done' }]]);
        // The server ended TCP first (§7.1.1), whoever closed first.
        expect(ends.indexOf(true)).toBe(role === 'server' ? 2 : 1);
        for (const { connection } of [sender, receiver]) {
          expect(connection).toMatchObject({
            readyState: ReadyState.closed,
            wasClean: true,
            failure: undefined,
          });
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  test('any octets give events, or one failure with one Close frame; the same for every cut', () => {
    const random = seededRandom(seed);
    for (let run = 0; run < 3000; run++) {
      const role = roles[run % 2] as Role;
      const random16 = randomOctets(Math.floor(random() * 16), random);
      const frames = Array.from({ length: Math.floor(random() * 3) }, () =>
        framesOf(peerOf(role), {
          fin: random() < 0.8,
          opcode: [0, 1, 2, 8, 9, 10][Math.floor(random() * 6)] as number,
          payload: random() < 0.5 ? hex('03 e8 c3 a9') : randomOctets(Math.floor(random() * 5), random),
        }),
      );
      const bytes = concat(...frames, random16);
      let whole: unknown;
      forEachChopping(
        bytes,
        seed + run,
        ({ chunks }) => {
          const end = new End(role, { maxMessageLength: 1000 });
          end.receive(...chunks);
          const { connection, events } = end;
          const { bytes: output, end: ended } = end.take();
          const sent = readFrames(output);
          const closes = sent.filter(({ opcode }) => opcode === Opcode.close);
          expect(closes).toHaveLength(connection.closeSent === undefined ? 0 : 1);
          if (connection.failure !== undefined) {
            const { closeCode } = connection.failure;
            expect([1002, 1007, 1009]).toContain(closeCode);
            expect(sent.at(-1)?.payload.subarray(0, 2)).toEqual(
              Uint8Array.of(closeCode >>> 8, closeCode & 0xff),
            );
            expect(sent.at(-1)?.payload.length).toBeLessThanOrEqual(125);
            expect(ended).toBe(true);
          }
          expect(sent.every(({ masked, fin }) => fin && masked === (role === 'client'))).toBe(true);
          const outcome = [events, output, ended, connection.failure?.section];
          whole ??= outcome;
          expect(outcome, `run ${run}`).toEqual(whole);
        },
        { tail: new Uint8Array(0), randomRuns: 2 },
      );
    }
  });
});
