/** You, at the foot of the rooms: theme, language, the ways to preferences, devices and password, the keys, sign out. */
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Member } from '../../../src/chat/events.ts';
import { Avatar } from './avatar.tsx';
import { Icon, type IconName } from './icons.tsx';
import { useLayer, usePressOutside } from './layers.tsx';
import { usePage } from './page.ts';
import { openPanel } from './panel-state.ts';
import { LanguageChoice, ThemeChoice } from './preferences.tsx';

interface YouMenuProps {
  readonly me: Member;
  /** Unsent items, which logging out would lose. */
  readonly waiting: number;
  readonly onKeys: () => void;
  /** Called when a panel is opened, so that a drawer can close. */
  readonly onPanel?: () => void;
}

export function YouMenu({ me, waiting, onKeys, onPanel }: YouMenuProps): JSX.Element {
  const { texts, actions } = usePage();
  const [open, setOpen] = useState(false);
  const [asking, setAsking] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const close = (): void => {
    setOpen(false);
    setAsking(false);
    button.current?.focus();
  };
  useLayer(open, close);
  usePressOutside(open, [button, panel], () => {
    setOpen(false);
    setAsking(false);
  });
  const logOut = (): void => {
    if (waiting > 0 && !asking) setAsking(true);
    else actions.logOut();
  };

  const item = (panel: 'notifications' | 'password' | 'devices', icon: IconName, text: string) => (
    <button
      type="button"
      class="menu-item"
      onClick={() => {
        close();
        onPanel?.();
        openPanel({ kind: panel });
      }}
    >
      <Icon name={icon} /> <span>{text}</span>
    </button>
  );

  return (
    <div class="you">
      <button
        ref={button}
        type="button"
        class="you-button"
        aria-expanded={open}
        aria-controls="you-menu"
        aria-label={texts.menu.label(me.name)}
        onClick={() => (open ? close() : setOpen(true))}
      >
        <Avatar name={me.name} size={28} />
        <span class="ellipsis">{me.name}</span>
        <Icon name={open ? 'down' : 'up'} size={16} />
      </button>
      {open ? (
        <div ref={panel} id="you-menu" class="you-panel">
          <ThemeChoice />
          <LanguageChoice />
          <hr class="menu-line" />
          {item('notifications', 'settings', texts.menu.preferences)}
          {item('password', 'key', texts.menu.password)}
          {item('devices', 'device', texts.menu.devices)}
          <button
            type="button"
            class="menu-item"
            onClick={() => {
              close();
              onKeys();
            }}
          >
            <Icon name="keyboard" /> <span>{texts.menu.keys}</span>
            <kbd>?</kbd>
          </button>
          <hr class="menu-line" />
          <button type="button" class="menu-item" onClick={logOut} aria-describedby="log-out-hint">
            <Icon name="leave" /> <span>{texts.menu.logOut}</span>
          </button>
          <p
            id="log-out-hint"
            class={asking ? 'menu-hint warning' : 'menu-hint'}
            role={asking ? 'alert' : undefined}
          >
            {asking ? texts.menu.logOutWaiting(waiting) : texts.menu.logOutHint}
          </p>
        </div>
      ) : null}
    </div>
  );
}
