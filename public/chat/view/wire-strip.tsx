/**
 * The wire strip under the message field: this connection's traffic, its round trip, and the way to its details. The
 * drawing listens to the wire only while somebody can see it: not behind a hidden page, and not when it is folded.
 */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ChatState, ConnectionState } from '../model.ts';
import { ConnectionDetails } from './connection-details.tsx';
import { StateSign, stateWords } from './connection-state.tsx';
import { prefersReducedMotion, usePage } from './page.ts';
import { WireCanvas, type WireLook } from './wire-canvas.ts';

export function WireStrip({ state }: { readonly state: ChatState }): JSX.Element {
  const { texts, settingsState } = usePage();
  const [open, setOpen] = useState(false);
  const { connection } = state;
  const slow = connection.status === 'open' && connection.slow;
  const folded = settingsState.wire === 'folded';
  const words = stateWords(texts, connection);
  const line =
    connection.status === 'open'
      ? `${words} · ${texts.connection.stripLine(connection.roundTripTime, connection.transport)}`
      : words;
  return (
    <>
      <button
        type="button"
        class={`strip ${connection.status}${slow ? ' slow' : ''}${folded ? ' without-wire' : ''}`}
        aria-label={texts.connection.stripButton(line)}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        {folded ? null : <Wire look={lookOf(connection)} />}
        <span class="strip-text figure">
          <StateSign status={connection.status} slow={slow} />
          <span>{line}</span>
        </span>
      </button>
      {open ? <ConnectionDetails state={state} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function Wire({ look }: { readonly look: WireLook }): JSX.Element {
  const { onWire, settingsState } = usePage();
  const element = useRef<HTMLCanvasElement>(null);
  const wire = useRef<WireCanvas | undefined>(undefined);
  const shown = usePageShown();

  useEffect(() => {
    const canvas = element.current;
    if (canvas === null || !shown) return;
    const drawing = new WireCanvas(canvas);
    drawing.look = look;
    wire.current = drawing;
    const motion = matchMedia('(prefers-reduced-motion: reduce)');
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const refresh = (): void => {
      drawing.still = prefersReducedMotion();
      drawing.refresh();
    };
    // What is told at once is the past: it stands there, and does not run in.
    drawing.still = true;
    const stop = onWire((tick) => drawing.add(tick));
    refresh();
    const size = new ResizeObserver(() => drawing.redraw());
    size.observe(canvas);
    motion.addEventListener('change', refresh);
    scheme.addEventListener('change', refresh);
    return () => {
      stop();
      size.disconnect();
      motion.removeEventListener('change', refresh);
      scheme.removeEventListener('change', refresh);
      drawing.dispose();
      wire.current = undefined;
    };
  }, [onWire, shown]);

  useEffect(() => {
    if (wire.current !== undefined) wire.current.look = look;
  }, [look]);
  // The colours follow the theme.
  useEffect(() => wire.current?.refresh(), [settingsState.theme]);

  return (
    <span class="wire" aria-hidden="true">
      <canvas ref={element} />
    </span>
  );
}

/** Whether the page is not hidden. */
function usePageShown(): boolean {
  const [shown, setShown] = useState(!document.hidden);
  useEffect(() => {
    const onChange = (): void => setShown(!document.hidden);
    document.addEventListener('visibilitychange', onChange);
    return () => document.removeEventListener('visibilitychange', onChange);
  }, []);
  return shown;
}

function lookOf(connection: ConnectionState): WireLook {
  if (connection.status === 'open') return 'whole';
  return connection.status === 'connecting' ? 'dashed' : 'broken';
}
