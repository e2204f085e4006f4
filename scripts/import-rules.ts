// The rules of the house as code: which file may import what, so that the core stays pure and the floors stay floors
// (docs/architecture.md has the picture). `npm run check` and test/imports.test.ts both call `checkSources`; it knows
// no file system, so the test can give it houses that break each rule.
//
// Same-floor imports are allowed: a floor is a level, not one module (close.ts checks its reason with utf8.ts).
// Cycles are not, not even through types, and that is what keeps a floor honest.
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { parseSync, Visitor } from 'vite';

/** Every file or directory of src/ and public/ has a floor; a new one must be given one here, deliberately. */
export const floors: ReadonlyArray<readonly [floor: number, names: readonly string[]]> = [
  [
    1,
    [
      'src/client-address.ts',
      'src/close.ts',
      'src/http-encode.ts',
      'src/http-error.ts',
      'src/http-fields.ts',
      'src/http-head.ts',
      'src/ip-address.ts',
      'src/logger.ts',
      'src/mask.ts',
      'src/mask-kernel.ts',
      'src/masking-keys.ts',
      'src/proxy-protocol.ts',
      'src/request-target.ts',
      'src/trace.ts',
      'src/trusted-proxies.ts',
      'src/utf8.ts',
    ],
  ],
  [
    2,
    [
      'src/deflate-negotiation.ts',
      'src/deflate.ts',
      'src/deflate-small.ts',
      'src/inflate-small.ts',
      'src/huffman.ts',
      'src/deflate-tables.ts',
      'src/extensions.ts',
      'src/frame.ts',
      'src/recent-frames.ts',
      'src/refusal-body.ts',
    ],
  ],
  [
    3,
    [
      'src/close-record.ts',
      'src/connection.ts',
      'src/decoder.ts',
      'src/frame-run.ts',
      'src/handshake-error.ts',
      'src/handshake.ts',
      'src/message.ts',
      'src/output.ts',
      'src/prepared-message.ts',
      'src/upgrade-request.ts',
    ],
  ],
  [
    4,
    [
      'src/abort-signals.ts',
      'src/attachments.ts',
      'src/client-data.ts',
      'src/client-events.ts',
      'src/client-handshake.ts',
      'src/client-options.ts',
      'src/client.ts',
      'src/connection-counts.ts',
      'src/drain.ts',
      'src/frame-trace.ts',
      'src/handshake-queue.ts',
      'src/heartbeat.ts',
      'src/held-amounts.ts',
      'src/http-handover.ts',
      'src/lent-socket.ts',
      'src/listener.ts',
      'src/options.ts',
      'src/pending.ts',
      'src/read-turns.ts',
      'src/refusals.ts',
      'src/rejection.ts',
      'src/server-interface.ts',
      'src/server.ts',
      'src/socket.ts',
      'src/topics.ts',
      'src/upgrade-decision.ts',
      'src/upgrades.ts',
      'src/wire.ts',
    ],
  ],
  [5, ['src/index.ts', 'src/lab/', 'src/transports/']],
  [6, ['src/chat/', 'src/chat-client/', 'src/site.ts', 'src/site/']],
  [7, ['src/assembly.ts', 'src/certificate-files.ts', 'src/main.ts', 'src/settings.ts', 'public/']],
];

const pureBuiltins = new Set(['node:buffer', 'node:crypto', 'node:zlib']);
const socketBuiltins = new Set(['net', 'tls']);
/** The shell: what server.ts and client.ts stand on. */
const socketOwners = new Set([
  'src/attachments.ts',
  'src/client-handshake.ts',
  'src/http-handover.ts',
  'src/lent-socket.ts',
  'src/listener.ts',
  'src/refusals.ts',
  'src/server.ts',
  'src/upgrades.ts',
  'src/wire.ts',
]);
const clocks = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'performance',
  'process',
]);
const lastPureFloor = 3;
const lastFloorWithoutPackages = 4;
/** Files and directories that must also run in a browser, besides everything in public/. */
const browserFiles = ['src/lab/explain.ts', 'src/chat-client/', 'src/chat/events.ts', 'src/chat/events/'];
/** What the page at /lab/bench and the report of the benches share. It belongs to the benches, and runs in a browser too. */
const sharedWithBench = new Set([
  'bench/report/analysis.ts',
  'bench/report/figures.ts',
  'bench/results-schema.ts',
  'bench/statistics.ts',
]);
/** Runtime dependencies that cannot run in a browser. */
const serverPackages = new Set(['libsql', 'pino', 'sharp', 'sirv']);

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  /** What to do about it. */
  readonly advice: string;
}

