/** A browser's tab without a browser, on the fake clock: what `browserEnvironment()` is on a real page. */
import type { PickedFile, WireTick } from '../../public/chat/model.ts';
import type { Environment, HttpAnswer, PixelSize, UploadHandlers } from '../../public/chat/platform.ts';
import type { KeyValueStore } from '../../public/chat/stored.ts';
import type { Carriers, Locks, PageSignal, TabChannel } from '../../src/chat-client/platform.ts';
import { seededRandom } from '../support/chopping.ts';
import type { FakeChat } from './fake-chat.ts';
import type { FakeClock } from './fake-clock.ts';
import { FakeDatabase } from './fake-database.ts';
import { FakeStorage } from './fake-storage.ts';

/** What tabs of one browser share: storage, database, cookie, locks and channels. */
export class FakeBrowser {
  readonly clock: FakeClock;
  readonly storage = new FakeStorage();
  readonly database: FakeDatabase;
  readonly tabs = new Set<FakeTab>();
  /** Milliseconds until what a tab tells the others is heard. */
  channelLatency = 0;
  /** The token in the cookie. */
  cookie: string | undefined;
  /** Whether tabs can share a connection. Without locks each has its own. */
  readonly hasLocks: boolean;
  readonly #held = new Map<string, () => void>();
  readonly #waiting: { readonly name: string; readonly begin: () => void }[] = [];

  constructor(clock: FakeClock, hasLocks = false) {
    this.clock = clock;
    this.hasLocks = hasLocks;
    this.database = new FakeDatabase(clock);
  }

  /** Every tab but the writer hears of a change, a moment later. */
  readonly tell = (key: string | undefined, except?: FakeTab): void => {
    this.clock.after(0, () => {
      for (const tab of this.tabs) {
        if (tab !== except) for (const listener of [...tab.storageListeners]) listener(key);
      }
    });
  };

  /** Locks that a tab loses when it goes. */
  locksFor(tab: FakeTab): Locks {
    return {
      request: (name, { signal }, held) =>
        new Promise((resolve, reject) => {
          const begin = () => {
            let over = false;
            const release = () => {
              if (over) return;
              over = true;
              this.#held.delete(name);
              this.#grant();
              resolve(undefined);
            };
            this.#held.set(name, release);
            tab.ends.add(release);
            this.clock.after(0, () => {
              if (!over) void held().then(release);
            });
          };
          const entry = { name, begin };
          const leave = () => {
            const index = this.#waiting.indexOf(entry);
            if (index >= 0) this.#waiting.splice(index, 1);
          };
          signal?.addEventListener('abort', () => {
            leave();
            reject(new Error('aborted'));
          });
          tab.ends.add(leave);
          this.#waiting.push(entry);
          this.#grant();
        }),
    };
  }

  #grant() {
    for (const entry of [...this.#waiting]) {
      if (this.#held.has(entry.name)) continue;
      this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      entry.begin();
    }
  }
}

export interface FakeUpload {
  readonly file: PickedFile;
  readonly handlers: UploadHandlers;
  cancelled: boolean;
}

let tabCount = 0;

export class FakeTab implements Environment {
  readonly browser: FakeBrowser;
  readonly tabStorage: FakeStorage;
  readonly storage: KeyValueStore;
  readonly database: Environment['database'];
  readonly carriers: Carriers;
  readonly locks: Locks | undefined;
  readonly storageListeners = new Set<(key: string | undefined) => void>();
  readonly #signalListeners = new Set<(signal: PageSignal) => void>();
  readonly #addressListeners = new Set<() => void>();
  readonly #channels = new Set<{ readonly name: string; readonly received: (message: unknown) => void }>();
  /** What is done when the tab goes, however it does. */
  readonly ends = new Set<() => void>();
  readonly uploads: FakeUpload[] = [];
  readonly objectUrls = new Set<string>();
  readonly frameListeners = new Set<(tick: WireTick) => void>();
  readonly #chat: FakeChat;
  isOnline = true;
  isVisible = true;
  isAlive = true;
  /** What it had begun to write is lost. */
  isCrashed = false;
  /** Answer of `measure`, and of `languages`. */
  size: PixelSize | undefined = { width: 640, height: 480 };
  preferred: readonly string[] = ['en'];
  random: () => number = seededRandom(1);
  /** The addresses that were shown, the present one last. */
  history: string[];
  #nonces = 0;
  #urls = 0;
  readonly #number: number;

