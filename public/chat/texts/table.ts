/**
 * The shape of the text table: every word that the chat page shows or says. en.ts and zh.ts each fill it in, so a
 * missing text is a compile error. What depends on a value is a function of that value; a count picks its own
 * plural form. Nothing in here is HTML. The components read it; texts.ts chooses the language.
 */
import type { ErrorCode, Failure } from '../../../src/chat/events.ts';
import type { NameProblem } from '../../../src/chat/names.ts';
import type { TransportName } from '../../../src/transports/channel.ts';
import type { ToastText, WireTick } from '../model.ts';
import type { ConversationTexts } from './conversation-table.ts';
import type { Formats } from './formats.ts';
import type { PanelTexts } from './panels-table.ts';

export type Language = 'en' | 'zh';

export interface Texts extends ConversationTexts, PanelTexts {
  readonly language: Language;
  /** For `<html lang>` and Intl. */
  readonly tag: string;
  /** Dates, times, sizes and counts in this language. */
  readonly format: Formats;

  readonly app: {
    /** `unread` 0 for none. */
    readonly title: (room: string, unread: number) => string;
    readonly skipToMessages: string;
    readonly skipToComposer: string;
    readonly loading: string;
    readonly restoring: string;
    readonly failed: string;
    readonly reload: string;
    readonly close: string;
    readonly cancel: string;
    readonly back: string;
  };

  readonly signIn: {
    readonly heading: string;
    readonly lead: string;
    readonly nameLabel: string;
    readonly placeholder: string;
    readonly hint: string;
    readonly submit: string;
    readonly entering: string;
    readonly waiting: string;
    readonly promise: string;
    readonly problem: Readonly<Record<NameProblem, string>>;
    readonly taken: (name: string) => string;
    readonly useSuggestion: (suggestion: string) => string;
    readonly ended: string;
    readonly invited: string;
    /** In place of the lead, where a name alone does not do. */
    readonly needed: Readonly<Record<'password' | 'invitation' | 'either', string>>;
    readonly kept: (name: string) => string;
    readonly passwordLabel: string;
    readonly serverPasswordLabel: string;
    readonly haveServerPassword: string;
    readonly wrong: Readonly<Record<'name' | 'server', string>>;
    readonly passwordMissing: string;
    readonly showPassword: string;
    readonly hidePassword: string;
  };

  readonly emoji: {
    readonly heading: string;
    readonly loadFailed: string;
    readonly search: string;
    readonly searchHint: string;
    readonly noResults: string;
    readonly loading: string;
    readonly recent: string;
    readonly categories: string;
    readonly emoji: string;
    readonly regionLabel: string;
    readonly chooseSkinTone: (tone: string) => string;
    readonly skinTones: string;
    readonly skinToneHint: string;
    /** Without, then from light to dark. */
    readonly skinToneNames: readonly [string, string, string, string, string, string];
    readonly categoryNames: Readonly<
      Record<
        | 'smileys-emotion'
        | 'people-body'
        | 'animals-nature'
        | 'food-drink'
        | 'travel-places'
        | 'activities'
        | 'objects'
        | 'symbols'
        | 'flags'
        | 'custom',
        string
      >
    >;
  };

  readonly connection: {
    readonly connecting: string;
    readonly reconnecting: string;
    readonly open: string;
    readonly slow: string;
    readonly slowBanner: string;
    readonly offline: string;
    /** The banner: what waits is told too. `waiting` 0 for nothing. */
    readonly offlineBanner: (waiting: number) => string;
    readonly retryIn: (seconds: number) => string;
    readonly lostBanner: (seconds: number, waiting: number) => string;
    readonly restartingBanner: (seconds: number, waiting: number) => string;
    readonly restarting: string;
    readonly tryNow: string;
    readonly stoppedTitle: string;
    readonly stopped: string;
    readonly roundTrip: (milliseconds: number) => string;
    readonly transports: Readonly<Record<TransportName, string>>;
    /** The line under the composer: `12 ms · WebSocket`. */
    readonly stripLine: (roundTripTime: number | undefined, transport: TransportName) => string;
    readonly stripButton: (line: string) => string;
  };

  readonly connectionDetails: {
    readonly heading: string;
    readonly state: string;
    readonly transport: string;
    readonly own: string;
    readonly shared: string;
    readonly about: Readonly<Record<TransportName, string>>;
    readonly roundTripTime: string;
    readonly connectedFor: string;
    readonly sent: string;
    readonly received: string;
    readonly traffic: (messages: number, octets: number) => string;
    readonly resumes: string;
    readonly resumed: (count: number) => string;
    readonly lastClose: string;
    readonly closed: (code: number, reason: string, time: string, transport: string) => string;
    readonly neverClosed: string;
    readonly unknown: string;
    readonly reconnectNow: string;
    readonly legend: string;
    readonly kinds: Readonly<Record<WireTick['kind'], string>>;
    readonly compressed: string;
    readonly draw: string;
    readonly fold: string;
    /** What a close code means, in words. */
    readonly closeMeaning: (code: number) => string;
  };

  readonly menu: {
    readonly label: (name: string) => string;
    readonly theme: string;
    readonly themes: Readonly<Record<'system' | 'light' | 'dark', string>>;
    readonly language: string;
    readonly languages: Readonly<Record<'system' | Language, string>>;
    readonly enterKey: string;
    readonly enterKeys: Readonly<Record<'send' | 'new-line', string>>;
    readonly preferences: string;
    readonly devices: string;
    readonly password: string;
    readonly keys: string;
    readonly logOut: string;
    readonly logOutHint: string;
    readonly logOutWaiting: (count: number) => string;
  };

  readonly keys: {
    readonly heading: string;
    readonly send: string;
    readonly newLine: string;
    readonly closeLayer: string;
    readonly listKeys: string;
    readonly jump: string;
    readonly search: string;
    readonly editLast: string;
    readonly writing: string;
    readonly moving: string;
    readonly page: string;
    readonly emoji: string;
    readonly attach: string;
    readonly people: string;
    readonly older: string;
    readonly newest: string;
    readonly viewer: string;
    readonly moveInMessages: string;
  };

  readonly viewer: {
    readonly label: (author: string, time: string) => string;
    readonly close: string;
    readonly previous: string;
    readonly next: string;
    readonly open: string;
    readonly download: string;
    readonly zoomIn: string;
    readonly zoomOut: string;
    readonly zoomed: (share: number) => string;
    readonly details: (width: number, height: number, length: number) => string;
    readonly position: (index: number, count: number) => string;
    readonly failed: string;
  };

  readonly toast: {
    readonly region: string;
    readonly dismiss: string;
    readonly text: (toast: ToastText) => string;
  };

  /** What went wrong with something sent, by the server's code: what, why, what to do. */
  readonly failure: Readonly<Record<ErrorCode, (failure: Failure) => string>>;
}
