/**
 * The loop of the fuzzer: it changes inputs of a growing corpus, runs a target on them, keeps those whose outcome is of
 * a class that was not met before, and makes those that broke the target's claims as small as it can. Everything
 * follows from the seed. Called by scripts/fuzz.ts for as long as one likes, by test/fuzz.test.ts for a fixed number.
 */
import { Buffer } from 'node:buffer';
import { seededRandom } from '../support/chopping.ts';
import { below, type Mutation, pick, plainMutations, type Random } from './mutator.ts';

/** What is fuzzed. */
export interface Target {
  readonly name: string;
  /** Inputs to begin with. A target reads all that it needs from an input: the options of a run, then its octets. */
  readonly seeds: readonly Uint8Array[];
  /** Changes that know the format of the inputs; half of all changes are of these. */
  readonly mutations: readonly Mutation[];
  /** How many inputs run at the same time; 1 for what does no input or output. */
  readonly together: number;
  start?(): Promise<void>;
  stop?(): Promise<void>;
  /** What must hold between batches: that the server still serves. Throws when it does not. */
  afterBatch?(): Promise<void>;
  /**
   * Runs one input and checks every claim on the way.
   * @returns the class of the outcome: what makes this run another kind of run
   * @throws whatever; it is a finding
   */
  run(input: Uint8Array): string | Promise<string>;
}

/** An input that broke a claim. */
export interface Finding {
  readonly target: string;
  /** Of the run that found it; the input alone repeats it. */
  readonly seed: number;
  readonly message: string;
  /** Made small. */
  readonly input: Uint8Array;
}

/** The most octets in a changed input; the seeds may be longer. */
const maximumInputLength = 4096;

/** A corpus that is full forgets a random input for each one that joins, so memory does not grow. */
const maximumCorpus = 2000;

/** The most classes of outcome that are told apart. */
const maximumClasses = 50_000;

/** How many runs making one finding small may take. */
const reductionRuns = 2000;

export type Watch = (fuzzer: Fuzzer, inputs: readonly Uint8Array[]) => void;

export class Fuzzer {
  readonly target: Target;
  readonly seed: number;
  readonly findings: Finding[] = [];
  readonly #watch: Watch | undefined;
  readonly #random: Random;
  readonly #mutations: readonly (readonly Mutation[])[];
  readonly #corpus: Uint8Array[];
  readonly #classes = new Map<string, number>();
  readonly #found = new Set<string>();
  #unseeded: Uint8Array[];
  #executions = 0;

  /** @param watch is told each batch before it runs */
  constructor(target: Target, seed: number, watch?: Watch) {
    this.target = target;
    this.seed = seed;
    this.#watch = watch;
    this.#random = seededRandom(seed);
    this.#mutations = [plainMutations, target.mutations].filter((list) => list.length > 0);
    this.#corpus = [...target.seeds];
    this.#unseeded = [...target.seeds];
  }

  get executions(): number {
    return this.#executions;
  }

  get corpusSize(): number {
    return this.#corpus.length;
  }

  /** How often each class of outcome was met. */
  get classes(): ReadonlyMap<string, number> {
    return this.#classes;
  }

