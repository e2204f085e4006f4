/** What is on its way: quiet while it waits or goes out, plain about it when it fails. */
import type { JSX } from 'preact';
import type { Outgoing } from '../model.ts';
import { failureText } from '../texts.ts';
import { Icon } from './icons.tsx';
import { boxOf } from './message.tsx';
import { usePage } from './page.ts';
import { TextBody } from './rich-text.tsx';

interface OutgoingBodyProps {
  readonly item: Outgoing;
  readonly connected: boolean;
}

export function OutgoingBody({ item, connected }: OutgoingBodyProps): JSX.Element {
  const { content, status } = item;
  return (
    <div class={`outgoing ${status}`}>
      {content.type === 'text' ? <TextBody text={content.text} /> : <OutgoingImage item={item} />}
      {status === 'failed' ? <Failed item={item} /> : <Underway item={item} connected={connected} />}
    </div>
  );
}

function Underway({ item, connected }: OutgoingBodyProps): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.outgoing;
  const text =
    item.status === 'uploading' && item.progress !== undefined
      ? words.uploading(item.progress)
      : item.status === 'sending'
        ? words.sending
        : connected
          ? words.pending
          : words.waitingForConnection;
  return (
    <p class={item.status === 'sending' || (item.status === 'pending' && connected) ? 'state late' : 'state'}>
      <Icon name="clock" size={16} />
      <span class="figure">{text}</span>
      {item.status === 'uploading' || item.status === 'pending' ? (
        <button type="button" class="text-button" onClick={() => actions.discard(item.nonce)}>
          {item.status === 'uploading' ? words.cancelUpload : words.discard}
        </button>
      ) : null}
    </p>
  );
}

function Failed({ item }: { readonly item: Outgoing }): JSX.Element {
  const { texts, actions } = usePage();
  const words = texts.outgoing;
  const { content } = item;
  return (
    <div class="state failed">
      <p>
        <Icon name="warning" size={16} />
        <span>
          <strong>{words.failed}.</strong>{' '}
          {item.failure === undefined ? null : failureText(texts, item.failure)}
        </span>
      </p>
      <p class="state-actions">
        <button type="button" class="text-button" onClick={() => actions.retry(item.nonce)}>
          {words.retry}
        </button>
        {content.type === 'text' ? (
          <button
            type="button"
            class="text-button"
            onClick={() => void navigator.clipboard?.writeText(content.text).catch(() => undefined)}
          >
            {words.copy}
          </button>
        ) : null}
        <button type="button" class="text-button" onClick={() => actions.discard(item.nonce)}>
          {words.discard}
        </button>
      </p>
    </div>
  );
}

function OutgoingImage({ item }: { readonly item: Outgoing }): JSX.Element | null {
  const { texts } = usePage();
  if (item.content.type !== 'image') return null;
  const { file } = item.content;
  const box = boxOf(file.width ?? 240, file.height ?? 160);
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
          alt={texts.outgoing.imageNamed(file.name)}
          width={box.width}
          height={box.height}
          draggable={false}
        />
      )}
      {item.status === 'uploading' ? (
        <progress
          class="progress"
          max={1}
          value={item.progress ?? 0}
          aria-label={texts.outgoing.uploading(item.progress ?? 0)}
        />
      ) : null}
    </div>
  );
}
