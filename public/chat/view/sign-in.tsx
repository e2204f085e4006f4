/**
 * The way in: one field. The face and the wire follow what is typed; Enter draws the handshake. A second field appears
 * only when the server wants more than a name: the name's password, or the server's.
 */
import type { JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { judgeName, nameLength } from '../../../src/chat/names.ts';
import type { ChatState, SignIn as Wanted } from '../model.ts';
import { signInProblem } from '../texts.ts';
import { Avatar } from './avatar.tsx';
import { HandshakeWire } from './handshake-wire.tsx';
import { Icon, Mark } from './icons.tsx';
import { usePage } from './page.ts';
import { LanguageChoice, ThemeChoice } from './preferences.tsx';
import { aboutEntry, askedSecret, secretOf } from './sign-in-secret.ts';

interface SignInProps {
  readonly state: ChatState;
  /** Called when a name goes out, so that the page can let the handshake finish drawing. */
  readonly onHandshake: () => void;
}

export function SignIn({ state, onHandshake }: SignInProps): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.signIn;
  const [name, setName] = useState(state.lastName ?? '');
  const [secret, setSecret] = useState('');
  /** The server's password was asked for, or the person says that they know it. */
  const [wantsServer, setWantsServer] = useState(false);
  /** The name that turned out to have a password. */
  const [keptName, setKeptName] = useState<string | undefined>(undefined);
  const [missing, setMissing] = useState(false);
  const [live, setLive] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const secretField = useRef<HTMLInputElement>(null);
  const hintId = useId();
  const problemId = useId();
  const entering = state.phase === 'entering' || state.phase === 'chatting';
  const failure = entering ? undefined : state.signInFailure;
  const connected = state.connection.status === 'open';
  const kind = secretOf({ state, failure, kept: keptName === name, wantsServer });
  const askedFor = failure === undefined ? undefined : askedSecret(failure);
  const about = aboutEntry(state);

  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  useEffect(() => {
    if (failure === undefined) return;
    setLive(false);
    // Both outlive the failure, which is cleared as soon as somebody types.
    if (askedFor === 'name') setKeptName(name);
    if (askedFor === 'server') setWantsServer(true);
  }, [failure]);
  // The field that has to be filled in next; the second one is there only after it has been drawn.
  useEffect(() => {
    if (failure === undefined) return;
    const second = secretField.current;
    if (second !== null && askedFor !== undefined) {
      second.focus();
      second.select();
    } else field.current?.focus();
  }, [failure, kind]);

  const submit = (chosen: string, withSecret: boolean): void => {
    if (entering) return;
    if (withSecret && kind !== undefined && secret === '' && kind === 'name') {
      setMissing(true);
      secretField.current?.focus();
      return;
    }
    const wanted: { -readonly [Key in keyof Wanted]: Wanted[Key] } = { name: chosen };
    if (withSecret && secret !== '' && kind === 'name') wanted.password = secret;
    if (withSecret && secret !== '' && kind === 'server') wanted.serverPassword = secret;
    if ('key' in judgeName(chosen)) {
      setLive(true);
      onHandshake();
    }
    actions.signIn(wanted);
  };
  const clear = (): void => {
    setMissing(false);
    if (state.signInFailure !== undefined) actions.clearSignInFailure();
  };
  const suggestion = failure?.suggestion;
  const problem = missing
    ? words.passwordMissing
    : failure === undefined
      ? undefined
      : failure.code === 'password-needed'
        ? askedFor === 'server'
          ? words.needed.password
          : words.kept(name.trim())
        : failure.code === 'password-wrong'
          ? words.wrong[askedFor ?? 'name']
          : signInProblem(texts, failure, name);
  const ofSecret = missing || askedFor !== undefined;
  const asksOnly = failure?.code === 'password-needed';

  return (
    <main class="sign-in">
      <form
        class="sign-in-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit(name, true);
        }}
      >
        <p class="wordmark">
          <Mark /> barewire
        </p>
        {state.invitation === undefined ? null : (
          <p class="invited">
            <Icon name="link" size={16} /> {words.invited}
          </p>
        )}
        <h1>{words.heading}</h1>
        <p class="lead">{about.needed === undefined ? words.lead : words.needed[about.needed]}</p>
        <div class="name-row">
          <Avatar name={name.trim() === '' ? 'barewire' : name.trim()} size={64} />
          <div class="name-field">
            <label for="name">{words.nameLabel}</label>
            <input
              ref={field}
              id="name"
              name="name"
              type="text"
              autocomplete={kind === 'name' ? 'username' : 'nickname'}
              autocapitalize="words"
              spellcheck={false}
              enterkeyhint="go"
              // Judged in graphemes; this only keeps a pasted book out.
              maxLength={nameLength.maximum * 12}
              placeholder={words.placeholder}
              value={name}
              readOnly={entering}
              aria-invalid={problem === undefined || ofSecret ? undefined : true}
              aria-describedby={problem === undefined ? hintId : problemId}
              onInput={(event) => {
                setName(event.currentTarget.value);
                clear();
              }}
            />
          </div>
        </div>
        <HandshakeWire name={name.trim()} live={live && entering} />
        {kind === undefined ? null : (
          <SecretField
            key={kind}
            field={secretField}
            kind={kind}
            value={secret}
            entering={entering}
            describedBy={problem === undefined ? hintId : problemId}
            invalid={problem !== undefined && ofSecret && !asksOnly}
            onChange={(next) => {
              setSecret(next);
              clear();
            }}
          />
        )}
        <div class="under-field" aria-live="polite">
          {problem === undefined ? (
            <p id={hintId} class="hint">
              {entering && !connected ? words.waiting : words.hint}
            </p>
          ) : (
            <p id={problemId} class={asksOnly ? 'hint' : 'problem'}>
              {asksOnly ? null : <Icon name="warning" size={16} />}
              <span>
                {problem}{' '}
                {suggestion === undefined ? null : (
                  <button
                    type="button"
                    class="text-button"
                    onClick={() => {
                      setName(suggestion);
                      setSecret('');
                      submit(suggestion, false);
                    }}
                  >
                    {words.useSuggestion(suggestion)}
                  </button>
                )}
              </span>
            </p>
          )}
        </div>
        <button type="submit" class="button primary wide" aria-disabled={entering}>
          {entering ? words.entering : words.submit}
        </button>
        {about.offersServer && kind === undefined ? (
          <button type="button" class="text-button more-ways" onClick={() => setWantsServer(true)}>
            {words.haveServerPassword}
          </button>
        ) : null}
        <p class="promise">{words.promise}</p>
      </form>
      <footer class="sign-in-foot">
        <ThemeChoice />
        <LanguageChoice />
      </footer>
    </main>
  );
}

