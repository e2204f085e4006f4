/** A button for something grave, which asks in its own place before it is done. The focus goes with it, to and fro. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../icons.tsx';
import { usePage } from '../page.ts';

interface AskFirstProps {
  readonly label: string;
  readonly question: string;
  readonly busy: boolean;
  readonly onYes: () => void;
  /** What went wrong, if anything. */
  readonly children?: ComponentChildren;
}

export function AskFirst({ label, question, busy, onYes, children }: AskFirstProps): JSX.Element {
  const { texts } = usePage();
  /** Undefined until it was pressed: the focus is left alone before. */
  const [asking, setAsking] = useState<boolean | undefined>(undefined);
  const button = useRef<HTMLButtonElement>(null);
  const ask = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (asking === undefined) return;
    button.current?.focus();
    // It stands at the end of its panel, where there may be no room for it.
    if (asking) ask.current?.scrollIntoView({ block: 'nearest' });
  }, [asking]);
  if (asking !== true)
    return (
      <button ref={button} type="button" class="menu-item grave" onClick={() => setAsking(true)}>
        <Icon name="leave" /> <span>{label}</span>
      </button>
    );
  return (
    <div ref={ask} class="ask" role="alert">
      <p>{question}</p>
      {children}
      <div class="ask-buttons">
        <button ref={button} type="button" class="button plain" onClick={() => setAsking(false)}>
          {texts.panel.cancel}
        </button>
        <button type="button" class="button grave" aria-disabled={busy} onClick={onYes}>
          {label}
        </button>
      </div>
    </div>
  );
}
