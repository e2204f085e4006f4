/**
 * Who looks at the frames of one connection, and the time that they are told with each. Made by wire.ts when somebody
 * first does; the connection's tracer is there only while somebody listens.
 */
import type { Connection } from './connection.ts';
import type { Clock } from './options.ts';
import { describeTracedFrame, type TracedFrame, type TraceListener } from './trace.ts';

export class FrameTrace {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  readonly #listeners = new Set<TraceListener>();

  /** @param failed gets what a listener threw, later than the frame */
  constructor(connection: Connection, clock: Clock, failed: (error: unknown) => void) {
    this.#connection = connection;
    this.#clock = clock;
    this.#failed = failed;
  }

  /** Calls back for each frame from now on. @returns what ends it */
  listen(listener: TraceListener): () => void {
    // One function may listen twice, and each stop ends its own.
    const entry: TraceListener = (frame) => listener(frame);
    this.#listeners.add(entry);
    this.#connection.tracer = (sent, first, masked, payloadLength) => {
      this.#tell(describeTracedFrame(sent, first, masked, payloadLength, this.#clock.now()));
    };
    return () => this.#stop(entry);
  }

  #stop(entry: TraceListener): void {
    if (this.#listeners.delete(entry) && this.#listeners.size === 0) this.#connection.tracer = undefined;
  }

  #tell(frame: TracedFrame): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(frame);
      } catch (error) {
        // This is the middle of the protocol's work, which has to be done first.
        this.#stop(listener);
        queueMicrotask(() => this.#failed(error));
      }
    }
  }
}
