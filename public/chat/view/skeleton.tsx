/** The shape of lines that are being loaded; CSS keeps it invisible for the first 300 ms. */
import type { JSX } from 'preact';

const widths = [52, 34, 66, 44, 28, 58];

export function Skeleton({ label, rows }: { readonly label: string; readonly rows: number }): JSX.Element {
  return (
    <div class="skeleton" role="status">
      <span class="visually-hidden">{label}</span>
      {widths.slice(0, rows).map((width) => (
        <div key={width} class="skeleton-row" aria-hidden="true">
          <span class="skeleton-face" />
          <span class="skeleton-name" />
          <span class="skeleton-text" style={{ inlineSize: `${width}%` }} />
        </div>
      ))}
    </div>
  );
}
