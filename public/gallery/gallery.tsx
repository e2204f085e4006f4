/**
 * For development only, not built: draws the chat's components with a made-up state, `/gallery.html?state=room`.
 * The states are in staged.ts.
 */
import { render } from 'preact';
import '../chat/styles.ts';
import { createSettings } from '../chat/settings.ts';
import { App } from '../chat/view/app.tsx';
import { followKeyboard } from '../chat/view/document.ts';
import { stagedStore } from './staged.ts';

const query = new URLSearchParams(location.search);
const root = document.getElementById('app');
if (root === null) throw new Error('gallery.html has lost its #app.');
const settings = createSettings({
  storage: sessionStorage,
  languages: () => [query.get('language') ?? 'en'],
  onStorage: () => () => undefined,
});
followKeyboard();
render(<App store={stagedStore(query.get('state') ?? 'room')} settings={settings} />, root);
