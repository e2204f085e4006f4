/** One line above the message field while the connection is not as it should be: what, since when, what to do. */
import type { JSX } from 'preact';
import type { ChatState } from '../model.ts';
import { Icon } from './icons.tsx';
import { useNow, usePage } from './page.ts';
import { waitingCount } from './panes.tsx';

export function Banner({ state }: { readonly state: ChatState }): JSX.Element | null {
  const { texts, actions } = usePage();
  const { connection } = state;
  const words = texts.connection;
  const now = useNow(connection.status === 'waiting' ? 500 : undefined);
  const waiting = waitingCount(state);
  switch (connection.status) {
    case 'offline':
      return (
        <Line tone="bad" text={words.offlineBanner(waiting)}>
          <TryNow onClick={actions.reconnectNow} text={words.tryNow} />
        </Line>
      );
    case 'waiting': {
      const seconds = Math.max(0, Math.ceil((connection.retryAt - now) / 1000));
      const banner = connection.restarting ? words.restartingBanner : words.lostBanner;
      return (
        <Line tone="warning" text={banner(seconds, waiting)}>
          <TryNow onClick={actions.reconnectNow} text={words.tryNow} />
        </Line>
      );
    }
    case 'connecting':
      // Its first moments are no news; CSS lets the line appear only when it takes long.
      return (
        <Line tone="warning late" text={connection.attempt > 1 ? words.reconnecting : words.connecting} />
      );
    case 'stopped':
      return (
        <Line tone="bad" text={`${words.stoppedTitle}. ${words.stopped}`}>
          <TryNow onClick={() => location.reload()} text={texts.app.reload} />
        </Line>
      );
    case 'open':
      return connection.slow ? <Line tone="warning" text={words.slowBanner} /> : null;
  }
}

interface LineProps {
  readonly tone: string;
  readonly text: string;
  readonly children?: JSX.Element;
}

function Line({ tone, text, children }: LineProps): JSX.Element {
  return (
    <div class={`banner ${tone}`}>
      <Icon name={tone === 'bad' ? 'offline' : 'clock'} size={16} />
      <p class="figure">{text}</p>
      {children}
    </div>
  );
}

function TryNow({ text, onClick }: { readonly text: string; readonly onClick: () => void }): JSX.Element {
  return (
    <button type="button" class="text-button banner-action" onClick={() => onClick()}>
      {text}
    </button>
  );
}
