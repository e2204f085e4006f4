// `npm start` and `npm test` run this first: makes dist/public current, and says nothing when it already is.
import { buildPages } from './pages.ts';

await buildPages();
