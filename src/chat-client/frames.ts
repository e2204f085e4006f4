/**
 * The frames of one connection as the server's tracer saw them, for a wire strip: an event stream that is open only
 * while somebody watches. Over transports without frames, and where this fails, a link's own ticks say less.
 */
import * as v from 'valibot';
import { count } from '../chat/events.ts';
import { opcodeNames } from '../trace.ts';
import { createEventSource, type EventSourceConstructor } from './carriers/event-source.ts';
import type { WireTick } from './state.ts';

const frameSchema = v.object({
  time: v.pipe(v.number(), v.finite()),
  /** As the server sees it. */
  direction: v.picklist(['in', 'out']),
  opcode: count,
  length: count,
  fin: v.boolean(),
  rsv1: v.boolean(),
  masked: v.boolean(),
});

export interface FrameWatch {
  /** Origin of the server, as `https://chat.example`. */
  readonly url: string;
  /** Default: that of globalThis. */
  readonly EventSource?: EventSourceConstructor | undefined;
  /** It does not work here, or has ended: link ticks are to be shown instead. At most once, not after the stop. */
  failed(): void;
}

/**
 * Watches the frames of a connection.
 * @param connection the id that `server:hello` said
 * @returns what ends it
 */
export function watchFrames(
  connection: string,
  listener: (tick: WireTick) => void,
  watch: FrameWatch,
): () => void {
  const address = new URL(`/api/connections/${encodeURIComponent(connection)}/frames`, watch.url).href;
  const source = createEventSource(address, watch.EventSource);
  let ended = false;
  const stop = () => {
    ended = true;
    source?.close();
  };
  const fail = () => {
    if (ended) return;
    stop();
    watch.failed();
  };
  if (source === undefined) {
    queueMicrotask(fail);
    return stop;
  }
  const hear = ({ data }: { readonly data?: unknown }) => {
    const tick = ended ? undefined : readFrame(data);
    if (tick !== undefined) listener(tick);
  };
  source.addEventListener('message', hear);
  source.addEventListener('frame', hear);
  // A browser tries again by itself; a connection that is gone has nothing to show then.
  source.addEventListener('error', fail);
  return stop;
}

/** The tick for the data of one event; undefined when it is none. */
function readFrame(data: unknown): WireTick | undefined {
  let value: unknown;
  try {
    value = JSON.parse(String(data));
  } catch {
    return undefined;
  }
  const frame = v.safeParse(frameSchema, value);
  if (!frame.success) return undefined;
  const { time, direction, opcode, length, rsv1 } = frame.output;
  const kind = opcodeNames.get(opcode);
  if (kind === undefined) return undefined;
  return { time, direction: direction === 'in' ? 'up' : 'down', kind, length, compressed: rsv1 };
}
