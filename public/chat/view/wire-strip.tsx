/** The wire strip under the message field: this connection's traffic, its round trip, and the way to its details. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ChatState, ConnectionState } from '../model.ts';
import { ConnectionDetails } from './connection-details.tsx';
import { StateSign, stateWords } from './connection-state.tsx';
import { prefersReducedMotion, usePage } from './page.ts';
import { WireCanvas, type WireLook } from './wire-canvas.ts';

export function WireStrip({ state }: { readonly state: ChatState }): JSX.Element {
  const { texts, onWire, settingsState } = usePage();
  const [open, setOpen] = useState(false);
  const element = useRef<HTMLCanvasElement>(null);
  const wire = useRef<WireCanvas | undefined>(undefined);
  const { connection } = state;

  useEffect(() => {
    const canvas = element.current;
    if (canvas === null) return;
    const drawing = new WireCanvas(canvas);
    wire.current = drawing;
    const motion = matchMedia('(prefers-reduced-motion: reduce)');
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const refresh = (): void => {
      drawing.still = prefersReducedMotion();
      drawing.refresh();
    };
    refresh();
    const size = new ResizeObserver(() => drawing.redraw());
    size.observe(canvas);
    motion.addEventListener('change', refresh);
    scheme.addEventListener('change', refresh);
    document.addEventListener('visibilitychange', refresh);
    const stop = onWire((tick) => drawing.add(tick));
    return () => {
      stop();
      size.disconnect();
      motion.removeEventListener('change', refresh);
      scheme.removeEventListener('change', refresh);
      document.removeEventListener('visibilitychange', refresh);
      drawing.dispose();
    };
  }, [onWire]);

  const look = lookOf(connection);
  useEffect(() => {
    if (wire.current !== undefined) wire.current.look = look;
  }, [look]);
  // The colours follow the theme
  useEffect(() => wire.current?.refresh(), [settingsState.theme]);

  const slow = connection.status === 'open' && connection.slow;
  const words = stateWords(texts, connection);
  const line =
    connection.status === 'open'
      ? texts.connection.stripLine(connection.roundTripTime)
      : texts.connection.transport;
  return (
    <>
      <button
        type="button"
        class={`strip ${connection.status}${slow ? ' slow' : ''}`}
        aria-label={texts.connection.stripButton(`${words} · ${line}`)}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <span class="wire" aria-hidden="true">
          <canvas ref={element} />
        </span>
        <span class="strip-text figure">
          <StateSign status={connection.status} slow={slow} />
          <span>{`${words} · ${line}`}</span>
        </span>
      </button>
      {open ? <ConnectionDetails state={state} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

function lookOf(connection: ConnectionState): WireLook {
  if (connection.status === 'open') return 'whole';
  return connection.status === 'connecting' ? 'dashed' : 'broken';
}
