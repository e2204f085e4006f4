/**
 * What the processes of the isolation bench say to each other: isolation.bench.ts orders, probe.ts and load.ts answer.
 * One order is under way at a time.
 */

/** What makes the server busy. */
export type LoadKind = 'none' | 'binary' | 'text' | 'echo' | 'broadcast-each-second' | 'broadcast';

export interface ProbeConnect {
  readonly step: 'connect';
  readonly port: number;
  readonly floorPort: number;
  readonly connections: number;
}

export interface ProbeMeasure {
  readonly step: 'measure';
  readonly milliseconds: number;
  /** Messages each second, all connections together. */
  readonly rate: number;
}

export type ProbeOrder = ProbeConnect | ProbeMeasure;

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface ProbeReport {
  readonly sent: number;
  /** Round trips of the quiet connections' messages. */
  readonly trips: Percentiles;
  /** Round trips to a bare echo of TCP on the server's core: what machine, kernel and probe cost in the same moments. */
  readonly floor: Percentiles;
  /** How late messages were sent, after the moment that was meant: the probe's own disturbance. */
  readonly lateness: Percentiles;
}

export interface LoadConnect {
  readonly step: 'connect';
  readonly port: number;
  readonly members: number;
  /** Octets of the large messages. */
  readonly messageLength: number;
  /** Octets of a broadcast message. */
  readonly broadcastLength: number;
}

export interface LoadStart {
  readonly step: 'start';
  readonly kind: LoadKind;
}

export interface LoadStop {
  readonly step: 'stop';
}

export type LoadOrder = LoadConnect | LoadStart | LoadStop;

export interface LoadReport {
  /** Large messages answered, or broadcasts that every member has got. */
  readonly messages: number;
  /** Octets of large messages sent or, for broadcasts, messages that members got. */
  readonly amount: number;
  readonly milliseconds: number;
  /** How long a broadcast took until the last member had it; 0 without one. Median, milliseconds. */
  readonly spreading: number;
}

/** How a child answers: with what it was asked for, `ready` when there is nothing to tell, or its error. */
export type Answer = { readonly value: ProbeReport | LoadReport | 'ready' } | { readonly error: string };

/** Serves orders in a child process, one after the other. */
export function serve<Order>(work: (order: Order) => Promise<ProbeReport | LoadReport | 'ready'>): void {
  process.on('message', (order: Order) => {
    work(order).then(
      (value) => process.send?.({ value } satisfies Answer),
      (error: unknown) => process.send?.({ error: String(error) } satisfies Answer),
    );
  });
  process.send?.({ value: 'ready' } satisfies Answer);
}
