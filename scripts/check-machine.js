// Says in one sentence what is missing before `npm start`, `npm test` or `npm run build` would fail with a stack
// trace. Plain JavaScript, because it must run when nothing is installed yet; called by the pre-scripts in package.json.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const { dependencies, devDependencies, engines } = JSON.parse(
  readFileSync(new URL('package.json', root), 'utf8'),
);

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

const [wantedMajor, wantedMinor] = engines.node.match(/\d+/g).map(Number);
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
  fail(`barewire needs Node ${engines.node}; this is Node ${process.versions.node}. Install a newer Node.`);
}

const missing = Object.keys({ ...dependencies, ...devDependencies }).filter(
  (name) => !existsSync(new URL(`node_modules/${name}/package.json`, root)),
);
if (missing.length > 0) {
  const named =
    missing.slice(0, 3).join(', ') + (missing.length > 3 ? ` and ${missing.length - 3} more` : '');
  fail(`Dependencies are not installed (${named}). Run "npm install" in ${fileURLToPath(root)} first.`);
}
