// The server is killed in the middle of its work, again and again: every message that was acknowledged is there, and
// none is there twice. CHAOS_KILLS and CHAOS_SEED make it longer, or the same again; `npm run chaos` does.
import { expect, it, onTestFinished } from 'vitest';
import { type ChatClient, ChatError, connectChat } from '../src/chat-client/client.ts';
import { readLog } from './chaos/chaos.ts';
import { temporaryDirectory } from './support/chat.ts';
import { startChatProgram } from './support/chat-program.ts';
import { seededRandom } from './support/chopping.ts';

const kills = Number(process.env.CHAOS_KILLS ?? 3);
const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31));
const key = 'killed'.repeat(5);
const names = ['Ada', 'Bob', 'Mei', 'Zoe'] as const;

interface Writer {
  readonly client: ChatClient;
  /** Offset by nonce, of what was acknowledged. */
  readonly receipts: Map<string, number>;
  /** What was asked for, acknowledged or not. */
  readonly asked: Set<string>;
  stop(): Promise<void>;
}

/** Signs in and says one thing after the other, four at a time, until it is stopped. */
async function startWriter(url: string, name: string, acknowledged: () => void): Promise<Writer> {
  const client = connectChat({ url, name });
  onTestFinished(() => client.close());
  await client.emit('heartbeat:ping', {});
  const receipts = new Map<string, number>();
  const asked = new Set<string>();
  let stopping = false;
  let number = 0;
  const lane = async (): Promise<void> => {
    while (!stopping) {
      const nonce = `${name}-says-${++number}`;
      asked.add(nonce);
      // A nonce that was begun is brought to its end, even when stopping: then nothing is left open.
      while (!receipts.has(nonce)) {
        try {
          const content = { type: 'text', text: nonce } as const;
          const { offset } = await client.emit('message:send', { room: 'general', nonce, content });
          receipts.set(nonce, offset);
          acknowledged();
        } catch (error) {
          if (!(error instanceof ChatError)) throw error;
          if (error.code !== 'rate-limited' && error.code !== 'timeout' && error.code !== 'lost') throw error;
          const pause = error.retryAfter ?? 0;
          if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
        }
      }
    }
  };
  const lanes = Promise.all(Array.from({ length: 4 }, lane));
  return {
    client,
    receipts,
    asked,
    async stop() {
      stopping = true;
      await lanes;
    },
  };
}

it(`keeps every acknowledged message, each once, over ${kills} kills (CHAOS_SEED=${seed})`, async () => {
  const random = seededRandom(seed);
  const data = temporaryDirectory();
  const flags = ['--api-key', key];
  let running = await startChatProgram(data, '0', flags);
  const { port } = running;
  const url = `http://127.0.0.1:${port}`;
  let count = 0;
  let wake: (() => void) | undefined;
  const acknowledged = (): void => {
    count++;
    wake?.();
  };
  const countReaches = (goal: number): Promise<void> =>
    new Promise((resolve) => {
      wake = () => {
        if (count < goal) return;
        wake = undefined;
        resolve();
      };
      wake();
    });

  const writers = await Promise.all(names.map((name) => startWriter(url, name, acknowledged)));
  for (let kill = 0; kill < kills; kill++) {
    // Counted in messages, so that it falls into the work, wherever that is.
    await countReaches(count + 5 + Math.floor(random() * 40));
    running.program.signal('SIGKILL');
    await running.program.ended;
    running = await startChatProgram(data, port, flags);
  }
  await countReaches(count + 5);
  await Promise.all(writers.map((writer) => writer.stop()));

  const log = (await readLog(url, key)).filter(({ type }) => type === 'message');
  const stored = new Map(log.map(({ nonce, offset }) => [nonce, offset]));
  expect(stored.size).toBe(log.length);
  const receipts = new Map(writers.flatMap((writer) => [...writer.receipts]));
  expect(stored).toEqual(new Map([...receipts].toSorted(([, one], [, other]) => one - other)));
  expect(new Set(stored.keys())).toEqual(new Set(writers.flatMap((writer) => [...writer.asked])));
  await running.program.stop();
}, 900_000);
