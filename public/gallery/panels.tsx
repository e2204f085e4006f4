/**
 * For development only, not built: the chat with one of its panels or layers open, before a made-up server,
 * `/gallery-panels.html?panel=members&state=room`. The states are in staged-panels.ts.
 */
import { render } from 'preact';
import '../chat/styles.ts';
import { createSettings } from '../chat/settings.ts';
import { App } from '../chat/view/app.tsx';
import { followKeyboard } from '../chat/view/document.ts';
import { openPanel, type PanelView } from '../chat/view/panel-state.ts';
import { panelStore } from './staged-panels.ts';

const query = new URLSearchParams(location.search);
const root = document.getElementById('app');
if (root === null) throw new Error('gallery-panels.html has lost its #app.');
const settings = createSettings({
  storage: sessionStorage,
  languages: () => [query.get('language') ?? 'en'],
  onStorage: () => () => undefined,
});
const panels: Readonly<Record<string, PanelView>> = {
  none: { kind: 'none' },
  members: { kind: 'members' },
  search: { kind: 'search', query: query.get('query') ?? 'handshake' },
  room: { kind: 'room' },
  browse: { kind: 'browse' },
  create: { kind: 'create' },
  devices: { kind: 'devices' },
  moderation: { kind: 'moderation' },
  member: { kind: 'moderation', member: 'm1' },
  notifications: { kind: 'notifications' },
  password: { kind: 'password' },
};
const panel = panels[query.get('panel') ?? 'none'];
if (panel !== undefined) openPanel(panel);
followKeyboard();
render(<App store={panelStore(query.get('state') ?? 'room')} settings={settings} />, root);
