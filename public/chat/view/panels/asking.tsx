/**
 * How a panel asks the server: once when it opens and again when the connection is back (useAnswer), or on a press
 * (useDoing). What comes is kept by the panel; an answer that comes too late for a question is dropped.
 */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Failure, ReplyData, RequestInput, RequestName } from '../../../../src/chat/events.ts';
import type { Answer } from '../../model.ts';
import { failureText, type Texts } from '../../texts.ts';
import { Icon } from '../icons.tsx';
import { usePage } from '../page.ts';

/** What stood in the way of a request. */
export type Trouble = Failure | 'offline';

export function troubleText(texts: Texts, trouble: Trouble): string {
  return trouble === 'offline' ? texts.panel.offline : failureText(texts, trouble);
}

interface Asked<Name extends RequestName> {
  /** What came last; undefined while nothing has. */
  readonly data: ReplyData<Name> | undefined;
  readonly trouble: Trouble | undefined;
  readonly again: () => void;
}

/**
 * The answer to a question, asked anew when `question` or `connected` change and on `again`. Data that was there stays
 * while it is asked anew. @param question undefined asks nothing
 */
export function useAnswer<Name extends RequestName>(
  event: Name,
  question: RequestInput<Name> | undefined,
  connected: boolean,
): Asked<Name> {
  const { actions } = usePage();
  const [answer, setAnswer] = useState<Answer<Name> | undefined>(undefined);
  const [data, setData] = useState<ReplyData<Name> | undefined>(undefined);
  const [round, setRound] = useState(0);
  const key = JSON.stringify(question);
  useEffect(() => {
    if (question === undefined) return;
    let wanted = true;
    void actions.request(event, question).then((next) => {
      if (!wanted) return;
      setAnswer(next);
      if (next.status === 'ok') setData(next.data);
    });
    return () => {
      wanted = false;
    };
  }, [event, key, connected, round]);
  return { data, trouble: troubleOf(answer), again: () => setRound((before) => before + 1) };
}

function troubleOf(answer: Answer<RequestName> | undefined): Trouble | undefined {
  if (answer === undefined || answer.status === 'ok') return undefined;
  return answer.status === 'offline' ? 'offline' : answer.failure;
}

export interface Doing {
  /** Something is on its way: nothing else should be started. */
  readonly busy: boolean;
  readonly trouble: Trouble | undefined;
  /** @returns what was answered, or undefined when it failed or this panel is gone; never rejects */
  readonly run: <Name extends RequestName>(
    event: Name,
    data: RequestInput<Name>,
  ) => Promise<ReplyData<Name> | undefined>;
  readonly clear: () => void;
}

/** Carries one thing out at a time, and keeps what went wrong with the last. */
export function useDoing(): Doing {
  const { actions } = usePage();
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | undefined>(undefined);
  const alive = useRef(true);
  useEffect(() => {
    alive.current = true;
    return () => {
      alive.current = false;
    };
  }, []);
  return {
    busy,
    trouble,
    clear: () => setTrouble(undefined),
    async run(event, data) {
      setBusy(true);
      setTrouble(undefined);
      const answer = await actions.request(event, data);
      if (!alive.current) return undefined;
      setBusy(false);
      if (answer.status === 'ok') return answer.data;
      setTrouble(troubleOf(answer));
      return undefined;
    },
  };
}

/** What went wrong, said at once to who cannot see it. */
export function Problem({ trouble }: { readonly trouble: Trouble | undefined }): JSX.Element {
  const { texts } = usePage();
  return (
    <div class="panel-problem" role="alert">
      {trouble === undefined ? null : (
        <p class="problem">
          <Icon name="warning" size={16} />
          <span>{troubleText(texts, trouble)}</span>
        </p>
      )}
    </div>
  );
}

/** In place of what is not there yet, or could not be had. */
export function Missing({
  trouble,
  again,
}: {
  readonly trouble: Trouble | undefined;
  readonly again: () => void;
}): JSX.Element {
  const { texts } = usePage();
  if (trouble === undefined)
    return (
      <p class="panel-note late" role="status">
        {texts.panel.loading}
      </p>
    );
  return (
    <div class="panel-note">
      <Problem trouble={trouble} />
      <button type="button" class="button plain" onClick={again}>
        {texts.panel.retry}
      </button>
    </div>
  );
}
