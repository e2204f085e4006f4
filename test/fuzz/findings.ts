/**
 * Inputs that once broke a claim, kept as files beside this one: target, seed and octets. Written by scripts/fuzz.ts,
 * replayed by test/fuzz.test.ts for as long as the project lives.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from './fuzzer.ts';

/** Where they are. */
export const findingsDirectory = join(import.meta.dirname, 'findings');

/** Writes one finding. @returns the path of the file; the same input makes the same file */
export function writeFinding({ target, seed, message, input }: Finding): string {
  const octets = Buffer.from(input).toString('hex');
  const name = createHash('sha256').update(octets).digest('hex').slice(0, 12);
  const path = join(findingsDirectory, `${target}-${name}.json`);
  mkdirSync(findingsDirectory, { recursive: true });
  const [said = ''] = message.split('\n');
  writeFileSync(path, `${JSON.stringify({ target, seed, message: said, octets }, null, 2)}\n`);
  return path;
}

/** A finding as it was written, with the name of its file. */
export interface KeptFinding extends Finding {
  readonly name: string;
}

/** Every finding that is kept, in the order of the files' names. */
export function readFindings(): readonly KeptFinding[] {
  const names = readdirSync(findingsDirectory).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => {
    const kept: { target: string; seed: number; message: string; octets: string } = JSON.parse(
      readFileSync(join(findingsDirectory, name), 'utf8'),
    );
    const { target, seed, message, octets } = kept;
    return { name, target, seed, message, input: Uint8Array.from(Buffer.from(octets, 'hex')) };
  });
}
