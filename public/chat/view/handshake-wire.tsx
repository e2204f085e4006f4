/**
 * The wire under the name field: the name in bits as it would go over it, and on Enter the opening handshake, a
 * request running out and an answer running back. Decoration, hidden from screen readers.
 */
import type { JSX } from 'preact';

const width = 400;
const high = 7;
const low = 21;
const answer = 27;
/** Octets that fit: eight bits of 4 units each, with the ends of the wire left bare. */
const shownOctets = 11;
const start = 20;
const unit = 4;

const encoder = new TextEncoder();

/** How long the handshake takes to draw, in milliseconds. */
export const handshakeDuration = 560;

function waveOf(name: string): string {
  let path = `M6 ${low}H${start}`;
  let level = low;
  let x = start;
  for (const octet of encoder.encode(name).subarray(0, shownOctets)) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      const next = (octet >> bit) & 1 ? high : low;
      if (next !== level) path += `V${next}`;
      level = next;
      x += unit;
      path += `H${x}`;
    }
  }
  return `${path}${level === low ? '' : `V${low}`}H${width - 6}`;
}

export function HandshakeWire({
  name,
  live,
}: {
  readonly name: string;
  readonly live: boolean;
}): JSX.Element {
  const wave = waveOf(name);
  return (
    <svg
      class={`handshake${live ? ' live' : ''}`}
      viewBox={`0 0 ${width} 32`}
      fill="none"
      aria-hidden="true"
      focusable="false"
    >
      <path class="bare" d={wave} />
      <path class="request" d={wave} pathLength={1} />
      <path class="answer" d={`M${width - 6} ${answer}H6`} pathLength={1} />
      <circle class="end near" cx="4" cy={low} r="3" />
      <circle class="end far" cx={width - 4} cy={low} r="3" />
    </svg>
  );
}
