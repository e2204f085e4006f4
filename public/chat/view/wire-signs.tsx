/** One sign per kind of frame, as the wire strip draws it: told apart by shape, then by colour. */
import type { JSX } from 'preact';
import type { WireTick } from '../model.ts';

export function KindSign({ kind }: { readonly kind: WireTick['kind'] }): JSX.Element {
  return (
    <svg
      class={`kind ${kind}`}
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      aria-hidden="true"
      focusable="false"
    >
      {sign(kind)}
    </svg>
  );
}

function sign(kind: WireTick['kind']): JSX.Element {
  switch (kind) {
    case 'text':
      return <rect x="7" y="2" width="2" height="12" rx="1" fill="currentColor" />;
    case 'binary':
      return <rect x="6" y="2.5" width="4" height="11" rx="1" stroke="currentColor" stroke-width="1.5" />;
    case 'continuation':
      return (
        <path d="M8 2v3M8 6.5v3M8 11v3" stroke="currentColor" stroke-width="2.25" stroke-linecap="butt" />
      );
    case 'ping':
      return <circle cx="8" cy="8" r="3.25" stroke="currentColor" stroke-width="1.5" />;
    case 'pong':
      return <circle cx="8" cy="8" r="3" fill="currentColor" />;
    case 'close':
      return (
        <path
          d="M4.5 4.5l7 7M11.5 4.5l-7 7"
          stroke="currentColor"
          stroke-width="1.75"
          stroke-linecap="round"
        />
      );
    case 'error':
      return <path d="M8 3l5.5 9.5h-11z" fill="currentColor" />;
  }
}

/** What is compressed has a bar across its end, as if pressed. */
export function CompressedSign(): JSX.Element {
  return (
    <svg
      class="kind text"
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      aria-hidden="true"
      focusable="false"
    >
      <rect x="7" y="5" width="2" height="9" rx="1" fill="currentColor" />
      <rect x="4.5" y="2.5" width="7" height="1.5" rx="0.75" fill="currentColor" />
    </svg>
  );
}
