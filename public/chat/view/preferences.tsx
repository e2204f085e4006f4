/** Theme, language and the Enter key, each as a row of radio buttons; on the sign-in page, in the menu and in panels. */
import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { usePage } from './page.ts';

export interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly values: readonly Value[];
  readonly names: Readonly<Record<Value, string>>;
  readonly value: Value;
  readonly onChoose: (value: Value) => void;
}

export function Choice<Value extends string>({
  label,
  values,
  names,
  value,
  onChoose,
}: ChoiceProps<Value>): JSX.Element {
  const group = useId();
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div class="choice-values">
        {values.map((each) => (
          <label key={each}>
            <input
              type="radio"
              class="visually-hidden"
              name={group}
              value={each}
              checked={each === value}
              onChange={() => onChoose(each)}
            />
            <span>{names[each]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function ThemeChoice(): JSX.Element {
  const { texts, settings, settingsState } = usePage();
  return (
    <Choice
      label={texts.menu.theme}
      values={['system', 'light', 'dark']}
      names={texts.menu.themes}
      value={settingsState.theme}
      onChoose={(theme) => settings.setTheme(theme)}
    />
  );
}

export function LanguageChoice(): JSX.Element {
  const { texts, settings, settingsState } = usePage();
  return (
    <Choice
      label={texts.menu.language}
      values={['system', 'en', 'zh']}
      names={texts.menu.languages}
      value={settingsState.languageChoice}
      onChoose={(choice) => settings.setLanguage(choice)}
    />
  );
}

export function EnterChoice(): JSX.Element {
  const { texts, settings, settingsState } = usePage();
  return (
    <Choice
      label={texts.menu.enterKey}
      values={['send', 'new-line']}
      names={texts.menu.enterKeys}
      value={settingsState.enterKey}
      onChoose={(enterKey) => settings.setChoice({ enterKey })}
    />
  );
}
