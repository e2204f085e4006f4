/** The way in: one field. The face and the wire follow what is typed; Enter draws the handshake. */
import type { JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { judgeName, nameLength } from '../../../src/chat/names.ts';
import type { ChatState } from '../model.ts';
import { signInProblem } from '../texts.ts';
import { Avatar } from './avatar.tsx';
import { HandshakeWire } from './handshake-wire.tsx';
import { Icon, Mark } from './icons.tsx';
import { usePage } from './page.ts';
import { LanguageChoice, ThemeChoice } from './preferences.tsx';

interface SignInProps {
  readonly state: ChatState;
  /** Called when a name goes out, so that the page can let the handshake finish drawing. */
  readonly onHandshake: () => void;
}

export function SignIn({ state, onHandshake }: SignInProps): JSX.Element {
  const { texts, actions } = usePage();
  const [name, setName] = useState(state.lastName ?? '');
  const [live, setLive] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const hintId = useId();
  const problemId = useId();
  const words = texts.signIn;
  const entering = state.phase === 'entering' || state.phase === 'chatting';
  const failure = entering ? undefined : state.signInFailure;
  const connected = state.connection.status === 'open';

  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  useEffect(() => {
    if (failure === undefined) return;
    setLive(false);
    field.current?.focus();
  }, [failure]);

  const submit = (chosen: string): void => {
    if (entering) return;
    if ('key' in judgeName(chosen)) {
      setLive(true);
      onHandshake();
    }
    actions.signIn(chosen);
  };
  const change = (next: string): void => {
    setName(next);
    if (state.signInFailure !== undefined) actions.clearSignInFailure();
  };
  const suggestion = failure?.suggestion;

  return (
    <main class="sign-in">
      <form
        class="sign-in-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit(name);
        }}
      >
        <p class="wordmark">
          <Mark /> barewire
        </p>
        <h1>{words.heading}</h1>
        <p class="lead">{words.lead}</p>
        <div class="name-row">
          <Avatar name={name.trim() === '' ? 'barewire' : name.trim()} size={64} />
          <div class="name-field">
            <label for="name">{words.nameLabel}</label>
            <input
              ref={field}
              id="name"
              name="name"
              type="text"
              autocomplete="nickname"
              autocapitalize="words"
              spellcheck={false}
              enterkeyhint="go"
              // Judged in graphemes; this only keeps a pasted book out.
              maxLength={nameLength.maximum * 12}
              placeholder={words.placeholder}
              value={name}
              readOnly={entering}
              aria-invalid={failure === undefined ? undefined : true}
              aria-describedby={failure === undefined ? hintId : problemId}
              onInput={(event) => change(event.currentTarget.value)}
            />
          </div>
        </div>
        <HandshakeWire name={name.trim()} live={live && entering} />
        <div class="under-field" aria-live="polite">
          {failure === undefined ? (
            <p id={hintId} class="hint">
              {entering && !connected ? words.waiting : words.hint}
            </p>
          ) : (
            <p id={problemId} class="problem">
              <Icon name="warning" size={16} />
              <span>
                {signInProblem(texts, failure, name)}{' '}
                {suggestion === undefined ? null : (
                  <button
                    type="button"
                    class="text-button"
                    onClick={() => {
                      setName(suggestion);
                      submit(suggestion);
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
        <p class="promise">{words.promise}</p>
      </form>
      <footer class="sign-in-foot">
        <ThemeChoice />
        <LanguageChoice />
      </footer>
    </main>
  );
}
