/**
 * What it costs that a message is on the disk before it is acknowledged: how many a second the chat's log takes, and how
 * long each waits, with so many under way at a time. `node --import tsx bench/log.ts [DIR]` writes into a directory of its
 * own in DIR (by default the one for temporary files) and takes it away again; docs/hosting.md has figures.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../src/chat/database.ts';
import { SqliteLog } from '../src/chat/sqlite-log.ts';

/** Milliseconds for each number. */
const duration = 3000;

const directory = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'barewire-log-'));
const database = new Database(directory);
const log = new SqliteLog(database);
let made = 0;

async function append(): Promise<number> {
  const id = `bench-${++made}`;
  const begun = performance.now();
  await log.append({
    type: 'message',
    room: 'general',
    id,
    author: { id: 'bench', name: 'Bench' },
    time: Date.now(),
    nonce: id,
    content: { type: 'text', text: 'The meeting has moved to the second floor.' },
  });
  return performance.now() - begun;
}

console.log('under way  messages/s  p50 ms  p99 ms');
for (const count of [1, 8, 64]) {
  const waits: number[] = [];
  const end = performance.now() + duration;
  const one = async (): Promise<void> => {
    while (performance.now() < end) waits.push(await append());
  };
  await Promise.all(Array.from({ length: count }, one));
  waits.sort((a, b) => a - b);
  const at = (share: number): string => (waits[Math.floor((waits.length - 1) * share)] ?? 0).toFixed(1);
  const columns = [count, Math.round((waits.length * 1000) / duration), at(0.5), at(0.99)];
  console.log(columns.map((value, index) => String(value).padStart([9, 10, 6, 6][index] ?? 0)).join('  '));
}
database.close();
rmSync(directory, { recursive: true });
