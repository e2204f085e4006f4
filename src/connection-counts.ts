/** How many connections each address has, or each IPv6 network. Pure bookkeeping; called by listener.ts and upgrades.ts. */
import { countedAddress } from './ip-address.ts';

export class ConnectionCounts<Stream> {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();
  readonly #addresses = new Map<Stream, string>();

  /** @param limit how many one address may have */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts a connection until `leave`; a second time does nothing. @returns false, uncounted, when it is over the limit */
  enter(stream: Stream, address: string): boolean {
    if (this.#addresses.has(stream)) return true;
    const counted = countedAddress(address);
    const count = this.#counts.get(counted) ?? 0;
    if (count >= this.#limit) return false;
    this.#counts.set(counted, count + 1);
    this.#addresses.set(stream, counted);
    return true;
  }

  /** The connection is gone. Nothing happens for one that was not counted. */
  leave(stream: Stream): void {
    const address = this.#addresses.get(stream);
    if (address === undefined) return;
    this.#addresses.delete(stream);
    const left = (this.#counts.get(address) ?? 1) - 1;
    if (left === 0) this.#counts.delete(address);
    else this.#counts.set(address, left);
  }
}
