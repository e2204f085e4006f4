/**
 * The shape of the ledger: what an RFC demands, in our own words, the code that keeps it and the tests that prove it.
 * The data is beside this file, one file for each RFC; test/ledger.test.ts holds it against the sources and the tests,
 * scripts/write-ledger.ts writes docs/ledger.md from it.
 */

/** Whom a demand binds. `document`: those who write specifications or keep the registries. */
export type Who = 'server' | 'client' | 'both' | 'intermediary' | 'application' | 'document';

interface Demand {
  readonly who: Who;
  /** One line, ours. */
  readonly requirement: string;
}

/** A demand that the code keeps. */
export interface Kept extends Demand {
  /** `src/frame.ts#checkFrameStart`, `src/connection.ts#Connection.#fail`. */
  readonly keeps: readonly string[];
  /**
   * `test/frame.test.ts: its title`; where a template fills something in, `…`; a row of a table is added as
   * ` › its name`. For the conformance table, its file and the name of the case.
   */
  readonly proof: readonly string[];
}

/** A demand on somebody that we are not. */
export interface NotApplicable extends Demand {
  readonly notApplicable: string;
}

/** A SHOULD that is not followed, and why. */
export interface NotKept extends Demand {
  readonly notKept: string;
}

export type Statement = Kept | NotApplicable | NotKept;

/** MUST, MUST NOT, SHALL and REQUIRED; SHOULD and RECOMMENDED; and a "must" that the RFC writes in small letters. */
export type Strength = 'MUST' | 'SHOULD' | 'must';

export type Entry = Statement & {
  /** `6455-5.1-2`: the RFC, the section, the place among the section's demands of its strength; SHOULD has an `s` before the place, "must" an `m`. */
  readonly id: string;
  readonly section: string;
  readonly strength: Strength;
};

/** The demands of one strength by section, in the order of the text. */
export type Sections = Readonly<Record<string, readonly Statement[]>>;

export interface Ledger {
  readonly rfc: number;
  readonly title: string;
  readonly entries: readonly Entry[];
  /**
   * How often each section has the words, counted in the RFC's own text: MUST, MUST NOT, SHALL, REQUIRED under `MUST`,
   * SHOULD, SHOULD NOT, RECOMMENDED under `SHOULD`. The paragraph that defines the words is not counted.
   */
  readonly counts: Readonly<Record<'MUST' | 'SHOULD', Readonly<Record<string, number>>>>;
}

export function kept(
  who: Who,
  requirement: string,
  keeps: readonly string[],
  proof: readonly string[],
): Kept {
  return { who, requirement, keeps, proof };
}

export function notApplicable(who: Who, requirement: string, reason: string): NotApplicable {
  return { who, requirement, notApplicable: reason };
}

export function notKept(who: Who, requirement: string, reason: string): NotKept {
  return { who, requirement, notKept: reason };
}

/** Gives each statement its section, strength and number. */
export function numbered(rfc: number, strength: Strength, sections: Sections): Entry[] {
  const letter = { MUST: '', SHOULD: 's', must: 'm' }[strength];
  return Object.entries(sections).flatMap(([section, statements]) =>
    statements.map((statement, index) => ({
      ...statement,
      id: `${rfc}-${section.slice(1)}-${letter}${index + 1}`,
      section,
      strength,
    })),
  );
}
