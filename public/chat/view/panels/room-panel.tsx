/** The room: what it is called and about, how others come in, notifications, slow mode, and the way out. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RoomSummary } from '../../../../src/chat/events.ts';
import type { ChatState } from '../../model.ts';
import { Icon } from '../icons.tsx';
import { usePage } from '../page.ts';
import { openPanel } from '../panel-state.ts';
import { AskFirst } from './ask-first.tsx';
import { Problem, useDoing } from './asking.tsx';
import { Field, Select, Switch } from './fields.tsx';
import { Frame, leaveOverlay, roomSign, shownRoom } from './frame.tsx';
import { mayModerate } from './powers.ts';

/** Seconds between two messages that may be chosen. */
const slowChoices = [0, 5, 15, 30, 60, 300, 900, 3600];
/** Seconds that a link is good for: a week. */
const linkSeconds = 7 * 86_400;

export function RoomPanel({ state }: { readonly state: ChatState }): JSX.Element {
  const { texts } = usePage();
  const words = texts.roomPanel;
  const room = shownRoom(state);
  if (room === undefined)
    return (
      <Frame title={words.heading}>
        <p class="panel-note">{words.notHere}</p>
      </Frame>
    );
  const moderates = mayModerate(room, state.owner);
  return (
    <Frame title={roomSign(room.kind, room.name)}>
      <section class="frame-section">
        <p class="panel-hint">{words.kinds[room.kind]}</p>
        {room.kind === 'direct' ? null : moderates ? (
          <>
            {/* The keys: no field keeps for one room what was typed for another. */}
            <EditField key={`name ${room.id}`} room={room} field="name" />
            <EditField key={`topic ${room.id}`} room={room} field="topic" />
          </>
        ) : (
          <p class={room.topic === '' ? 'quiet' : 'room-topic'}>
            {room.topic === '' ? words.noTopic : room.topic}
          </p>
        )}
        {room.kind === 'direct' ? null : (
          <button type="button" class="menu-item" onClick={() => openPanel({ kind: 'members' })}>
            <Icon name="people" /> <span>{texts.members.heading}</span>
            <span class="quiet figure">{texts.format.number(room.memberCount)}</span>
          </button>
        )}
      </section>
      {room.kind === 'direct' ? null : <Invitation key={`invitation ${room.id}`} room={room} />}
      <Quiet room={room} />
      {moderates ? <Slow room={room} /> : null}
      <section class="frame-section">
        {moderates ? (
          <button type="button" class="menu-item" onClick={() => openPanel({ kind: 'moderation' })}>
            <Icon name="shield" /> <span>{words.moderation}</span>
            <Icon name="right" size={16} />
          </button>
        ) : null}
        <Leave key={`leave ${room.id}`} room={room} />
      </section>
    </Frame>
  );
}

function EditField({
  room,
  field,
}: {
  readonly room: RoomSummary;
  readonly field: 'name' | 'topic';
}): JSX.Element {
  const { texts, actions } = usePage();
  const doing = useDoing();
  const [text, setText] = useState<string | undefined>(undefined);
  const now = room[field];
  const value = text ?? now;
  const changed = value.trim() !== now && (field === 'topic' || value.trim() !== '');
  const save = async (): Promise<void> => {
    if (!changed || doing.busy) return;
    const target = { room: room.id, nonce: actions.nonce() };
    const answer =
      field === 'name'
        ? await doing.run('room:rename', { ...target, name: value })
        : await doing.run('room:topic', { ...target, topic: value });
    // The room's new face comes by itself, as a push.
    if (answer !== undefined) setText(undefined);
  };
  return (
    <form
      class="edit-field"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || text === undefined || event.isComposing) return;
        event.preventDefault();
        setText(undefined);
      }}
    >
      <Field
        label={texts.roomPanel[field]}
        value={value}
        maxLength={field === 'name' ? 64 : 250}
        onChange={setText}
      >
        {changed ? (
          <button type="submit" class="button primary" aria-disabled={doing.busy}>
            {texts.panel.save}
          </button>
        ) : null}
      </Field>
      <Problem trouble={doing.trouble} />
    </form>
  );
}

function Invitation({ room }: { readonly room: RoomSummary }): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.roomPanel;
  const doing = useDoing();
  const [made, setMade] = useState<{ readonly link: string; readonly expires: number | undefined }>();
  const make = async (): Promise<void> => {
    if (doing.busy) return;
    const answer = await doing.run('room:invite', { room: room.id, seconds: linkSeconds });
    if (answer === undefined) return;
    const link = new URL(`#/invite/${answer.code}`, location.origin + location.pathname).href;
    setMade({ link, expires: answer.expires });
  };
  return (
    <section class="frame-section">
      <h3 class="frame-label">{words.invite}</h3>
      {made === undefined ? (
        <button type="button" class="button plain" aria-disabled={doing.busy} onClick={() => void make()}>
          <Icon name="link" size={16} />
          {words.makeLink}
        </button>
      ) : (
        <Field
          label={words.link}
          readOnly
          value={made.link}
          hint={
            made.expires === undefined ? undefined : words.linkUntil(texts.format.dateShort(made.expires))
          }
          onChange={() => undefined}
        >
          <button
            type="button"
            class="icon-button"
            aria-label={words.copyLink}
            title={words.copyLink}
            onClick={() => {
              navigator.clipboard?.writeText(made.link).then(
                () => actions.notify({ id: 'copied' }),
                () => undefined,
              );
            }}
          >
            <Icon name="copy" />
          </button>
        </Field>
      )}
      <p class="panel-hint">{words.inviteHint}</p>
      <Problem trouble={doing.trouble} />
    </section>
  );
}

function Quiet({ room }: { readonly room: RoomSummary }): JSX.Element {
  const { texts } = usePage();
  const words = texts.roomPanel;
  const doing = useDoing();
  return (
    <section class="frame-section">
      <h3 class="frame-label">{words.notifications}</h3>
      <Switch
        label={words.quiet}
        hint={words.quietHint}
        on={room.muted}
        disabled={doing.busy}
        onChange={(muted) => void doing.run('room:mute', { room: room.id, muted })}
      />
      <Problem trouble={doing.trouble} />
    </section>
  );
}

function Slow({ room }: { readonly room: RoomSummary }): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.roomPanel;
  const doing = useDoing();
  const values = slowChoices.includes(room.slowMode)
    ? slowChoices
    : [...slowChoices, room.slowMode].sort((a, b) => a - b);
  return (
    <section class="frame-section">
      <Select
        label={words.slow}
        hint={words.slowHint}
        value={room.slowMode}
        values={values}
        nameOf={words.slowFor}
        disabled={doing.busy}
        onChange={(seconds) =>
          void doing.run('moderation:slow', { room: room.id, nonce: actions.nonce(), seconds })
        }
      />
      <Problem trouble={doing.trouble} />
    </section>
  );
}

function Leave({ room }: { readonly room: RoomSummary }): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.roomPanel;
  const doing = useDoing();
  const leave = async (): Promise<void> => {
    if (doing.busy) return;
    const answer = await doing.run('room:leave', { room: room.id, nonce: actions.nonce() });
    if (answer !== undefined) leaveOverlay();
  };
  return (
    <AskFirst
      label={words.leave}
      question={words.leaveAsk[room.kind](roomSign(room.kind, room.name))}
      busy={doing.busy}
      onYes={() => void leave()}
    >
      <Problem trouble={doing.trouble} />
    </AskFirst>
  );
}
