/**
 * What holds for any values, by fast-check: writing and reading are inverse to each other, the cut of a stream means
 * nothing, and two connections that talk to each other over a pipe understand everything, whatever they agreed on.
 * A failure prints its seed and path, and the smallest values that fail; BAREWIRE_SEED tries others.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Close,
  decodeClosePayload,
  encodeClosePayload,
  isCloseCode,
  ProtocolError,
  truncateReason,
} from '../src/close.ts';
import { explainClose } from '../src/close-record.ts';
import { Connection, type ConnectionDeflate, type ConnectionEvents, type Role } from '../src/connection.ts';
import { DeflateWindow, deflate, inflate, maximumCompressedLength } from '../src/deflate.ts';
import { acceptOffer, checkAnswer, makeOffer, resolveDeflateOptions } from '../src/deflate-negotiation.ts';
import { type Extension, encodeExtensions, parseExtensions } from '../src/extensions.ts';
import {
  checkFrameLength,
  checkFrameStart,
  decodeFrameHeader,
  encodeFrame,
  type Frame,
  Opcode,
} from '../src/frame.ts';
import {
  checkUpgradeRequest,
  checkUpgradeResponse,
  encodeRefusal,
  encodeUpgradeReply,
  encodeUpgradeRequest,
} from '../src/handshake.ts';
import { HeadReader, parseRequestHead, parseResponseHead } from '../src/http-head.ts';
import { applyMask } from '../src/mask.ts';
import { PreparedMessage } from '../src/prepared-message.ts';
import { concat, countedOctets, utf8 } from './support/octets.ts';

const seed = Number(process.env.BAREWIRE_SEED ?? 6455);

/** Runs the property; `numRuns` where one run is slow or quick. */
function holds<Values>(property: fc.IProperty<Values>, numRuns = 300): void {
  fc.assert(property, { seed, numRuns });
}

// Values ----------------------------------------------------------------------------------------------------------

/** Octets, or how many of them where writing them out would fill the screen. */
type Octets = Uint8Array | { readonly octets: number };

function octetsOf(data: Octets): Uint8Array {
  return data instanceof Uint8Array ? data : countedOctets(data.octets);
}

/** Mostly short, and some around the lengths at which a frame changes its form. */
const payloads: fc.Arbitrary<Octets> = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 140 }) },
  { weight: 1, arbitrary: fc.record({ octets: fc.constantFrom(65_535, 65_536, 70_000) }) },
);
const keys = fc.integer({ min: 0, max: 2 ** 32 - 1 });
type FrameValues = Omit<Frame, 'payload'> & { readonly payload: Octets };
const frames: fc.Arbitrary<FrameValues> = fc.record(
  {
    opcode: fc.nat({ max: 15 }),
    fin: fc.boolean(),
    rsv1: fc.boolean(),
    rsv2: fc.boolean(),
    rsv3: fc.boolean(),
    payload: payloads,
    maskingKey: keys,
  },
  { requiredKeys: ['opcode', 'payload'] },
);

/** Any text, with what is long in UTF-8 and with halves of surrogate pairs that stand alone. */
const texts = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 200 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }).map((text) => `${text}\ud800`) },
  { weight: 2, arbitrary: fc.json({ maxDepth: 2 }).map((text) => text.repeat(3)) },
);
/** What send takes, before its octets are made. */
type Message = string | Octets;
/** Lines that say much the same, so that compressed ones do refer to those before. */
const chats = fc
  .tuple(
    fc.constantFrom('Mei', 'Ada Lovelace', '张伟'),
    fc.constantFrom('good morning', 'on my way', '😀 😀 😀'),
    fc.nat({ max: 99 }),
  )
  .map(([name, line, offset]) =>
    JSON.stringify({ event: 'message:posted', offset, by: { name }, text: `${line}, ${line}` }),
  );
const messages: fc.Arbitrary<Message> = fc.oneof(
  { weight: 3, arbitrary: chats },
  { weight: 2, arbitrary: texts },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  { weight: 1, arbitrary: payloads },
);

function dataOf(message: Message): string | Uint8Array {
  return typeof message === 'string' ? message : octetsOf(message);
}

/** What arrives of it: a half of a surrogate pair cannot be encoded (WHATWG Encoding §4.3). */
function received(message: Message): string {
  return noted(typeof message === 'string' ? message.toWellFormed() : octetsOf(message));
}

