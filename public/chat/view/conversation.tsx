/** The column in the middle: what was said, where the reader is in it, and the field to say more. */
import type { JSX } from 'preact';
import { useCallback, useMemo, useRef, useState } from 'preact/hooks';
import type { Image } from '../../../src/chat/events.ts';
import type { ChatState } from '../model.ts';
import { Announcer } from './announcer.tsx';
import { Banner } from './banner.tsx';
import { Composer } from './composer.tsx';
import { DropZone } from './drop-zone.tsx';
import { groupTimeline } from './grouping.ts';
import { Icon, Mark } from './icons.tsx';
import { ImageViewer, type ShownImage } from './image-viewer.tsx';
import { useNow, usePage } from './page.ts';
import { useReading } from './reading.ts';
import { useScrolling } from './scrolling.ts';
import { Skeleton } from './skeleton.tsx';
import { TimelineRows } from './timeline.tsx';
import { useTitle } from './title.ts';
import { useUnseen } from './unseen.ts';
import { WireStrip } from './wire-strip.tsx';

export const messagesId = 'messages';

export function Conversation({ state }: { readonly state: ChatState }): JSX.Element {
  const { texts, actions } = usePage();
  const scroller = useRef<HTMLElement>(null);
  const content = useRef<HTMLOListElement>(null);
  const [opened, setOpened] = useState<string | undefined>(undefined);
  const now = useNow(60_000);
  const { timeline, outbox, me, hasMore, loadingOlder } = state;

  const older = (): void => {
    if (hasMore && !loadingOlder && timeline.length > 0) actions.loadOlder();
  };
  const scrolling = useScrolling(scroller, content, [timeline, outbox], older);
  useReading(content, timeline);
  const unseen = useUnseen(timeline, scrolling.atNewest);
  useTitle(state.room, timeline);

  const rows = useMemo(
    () => groupTimeline(timeline, outbox, me, unseen.line),
    [timeline, outbox, me, unseen.line],
  );
  const openImage = useCallback((image: Image) => setOpened(image.id), []);
  const images = useMemo(
    (): ShownImage[] =>
      timeline.flatMap((item) =>
        item.kind === 'message' && item.message.content.type === 'image'
          ? [{ image: item.message.content.image, author: item.message.author.name, time: item.message.time }]
          : [],
      ),
    [timeline],
  );
  const afterSend = (): void => {
    unseen.clear();
    scrolling.toNewest();
  };
  const empty = timeline.length === 0 && outbox.length === 0;
  const quiet = !hasMore && !timeline.some((item) => item.kind === 'message') && outbox.length === 0;

  return (
    <DropZone onFiles={actions.sendImages} limit={state.limits?.imageLength}>
      <section
        ref={scroller}
        id={messagesId}
        class="scroller"
        aria-label={texts.room.conversation(state.room)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        tabIndex={0}
        onScroll={scrolling.onScroll}
      >
        <div class="scroll-body">
          {loadingOlder ? <Skeleton label={texts.room.loadingOlder} rows={2} /> : null}
          {hasMore && !loadingOlder && !empty ? (
            <p class="load-older">
              <button type="button" class="text-button" onClick={() => actions.loadOlder()}>
                {texts.room.loadOlder}
              </button>
            </p>
          ) : null}
          {hasMore ? null : quiet ? (
            <div class="empty">
              <Mark size={40} />
              <h2>{texts.room.emptyTitle}</h2>
              <p>{texts.room.emptyBody}</p>
            </div>
          ) : (
            <p class="beginning">{texts.room.beginning(state.room)}</p>
          )}
          <ol ref={content} class={rows.length > 120 ? 'rows long' : 'rows'}>
            <TimelineRows
              rows={rows}
              now={now}
              connected={state.connection.status === 'open'}
              onOpenImage={openImage}
            />
          </ol>
        </div>
      </section>
      {scrolling.atNewest ? null : (
        <div class="pill-place">
          <button
            type="button"
            class={unseen.count > 0 ? 'pill fresh figure' : 'pill'}
            aria-label={unseen.count > 0 ? undefined : texts.room.jumpToNewest}
            onClick={scrolling.toNewest}
          >
            {unseen.count > 0 ? <span>{texts.room.newMessages(unseen.count)}</span> : null}
            <Icon name="arrowDown" size={16} />
          </button>
        </div>
      )}
      <div class="foot">
        <Banner state={state} />
        <Composer state={state} onSent={afterSend} />
        <WireStrip state={state} />
      </div>
      <Announcer state={state} />
      {opened === undefined ? null : (
        <ImageViewer
          images={images}
          opened={opened}
          onOpen={setOpened}
          onClose={() => setOpened(undefined)}
        />
      )}
    </DropZone>
  );
}
