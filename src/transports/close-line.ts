/**
 * How a connection ended (RFC 6455 §7.1.4-§7.1.7) as the fields of one line in the log: flat, so that whoever searches
 * logs can name each, and the last frames as words. Called by websocket.ts.
 */
import type { CloseRecord } from '../index.ts';
import { opcodeNames } from '../trace.ts';

/** A close record without anything inside of anything. Times are whole milliseconds. */
export interface CloseLine extends Omit<CloseRecord, 'lastFrames'> {
  /** The oldest first, as in `in text 120, out pong 4`: where it went, what it was, octets of payload. */
  readonly lastFrames: string;
}

/** The record as plain fields. */
export function closeLine(record: CloseRecord): CloseLine {
  return {
    ...record,
    duration: Math.round(record.duration),
    idleTime: Math.round(record.idleTime),
    lastFrames: record.lastFrames.map(describeFrame).join(', '),
  };
}

/** One frame in words: `in text 120`, `out compressed text 60`, `in unfinished binary 1000`. */
function describeFrame({
  direction,
  opcode,
  fin,
  rsv1,
  payloadLength,
}: CloseRecord['lastFrames'][number]): string {
  const kind = opcodeNames.get(opcode) ?? `opcode ${opcode}`;
  return [direction, fin ? '' : 'unfinished', rsv1 ? 'compressed' : '', kind, payloadLength]
    .filter((word) => word !== '')
    .join(' ');
}
