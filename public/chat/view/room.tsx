/** The chat itself: rooms, conversation, panel; columns where there is room, drawers where there is not. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ChatState } from '../model.ts';
import { Conversation, messagesId } from './conversation.tsx';
import { KeysHelp } from './keys-help.tsx';
import { Dialog, hasLayer } from './layers.tsx';
import { focusMessageField, hasCoarsePointer, messageFieldId, usePage } from './page.ts';
import { closePanel, columnWidth, usePanel } from './panel-state.ts';
import { JumpDialog } from './panels/jump.tsx';
import { Panel } from './panels/panel.tsx';
import { RoomHead } from './room-head.tsx';
import { Sidebar } from './sidebar.tsx';
import { useWords } from './words.ts';

type Open = 'rooms' | 'keys' | 'jump' | undefined;

export function Room({ state }: { readonly state: ChatState }): JSX.Element {
  const { texts } = usePage();
  const words = useWords();
  const [open, setOpen] = useState<Open>(undefined);
  const close = (): void => setOpen(undefined);
  const panel = usePanel();
  const columns = useColumns();
  const { conversation } = state;
  const room = state.rooms.find((one) => one.id === conversation.room);
  const name = words.timeline.roomName(room?.name ?? conversation.room, room?.kind === 'direct');

  // Whoever chooses a room wants to read and write there
  useEffect(() => {
    if (!hasCoarsePointer() && !hasLayer()) focusMessageField();
  }, [conversation.room]);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing || hasLayer()) return;
      const command = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
      const key = event.key.toLowerCase();
      if (command && key === 'k') setOpen('jump');
      else if (event.key === '?' && !event.ctrlKey && !event.metaKey && !isTyping(event.target))
        setOpen('keys');
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);

  const sidebar = <Sidebar state={state} onKeys={() => setOpen('keys')} onChoose={close} />;
  return (
    <div class={columns && panel.kind !== 'none' ? 'room with-panel' : 'room'}>
      {room === undefined || conversation.status === 'failed' ? null : (
        <a class="skip-link" href={`#${messageFieldId}`} onClick={skipTo(messageFieldId)}>
          {texts.app.skipToComposer}
        </a>
      )}
      <a class="skip-link" href={`#${messagesId}`} onClick={skipTo(messagesId)}>
        {texts.app.skipToMessages}
      </a>
      <nav class="pane rooms-pane" aria-label={words.sidebar.rooms}>
        {sidebar}
      </nav>
      <div class="middle">
        <RoomHead state={state} room={room} onRooms={() => setOpen('rooms')} />
        <Conversation key={conversation.room} state={state} room={room} name={name} />
      </div>
      {panel.kind === 'none' ? null : columns ? (
        <aside class="pane side-pane" aria-label={words.head.panel}>
          <Panel state={state} />
        </aside>
      ) : (
        <Dialog label={words.head.panel} look="drawer end" onClose={closePanel}>
          <Panel state={state} />
        </Dialog>
      )}
      {open === 'rooms' ? (
        <Dialog label={words.sidebar.rooms} look="drawer start" onClose={close}>
          {sidebar}
        </Dialog>
      ) : null}
      {open === 'jump' ? <JumpDialog state={state} onKeys={() => setOpen('keys')} onClose={close} /> : null}
      {open === 'keys' ? <KeysHelp onClose={close} /> : null}
    </div>
  );
}

/** The address belongs to rooms and messages: a skip link moves the focus and nothing else. */
function skipTo(id: string): (event: Event) => void {
  return (event) => {
    event.preventDefault();
    document.getElementById(id)?.focus();
  };
}

/** Whether there is room for a panel beside the conversation; told anew when the window changes. */
function useColumns(): boolean {
  const query = `(min-width: ${columnWidth}px)`;
  const [columns, setColumns] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const update = (): void => {
      setColumns(media.matches);
      // A column that no longer fits must not turn into a drawer over what is being read.
      if (!media.matches) closePanel();
    };
    media.addEventListener('change', update);
    return () => media.removeEventListener('change', update);
  }, []);
  return columns;
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, [contenteditable], emoji-picker') !== null
  );
}
