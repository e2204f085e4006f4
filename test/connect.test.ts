/** `npm run connect`: the WebSocket at the command line, against a server that echoes and one that refuses. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { Program } from './support/process.ts';
import { serve } from './support/serving.ts';

function run(...args: readonly string[]): Program {
  const program = new Program(['--import', 'tsx', 'scripts/connect.ts', ...args], { input: true });
  onTestFinished(async () => {
    program.signal('SIGKILL');
    await program.ended;
  });
  return program;
}

describe('scripts/connect.ts', () => {
  test('sends each line, prints what comes, and tells how it ended', async () => {
    const { port } = await serve(
      { message: (socket, data) => socket.send(typeof data === 'string' ? data.toUpperCase() : data) },
      { deflate: true, protocols: ['shout'] },
    );
    const program = run(`ws://127.0.0.1:${port}/`, '--protocol', 'whisper', '--protocol', 'shout');
    await program.output(
      /^\* open: ws:\/\/127.*\n\* subprotocol: shout\n\* extensions: permessage-deflate.*\n/,
    );
    program.write('hello\n');
    await program.output(/^< HELLO\n/m);
    program.write('//help\n');
    await program.output(/^< \/HELP\n/m);
    program.write('/binary 00 Ff 10\n');
    await program.output(/^< \[3\] 00 ff 10\n/m);
    program.write('/ping there?\n');
    await program.output(/^< pong there\?\n/m);
    program.write('/close 3000 enough\n');
    const { code, stdout, stderr } = await program.ended;
    expect(stdout).toMatch(/^\* closed: 3000 enough\n\* We closed with 3000 "enough"\.\n/m);
    expect(stdout).toMatch(/^\* {3}> text 5\n\* {3}< text 5\n/m);
    expect(stdout).toMatch(/^\* {3}> close 8\n\* {3}< close 8\n$/m);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('the end of input closes, when what was piped in has been answered', async () => {
    const { port } = await serve();
    const program = run(`ws://127.0.0.1:${port}/`);
    program.write('last words\n');
    program.endInput();
    const { code, stdout } = await program.ended;
    expect(stdout).toMatch(/^< last words\n/m);
    expect(stdout).toMatch(/^\* closed: 1000\n/m);
    expect(code).toBe(0);
  });

  test('a server that ends it ends the program', async () => {
    const { port, opened } = await serve();
    const program = run(`ws://127.0.0.1:${port}/`);
    (await opened()).close(4001, 'go home');
    const { code, stdout } = await program.ended;
    expect(stdout).toMatch(/^\* closed: 4001 go home\n\* The peer closed with 4001 "go home"\.\n/m);
    expect(code).toBe(0);
  });

  test('a refusal is told in the words of the server', async () => {
    const { port } = await serve({ upgrade: () => ({ refuse: 404, explanation: 'Nobody lives here.' }) });
    const { code, stdout } = await run(`ws://127.0.0.1:${port}/`, '--header', 'X-Key: 7').ended;
    expect(stdout).toBe('* closed: 1006\n* The server answered 404 Not Found: Nobody lives here.\n');
    expect(code).toBe(1);
  });

  test('what cannot be sent is said, and nothing ends', async () => {
    const { port } = await serve();
    const program = run(`ws://127.0.0.1:${port}/`, '--no-deflate');
    await program.output(/^\* open/);
    program.write('/binary xyz\n/close soon\n/close 1006\n/dance\nstill here\n');
    await program.output(/^< still here\n/m);
    expect(program.stderr).toBe(
      '* /binary takes pairs of hexadecimal digits.\n' +
        '* /close takes a number, and then a reason.\n' +
        '* The close code 1006 must not be sent: use 1000-1003, 1007-1014 or 3000-4999.\n' +
        '* /dance is no command; /help lists them.\n',
    );
    program.endInput();
    expect((await program.ended).code).toBe(0);
  });

  test('a wrong call is answered with the usage', async () => {
    for (const [args, sentence] of [
      [[], /^Name one address/],
      [['ws://a', 'ws://b'], /^Name one address/],
      [['http://127.0.0.1/#x'], /./],
      [['ws://127.0.0.1/', '--header', 'nonsense'], /^--header is "nonsense"/],
      [['ws://127.0.0.1/', '--colour'], /colour/],
    ] as const) {
      const { code, stderr } = await run(...args).ended;
      expect(code).toBe(2);
      expect(stderr).toMatch(sentence);
      expect(stderr).toContain('Usage: npm run connect');
    }
    const { code, stdout } = await run('--help').ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: /);
  });
});
