/** The certificates for tests, with their keys (test/support/certificates/make.sh tells how they were made). */
import { readFileSync } from 'node:fs';

export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
}

/** One of two pairs for `localhost` and `127.0.0.1`. Whoever is to trust it takes `cert` as its `ca`. */
export function certificate(name: 'first' | 'second'): TestCertificate {
  const read = (ending: string) =>
    readFileSync(new URL(`certificates/${name}.${ending}`, import.meta.url), 'utf8');
  return { key: read('key'), cert: read('crt') };
}
