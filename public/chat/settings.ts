/**
 * What a person has set for this browser: theme, language, the Enter key, notifications, the wire. Kept in localStorage, shared by its tabs, and `system`
 * until they choose. The components subscribe; main.tsx puts the outcome on the document.
 */
import * as v from 'valibot';
import { type KeyValueStore, readStored, writeStored } from './stored.ts';
import { chooseLanguage, type Language } from './texts.ts';

export type Theme = 'system' | 'light' | 'dark';
export type LanguageChoice = 'system' | Language;
/** What Enter does in the message field; with Shift it does the other. */
export type EnterKey = 'send' | 'new-line';
/** What is worth a notification of the system while the page is not looked at. Direct messages count as mentions. */
export type NotificationChoice = 'all' | 'mentions' | 'off';

export interface SettingsState {
  readonly theme: Theme;
  readonly languageChoice: LanguageChoice;
  /** The language to show: the choice, or what the browser prefers. */
  readonly language: Language;
  readonly enterKey: EnterKey;
  readonly notifications: NotificationChoice;
  /** Whether the strip draws the wire, or is folded to its words. */
  readonly wire: 'drawn' | 'folded';
  /** Whether the page has offered notifications: it does so once. */
  readonly notificationsOffered: boolean;
}

/** What setChoice takes: everything but the theme and the language, which have their own. */
export type Choices = Pick<SettingsState, 'enterKey' | 'notifications' | 'wire' | 'notificationsOffered'>;

export interface Settings {
  getState(): SettingsState;
  setTheme(theme: Theme): void;
  setLanguage(choice: LanguageChoice): void;
  setChoice(change: Partial<Choices>): void;
  /** Calls back after each change, in this tab or another. @returns what ends the subscription */
  subscribe(listener: () => void): () => void;
  dispose(): void;
}

/** The part of the page's environment that the settings need. */
export interface SettingsEnvironment {
  readonly storage: KeyValueStore;
  /** As `navigator.languages`, read anew on each call. */
  languages(): readonly string[];
  /** Calls back when another tab changed a key, or cleared all (undefined). @returns what ends it */
  onStorage(listener: (key: string | undefined) => void): () => void;
}

export const settingsKey = 'barewire.settings';

const settingsSchema = v.object({
  theme: v.optional(v.picklist(['system', 'light', 'dark']), 'system'),
  language: v.optional(v.picklist(['system', 'en', 'zh']), 'system'),
  enterKey: v.optional(v.picklist(['send', 'new-line']), 'send'),
  notifications: v.optional(v.picklist(['all', 'mentions', 'off']), 'mentions'),
  wire: v.optional(v.picklist(['drawn', 'folded']), 'drawn'),
  notificationsOffered: v.optional(v.boolean(), false),
});
const defaults = v.parse(settingsSchema, {});

export function createSettings(environment: SettingsEnvironment): Settings {
  const listeners = new Set<() => void>();
  let stored: v.InferOutput<typeof settingsSchema> = load();
  let state = derive();

  const stop = environment.onStorage((key) => {
    if (key !== undefined && key !== settingsKey) return;
    stored = load();
    publish();
  });

  function load() {
    return readStored(environment.storage, settingsKey, settingsSchema) ?? defaults;
  }

  function derive(): SettingsState {
    const language = stored.language === 'system' ? chooseLanguage(environment.languages()) : stored.language;
    return { ...stored, languageChoice: stored.language, language };
  }

  function publish() {
    state = derive();
    for (const listener of [...listeners]) listener();
  }

  function set(change: Partial<typeof stored>) {
    stored = { ...stored, ...change };
    writeStored(environment.storage, settingsKey, stored);
    publish();
  }

  return {
    getState: () => state,
    setTheme: (theme) => set({ theme }),
    setLanguage: (choice) => set({ language: choice }),
    setChoice: set,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispose() {
      stop();
      listeners.clear();
    },
  };
}
