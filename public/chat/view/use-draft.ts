/**
 * The draft of the room that is shown, as the message field holds it. The field has its own copy of the text, so that
 * no key stroke waits for the store; a text that the store puts there (an edit, a sent message) replaces it. What was
 * begun before an edit comes back when the edit is over.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ChatState, Draft } from '../model.ts';
import { usePage } from './page.ts';

const empty: Draft = { text: '', replyTo: undefined, editing: undefined };

export function useDraft({ drafts, conversation }: ChatState): {
  readonly draft: Draft;
  readonly text: string;
  readonly setText: (text: string) => void;
} {
  const { actions } = usePage();
  const draft = drafts[conversation.room] ?? empty;
  const [text, setOwn] = useState(draft.text);
  /** What the store last had. When it has something else than that and than what was said to it, it means it. */
  const known = useRef(draft.text);
  let shown = text;
  if (draft.text !== known.current) {
    known.current = draft.text;
    if (draft.text !== text) {
      shown = draft.text;
      setOwn(shown);
    }
  }
  const editing = draft.editing !== undefined;
  const wasEditing = useRef(editing);
  const begun = useRef(editing ? '' : draft.text);
  if (!editing && !wasEditing.current) begun.current = shown;
  // When an edit ends, and only then
  useEffect(() => {
    if (wasEditing.current && !editing && shown === '' && begun.current !== '')
      actions.setDraft({ text: begun.current });
    wasEditing.current = editing;
  }, [editing]);
  return {
    draft,
    text: shown,
    setText(next) {
      known.current = next;
      setOwn(next);
      actions.setDraft({ text: next });
    },
  };
}
