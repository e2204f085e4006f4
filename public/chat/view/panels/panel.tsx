/**
 * What stands in the place beside the conversation, by the kind that panel-state.ts holds; room.tsx draws the place. A
 * panel that is opened takes the focus, Esc in it closes it, and the focus goes back to where it was. What a panel
 * asks of the server it keeps by itself (asking.ts).
 */
import type { JSX } from 'preact';
import type { ChatState } from '../../model.ts';
import { type PanelView, usePanel } from '../panel-state.ts';
import { BrowsePanel } from './browse.tsx';
import { CreatePanel } from './create.tsx';
import { DevicesPanel } from './devices.tsx';
import { MembersPanel } from './members.tsx';
import { ModerationPanel } from './moderation.tsx';
import { PasswordPanel } from './password.tsx';
import { PreferencesPanel } from './preferences-panel.tsx';
import { RoomPanel } from './room-panel.tsx';
import { SearchPanel } from './search.tsx';

/** The panel that is open; nothing when none is, or one that is drawn elsewhere. */
export function Panel({ state }: { readonly state: ChatState }): JSX.Element | null {
  const panel = usePanel();
  return panelOf(panel, state);
}

function panelOf(panel: PanelView, state: ChatState): JSX.Element | null {
  switch (panel.kind) {
    case 'members':
      return <MembersPanel state={state} />;
    case 'search':
      return <SearchPanel state={state} query={panel.query ?? ''} />;
    case 'room':
      return <RoomPanel state={state} />;
    case 'browse':
      return <BrowsePanel state={state} />;
    case 'create':
      return <CreatePanel />;
    case 'devices':
      return <DevicesPanel state={state} />;
    case 'moderation':
      return <ModerationPanel state={state} member={panel.member} />;
    case 'notifications':
      return <PreferencesPanel />;
    case 'password':
      return <PasswordPanel state={state} />;
    default:
      return null;
  }
}
