/**
 * Fuzz target: one connection of either role (RFC 6455 §5-§8, RFC 7692 §6). Any octets, however they are cut, mean the
 * same: the same events, the same octets back, the same end. What they mean is what a second, simple reading of them
 * says; what goes back is read by a decoder that is not ours.
 */
import assert from 'node:assert/strict';
import { explainClose } from '../../src/close-record.ts';
import { Connection, type ConnectionEvents, type Role } from '../../src/connection.ts';
import type { DeflateAgreement } from '../../src/deflate-negotiation.ts';
import { PreparedMessage } from '../../src/prepared-message.ts';
import { seededRandom } from '../support/chopping.ts';
import { concat, countedOctets, hex, randomOctets, utf8 } from '../support/octets.ts';
import { maskedFrame } from '../support/raw-client.ts';
import { checkWords, classOf, cutAtRandom, magnitude, numberAt, octetByOctet, sameOctets } from './claims.ts';
import type { Target } from './fuzzer.ts';
import { changeFrames, readFrames, writeFrames } from './loose-frames.ts';
import { afterOptions, anyOctets, type Mutation } from './mutator.ts';
import { inflateAll, type OutputRules, readOutput, sendingDeflate } from './output.ts';
import { readStream, type StreamEnd, type StreamEvent } from './plain-stream.ts';
import { clientStreams } from './streams.ts';

/** Flags; a limit; two windows; what we do by ourselves, and when; where the octets are cut. */
const optionsLength = 8;

const limits = [1, 5, 125, 126, 1000, 4096, 65_536, 100_000];

/** What the first octets of an input choose. */
interface Options {
  readonly role: Role;
  readonly agreement: DeflateAgreement | undefined;
  readonly threshold: number;
  readonly maxMessageLength: number;
  /** Whether each message goes back, and as what. */
  readonly echo: 'none' | 'plain' | 'prepared' | 'uncompressed';
  /** Done when so many events have come. */
  readonly action: Action;
  readonly actionAt: number;
  /** Whether the peer ends TCP after its last octet. */
  readonly endsTcp: boolean;
  readonly cutSeed: number;
}

const actions = [
  'nothing',
  'close',
  'close without a code',
  'ping',
  'pong',
  'send',
  'send long',
  'end',
] as const;
type Action = (typeof actions)[number];

const longText = JSON.stringify({ event: 'message:posted', content: 'again and again '.repeat(20) });

function readOptions(input: Uint8Array): Options {
  const flags = numberAt(input, 0);
  const windows = numberAt(input, 2);
  const action = numberAt(input, 3);
  const role = (flags & 1) === 0 ? 'server' : 'client';
  const echoes = ['none', 'plain', role === 'server' ? 'prepared' : 'plain', 'uncompressed'] as const;
  return {
    role,
    agreement:
      (flags & 2) === 0
        ? undefined
        : {
            serverNoContextTakeover: (flags & 0x10) !== 0,
            clientNoContextTakeover: (flags & 0x20) !== 0,
            serverMaxWindowBits: 8 + (windows & 7),
            clientMaxWindowBits: 8 + ((windows >> 4) & 7),
          },
    threshold: (flags & 0x40) === 0 ? 0 : 64,
    maxMessageLength: limits[numberAt(input, 1) % limits.length] ?? 1,
    echo: echoes[(flags >> 2) & 3] ?? 'none',
    action: actions[(action >> 4) & 7] ?? 'nothing',
    actionAt: action & 15,
    endsTcp: (flags & 0x80) !== 0,
    cutSeed: numberAt(input, 4, 4),
  };
}

/** Everything that one can see of a connection. */
interface Seen {
  readonly events: readonly StreamEvent[];
  readonly output: Uint8Array;
  readonly end: boolean;
  readonly state: object;
  readonly connection: Connection;
}

