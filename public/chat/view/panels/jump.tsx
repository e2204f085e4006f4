/**
 * The jump dialog, Ctrl/⌘ K: one field that finds rooms, people and commands, as the combobox pattern of the ARIA
 * Authoring Practices has it: the focus stays in the field, the arrows move the choice, Enter goes.
 */
import type { JSX } from 'preact';
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import type { ChatState } from '../../model.ts';
import { type CommandName, commandNames } from '../../texts/panels-table.ts';
import { Avatar } from '../avatar.tsx';
import { Icon, type IconName } from '../icons.tsx';
import { Dialog } from '../layers.tsx';
import { focusMessageField, usePage } from '../page.ts';
import { openPanel } from '../panel-state.ts';
import { leaveOverlay } from './frame.tsx';
import { findItems, type JumpItem } from './jump-items.ts';

const icons: Readonly<Record<CommandName, IconName>> = {
  search: 'search',
  browse: 'compass',
  create: 'plus',
  members: 'people',
  room: 'info',
  preferences: 'settings',
  devices: 'device',
  password: 'key',
  keys: 'keyboard',
  dark: 'moon',
  light: 'sun',
  'sign-out': 'leave',
};

interface JumpDialogProps {
  readonly state: ChatState;
  readonly onKeys: () => void;
  readonly onClose: () => void;
}

export function JumpDialog({ state, onKeys, onClose }: JumpDialogProps): JSX.Element {
  const { texts, actions, settings } = usePage();
  const words = texts.jump;
  const listId = useId();
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState(0);
  const { rooms, conversation, me } = state;
  const items = useMemo(
    () =>
      findItems(query, {
        rooms,
        people: conversation.members.filter((member) => member.id !== me?.id),
        commands: commandNames,
        nameOf: (command) => words.commandNames[command],
      }),
    [query, rooms, conversation.members, me, words],
  );
  const current = items[Math.min(chosen, items.length - 1)];
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);

  const command = (name: CommandName): void => {
    if (name === 'keys') onKeys();
    else if (name === 'dark' || name === 'light') settings.setTheme(name);
    else if (name === 'sign-out') actions.logOut();
    else if (name === 'preferences') openPanel({ kind: 'notifications' });
    else openPanel({ kind: name });
  };
  const go = async (item: JumpItem): Promise<void> => {
    onClose();
    if (item.kind === 'command') {
      // The dialog gives the focus back first; the panel then takes it.
      setTimeout(() => command(item.command));
      return;
    }
    if (item.kind === 'room') actions.openRoom(item.room.id);
    else {
      const answer = await actions.request('room:direct', {
        member: item.member.id,
        nonce: actions.nonce(),
      });
      if (answer.status === 'ok') actions.openRoom(answer.data.room.id);
      else if (answer.status === 'refused') actions.notify({ id: 'refused', failure: answer.failure });
    }
    leaveOverlay();
    setTimeout(focusMessageField);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const last = items.length - 1;
    const at = Math.min(chosen, last);
    const to: Readonly<Record<string, number>> = {
      ArrowDown: at === last ? 0 : at + 1,
      ArrowUp: at <= 0 ? last : at - 1,
      PageDown: Math.min(last, at + 6),
      PageUp: Math.max(0, at - 6),
    };
    const next = to[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setChosen(Math.max(0, next));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (current !== undefined) void go(current);
    }
  };
  const titles = { room: words.rooms, person: words.people, command: words.commands } as const;
  const groups = (['room', 'person', 'command'] as const)
    .map((kind) => ({ kind, items: items.filter((item) => item.kind === kind) }))
    .filter((group) => group.items.length > 0);

  return (
    <Dialog label={words.label} look="jump" onClose={onClose}>
      <div class="jump-field">
        <Icon name="search" />
        <input
          ref={field}
          type="text"
          role="combobox"
          aria-label={words.label}
          aria-expanded={items.length > 0}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={
            current === undefined ? undefined : `${listId} ${current.key}`.replaceAll(' ', '-')
          }
          autocomplete="off"
          spellcheck={false}
          enterkeyhint="go"
          maxLength={100}
          placeholder={words.placeholder}
          value={query}
          onInput={(event) => {
            setQuery(event.currentTarget.value);
            setChosen(0);
          }}
          onKeyDown={onKeyDown}
        />
        <button
          type="button"
          class="icon-button only-coarse"
          aria-label={texts.panel.close}
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </div>
      <div ref={list} id={listId} class="jump-list" role="listbox" aria-label={words.label}>
        {groups.map((group) => (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset has no place in a listbox
          <div key={group.kind} role="group" aria-label={titles[group.kind]}>
            <p class="frame-label" role="presentation">
              {titles[group.kind]}
            </p>
            {group.items.map((item) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
              <div
                key={item.key}
                id={`${listId} ${item.key}`.replaceAll(' ', '-')}
                class="jump-item"
                role="option"
                tabIndex={-1}
                aria-selected={item === current}
                onPointerMove={() => {
                  const index = items.indexOf(item);
                  if (index !== chosen) setChosen(index);
                }}
                onClick={() => void go(item)}
              >
                <ItemFace item={item} current={conversation.room} />
              </div>
            ))}
          </div>
        ))}
      </div>
      {items.length === 0 ? <p class="panel-note jump-none">{words.none}</p> : null}
      <p class="visually-hidden" role="status">
        {query === '' ? '' : words.results(items.length)}
      </p>
      <p class="jump-hint only-fine">{words.hint}</p>
    </Dialog>
  );
}

function ItemFace({ item, current }: { readonly item: JumpItem; readonly current: string }): JSX.Element {
  const { texts } = usePage();
  if (item.kind === 'command')
    return (
      <>
        <Icon name={icons[item.command]} />
        <span class="ellipsis">{texts.jump.commandNames[item.command]}</span>
      </>
    );
  if (item.kind === 'person')
    return (
      <>
        <Avatar name={item.member.name} size={24} />
        <span class="ellipsis">{item.member.name}</span>
      </>
    );
  const { room } = item;
  const calls = room.kind === 'direct' ? room.unread : room.mentions;
  return (
    <>
      {room.kind === 'direct' ? (
        <Avatar name={room.name} size={24} />
      ) : (
        <Icon name={room.kind === 'private' ? 'lock' : 'hash'} />
      )}
      <span class={room.unread > 0 && !room.muted ? 'ellipsis unread' : 'ellipsis'}>{room.name}</span>
      {room.topic === '' ? null : <span class="ellipsis quiet jump-topic">{room.topic}</span>}
      {room.id === current || room.unread === 0 || room.muted ? null : (
        <span class={calls > 0 ? 'badge figure' : 'unread-count figure'}>
          {texts.format.number(calls > 0 ? calls : room.unread)}
        </span>
      )}
    </>
  );
}
