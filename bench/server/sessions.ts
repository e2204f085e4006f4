/**
 * What the generator does with the connections to one server: echo in batches, fan-out, or nothing. Each round ends when every answer has arrived, and fails at the first one that is wrong.
 */
import { makeTraffic, type Traffic } from './batches.ts';
import { RawConnection } from './connection.ts';
import type { Reader } from './readers.ts';
import type { Target, Workload } from './workload.ts';

export type Figures = Record<string, number>;

export interface Extent {
  readonly milliseconds: number;
  /** Messages; a round has at least so many, and with 0 milliseconds and 0 messages one batch on each connection. */
  readonly minimum: number;
  /** Whether every answer is looked at in full. */
  readonly full: boolean;
  /** Messages a second, all connections together, at times that are fixed beforehand. */
  readonly rate?: number | undefined;
}

export interface Session {
  /** Resolves to what was agreed on. */
  open(): Promise<string>;
  round(extent: Extent): Promise<Figures>;
  close(): void;
}

/** Connections opened at one time; less than any server's backlog. */
const openingAtOnce = 64;
/** Receivers of a fan-out whose compressed answers are inflated after every round; at the gates it is all. */
const inflatedMembers = 16;

export async function openAll(target: Target, workload: Workload, count: number): Promise<RawConnection[]> {
  const connections: RawConnection[] = [];
  const opened: RawConnection[] = [];
  const worker = async (): Promise<void> => {
    while (connections.length < count) {
      const connection = new RawConnection(target.port);
      connections.push(connection);
      await connection.open(target, workload);
      connection.receive = () => connection.fail('It sent what nobody asked for.');
      opened.push(connection);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(openingAtOnce, count) }, worker));
  } catch (error) {
    for (const connection of connections) connection.destroy();
    throw error;
  }
  return opened;
}

/** A round under way: settles once, with an end that a timer sets. */
export class Round {
  readonly promise: Promise<void>;
  resolve: () => void = () => {};
  reject: (error: unknown) => void = () => {};
  readonly #minimum: number;
  #timeIsUp: boolean;

  constructor({ milliseconds, minimum }: Extent) {
    this.#minimum = minimum;
    this.#timeIsUp = milliseconds === 0;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    if (milliseconds > 0) {
      setTimeout(() => {
        this.#timeIsUp = true;
      }, milliseconds);
    }
  }

  /** Whether nothing new is to be started. */
  isOver(messages: number): boolean {
    return this.#timeIsUp && messages >= this.#minimum;
  }
}

/** One connection that takes part. */
export interface Member {
  readonly connection: RawConnection;
  readonly traffic: Traffic;
  readonly reader: Reader;
  /** Number of its next batch. */
  next: number;
}

export abstract class ConnectedSession implements Session {
  protected readonly target: Target;
  protected readonly workload: Workload;
  protected members: readonly Member[] = [];
  protected octetsReceived = 0;

  constructor(target: Target, workload: Workload) {
    this.target = target;
    this.workload = workload;
  }

  async open(): Promise<string> {
    const connections = await openAll(this.target, this.workload, this.workload.connections);
    let shared: Traffic | undefined;
    this.members = connections.map((connection, index) => {
      const traffic = shared ?? makeTraffic(this.target, this.workload, index, connection.extensions);
      if (this.workload.kind === 'fanout') shared = traffic;
      return { connection, traffic, reader: traffic.reader(connection.receivedCompressed), next: 0 };
    });
    return connections[0]?.extensions ?? '';
  }

  close(): void {
    for (const { connection } of this.members) connection.destroy();
  }

  async round(extent: Extent): Promise<Figures> {
    const looked =
      extent.full || this.workload.kind !== 'fanout' ? this.members : this.members.slice(0, inflatedMembers);
    for (const { reader } of this.members) reader.keep(false);
    for (const { reader } of looked) reader.keep(true);
    this.octetsReceived = 0;
    const cpu = process.cpuUsage();
    const start = performance.now();
    const round = new Round(extent);
    for (const { connection } of this.members)
      connection.fail = (sentence) => round.reject(new Error(sentence));
    const more = this.run(round, extent.rate);
    await round.promise;
    const elapsed = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    for (const { reader } of looked) reader.verify();
    return { elapsed, cpu: (user + system) / 1000, octetsReceived: this.octetsReceived, ...more() };
  }

  /** Starts the round; what it returns is asked for the figures when the round has ended. */
  protected abstract run(round: Round, rate: number | undefined): () => Figures;

  protected send(member: Member): void {
    const { batches } = member.traffic;
    const batch = batches[member.next];
    member.next = (member.next + 1) % batches.length;
    if (batch !== undefined) member.connection.write(batch);
  }

  /** Calls back for each batch that is answered on a member's connection. */
  protected listen(member: Member, round: Round, answered: () => void): void {
    const { connection, reader } = member;
    connection.receive = (octets, length) => {
      this.octetsReceived += length;
      try {
        for (let batches = reader.take(octets, length); batches > 0; batches--) answered();
      } catch (error) {
        round.reject(error);
      }
    };
  }
}

/** Each connection sends a batch, and the next one when all of it has come back. */
export class EchoSession extends ConnectedSession {
  protected run(round: Round): () => Figures {
    let batches = 0;
    let active = this.members.length;
    for (const member of this.members) {
      let waiting = true;
      this.listen(member, round, () => {
        if (!waiting) throw new Error('It answers more than it was asked.');
        batches++;
        if (!round.isOver(batches * this.workload.depth)) return this.send(member);
        waiting = false;
        if (--active === 0) round.resolve();
      });
      this.send(member);
    }
    return () => ({ messages: batches * this.workload.depth });
  }
}

/** The first connection sends a batch, and the next one when everybody has got all of it. */
export class FanoutSession extends ConnectedSession {
  protected run(round: Round): () => Figures {
    const [sender] = this.members;
    if (sender === undefined) throw new Error('A fan-out needs members.');
    let deliveries = 0;
    let missing = this.members.length;
    const got = new Uint32Array(this.members.length);
    let sent = 1;
    for (const [index, member] of this.members.entries()) {
      this.listen(member, round, () => {
        got[index] = (got[index] ?? 0) + 1;
        if (got[index] !== sent) throw new Error('It delivers a message twice.');
        deliveries++;
        if (--missing > 0) return;
        if (round.isOver(deliveries * this.workload.depth)) return round.resolve();
        missing = this.members.length;
        sent++;
        this.send(sender);
      });
    }
    this.send(sender);
    return () => ({ messages: deliveries * this.workload.depth });
  }
}

/** Connections that do nothing. */
export class IdleSession extends ConnectedSession {
  protected run(round: Round): () => Figures {
    round.resolve();
    return () => ({ messages: 0 });
  }
}
