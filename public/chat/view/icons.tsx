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
  more: 'M5.35 10a.6.6 0 1 1-1.2 0 .6.6 0 0 1 1.2 0ZM10.6 10a.6.6 0 1 1-1.2 0 .6.6 0 0 1 1.2 0ZM15.85 10a.6.6 0 1 1-1.2 0 .6.6 0 0 1 1.2 0Z',
  link: 'M8.5 11.5a3 3 0 0 0 4.25 0l2.75-2.75a3 3 0 0 0-4.25-4.25l-1 1M11.5 8.5a3 3 0 0 0-4.25 0L4.5 11.25a3 3 0 0 0 4.25 4.25l1-1',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM13 13l3.75 3.75',
  lock: 'M5.25 9h9.5v7.25h-9.5zM7 9V6.5a3 3 0 0 1 6 0V9',
  muted: 'M5.5 13.25V9a4.5 4.5 0 0 1 7.6-3.25M14.5 9v4.25l1.25 1.5H4.25l1.25-1.5M8.5 16.75h3M3.5 3.5l13 13',
  compass: 'M10 17.25a7.25 7.25 0 1 0 0-14.5 7.25 7.25 0 0 0 0 14.5ZM12.75 7.25l-1.5 4-4 1.5 1.5-4 4-1.5Z',
  offline: 'M3 10h4l1.25-3M10.5 13 12 10h5M4 3.5l12.5 13',
  eye: 'M2.5 10S5.25 4.75 10 4.75 17.5 10 17.5 10 14.75 15.25 10 15.25 2.5 10 2.5 10ZM10 12.25a2.25 2.25 0 1 0 0-4.5 2.25 2.25 0 0 0 0 4.5Z',
  eyeOff:
    'M4 4l12 12M8.2 5c.6-.2 1.2-.25 1.8-.25 4.75 0 7.5 5.25 7.5 5.25s-.8 1.5-2.3 2.9M12.6 14.8c-.8.3-1.7.45-2.6.45C5.25 15.25 2.5 10 2.5 10s1-1.9 2.9-3.4M8.3 8.5a2.25 2.25 0 0 0 3.1 3.2',
  write: 'M3.75 5h12.5v8.5h-6l-3.5 3v-3h-3z',
  at: 'M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM13 7v3.75a1.9 1.9 0 0 0 3.75 0V10A6.75 6.75 0 1 0 13.9 15.5',
  mute: 'M3.75 5h12.5v8.5h-6l-3.5 3v-3h-3zM7.75 7.5l4.5 3.5M12.25 7.5l-4.5 3.5',
  unmute: 'M3.75 5h12.5v8.5h-6l-3.5 3v-3h-3zM7.5 9.25l1.75 1.75 3.25-3.5',
  ban: 'M10 16.75a6.75 6.75 0 1 0 0-13.5 6.75 6.75 0 0 0 0 13.5ZM5.25 5.25l9.5 9.5',
  shield: 'M10 3.25 4.25 5.5v4.25c0 3.5 2.4 6 5.75 7 3.35-1 5.75-3.5 5.75-7V5.5L10 3.25Z',
  key: 'M7 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10.5 10h6.25v2.5M14 10v2',
  bell: 'M5.25 13.5V9a4.75 4.75 0 0 1 9.5 0v4.5l1.25 1.25H4l1.25-1.25ZM8.5 16.75h3',
  bellOff:
    'M4 4l12 12M14.75 11.25V9a4.75 4.75 0 0 0-7.9-3.55M5.4 7.9c-.1.35-.15.7-.15 1.1v4.5L4 14.75h10.75M8.5 16.75h3',
  device: 'M4.25 4.75h11.5v8H4.25zM2.5 15.75h15',
  hash: 'M8 3.75 6.5 16.25M13.5 3.75 12 16.25M4 7.75h12.75M3.25 12.25H16',
  settings:
    'M3.5 6h6.25M13.75 6h2.75M11.75 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM3.5 14h2.75M10.25 14h6.25M8.25 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
  info: 'M10 16.75a6.75 6.75 0 1 0 0-13.5 6.75 6.75 0 0 0 0 13.5ZM10 9.25v4M10 6.6v.2',
  minus: 'M4 10h12',
  download: 'M10 3.75v8.5M6 8.75l4 4 4-4M4 16.25h12',
  moon: 'M15.75 11.75A6.25 6.25 0 0 1 8.25 4.25a6.25 6.25 0 1 0 7.5 7.5Z',
  sun: 'M10 12.75a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5ZM10 3v1.5M10 15.5V17M3 10h1.5M15.5 10H17M5.05 5.05l1.05 1.05M13.9 13.9l1.05 1.05M14.95 5.05 13.9 6.1M6.1 13.9l-1.05 1.05',
  person: 'M10 9.75a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4 16.75v-.5a4 4 0 0 1 4-4h4a4 4 0 0 1 4 4v.5',
  wire: 'M2 13.5h4.5v-7h7v7H18',
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