const closes: fc.Arbitrary<Close> = fc.oneof(
  fc.constant({ code: 1005, reason: '' }),
  fc.record({
    code: fc
      .oneof(fc.integer({ min: 1000, max: 1014 }), fc.integer({ min: 3000, max: 4999 }))
      .filter(isCloseCode),
    reason: fc.string({ unit: 'binary', maxLength: 123 }).map(truncateReason),
  }),
);

const tokenCharacters = [..."!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz"];
const tokens = fc.string({ unit: fc.constantFrom(...tokenCharacters), minLength: 1, maxLength: 12 });
const extensions: fc.Arbitrary<readonly Extension[]> = fc.array(
  fc.record({
    name: tokens,
    parameters: fc.array(fc.record({ name: tokens, value: fc.option(tokens, { nil: undefined }) }), {
      maxLength: 4,
    }),
  }),
  { minLength: 1, maxLength: 4 },
);

const agreements = fc.record({
  serverNoContextTakeover: fc.boolean(),
  clientNoContextTakeover: fc.boolean(),
  serverMaxWindowBits: fc.integer({ min: 8, max: 15 }),
  clientMaxWindowBits: fc.integer({ min: 8, max: 15 }),
});
const deflates: fc.Arbitrary<ConnectionDeflate | undefined> = fc.option(
  fc.record({
    agreement: agreements,
    level: fc.integer({ min: 1, max: 9 }),
    threshold: fc.constantFrom(0, 20, 64),
  }),
  { nil: undefined, freq: 4 },
);

/** The octets in pieces that the numbers choose: fresh copies. */
function cut(octets: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = cuts.map((place) => place % (octets.length + 1)).sort((one, other) => one - other);
  return [0, ...places].map((start, index) => octets.slice(start, places[index] ?? octets.length));
}
const cuts = fc.array(fc.nat(), { maxLength: 12 });

// There and back --------------------------------------------------------------------------------------------------

describe('reading is the inverse of writing', () => {
  it('for frames of any kind, with and without a mask', () => {
    holds(
      fc.property(frames, (frame) => {
        const { opcode, fin = true, rsv1 = false, rsv2 = false, rsv3 = false, maskingKey } = frame;
        const payload = octetsOf(frame.payload);
        const bytes = encodeFrame({ ...frame, payload });
        const header = decodeFrameHeader(bytes);
        expect(header).toEqual({
          fin,
          rsv1,
          rsv2,
          rsv3,
          opcode,
          masked: maskingKey !== undefined,
          maskingKey: maskingKey ?? 0,
          payloadLength: payload.length,
          headerLength: bytes.length - payload.length,
        });
        const start = header?.headerLength ?? 0;
        applyMask(bytes, start, bytes.length, maskingKey ?? 0);
        expect(Buffer.compare(bytes.subarray(start), payload)).toBe(0);
      }),
    );
  });

  it('and what we write is always in the shortest form', () => {
    holds(
      fc.property(frames, (frame) => {
        const header = decodeFrameHeader(encodeFrame({ ...frame, payload: octetsOf(frame.payload) }));
        expect(header).toBeDefined();
        if (header !== undefined) checkFrameLength(header);
      }),
    );
  });

  it('for Close payloads', () => {
    holds(
      fc.property(closes, ({ code, reason }) => {
        expect(decodeClosePayload(encodeClosePayload(code, reason))).toEqual({ code, reason });
      }),
    );
  });

  it('for extensions', () => {
    holds(
      fc.property(extensions, (list) => {
        expect(parseExtensions(new Map([['sec-websocket-extensions', [encodeExtensions(list)]]]))).toEqual(
          list,
        );
      }),
    );
  });

  it('for compressed messages, one after the other through one window', () => {
    const windows = fc.record({ bits: fc.integer({ min: 8, max: 15 }), takeover: fc.boolean() });
    holds(
      fc.property(
        windows,
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.tuple(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 4 })), {
          maxLength: 8,
        }),
        ({ bits, takeover }, level, list) => {
          let window = DeflateWindow.fresh(bits, takeover);
          for (const [piece, times] of list) {
            const message = concat(...Array<Uint8Array>(times).fill(piece));
            const payload = deflate(message, window, level);
            expect(payload.length).toBeLessThanOrEqual(maximumCompressedLength(message.length));
            expect(Buffer.compare(inflate(payload, window, message.length), message)).toBe(0);
            window = window.after(message);
            expect(window.octets.length).toBeLessThanOrEqual(takeover ? 2 ** bits : 0);
          }
        },
      ),
    );
  });
});

