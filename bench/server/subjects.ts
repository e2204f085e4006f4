/**
 * What server.bench.ts measures: ours and its peers, how each is started, and with which options. All take messages of
 * 64 MiB, check UTF-8, send no pings of their own, and have TCP_NODELAY on.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Subject } from '../results.ts';
import { frameLengths } from './batches.ts';
import { root } from './build.ts';
import { findInstallable, installable, isInstalled } from './install.ts';
import type { ServerCommand } from './processes.ts';
import type { ServerRow as Row } from './rows.ts';
import type { Target } from './workload.ts';

export interface Peer {
  readonly subject: Subject;
  readonly dialect: Target['dialect'];
  readonly check: Target['check'];
  /** Why it cannot do a row; undefined when it can. */
  cannot(row: Row): string | undefined;
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
  });
}

/** The version that a runtime's program tells. */
function versionOf(program: string): string {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return /\d+\.\d+\.\d+\S*/.exec(String(stdout))?.[0] ?? 'unknown';
}

interface Runtime {
  readonly name: string;
  readonly title: string;
  readonly options: string;
  readonly directory: string;
  /** Of the compiled file, in the build's directory. */
  readonly file: string;
  readonly args: (row: Row) => string[];
  readonly cannot?: (row: Row) => string | undefined;
}

/** A server that is part of another runtime; undefined when that is not installed. */
function runtimePeer(runtime: Runtime): Peer | undefined {
  const installed = findInstallable(runtime.name);
  if (installed === undefined || !isInstalled(installed)) return undefined;
  const version = versionOf(installed.file);
  const build = installed.package.replace(/@[^@]*$/, '');
  const { name, options } = runtime;
  return {
    subject: { name, version, runtime: `${runtime.title} ${version} (${build})`, options },
    dialect: 'websocket',
    check: 'content',
    cannot: runtime.cannot ?? (() => undefined),
    command: (row) => ({
      program: installed.file,
      args: [...runtime.args(row), join(runtime.directory, runtime.file), ...flags(row)],
      // Nothing of the user's, no check for a new version.
      environment: { ...process.env, DENO_NO_UPDATE_CHECK: '1' },
    }),
  };
}

function libraryPeer(
  peer: Pick<NodePeer, 'name' | 'options' | 'file' | 'directory' | 'environment' | 'dialect' | 'cannot'>,
): Peer | undefined {
  const installed = findInstallable(peer.name);
  if (installed === undefined || !isInstalled(installed)) return undefined;
  const version = versionIn(dirname(installed.file));
  const args = (row: Row): string[] => [...flags(row), '--library', installed.prefix];
  return nodePeer({ ...peer, version, args });
}

/** Of those that could be there: names of runtimes and libraries that are not installed. */
export function missingPeers(): string[] {
  const names = installable.filter((one) => !isInstalled(one)).map(({ name }) => name);
  return loadsBufferutil() ? names : [...names, 'ws+bufferutil'];
}

/** All that are there, in the order in which they are measured. @param directory of the build */
export function findPeers(directory: string): Peer[] {
  const wsVersion = versionIn(join(root, 'node_modules', 'ws'));
  const peers: (Peer | undefined)[] = [
    barewire('barewire', directory, versionIn(root)),
    nodePeer({
      name: 'ws',
      version: wsVersion,
      options: `WS_NO_BUFFER_UTIL=1; ${deflateOptions}`,
      file: 'bench/peers/ws.js',
      directory,
      environment: { WS_NO_BUFFER_UTIL: '1' },
    }),
    loadsBufferutil()
      ? {
          ...nodePeer({
            name: 'ws+bufferutil',
            version: `${wsVersion}, bufferutil ${versionIn(join(root, 'node_modules', 'bufferutil'))}`,
            options: `bufferutil loaded; otherwise as ws`,
            file: 'bench/peers/ws.js',
            directory,
          }),
        }
      : undefined,
    libraryPeer({
      name: 'websocket',
      options: 'fragmentOutgoingMessages: false, keepalive: false; with the bufferutil that it depends on',
      file: 'bench/peers/websocket.js',
      directory,
      cannot: noDeflate,
    }),
    libraryPeer({
      name: 'faye-websocket',
      options: 'none but the limit',
      file: 'bench/peers/faye-websocket.js',
      directory,
      cannot: noDeflate,
    }),
    libraryPeer({
      name: 'socket.io',
      options: `its own protocol on WebSocket alone: each message is an event, binary ones are two frames, a handshake has a session and a namespace in it; WS_NO_BUFFER_UTIL=1, pingInterval: 2147483647; ${deflateOptions}`,
      file: 'bench/peers/socket-io.js',
      directory,
      environment: { WS_NO_BUFFER_UTIL: '1' },
      dialect: 'socket.io',
    }),
    runtimePeer({
      name: 'bun',
      title: 'Bun',
      options:
        'Bun.serve, its own publish; for deflate rows perMessageDeflate: true, whose level cannot be chosen',
      directory,
      file: 'bench/peers/bun.js',
      args: () => ['run'],
    }),
    runtimePeer({
      name: 'deno',
      title: 'Deno',
      options:
        'Deno.serve and Deno.upgradeWebSocket with idleTimeout: 0; a fan-out is a loop over all sockets',
      directory,
      file: 'bench/peers/deno.js',
      args: () => ['run', '--allow-net', '--allow-sys', '--v8-flags=--expose-gc'],
      cannot: noDeflate,
    }),
    nodePeer({
      name: 'node:net',
      version: process.versions.node,
      options:
        'no WebSocket at all: it counts octets and answers prepared ones, the budget of everything on node:net',
      file: 'bench/peers/net.js',
      directory,
      args: (row) => {
        const { request, answer } = frameLengths(row.workload);
        const waits = row.workload.kind === 'handshake' || row.workload.kind === 'idle';
        return waits ? [] : ['--request', String(request), '--answer', String(answer)];
      },
      check: 'length',
      cannot: noDeflate,
    }),
  ];
  return peers.filter((peer) => peer !== undefined);
}

/** Whether bufferutil loads here: it is native, and there is no build for every machine. */
function loadsBufferutil(): boolean {
  try {
    require('bufferutil');
    return true;
  } catch {
    return false;
  }
}
