/** What is set for this browser: theme, language, the Enter key, notifications. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { askPermission, permissionNow } from '../notifications.ts';
import { usePage } from '../page.ts';
import { Choice, EnterChoice, LanguageChoice, ThemeChoice } from '../preferences.tsx';
import { Frame } from './frame.tsx';

export function PreferencesPanel(): JSX.Element {
  const { texts } = usePage();
  return (
    <Frame title={texts.menu.preferences}>
      <div class="preferences">
        <ThemeChoice />
        <LanguageChoice />
        <EnterChoice />
        <NotificationChoice />
      </div>
    </Frame>
  );
}

function NotificationChoice(): JSX.Element {
  const { texts, settings, settingsState } = usePage();
  const words = texts.notifications;
  const [permission, setPermission] = useState(permissionNow);
  const chosen = settingsState.notifications;
  const ask = (): void => {
    void askPermission().then(setPermission);
  };
  return (
    <div class="preference">
      <Choice
        label={words.label}
        values={['all', 'mentions', 'off']}
        names={words.choices}
        value={chosen}
        onChoose={(value) => {
          settings.setChoice({ notifications: value, notificationsOffered: true });
          if (value !== 'off' && permission === 'default') ask();
        }}
      />
      <p class="panel-hint">{words.about[chosen]}</p>
      {chosen === 'off' ? null : permission === 'default' ? (
        <div class="allow">
          <button type="button" class="button plain" onClick={ask}>
            {words.allow}
          </button>
          <p class="panel-hint">{words.ask}</p>
        </div>
      ) : (
        <p class={permission === 'granted' ? 'panel-hint' : 'panel-hint warning'} role="status">
          {permission === 'granted' ? words.granted : words[permission]}
        </p>
      )}
    </div>
  );
}
