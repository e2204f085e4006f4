/** What one may do with a member: write to them, mention them, and for moderators mute, take out, ban and give a role. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import type { RoomMember, RoomSummary } from '../../../../src/chat/events.ts';
import type { ChatState } from '../../model.ts';
import type { Span } from '../../texts/panels-table.ts';
import { Icon, type IconName } from '../icons.tsx';
import { focusMessageField, usePage } from '../page.ts';
import { Problem, useDoing } from './asking.tsx';
import { Field, Select } from './fields.tsx';
import { leaveOverlay } from './frame.tsx';
import type { Power } from './powers.ts';

/** What asks before it is done. */
type Asking = 'mute' | 'kick' | 'ban' | 'makeOwner';

const spans: readonly Span[] = ['minutes', 'hour', 'day', 'week', 'ever'];
const spanSeconds: Readonly<Record<Span, number | undefined>> = {
  minutes: 600,
  hour: 3600,
  day: 86_400,
  week: 604_800,
  ever: undefined,
};

const icons: Readonly<Record<Power, IconName>> = {
  direct: 'write',
  mention: 'at',
  mute: 'mute',
  unmute: 'unmute',
  kick: 'leave',
  ban: 'ban',
  makeModerator: 'shield',
  makeMember: 'shield',
  makeOwner: 'key',
};

interface MemberActionsProps {
  readonly state: ChatState;
  readonly room: RoomSummary;
  readonly member: RoomMember;
  readonly powers: readonly Power[];
}

export function MemberActions({ state, room, member, powers }: MemberActionsProps): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.members;
  const doing = useDoing();
  const [asking, setAsking] = useState<Asking | undefined>(undefined);

  const direct = async (): Promise<void> => {
    const answer = await doing.run('room:direct', { member: member.id, nonce: actions.nonce() });
    if (answer === undefined) return;
    actions.openRoom(answer.room.id);
    leaveOverlay();
    focusMessageField();
  };
  const mention = (): void => {
    const text = state.drafts[room.id]?.text ?? '';
    actions.setDraft({ text: `${text}${text === '' || /\s$/u.test(text) ? '' : ' '}@${member.name} ` });
    leaveOverlay();
    focusMessageField();
  };
  const role = (to: 'moderator' | 'member'): void => {
    void doing.run('moderation:role', {
      room: room.id,
      nonce: actions.nonce(),
      member: member.id,
      role: to,
    });
  };
  const act = (power: Power): void => {
    if (doing.busy) return;
    doing.clear();
    if (power === 'direct') void direct();
    else if (power === 'mention') mention();
    else if (power === 'unmute') void doing.run('moderation:unmute', { room: room.id, member: member.id });
    else if (power === 'makeModerator') role('moderator');
    else if (power === 'makeMember') role('member');
    else setAsking(power);
  };

  if (asking !== undefined)
    return <AskForm room={room} member={member} asking={asking} onEnd={() => setAsking(undefined)} />;
  return (
    <div class="person-actions">
      <ul aria-label={words.actionsOf(member.name)}>
        {powers.map((power) => (
          <li key={power}>
            <button
              type="button"
              class={power === 'ban' || power === 'kick' ? 'menu-item grave' : 'menu-item'}
              aria-disabled={doing.busy}
              onClick={() => act(power)}
            >
              <Icon name={icons[power]} /> <span>{words[power]}</span>
            </button>
          </li>
        ))}
      </ul>
      <Problem trouble={doing.trouble} />
    </div>
  );
}

interface AskFormProps {
  readonly room: RoomSummary;
  readonly member: RoomMember;
  readonly asking: Asking;
  readonly onEnd: () => void;
}

function AskForm({ room, member, asking, onEnd }: AskFormProps): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.moderation;
  const doing = useDoing();
  const titleId = useId();
  const [reason, setReason] = useState('');
  const [span, setSpan] = useState<Span>(asking === 'mute' ? 'minutes' : 'day');
  const name = member.name;
  const { title, hint, label } = {
    mute: { title: words.muteAsk(name), hint: words.muteHint, label: texts.members.mute },
    kick: { title: words.kickAsk(name), hint: words.kickHint, label: texts.members.kick },
    ban: { title: words.banAsk(name), hint: words.banHint, label: texts.members.ban },
    makeOwner: { title: words.ownerAsk(name), hint: words.ownerHint, label: texts.members.makeOwner },
  }[asking];

  const submit = async (): Promise<void> => {
    if (doing.busy) return;
    const target = { room: room.id, member: member.id };
    const seconds = spanSeconds[span];
    const length = seconds === undefined ? {} : { seconds };
    const nonce = actions.nonce();
    const answer =
      asking === 'kick'
        ? await doing.run('moderation:kick', { ...target, nonce, reason })
        : asking === 'ban'
          ? await doing.run('moderation:ban', { ...target, nonce, reason, ...length })
          : asking === 'mute'
            ? await doing.run('moderation:mute', { ...target, reason, ...length })
            : await doing.run('moderation:role', { ...target, nonce, role: 'owner' });
    if (answer !== undefined) onEnd();
  };
  return (
    <form
      class="ask"
      aria-labelledby={titleId}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <p id={titleId} class="ask-title">
        {title}
      </p>
      <p class="panel-hint">{hint}</p>
      {asking === 'mute' || asking === 'ban' ? (
        <Select
          label={words.length}
          value={span}
          values={spans}
          nameOf={(each) => words.spans[each]}
          onChange={setSpan}
        />
      ) : null}
      {asking === 'makeOwner' ? null : (
        <Field
          label={words.reason}
          hint={words.reasonHint}
          value={reason}
          maxLength={250}
          onChange={setReason}
        />
      )}
      <Problem trouble={doing.trouble} />
      <div class="ask-buttons">
        <button type="button" class="button plain" onClick={onEnd}>
          {texts.panel.cancel}
        </button>
        <button
          type="submit"
          class={asking === 'makeOwner' ? 'button primary' : 'button grave'}
          aria-disabled={doing.busy}
        >
          {label.replace(/…$/u, '')}
        </button>
      </div>
    </form>
  );
}
