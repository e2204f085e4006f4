/**
 * What goes over the connection, for the wire strip and the totals: the frames that the server's tracer saw, while
 * somebody watches and the transport has frames; the messages of the link otherwise.
 */
import type { Connector } from '../../src/chat-client/connector.ts';
import type { ConnectionState, WireTick } from './model.ts';
import type { Environment } from './platform.ts';
import type { StoreCell } from './state.ts';

export interface Wire {
  /** @returns what ends the subscription */
  listen(listener: (tick: WireTick) => void): () => void;
  /** Something went over the link. */
  tick(tick: WireTick): void;
  /** The server has said what it calls the connection. */
  named(connection: string): void;
  changed(state: ConnectionState): void;
  dispose(): void;
}

export function createWire(
  environment: Environment,
  cell: StoreCell,
  connector: () => Pick<Connector, 'wantTicks'>,
): Wire {
  const listeners = new Set<(tick: WireTick) => void>();
  let connection: string | undefined;
  let hasFrames = false;
  let stop: (() => void) | undefined;
  /** Frames have come: the link's own ticks would say the same again. */
  let sawFrames = false;

  function tell(tick: WireTick) {
    for (const listener of [...listeners]) listener(tick);
  }

  function unwatch() {
    stop?.();
    stop = undefined;
    sawFrames = false;
  }

  function watch() {
    if (listeners.size === 0 || !hasFrames || connection === undefined) return unwatch();
    stop ??= environment.watchFrames(
      connection,
      (tick) => {
        sawFrames = true;
        // The server's clock may be another.
        tell({ ...tick, time: environment.now() });
      },
      () => {
        sawFrames = false;
      },
    );
  }

  function count({ direction, kind, length }: WireTick) {
    if (kind === 'close' || kind === 'error') return;
    const { traffic } = cell.get();
    const { sent, received, octetsSent, octetsReceived } = traffic;
    cell.update({
      traffic:
        direction === 'up'
          ? { ...traffic, sent: sent + 1, octetsSent: octetsSent + length }
          : { ...traffic, received: received + 1, octetsReceived: octetsReceived + length },
    });
  }

  return {
    listen(listener) {
      listeners.add(listener);
      connector().wantTicks(true);
      watch();
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) connector().wantTicks(false);
        watch();
      };
    },
    tick(tick) {
      count(tick);
      if (!sawFrames) tell(tick);
    },
    named(name) {
      if (connection !== name) unwatch();
      connection = name;
      watch();
    },
    changed(state) {
      hasFrames = state.status === 'open' && state.transport === 'websocket';
      watch();
    },
    dispose() {
      listeners.clear();
      unwatch();
    },
  };
}