// The handshake ---------------------------------------------------------------------------------------------------

const hosts = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
  fc.tuple(fc.domain(), fc.integer({ min: 1, max: 65_535 })).map(([name, port]) => `${name}:${port}`),
);
const targets = fc.webUrl({ withQueryParameters: true }).map((url) => {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
});
const protocols = fc.uniqueArray(tokens, { maxLength: 4 });
const handshakeKeys = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const fieldValues = fc.string({ unit: fc.constantFrom(...' \tabcé;,="\\~'), maxLength: 30 });
const moreFields = fc.dictionary(
  tokens.map((name) => `X-${name}`),
  fieldValues,
  { maxKeys: 4 },
);

function readHead(bytes: Uint8Array, places: readonly number[]): Uint8Array {
  const reader = new HeadReader();
  for (const chunk of cut(bytes, places)) {
    const read = reader.receive(chunk);
    if (read === undefined) continue;
    expect(read.rest).toHaveLength(0);
    return read.bytes;
  }
  throw new Error('The head has no end.');
}

describe('the two ends of the handshake understand each other', () => {
  it('for any request that we can write, cut anywhere', () => {
    const parts = fc.record({
      host: hosts,
      target: targets,
      key: handshakeKeys,
      protocols,
      extensions: fc.oneof(extensions, fc.constant([])),
      origin: fc.option(fc.constantFrom('https://example.com', 'null'), { nil: undefined }),
      headers: moreFields,
    });
    holds(
      fc.property(parts, cuts, (sent, places) => {
        const head = parseRequestHead(readHead(encodeUpgradeRequest(sent), places));
        const { request, key, extensions: offered } = checkUpgradeRequest(head, { allowedOrigins: 'any' });
        const { host, target, protocols: names, origin } = request;
        expect({ host, target, key, protocols: names, extensions: offered, origin }).toEqual({
          ...sent,
          headers: undefined,
        });
        const url = new URL(`http://a${sent.target}`);
        expect(request.path).toBe(url.pathname);
        expect([...request.query]).toEqual([...url.searchParams]);
        for (const [name, value] of Object.entries(sent.headers)) {
          const same = Object.entries(sent.headers).filter(
            ([other]) => other.toLowerCase() === name.toLowerCase(),
          );
          if (same.length > 1) continue;
          expect(request.headers.get(name.toLowerCase())).toBe(value.replaceAll(/^[ \t]+|[ \t]+$/g, ''));
        }
      }),
    );
  });

  it('for any reply', () => {
    const offers = fc.record({
      key: handshakeKeys,
      protocols,
      extensions: fc.oneof(extensions, fc.constant([])),
    });
    holds(
      fc.property(offers, fc.nat(), moreFields, cuts, (sent, choice, headers, places) => {
        const protocol = sent.protocols[choice % (sent.protocols.length + 1)];
        const chosen = sent.extensions.slice(0, choice % (sent.extensions.length + 1));
        const reply = encodeUpgradeReply({ key: sent.key, protocol, extensions: chosen, headers });
        const opened = checkUpgradeResponse(parseResponseHead(readHead(reply, places)), sent);
        expect(opened).toEqual({ protocol: protocol ?? '', extensions: chosen });
      }),
    );
  });

  it('for any refusal', () => {
    holds(
      fc.property(fc.integer({ min: 300, max: 599 }), texts, moreFields, (status, explanation, headers) => {
        const read = new HeadReader().receive(encodeRefusal(status, explanation, headers));
        const head = parseResponseHead(read?.bytes ?? new Uint8Array(0));
        expect(head.status).toBe(status);
        expect(head.fields.get('content-length')).toEqual([String(read?.rest.length)]);
        expect(Buffer.from(read?.rest ?? []).toString()).toBe(`${explanation.toWellFormed()}\n`);
      }),
    );
  });

  it('for permessage-deflate: what our client offers our server takes, and both read the same agreement', () => {
    const bits = fc.option(fc.integer({ min: 9, max: 15 }), { nil: undefined });
    const wishes = fc
      .record({ no: fc.tuple(fc.boolean(), fc.boolean()), bits: fc.tuple(bits, bits) })
      .map(({ no: [serverNoContextTakeover, clientNoContextTakeover], bits: [server, client] }) => ({
        serverNoContextTakeover,
        clientNoContextTakeover,
        ...(server !== undefined && { serverMaxWindowBits: server }),
        ...(client !== undefined && { clientMaxWindowBits: client }),
      }));
    holds(
      fc.property(wishes, wishes, (ofServer, ofClient) => {
        const server = resolveDeflateOptions('server', ofServer);
        const client = resolveDeflateOptions('client', ofClient);
        const accepted = acceptOffer([{ name: 'other', parameters: [] }, makeOffer(client)], server);
        expect(accepted).toBeDefined();
        if (accepted === undefined) return;
        expect(checkAnswer(accepted.response, client)).toEqual(accepted.agreement);
        const { agreement } = accepted;
        expect(agreement.serverMaxWindowBits).toBe(
          Math.min(server.serverMaxWindowBits, client.serverMaxWindowBits),
        );
        expect(agreement.clientMaxWindowBits).toBe(
          Math.min(server.clientMaxWindowBits, client.clientMaxWindowBits),
        );
      }),
    );
  });
});

