/**
 * TCP connections that are read through one buffer which all of them share, instead of 64 KiB of new memory for each read:
 * what node:net allocates, and lets go, is a fifth of what a small message costs. Called by listener.ts, which accepts
 * them, and by wire.ts, which reads from them.
 *
 * node:net offers such reading (`onread`) only to sockets that connect. For those that are accepted it takes one step
 * behind its public face, so each thing that is used there is looked for first: on a Node.js that has changed,
 * `acceptLent` does nothing and says so, and the server reads as node:net does by itself; or, where only the place for
 * another buffer is missing, reads of a connection that is held back stay as long as others.
 */
import { Buffer } from 'node:buffer';
import { type OnReadOpts, type Server, Socket, type SocketConstructorOpts } from 'node:net';
import { createReadBuffer } from './mask-kernel.ts';
import { heldReadLength, type ReadAccount, type Reader, type ReadTurns, readLength } from './read-turns.ts';

/** Who reads a stream and waits for its end. Must not throw. */
export interface StreamOwner {
  /** @param lent whether the octets are the owner's during the call only: then it may change, but not keep them */
  receive(chunk: Buffer, lent: boolean): void;
  /** The peer has ended its side. */
  receiveEnd(): void;
  /** What went wrong; `closed` follows. */
  failed(error: Error): void;
  /** The stream is gone. */
  closed(): void;
}

/** Whose connection a stream is, as far as TCP and a PROXY header tell. */
export interface Peer {
  readonly address: string;
  /** Whether it has been counted for that address: not when it is a trusted proxy's. */
  readonly counted: boolean;
}

/** What all lent sockets are read into. Never empty, and worth something only until the next read. */
const shared = createReadBuffer(readLength);
const sharedForHeld = shared.subarray(0, heldReadLength);

/** What the lent sockets of one server have in common. */
interface LentSockets {
  readonly turns: ReadTurns;
  /** Told when TCP is gone. */
  readonly gone: (socket: LentSocket) => void;
}

/** An accepted connection. Until it has an owner it is a stream like any other. */
export class LentSocket extends Socket implements Reader {
  /** Who gets its octets as they come, without a copy. What waits in the stream is not among them: see `own`. */
  owner: StreamOwner | undefined;
  /** Once it is known. */
  peer: Peer | undefined;
  inTurn = 0;
  account: ReadAccount | undefined;
  /** Whether it is read into the shorter buffer. */
  #readsShort = false;
  /** Whether its next turn is on its way already. */
  #waits = false;
  readonly all: LentSockets;

  constructor(handle: object, all: LentSockets) {
    const options: SocketConstructorOpts & { readonly handle: object; readonly onread: OnReadOpts } = {
      handle,
      allowHalfOpen: true,
      onread: { buffer: shared, callback: receive },
    };
    super(options);
    this.all = all;
    this.setNoDelay(true);
    // Functions that all share: closures of its own would cost each connection more than what they do.
    this.on('end', end);
    this.on('error', fail);
    this.on('close', close);
  }

  /**
   * Has reads bring as much as its account says. node:net asks a function for the next buffer where it was given one;
   * here it is given one late, because most connections never need it and all would pay for the calls.
   */
  fitReads(): void {
    const short = this.account?.held === true;
    if (short === this.#readsShort) return;
    const next = Object.getOwnPropertySymbols(this).find(({ description }) => description === 'kBufferGen');
    if (next === undefined) return;
    this.#readsShort = short;
    Reflect.set(this, next, short ? lendLess : lendAll);
  }

  /**
   * Has it read on after so many milliseconds, or in the next turn of the event loop. When its owner has paused and
   * resumed it, it may come here again before: more than one at a time would be more than its share.
   */
  readLater(milliseconds: number): void {
    if (this.#waits) return;
    this.#waits = true;
    if (milliseconds === 0) setImmediate(readOn, this);
    else setTimeout(readOn, milliseconds, this);
  }

  readOn(): void {
    this.#waits = false;
    // Whoever has paused it since will resume it.
    if (!this.isPaused() && !this.destroyed) this.resume();
  }
}

const lendAll = (): Uint8Array => shared;
const lendLess = (): Uint8Array => sharedForHeld;

/** Called by node:net with the socket as `this`. False stops reading. */
function receive(this: unknown, length: number, buffer: Uint8Array): boolean {
  if (!(this instanceof LentSocket)) return true;
  const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, length);
  // Pausing does not always stop node:net from reading; what comes then waits in the stream, as far as that has room.
  if (this.owner === undefined || this.isPaused()) return this.push(Buffer.from(chunk));
  this.owner.receive(chunk, true);
  const wait = this.all.turns.after(this, length);
  if (wait < 0) return true;
  this.fitReads();
  this.readLater(wait);
  return false;
}

function readOn(socket: LentSocket): void {
  socket.readOn();
}

/** What has waited in the stream. */
function takeUp(this: LentSocket, chunk: Buffer): void {
  this.owner?.receive(chunk, false);
}

function end(this: LentSocket): void {
  this.owner?.receiveEnd();
}

function fail(this: LentSocket, error: Error): void {
  this.owner?.failed(error);
}

function close(this: LentSocket): void {
  this.all.turns.forget(this);
  this.owner?.closed();
  this.all.gone(this);
}

/** Gives a stream an owner. It has to be resumed by the caller. */
export function own(stream: Socket, owner: StreamOwner): void {
  if (stream instanceof LentSocket) {
    stream.owner = owner;
    stream.on('data', takeUp);
    return;
  }
  stream.on('data', (chunk: Buffer) => owner.receive(chunk, false));
  stream.on('end', () => owner.receiveEnd());
  stream.on('error', (error) => owner.failed(error));
  stream.on('close', () => owner.closed());
}

/**
 * Has a server that listens accept its connections as lent sockets. They are not among those that its own `close` waits
 * for.
 * @param accept is given each
 * @param turns says how long each is read at a time
 * @param gone is told of each when it is closed
 * @returns false, and changes nothing, where this Node.js is not built as it has to be for that
 */
export function acceptLent(
  server: Server,
  turns: ReadTurns,
  accept: (socket: LentSocket) => void,
  gone: (socket: LentSocket) => void,
): boolean {
  const handle: unknown = Reflect.get(server, '_handle');
  if (typeof handle !== 'object' || handle === null) return false;
  const acceptAsBefore: unknown = Reflect.get(handle, 'onconnection');
  if (typeof acceptAsBefore !== 'function') return false;
  const all: LentSockets = { turns, gone };
  return Reflect.set(handle, 'onconnection', function (this: unknown, status: unknown, connection: unknown) {
    if (isReadable(connection)) accept(new LentSocket(connection, all));
    // Accepting failed, which the server reports, or the connection is of a kind that is not known here.
    else Reflect.apply(acceptAsBefore, this, [status, connection]);
  });
}

/** Whether it is what Socket reads from, and can be told what to read into. */
function isReadable(connection: unknown): connection is object {
  return typeof connection === 'object' && connection !== null && 'useUserBuffer' in connection;
}
