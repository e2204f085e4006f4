/**
 * The message field: grows from one to eight lines, answers, edits, completes names and emoji; files can be picked,
 * pasted or dropped. What is typed is the room's draft, which the store keeps whatever the connection does.
 */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import {
  imageTypes,
  maximumImageLength,
  maximumTextLength,
  type RoomSummary,
} from '../../../src/chat/events.ts';
import type { ChatState } from '../model.ts';
import { CompletionList, completionId } from './completion-list.tsx';
import { ComposerBar } from './composer-bar.tsx';
import { ComposerNotes, useHindrance } from './composer-notes.tsx';
import { EmojiPanel } from './emoji-panel.tsx';
import { lastEditable } from './grouping.ts';
import { Icon } from './icons.tsx';
import { hasLayer } from './layers.tsx';
import type { Mentionable } from './markdown.ts';
import { messageFieldId, usePage } from './page.ts';
import { useCompletion } from './use-completion.ts';
import { useDraft } from './use-draft.ts';
import { useWords } from './words.ts';

interface ComposerProps {
  readonly state: ChatState;
  readonly room: RoomSummary | undefined;
  /** What the room is called in a sentence. */
  readonly name: string;
  readonly people: readonly (Mentionable & { readonly hint?: string })[];
  readonly onSent: () => void;
}

