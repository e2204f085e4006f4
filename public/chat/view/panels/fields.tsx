/** The form controls of the panels: a field with its label and hint, a field that filters, a row of choices. */
import type { ComponentChildren, JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Icon } from '../icons.tsx';
import { usePage } from '../page.ts';

interface FilterFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Whether it takes the focus when its panel opens. */
  readonly first?: boolean;
  readonly placeholder?: string;
}

export function FilterField({ label, value, onChange, first, placeholder }: FilterFieldProps): JSX.Element {
  return (
    <div class="filter">
      <Icon name="search" size={16} />
      <input
        type="search"
        aria-label={label}
        placeholder={placeholder ?? label}
        autocomplete="off"
        spellcheck={false}
        enterkeyhint="search"
        maxLength={100}
        value={value}
        data-first={first === true ? '' : undefined}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </div>
  );
}

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: string | undefined;
  readonly problem?: string | undefined;
  readonly maxLength?: number | undefined;
  readonly type?: 'text' | 'password';
  readonly autocomplete?: 'off' | 'current-password' | 'new-password';
  readonly readOnly?: boolean;
  readonly first?: boolean;
  /** Beside the field, as a button. */
  readonly children?: ComponentChildren;
}

export function Field(props: FieldProps): JSX.Element {
  const { texts } = usePage();
  const { label, value, onChange, hint, problem, maxLength, first, children } = props;
  const id = useId();
  const hintId = useId();
  const [shown, setShown] = useState(false);
  const secret = props.type === 'password';
  const said = problem ?? hint;
  return (
    <div class="panel-field">
      <label for={id}>{label}</label>
      <div class="panel-field-row">
        <input
          id={id}
          {...(secret && !shown ? { type: 'password' as const } : { type: 'text' as const })}
          value={value}
          {...(maxLength === undefined ? {} : { maxLength })}
          readOnly={props.readOnly ?? false}
          autocomplete={props.autocomplete ?? 'off'}
          spellcheck={!secret}
          data-first={first === true ? '' : undefined}
          aria-invalid={problem === undefined ? undefined : true}
          aria-describedby={said === undefined ? undefined : hintId}
          onInput={(event) => onChange(event.currentTarget.value)}
          onFocus={(event) => {
            if (props.readOnly === true) event.currentTarget.select();
          }}
        />
        {secret ? (
          <button
            type="button"
            class="icon-button"
            aria-label={shown ? texts.signIn.hidePassword : texts.signIn.showPassword}
            aria-pressed={shown}
            onClick={() => setShown(!shown)}
          >
            <Icon name={shown ? 'eyeOff' : 'eye'} />
          </button>
        ) : null}
        {children}
      </div>
      {said === undefined ? null : (
        <p id={hintId} class={problem === undefined ? 'panel-hint' : 'panel-hint bad'}>
          {said}
        </p>
      )}
    </div>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly hint?: string;
  readonly on: boolean;
  readonly disabled?: boolean;
  readonly onChange: (on: boolean) => void;
}

export function Switch({ label, hint, on, disabled, onChange }: SwitchProps): JSX.Element {
  const hintId = useId();
  return (
    <label class="switch">
      <span class="switch-words">
        <span>{label}</span>
        {hint === undefined ? null : (
          <span id={hintId} class="panel-hint">
            {hint}
          </span>
        )}
      </span>
      <input
        type="checkbox"
        role="switch"
        aria-checked={on}
        checked={on}
        disabled={disabled ?? false}
        aria-describedby={hint === undefined ? undefined : hintId}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span class="switch-sign" aria-hidden="true" />
    </label>
  );
}

interface SelectProps<Value extends string | number> {
  readonly label: string;
  readonly hint?: string;
  readonly value: Value;
  readonly values: readonly Value[];
  readonly nameOf: (value: Value) => string;
  readonly disabled?: boolean;
  readonly onChange: (value: Value) => void;
}

export function Select<Value extends string | number>(props: SelectProps<Value>): JSX.Element {
  const { label, hint, value, values, nameOf, onChange } = props;
  const id = useId();
  const hintId = useId();
  return (
    <div class="panel-field">
      <label for={id}>{label}</label>
      <div class="panel-select">
        <select
          id={id}
          disabled={props.disabled ?? false}
          aria-describedby={hint === undefined ? undefined : hintId}
          onChange={(event) => {
            const chosen = values[event.currentTarget.selectedIndex];
            if (chosen !== undefined) onChange(chosen);
          }}
        >
          {values.map((each) => (
            <option key={each} value={String(each)} selected={each === value}>
              {nameOf(each)}
            </option>
          ))}
        </select>
        <Icon name="down" size={16} />
      </div>
      {hint === undefined ? null : (
        <p id={hintId} class="panel-hint">
          {hint}
        </p>
      )}
    </div>
  );
}
