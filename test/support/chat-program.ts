/** The chat in a process of its own, for tests that stop or kill it and start it again. */
import { onTestFinished } from 'vitest';
import { Program } from './process.ts';

/**
 * The chat, as src/main.ts runs it, on that port (`0` takes a free one), ended hard when the test is over.
 * @param more flags besides
 */
export async function startChatProgram(
  data: string,
  port: string,
  more: readonly string[] = [],
): Promise<{ readonly program: Program; readonly port: string }> {
  const args = ['--import', 'tsx', 'src/main.ts', '--port', port, '--data', data, ...more];
  const program = new Program(args);
  onTestFinished(async () => {
    program.signal('SIGKILL');
    await program.ended;
  });
  const [, found = ''] = await program.output(/:(\d+)\n/);
  return { program, port: found };
}
