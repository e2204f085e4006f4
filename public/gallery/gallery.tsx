/**
 * For development only, not built: draws the chat's components with a made-up state, `/gallery.html?state=room`.
 * The states are in staged.ts.
 */
import { render } from 'preact';
import '../style/fonts.css';
import '../style/tokens.css';
import '../style/base.css';
import '../style/chat.css';
import '../style/sign-in.css';
import '../style/timeline.css';
import '../style/composer.css';
import '../style/layers.css';
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
