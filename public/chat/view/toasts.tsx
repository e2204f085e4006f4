/** Short notices over the conversation; the store takes them away again. */
import type { JSX } from 'preact';
import type { Toast } from '../model.ts';
import { Icon } from './icons.tsx';
import { usePage } from './page.ts';
import { withShortName } from './short-name.ts';

export function Toasts({ toasts }: { readonly toasts: readonly Toast[] }): JSX.Element {
  const { texts, actions } = usePage();
  return (
    <section class="toasts" aria-label={texts.toast.region} aria-live="polite">
      {toasts.map((toast) => (
        <div key={toast.key} class={`toast ${toast.tone}`}>
          {toast.tone === 'error' ? <Icon name="warning" size={16} /> : null}
          <p>{texts.toast.text(withShortName(toast.text))}</p>
          <button
            type="button"
            class="icon-button small"
            aria-label={texts.toast.dismiss}
            onClick={() => actions.dismissToast(toast.key)}
          >
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </section>
  );
}
