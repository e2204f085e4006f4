/** Starts the page at /lab/bench: styles, document, components. */
import { render } from 'preact';
import '../../style/fonts.css';
import '../../style/tokens.css';
import '../../style/base.css';
import '../../style/bench.css';
import '../../style/bench-goals.css';
import '../../style/bench-charts.css';
import '../../style/bench-tools.css';
import { App } from './app.tsx';

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has lost its #app.');
// theme.js sets the language of the chat; this page has English only.
document.documentElement.lang = 'en';
render(<App />, root);