  /** Runs one batch: the seeds as they are first, then changed inputs. */
  async step(): Promise<void> {
    const inputs = Array.from({ length: this.target.together }, () => this.#next());
    this.#watch?.(this, inputs);
    const outcomes = await Promise.all(inputs.map((input) => outcomeOf(this.target, input)));
    this.#executions += inputs.length;
    for (const [index, outcome] of outcomes.entries()) {
      const input = inputs[index];
      if (input === undefined) continue;
      if (outcome instanceof Error) await this.#report(input, outcome);
      else this.#learn(input, outcome);
    }
    try {
      await this.target.afterBatch?.();
    } catch (error) {
      await this.#reportBatch(inputs, asError(error));
    }
  }

  #next(): Uint8Array {
    const seed = this.#unseeded.pop();
    if (seed !== undefined) return seed;
    // Of two, the shorter: long inputs are slow, and what they show a short one mostly shows as well.
    const [one, two] = [pick(this.#random, this.#corpus), pick(this.#random, this.#corpus)];
    let input = one.length < two.length ? one : two;
    for (let count = 1 + Math.floor(this.#random() ** 2 * 6); count > 0; count--) {
      const mutation = pick(this.#random, pick(this.#random, this.#mutations));
      input = mutation(input, this.#random, pick(this.#random, this.#corpus));
    }
    return input.length > Math.max(maximumInputLength, one.length, two.length)
      ? input.subarray(0, maximumInputLength)
      : input;
  }

  /** An outcome of a new class makes its input worth changing further. */
  #learn(input: Uint8Array, outcome: string): void {
    const times = this.#classes.get(outcome);
    if (times !== undefined) this.#classes.set(outcome, times + 1);
    else if (this.#classes.size < maximumClasses) {
      this.#classes.set(outcome, 1);
      if (this.#corpus.length < maximumCorpus) this.#corpus.push(Uint8Array.from(input));
      else this.#corpus[below(this.#random, maximumCorpus)] = Uint8Array.from(input);
    }
  }

  async #report(input: Uint8Array, error: Error): Promise<void> {
    if (!this.#isNew(error)) return;
    this.#keep(await this.#reduce(input, error), error);
  }

  /** Something broke, and it is not known by which input: one that breaks it alone, or else all of them are told. */
  async #reportBatch(inputs: readonly Uint8Array[], error: Error): Promise<void> {
    if (!this.#isNew(error)) return;
    for (const input of inputs) {
      if (!(await this.#fails(input, error))) continue;
      this.#keep(await this.#reduce(input, error), error);
      return;
    }
    for (const input of inputs) this.#keep(input, error);
  }

  /** One fault is met thousands of times; it is told once. */
  #isNew(error: Error): boolean {
    const kind = kindOf(error);
    const isNew = !this.#found.has(kind);
    this.#found.add(kind);
    return isNew;
  }

  #reduce(input: Uint8Array, error: Error): Promise<Uint8Array> {
    return reduce(input, (candidate) => this.#fails(candidate, error));
  }

  /** Whether the input alone breaks the same claim. */
  async #fails(input: Uint8Array, error: Error): Promise<boolean> {
    try {
      await this.target.run(input);
      await this.target.afterBatch?.();
      return false;
    } catch (thrown) {
      return kindOf(asError(thrown)) === kindOf(error);
    }
  }

  #keep(input: Uint8Array, error: Error): void {
    const { target, seed } = this;
    const message = error.stack ?? error.message;
    this.findings.push({ target: target.name, seed, message, input: Uint8Array.from(input) });
  }
}

async function outcomeOf(target: Target, input: Uint8Array): Promise<string | Error> {
  try {
    return await target.run(input);
  } catch (error) {
    return asError(error);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(`What was thrown is no Error: ${String(error)}`);
}

/** What two errors of the same fault have in common: the words without what stood in the input. */
function kindOf(error: Error): string {
  const [line = ''] = error.message.split('\n');
  return `${error.name} ${template(line, 60)}`;
}

/** Makes an input smaller while `fails` holds: cuts pieces out, the largest first, then sets octets to zero. */
export async function reduce(
  input: Uint8Array,
  fails: (candidate: Uint8Array) => boolean | Promise<boolean>,
): Promise<Uint8Array> {
  let runs = reductionRuns;
  let smallest = input;
  const tryOut = async (candidate: Uint8Array): Promise<boolean> => {
    if (runs === 0) return false;
    runs--;
    if (!(await fails(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (let length = Math.max(1, input.length >> 1); ; length >>= 1) {
    for (let start = 0; start < smallest.length; ) {
      const without = Buffer.concat([smallest.subarray(0, start), smallest.subarray(start + length)]);
      if (!(await tryOut(without))) start += length;
    }
    if (length <= 1) break;
  }
  for (let index = 0; index < smallest.length; index++) {
    if (smallest[index] === 0) continue;
    const zeroed = Uint8Array.from(smallest);
    zeroed[index] = 0;
    await tryOut(zeroed);
  }
  return smallest;
}

/** The beginning of a sentence without its numbers and quotations, so that it names a rule and not a value. */
export function template(sentence: string, length = 22): string {
  const unquoted = sentence.replaceAll(/"(?:\\.|[^"\\])*"/g, '"…"');
  return unquoted.slice(0, length).replaceAll(/\d+/g, 'N');
}
