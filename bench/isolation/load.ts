/**
 * The process that makes load: one peer that sends large messages as fast as they are taken, and the members that a
 * broadcast goes to, with the peer that asks for it. Started by isolation.bench.ts.
 */
import type { Socket } from 'node:net';
import { median } from '../statistics.ts';
import { type LoadKind, type LoadOrder, type LoadReport, serve } from './orders.ts';
import { clientFrame, expectClosing, open, openMany } from './sockets.ts';

/** What the server is asked with to publish `broadcastLength` octets; anything else that is short is echoed. */
export const publishRequest = 'publish ';

const opcodes = { text: 1, binary: 2 } as const;
/** Text as people and programs write it: mostly ASCII, and never for long. */
const sample =
  '{"from":"Zoë","text":"Wie geht’s? 元気です 😀","at":1790000000000,"tags":["a","b","c"],"n":[1,2,3,4]}\n';

/** Octets of one write. */
const sliceLength = 128 * 1024;

let port = 0;
let messageLength = 0;
let deliveryLength = 0;
let publisher: Socket | undefined;
/** Octets that members have got since the load began. */
let delivered = 0;
let onDelivered: (() => void) | undefined;
let members = 0;
let stop: (() => Promise<LoadReport>) | undefined;

async function connectAll(order: LoadOrder & { step: 'connect' }): Promise<void> {
  ({ port, members, messageLength } = order);
  deliveryLength = order.broadcastLength + (order.broadcastLength < 126 ? 2 : 4);
  await openMany(port, '/member', members, (_, octets) => {
    delivered += octets.length;
    onDelivered?.();
  });
  publisher = await open(port, '/control', () => {});
  broadcastFrame = clientFrame(opcodes.text, Buffer.from(`${publishRequest}${order.broadcastLength}`));
}

let broadcastFrame: Buffer = Buffer.alloc(0);

/** Whole characters, and blanks for what is left. */
function textOf(length: number): Buffer {
  const characters = Buffer.from(sample);
  const whole = length - (length % characters.length);
  return Buffer.concat([Buffer.alloc(whole, characters), Buffer.alloc(length - whole, ' ')]);
}

/**
 * Large messages one behind the other, in slices: one long write would keep the probe from its core while the kernel
 * copies. The next slice is handed over as soon as the kernel has taken the one before.
 */
async function startLarge(kind: 'binary' | 'text' | 'echo'): Promise<() => Promise<LoadReport>> {
  const isText = kind === 'text';
  const payload = isText ? textOf(messageLength) : Buffer.alloc(messageLength, 'binary octets ');
  const frame = clientFrame(isText ? opcodes.text : opcodes.binary, payload);
  const path = kind === 'echo' ? '/echo' : '/take';
  let octets = 0;
  // A server's frame: the answer is short, an echo has the longest header.
  const answerLength = kind === 'echo' ? messageLength + 10 : 2 + 'taken'.length;
  const socket = await open(port, path, ({ length }) => {
    octets += length;
  });
  const startedAt = performance.now();
  let running = true;
  let position = 0;
  const send = (): void => {
    if (!running) return;
    const slice = frame.subarray(position, position + sliceLength);
    position += slice.length;
    if (position === frame.length) position = 0;
    socket.write(slice, send);
  };
  send();
  return async () => {
    running = false;
    const milliseconds = performance.now() - startedAt;
    const messages = octets / answerLength;
    expectEnd(socket);
    return { messages, amount: messages * messageLength, milliseconds, spreading: 0 };
  };
}

/** The peer goes away in the middle of a message; the next phase has a new one. */
function expectEnd(socket: Socket): void {
  socket.removeAllListeners('close');
  socket.on('error', () => {});
  socket.destroy();
}

/** @param interval milliseconds from one broadcast to the next; 0 for one as soon as everybody has the last */
function startBroadcasts(interval: number): () => Promise<LoadReport> {
  const startedAt = performance.now();
  const whole = members * deliveryLength;
  const times: number[] = [];
  let running = true;
  let asked = 0;
  let askedAt = 0;
  delivered = 0;
  const ask = (): void => {
    asked++;
    askedAt = performance.now();
    publisher?.write(broadcastFrame);
  };
  let settled: (() => void) | undefined;
  onDelivered = () => {
    if (delivered < asked * whole) return;
    if (delivered > asked * whole) throw new Error('Members got more than was published.');
    times.push(performance.now() - askedAt);
    settled?.();
    if (!running) return;
    const wait = interval === 0 ? 0 : Math.max(0, startedAt + asked * interval - performance.now());
    if (wait === 0) ask();
    else timer = setTimeout(ask, wait);
  };
  let timer: NodeJS.Timeout | undefined;
  ask();
  return async () => {
    running = false;
    clearTimeout(timer);
    const milliseconds = performance.now() - startedAt;
    const amount = delivered / deliveryLength;
    // A broadcast that is under way belongs to no other phase.
    if (delivered < asked * whole) {
      await new Promise<void>((resolve) => {
        settled = resolve;
      });
    }
    onDelivered = undefined;
    return { messages: times.length, amount, milliseconds, spreading: median(times) };
  };
}

async function start(kind: LoadKind): Promise<() => Promise<LoadReport>> {
  if (kind === 'none') return async () => ({ messages: 0, amount: 0, milliseconds: 0, spreading: 0 });
  if (kind === 'broadcast') return startBroadcasts(0);
  if (kind === 'broadcast-each-second') return startBroadcasts(1000);
  return startLarge(kind);
}

process.once('disconnect', () => {
  expectClosing();
  process.exit(0);
});
serve<LoadOrder>(async (order) => {
  if (order.step === 'connect') {
    await connectAll(order);
  } else if (order.step === 'start') {
    stop = await start(order.kind);
  } else if (stop !== undefined) {
    return stop();
  }
  return 'ready';
});
