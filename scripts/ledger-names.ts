// What the ledger of requirements may point at: the functions, classes, methods and constants that a source declares,
// and the titles of the tests in a test file. Called by test/ledger.test.ts; knows no file system.
import { parseSync, Visitor } from 'vite';

/** What a name in `keeps` may be: `checkFrameStart`, `Connection`, `Connection.send`, `Connection.#fail`. */
export function declaredNames(file: string, source: string): ReadonlySet<string> {
  const names = new Set<string>();
  const keyName = (key: { readonly type: string; readonly name?: unknown }): string =>
    key.type === 'PrivateIdentifier' ? `#${String(key.name)}` : String(key.name);
  for (const statement of parse(file, source).body) {
    const declaration =
      statement.type === 'ExportNamedDeclaration' && statement.declaration !== null
        ? statement.declaration
        : statement;
    if (declaration.type === 'FunctionDeclaration' && declaration.id !== null) names.add(declaration.id.name);
    if (declaration.type === 'VariableDeclaration') {
      for (const { id } of declaration.declarations) if (id.type === 'Identifier') names.add(id.name);
    }
    if (declaration.type !== 'ClassDeclaration' || declaration.id === null) continue;
    names.add(declaration.id.name);
    for (const member of declaration.body.body) {
      if (member.type !== 'MethodDefinition' && member.type !== 'PropertyDefinition') continue;
      if (!member.computed) names.add(`${declaration.id.name}.${keyName(member.key)}`);
    }
  }
  return names;
}

export interface TestNames {
  /** Titles of `it` and `test`, also in tables; what a template fills in is written `…`. */
  readonly titles: ReadonlySet<string>;
  /** Every string in the file: a row of a table is known by one of its own. */
  readonly strings: ReadonlySet<string>;
}

export function testNames(file: string, source: string): TestNames {
  const titles = new Set<string>();
  const strings = new Set<string>();
  new Visitor({
    Literal(node) {
      if (typeof node.value === 'string') strings.add(node.value);
    },
    TemplateLiteral: (node) => void strings.add(template(node)),
    CallExpression(node) {
      if (!isTest(node.callee)) return;
      const [title] = node.arguments;
      if (title?.type === 'Literal' && typeof title.value === 'string') titles.add(title.value);
      if (title?.type === 'TemplateLiteral') titles.add(template(title));
    },
  }).visit(parse(file, source));
  return { titles, strings };
}

interface Callee {
  readonly type: string;
  readonly name?: unknown;
  readonly object?: unknown;
  readonly callee?: unknown;
}

/** `it`, `test.only`, `it.each(rows)` and the like. */
function isTest(node: Callee): boolean {
  if (node.type === 'Identifier') return node.name === 'it' || node.name === 'test';
  const inner =
    node.type === 'MemberExpression' ? node.object : node.type === 'CallExpression' ? node.callee : undefined;
  return isCallee(inner) && isTest(inner);
}

function isCallee(node: unknown): node is Callee {
  return typeof node === 'object' && node !== null && 'type' in node && typeof node.type === 'string';
}

function template(node: {
  readonly quasis: readonly { readonly value: { readonly cooked: string | null } }[];
}): string {
  return node.quasis.map(({ value }) => value.cooked ?? '').join('…');
}

function parse(file: string, source: string) {
  const { program, errors } = parseSync(file, source);
  const error = errors.find(({ severity }) => severity === 'Error');
  if (error !== undefined) throw new SyntaxError(`${file} cannot be parsed: ${error.message}`);
  return program;
}
