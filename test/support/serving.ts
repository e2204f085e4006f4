/** A server for one test, with a manual clock and a log of what its handlers saw; it is stopped when the test ends. */
import { onTestFinished } from 'vitest';
import type { CloseRecord } from '../../src/close-record.ts';
import type { ServerOptions } from '../../src/options.ts';
import { createServer, type Handlers, type Server } from '../../src/server.ts';
import type { WebSocket } from '../../src/socket.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';

export interface Serving {
  readonly server: Server<string>;
  readonly port: number;
  readonly clock: ManualClock;
  /** What the handlers threw, as reported. */
  readonly errors: unknown[];
  /** The close records so far; `closed` resolves with the next one. */
  readonly records: CloseRecord[];
  closed(): Promise<CloseRecord>;
  /** The next socket that opens, or the first one nobody has asked for. */
  opened(): Promise<WebSocket<string>>;
}

/**
 * Starts a server that echoes unless `handlers` says otherwise. Each socket's data is its path. One that does not
 * listen has port 0.
 */
export async function serve(
  handlers: Partial<Handlers<string>> = {},
  options: ServerOptions = {},
  { listen = true }: { readonly listen?: boolean } = {},
): Promise<Serving> {
  const clock = manualClock();
  const errors: unknown[] = [];
  const records: CloseRecord[] = [];
  const opened = queue<WebSocket<string>>();
  const closed = queue<CloseRecord>();
  const server = createServer<string>(
    {
      upgrade: (request) => ({ data: request.path }),
      message: (socket, data) => socket.send(data),
      error: (error) => errors.push(error),
      ...handlers,
      open(socket) {
        opened.push(socket);
        return handlers.open?.(socket);
      },
      close(socket, record) {
        records.push(record);
        closed.push(record);
        return handlers.close?.(socket, record);
      },
    },
    { clock, ...options },
  );
  const { port } = listen ? await server.listen() : { port: 0 };
  onTestFinished(async () => {
    const stopped = server.close();
    // Whoever does not answer the Close is cut off by the deadline.
    clock.advance(60_000);
    await stopped;
  });
  return { server, port, clock, errors, records, closed: closed.take, opened: opened.take };
}

function queue<Value>(): { push(value: Value): void; take(): Promise<Value> } {
  const values: Value[] = [];
  const takers: ((value: Value) => void)[] = [];
  return {
    push(value) {
      const taker = takers.shift();
      if (taker === undefined) values.push(value);
      else taker(value);
    },
    take() {
      const value = values.shift();
      return value === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(value);
    },
  };
}
