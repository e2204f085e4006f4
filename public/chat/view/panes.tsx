/** The two columns beside the conversation, which are drawers where there is no room for columns. */
import type { JSX } from 'preact';
import type { ChatState } from '../model.ts';
import { Avatar } from './avatar.tsx';
import { Mark } from './icons.tsx';
import { usePage } from './page.ts';
import { YouMenu } from './you-menu.tsx';

interface RoomsPaneProps {
  readonly state: ChatState;
  readonly onKeys: () => void;
  /** Called when a room is chosen, so that a drawer can close. */
  readonly onChoose: () => void;
}

export function RoomsPane({ state, onKeys, onChoose }: RoomsPaneProps): JSX.Element {
  const { texts } = usePage();
  return (
    <>
      <p class="pane-head wordmark">
        <Mark /> barewire
      </p>
      <div class="pane-scroll">
        <h2 class="pane-label">{texts.room.rooms}</h2>
        <ul class="rooms">
          <li>
            <button type="button" class="room-link" aria-current="true" onClick={onChoose}>
              <span class="hash" aria-hidden="true">
                #
              </span>
              <span class="ellipsis">{state.room}</span>
            </button>
          </li>
        </ul>
      </div>
      {state.me === undefined ? null : (
        <YouMenu me={state.me} waiting={waitingCount(state)} onKeys={onKeys} />
      )}
    </>
  );
}

export function PeoplePane({ state }: { readonly state: ChatState }): JSX.Element {
  const { texts } = usePage();
  return (
    <>
      <h2 class="pane-head figure">{texts.people.here(state.members.length)}</h2>
      <div class="pane-scroll">
        <ul class="people">
          {state.members.map((member) => (
            <li key={member.id} class="person">
              <Avatar name={member.name} size={28} />
              <span class="ellipsis" title={member.name}>
                {member.name}
              </span>
              {member.id === state.me?.id ? <span class="tag">{texts.people.you}</span> : null}
            </li>
          ))}
        </ul>
        {state.members.length === 1 ? <p class="pane-note">{texts.people.alone}</p> : null}
      </div>
    </>
  );
}

/** How many items are still to go out. */
export function waitingCount(state: ChatState): number {
  return state.outbox.filter((item) => item.status !== 'failed').length;
}
