/** The state of the connection in words and as a shape, for the wire strip and the connection popover. */
import type { JSX } from 'preact';
import type { ConnectionState } from '../model.ts';
import type { Texts } from '../texts.ts';

/** The state in one or two words. */
export function stateWords(texts: Texts, connection: ConnectionState): string {
  const words = texts.connection;
  switch (connection.status) {
    case 'open':
      return connection.slow ? words.slow : words.open;
    case 'connecting':
      return connection.attempt > 1 ? words.reconnecting : words.connecting;
    case 'waiting':
      return connection.restarting ? words.restarting : words.reconnecting;
    case 'offline':
      return words.offline;
    case 'stopped':
      return words.stoppedTitle;
  }
}

/** The state as a shape: a full dot, a half one when slow, a ring while it comes, a broken ring when it is gone. */
export function StateSign({
  status,
  slow,
}: {
  readonly status: ConnectionState['status'];
  readonly slow: boolean;
}): JSX.Element {
  return (
    <svg
      class={`state-sign ${slow ? 'slow' : status}`}
      width="12"
      height="12"
      viewBox="0 0 12 12"
      fill="none"
      aria-hidden="true"
      focusable="false"
    >
      {status === 'open' && !slow ? <circle cx="6" cy="6" r="4" fill="currentColor" /> : null}
      {status === 'open' && slow ? (
        <>
          <circle cx="6" cy="6" r="3.75" stroke="currentColor" stroke-width="1.5" />
          <path d="M6 2.5a3.5 3.5 0 0 1 0 7z" fill="currentColor" />
        </>
      ) : null}
      {status === 'connecting' ? (
        <circle cx="6" cy="6" r="3.75" stroke="currentColor" stroke-width="1.5" />
      ) : null}
      {status === 'waiting' ? (
        <circle cx="6" cy="6" r="3.75" stroke="currentColor" stroke-width="1.5" stroke-dasharray="3 2.9" />
      ) : null}
      {status === 'offline' || status === 'stopped' ? (
        <path
          d="M2.5 2.5l7 7M9.5 2.5l-7 7"
          stroke="currentColor"
          stroke-width="1.75"
          stroke-linecap="round"
        />
      ) : null}
    </svg>
  );
}
