/** The column in the middle: what was said, where the reader is in it, and the field to say more. Drawn anew per room. */
import type { JSX } from 'preact';
import { useCallback, useMemo, useRef, useState } from 'preact/hooks';
import type { Image, Message, RoomSummary } from '../../../src/chat/events.ts';
import type { ChatState } from '../model.ts';
import { Announcer } from './announcer.tsx';
import { Banner } from './banner.tsx';
import { Composer } from './composer.tsx';
import { ConversationContext, type ConversationContextValue, type Overlay } from './conversation-context.ts';
import { ConversationEdge } from './conversation-edge.tsx';
import { DropZone } from './drop-zone.tsx';
import { groupTimeline } from './grouping.ts';
import { Icon } from './icons.tsx';
import { ImageViewer, type ShownImage } from './image-viewer.tsx';
import { JoinBar } from './join-bar.tsx';
import type { Mentionable } from './markdown.ts';
import { MessageOverlay } from './message-overlay.tsx';
import { focusMessageField, useNow, usePage } from './page.ts';
import { useReading } from './reading.ts';
import { useScrolling } from './scrolling.ts';
import { TimelineRows } from './timeline.tsx';
import { useTitle } from './title.ts';
import { TypingLine } from './typing-line.tsx';
import { countUnseen } from './unseen.ts';
import { WireStrip } from './wire-strip.tsx';
import { useWords } from './words.ts';

export const messagesId = 'messages';

interface ConversationProps {
  readonly state: ChatState;
  /** Undefined for a room that one is not in. */
  readonly room: RoomSummary | undefined;
  /** What the room is called in a sentence: `#dev`, or a person's name. */
  readonly name: string;
}

export function Conversation({ state, room, name }: ConversationProps): JSX.Element {
  const { actions } = usePage();
  const words = useWords();
  const { conversation, me } = state;
  const { timeline, hasOlder, hasNewer, loading, status, newFrom } = conversation;
  const scroller = useRef<HTMLElement>(null);
  const content = useRef<HTMLOListElement>(null);
  const [opened, setOpened] = useState<string | undefined>(undefined);
  const [overlay, setOverlay] = useState<Overlay | undefined>(undefined);
  const [seen, setSeen] = useState(0);
  const now = useNow(60_000);

  const outbox = useMemo(
    () => state.outbox.filter((item) => item.room === conversation.room),
    [state.outbox, conversation.room],
  );
  const rows = useMemo(
    () => groupTimeline({ timeline, outbox, me, newFrom, hasNewer }),
    [timeline, outbox, me, newFrom, hasNewer],
  );
  const scrolling = useScrolling({
    scroller,
    content,
    rows,
    ready: status === 'ready',
    hasNewer,
    target: conversation.target,
    needOlder: () => {
      if (status === 'ready' && hasOlder && loading === undefined) actions.loadOlder();
    },
    needNewer: () => {
      if (status === 'ready' && hasNewer && loading === undefined) actions.loadNewer();
    },
    loadNewest: actions.jumpToNewest,
    onSeen: (offset) => {
      if (offset <= seen) return;
      setSeen(offset);
      actions.markRead(offset);
    },
  });
  useReading(content, rows);
  useTitle(name, state.rooms);

  const writes = room?.joined === true;
  const moderates = state.owner || (room !== undefined && room.role !== 'member');
  const people = usePeople(conversation.members, words.composer.everyone);
  const value = useMemo((): ConversationContextValue => {
    const begin = (change: Parameters<typeof actions.setDraft>[0]): void => {
      actions.setDraft(change);
      focusMessageField();
    };
    return {
      room: conversation.room,
      me,
      writes,
      moderates,
      people,
      open: setOverlay,
      openImage: (image: Image) => setOpened(image.id),
      reply: (message: Message) => begin({ replyTo: message, editing: undefined }),
      edit: (message: Message) =>
        begin({
          editing: message,
          replyTo: undefined,
          text: message.content.type === 'text' ? message.content.text : '',
        }),
    };
  }, [actions, conversation.room, me, writes, moderates, people]);
  const images = useMemo(() => imagesOf(state), [timeline]);
  const afterSend = useCallback(() => scrolling.toNewest(), [scrolling.toNewest]);

  const connected = state.connection.status === 'open';
  // A key stroke changes the state, and none of the lines.
  const lines = useMemo(
    () => <TimelineRows rows={rows} now={now} connected={connected} />,
    [rows, now, connected],
  );
  const unseen = scrolling.atNewest
    ? 0
    : countUnseen(timeline, Math.max(seen, newFrom ?? 0), hasNewer ? room?.unread : undefined);
  return (
    <ConversationContext.Provider value={value}>
      <DropZone onFiles={actions.sendImages} limit={state.limits?.imageLength} active={writes}>
        <section
          ref={scroller}
          id={messagesId}
          class="scroller"
          role="log"
          // What is new is told by the announcer, once and in order; older pages are not told at all.
          aria-live="off"
          aria-busy={status === 'loading' || loading !== undefined}
          aria-label={words.timeline.conversation(name)}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
          tabIndex={0}
          onScroll={scrolling.onScroll}
        >
          <div class="scroll-body">
            <ConversationEdge edge="start" state={state} room={room} name={name} />
            <ol ref={content} class={rows.length > 60 ? 'rows long' : 'rows'}>
              {lines}
            </ol>
            <ConversationEdge edge="end" state={state} room={room} name={name} />
          </div>
        </section>
        {scrolling.atNewest && !hasNewer ? null : (
          <div class="pill-place">
            <button
              type="button"
              class={unseen > 0 ? 'pill fresh figure' : 'pill'}
              aria-label={
                unseen > 0
                  ? `${words.timeline.newBelow(unseen)}. ${words.timeline.jumpToNewest}`
                  : words.timeline.jumpToNewest
              }
              title={words.timeline.jumpToNewest}
              onClick={scrolling.toNewest}
            >
              {unseen > 0 ? <span>{words.timeline.newBelow(unseen)}</span> : null}
              <Icon name="arrowDown" size={16} />
            </button>
          </div>
        )}
        <div class="foot">
          <TypingLine typing={conversation.typing} />
          <Banner state={state} />
          {status === 'failed' ? null : writes || status === 'loading' ? (
            <Composer state={state} room={room} name={name} people={people} onSent={afterSend} />
          ) : (
            <JoinBar room={conversation.room} name={name} />
          )}
          <WireStrip state={state} />
        </div>
        <Announcer state={state} name={name} />
        {overlay === undefined ? null : (
          <MessageOverlay key={overlay.kind} overlay={overlay} onChange={setOverlay} />
        )}
        {opened === undefined ? null : (
          <ImageViewer
            images={images}
            opened={opened}
            onOpen={setOpened}
            onClose={() => setOpened(undefined)}
          />
        )}
      </DropZone>
    </ConversationContext.Provider>
  );
}

/** Who can be mentioned, as one object for as long as the names stay the same: presence changes often. */
function usePeople(
  members: ChatState['conversation']['members'],
  everyone: string,
): readonly (Mentionable & { readonly hint?: string })[] {
  const key = members.map((member) => `${member.id} ${member.name}`).join('\n');
  return useMemo(
    () => [
      ...members.map(({ id, name }) => ({ id, name })),
      { id: 'everyone', name: 'everyone', hint: everyone },
    ],
    [key, everyone],
  );
}

function imagesOf({ conversation }: ChatState): ShownImage[] {
  return conversation.timeline.flatMap((item) =>
    item.kind === 'message' && item.message.content.type === 'image'
      ? [{ image: item.message.content.image, author: item.message.author.name, time: item.message.time }]
      : [],
  );
}