function run(chunks: readonly Uint8Array[], options: Options): Seen {
  const { role, agreement, threshold, maxMessageLength } = options;
  let keys = 0;
  const connection = new Connection(role, {
    maxMessageLength,
    maskingKey: () => (keys = (keys + 0x1234_5679) >>> 0),
    deflate: agreement && { agreement, level: 6, threshold },
  });
  const events: StreamEvent[] = [];
  let messages = 0;
  const note = (event: StreamEvent): void => {
    events.push(event);
    if (events.length === options.actionAt) act(connection, options.action);
  };
  const sink: ConnectionEvents = {
    message(data) {
      messages++;
      const message = typeof data === 'string' ? data : Uint8Array.from(data);
      echo(connection, data, options.echo);
      note(['message', message]);
    },
    ping: (payload) => note(['ping', Uint8Array.from(payload)]),
    pong: (payload) => note(['pong', Uint8Array.from(payload)]),
    closeReceived: (close) => note(['close', { ...close }]),
  };

  const output: Uint8Array[] = [];
  let end = false;
  const take = (): void => {
    const pending = connection.pendingAmount;
    const taken = connection.takeOutput();
    const octets = concat(...taken.chunks);
    assert.equal(octets.length, pending, 'the amount that waits');
    if (end) assert.equal(octets.length, 0, 'octets after the end');
    assert(taken.end || !end, 'the end is taken back');
    end = taken.end;
    output.push(octets);
  };
  // What was received since the last message was complete, and at most the octets of the chunk that completed it.
  let received = 0;
  const receivingBits = role === 'server' ? agreement?.clientMaxWindowBits : agreement?.serverMaxWindowBits;
  const sendingBits = role === 'server' ? agreement?.serverMaxWindowBits : agreement?.clientMaxWindowBits;
  const window = receivingBits === undefined ? 0 : 2 ** receivingBits;
  const ownWindow = sendingBits === undefined ? 0 : 2 ** sendingBits;
  for (const chunk of chunks) {
    const before = messages;
    received += chunk.length;
    connection.receive(Uint8Array.from(chunk), sink);
    if (messages > before) received = chunk.length;
    const { heldAmount } = connection;
    assert(
      heldAmount <= 2 * received + window + ownWindow,
      `${heldAmount} octets are held after ${received}`,
    );
    take();
  }
  if (options.endsTcp) {
    connection.receiveEnd();
    take();
  }
  if (!connection.receiving) assert(connection.heldAmount <= ownWindow, 'octets are held after the end');
  return { events, output: concat(...output), end, state: stateOf(connection), connection };
}

function echo(connection: Connection, data: string | Uint8Array, how: Options['echo']): void {
  if (how === 'none') return;
  if (how === 'prepared') connection.send(new PreparedMessage(data));
  else connection.send(data, how === 'plain');
}

function act(connection: Connection, action: Action): void {
  switch (action) {
    case 'close':
      connection.close(4000, 'enough');
      break;
    case 'close without a code':
      connection.close();
      break;
    case 'ping':
      connection.ping(utf8('ours'));
      break;
    case 'pong':
      connection.pong();
      break;
    case 'send':
      connection.send('ours');
      break;
    case 'send long':
      connection.send(longText);
      break;
    case 'end':
      connection.receiveEnd();
  }
}

function stateOf(connection: Connection): object {
  const { readyState, closeSent, closeReceived, closeFirst, failure, wasClean, closeCode, receiving } =
    connection;
  const { midMessage, messagesReceived, messagesSent, octetsSent } = connection;
  return {
    readyState,
    closeSent,
    closeReceived,
    closeFirst,
    failure: failure && [failure.closeCode, failure.message],
    wasClean,
    closeCode,
    receiving,
    midMessage,
    messagesReceived,
    messagesSent,
    octetsSent,
    lastFrames: framesOf(connection),
  };
}

/**
 * The frames that passed last. Of one that is refused at its second octet the length is not known yet, of the same one
 * in a longer chunk it is.
 */
function framesOf(connection: Connection): object[] {
  const frames = [...connection.lastFrames()];
  const refused = frames.findLastIndex(({ direction }) => direction === 'in');
  return frames.map((frame, index) =>
    connection.failure !== undefined && index === refused ? { ...frame, payloadLength: undefined } : frame,
  );
}

/** A frame that has to go back; `compress` when it may be compressed. */
interface Due {
  readonly opcode: number;
  readonly payload: Uint8Array;
  readonly compress: boolean;
}

/** What the second reading of the octets makes of them: the events that are told, the frames that go back, the end. */
interface Expected {
  readonly events: readonly StreamEvent[];
  readonly due: readonly Due[];
  readonly end: StreamEnd | 'ended by us';
}