// One connection --------------------------------------------------------------------------------------------------

type Event = readonly ['message' | 'ping' | 'pong', string] | readonly ['close', Close];

/** Text as it is, octets as their number and a digest: quick to compare, short to print. */
function noted(data: string | Uint8Array): string {
  if (typeof data === 'string') return `text ${data}`;
  return `${data.length} octets ${createHash('sha1').update(data).digest('base64')}`;
}

/** One end, the log of what it was told, and the octets that it wants written. */
class End {
  readonly role: Role;
  readonly connection: Connection;
  readonly events: Event[] = [];
  readonly #sink: ConnectionEvents = {
    message: (data) => this.events.push(['message', noted(data)]),
    ping: (payload) => {
      this.events.push(['ping', noted(payload)]);
      // Its Pong is in the output already.
      if (this.connection.closeSent === undefined) this.emitted.push(['pong', noted(payload)]);
    },
    pong: (payload) => this.events.push(['pong', noted(payload)]),
    closeReceived: (close) => this.events.push(['close', close]),
  };
  /** What has gone out before our Close, for the other end to be told. `#taken` of it cannot be dropped any more. */
  readonly emitted: Event[] = [];
  #taken = 0;

  constructor(role: Role, deflate: ConnectionDeflate | undefined, maxMessageLength = 1024 * 1024) {
    this.role = role;
    let key = 0;
    const maskingKey = (): number => (key = (key + 0x1234_5679) >>> 0);
    this.connection = new Connection(role, { deflate, maxMessageLength, maskingKey });
  }

  receive(octets: Uint8Array): void {
    this.connection.receive(Uint8Array.from(octets), this.#sink);
  }

  send(message: Message, how: 'plain' | 'prepared' | 'uncompressed'): void {
    const data = dataOf(message);
    const isPrepared = how === 'prepared' && this.role === 'server';
    const isOpen = this.connection.readyState === 1;
    expect(this.connection.send(isPrepared ? new PreparedMessage(data) : data, how !== 'uncompressed')).toBe(
      isOpen,
    );
    if (isOpen) this.emitted.push(['message', received(message)]);
  }

  discard(): void {
    if (this.connection.closeSent !== undefined) return;
    this.connection.discardOutput();
    this.emitted.length = this.#taken;
  }

  take(): { readonly octets: Uint8Array; readonly end: boolean } {
    const { chunks, end } = this.connection.takeOutput();
    this.#taken = this.emitted.length;
    return { octets: concat(...chunks), end };
  }
}

