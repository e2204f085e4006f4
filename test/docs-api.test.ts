/** docs/api.md: each example is a program that prints what the text behind it says, and each export is in its table. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Program, root } from './support/process.ts';

const markdown = readFileSync(join(root, 'docs/api.md'), 'utf8');

/** Programs with the heading they stand under and what they print. */
const examples = [...markdown.matchAll(/^```ts\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```$/gm)].map(
  ({ 1: program = '', 2: output = '', index }) => ({
    heading: [...markdown.slice(0, index).matchAll(/^#+ (.+)$/gm)].at(-1)?.[1] ?? '',
    program,
    output,
  }),
);

describe('docs/api.md', () => {
  it('has an output behind each program', () => {
    expect(examples).toHaveLength([...markdown.matchAll(/^```ts$/gm)].length);
    expect(examples.length).toBeGreaterThan(7);
  });

  for (const { heading, program, output } of examples) {
    it(`has an example that runs: ${heading}`, async () => {
      const name = heading.toLowerCase().replaceAll(/\W+/g, '-');
      const path = join(root, 'bench', `.api-example-${name}-${process.pid}.ts`);
      writeFileSync(path, program.replaceAll("'barewire'", "'../src/index.ts'"));
      try {
        const { code, stdout, stderr } = await new Program(['--import', 'tsx', path]).ended;
        expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: output, stderr: '' });
      } finally {
        rmSync(path);
      }
    });
  }

  it('has every name that the package exports, and no other', () => {
    const index = readFileSync(join(root, 'src/index.ts'), 'utf8');
    const exported = [...index.matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
      .flatMap(([, names = '']) => names.split(','))
      .map((name) => name.replace(/^\s*type /, '').trim())
      .filter((name) => name !== '');
    const table = markdown.slice(markdown.indexOf('## Names'));
    const listed = table
      .split('\n')
      .map((row) => /^\| (`.*?`) \|/.exec(row)?.[1] ?? '')
      .flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ''));
    expect(listed.toSorted()).toEqual(exported.toSorted());
  });
});
