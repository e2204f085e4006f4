/** The list of keys. */
import type { JSX } from 'preact';
import { Icon } from './icons.tsx';
import { Dialog } from './layers.tsx';
import { usePage } from './page.ts';

/** ⌘ where the keyboard has it. */
const command = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘' : 'Ctrl';

export function KeysHelp({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const { texts } = usePage();
  const words = texts.keys;
  const list: readonly (readonly [readonly string[], string])[] = [
    [['Enter'], words.send],
    [['Shift', 'Enter'], words.newLine],
    [[command, 'K'], words.focusComposer],
    [['↑', '↓'], words.moveInMessages],
    [['Page Up'], words.older],
    [['End'], words.newest],
    [['←', '→'], words.viewer],
    [['Esc'], words.closeLayer],
    [['?'], words.listKeys],
  ];
  return (
    <Dialog label={words.heading} look="panel" onClose={onClose}>
      <PanelHead title={words.heading} onClose={onClose} />
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
