// Prints "passed failed" from the JSON of a vitest run, for .ci/run. A test that was skipped or never ran counts as
// failed, and so does a file that could not be loaded: green means that everything was run. Plain JavaScript, so that
// it works whatever state the dependencies are in.
import { readFileSync } from 'node:fs';

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
let passed = 0;
let failed = 0;
for (const { status, assertionResults } of testResults) {
  const passedHere = assertionResults.filter((result) => result.status === 'passed').length;
  const failedHere = assertionResults.length - passedHere;
  passed += passedHere;
  failed += failedHere;
  // A hook or an import that failed fails its file without failing a test of it.
  if (status === 'failed' && failedHere === 0) failed += 1;
}
console.log(passed, failed);
