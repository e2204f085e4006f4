/** The suite in one browser: endpoints, a tab, and the outcome of each check. Called by the tests and by the script. */
import { startEndpoints } from './endpoints.ts';
import { type Engine, openTab } from './engines.ts';
import type { Outcome } from './page/check.ts';

export interface Run {
  /** The browser's name and version. */
  readonly version: string;
  outcomeOf(id: string): Promise<Outcome>;
  stop(): Promise<void>;
}

/** Starts a browser and what it talks to. The caller stops it. */
export async function startRun(engine: Engine): Promise<Run> {
  const endpoints = await startEndpoints();
  try {
    const tab = await openTab[engine]();
    await tab.goto(endpoints.url);
    return {
      version: tab.version,
      outcomeOf: async (id) => outcome(await tab.evaluate(`barewire.check(${JSON.stringify(id)})`)),
      stop: async () => {
        await tab.close();
        await endpoints.stop();
      },
    };
  } catch (error) {
    await endpoints.stop();
    throw error;
  }
}

function outcome(value: unknown): Outcome {
  if (typeof value === 'object' && value !== null && 'id' in value && 'passed' in value && 'note' in value) {
    const { id, passed, note } = value;
    if (typeof id === 'string' && typeof passed === 'boolean' && typeof note === 'string') {
      return { id, passed, note };
    }
  }
  throw new TypeError(`A check told ${JSON.stringify(value)}, which is no outcome.`);
}
