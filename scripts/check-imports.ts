// The last step of `npm run check`: prints each breach of the import rules, with what to do, and fails if there is one.
import { checkSources, describeViolation } from './import-rules.ts';
import { readSourceTree } from './source-tree.ts';

const tree = readSourceTree();
const violations = checkSources(tree);
for (const violation of violations) console.error(describeViolation(violation));
if (violations.length > 0) {
  console.error(`${violations.length} breaches of the import rules.`);
  process.exitCode = 1;
} else {
  console.log(`Import rules hold in ${tree.sources.size} files.`);
}