  /** @param reloaded the tab that was here before: its tab storage and its address stay */
  constructor(browser: FakeBrowser, chat: FakeChat, reloaded?: FakeTab, address = '') {
    this.browser = browser;
    this.#chat = chat;
    this.storage = sharedStorage(browser, this);
    this.tabStorage = reloaded?.tabStorage ?? new FakeStorage();
    this.history = [reloaded?.address() ?? address];
    this.database = browser.database.open(() => !this.isCrashed);
    this.carriers = { websocket: (handlers) => chat.connect(handlers, () => browser.cookie, this) };
    this.locks = browser.hasLocks ? browser.locksFor(this) : undefined;
    tabCount += 1;
    this.#number = tabCount;
    browser.tabs.add(this);
  }

  now = (): number => this.browser.clock.time;
  after = (milliseconds: number, callback: () => void): (() => void) => {
    const cancel = this.browser.clock.after(milliseconds, () => {
      if (this.isAlive) callback();
    });
    return cancel;
  };
  languages = (): readonly string[] => this.preferred;
  online = (): boolean => this.isOnline;
  visible = (): boolean => this.isVisible;

  nonce = (): string => {
    this.#nonces += 1;
    return `nonce-${this.#number}-${String(this.#nonces).padStart(5, '0')}`.padEnd(32, '_');
  };

  ask = async (method: string, path: string, body: unknown): Promise<HttpAnswer | undefined> => {
    const answer = await this.#chat.ask(this.browser, method, path, body);
    return this.isAlive ? answer : new Promise(() => {});
  };

  openChannel = (name: string, received: (message: unknown) => void): TabChannel => {
    const mine = { name, received };
    this.#channels.add(mine);
    return {
      post: (message) => {
        for (const tab of this.browser.tabs) {
          for (const other of tab.#channels) {
            if (other === mine || other.name !== name) continue;
            this.browser.clock.after(this.browser.channelLatency, () => {
              if (tab.isAlive && tab.#channels.has(other)) other.received(message);
            });
          }
        }
      },
      close: () => this.#channels.delete(mine),
    };
  };

  address = (): string => this.history.at(-1) ?? '';
  replaceAddress = (address: string): void => {
    this.history[this.history.length - 1] = address;
  };
  pushAddress = (address: string): void => {
    this.history.push(address);
  };
  onAddress = (listener: () => void): (() => void) => {
    this.#addressListeners.add(listener);
    return () => this.#addressListeners.delete(listener);
  };
  /** The person goes to another address by hand. */
  visit(address: string): void {
    this.history.push(address);
    for (const listener of [...this.#addressListeners]) listener();
  }

  watchFrames = (_connection: string, listener: (tick: WireTick) => void): (() => void) => {
    this.frameListeners.add(listener);
    return () => this.frameListeners.delete(listener);
  };

  onStorage = (listener: (key: string | undefined) => void): (() => void) => {
    this.storageListeners.add(listener);
    return () => this.storageListeners.delete(listener);
  };

  onSignal = (listener: (signal: PageSignal) => void): (() => void) => {
    this.#signalListeners.add(listener);
    return () => this.#signalListeners.delete(listener);
  };

  signal(signal: PageSignal): void {
    if (signal === 'online') this.isOnline = true;
    if (signal === 'offline') this.isOnline = false;
    if (signal === 'visible') this.isVisible = true;
    for (const listener of [...this.#signalListeners]) listener(signal);
  }

  /** The tab is gone, with all that it had begun. */
  end(): void {
    this.isAlive = false;
    this.browser.tabs.delete(this);
    this.#channels.clear();
    for (const end of this.ends) end();
  }

  upload = (file: PickedFile, handlers: UploadHandlers): (() => void) => {
    const upload = { file, handlers, cancelled: false };
    this.uploads.push(upload);
    return () => {
      upload.cancelled = true;
    };
  };

  objectUrl = (file: PickedFile): string => {
    this.#urls += 1;
    const url = `blob:${file.name}-${this.#urls}`;
    this.objectUrls.add(url);
    return url;
  };

  revokeObjectUrl = (url: string): void => {
    this.objectUrls.delete(url);
  };

  measure = async (): Promise<PixelSize | undefined> => this.size;
}

function sharedStorage({ storage, tell }: FakeBrowser, tab: FakeTab): KeyValueStore {
  return {
    get length() {
      return storage.length;
    },
    key: (index) => storage.key(index),
    getItem: (key) => storage.getItem(key),
    setItem(key, value) {
      const changed = storage.getItem(key) !== value;
      storage.setItem(key, value);
      if (changed) tell(key, tab);
    },
    removeItem(key) {
      const changed = storage.getItem(key) !== null;
      storage.removeItem(key);
      if (changed) tell(key, tab);
    },
  };
}

/** A file that begins with these octets. */
export function fakeFile(name: string, octets: readonly number[], size = 1000): PickedFile {
  const head = Uint8Array.from({ length: Math.min(size, 128) }, (_, index) => octets[index] ?? 0);
  return {
    name,
    size,
    slice: (start, end) => ({ arrayBuffer: async () => head.slice(start, end).buffer }),
  };
}

export const pngHead = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
