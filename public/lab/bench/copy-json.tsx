/** Copies text, and shows it to be copied by hand where the page may not: without TLS a browser gives no clipboard. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

export function CopyJson({ json }: { readonly json: string }): JSX.Element {
  const [outcome, setOutcome] = useState<'none' | 'copied' | 'refused'>('none');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(json);
      setOutcome('copied');
    } catch {
      setOutcome('refused');
    }
  };
  return (
    <div class="copy">
      <button type="button" class="button plain" onClick={copy}>
        Copy as JSON
      </button>
      <span role="status" class="quiet">
        {outcome === 'copied' ? 'Copied.' : ''}
        {outcome === 'refused' ? 'The browser does not let this page copy. Take it from here:' : ''}
      </span>
      {outcome === 'refused' ? (
        <textarea
          class="mono"
          readOnly
          rows={8}
          aria-label="The figures as JSON"
          value={json}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
      ) : null}
    </div>
  );
}
