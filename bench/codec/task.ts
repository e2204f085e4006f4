/** What a task of the codec bench is, and how large its runs are. Used by tasks.ts, octet-tasks.ts and worker.ts. */

export interface Task {
  /** Frames, or other operations, and octets of payload, in one run. */
  readonly frames: number;
  readonly octets: number;
  /** Other figures that the check found, by name with their unit. */
  readonly also?: Readonly<Record<string, number>>;
  /** Makes the next run possible. Not timed. */
  prepare(): void;
  run(): void | Promise<void>;
  /** One run whose results are compared with what they should be. @throws Error when they differ */
  check(): void | Promise<void>;
}

/**
 * Octets of frames in one run: so many that taking the time does not count, so few that they stay in a second-level
 * cache, as what a server has just read does.
 */
export const streamLength = 512 * 1024;
/** The most reads, messages or payloads in one run where each is an object. */
export const manyItems = 2048;
