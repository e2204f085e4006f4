/** For moderators: who is banned and the way back, and what was done by whom. With a member: what one may do with them. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AuditEntry, RoomSummary } from '../../../../src/chat/events.ts';
import type { ChatState } from '../../model.ts';
import { Avatar } from '../avatar.tsx';
import { useNow, usePage } from '../page.ts';
import { openPanel } from '../panel-state.ts';
import { Missing, Problem, type Trouble, useAnswer, useDoing } from './asking.tsx';
import { Frame, shownRoom, untilText, whenText } from './frame.tsx';
import { MemberActions } from './member-actions.tsx';
import { PersonFace } from './members.tsx';
import { powersOver } from './powers.ts';

interface ModerationPanelProps {
  readonly state: ChatState;
  /** Id of whom it is about. */
  readonly member: string | undefined;
}

export function ModerationPanel({ state, member: id }: ModerationPanelProps): JSX.Element {
  const { texts } = usePage();
  const room = shownRoom(state);
  const member = state.conversation.members.find((each) => each.id === id);
  const now = useNow(30_000);
  const back = (): void => openPanel({ kind: id === undefined ? 'room' : 'members' });
  return (
    <Frame title={texts.moderation.heading} onBack={back}>
      {room === undefined ? (
        <p class="panel-note">{texts.roomPanel.notHere}</p>
      ) : member !== undefined && state.me !== undefined ? (
        <section class="frame-section">
          <div class="person">
            <PersonFace member={member} own={member.id === state.me.id} now={now} />
          </div>
          <MemberActions
            state={state}
            room={room}
            member={member}
            powers={powersOver(room, state.owner, state.me, member, now)}
          />
        </section>
      ) : (
        <>
          <Bans key={`bans ${room.id}`} state={state} room={room} />
          <Audit key={`audit ${room.id}`} state={state} room={room} />
        </>
      )}
    </Frame>
  );
}

interface PartProps {
  readonly state: ChatState;
  readonly room: RoomSummary;
}

function Bans({ state, room }: PartProps): JSX.Element {
  const { texts } = usePage();
  const words = texts.moderation;
  const now = useNow(60_000);
  const doing = useDoing();
  const asked = useAnswer('moderation:bans', { room: room.id }, state.connection.status === 'open');
  const lift = async (member: string): Promise<void> => {
    if (doing.busy) return;
    if ((await doing.run('moderation:unban', { room: room.id, member })) !== undefined) asked.again();
  };
  const bans = asked.data?.bans;
  return (
    <section class="frame-section">
      <h3 class="frame-label">{words.bans}</h3>
      {bans === undefined ? <Missing trouble={asked.trouble} again={asked.again} /> : null}
      {bans?.length === 0 ? <p class="panel-note">{words.noBans}</p> : null}
      <ul class="entries">
        {bans?.map((ban) => (
          <li key={ban.member.id} class="entry tall">
            <Avatar name={ban.member.name} size={32} />
            <p class="entry-words ellipsis">{ban.member.name}</p>
            <button
              type="button"
              class="button plain small"
              aria-disabled={doing.busy}
              aria-label={`${words.lift}: ${ban.member.name}`}
              onClick={() => void lift(ban.member.id)}
            >
              {words.lift}
            </button>
            <div class="entry-more">
              <p class="tag figure">
                {words.banned(ban.by.name, whenText(texts.format, ban.time, now))},{' '}
                {ban.until === undefined
                  ? words.forEver
                  : words.until(untilText(texts.format, ban.until, now))}
              </p>
              {ban.reason === '' ? null : <p class="entry-reason">{ban.reason}</p>}
            </div>
          </li>
        ))}
      </ul>
      <Problem trouble={doing.trouble} />
    </section>
  );
}

function Audit({ state, room }: PartProps): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.moderation;
  const now = useNow(60_000);
  const question = { room: room.id, limit: 30 };
  const asked = useAnswer('moderation:audit', question, state.connection.status === 'open');
  const [older, setOlder] = useState<{
    readonly entries: readonly AuditEntry[];
    readonly hasMore: boolean;
  }>();
  const [trouble, setTrouble] = useState<Trouble | undefined>(undefined);
  const entries = [...(asked.data?.entries ?? []), ...(older?.entries ?? [])];
  const hasMore = older?.hasMore ?? asked.data?.hasMore ?? false;
  const last = entries.at(-1);
  const more = async (before: number): Promise<void> => {
    const answer = await actions.request('moderation:audit', { ...question, before });
    if (answer.status !== 'ok') {
      setTrouble(answer.status === 'offline' ? 'offline' : answer.failure);
      return;
    }
    setTrouble(undefined);
    const { entries: next, hasMore: left } = answer.data;
    setOlder((earlier) => ({ entries: [...(earlier?.entries ?? []), ...next], hasMore: left }));
  };
  return (
    <section class="frame-section">
      <h3 class="frame-label">{words.audit}</h3>
      {asked.data === undefined ? <Missing trouble={asked.trouble} again={asked.again} /> : null}
      {asked.data !== undefined && entries.length === 0 ? <p class="panel-note">{words.noAudit}</p> : null}
      <ol class="entries">
        {entries.map((entry) => (
          <li key={entry.number} class="entry audit">
            <div class="entry-words">
              <p>
                {words.audited(
                  entry.by.name,
                  words.actions[entry.action] ?? entry.action,
                  entry.member?.name ?? '',
                )}
              </p>
              {/* Which message it was says nothing to who cannot see it any more. */}
              {entry.details === '' || entry.action === 'message:delete' ? null : (
                <p class="entry-reason">{entry.details}</p>
              )}
            </div>
            <span class="figure quiet time" title={texts.format.dateTime(entry.time)}>
              {whenText(texts.format, entry.time, now)}
            </span>
          </li>
        ))}
      </ol>
      <Problem trouble={trouble} />
      {hasMore && last !== undefined ? (
        <button type="button" class="button plain wide" onClick={() => void more(last.number)}>
          {texts.panel.more}
        </button>
      ) : null}
    </section>
  );
}
