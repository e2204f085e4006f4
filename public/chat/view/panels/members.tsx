/** Who is in the room: here first, then away. A press on somebody shows what one may do with them. */
import type { JSX } from 'preact';
import { useId, useMemo, useState } from 'preact/hooks';
import type { RoomMember } from '../../../../src/chat/events.ts';
import type { ChatState } from '../../model.ts';
import { Avatar } from '../avatar.tsx';
import { Icon } from '../icons.tsx';
import { useNow, usePage } from '../page.ts';
import { openPanel } from '../panel-state.ts';
import { Skeleton } from '../skeleton.tsx';
import { FilterField } from './fields.tsx';
import { Frame, shownRoom, untilText } from './frame.tsx';
import { matches } from './match.ts';
import { MemberActions } from './member-actions.tsx';
import { powersOver, sortMembers } from './powers.ts';

/** From so many people on, a field to find one. */
const fieldFrom = 10;

export function MembersPanel({ state }: { readonly state: ChatState }): JSX.Element {
  const { texts } = usePage();
  const words = texts.members;
  const [query, setQuery] = useState('');
  const [opened, setOpened] = useState<string | undefined>(undefined);
  const { members } = state.conversation;
  const room = shownRoom(state);
  const sorted = useMemo(() => sortMembers(members, texts.tag), [members, texts]);
  const shown = sorted.filter((member) => matches(query, member.name));
  const groups = [
    { key: 'here', title: words.here, members: shown.filter((member) => member.here) },
    { key: 'away', title: words.away, members: shown.filter((member) => !member.here) },
  ];
  const field =
    members.length < fieldFrom ? undefined : (
      <FilterField label={words.filter} value={query} onChange={setQuery} />
    );
  return (
    <Frame title={words.heading} top={field}>
      {members.length === 0 && state.conversation.status === 'loading' ? (
        <Skeleton label={texts.panel.loading} rows={4} />
      ) : null}
      {groups.map(({ key, title, members: people }) =>
        people.length === 0 ? null : (
          <section key={key} class="frame-section">
            <h3 class="frame-label figure">{title(people.length)}</h3>
            <ul class="people">
              {people.map((member) => (
                <Person
                  key={member.id}
                  state={state}
                  member={member}
                  open={opened === member.id}
                  onToggle={() => setOpened(opened === member.id ? undefined : member.id)}
                />
              ))}
            </ul>
          </section>
        ),
      )}
      {shown.length === 0 && query !== '' ? <p class="panel-note">{words.nobody(query)}</p> : null}
      {members.length === 1 && room !== undefined && room.kind !== 'direct' ? (
        <div class="panel-note">
          <p>{words.alone}</p>
          <button type="button" class="button plain" onClick={() => openPanel({ kind: 'room' })}>
            {texts.roomPanel.invite}
          </button>
        </div>
      ) : null}
    </Frame>
  );
}

interface PersonProps {
  readonly state: ChatState;
  readonly member: RoomMember;
  readonly open: boolean;
  readonly onToggle: () => void;
}

function Person({ state, member, open, onToggle }: PersonProps): JSX.Element {
  const id = useId();
  const now = useNow(member.mutedUntil === undefined ? undefined : 30_000);
  const room = shownRoom(state);
  const { me } = state;
  const powers = room === undefined || me === undefined ? [] : powersOver(room, state.owner, me, member, now);
  const face = <PersonFace member={member} own={member.id === me?.id} now={now} />;
  if (powers.length === 0 || room === undefined) return <li class="person">{face}</li>;
  return (
    <li class={open ? 'person-item open' : 'person-item'}>
      <button type="button" class="person" aria-expanded={open} aria-controls={id} onClick={onToggle}>
        {face}
        <Icon name={open ? 'up' : 'down'} size={16} />
      </button>
      <div id={id} hidden={!open}>
        {open ? <MemberActions state={state} room={room} member={member} powers={powers} /> : null}
      </div>
    </li>
  );
}

interface PersonFaceProps {
  readonly member: RoomMember;
  readonly own: boolean;
  readonly now: number;
}

/** A face with a name and what is to be said of them. */
export function PersonFace({ member, own, now }: PersonFaceProps): JSX.Element {
  const { texts } = usePage();
  const words = texts.members;
  const until = member.mutedUntil;
  const muted =
    until === undefined || until <= now
      ? undefined
      : until - now > 366 * 86_400_000
        ? words.muted
        : words.mutedUntil(untilText(texts.format, until, now));
  const notes = [
    ...(own ? [texts.jump.you] : []),
    ...(member.role === 'member' ? [] : [words.roles[member.role]]),
    ...(member.bot === true ? [words.bot] : []),
    ...(muted === undefined ? [] : [muted]),
  ];
  return (
    <>
      <span class={member.here || member.bot === true ? 'face' : 'face away'}>
        <Avatar name={member.name} size={32} />
        {member.here ? <span class="here-sign" aria-hidden="true" /> : null}
      </span>
      <span class="person-words">
        <span class="ellipsis" title={member.name}>
          {member.name}
        </span>
        {notes.length === 0 ? null : <span class="tag ellipsis">{notes.join(' · ')}</span>}
      </span>
      {member.here || member.bot === true ? null : <span class="visually-hidden">{words.awayNow}</span>}
    </>
  );
}
