/** The conversation as a place to drop files on; while something hangs over it, it says what may be dropped. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { maximumImageLength } from '../../../src/chat/events.ts';
import { Icon } from './icons.tsx';
import { usePage } from './page.ts';
import { useWords } from './words.ts';

interface DropZoneProps {
  readonly onFiles: (files: readonly File[]) => void;
  readonly limit: number | undefined;
  /** Whether files are taken here at all. */
  readonly active: boolean;
  readonly children: ComponentChildren;
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') ?? false;
}

export function DropZone({ onFiles, limit, active, children }: DropZoneProps): JSX.Element {
  const { texts } = usePage();
  const words = useWords().composer;
  const [over, setOver] = useState(false);

  useEffect(() => {
    // A file dropped beside the conversation must not replace the page.
    const keep = (event: DragEvent): void => {
      if (carriesFiles(event)) event.preventDefault();
    };
    window.addEventListener('dragover', keep);
    window.addEventListener('drop', keep);
    return () => {
      window.removeEventListener('dragover', keep);
      window.removeEventListener('drop', keep);
    };
  }, []);

  return (
    <main
      class="conversation"
      onDragEnter={(event) => {
        if (active && carriesFiles(event)) setOver(true);
      }}
      onDragLeave={(event) => {
        const inside =
          event.relatedTarget instanceof Node && event.currentTarget.contains(event.relatedTarget);
        if (!inside) setOver(false);
      }}
      onDrop={(event) => {
        setOver(false);
        if (!active || !carriesFiles(event)) return;
        event.preventDefault();
        onFiles([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      {children}
      {over ? (
        <div class="drop-overlay" aria-hidden="true">
          <div class="drop-frame">
            <Icon name="image" size={40} />
            <p class="drop-title">{words.dropHere}</p>
            <p>{words.imageRule(texts.format.octets(limit ?? maximumImageLength))}</p>
          </div>
        </div>
      ) : null}
    </main>
  );
}
