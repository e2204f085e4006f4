/** The chat itself: rooms, conversation, people; columns where there is room, drawers where there is not. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ChatState } from '../model.ts';
import { Conversation, messagesId } from './conversation.tsx';
import { Icon } from './icons.tsx';
import { KeysHelp } from './keys-help.tsx';
import { Dialog, hasLayer } from './layers.tsx';
import { focusMessageField, hasCoarsePointer, messageFieldId, usePage } from './page.ts';
import { PeoplePane, RoomsPane } from './panes.tsx';

type Open = 'rooms' | 'people' | 'keys' | undefined;

export function Room({ state }: { readonly state: ChatState }): JSX.Element {
  const { texts } = usePage();
  const [open, setOpen] = useState<Open>(undefined);
  const close = (): void => setOpen(undefined);

  useEffect(() => {
    if (!hasCoarsePointer()) focusMessageField();
  }, []);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return;
      const command = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
      if (command && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        if (!hasLayer()) focusMessageField();
      } else if (
        event.key === '?' &&
        !event.ctrlKey &&
        !event.metaKey &&
        !isTyping(event.target) &&
        !hasLayer()
      ) {
        event.preventDefault();
        setOpen('keys');
      }
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);

  return (
    <div class="room">
      <a class="skip-link" href={`#${messageFieldId}`}>
        {texts.app.skipToComposer}
      </a>
      <a class="skip-link" href={`#${messagesId}`}>
        {texts.app.skipToMessages}
      </a>
      <nav class="pane rooms-pane" aria-label={texts.room.rooms}>
        <RoomsPane state={state} onKeys={() => setOpen('keys')} onChoose={focusMessageField} />
      </nav>
      <div class="middle">
        <header class="head">
          <button
            type="button"
            class="icon-button only-narrow"
            aria-label={texts.room.openRooms}
            aria-haspopup="dialog"
            onClick={() => setOpen('rooms')}
          >
            <Icon name="menu" />
          </button>
          <h1 class="ellipsis">
            <span class="hash" aria-hidden="true">
              #
            </span>
            <span>{state.room}</span>
          </h1>
          <button
            type="button"
            class="people-button only-without-people figure"
            aria-label={`${texts.people.here(state.members.length)}. ${texts.room.openPeople}`}
            aria-haspopup="dialog"
            onClick={() => setOpen('people')}
          >
            <Icon name="people" />
            <span>{texts.format.number(state.members.length)}</span>
          </button>
        </header>
        <Conversation state={state} />
      </div>
      <aside class="pane people-pane" aria-label={texts.people.heading}>
        <PeoplePane state={state} />
      </aside>
      {open === 'rooms' ? (
        <Dialog label={texts.room.rooms} look="drawer start" onClose={close}>
          <RoomsPane state={state} onKeys={() => setOpen('keys')} onChoose={close} />
        </Dialog>
      ) : null}
      {open === 'people' ? (
        <Dialog label={texts.people.heading} look="drawer end" onClose={close}>
          <PeoplePane state={state} />
        </Dialog>
      ) : null}
      {open === 'keys' ? <KeysHelp onClose={close} /> : null}
    </div>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, [contenteditable], emoji-picker') !== null
  );
}
