/**
 * The tabs of one browser without a browser: Web Locks and BroadcastChannels between environments on one fake clock. A tab
 * can be closed, killed, or frozen: then it hears nothing, its timers wait, and its lock stays held.
 */
import type { Locks, TabChannel, TabsEnvironment } from '../../src/chat-client/platform.ts';
import type { TransportName } from '../../src/transports/channel.ts';
import type { FakeClock } from './fake-clock.ts';
import { FakeEnvironment, type FakeServer } from './fake-server.ts';

interface Claim {
  readonly tab: FakeTab;
  readonly held: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface OpenChannel {
  readonly tab: FakeTab;
  readonly name: string;
  readonly received: (message: unknown) => void;
}

export class FakeTabs {
  readonly clock: FakeClock;
  readonly channels = new Set<OpenChannel>();
  holder: Claim | undefined;
  readonly queue: Claim[] = [];
  /** Everything that was posted. */
  posted = 0;

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  claim(
    tab: FakeTab,
    steal: boolean,
    signal: AbortSignal | undefined,
    held: () => Promise<void>,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(new Error('AbortError'));
      const claim: Claim = { tab, held, resolve, reject };
      signal?.addEventListener('abort', () => {
        const place = this.queue.indexOf(claim);
        if (place === -1) return;
        this.queue.splice(place, 1);
        reject(new Error('AbortError'));
      });
      if (steal) {
        const old = this.holder;
        this.holder = undefined;
        this.queue.unshift(claim);
        if (old !== undefined) old.tab.run(() => old.reject(new Error('AbortError: stolen')));
      } else {
        this.queue.push(claim);
      }
      this.clock.after(0, () => this.#grant());
    });
  }

  /** The tab is gone, with all that it held. */
  forget(tab: FakeTab): void {
    for (const channel of [...this.channels]) if (channel.tab === tab) this.channels.delete(channel);
    for (const claim of [...this.queue])
      if (claim.tab === tab) this.queue.splice(this.queue.indexOf(claim), 1);
    if (this.holder?.tab === tab) this.#release(this.holder);
  }

  #release(claim: Claim) {
    if (this.holder !== claim) return;
    this.holder = undefined;
    this.clock.after(0, () => this.#grant());
  }

  #grant() {
    if (this.holder !== undefined) return;
    const next = this.queue.shift();
    if (next === undefined) return;
    this.holder = next;
    next.tab.run(() => {
      next.held().then(
        () => {
          this.#release(next);
          next.resolve();
        },
        (error: Error) => {
          this.#release(next);
          next.reject(error);
        },
      );
    });
  }
}

let tabCount = 0;

export class FakeTab extends FakeEnvironment implements TabsEnvironment {
  readonly #tabs: FakeTabs;
  readonly #name: string;
  #nonces = 0;
  /** What is to be done after the thaw: timers first, the worst order that there can be. */
  #waiting: { readonly timers: (() => void)[]; readonly others: (() => void)[] } | undefined;
  #gone = false;
  /** Milliseconds that every timer takes at least, as in a hidden tab. */
  slowTimers = 0;

  constructor(tabs: FakeTabs, server: FakeServer, ...names: TransportName[]) {
    super(server, ...names);
    this.#tabs = tabs;
    tabCount += 1;
    this.#name = `tab-${tabCount}`;
  }

  readonly locks: Locks = {
    request: (_, { steal = false, signal }, held) => this.#tabs.claim(this, steal, signal, held),
  };

  readonly openChannel = (name: string, received: (message: unknown) => void): TabChannel => {
    const channel: OpenChannel = { tab: this, name, received };
    this.#tabs.channels.add(channel);
    return {
      post: (message) => {
        if (this.#gone) return;
        this.#tabs.posted += 1;
        const copy: unknown = structuredClone(message);
        this.#tabs.clock.after(1, () => {
          for (const other of [...this.#tabs.channels]) {
            if (other !== channel && other.name === name) {
              other.tab.run(() => {
                if (this.#tabs.channels.has(other)) other.received(copy);
              });
            }
          }
        });
      },
      close: () => void this.#tabs.channels.delete(channel),
    };
  };

  override after = (milliseconds: number, callback: () => void): (() => void) => {
    let cancelled = false;
    const cancel = this.#tabs.clock.after(Math.max(milliseconds, this.slowTimers), () =>
      this.run(() => {
        if (!cancelled) callback();
      }, true),
    );
    return () => {
      cancelled = true;
      cancel();
    };
  };

  nonce = (): string => {
    this.#nonces += 1;
    return `${this.#name}-${this.#nonces}`;
  };

  /** Runs in this tab: now, after the thaw when it is frozen, never when it is gone. */
  run(task: () => void, isTimer = false): void {
    if (this.#gone) return;
    if (this.#waiting === undefined) task();
    else (isTimer ? this.#waiting.timers : this.#waiting.others).push(task);
  }

  get frozen(): boolean {
    return this.#waiting !== undefined;
  }

  freeze(): void {
    this.#waiting ??= { timers: [], others: [] };
  }

  thaw(): void {
    const { timers = [], others = [] } = this.#waiting ?? {};
    this.#waiting = undefined;
    for (const task of [...timers, ...others]) this.run(task);
  }

  /** The process of the tab is gone, without a word. */
  kill(): void {
    this.#gone = true;
    this.#tabs.forget(this);
  }
}
