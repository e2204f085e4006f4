// `npm run conformance`: every case of test/conformance/ against the server, over TCP. Prints what fails and how many
// passed; when all did, writes docs/conformance.md. Exit status 1 on any failure.
import { writeFileSync } from 'node:fs';
import { all, tables } from '../test/conformance/all.ts';
import { runCase, startServers } from '../test/conformance/run.ts';
import { renderConformance } from './conformance-page.ts';

/** Cases under way at one time: each waits for the network most of its time. */
const together = 8;

const servers = await startServers();
const waiting = all.values();
let failed = 0;

async function work(): Promise<void> {
  for (const test of waiting) {
    try {
      await runCase(test, servers);
    } catch (error) {
      failed++;
      console.error(
        `${test.section}: ${test.name}\n    ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

await Promise.all(Array.from({ length: together }, work));
await servers.stop();
console.log(`${all.length - failed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
else writeFileSync(new URL('../docs/conformance.md', import.meta.url), renderConformance(tables));