export interface SourceTree {
  /** Path from the root of the repository, with slashes, to the source. */
  readonly sources: ReadonlyMap<string, string>;
  /** The names in `dependencies` of package.json. */
  readonly dependencies: ReadonlySet<string>;
}

interface Import {
  readonly specifier: string;
  /** Whether the import is erased (`import type`), so nothing is loaded at run time. */
  readonly typeOnly: boolean;
  /** For a relative import, the file it names, from the root. */
  readonly target: string | undefined;
  readonly line: number;
}

interface Module {
  readonly file: string;
  readonly floor: number | undefined;
  readonly imports: readonly Import[];
  /** Uses of the clock or the process, each with its line. */
  readonly clockUses: ReadonlyArray<{ readonly name: string; readonly line: number }>;
  /** Calls such as `request.socket.write()`. */
  readonly socketWrites: readonly number[];
  readonly defaultExports: readonly number[];
}

/** The floor of a file, or undefined when it is in none (tests, benches and scripts stand outside the house). */
export function floorOf(file: string): number | undefined {
  const found = floors.find(([, names]) =>
    names.some((name) => (name.endsWith('/') ? file.startsWith(name) : file === name)),
  );
  return found?.[0];
}

/** Every breach of the rules in these sources, in the order of the files and lines. */
export function checkSources({ sources, dependencies }: SourceTree): Violation[] {
  const modules = new Map<string, Module>();
  for (const [file, source] of sources) modules.set(file, readModule(file, source));

  const violations: Violation[] = [];
  for (const module of modules.values()) {
    violations.push(...checkFloor(module, modules), ...checkPackages(module, dependencies));
    violations.push(...checkPurity(module), ...checkForm(module));
  }
  violations.push(...checkCycles(modules), ...checkBrowser(modules));
  return violations.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
}

/** One violation as two lines: where and which rule, then what to do. */
export function describeViolation({ file, line, rule, advice }: Violation): string {
  return `${file}:${line}  ${rule}\n    ${advice}`;
}

function readModule(file: string, source: string): Module {
  const { program, errors } = parseSync(file, source);
  const error = errors.find(({ severity }) => severity === 'Error');
  if (error !== undefined) throw new SyntaxError(`${file} cannot be parsed: ${error.message}`);

  const lineAt = (offset: number) => source.slice(0, offset).split('\n').length;
  const imports: Import[] = [];
  const clockUses: { name: string; line: number }[] = [];
  const socketWrites: number[] = [];
  const defaultExports: number[] = [];
  const memberNames = new Set<number>();

  const addImport = (specifier: string, typeOnly: boolean, start: number) => {
    const relative = specifier.startsWith('.');
    const target = relative ? posix.normalize(posix.join(posix.dirname(file), specifier)) : undefined;
    imports.push({ specifier, typeOnly, target, line: lineAt(start) });
  };
  new Visitor({
    ImportDeclaration: (node) => addImport(node.source.value, node.importKind === 'type', node.start),
    ExportAllDeclaration: (node) => addImport(node.source.value, node.exportKind === 'type', node.start),
    ExportNamedDeclaration(node) {
      if (node.source !== null) addImport(node.source.value, node.exportKind === 'type', node.start);
    },
    ImportExpression(node) {
      if (node.source.type === 'Literal') addImport(String(node.source.value), false, node.start);
    },
    TSImportType: (node) => addImport(node.source.value, true, node.start),
    ExportDefaultDeclaration: (node) => void defaultExports.push(lineAt(node.start)),
    MemberExpression(node) {
      if (node.computed) return;
      memberNames.add(node.property.start);
      const { object } = node;
      const writes = node.property.name === 'write' || node.property.name === 'end';
      const ofSocket =
        object.type === 'MemberExpression' && !object.computed && object.property.name === 'socket';
      if (writes && ofSocket) socketWrites.push(lineAt(node.start));
      if (object.type === 'Identifier' && object.name === 'Date' && node.property.name === 'now') {
        clockUses.push({ name: 'Date.now', line: lineAt(node.start) });
      }
    },
    NewExpression(node) {
      if (node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0) {
        clockUses.push({ name: 'new Date', line: lineAt(node.start) });
      }
    },
    Property: (node) => void (node.computed || node.shorthand || memberNames.add(node.key.start)),
    MethodDefinition: (node) => void memberNames.add(node.key.start),
    PropertyDefinition: (node) => void memberNames.add(node.key.start),
    TSPropertySignature: (node) => void memberNames.add(node.key.start),
    TSMethodSignature: (node) => void memberNames.add(node.key.start),
    Identifier(node) {
      if (clocks.has(node.name) && !memberNames.has(node.start)) {
        clockUses.push({ name: node.name, line: lineAt(node.start) });
      }
    },
  }).visit(program);
  return { file, floor: floorOf(file), imports, clockUses, socketWrites, defaultExports };
}

