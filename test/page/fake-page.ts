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
  /** The tab goes: with a word to the page, or without one, as in a crash. */
  readonly close: (how?: 'politely' | 'crashed') => void;
}

export class World {
  readonly clock = new FakeClock();
  readonly chat = new FakeChat(this.clock);
  readonly browser = new FakeBrowser(this.clock);

  /** Opens a tab. @param reloaded the page that was in this tab before */
  open(reloaded?: Page, browser = this.browser): Page {
    const tab = new FakeTab(browser, (handlers) => this.chat.connect(handlers), reloaded?.tab);
    const store = createStore(tab);
    return {
      tab,
      store,
      actions: store.actions,
      state: store.getState,
      close: (how = 'politely') => {
        if (how === 'politely') tab.signal('leaving');
        store.dispose();
        browser.tabs.delete(tab);
      },
    };
  }

  /** A tab in which somebody has signed in; of the one browser, unless it is another person's. */
  enter(name = 'Ada', browser = this.browser): Page {
    const page = this.open(undefined, browser);
    page.actions.signIn(name);
    this.clock.advanceUntil(() => page.state().phase === 'chatting');
    // The heartbeat that measures the first round trip is answered too.
    this.clock.advance(20);
    return page;
  }
}

/** The conversation in a line: texts, `[image]`, `gap`, `+Mei`, `-Mei`. */
export function outline({ timeline }: ChatState): string[] {
  return timeline.map((item) => {
    if (item.kind === 'gap') return 'gap';
    if (item.kind !== 'message') return `${item.kind === 'joined' ? '+' : '-'}${item.member.name}`;
    return item.message.content.type === 'text' ? item.message.content.text : '[image]';
  });
}

/** The outbox in a line: `pending a`, `uploading [image] 50%`. */
export function unsent({ outbox }: ChatState): string[] {
  return outbox.map(({ status, content, progress }) => {
    const share = progress === undefined ? '' : ` ${Math.round(progress * 100)}%`;
    return `${status} ${content.type === 'text' ? content.text : '[image]'}${share}`;
  });
}
