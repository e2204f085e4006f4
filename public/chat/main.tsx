/** Starts the chat page: environment, store, settings, components. */
import { render } from 'preact';
import '../style/fonts.css';
import '../style/tokens.css';
import '../style/base.css';
import '../style/chat.css';
import '../style/sign-in.css';
import '../style/timeline.css';
import '../style/composer.css';
import '../style/layers.css';
import { browserEnvironment } from './environment.ts';
import { createSettings } from './settings.ts';
import { createStore } from './store.ts';
import { App } from './view/app.tsx';
import { followKeyboard } from './view/document.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has lost its #app.');

const environment = browserEnvironment();
const settings = createSettings(environment);
const store = createStore(environment);

followKeyboard();
render(<App store={store} settings={settings} />, root);
