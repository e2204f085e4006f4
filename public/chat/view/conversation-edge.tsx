/** Where the window on the log ends: the room's beginning, more to load, loading, nothing yet, or what went wrong. */
import type { JSX } from 'preact';
import { defaultRoom, type RoomSummary } from '../../../src/chat/events.ts';
import type { ChatState } from '../model.ts';
import { failureText } from '../texts.ts';
import { Mark } from './icons.tsx';
import { usePage } from './page.ts';
import { Skeleton } from './skeleton.tsx';
import { useWords } from './words.ts';

interface ConversationEdgeProps {
  readonly edge: 'start' | 'end';
  readonly state: ChatState;
  readonly room: RoomSummary | undefined;
  readonly name: string;
}

export function ConversationEdge({ edge, state, room, name }: ConversationEdgeProps): JSX.Element | null {
  const words = useWords().timeline;
  const { actions } = usePage();
  const { conversation } = state;
  const { status, timeline, loading, hasOlder, hasNewer } = conversation;
  if (status === 'failed') return edge === 'start' ? <Failed state={state} /> : null;
  if (edge === 'end') {
    if (status === 'stale') return <p class="edge-note">{words.stale}</p>;
    if (!hasNewer) return null;
    return loading === 'newer' ? (
      <Skeleton label={words.loading} rows={2} />
    ) : (
      <LoadMore text={words.loadNewer} onClick={actions.loadNewer} />
    );
  }
  if (status === 'loading' && timeline.length === 0) return <Skeleton label={words.loading} rows={6} />;
  if (status === 'stale') return null;
  if (loading === 'older') return <Skeleton label={words.loading} rows={2} />;
  if (hasOlder) return <LoadMore text={words.loadOlder} onClick={actions.loadOlder} />;
  const quiet =
    !timeline.some((item) => item.kind === 'message') &&
    !state.outbox.some((item) => item.room === conversation.room);
  if (!quiet) {
    const beginning = room?.kind === 'direct' ? words.beginningDirect : words.beginning;
    return <p class="edge-note">{beginning(name)}</p>;
  }
  return (
    <div class="empty">
      <Mark size={40} />
      <h2>{words.emptyTitle}</h2>
      <p>{room?.kind === 'direct' ? words.emptyDirect(name) : words.emptyBody}</p>
    </div>
  );
}

function LoadMore({ text, onClick }: { readonly text: string; readonly onClick: () => void }): JSX.Element {
  return (
    <p class="load-more">
      <button type="button" class="text-button" onClick={() => onClick()}>
        {text}
      </button>
    </p>
  );
}

function Failed({ state }: { readonly state: ChatState }): JSX.Element {
  const words = useWords().timeline;
  const { texts, actions } = usePage();
  const { room, failure } = state.conversation;
  // Trying again helps only when somebody lets the person in meanwhile.
  const isFinal = room !== defaultRoom && (failure?.code === 'room-unknown' || failure?.code === 'banned');
  return (
    <div class="empty" role="alert">
      <Mark size={40} />
      <h2>{words.failedTitle}</h2>
      {failure === undefined ? null : <p>{failureText(texts, failure)}</p>}
      <p class="empty-actions">
        {room === defaultRoom ? null : (
          <button
            type="button"
            class={isFinal ? 'button primary' : 'button plain'}
            onClick={() => actions.openRoom(defaultRoom)}
          >
            {words.toDefaultRoom}
          </button>
        )}
        <button
          type="button"
          class={isFinal ? 'button plain' : 'button primary'}
          onClick={() => actions.openRoom(room)}
        >
          {words.openAgain}
        </button>
      </p>
    </div>
  );
}
