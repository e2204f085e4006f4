/**
 * Why a connection ended, in one record (RFC 6455 §7.1.4-§7.1.7): no close is left at a bare 1006. Made by socket.ts
 * when TCP is gone, given to the `close` handler.
 */
import { type Close, CloseCode } from './close.ts';
import type { Connection } from './connection.ts';
import type { FrameNote } from './recent-frames.ts';

/** How one connection ended. */
export interface CloseRecord {
  /** The peer's close code; the code of our failure when we refused something; 1006 when no Close frame came. */
  readonly code: number;
  /** The reason that came, or went out, with that code; '' with 1006. */
  readonly reason: string;
  /** Whether both Close frames were exchanged. */
  readonly wasClean: boolean;
  /** Whose doing it was: our side, the peer's, or TCP's alone. */
  readonly initiator: 'us' | 'peer' | 'network';
  /** The rule that the peer broke, as in `RFC 6455 §5.2`; undefined when it broke none. */
  readonly section: string | undefined;
  /** One plain sentence: what happened. */
  readonly explanation: string;
  /** Milliseconds from the end of the handshake to the end of TCP. */
  readonly duration: number;
  /** Milliseconds since the last octet came, when TCP ended. */
  readonly idleTime: number;
  /** Octets both ways, frame headers included. */
  readonly octetsReceived: number;
  readonly octetsSent: number;
  /** Whole messages both ways. */
  readonly messagesReceived: number;
  readonly messagesSent: number;
  /** The last eight frames that came or were to be sent, the oldest first. */
  readonly lastFrames: readonly FrameNote[];
}

/** What the shell knows beyond the protocol. */
export interface TransportEnd {
  /** Why our side gave up, when it did: no pong, too slow, no Close in time, terminated. */
  readonly cause: string | undefined;
  /** The error of the TCP connection, when it had one. */
  readonly error: Error | undefined;
  /** Milliseconds, as in CloseRecord. */
  readonly duration: number;
  readonly idleTime: number;
}

/** Tells how a connection ended, from what was sent and received on it. */
export function explainClose(connection: Connection, transport: TransportEnd): CloseRecord {
  const { failure, closeReceived, closeSent } = connection;
  const { cause, error } = transport;
  // Whoever fails the connection has sent a Close, this one or an earlier one.
  if (failure !== undefined && closeSent !== undefined) {
    // A violation after our own Close is not what that Close was about.
    const reason = closeSent.code === failure.closeCode ? closeSent.reason : '';
    const close = { code: failure.closeCode, reason };
    return record(connection, transport, close, 'us', failure.explanation, failure.section);
  }
  if (closeReceived !== undefined) {
    const initiator = connection.closeFirst === 'us' ? 'us' : 'peer';
    const explanation = cause ?? explainHandshake(closeReceived, initiator === 'us' ? closeSent : undefined);
    return record(connection, transport, closeReceived, initiator, explanation);
  }
  if (cause !== undefined) return record(connection, transport, noClose, 'us', cause);
  const how = error === undefined ? 'ended TCP' : `was lost (${errorName(error)})`;
  if (closeSent !== undefined) {
    const explanation = `We closed with ${describe(closeSent.code, closeSent.reason)}; the peer ${how} without a Close frame.`;
    return record(connection, transport, noClose, 'us', explanation);
  }
  const when = connection.midMessage ? 'in the middle of a message' : 'between messages';
  return record(connection, transport, noClose, 'network', `The peer ${how} without a Close frame, ${when}.`);
}

const noClose: Close = { code: CloseCode.abnormalClosure, reason: '' };

/** Property by property: this is made for each connection, and spreading objects takes several times as long. */
function record(
  connection: Connection,
  transport: TransportEnd,
  close: Close,
  initiator: CloseRecord['initiator'],
  explanation: string,
  section?: string,
): CloseRecord {
  return {
    code: close.code,
    reason: close.reason,
    wasClean: connection.wasClean,
    initiator,
    section,
    explanation,
    duration: transport.duration,
    idleTime: transport.idleTime,
    octetsReceived: connection.octetsReceived,
    octetsSent: connection.octetsSent,
    messagesReceived: connection.messagesReceived,
    messagesSent: connection.messagesSent,
    lastFrames: connection.lastFrames(),
  };
}

/** Both Closes of a handshake. @param ours when it was the first */
function explainHandshake(theirs: Close, ours: Close | undefined): string {
  if (ours === undefined) return `The peer closed with ${describe(theirs.code, theirs.reason)}.`;
  const answer =
    theirs.code === ours.code ? '' : `; the peer answered with ${describe(theirs.code, theirs.reason)}`;
  return `We closed with ${describe(ours.code, ours.reason)}${answer}.`;
}

function describe(code: number, reason: string): string {
  if (code === CloseCode.noStatusReceived) return 'no code';
  return reason === '' ? String(code) : `${code} "${reason}"`;
}

function errorName(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
