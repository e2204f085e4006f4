/** A store on a fake tab, a fake network and a fake clock, for the tests of the page's behaviour. */
import type { ChatState, ChatStore } from '../../public/chat/model.ts';
import { createStore } from '../../public/chat/store.ts';
import { FakeBrowser, FakeTab } from './fake-browser.ts';
import { FakeChat } from './fake-chat.ts';
import { FakeClock } from './fake-clock.ts';

export interface Page {
  readonly tab: FakeTab;
  readonly store: ChatStore;
  readonly actions: ChatStore['actions'];
  readonly state: () => ChatState;
  /** Writes and sends, as a person does. */
  readonly say: (text: string) => void;
  /** The tab goes: with a word to the page, or without one, as in a crash. */
  readonly close: (how?: 'politely' | 'crashed') => void;
}

export class World {
  readonly clock = new FakeClock();
  readonly chat = new FakeChat(this.clock);
  readonly browser: FakeBrowser;

  /** @param sharing whether the tabs of the browser share a connection */
  constructor(sharing = false) {
    this.browser = new FakeBrowser(this.clock, sharing);
  }

  /** Opens a tab. @param reloaded the page that was in this tab before */
  open(reloaded?: Page, browser = this.browser, address = ''): Page {
    const tab = new FakeTab(browser, this.chat, reloaded?.tab, address);
    const store = createStore(tab);
    return {
      tab,
      store,
      actions: store.actions,
      state: store.getState,
      say: (text) => {
        store.actions.setDraft({ text });
        store.actions.sendDraft();
      },
      close: (how = 'politely') => {
        if (how === 'politely') tab.signal('leaving');
        // A crash cuts off everything at once; otherwise what was begun is done.
        tab.isCrashed = how === 'crashed';
        if (tab.isCrashed) tab.end();
        store.dispose();
        tab.end();
      },
    };
  }

  /** A tab in which somebody has signed in; of the one browser, unless it is another person's. */
  async enter(name = 'Ada', browser = this.browser): Promise<Page> {
    const page = this.open(undefined, browser);
    await this.clock.advanceUntil(() => page.state().connection.status === 'open');
    page.actions.signIn({ name });
    await this.ready(page);
    return page;
  }

  /** Waits until a page shows its room. */
  async ready(page: Page): Promise<void> {
    await this.clock.advanceUntil(
      () => page.state().phase === 'chatting' && page.state().conversation.status === 'ready',
    );
    // The heartbeat that measures the first round trip is answered too.
    await this.clock.advance(20);
  }
}

/** The conversation in a line: texts, `[image]`, `[deleted]`, `+Mei` for who joined. */
export function outline({ conversation }: ChatState): string[] {
  return conversation.timeline.map((line) => {
    if (line.kind === 'notice') return `${line.item.type === 'joined' ? '+' : '*'}${line.item.author.name}`;
    const { content } = line.message;
    return content.type === 'text' ? content.text : `[${content.type}]`;
  });
}

/** What was said, without the notices. */
export function said(state: ChatState): string[] {
  return outline(state).filter((line) => !/^[+*]/.test(line));
}

/** The outbox in a line: `pending a`, `uploading [image] 50%`. */
export function unsent({ outbox }: ChatState): string[] {
  return outbox.map(({ status, command, progress }) => {
    const share = progress === undefined ? '' : ` ${Math.round(progress * 100)}%`;
    const what = command.type === 'text' ? command.text : `[${command.type}]`;
    return `${status} ${what}${share}`;
  });
}