function expect(octets: Uint8Array, options: Options): Expected {
  const { role, agreement, maxMessageLength } = options;
  const fromClient = role === 'server';
  const stream = readStream(octets, {
    fromClient,
    maxMessageLength,
    deflate: agreement && {
      bits: fromClient ? agreement.clientMaxWindowBits : agreement.serverMaxWindowBits,
      takeover: !(fromClient ? agreement.clientNoContextTakeover : agreement.serverNoContextTakeover),
    },
  });
  const events: StreamEvent[] = [];
  const due: Due[] = [];
  let closed = false;
  const add = (opcode: number, payload: Uint8Array, compress = false): void => {
    due.push({ opcode, payload, compress });
  };
  const close = (code: number | undefined, reason: string): void => {
    const octets = code === undefined ? [] : [code >> 8, code & 0xff];
    if (!closed) add(0x8, concat(Uint8Array.from(octets), utf8(reason)));
    closed = true;
  };
  for (;;) {
    const next = stream.next();
    if (next.done) {
      const end = next.value;
      // The reason is our own words, which this reading does not know.
      if (typeof end === 'number') close(end, '');
      return { events, due, end };
    }
    const event = next.value;
    if (event[0] === 'ping') add(0xa, event[1]);
    if (event[0] === 'message') {
      if (closed) continue;
      const [, data] = event;
      if (options.echo !== 'none') {
        const payload = typeof data === 'string' ? utf8(data) : data;
        add(typeof data === 'string' ? 0x1 : 0x2, payload, options.echo !== 'uncompressed');
      }
    }
    if (event[0] === 'close') close(event[1].code === 1005 ? undefined : event[1].code, event[1].reason);
    events.push(event);
    if (events.length !== options.actionAt) continue;
    if (options.action === 'end') return { events, due, end: 'ended by us' };
    if (closed) continue;
    if (options.action === 'close') close(4000, 'enough');
    if (options.action === 'close without a code') close(undefined, '');
    if (options.action === 'ping') add(0x9, utf8('ours'));
    if (options.action === 'pong') add(0xa, new Uint8Array(0));
    if (options.action === 'send') add(0x1, utf8('ours'), true);
    if (options.action === 'send long') add(0x1, utf8(longText), true);
  }
}

function rulesOf({ role, agreement }: Options): OutputRules {
  return { role, deflate: agreement && sendingDeflate(role, agreement) };
}

function checkOutput(seen: Seen, { due, end }: Expected, options: Options): void {
  const frames = readOutput(seen.output, rulesOf(options));
  assert.equal(frames.length, due.length, 'as many frames go back as are due');
  const decompressed: Uint8Array[] = [];
  let afterClose = false;
  for (const [index, { first, payload }] of frames.entries()) {
    const expected = due[index];
    assert(expected !== undefined);
    const opcode = first & 0x0f;
    assert.equal(opcode, expected.opcode);
    // After our Close only Pongs may follow, as long as the peer's has not come.
    assert(!afterClose || opcode === 0xa, 'a frame after the Close');
    if (opcode === 0x8) afterClose = true;
    if ((first & 0x40) !== 0) {
      assert(expected.compress, 'compressed and should not be');
      // A little longer only where it fills a window that is all but empty.
      const before = decompressed.reduce((sum, { length }) => sum + length, 0);
      const most = expected.payload.length + (before < 256 ? 16 : -1);
      assert(payload.length <= most, 'compressed and not shorter');
      decompressed.push(expected.payload);
    } else if (opcode === 0x8 && typeof end === 'number' && index === due.length - 1) {
      sameOctets(payload.subarray(0, 2), expected.payload.subarray(0, 2), 'the code of the failure');
    } else {
      sameOctets(payload, expected.payload, 'a payload');
    }
  }
  sameOctets(
    inflateAll(frames, rulesOf(options).deflate),
    concat(...decompressed),
    'the compressed messages',
  );
}

function check(octets: Uint8Array, options: Options): string {
  const seen = run([octets], options);
  for (const chunks of [octetByOctet(octets), cutAtRandom(octets, options.cutSeed)]) {
    const cut = run(chunks, options);
    assert.deepEqual(cut.events, seen.events, 'the events depend on the cut');
    sameOctets(cut.output, seen.output, 'the output depends on the cut');
    assert.deepEqual(cut.state, seen.state, 'the state depends on the cut');
    assert.equal(cut.end, seen.end, 'the end depends on the cut');
  }
  const { connection, events } = seen;
  const { failure } = connection;
  if (failure !== undefined) checkWords(failure);
  const record = explainClose(connection, { cause: undefined, error: undefined, duration: 0, idleTime: 0 });
  assert.equal(record.section, failure?.section);
  assert.match(record.explanation, /^[A-Z].*\.$/s);

  const expected = expect(octets, options);
  const shared = expected.end === 'unclear' ? events.slice(0, expected.events.length) : events;
  assert.deepEqual(shared, expected.events, 'the events are others than the octets say');
  if (expected.end !== 'unclear') {
    assert.equal(failure?.closeCode, typeof expected.end === 'number' ? expected.end : undefined);
    checkOutput(seen, expected, options);
  } else {
    readOutput(seen.output, rulesOf(options));
  }
  const kinds = new Set(events.map(([kind, data]) => `${kind} ${typeof data}`));
  const end = failure === undefined ? `${expected.end} ${connection.midMessage}` : classOf(failure);
  const rsv1 = readFrames(seen.output).frames.some(({ first }) => (first & 0x40) !== 0);
  return [options.role, ...[...kinds].sort(), magnitude(events.length), rsv1, record.initiator, end].join(
    ', ',
  );
}

