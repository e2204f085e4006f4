/** A new room: name, topic, and whether anybody may find it. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { focusMessageField, usePage } from '../page.ts';
import { openPanel } from '../panel-state.ts';
import { Problem, useDoing } from './asking.tsx';
import { Field } from './fields.tsx';
import { Frame } from './frame.tsx';

type Kind = 'public' | 'private';

export function CreatePanel(): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.create;
  const doing = useDoing();
  const group = useId();
  const [name, setName] = useState('');
  const [topic, setTopic] = useState('');
  const [kind, setKind] = useState<Kind>('public');
  const [missing, setMissing] = useState(false);
  // One room, however often it is sent: the nonce changes only with what is asked for.
  const [nonce, setNonce] = useState(() => actions.nonce());
  const change = (apply: () => void): void => {
    apply();
    setMissing(false);
    doing.clear();
    setNonce(actions.nonce());
  };
  const submit = async (): Promise<void> => {
    if (doing.busy) return;
    if (name.trim() === '') {
      setMissing(true);
      return;
    }
    const answer = await doing.run('room:create', { nonce, name, topic, kind });
    if (answer === undefined) return;
    actions.openRoom(answer.room.id);
    // Next one wants others in it.
    openPanel({ kind: 'room' });
    if (matchMedia('(pointer: fine)').matches) focusMessageField();
  };
  const kinds: readonly (readonly [Kind, string, string])[] = [
    ['public', words.public, words.publicHint],
    ['private', words.private, words.privateHint],
  ];
  return (
    <Frame title={words.heading} onBack={() => openPanel({ kind: 'browse' })}>
      <form
        class="panel-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field
          label={words.name}
          value={name}
          maxLength={64}
          first
          hint={words.nameHint}
          problem={missing ? words.nameMissing : undefined}
          onChange={(text) => change(() => setName(text))}
        />
        <Field
          label={words.topic}
          value={topic}
          maxLength={250}
          hint={words.topicHint}
          onChange={(text) => change(() => setTopic(text))}
        />
        <fieldset class="cards">
          <legend>{words.who}</legend>
          {kinds.map(([value, title, hint]) => (
            <label key={value} class="card">
              <input
                type="radio"
                name={group}
                value={value}
                checked={kind === value}
                onChange={() => change(() => setKind(value))}
              />
              <span>
                <span class="card-title">{title}</span>
                <span class="panel-hint">{hint}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <Problem trouble={doing.trouble} />
        <button type="submit" class="button primary wide" aria-disabled={doing.busy}>
          {doing.busy ? words.submitting : words.submit}
        </button>
      </form>
    </Frame>
  );
}
