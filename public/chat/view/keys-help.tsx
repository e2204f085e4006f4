/** The list of keys. */
import type { JSX } from 'preact';
import { Icon } from './icons.tsx';
import { Dialog } from './layers.tsx';
import { usePage } from './page.ts';

/** ⌘ where the keyboard has it. */
const command = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl';

export function KeysHelp({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const { texts, settingsState } = usePage();
  const words = texts.keys;
  const enterSends = settingsState.enterKey === 'send';
  const parts: readonly (readonly [string, readonly (readonly [readonly string[], string])[]])[] = [
    [
      words.page,
      [
        [[command, 'K'], words.jump],
        [['Esc'], words.closeLayer],
        [['?'], words.listKeys],
      ],
    ],
    [
      words.writing,
      [
        [enterSends ? ['Enter'] : ['Shift', 'Enter'], words.send],
        [enterSends ? ['Shift', 'Enter'] : ['Enter'], words.newLine],
        [['↑'], words.editLast],
      ],
    ],
    [
      words.moving,
      [
        [['↑', '↓'], words.moveInMessages],
        [['Page Up'], words.older],
        [['End'], words.newest],
        [['←', '→'], words.viewer],
      ],
    ],
  ];
  return (
    <Dialog label={words.heading} look="panel" onClose={onClose}>
      <PanelHead title={words.heading} onClose={onClose} />
      {parts.map(([title, list]) => (
        <section key={title}>
          <h3 class="frame-label">{title}</h3>
          <dl class="keys">
            {list.map(([keys, text]) => (
              <div key={text}>
                <dt>{text}</dt>
                <dd>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}

export function PanelHead({
  title,
  onClose,
}: {
  readonly title: string;
  readonly onClose: () => void;
}): JSX.Element {
  const { texts } = usePage();
  return (
    <header class="panel-head">
      <h2>{title}</h2>
      <button type="button" class="icon-button" aria-label={texts.app.close} onClick={onClose}>
        <Icon name="close" />
      </button>
    </header>
  );
}
