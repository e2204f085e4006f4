/** Where one is signed in, and the ways to end that: one device, or all of them. */
import type { JSX } from 'preact';
import type { ChatState } from '../../model.ts';
import { Icon } from '../icons.tsx';
import { useNow, usePage } from '../page.ts';
import { AskFirst } from './ask-first.tsx';
import { Missing, Problem, useAnswer, useDoing } from './asking.tsx';
import { Frame } from './frame.tsx';

export function DevicesPanel({ state }: { readonly state: ChatState }): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.devices;
  const { format } = texts;
  const now = useNow(30_000);
  const asked = useAnswer('session:devices', {}, state.connection.status === 'open');
  const doing = useDoing();
  const revoke = async (device: string): Promise<void> => {
    if (doing.busy) return;
    if ((await doing.run('session:revoke', { device })) !== undefined) asked.again();
  };
  // This one first; the server has the others by when they were last used.
  const devices = asked.data?.devices.toSorted((a, b) => Number(b.current) - Number(a.current));
  return (
    <Frame title={words.heading}>
      <p class="panel-note">{words.lead}</p>
      {devices === undefined ? <Missing trouble={asked.trouble} again={asked.again} /> : null}
      <ul class="entries">
        {devices?.map((device) => {
          const label = device.label === '' ? words.unnamed : device.label;
          return (
            <li key={device.id} class="entry tall">
              <span class={device.here ? 'entry-sign here' : 'entry-sign'}>
                <Icon name="device" />
              </span>
              <p class="entry-words ellipsis">{label}</p>
              {device.current ? null : (
                <button
                  type="button"
                  class="button plain small"
                  aria-disabled={doing.busy}
                  aria-label={words.revokeNamed(label)}
                  onClick={() => void revoke(device.id)}
                >
                  {words.revoke}
                </button>
              )}
              <p class="entry-more tag figure">
                {device.current
                  ? words.current
                  : device.here
                    ? words.here
                    : words.seen(format.ago(device.lastSeenAt, now))}
                {' · '}
                {words.since(format.day(device.createdAt, now))}
              </p>
            </li>
          );
        })}
      </ul>
      <Problem trouble={doing.trouble} />
      <section class="frame-section">
        <AskFirst
          label={words.everywhere}
          question={words.everywhereAsk}
          busy={doing.busy}
          onYes={() => actions.logOut(true)}
        />
        <p class="panel-hint">{words.everywhereHint}</p>
      </section>
    </Frame>
  );
}
