/**
 * What server.bench.ts measures: ours and its peers, how each is started, and with which options. All take messages of
 * 64 MiB, check UTF-8, send no pings of their own, and have TCP_NODELAY on.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { bunBuild } from '../../scripts/programs.ts';
import type { Subject } from '../results.ts';
import { frameLengths } from './batches.ts';
import { root } from './build.ts';
import type { ServerCommand } from './processes.ts';
import type { Row } from './rows.ts';
import type { Target } from './workload.ts';

export interface Peer {
  readonly subject: Subject;
  readonly dialect: Target['dialect'];
  readonly check: Target['check'];
  /** Why it cannot do a row; undefined when it can. */
  cannot(row: Row): string | undefined;
  /** Whether `--quick` measures it, where it is there. */
  readonly quick: boolean;
  command(row: Row): ServerCommand;
}

const node = `Node ${process.version}`;
const require = createRequire(import.meta.url);

function versionIn(directory: string): string {
  const manifest: { version?: unknown } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return String(manifest.version);
}

interface NodePeer {
  readonly name: string;
  readonly version: string;
  readonly options: string;
  /** Of the compiled file, in the build's directory. */
  readonly file: string;
  readonly directory: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly args?: (row: Row) => string[];
  readonly check?: Target['check'];
  readonly dialect?: Target['dialect'];
  readonly cannot?: (row: Row) => string | undefined;
  readonly quick?: boolean;
}

function flags(row: Row): string[] {
  return row.workload.deflate ? ['--deflate'] : [];
}

function nodePeer(peer: NodePeer): Peer {
  return {
    subject: { name: peer.name, version: peer.version, runtime: node, options: peer.options },
    dialect: peer.dialect ?? 'websocket',
    check: peer.check ?? 'content',
    cannot: peer.cannot ?? (() => undefined),
    quick: peer.quick ?? false,
    command: (row) => ({
      program: process.execPath,
      args: [
        ...(row.workload.kind === 'idle' ? ['--expose-gc'] : []),
        join(peer.directory, peer.file),
        ...(peer.args ?? flags)(row),
      ],
      environment: { ...process.env, NODE_OPTIONS: '', WS_NO_BUFFER_UTIL: '', ...peer.environment },
    }),
  };
}

const noDeflate = (row: Row): string | undefined =>
  row.workload.deflate ? 'It has no permessage-deflate.' : undefined;

const deflateOptions = 'for deflate rows zlib level 6, everything else its defaults';

export function barewire(name: string, directory: string, version: string): Peer {
  return nodePeer({
    name,
    version,
    options: `compiled by tsc as npm run build does; no limits by number of connections; ${deflateOptions}`,
    file: 'bench/server.js',
    directory,
    args: (row) => ['--control', ...flags(row)],
    quick: true,
  });
}

function bunPeer(directory: string): Peer | undefined {
  const build = bunBuild();
  if (build === undefined || !existsSync(build.program)) return undefined;
  const { stdout } = spawnSync(build.program, ['--version'], { encoding: 'utf8' });
  const version = String(stdout).trim();
  return {
    subject: {
      name: 'bun',
      version,
      runtime: `Bun ${version} (${build.package.replace(/@[^@]*$/, '')})`,
      options:
        'Bun.serve, its own publish; for deflate rows perMessageDeflate: true, whose level cannot be chosen',
    },
    dialect: 'websocket',
    check: 'content',
    cannot: () => undefined,
    quick: true,
    command: (row) => ({
      program: build.program,
      args: ['run', join(directory, 'bench/peers/bun.js'), ...flags(row)],
      environment: { ...process.env },
    }),
  };
}

/** All that are there, in the order in which they are measured. */
export function findPeers(directory: string): Peer[] {
  const wsVersion = versionIn(join(root, 'node_modules', 'ws'));
  const ours = versionIn(root);
  const peers: (Peer | undefined)[] = [
    barewire('barewire', directory, ours),
    nodePeer({
      name: 'ws',
      version: wsVersion,
      options: `WS_NO_BUFFER_UTIL=1; ${deflateOptions}`,
      file: 'bench/peers/ws.js',
      directory,
      environment: { WS_NO_BUFFER_UTIL: '1' },
      quick: true,
    }),
    existsSync(join(root, 'node_modules', 'bufferutil'))
      ? nodePeer({
          name: 'ws+bufferutil',
          version: `${wsVersion}, bufferutil ${versionIn(join(root, 'node_modules', 'bufferutil'))}`,
          options: deflateOptions,
          file: 'bench/peers/ws.js',
          directory,
          quick: true,
        })
      : undefined,
    bunPeer(directory),
    nodePeer({
      name: 'node:net',
      version: process.versions.node,
      options:
        'no WebSocket at all: it counts octets and answers prepared ones, the budget of everything on node:net',
      file: 'bench/peers/net.js',
      directory,
      args: (row) => {
        const { request, answer } = frameLengths(row.workload);
        return row.workload.kind === 'handshake'
          ? []
          : ['--request', String(request), '--answer', String(answer)];
      },
      check: 'length',
      cannot: noDeflate,
      quick: true,
    }),
  ];
  return peers.filter((peer) => peer !== undefined);
}

/** Whether bufferutil loads here: it is native, and there is no build for every machine. */
export function loadsBufferutil(): boolean {
  try {
    require('bufferutil');
    return true;
  } catch {
    return false;
  }
}
