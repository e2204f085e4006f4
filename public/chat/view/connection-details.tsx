/**
 * How the page is connected, in full: opened from the wire strip. Which transport, whose connection, how long a round
 * trip takes, what went over it, and in words why the last one ended.
 */
import type { ComponentChildren, JSX } from 'preact';
import type { TransportName } from '../../../src/transports/channel.ts';
import type { ChatState, WireTick } from '../model.ts';
import { StateSign, stateWords } from './connection-state.tsx';
import { PanelHead } from './keys-help.tsx';
import { Dialog } from './layers.tsx';
import { useNow, usePage } from './page.ts';
import { CompressedSign, KindSign } from './wire-signs.tsx';

const kinds: readonly WireTick['kind'][] = [
  'text',
  'binary',
  'continuation',
  'ping',
  'pong',
  'close',
  'error',
];
/** Where each transport's connection is made. */
const paths: Readonly<Record<TransportName, string>> = {
  websocket: '/chat',
  'event-stream': '/api/stream',
  'fetch-stream': '/api/stream',
  'long-poll': '/api/connections',
  'short-poll': '/api/connections',
};

export function ConnectionDetails({
  state,
  onClose,
}: {
  readonly state: ChatState;
  readonly onClose: () => void;
}): JSX.Element {
  const { texts, actions, settings, settingsState } = usePage();
  const words = texts.connectionDetails;
  const { format } = texts;
  const { connection, traffic, lastClose } = state;
  const now = useNow(1000);
  const open = connection.status === 'open' ? connection : undefined;
  return (
    <Dialog label={words.heading} look="panel connection-panel" onClose={onClose}>
      <PanelHead title={words.heading} onClose={onClose} />
      <dl class="facts">
        <Fact name={words.state}>
          <StateSign status={connection.status} slow={open?.slow ?? false} />{' '}
          <span class="state-words">{stateWords(texts, connection)}</span>
          {open === undefined && connection.status !== 'connecting' && connection.status !== 'stopped' ? (
            <button type="button" class="text-button" onClick={() => actions.reconnectNow()}>
              {words.reconnectNow}
            </button>
          ) : null}
          {connection.status === 'waiting' ? (
            <span class="quiet meaning">
              {texts.connection.retryIn(Math.max(0, Math.ceil((connection.retryAt - now) / 1000)))}
            </span>
          ) : null}
        </Fact>
        {open === undefined ? null : (
          <Fact name={words.transport}>
            {texts.connection.transports[open.transport]}{' '}
            <span class="mono quiet address">{addressOf(open.transport)}</span>
            <span class="quiet meaning">
              {words.about[open.transport]} {open.shared ? words.shared : words.own}
            </span>
          </Fact>
        )}
        <Fact name={words.roundTripTime}>
          {open?.roundTripTime === undefined ? words.unknown : texts.connection.roundTrip(open.roundTripTime)}
        </Fact>
        {open === undefined ? null : (
          <Fact name={words.connectedFor}>
            {format.duration(Math.max(1, Math.floor((now - open.since) / 1000)) * 1000)}
          </Fact>
        )}
        <Fact name={words.sent}>{words.traffic(traffic.sent, traffic.octetsSent)}</Fact>
        <Fact name={words.received}>{words.traffic(traffic.received, traffic.octetsReceived)}</Fact>
        <Fact name={words.resumes}>{words.resumed(traffic.resumes)}</Fact>
        <Fact name={words.lastClose}>
          {lastClose === undefined ? (
            words.neverClosed
          ) : (
            <>
              {words.closed(
                lastClose.code,
                lastClose.reason,
                format.time(lastClose.time),
                texts.connection.transports[lastClose.transport],
              )}
              <span class="quiet meaning">{words.closeMeaning(lastClose.code)}</span>
            </>
          )}
        </Fact>
      </dl>
      <div class="legend">
        <p>{words.legend}</p>
        <ul>
          {kinds.map((kind) => (
            <li key={kind}>
              <KindSign kind={kind} /> {words.kinds[kind]}
            </li>
          ))}
          <li>
            <CompressedSign /> {words.compressed}
          </li>
        </ul>
        <button
          type="button"
          class="text-button"
          onClick={() => settings.setChoice({ wire: settingsState.wire === 'drawn' ? 'folded' : 'drawn' })}
        >
          {settingsState.wire === 'drawn' ? words.fold : words.draw}
        </button>
      </div>
    </Dialog>
  );
}

function addressOf(transport: TransportName): string {
  const secure = location.protocol === 'https:' ? 's' : '';
  return `${transport === 'websocket' ? 'ws' : 'http'}${secure}://${location.host}${paths[transport]}`;
}

function Fact({
  name,
  children,
}: {
  readonly name: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="figure">{children}</dd>
    </div>
  );
}
