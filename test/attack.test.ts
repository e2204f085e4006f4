/** `npm run attack` as it is documented: the server stands, within the memory that docs/limits.md allows. */
import { expect, test } from 'vitest';
import { Program } from './support/process.ts';

test('the server stands, and the honest client loses nothing', { timeout: 300_000 }, async () => {
  const program = new Program(['--import', 'tsx', 'test/attack/run.ts']);
  const { code, stdout } = await program.ended;
  expect(stdout).not.toContain('FAILED');
  expect(stdout).toContain('The server stood.');
  expect(code).toBe(0);
});
