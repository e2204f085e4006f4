/** Starts the chat page: environment, store, settings, components. */
import { render } from 'preact';
import './styles.ts';
import { browserEnvironment } from './environment.ts';
import { createSettings } from './settings.ts';
import { createStore } from './store.ts';
import { App } from './view/app.tsx';
import { followKeyboard } from './view/document.ts';
import { registerWorker } from './worker/register.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has lost its #app.');

const environment = browserEnvironment();
const settings = createSettings(environment);
const store = createStore(environment);

registerWorker(store);
followKeyboard();
render(<App store={store} settings={settings} />, root);
