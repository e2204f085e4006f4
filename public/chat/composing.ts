/** What a person says: the draft of the room that is shown, and the pictures they pick, each looked at before it is sent. */
import { type Message, maximumImageLength, maximumTextLength } from '../../src/chat/events.ts';
import type { Courier } from './courier.ts';
import { type Drafts, emptyDraft } from './drafts.ts';
import { judgeFile } from './files.ts';
import type { PickedFile } from './model.ts';
import type { Environment } from './platform.ts';
import type { StoreCell, Toaster } from './state.ts';

export interface ComposingDependencies {
  readonly environment: Environment;
  readonly cell: StoreCell;
  readonly toaster: Toaster;
  readonly courier: Courier;
  readonly drafts: Drafts;
  /** Shows where a new message will be. */
  jumpToNewest(): void;
}

export interface Composing {
  sendDraft(): void;
  sendImages(files: readonly PickedFile[]): void;
  dispose(): void;
}

export function createComposing(dependencies: ComposingDependencies): Composing {
  const { environment, cell, toaster, courier, drafts } = dependencies;
  /** Files are looked at one after another, so that pictures keep the order in which they were picked. */
  let looking: Promise<void> = Promise.resolve();
  let disposed = false;

  async function look(file: PickedFile, room: string, replyTo: Message | undefined) {
    const author = cell.get().me?.id;
    const verdict = await judgeFile(file, cell.get().limits?.imageLength ?? maximumImageLength);
    if (disposed) return;
    if ('problem' in verdict) return toaster.show(verdict.problem);
    const url = environment.objectUrl(file);
    const size = await environment.measure(url);
    // Somebody who has logged out meanwhile sends nothing any more.
    if (disposed || author === undefined || cell.get().me?.id !== author) {
      return environment.revokeObjectUrl(url);
    }
    const shown = { name: file.name, length: file.size, url, width: size?.width, height: size?.height };
    void courier.add(room, { type: 'image', file: shown, image: undefined, replyTo }, file);
  }

  return {
    sendDraft() {
      const { me, limits, conversation, drafts: all } = cell.get();
      const { room, hasNewer } = conversation;
      const { text: written, replyTo, editing } = all[room] ?? emptyDraft;
      if (me === undefined || written.trim() === '') return;
      if (written.length > (limits?.textLength ?? maximumTextLength)) return;
      const text = written.toWellFormed();
      cell.batch(() => {
        if (editing === undefined) {
          drafts.sent(room, courier.add(room, { type: 'text', text, replyTo }));
          if (hasNewer) dependencies.jumpToNewest();
          return;
        }
        const isSame = editing.content.type === 'text' && editing.content.text === text;
        drafts.sent(
          room,
          isSame ? Promise.resolve() : courier.add(room, { type: 'edit', target: editing, text }),
        );
      });
    },
    sendImages(files) {
      const { me, conversation, drafts: all } = cell.get();
      if (me === undefined || files.length === 0) return;
      const { room } = conversation;
      const replyTo = all[room]?.replyTo;
      // The first of them is the answer.
      for (const [index, file] of files.entries()) {
        looking = looking.then(() => look(file, room, index === 0 ? replyTo : undefined));
      }
      if (replyTo !== undefined) drafts.change(room, { replyTo: undefined });
    },
    dispose() {
      disposed = true;
    },
  };
}
