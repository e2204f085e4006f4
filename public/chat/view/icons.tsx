/** The page's icons: 20 px line drawings in the colour of the text around them, hidden from screen readers. */
import type { JSX } from 'preact';

const paths = {
  plus: 'M10 4v12M4 10h12',
  smile:
    'M10 17.25a7.25 7.25 0 1 0 0-14.5 7.25 7.25 0 0 0 0 14.5ZM6.9 11.6a3.6 3.6 0 0 0 6.2 0M7.5 7.9v.6M12.5 7.9v.6',
  send: 'M10 16V4.5M5 9.25l5-5 5 5',
  menu: 'M3.5 6h13M3.5 10h13M3.5 14h13',
  people:
    'M7.5 9.25a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5ZM2.5 16.25v-.5a4 4 0 0 1 4-4h2a4 4 0 0 1 4 4v.5M13 4a2.75 2.75 0 0 1 0 5.1M15 12.1a4 4 0 0 1 2.5 3.7v.45',
  up: 'M5.5 12.25 10 7.75l4.5 4.5',
  down: 'M5.5 7.75l4.5 4.5 4.5-4.5',
  arrowDown: 'M10 4v11.5M5 10.75l5 5 5-5',
  left: 'M12.25 5.5 7.75 10l4.5 4.5',
  right: 'M7.75 5.5l4.5 4.5-4.5 4.5',
  close: 'M5 5l10 10M15 5 5 15',
  clock: 'M10 16.75a6.75 6.75 0 1 0 0-13.5 6.75 6.75 0 0 0 0 13.5ZM10 6.25V10l2.5 1.75',
  retry: 'M15.75 8.5A6 6 0 1 0 16 11M16 4.25V8.5h-4.25',
  copy: 'M7.25 7.25h8.5v8.5h-8.5zM12.75 7.25v-3h-8.5v8.5h3',
  trash: 'M4 5.75h12M8 5.75v-2h4v2M5.5 5.75l.75 10.5h7.5l.75-10.5',
  warning: 'M10 3.25 17.25 16H2.75L10 3.25ZM10 8.25v3.5M10 13.6v.3',
  external: 'M11.5 3.75h4.75V8.5M16 4l-7 7M14.25 11.75v4.5h-10.5V5.75h4.5',
  image: 'M3.5 4.25h13v11.5h-13zM3.5 13l3.75-3.75 3.5 3.5 2-2 3.75 3.75M12.75 7.75v.1',
  check: 'M4.5 10.5l3.5 3.5 7.5-8',
  keyboard: 'M2.5 5.25h15v9.5h-15zM5.5 8.25h.1M8.5 8.25h.1M11.5 8.25h.1M14.5 8.25h.1M6.75 11.75h6.5',
  leave: 'M11.75 3.75h-7.5v12.5h7.5M8.25 10h8.5M13.5 6.75 16.75 10l-3.25 3.25',
  reply: 'M8.25 4.75 3.5 9.25l4.75 4.5M3.75 9.25H11a5.5 5.5 0 0 1 5.5 5.5v.75',
  edit: 'M4 16l.75-3.5 8.5-8.5 2.75 2.75-8.5 8.5L4 16ZM11.5 5.75 14.25 8.5',
  more: 'M4.75 10h.1M10 10h.1M15.25 10h.1',
  link: 'M8.5 11.5a3 3 0 0 0 4.25 0l2.75-2.75a3 3 0 0 0-4.25-4.25l-1 1M11.5 8.5a3 3 0 0 0-4.25 0L4.5 11.25a3 3 0 0 0 4.25 4.25l1-1',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM13 13l3.75 3.75',
  lock: 'M5.25 9h9.5v7.25h-9.5zM7 9V6.5a3 3 0 0 1 6 0V9',
  muted: 'M5.5 13.25V9a4.5 4.5 0 0 1 7.6-3.25M14.5 9v4.25l1.25 1.5H4.25l1.25-1.5M8.5 16.75h3M3.5 3.5l13 13',
  compass: 'M10 17.25a7.25 7.25 0 1 0 0-14.5 7.25 7.25 0 0 0 0 14.5ZM12.75 7.25l-1.5 4-4 1.5 1.5-4 4-1.5Z',
  offline: 'M3 10h4l1.25-3M10.5 13 12 10h5M4 3.5l12.5 13',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { readonly name: IconName; readonly size?: number }): JSX.Element {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}

/** The mark: a bare wire with one bit on it. */
export function Mark({ size = 24 }: { readonly size?: number }): JSX.Element {
  return (
    <svg
      class="mark"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d="M1.5 17H8V7h8v10h6.5" />
    </svg>
  );
}
