/** Short notices over the conversation; the store takes them away again. The offer of notifications stands among them. */
import type { JSX } from 'preact';
import type { Toast } from '../model.ts';
import { Icon } from './icons.tsx';
import { useNotifications } from './notifications.ts';
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
      <NotificationOffer />
    </section>
  );
}

/** Asks once, after the first mention that was missed; the browser's own dialog comes only on a press. */
function NotificationOffer(): JSX.Element | null {
  const { texts, onArrival } = usePage();
  const words = texts.notifications;
  const { offering, answer } = useNotifications(onArrival);
  if (!offering) return null;
  return (
    <div class="toast offer">
      <p>{words.offer}</p>
      <span class="offer-buttons">
        <button type="button" class="text-button" onClick={() => answer(true)}>
          {words.allow}
        </button>
        <button type="button" class="text-button quiet" onClick={() => answer(false)}>
          {words.notNow}
        </button>
      </span>
    </div>
  );
}
