// The rules of the house hold, and each of them can fail: every rule is given a small house that breaks it.
import { describe, expect, it } from 'vitest';
import { checkSources, describeViolation, floorOf } from '../scripts/import-rules.ts';
import { readSourceTree } from '../scripts/source-tree.ts';

function breaches(sources: Record<string, string>): string[] {
  const tree = {
    sources: new Map(Object.entries(sources)),
    dependencies: new Set(['valibot', 'sharp', 'preact']),
  };
  return checkSources(tree).map(({ file, line, rule }) => `${file}:${line} ${rule}`);
}

describe('this repository', () => {
  it('keeps every rule', () => {
    expect(checkSources(readSourceTree()).map(describeViolation)).toEqual([]);
  });

  it('is really read: core, chat, pages and tests are among the sources', () => {
    const files = [...readSourceTree().sources.keys()];
    expect(files).toEqual(
      expect.arrayContaining(['src/chat/events.ts', 'public/chat/model.ts', 'test/imports.test.ts']),
    );
  });
});

describe('floors', () => {
  it('knows files and directories', () => {
    expect(floorOf('src/mask.ts')).toBe(1);
    expect(floorOf('src/chat/room.ts')).toBe(6);
    expect(floorOf('public/chat/model.ts')).toBe(7);
    expect(floorOf('test/mask.test.ts')).toBeUndefined();
  });

  it('lets imports run down and along a floor', () => {
    expect(
      breaches({
        'src/close.ts': `import { isUtf8 } from './utf8.ts';`,
        'src/utf8.ts': `import { isUtf8 } from 'node:buffer';`,
        'src/connection.ts': `import { decodeClosePayload } from './close.ts';\nimport { createHash } from 'node:crypto';`,
        'src/chat/room.ts': `import { createServer } from '../server.ts';\nimport * as v from 'valibot';`,
        'src/server.ts': `import { createServer } from 'node:net';\nsetTimeout(() => {}, Date.now());`,
      }),
    ).toEqual([]);
  });

  it('refuses an import that runs up, static, re-exported, dynamic or of a type', () => {
    const up = 'imports run downwards only: floor 1 imports src/frame.ts of floor 2';
    const sources = [
      `import { encodeFrame } from './frame.ts';`,
      `export * from './frame.ts';`,
      `export { encodeFrame } from './frame.ts';`,
      `await import('./frame.ts');`,
      `import type { Frame } from './frame.ts';`,
      `type Frame = import('./frame.ts').Frame;`,
    ];
    for (const source of sources) {
      expect(breaches({ 'src/mask.ts': `// first line\n${source}` })).toEqual([`src/mask.ts:2 ${up}`]);
    }
  });

  it('is not fooled by comments and strings', () => {
    expect(breaches({ 'src/mask.ts': `// import './frame.ts'\nconst a = "import './frame.ts'";` })).toEqual(
      [],
    );
  });

  it('refuses a file without a floor and an import out of the house', () => {
    expect(breaches({ 'src/new.ts': '' })).toEqual(['src/new.ts:1 every file of src/ has a floor']);
    expect(breaches({ 'src/main.ts': `import '../test/support/x.ts';` })).toEqual([
      'src/main.ts:1 imports stay in the house: test/support/x.ts is not in src/ or public/',
    ]);
  });

  it('lets the page of the benches, and no other, share with them what runs in a browser', () => {
    const source = `import { median } from '../../../bench/statistics.ts';`;
    const bench = { 'bench/statistics.ts': '' };
    expect(breaches({ ...bench, 'public/lab/bench/chart.tsx': source })).toEqual([]);
    expect(breaches({ ...bench, 'public/lab/other/chart.tsx': source })).toEqual([
      'public/lab/other/chart.tsx:1 imports stay in the house: bench/statistics.ts is not in src/ or public/',
    ]);
    expect(breaches({ 'public/lab/bench/chart.tsx': `import '../../../bench/results.ts';` })).toEqual([
      'public/lab/bench/chart.tsx:1 imports stay in the house: bench/results.ts is not in src/ or public/',
    ]);
  });

  it('refuses a cycle, even through types', () => {
    const sources = {
      'src/chat/a.ts': `import './b.ts';`,
      'src/chat/b.ts': `import type { A } from './a.ts';`,
    };
    expect(breaches(sources)).toEqual([
      'src/chat/b.ts:1 no cycles: src/chat/a.ts → src/chat/b.ts → src/chat/a.ts',
    ]);
    expect(breaches({ 'src/mask.ts': `import './mask.ts';` })).toEqual([
      'src/mask.ts:1 no cycles: src/mask.ts → src/mask.ts',
    ]);
  });
});

