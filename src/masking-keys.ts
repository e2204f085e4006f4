/**
 * Masking keys for what a client sends: fresh for each frame and not to be foretold, so that no page or program can
 * choose the octets that a proxy on the way sees (RFC 6455 §5.3, §10.3). Called by client.ts for its Connection.
 */
import { randomFillSync } from 'node:crypto';

/** Keys fetched from the system at one time: 256 make a key cost 10 ns, one alone would cost 3 µs. */
const poolSize = 256;

/**
 * A source of keys, each from 0 to 2^32 - 1 and handed out once. Any number of connections may share one.
 * @param fill writes new random octets; the default asks the system's generator
 */
export function maskingKeys(fill: (octets: Uint8Array) => unknown = randomFillSync): () => number {
  const octets = new Uint8Array(poolSize * 4);
  const pool = new DataView(octets.buffer);
  let next = poolSize;
  return () => {
    if (next === poolSize) {
      fill(octets);
      next = 0;
    }
    return pool.getUint32(next++ * 4);
  };
}