/** Octets as a client sends them, and as a server would. */
function bothWays(octets: Uint8Array, clientFlags: number, rest: Uint8Array): Uint8Array[] {
  const { frames, rest: unread } = readFrames(octets);
  const key = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d);
  const plainKey = new Uint8Array(4);
  const asServer = frames.map((frame) => ({ ...frame, key: undefined }));
  return [
    concat(
      Uint8Array.of(clientFlags),
      rest,
      writeFrames(
        frames.map((frame) => ({ ...frame, key })),
        unread,
      ),
    ),
    // A key of zeros, so that changed octets are changed text.
    concat(
      Uint8Array.of(clientFlags),
      rest,
      writeFrames(
        frames.map((frame) => ({ ...frame, key: plainKey })),
        unread,
      ),
    ),
    concat(Uint8Array.of(clientFlags | 1), rest, writeFrames(asServer, unread)),
  ];
}

const hello = 'f2 48 cd c9 c9 07 00';
/** Streams with compressed messages (RFC 7692 §7.2.3), not masked. */
const compressedStreams = [
  `c1 07 ${hello}`,
  `41 03 f2 48 cd 80 04 c9 c9 07 00`,
  `c1 07 ${hello} c1 05 f2 00 11 00 00`,
  `c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00 81 02 68 69`,
  `c2 08 f3 48 cd c9 c9 07 00 00 89 00`,
  `c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00`,
  `c2 01 00 c1 01 00 88 02 03 e8`,
  `41 03 f2 48 cd 89 02 01 02 80 04 c9 c9 07 00`,
].map(hex);

const random300 = randomOctets(300, seededRandom(1));
/** Messages that say again what was said long before, or by themselves. */
const longStream = concat(
  ...[random300, countedOctets(251), random300, concat(random300, random300), countedOctets(251)].map(
    (payload) => maskedFrame({ opcode: 0x2, payload }),
  ),
);

/** Masks every frame, or none, as the peer of the input's role has to; else most spliced streams end at their first. */
const maskAsDue: Mutation = (input, random) => {
  const { frames, rest } = readFrames(input.subarray(optionsLength));
  const key = random() < 0.5 ? new Uint8Array(4) : anyOctets(random, 4);
  const isMasked = (numberAt(input, 0) & 1) === 0;
  const masked = frames.map((frame) => ({ ...frame, key: isMasked ? key : undefined }));
  return concat(input.subarray(0, optionsLength), writeFrames(masked, rest));
};

export const connectionTarget: Target = {
  name: 'connection',
  seeds: [
    ...clientStreams.flatMap((octets, index) =>
      bothWays(octets, 0x04 + (index % 4) * 4, Uint8Array.of(7, 0, index, 0, 0, 0, index)),
    ),
    ...compressedStreams.flatMap((octets, index) => [
      ...bothWays(octets, 0x06, Uint8Array.of(7, 0x77, index << 4, 0, 0, 0, 1)),
      ...bothWays(octets, 0x3a, Uint8Array.of(6, 0x13, (index << 4) | 1, 0, 0, 0, 2)),
      ...bothWays(octets, 0x4e, Uint8Array.of(2, 0x00, (index << 4) | 2, 0, 0, 0, 3)),
    ]),
    // Long enough to reach past the smallest windows, there and back.
    ...bothWays(longStream, 0x06, Uint8Array.of(6, 0x00, 0, 0, 0, 0, 4)),
  ],
  mutations: [
    afterOptions(optionsLength, changeFrames),
    afterOptions(optionsLength, changeFrames),
    maskAsDue,
  ],
  together: 1,
  run: (input) => check(Uint8Array.from(input.subarray(optionsLength)), readOptions(input)),
};