function builtinName(specifier: string): string | undefined {
  return isBuiltin(specifier) ? specifier.replace(/^node:/, '') : undefined;
}

function packageName(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('/') || isBuiltin(specifier)) return undefined;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function* checkFloor(module: Module, modules: ReadonlyMap<string, Module>): Generator<Violation> {
  const { file, floor } = module;
  const inHouse = file.startsWith('src/') || file.startsWith('public/');
  if (!inHouse) return;
  if (floor === undefined) {
    const advice = 'Decide which floor it belongs to and add it to the table in scripts/import-rules.ts.';
    yield { file, line: 1, rule: 'every file of src/ has a floor', advice };
    return;
  }
  for (const { target, line } of module.imports) {
    if (target === undefined) continue;
    const other = modules.get(target)?.floor ?? floorOf(target);
    if (other !== undefined && other > floor) {
      const rule = `imports run downwards only: floor ${floor} imports ${target} of floor ${other}`;
      yield { file, line, rule, advice: 'Move what both need to the lower floor, or pass it in as a value.' };
    }
    const outside = !target.startsWith('src/') && !target.startsWith('public/');
    const shared = file.startsWith('public/lab/bench/') && sharedWithBench.has(target);
    if (outside && !shared) {
      const rule = `imports stay in the house: ${target} is not in src/ or public/`;
      yield { file, line, rule, advice: 'Move what is needed into src/.' };
    }
  }
}

function* checkPackages(module: Module, dependencies: ReadonlySet<string>): Generator<Violation> {
  const { file, floor } = module;
  if (floor === undefined) return;
  for (const { specifier, line, typeOnly } of module.imports) {
    const name = packageName(specifier);
    if (name === undefined) continue;
    if (floor <= lastFloorWithoutPackages) {
      const rule = `floors 1 to ${lastFloorWithoutPackages} import no npm package: ${name}`;
      yield { file, line, rule, advice: 'Write it by hand here, or move what needs it to a higher floor.' };
    } else if (!dependencies.has(name) && !typeOnly) {
      const rule = `src/ and public/ load only runtime dependencies: ${name} is not in "dependencies"`;
      yield {
        file,
        line,
        rule,
        advice: 'Add it to "dependencies" in package.json and to docs/dependencies.md.',
      };
    }
  }
}

