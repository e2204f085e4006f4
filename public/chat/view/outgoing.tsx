/** What is on its way: quiet while it waits or goes out, plain about it when it fails. */
import type { JSX } from 'preact';
import type { Command, Outgoing } from '../model.ts';
import { failureText } from '../texts.ts';
import { copyText } from './clipboard.ts';
import { Icon } from './icons.tsx';
import { boxOf } from './image-message.tsx';
import { excerptOf } from './markdown.ts';
import { usePage } from './page.ts';
import { TextBody } from './rich-text.tsx';
import { useWords } from './words.ts';

interface OutgoingBodyProps {
  readonly item: Outgoing;
  readonly connected: boolean;
}

/** A message that is not in the log yet. */
export function OutgoingBody({ item, connected }: OutgoingBodyProps): JSX.Element {
  const { command, status } = item;
  return (
    <div class={`outgoing ${status}`}>
      <div class={command.type === 'image' ? 'bubble bare' : 'bubble'}>
        {command.type === 'text' || command.type === 'image' ? <OutgoingQuote command={command} /> : null}
        {command.type === 'text' ? <TextBody text={command.text} /> : <OutgoingImage item={item} />}
      </div>
      {status === 'failed' ? <Failed item={item} /> : <Underway item={item} connected={connected} />}
    </div>
  );
}

function OutgoingQuote({
  command: { replyTo },
}: {
  readonly command: Extract<Command, { type: 'text' | 'image' }>;
}): JSX.Element | null {
  const words = useWords().message;
  if (replyTo === undefined) return null;
  return (
    <p class="quoted">
      <span class="quoted-author">
        <Icon name="reply" size={16} />
        <span class="ellipsis">{replyTo.author.name}</span>
      </span>
      <span class="quoted-text" dir="auto">
        {replyTo.content.type === 'text' ? excerptOf(replyTo.content.text) : words.imageExcerpt}
      </span>
    </p>
  );
}

function Underway({ item, connected }: OutgoingBodyProps): JSX.Element {
  const { texts, actions } = usePage();
  const words = useWords().outgoing;
  const { status, progress } = item;
  const text =
    status === 'uploading' && progress !== undefined
      ? words.uploading(texts.format.percent(progress))
      : status === 'sending' || status === 'sent'
        ? words.sending
        : connected
          ? words.pending
          : words.waitingForConnection;
  const late = status === 'sending' || status === 'sent' || (status === 'pending' && connected);
  return (
    <p class={late ? 'state late' : 'state'}>
      <Icon name="clock" size={16} />
      <span class="figure">{text}</span>
      {status === 'uploading' || status === 'pending' ? (
        <button type="button" class="text-button" onClick={() => actions.discard(item.nonce)}>
          {status === 'uploading' ? words.cancelUpload : words.discard}
        </button>
      ) : null}
    </p>
  );
}

/** An edit, deletion or reaction that the server refused: which, why, and what to do. */
export function RefusedChange({ item }: { readonly item: Outgoing }): JSX.Element {
  return (
    <li class="run own refused-change" data-key={`nonce-${item.nonce}`}>
      {item.command.type === 'edit' ? (
        <div class="outgoing failed">
          <div class="bubble">
            <TextBody text={item.command.text} />
          </div>
        </div>
      ) : null}
      <Failed item={item} />
    </li>
  );
}

function Failed({ item }: { readonly item: Outgoing }): JSX.Element {
  const { texts, actions } = usePage();
  const words = useWords().outgoing;
  const { command } = item;
  const text = command.type === 'text' || command.type === 'edit' ? command.text : undefined;
  const what = {
    text: words.failed,
    image: words.failed,
    edit: words.editFailed,
    delete: words.deleteFailed,
    reaction: command.type === 'reaction' ? words.reactionFailed(command.emoji) : '',
  }[command.type];
  return (
    <div class="state failed">
      <p>
        <Icon name="warning" size={16} />
        <span>
          <strong>{what}</strong> {item.failure === undefined ? null : failureText(texts, item.failure)}
        </span>
      </p>
      <p class="state-actions">
        <button type="button" class="text-button" onClick={() => actions.retry(item.nonce)}>
          {words.retry}
        </button>
        {text === undefined ? null : (
          <button type="button" class="text-button" onClick={() => void copyText(text, actions)}>
            {words.copy}
          </button>
        )}
        <button type="button" class="text-button" onClick={() => actions.discard(item.nonce)}>
          {words.discard}
        </button>
      </p>
    </div>
  );
}

function OutgoingImage({ item }: { readonly item: Outgoing }): JSX.Element | null {
  const { texts } = usePage();
  const words = useWords().outgoing;
  if (item.command.type !== 'image') return null;
  const { file } = item.command;
  const box = boxOf(file.width ?? 240, file.height ?? 160);
  const progress = item.progress ?? 0;
  return (
    <div
      class="picture loaded"
      style={{ inlineSize: `${box.width}px`, aspectRatio: `${box.width} / ${box.height}` }}
    >
      {file.width === undefined ? (
        <span class="picture-failed">
          <Icon name="image" />
          <span class="ellipsis">{file.name}</span>
        </span>
      ) : (
        <img
          src={file.url}
          alt={words.imageNamed(file.name)}
          width={box.width}
          height={box.height}
          draggable={false}
        />
      )}
      {item.status === 'uploading' ? (
        <progress
          class="progress"
          max={1}
          value={progress}
          aria-label={words.uploading(texts.format.percent(progress))}
        />
      ) : null}
    </div>
  );
}
