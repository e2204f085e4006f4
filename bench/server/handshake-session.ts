/** What the generator does in the row about handshakes: connections that come and go. Created by generator.ts. */
import { RawConnection } from './connection.ts';
import { maskedFrame, maskingKey, Opcode } from './frames.ts';
import { type Extent, type Figures, Round, type Session } from './sessions.ts';
import type { Target, Workload } from './workload.ts';

const closePayload = Buffer.from([0x03, 0xe8]);

/** Connects, shakes hands, closes with 1000, waits for TCP's end, and begins again, on so many connections at a time. */
export class HandshakeSession implements Session {
  readonly #target: Target;
  readonly #workload: Workload;
  readonly #close = maskedFrame(Opcode.close, closePayload, maskingKey(0));

  constructor(target: Target, workload: Workload) {
    this.#target = target;
    this.#workload = workload;
  }

  open(): Promise<string> {
    return Promise.resolve('');
  }

  async round(extent: Extent): Promise<Figures> {
    let messages = 0;
    let octetsReceived = 0;
    const cpu = process.cpuUsage();
    const start = performance.now();
    const round = new Round(extent);
    const worker = async (): Promise<void> => {
      do {
        octetsReceived += await this.#one();
        messages++;
      } while (!round.isOver(messages));
    };
    await Promise.all(Array.from({ length: this.#workload.connections }, worker));
    const { user, system } = process.cpuUsage(cpu);
    return { messages, elapsed: performance.now() - start, cpu: (user + system) / 1000, octetsReceived };
  }

  close(): void {}

  async #one(): Promise<number> {
    const connection = new RawConnection(this.#target.port);
    await connection.open(this.#target, this.#workload);
    return new Promise((resolve, reject) => {
      let received = Buffer.alloc(0);
      connection.fail = (sentence) => {
        connection.destroy();
        reject(new Error(sentence));
      };
      connection.receive = (octets, length) => {
        received = Buffer.concat([received, octets.subarray(0, length)]);
        // The code comes back (§5.5.1); a reason may stand behind it.
        const payloadLength = (received[1] ?? 0) & 0x7f;
        if (received.length < 2 || received.length < 2 + payloadLength) return;
        const right =
          received[0] === (0x80 | Opcode.close) &&
          payloadLength >= 2 &&
          payloadLength < 126 &&
          received.length === 2 + payloadLength &&
          received.subarray(2, 4).equals(closePayload);
        if (right) connection.end();
        else connection.fail(`It answers a Close with ${received.toString('hex').slice(0, 40)}.`);
      };
      connection.closed = () => {
        if (received.length === 0) connection.fail('It ended TCP without a Close frame.');
        else resolve(received.length);
      };
      connection.write(this.#close);
    });
  }
}