describe('purity', () => {
  it.each([
    'net',
    'tls',
    'http',
    'https',
    'fs',
    'fs/promises',
    'stream',
    'events',
    'timers',
    'child_process',
    'dgram',
  ])('refuses node:%s on floors 1 to 3', (name) => {
    for (const file of ['src/utf8.ts', 'src/frame.ts', 'src/connection.ts']) {
      expect(breaches({ [file]: `import * as x from 'node:${name}';` })).toEqual([
        `${file}:1 floors 1 to 3 are pure: node:${name}`,
      ]);
    }
  });

  it.each([
    ['setTimeout', 'setTimeout(() => {}, 1);'],
    ['setInterval', 'const every = setInterval;'],
    ['setImmediate', 'globalThis.queue = setImmediate;'],
    ['queueMicrotask', 'queueMicrotask(() => {});'],
    ['Date.now', 'export const t = Date.now();'],
    ['new Date', 'export const t = new Date();'],
    ['performance', 'export const t = performance.now();'],
    ['process', 'process.nextTick(() => {});'],
  ])('refuses %s on floors 1 to 3', (name, source) => {
    expect(breaches({ 'src/frame.ts': source })).toEqual([
      `src/frame.ts:1 floors 1 to 3 know no time and no process: ${name}`,
    ]);
  });

  it('lets a property have the name of a timer', () => {
    const source = 'export interface A { setTimeout: number }\nexport const b = { process: 1 };\nb.process;';
    expect(breaches({ 'src/frame.ts': source })).toEqual([]);
  });

  it('refuses sockets outside the shell, but not the types', () => {
    expect(breaches({ 'src/site.ts': `import { connect } from 'node:net';` })).toEqual([
      'src/site.ts:1 only the shell owns sockets: node:net',
    ]);
    expect(breaches({ 'src/site.ts': `import type { AddressInfo } from 'node:net';` })).toEqual([]);
    expect(breaches({ 'src/site.ts': 'export const f = (request) => request.socket.write("x");' })).toEqual([
      'src/site.ts:1 only the shell writes to a socket',
    ]);
  });
});

describe('packages', () => {
  it('refuses any npm package on floors 1 to 4', () => {
    expect(breaches({ 'src/server.ts': `import * as v from 'valibot';` })).toEqual([
      'src/server.ts:1 floors 1 to 4 import no npm package: valibot',
    ]);
  });

  it('refuses a package that is no runtime dependency', () => {
    expect(breaches({ 'src/chat/room.ts': `import { test } from '@scope/vitest/node';` })).toEqual([
      'src/chat/room.ts:1 src/ and public/ load only runtime dependencies: @scope/vitest is not in "dependencies"',
    ]);
  });
});

describe('pages', () => {
  it('refuses Node and server packages, however far down', () => {
    expect(
      breaches({
        'public/chat/app.tsx': `import { h } from 'preact';\nimport { names } from '../../src/chat/names.ts';`,
        'src/chat/names.ts': `import { randomUUID } from 'node:crypto';`,
      }),
    ).toEqual([
      'src/chat/names.ts:1 the pages load only what runs in a browser: public/chat/app.tsx → src/chat/names.ts → node:crypto',
    ]);
    expect(breaches({ 'public/a.ts': `import sharp from 'sharp';` })).toEqual([
      'public/a.ts:1 the pages load only what runs in a browser: public/a.ts → sharp',
    ]);
    expect(breaches({ 'src/lab/explain.ts': `import 'node:zlib';` })).toEqual([
      'src/lab/explain.ts:1 the pages load only what runs in a browser: src/lab/explain.ts → node:zlib',
    ]);
  });

  it('holds what the pages share with the server to that, whether a page loads it or not', () => {
    for (const file of [
      'src/chat-client/carriers/http.ts',
      'src/chat/events.ts',
      'src/chat/events/things.ts',
    ]) {
      expect(breaches({ [file]: `import { randomUUID } from 'node:crypto';` })).toEqual([
        `${file}:1 the pages load only what runs in a browser: ${file} → node:crypto`,
      ]);
    }
    expect(breaches({ 'src/chat/eventsource.ts': `import 'node:crypto';` })).toEqual([]);
  });

  it('keeps the chat out of what carries it', () => {
    expect(breaches({ 'src/transports/polling.ts': `import type { Chat } from '../chat/chat.ts';` })).toEqual(
      ['src/transports/polling.ts:1 imports run downwards only: floor 5 imports src/chat/chat.ts of floor 6'],
    );
  });

  it('lets a type come from anywhere below', () => {
    expect(
      breaches({
        'public/chat/app.tsx': `import type { Room } from '../../src/chat/room.ts';\nexport const a = <p>hi</p>;`,
        'src/chat/room.ts': `import { randomUUID } from 'node:crypto';`,
      }),
    ).toEqual([]);
  });
});

describe('form', () => {
  it('refuses endings that are missing or compiled, and built-in modules without node:', () => {
    expect(breaches({ 'test/a.ts': `import './b.js';\nimport './c';\nimport { x } from 'fs';` })).toEqual([
      'test/a.ts:1 a relative import names the source: ./b.js',
      'test/a.ts:2 a relative import names its file with its ending: ./c',
      'test/a.ts:3 Node’s own modules are imported with node: fs',
    ]);
  });

  it('refuses default exports outside configuration files', () => {
    expect(breaches({ 'src/mask.ts': 'export default 1;' })).toEqual(['src/mask.ts:1 no default exports']);
    expect(breaches({ 'vite.config.ts': 'export default 1;' })).toEqual([]);
  });

  it('says what to do', () => {
    const [violation] = checkSources({
      sources: new Map([['src/mask.ts', 'export default 1;']]),
      dependencies: new Set(),
    });
    expect(violation && describeViolation(violation)).toBe(
      'src/mask.ts:1  no default exports\n    Export it by its name.',
    );
  });

  it('refuses to judge what it cannot read', () => {
    expect(() => breaches({ 'src/mask.ts': 'import {' })).toThrow(/src\/mask\.ts cannot be parsed/);
  });
});