export function Composer({ state, room, name, people, onSent }: ComposerProps): JSX.Element {
  const { texts, actions, settingsState } = usePage();
  const words = useWords().composer;
  const { draft, text, setText } = useDraft(state);
  const [picking, setPicking] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const emojiButton = useRef<HTMLButtonElement>(null);
  /** Where the caret goes once the text below has been drawn. */
  const caret = useRef<number | undefined>(undefined);
  const write = (next: string, at: number): void => {
    caret.current = at;
    setText(next);
  };
  const completion = useCompletion({ people, field, text, write });

  const { editing, replyTo } = draft;
  const limit = state.limits?.textLength ?? maximumTextLength;
  const left = limit - text.length;
  const hindrance = useHindrance(state, room);
  const blocked = hindrance?.type === 'muted' || (hindrance?.type === 'wait' && editing === undefined);
  const sendable = text.trim() !== '' && left >= 0 && !blocked;
  const offline = state.connection.status !== 'open' && state.connection.status !== 'connecting';
  const enterSends = settingsState.enterKey === 'send';

  // The height follows the text
  useLayoutEffect(() => {
    const area = field.current;
    if (area === null) return;
    area.style.blockSize = 'auto';
    area.style.blockSize = `${area.scrollHeight}px`;
    if (caret.current !== undefined) {
      area.setSelectionRange(caret.current, caret.current);
      caret.current = undefined;
    }
  }, [text]);
  // To the end of what is to be changed
  useLayoutEffect(() => {
    const area = field.current;
    if (editing !== undefined) area?.setSelectionRange(area.value.length, area.value.length);
  }, [editing?.id]);

  const send = (): void => {
    if (!sendable) return;
    actions.sendDraft();
    completion.close();
    if (editing === undefined) onSent();
    field.current?.focus();
  };
  const sendFiles = (picked: readonly File[]): void => {
    if (picked.length === 0) return;
    actions.sendImages(picked);
    onSent();
  };
  const closePicker = (): void => {
    setPicking(false);
    field.current?.focus();
  };
  const insert = (emoji: string, keepOpen: boolean): void => {
    const area = field.current;
    if (area === null) return;
    const start = area.selectionStart;
    write(area.value.slice(0, start) + emoji + area.value.slice(area.selectionEnd), start + emoji.length);
    if (!keepOpen) closePicker();
  };
  const cancel = (): void => {
    // What is being edited is on the page already; what is being answered with was only written here.
    actions.setDraft(
      editing === undefined ? { replyTo: undefined } : { editing: undefined, replyTo: undefined, text: '' },
    );
    field.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    // 229: Safari ends a composition before the key that ended it.
    if (event.isComposing || event.keyCode === 229) return;
    if (completion.onKeyDown(event)) return;
    if (event.key === 'Enter' && !event.altKey) {
      const command = event.ctrlKey || event.metaKey;
      if (!command && event.shiftKey === enterSends) return;
      event.preventDefault();
      send();
    } else if (event.key === 'Escape' && !hasLayer() && (editing !== undefined || replyTo !== undefined)) {
      event.preventDefault();
      cancel();
    } else if (event.key === 'ArrowUp' && text === '' && !event.shiftKey && editing === undefined) {
      const message = lastEditable(state.conversation.timeline);
      if (message === undefined || message.content.type !== 'text') return;
      event.preventDefault();
      actions.setDraft({ editing: message, replyTo: undefined, text: message.content.text });
    }
  };
  const onPaste = (event: ClipboardEvent): void => {
    const data = event.clipboardData;
    // Word processors put a picture of the text beside the text: then the text is meant.
    if (data === null || data.files.length === 0 || data.types.includes('text/plain')) return;
    event.preventDefault();
    sendFiles([...data.files]);
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class={left < 0 ? 'field too-long' : 'field'}>
        <ComposerBar draft={draft} onCancel={cancel} />
        <div class="field-row">
          {editing === undefined ? (
            <button
              type="button"
              class="icon-button"
              aria-label={words.attach}
              title={`${words.attach}. ${words.imageRule(
                texts.format.octets(state.limits?.imageLength ?? maximumImageLength),
              )}`}
              disabled={hindrance?.type === 'muted'}
              onClick={() => files.current?.click()}
            >
              <Icon name="plus" />
            </button>
          ) : null}
          <input
            ref={files}
            type="file"
            hidden
            multiple
            accept={(state.limits?.imageTypes ?? imageTypes).join(',')}
            onChange={(event) => {
              const input = event.currentTarget;
              sendFiles([...(input.files ?? [])]);
              // Otherwise the same file, picked again, would be no change.
              input.value = '';
            }}
          />
          <textarea
            ref={field}
            id={messageFieldId}
            rows={1}
            aria-label={words.label(name)}
            aria-describedby="composer-hint"
            aria-invalid={left < 0 ? true : undefined}
            aria-autocomplete="list"
            aria-controls={completion.open ? completionId : undefined}
            aria-activedescendant={completion.open ? `${completionId}-${completion.active}` : undefined}
            placeholder={offline ? words.placeholderOffline : words.placeholder(name)}
            enterkeyhint={enterSends ? 'send' : 'enter'}
            autocomplete="off"
            dir="auto"
            class={editing === undefined ? undefined : 'alone'}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyUp={completion.look}
            onClick={completion.look}
            onBlur={completion.close}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
          />
          <button
            ref={emojiButton}
            type="button"
            class="icon-button"
            aria-label={words.emoji}
            title={words.emoji}
            aria-expanded={picking}
            aria-haspopup="dialog"
            onClick={() => (picking ? closePicker() : setPicking(true))}
          >
            <Icon name="smile" />
          </button>
          <button
            type="submit"
            class="icon-button send"
            aria-label={editing === undefined ? words.send : words.save}
            title={editing === undefined ? words.send : words.save}
            aria-disabled={!sendable}
          >
            <Icon name={editing === undefined ? 'send' : 'check'} />
          </button>
        </div>
        {completion.open ? (
          <CompletionList
            suggestions={completion.suggestions}
            active={completion.active}
            label={completion.sign === '@' ? words.people : words.emojiList}
            onActive={completion.setActive}
            onPick={completion.pick}
          />
        ) : null}
        {picking ? (
          <EmojiPanel
            opener={emojiButton}
            onPick={insert}
            onClose={closePicker}
            onLeave={() => setPicking(false)}
          />
        ) : null}
      </div>
      <p id="composer-hint" class="visually-hidden">
        {enterSends ? words.hint : words.hintNewLine}
      </p>
      <p class="visually-hidden" role="status">
        {completion.open ? words.suggestions(completion.suggestions.length) : ''}
      </p>
      <ComposerNotes left={left} limit={limit} hindrance={hindrance} />
    </form>
  );
}