/** A stream of frames that a client may send: messages in fragments, control frames in between. */
const streams = fc
  .array(
    fc.record({
      data: messages,
      compressed: fc.boolean(),
      places: fc.array(fc.nat(), { maxLength: 3 }),
      controls: fc.array(
        fc.tuple(fc.constantFrom(Opcode.ping, Opcode.pong), fc.uint8Array({ maxLength: 125 })),
        {
          maxLength: 2,
        },
      ),
    }),
    { maxLength: 6 },
  )
  .map((list) =>
    concat(
      ...list.flatMap(({ data, compressed, places, controls }) => {
        const octets = typeof data === 'string' ? utf8(data) : octetsOf(data);
        const payload = compressed ? deflate(octets, DeflateWindow.fresh(15, false), 6) : octets;
        const fragments = cut(payload, places);
        return fragments.flatMap((fragment, index) => [
          encodeFrame({
            opcode: index > 0 ? Opcode.continuation : typeof data === 'string' ? Opcode.text : Opcode.binary,
            fin: index === fragments.length - 1,
            rsv1: compressed && index === 0,
            payload: fragment,
            maskingKey: 0x37fa213d,
          }),
          ...controls.map(([opcode, control]) =>
            encodeFrame({ opcode, payload: control, maskingKey: index }),
          ),
        ]);
      }),
    ),
  );

const alone: ConnectionDeflate = {
  agreement: {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
  },
  level: 6,
  threshold: 0,
};

function hear(chunks: readonly Uint8Array[], role: Role, limit?: number): End {
  const end = new End(role, alone, limit);
  for (const chunk of chunks) end.receive(chunk);
  return end;
}

describe('one connection', () => {
  it('is told the same whatever the cut, for streams that are right', () => {
    holds(
      fc.property(streams, cuts, (octets, places) => {
        const whole = hear([octets], 'server');
        expect(whole.connection.failure).toBeUndefined();
        for (const chunks of [
          cut(octets, places),
          Array.from(octets.subarray(0, 3000), (octet) => Uint8Array.of(octet)),
        ]) {
          const end = hear(chunks, 'server');
          if (concat(...chunks).length === octets.length) expect(end.events).toEqual(whole.events);
          else expect(end.events).toEqual(whole.events.slice(0, end.events.length));
        }
      }),
      150,
    );
  });

  it('makes events or one failure of any octets, whatever the cut', () => {
    const limits = fc.constantFrom(1, 10, 1000, 1024 * 1024);
    const roles = fc.constantFrom<Role>('server', 'client');
    // Random octets are refused at the second of them; changed streams get further.
    const spoilt = fc
      .tuple(streams, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }))
      .map(([octets, changes]) => {
        const changed = Uint8Array.from(octets);
        for (const [place, octet] of changes) if (changed.length > 0) changed[place % changed.length] = octet;
        return changed;
      });
    const octets = fc.oneof(spoilt, fc.uint8Array({ maxLength: 200 }));
    holds(
      fc.property(octets, cuts, roles, limits, (bytes, places, role, limit) => {
        const whole = hear([bytes], role, limit);
        const pieces = hear(cut(bytes, places), role, limit);
        const { failure } = whole.connection;
        expect(pieces.events).toEqual(whole.events);
        expect(pieces.connection.failure?.message).toBe(failure?.message);
        const taken = whole.take();
        expect(taken.octets).toEqual(pieces.take().octets);
        if (failure === undefined) return;
        expect(failure).toBeInstanceOf(ProtocolError);
        expect([1002, 1007, 1009]).toContain(failure.closeCode);
        expect(taken.end).toBe(true);
        expect(whole.connection.closeSent?.code).toBe(failure.closeCode);
      }),
    );
  });

  it('judges a header by the same rules as the whole connection does', () => {
    holds(
      fc.property(frames, fc.boolean(), (frame, fromClient) => {
        const bytes = encodeFrame({ ...frame, payload: octetsOf(frame.payload).subarray(0, 300) });
        const judged = ((): boolean => {
          try {
            checkFrameStart(bytes[0] ?? 0, bytes[1] ?? 0, fromClient, false);
            return true;
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
            return false;
          }
        })();
        const end = new End(fromClient ? 'server' : 'client', undefined);
        end.receive(bytes);
        const { failure } = end.connection;
        // A continuation has nothing to continue here, and text, Close and the like are judged by their payload too.
        const byPayload = failure !== undefined && !/§5\.[12]$|§5\.5$/.test(failure.section);
        expect(failure === undefined || byPayload).toBe(judged);
      }),
    );
  });

  it('writes a PreparedMessage exactly as it writes the message, compressed or not', () => {
    holds(
      fc.property(deflates, fc.array(messages, { maxLength: 6 }), fc.boolean(), (deflate, list, compress) => {
        const [one, other] = [new End('server', deflate), new End('server', deflate)];
        for (const data of list) {
          one.connection.send(dataOf(data), compress);
          other.connection.send(new PreparedMessage(dataOf(data)), compress);
          expect(Buffer.compare(other.take().octets, one.take().octets)).toBe(0);
        }
      }),
    );
  });
});

