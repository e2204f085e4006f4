// `npm run chaos`: the tests of a bad network and of a killed server, at full size: 2,000 messages through a proxy that
// cuts, stalls and resets, and 20 kills under load. `npm test` runs the same, smaller. `--sends N`, `--kills N`, `--seed S`
// (any; printed, and in the name of the test, so that what failed can be run again).
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    sends: { type: 'string', default: '2000' },
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
for (const [name, value] of Object.entries(values)) {
  if (/^\d{1,10}$/.test(value)) continue;
  console.error(`--${name} is ${value}; it takes a whole number.`);
  process.exit(2);
}
console.log(`${values.sends} messages, ${values.kills} kills, seed ${values.seed}`);
const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', '--project', 'node', 'test/chaos', 'test/kill.test.ts'],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, CHAOS_SENDS: values.sends, CHAOS_KILLS: values.kills, CHAOS_SEED: values.seed },
  },
);
process.exit(status ?? 1);
