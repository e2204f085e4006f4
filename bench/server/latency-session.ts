/**
 * An echo in which each answer is timed. Closed: each connection sends when its last answer is there. Open: messages are
 * due at times that were fixed beforehand, whatever the server does, and an answer's time runs from when its message was
 * due, not from when it could be sent; else a server that stalls would not be asked while it does, and its worst moments
 * would not count (coordinated omission). Created by generator.ts.
 */
import { quantile } from '../statistics.ts';
import { ConnectedSession, type Figures, type Round } from './sessions.ts';

export class LatencySession extends ConnectedSession {
  protected run(round: Round, rate: number | undefined): () => Figures {
    const times: number[] = [];
    if (rate === undefined) this.#closed(round, times);
    else this.#open(round, rate, times);
    return () => ({
      messages: times.length,
      p50: quantile(times, 0.5),
      p90: quantile(times, 0.9),
      p99: quantile(times, 0.99),
      p999: quantile(times, 0.999),
    });
  }

  #closed(round: Round, times: number[]): void {
    let active = this.members.length;
    for (const member of this.members) {
      let sent = performance.now();
      this.listen(member, round, () => {
        const now = performance.now();
        times.push(now - sent);
        if (round.isOver(times.length)) {
          if (--active === 0) round.resolve();
          return;
        }
        sent = now;
        this.send(member);
      });
      this.send(member);
    }
  }

  #open(round: Round, rate: number, times: number[]): void {
    const interval = 1000 / rate;
    const start = performance.now();
    let sent = 0;
    let last = false;
    const due = this.members.map((): number[] => []);
    for (const [index, member] of this.members.entries()) {
      this.listen(member, round, () => {
        const wanted = due[index]?.shift();
        if (wanted === undefined) throw new Error('It answers more than it was asked.');
        times.push(performance.now() - wanted);
        if (last && times.length === sent) round.resolve();
      });
    }
    const pump = (): void => {
      const now = performance.now();
      while (start + sent * interval <= now && !last) {
        const index = sent % this.members.length;
        const member = this.members[index];
        if (member === undefined) return;
        due[index]?.push(start + sent * interval);
        sent++;
        last = round.isOver(sent);
        this.send(member);
      }
      // Not a timer: those are a millisecond late. The generator has its core to itself.
      if (!last) setImmediate(pump);
    };
    pump();
  }
}
