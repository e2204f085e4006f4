/**
 * The message field: grows from one to eight lines, Enter sends, files can be picked, pasted or dropped, emoji go in
 * at the caret. What is typed is kept here, whatever the connection does.
 */
import type { JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { imageTypes, maximumImageLength, maximumTextLength } from '../../../src/chat/events.ts';
import type { ChatState } from '../model.ts';
import { EmojiPanel } from './emoji-panel.tsx';
import { Icon } from './icons.tsx';
import { messageFieldId, usePage } from './page.ts';

/** The counter appears when fewer characters than this are left. */
const counterFrom = 200;

interface ComposerProps {
  readonly state: ChatState;
  readonly onSent: () => void;
}

export function Composer({ state, onSent }: ComposerProps): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.composer;
  const [text, setText] = useState('');
  const [picking, setPicking] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const emojiButton = useRef<HTMLButtonElement>(null);
  /** Where the caret goes once the text below has been drawn. */
  const caret = useRef<number | undefined>(undefined);

  const limit = state.limits?.textLength ?? maximumTextLength;
  const left = limit - text.length;
  const tooLong = left < 0;
  const sendable = text.trim() !== '' && !tooLong;
  const offline = state.connection.status !== 'open' && state.connection.status !== 'connecting';

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

  const send = (): void => {
    if (!sendable) return;
    actions.sendText(text);
    setText('');
    onSent();
    field.current?.focus();
  };
  const sendFiles = (picked: readonly File[]): void => {
    if (picked.length === 0) return;
    actions.sendImages(picked);
    onSent();
  };
  const insert = (emoji: string, keepOpen: boolean): void => {
    const area = field.current;
    if (area === null) return;
    const start = area.selectionStart;
    caret.current = start + emoji.length;
    setText(area.value.slice(0, start) + emoji + area.value.slice(area.selectionEnd));
    if (!keepOpen) closePicker();
  };
  const closePicker = (): void => {
    setPicking(false);
    field.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    // 229: Safari ends a composition before the key that ended it.
    if (event.key !== 'Enter' || event.shiftKey || event.altKey || event.isComposing || event.keyCode === 229)
      return;
    event.preventDefault();
    send();
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
      <div class={tooLong ? 'field too-long' : 'field'}>
        <button
          type="button"
          class="icon-button"
          aria-label={words.attach}
          title={`${words.attach}. ${words.imageRule(state.limits?.imageLength ?? maximumImageLength)}`}
          onClick={() => files.current?.click()}
        >
          <Icon name="plus" />
        </button>
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
          aria-label={words.label(state.room)}
          aria-describedby="composer-hint"
          aria-invalid={tooLong ? true : undefined}
          placeholder={offline ? words.placeholderOffline : words.placeholder(state.room)}
          enterkeyhint="send"
          autocomplete="off"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
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
          aria-label={words.send}
          title={words.send}
          aria-disabled={!sendable}
        >
          <Icon name="send" />
        </button>
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
        {words.hint}
      </p>
      {left < counterFrom ? (
        <p class={tooLong ? 'counter figure bad' : 'counter figure'} role="status">
          {tooLong ? `${words.charactersLeft(left)}. ${words.tooLong(limit)}` : words.charactersLeft(left)}
        </p>
      ) : null}
    </form>
  );
}