function* checkPurity(module: Module): Generator<Violation> {
  const { file, floor } = module;
  if (floor === undefined) return;
  for (const { specifier, line, typeOnly } of module.imports) {
    const builtin = builtinName(specifier);
    if (builtin === undefined) continue;
    if (floor <= lastPureFloor && !pureBuiltins.has(`node:${builtin}`)) {
      const rule = `floors 1 to ${lastPureFloor} are pure: node:${builtin}`;
      yield {
        file,
        line,
        rule,
        advice: 'Take bytes or values as arguments; I/O, events and time live in server.ts.',
      };
    } else if (socketBuiltins.has(builtin) && !socketOwners.has(file) && !typeOnly) {
      const rule = `only the shell owns sockets: node:${builtin}`;
      yield { file, line, rule, advice: 'Use what src/server.ts or src/client.ts exports.' };
    }
  }
  for (const line of socketOwners.has(file) ? [] : module.socketWrites) {
    const rule = 'only the shell writes to a socket';
    yield {
      file,
      line,
      rule,
      advice: 'Answer through the response or the WebSocket, which queue and measure.',
    };
  }
  for (const { name, line } of floor <= lastPureFloor ? module.clockUses : []) {
    const rule = `floors 1 to ${lastPureFloor} know no time and no process: ${name}`;
    yield { file, line, rule, advice: 'Time is the shell’s: let server.ts or the caller pass it in.' };
  }
}

function* checkForm(module: Module): Generator<Violation> {
  const { file } = module;
  for (const { specifier, target, line } of module.imports) {
    if (target !== undefined && !/\.(ts|tsx|css|json|js)$/.test(posix.basename(target))) {
      const rule = `a relative import names its file with its ending: ${specifier}`;
      yield { file, line, rule, advice: 'Write the .ts (or .tsx) of the file.' };
    }
    if (target?.endsWith('.js')) {
      const rule = `a relative import names the source: ${specifier}`;
      yield { file, line, rule, advice: 'Write .ts: the compiler rewrites it when it builds.' };
    }
    if (builtinName(specifier) !== undefined && !specifier.startsWith('node:')) {
      const rule = `Node’s own modules are imported with node: ${specifier}`;
      yield { file, line, rule, advice: `Write node:${specifier}.` };
    }
  }
  for (const line of file.endsWith('.config.ts') ? [] : module.defaultExports) {
    yield { file, line, rule: 'no default exports', advice: 'Export it by its name.' };
  }
}

/** Each cycle once, reported at the import that closes it. */
function checkCycles(modules: ReadonlyMap<string, Module>): Violation[] {
  const violations: Violation[] = [];
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (module: Module) => {
    path.push(module.file);
    for (const { target, line } of module.imports) {
      const next = target === undefined ? undefined : modules.get(target);
      if (next === undefined || finished.has(next.file)) continue;
      const start = path.indexOf(next.file);
      if (start === -1) {
        visit(next);
      } else {
        const rule = `no cycles: ${[...path.slice(start), next.file].join(' → ')}`;
        const advice = 'Move what both need to a file of its own below them.';
        violations.push({ file: module.file, line, rule, advice });
      }
    }
    path.pop();
    finished.add(module.file);
  };
  for (const module of modules.values()) if (!finished.has(module.file)) visit(module);
  return violations;
}

/** Whatever a page loads, however far down, runs in a browser. */
function checkBrowser(modules: ReadonlyMap<string, Module>): Violation[] {
  const violations: Violation[] = [];
  const isShared = (file: string) =>
    browserFiles.some((name) => (name.endsWith('/') ? file.startsWith(name) : file === name));
  const roots = [...modules.keys()].filter((file) => file.startsWith('public/') || isShared(file));
  const cameFrom = new Map<string, string | undefined>(roots.map((file) => [file, undefined]));
  // A Map iterates over what is added while it runs, so this is the whole breadth-first search.
  for (const [file] of cameFrom) {
    for (const { specifier, target, line, typeOnly } of modules.get(file)?.imports ?? []) {
      if (typeOnly) continue;
      if (target !== undefined && modules.has(target) && !cameFrom.has(target)) cameFrom.set(target, file);
      if (builtinName(specifier) === undefined && !serverPackages.has(packageName(specifier) ?? '')) continue;
      const chain = [file];
      for (let at = cameFrom.get(file); at !== undefined; at = cameFrom.get(at)) chain.unshift(at);
      const rule = `the pages load only what runs in a browser: ${[...chain, specifier].join(' → ')}`;
      const advice = 'Split the part that needs Node into a file that no page imports.';
      violations.push({ file, line, rule, advice });
    }
  }
  return violations;
}
