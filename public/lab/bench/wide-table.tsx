/** A table that may be wider than the screen: it scrolls by itself, also with the keyboard, and the page does not. */
import type { ComponentChildren, JSX } from 'preact';

interface WideTableProps {
  readonly label: string;
  readonly class: string;
  readonly children: ComponentChildren;
}

export function WideTable({ label, class: name, children }: WideTableProps): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without focus the keyboard cannot scroll it
    <section class="table-scroll" tabIndex={0} aria-label={label}>
      <table class={name}>{children}</table>
    </section>
  );
}
