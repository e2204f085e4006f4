/** A password that keeps the name, and the code that makes one the owner of the server. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ChatState } from '../../model.ts';
import { Icon } from '../icons.tsx';
import { usePage } from '../page.ts';
import { Problem, useDoing } from './asking.tsx';
import { Field } from './fields.tsx';
import { Frame } from './frame.tsx';

/** The fewest characters of a new password; the server says the same. */
const shortest = 8;

export function PasswordPanel({ state }: { readonly state: ChatState }): JSX.Element {
  const { texts } = usePage();
  const words = texts.password;
  const name = state.me?.name ?? '';
  // The store learns of it at the next entrance; until then the panel remembers by itself.
  const [changed, setChanged] = useState<boolean | undefined>(undefined);
  const has = changed ?? state.hasPassword;
  return (
    <Frame title={words.heading}>
      <p class="panel-note">{has ? words.with(name) : words.without(name)}</p>
      <PasswordForm key={String(has)} name={name} has={has} done={changed} onDone={setChanged} />
      <Claim state={state} />
    </Frame>
  );
}

interface PasswordFormProps {
  readonly name: string;
  readonly has: boolean;
  /** Whether the last change set one; undefined when there was no change. */
  readonly done: boolean | undefined;
  readonly onDone: (has: boolean) => void;
}

function PasswordForm({ name, has, done, onDone }: PasswordFormProps): JSX.Element {
  const { texts } = usePage();
  const words = texts.password;
  const doing = useDoing();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [short, setShort] = useState(false);
  const send = async (password: string): Promise<void> => {
    if (doing.busy) return;
    if (password !== '' && password.length < shortest) {
      setShort(true);
      return;
    }
    const answer = await doing.run('session:password', { password, ...(has ? { current } : {}) });
    if (answer === undefined) return;
    setCurrent('');
    setNext('');
    onDone(password !== '');
  };
  return (
    <form
      class="panel-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void send(next);
      }}
    >
      {/* So that a password manager knows whose password it is. */}
      <input
        type="text"
        class="visually-hidden"
        autocomplete="username"
        value={name}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      {has ? (
        <Field
          label={words.current}
          type="password"
          autocomplete="current-password"
          value={current}
          maxLength={256}
          first
          onChange={(text) => {
            setCurrent(text);
            doing.clear();
          }}
        />
      ) : null}
      <Field
        label={words.next}
        type="password"
        autocomplete="new-password"
        value={next}
        maxLength={256}
        first={!has}
        hint={words.rule}
        problem={short ? words.tooShort : undefined}
        onChange={(text) => {
          setNext(text);
          setShort(false);
          doing.clear();
        }}
      />
      <Problem trouble={doing.trouble} />
      <p class="panel-done" role="status">
        {done === undefined ? null : (
          <>
            <Icon name="check" size={16} /> {done ? words.wasSet : words.wasRemoved}
          </>
        )}
      </p>
      <div class="ask-buttons">
        {has ? (
          <button type="button" class="button plain" aria-disabled={doing.busy} onClick={() => void send('')}>
            {words.remove}
          </button>
        ) : null}
        <button type="submit" class="button primary" aria-disabled={doing.busy || next === ''}>
          {has ? words.change : words.set}
        </button>
      </div>
    </form>
  );
}

function Claim({ state }: { readonly state: ChatState }): JSX.Element {
  const { texts } = usePage();
  const words = texts.password;
  const doing = useDoing();
  const [code, setCode] = useState('');
  const [claimed, setClaimed] = useState(false);
  if (state.owner || claimed)
    return (
      <section class="frame-section">
        <p class="panel-done" role="status">
          <Icon name="key" size={16} /> {words.ownerNow}
        </p>
      </section>
    );
  return (
    <details class="frame-section">
      <summary>{words.claim}</summary>
      <form
        class="panel-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (doing.busy || code.trim() === '') return;
          void doing.run('session:claim', { code: code.trim() }).then((answer) => {
            if (answer !== undefined) setClaimed(true);
          });
        }}
      >
        <Field label={words.code} hint={words.claimHint} value={code} maxLength={64} onChange={setCode} />
        <Problem trouble={doing.trouble} />
        <div class="ask-buttons">
          <button type="submit" class="button primary" aria-disabled={doing.busy || code.trim() === ''}>
            {words.claimed}
          </button>
        </div>
      </form>
    </details>
  );
}