interface SecretFieldProps {
  readonly field: { current: HTMLInputElement | null };
  readonly kind: 'name' | 'server';
  readonly value: string;
  readonly entering: boolean;
  readonly describedBy: string;
  readonly invalid: boolean;
  readonly onChange: (value: string) => void;
}

function SecretField(props: SecretFieldProps): JSX.Element {
  const { texts } = usePage();
  const words = texts.signIn;
  const [shown, setShown] = useState(false);
  const label = props.kind === 'name' ? words.passwordLabel : words.serverPasswordLabel;
  return (
    <div class="secret-field">
      <label for="secret">{label}</label>
      <div class="secret-row">
        <input
          ref={props.field}
          id="secret"
          name="secret"
          {...(shown ? { type: 'text' as const } : { type: 'password' as const })}
          autocomplete={props.kind === 'name' ? 'current-password' : 'off'}
          autocapitalize="off"
          spellcheck={false}
          enterkeyhint="go"
          maxLength={256}
          value={props.value}
          readOnly={props.entering}
          aria-invalid={props.invalid ? true : undefined}
          aria-describedby={props.describedBy}
          onInput={(event) => props.onChange(event.currentTarget.value)}
        />
        <button
          type="button"
          class="icon-button"
          aria-label={shown ? words.hidePassword : words.showPassword}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          <Icon name={shown ? 'eyeOff' : 'eye'} />
        </button>
      </div>
    </div>
  );
}