// Two connections ---------------------------------------------------------------------------------------------------

/** What may happen next, by one end or in the pipe to it. */
type Step =
  | {
      readonly what: 'send';
      readonly data: Message;
      readonly how: 'plain' | 'prepared' | 'uncompressed';
    }
  | { readonly what: 'ping' | 'pong'; readonly payload: Uint8Array }
  | { readonly what: 'close'; readonly close: Close }
  | { readonly what: 'take' | 'discard' }
  /** So many octets of the pipe arrive. */
  | { readonly what: 'arrive'; readonly length: number };

const controlPayloads = fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(countedOctets(125)));
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant('send' as const),
      data: messages,
      how: fc.constantFrom('plain' as const, 'plain' as const, 'prepared' as const, 'uncompressed' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constantFrom('ping' as const, 'pong' as const),
      payload: controlPayloads,
    }),
  },
  { weight: 5, arbitrary: fc.record({ what: fc.constant('take' as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('discard' as const) }) },
  {
    weight: 10,
    arbitrary: fc.record({ what: fc.constant('arrive' as const), length: fc.integer({ min: 1, max: 400 }) }),
  },
);
const scripts = fc.array(fc.tuple(fc.constantFrom<Role>('server', 'client'), steps), { maxLength: 60 });

/** Two ends and the pipe between them, which gives octets when it is told to. */
class Conversation {
  readonly ends: Record<Role, End>;
  /** Octets on their way to that end. */
  readonly #pipes: Record<Role, { octets: Uint8Array; ended: boolean }> = {
    server: { octets: new Uint8Array(0), ended: false },
    client: { octets: new Uint8Array(0), ended: false },
  };

  constructor(deflate: ConnectionDeflate | undefined) {
    this.ends = { server: new End('server', deflate), client: new End('client', deflate) };
  }

  run(role: Role, step: Step): void {
    const end = this.ends[role];
    switch (step.what) {
      case 'send':
        end.send(step.data, step.how);
        break;
      case 'ping':
        if (end.connection.ping(step.payload)) end.emitted.push(['ping', noted(step.payload)]);
        break;
      case 'pong':
        if (end.connection.pong(step.payload)) end.emitted.push(['pong', noted(step.payload)]);
        break;
      case 'close':
        end.connection.close(step.close.code === 1005 ? undefined : step.close.code, step.close.reason);
        break;
      case 'take':
        this.#take(role);
        break;
      case 'discard':
        end.discard();
        break;
      case 'arrive':
        this.#arrive(role, step.length);
    }
  }

  #take(role: Role): void {
    const pipe = this.#pipes[role === 'server' ? 'client' : 'server'];
    const { octets, end } = this.ends[role].take();
    if (pipe.ended) expect(octets).toHaveLength(0);
    pipe.octets = concat(pipe.octets, octets);
    pipe.ended = end;
  }

  #arrive(role: Role, length: number): void {
    const pipe = this.#pipes[role];
    const arriving = pipe.octets.subarray(0, length);
    pipe.octets = pipe.octets.subarray(length);
    if (arriving.length > 0) this.ends[role].receive(arriving);
    if (pipe.octets.length === 0 && pipe.ended) this.ends[role].connection.receiveEnd();
  }

  /** Everything that is under way arrives, until nothing is. */
  settle(): void {
    const roles: readonly Role[] = ['server', 'client'];
    for (let round = 0; round < 6; round++) {
      for (const role of roles) this.#take(role);
      for (const role of roles) this.#arrive(role, Number.POSITIVE_INFINITY);
    }
  }
}

const isMessage = ([kind]: Event): boolean => kind === 'message';
const isControl = ([kind]: Event): boolean => kind === 'ping' || kind === 'pong';

/** What one end was told is what the other one had said. */
function expectUnderstood(hearing: End, speaking: End): void {
  const { events, connection } = hearing;
  expect(events.filter(isControl)).toEqual(speaking.emitted.filter(isControl));
  const said = speaking.emitted.filter(isMessage);
  const heard = events.filter(isMessage);
  // Who has said goodbye does not listen to what was on its way.
  expect(heard).toEqual(connection.closeFirst === 'us' ? said.slice(0, heard.length) : said);
  expect(connection.closeReceived).toEqual(speaking.connection.closeSent);
  expect(events.filter(([kind]) => kind === 'close')).toEqual([['close', speaking.connection.closeSent]]);
}

