/** A browser's tab without a browser, on the fake clock: what `browserEnvironment()` is on a real page. */
import type { PickedFile } from '../../public/chat/model.ts';
import type {
  Environment,
  PageSignal,
  PixelSize,
  Socket,
  SocketHandlers,
  UploadHandlers,
} from '../../public/chat/platform.ts';
import type { KeyValueStore } from '../../public/chat/stored.ts';
import { seededRandom } from '../support/chopping.ts';
import type { FakeClock } from './fake-clock.ts';
import { FakeStorage } from './fake-storage.ts';

/** What tabs of one browser share: the storage, and the news of its changes. */
export class FakeBrowser {
  readonly clock: FakeClock;
  readonly storage = new FakeStorage();
  readonly tabs = new Set<FakeTab>();

  constructor(clock: FakeClock) {
    this.clock = clock;
  }

  /** Every tab but the writer hears of a change, a moment later. */
  readonly tell = (key: string | undefined, except?: FakeTab): void => {
    this.clock.after(0, () => {
      for (const tab of this.tabs) {
        if (tab !== except) for (const listener of [...tab.storageListeners]) listener(key);
      }
    });
  };
}

export interface FakeUpload {
  readonly file: PickedFile;
  readonly token: string;
  readonly handlers: UploadHandlers;
  cancelled: boolean;
}

let tabCount = 0;

export class FakeTab implements Environment {
  readonly browser: FakeBrowser;
  readonly tabStorage: FakeStorage;
  readonly storage: KeyValueStore;
  readonly storageListeners = new Set<(key: string | undefined) => void>();
  readonly #signalListeners = new Set<(signal: PageSignal) => void>();
  readonly uploads: FakeUpload[] = [];
  readonly objectUrls = new Set<string>();
  #connect: (handlers: SocketHandlers) => Socket;
  isOnline = true;
  /** Answer of `measure`, and of `languages`. */
  size: PixelSize | undefined = { width: 640, height: 480 };
  preferred: readonly string[] = ['en'];
  random: () => number;
  #nonces = 0;
  readonly #number: number;

  /** @param reloaded the tab that was here before: its tab storage stays */
  constructor(browser: FakeBrowser, connect: (handlers: SocketHandlers) => Socket, reloaded?: FakeTab) {
    this.browser = browser;
    this.storage = sharedStorage(browser, this);
    this.tabStorage = reloaded?.tabStorage ?? new FakeStorage();
    this.#connect = connect;
    tabCount += 1;
    this.#number = tabCount;
    this.random = seededRandom(1);
    browser.tabs.add(this);
  }

  openSocket = (handlers: SocketHandlers): Socket => this.#connect(handlers);
  now = (): number => this.browser.clock.time;
  after = (milliseconds: number, callback: () => void): (() => void) =>
    this.browser.clock.after(milliseconds, callback);
  languages = (): readonly string[] => this.preferred;
  online = (): boolean => this.isOnline;

  nonce = (): string => {
    this.#nonces += 1;
    return `nonce-${this.#number}-${this.#nonces}`.padEnd(32, '_');
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
    for (const listener of [...this.#signalListeners]) listener(signal);
  }

  upload = (file: PickedFile, token: string, handlers: UploadHandlers): (() => void) => {
    const upload = { file, token, handlers, cancelled: false };
    this.uploads.push(upload);
    return () => {
      upload.cancelled = true;
    };
  };

  objectUrl = (file: PickedFile): string => {
    const url = `blob:${file.name}`;
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
