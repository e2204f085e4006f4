/**
 * docs/hosting.md tells the truth: each command runs, with ports and files of the test's own; what it says of limits and
 * intervals is what the program has; the line of the log is one that the program writes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { maximumImageLength } from '../src/chat/events.ts';
import { defaultRates } from '../src/chat/limits.ts';
import { resolveOptions } from '../src/options.ts';
import { eventStreamHeaders, keepAliveInterval } from '../src/transports/event-stream.ts';
import { maximumWait } from '../src/transports/polling.ts';
import { certificate } from './support/certificates.ts';
import { temporaryDirectory } from './support/chat.ts';
import { Program, root } from './support/process.ts';
import { TcpPeer } from './support/tcp-peer.ts';

const page = readFileSync(join(root, 'docs/hosting.md'), 'utf8');
const words = page.replace(/\s+/g, ' ');
const block = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, body]) => body ?? '',
  );
const commands = block('sh').flatMap((body) => body.trim().split('\n'));
const [unit = ''] = block('ini');
const [, unitCommand = ''] = /^ExecStart=\/usr\/bin\/(.*)$/m.exec(unit) ?? [];
const starts = [...new Set([...commands.filter((command) => command.startsWith('node ')), unitCommand])];
const others: Readonly<Record<string, string>> = {
  'curl http://127.0.0.1:8080/healthz': 'the same request in main.test.ts',
};

/** Starts what the command starts, with files of ours and a free port. */
async function run(command: string, environment: NodeJS.ProcessEnv = {}) {
  const directory = temporaryDirectory();
  const { cert, key } = certificate('first');
  writeFileSync(join(directory, 'cert'), cert);
  writeFileSync(join(directory, 'key'), key);
  const own: Readonly<Record<string, string>> = {
    '--port': '0',
    '--host': '127.0.0.1',
    '--data': join(directory, 'data'),
    '--tls-cert': join(directory, 'cert'),
    '--tls-key': join(directory, 'key'),
  };
  const [, , ...words] = command.split(' ');
  const args = words.map((word, index) => own[words[index - 1] ?? ''] ?? word);
  const program = new Program(['--import', 'tsx', 'src/main.ts', '--port', '0', ...args], {
    environment: { ...process.env, LOG_LEVEL: 'warn', ...environment },
  });
  onTestFinished(async () => {
    program.signal('SIGKILL');
    await program.ended;
  });
  const [, scheme = '', port] = await program.output(/^barewire chat on (https?):\/\/127\.0\.0\.1:(\d+)\n/);
  return { program, scheme, port: Number(port), cert };
}

it('shows no command but those that are run here, or elsewhere', () => {
  expect(commands.filter((command) => !starts.includes(command) && others[command] === undefined)).toEqual(
    [],
  );
  expect(unitCommand).toMatch(/^node dist\/main\.js /);
});

describe('starting it', () => {
  it.each(starts)('%s', async (command) => {
    const { program, scheme, port, cert } = await run(command);
    const tcp = await TcpPeer.connect(port);
    if (command.includes('--proxy-protocol')) tcp.send('PROXY TCP4 203.0.113.7 192.0.2.1 40000 443\r\n');
    const secure = command.includes('--tls-cert');
    expect(scheme).toBe(secure ? 'https' : 'http');
    const peer = secure ? await TcpPeer.securely(tcp.socket, cert) : tcp;
    const fields = command.includes('--trust-proxy') ? ['X-Forwarded-For: 203.0.113.9'] : [];
    expect(await peer.upgrade(port, '/chat', fields)).toContain('HTTP/1.1 101 ');
    peer.destroy();
    const { code, stderr } = await program.stop();
    expect(code).toBe(0);
    const [shown = ''] = block('text').filter((text) => text.startsWith('barewire: '));
    const withoutAddress = (text: string) => text.replace(/http\S+/, 'ADDRESS');
    expect(withoutAddress(stderr)).toBe(withoutAddress(shown));
  });
});

it('has a line of the log with the fields that it has', async () => {
  const [, variable = '', level] = /^Environment=(LOG_LEVEL)=(\w+)$/m.exec(unit) ?? [];
  const { program, port } = await run(unitCommand, { [variable]: level });
  const peer = await TcpPeer.open(port, '/chat', ['X-Forwarded-For: 203.0.113.9']);
  // A Ping that is not masked, as in the example.
  peer.send(Uint8Array.of(0x89, 0x00));
  peer.socket.end();
  const [line] = await program.output(/^\{.*"msg":"connection closed".*\}$/m, 'stderr');
  await program.stop();
  const [shown = ''] = block('json');
  const [example, real] = [shown, line].map((text): Record<string, unknown> => JSON.parse(text));
  expect(Object.keys(example ?? {})).toEqual(Object.keys(real ?? {}));
  for (const name of ['remoteAddress', 'code', 'initiator', 'section', 'explanation', 'reason']) {
    expect(example?.[name]).toEqual(real?.[name]);
  }
});

describe('what it says', () => {
  const options = resolveOptions({});

  it('of timeouts is more than the pings need', () => {
    const seconds = options.pingInterval / 1000;
    const timeouts = [...page.matchAll(/\b(?:timeout (?:client|server) +|proxy_read_timeout )(\d+)s/g)];
    expect(timeouts).toHaveLength(3);
    for (const [, timeout] of timeouts) expect(Number(timeout)).toBeGreaterThan(seconds);
    expect(words).toContain(`It must be more than ${seconds},`);
    expect(words).toContain(`must be more than ${seconds} seconds`);
  });

  it('of event streams and polls is what they do', () => {
    expect(words).toContain(`a comment every ${keepAliveInterval / 1000} seconds`);
    expect(words).toContain(`waits for at most ${maximumWait / 1000} seconds`);
    for (const [name, value] of Object.entries(eventStreamHeaders)) {
      if (name !== 'Content-Type') expect(words).toContain(`\`${name}: ${value}\``);
    }
  });

  it('of the size of uploads is more than an image may have', () => {
    const [, mebibytes] = /client_max_body_size (\d+)m;/.exec(page) ?? [];
    expect(Number(mebibytes) * 2 ** 20).toBeGreaterThan(maximumImageLength);
    expect(words).toContain(`the chat takes ${maximumImageLength / 2 ** 20} MiB`);
  });

  it('of an address’s limits is what it has', () => {
    const connections = options.maxConnectionsPerAddress.toLocaleString('en');
    const { burst, perSecond } = defaultRates.signIns;
    expect(perSecond).toBe(2);
    expect(words).toContain(
      `takes ${connections} connections, and ${burst} sign-ins at once, then two new names a second`,
    );
  });

  it('of memory is what docs/limits.md has', () => {
    const limits = readFileSync(join(root, 'docs/limits.md'), 'utf8');
    const [, kibibytes] =
      /^\| compression, both windows of 2 KiB full \| ([\d.]+) KiB \|/m.exec(limits) ?? [];
    expect(words).toContain(`costs: ${Math.round(Number(kibibytes))} KiB with full windows of compression`);
  });
});