function stateOf({ wasClean, readyState, closeCode, failure }: Connection): object {
  return { wasClean, readyState, closeCode, failure };
}

function expectGoodEnd({ connection }: End): void {
  expect(stateOf(connection)).toEqual({
    wasClean: true,
    readyState: 3,
    closeCode: connection.closeReceived?.code,
    failure: undefined,
  });
  expect([connection.pendingAmount, connection.midMessage]).toEqual([0, false]);
}

describe('two connections', () => {
  it('tell each other everything in order, and end with records that agree', () => {
    const endings = fc.array(fc.tuple(fc.constantFrom<Role>('server', 'client'), closes), {
      minLength: 1,
      maxLength: 2,
    });
    holds(
      fc.property(deflates, scripts, endings, scripts, (deflate, before, endings, after) => {
        const conversation = new Conversation(deflate);
        const { server, client } = conversation.ends;
        for (const [role, step] of before) conversation.run(role, step);
        for (const [role, close] of endings) conversation.run(role, { what: 'close', close });
        for (const [role, step] of after) conversation.run(role, step);
        conversation.settle();

        for (const end of [server, client]) expectGoodEnd(end);
        expectUnderstood(server, client);
        expectUnderstood(client, server);
        const [ofServer, ofClient] = [server, client].map(({ connection }) =>
          explainClose(connection, { cause: undefined, error: undefined, duration: 0, idleTime: 0 }),
        );
        expect([ofServer?.wasClean, ofClient?.wasClean]).toEqual([true, true]);
        // Both began when their Closes crossed; else one did, and both know which.
        const initiators = [ofServer?.initiator, ofClient?.initiator].sort().join();
        expect(['peer,us', 'us,us']).toContain(initiators);
        expect(ofServer?.code).toBe(client.connection.closeSent?.code);
        expect(ofClient?.code).toBe(server.connection.closeSent?.code);
        expect(ofClient?.messagesReceived).toBe(client.events.filter(isMessage).length);
        expect(ofServer?.messagesReceived).toBe(server.events.filter(isMessage).length);
      }),
      400,
    );
  });

  it('tell each other everything up to the moment when TCP is lost', () => {
    holds(
      fc.property(deflates, scripts, (deflate, before) => {
        const conversation = new Conversation(deflate);
        const { server, client } = conversation.ends;
        for (const [role, step] of before) conversation.run(role, step);
        for (const [hearing, speaking] of [
          [server, client],
          [client, server],
        ] as const) {
          hearing.connection.receiveEnd();
          expect(stateOf(hearing.connection)).toEqual({
            wasClean: false,
            readyState: 3,
            closeCode: 1006,
            failure: undefined,
          });
          expect(hearing.events).toEqual(speaking.emitted.slice(0, hearing.events.length));
        }
      }),
      200,
    );
  });

  it('hear one message for all of them, though each agreed on something else', () => {
    const recipients = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 });
    const said = fc.array(
      fc.tuple(messages, recipients, fc.constantFrom('shared', 'shared', 'personal', 'uncompressed')),
      {
        maxLength: 30,
      },
    );
    const kinds = fc.array(deflates, { minLength: 1, maxLength: 3 });
    holds(
      fc.property(kinds, said, (some, list) => {
        // Pairs with the same agreement share windows.
        const pairs = Array.from({ length: 6 }, (_, index) => new Conversation(some[index % some.length]));
        for (const [data, to, how] of list) {
          const shared = new PreparedMessage(dataOf(data));
          for (const [index, conversation] of pairs.entries()) {
            const { server } = conversation.ends;
            if (to[index] !== true) continue;
            if (how !== 'personal') {
              server.connection.send(shared, how === 'shared');
              server.emitted.push(['message', received(data)]);
            } else {
              server.send(typeof data === 'string' ? `${index} ${data}` : data, 'plain');
            }
          }
        }
        for (const conversation of pairs) {
          conversation.settle();
          const { server, client } = conversation.ends;
          expect(client.connection.failure).toBeUndefined();
          expect(client.events).toEqual(server.emitted);
        }
      }),
      150,
    );
  });
});
