/**
 * The page's script: `barewire.check(id)` runs one check and promises its outcome. Bundled by page-bundle.ts, served
 * by endpoints.ts at the same origin as the endpoints.
 */
import type { Addresses } from '../account.ts';
import { checks } from './all.ts';
import { type Outcome, runCheck } from './check.ts';
import { Suite } from './suite.ts';

/** The page's own address. Declared here, because the checks know nothing else of a window. */
declare const location: { readonly origin: string };

const suite = fetch('/suite.json')
  .then((response) => response.text())
  .then((text) => {
    const addresses: Addresses = JSON.parse(text);
    return new Suite(location.origin, addresses, crypto.randomUUID());
  });

async function check(id: string): Promise<Outcome> {
  const found = checks.find((each) => each.id === id);
  if (found === undefined) throw new Error(`There is no check called ${id}.`);
  return await runCheck(found, await suite);
}

Object.assign(globalThis, { barewire: { check } });
