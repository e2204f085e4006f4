/** Who is measured by the isolation bench, and how its server is started. Used by isolation.bench.ts. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bunBuild } from '../../scripts/programs.ts';
import { ownVersion, versionOf } from '../environment.ts';
import type { Subject } from '../results.ts';
import { nodeCommand } from './processes.ts';

export interface SubjectPlan extends Subject {
  readonly command: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
}

/** Everybody who can be measured here; Bun where it is present. */
export function allSubjects(): SubjectPlan[] {
  const runtime = `Node ${process.version}`;
  const ws = versionOf('ws') ?? 'unknown';
  const subjects: SubjectPlan[] = [
    {
      name: 'barewire',
      version: ownVersion(),
      runtime,
      options: '',
      command: nodeCommand('./server-barewire.ts'),
      environment: {},
    },
    {
      name: 'ws',
      version: ws,
      runtime,
      options: 'WS_NO_BUFFER_UTIL=1',
      command: nodeCommand('./server-ws.ts'),
      environment: { WS_NO_BUFFER_UTIL: '1' },
    },
  ];
  const bun = bunBuild();
  if (bun !== undefined && existsSync(bun.program)) {
    const version = bun.package.split('@').at(-1) ?? 'unknown';
    const server = fileURLToPath(new URL('server-bun.js', import.meta.url));
    subjects.push({
      name: 'bun',
      version,
      runtime: `Bun ${version}`,
      options: '',
      command: [bun.program, server],
      environment: {},
    });
  }
  return subjects;
}
