/**
 * What a check is, and how one is run. The checks are plain modules that know nothing of test runners: a page shows
 * or returns their outcomes, whoever opened it.
 */
import type { Suite } from './suite.ts';

/** One thing that a browser's WebSocket has to do; one row of the matrix. */
export interface Check {
  /** Never changes: expectations and the document refer to it. */
  readonly id: string;
  readonly group: string;
  /** What is the case when the check passes, as a phrase. */
  readonly title: string;
  /** Where it is demanded: a section of an RFC, or of the WHATWG WebSockets Standard. */
  readonly section: string;
  /**
   * Resolves when it is so; with a few words where the standard leaves a choice and the browser made one. Rejects
   * with an Error whose message is one sentence, and the same one each time.
   */
  run(suite: Suite): Promise<string | undefined>;
}

export interface Outcome {
  readonly id: string;
  readonly passed: boolean;
  /** When passed: the browser's choice, or ''. Else the sentence that says what was not so. */
  readonly note: string;
}

/** A check without its group, as a group's file lists it. */
export type GroupCheck = Omit<Check, 'group'>;

/** Milliseconds: only there so that a hang ends as a sentence. Nothing that passes depends on it. */
const deadline = 120_000;

export function inGroup(group: string, checks: readonly GroupCheck[]): readonly Check[] {
  return checks.map((check) => ({ ...check, group }));
}

/** Runs one check, and leaves no connection behind. Never rejects. */
export async function runCheck(check: Check, suite: Suite): Promise<Outcome> {
  const { id } = check;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`It did not end within ${deadline / 1000} s.`)), deadline);
    });
    const note = await Promise.race([check.run(suite), late]);
    return { id, passed: true, note: note ?? '' };
  } catch (error) {
    return { id, passed: false, note: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
    suite.leaveAll();
  }
}

/** @throws Error that names what differs */
export function expectEqual(what: string, actual: unknown, expected: unknown): void {
  const [found, wanted] = [show(actual), show(expected)];
  if (found !== wanted) throw new Error(`${what} is ${shorten(found)}, not ${shorten(wanted)}.`);
}

/** @throws Error with that sentence */
export function expectThat(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

/** @throws Error unless `action` throws a DOMException of that name */
export function expectThrow(what: string, name: string, action: () => unknown): void {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  if (thrown === undefined) throw new Error(`${what} throws nothing, not ${name}.`);
  const found = thrown instanceof Error || thrown instanceof DOMException ? thrown.name : String(thrown);
  if (found !== name) throw new Error(`${what} throws ${found}, not ${name}.`);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined';
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 100)}… (${text.length} characters)`;
}
