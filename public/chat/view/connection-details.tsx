/** How the page is connected, in full: opened from the wire strip. */
import type { ComponentChildren, JSX } from 'preact';
import type { ChatState, WireTick } from '../model.ts';
import { StateSign, stateWords } from './connection-state.tsx';
import { PanelHead } from './keys-help.tsx';
import { Dialog } from './layers.tsx';
import { useNow, usePage } from './page.ts';
import { KindSign } from './wire-signs.tsx';

const kinds: readonly WireTick['kind'][] = ['text', 'ping', 'pong', 'close', 'error'];

export function ConnectionDetails({
  state,
  onClose,
}: {
  readonly state: ChatState;
  readonly onClose: () => void;
}): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.connectionDetails;
  const { format } = texts;
  const { connection, traffic, lastClose } = state;
  const now = useNow(1000);
  const open = connection.status === 'open' ? connection : undefined;
  const address = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/chat`;
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
        <Fact name={words.transport}>
          {texts.connection.transport} <span class="mono quiet address">{address}</span>
        </Fact>
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
        <Fact name={words.reconnects}>{format.number(traffic.reconnects)}</Fact>
        <Fact name={words.lastClose}>
          {lastClose === undefined ? (
            words.neverClosed
          ) : (
            <>
              {words.closed(lastClose.code, lastClose.reason, format.time(lastClose.time))}
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
        </ul>
      </div>
    </Dialog>
  );
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
