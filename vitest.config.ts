// How `npm test` runs: everything under test/ but the browser tests in parallel processes, then the browser tests one
// file at a time, because each of them owns a Chromium and the machine may have only two cores.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // Node 20 has its own WebSocket behind this flag; later versions accept the flag and have it anyway.
    execArgv: ['--experimental-websocket'],
    // Generous, because nothing is asserted about time: a limit is only there so that a hang ends.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    // A test that is focused by mistake must not hide the others.
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/browser/**'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // A browser on a machine of two cores takes its time.
          expect: { poll: { timeout: 20_000 } },
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
