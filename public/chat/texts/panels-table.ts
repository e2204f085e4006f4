/**
 * The shape of the second half of the text table: the panels beside the conversation, the jump dialog, notifications.
 * en-panels.ts and zh-panels.ts fill it in; table.ts takes it into `Texts`. The rules are those of table.ts.
 */
import type { Role, RoomKind } from '../../../src/chat/events.ts';

/** How long a ban or a mute lasts. */
export type Span = 'minutes' | 'hour' | 'day' | 'week' | 'ever';

/** As in settings.ts, which stands above the texts. */
type NotificationChoice = 'all' | 'mentions' | 'off';

export interface PanelTexts {
  /** What several panels say. */
  readonly panel: {
    readonly close: string;
    readonly back: string;
    readonly loading: string;
    readonly offline: string;
    readonly retry: string;
    readonly more: string;
    readonly save: string;
    readonly cancel: string;
  };

  readonly members: {
    readonly heading: string;
    readonly filter: string;
    readonly here: (count: number) => string;
    readonly away: (count: number) => string;
    readonly nobody: (query: string) => string;
    readonly alone: string;
    readonly roles: Readonly<Record<Role, string>>;
    readonly bot: string;
    readonly mutedUntil: (time: string) => string;
    readonly muted: string;
    readonly awayNow: string;
    readonly actionsOf: (name: string) => string;
    readonly direct: string;
    readonly mention: string;
    readonly mute: string;
    readonly unmute: string;
    readonly kick: string;
    readonly ban: string;
    readonly makeModerator: string;
    readonly makeMember: string;
    readonly makeOwner: string;
  };

  readonly moderation: {
    readonly heading: string;
    readonly muteAsk: (name: string) => string;
    readonly kickAsk: (name: string) => string;
    readonly banAsk: (name: string) => string;
    readonly ownerAsk: (name: string) => string;
    readonly muteHint: string;
    readonly kickHint: string;
    readonly banHint: string;
    readonly ownerHint: string;
    readonly length: string;
    readonly spans: Readonly<Record<Span, string>>;
    readonly reason: string;
    readonly reasonHint: string;
    readonly bans: string;
    readonly noBans: string;
    readonly banned: (by: string, time: string) => string;
    readonly until: (time: string) => string;
    readonly forEver: string;
    readonly lift: string;
    readonly audit: string;
    readonly noAudit: string;
    readonly audited: (by: string, action: string, member: string) => string;
    /** By the request's name; any other is shown as it is. */
    readonly actions: Readonly<Record<string, string>>;
  };

  readonly search: {
    readonly heading: string;
    readonly label: string;
    readonly placeholder: string;
    readonly where: string;
    readonly everywhere: string;
    readonly hint: string;
    readonly none: (query: string) => string;
    readonly noneHint: string;
    readonly found: (count: number, more: boolean) => string;
    readonly image: string;
  };

  readonly roomPanel: {
    readonly heading: string;
    readonly kinds: Readonly<Record<RoomKind, string>>;
    readonly people: (count: number) => string;
    readonly name: string;
    readonly topic: string;
    readonly noTopic: string;
    readonly edit: string;
    readonly invite: string;
    readonly inviteHint: string;
    readonly makeLink: string;
    readonly link: string;
    readonly copyLink: string;
    readonly linkUntil: (time: string) => string;
    readonly address: string;
    readonly notifications: string;
    readonly quiet: string;
    readonly quietHint: string;
    readonly slow: string;
    readonly slowHint: string;
    /** 0 for none. */
    readonly slowFor: (seconds: number) => string;
    readonly moderation: string;
    readonly leave: string;
    readonly leaveAsk: Readonly<Record<RoomKind, (name: string) => string>>;
    readonly notHere: string;
  };

  readonly browse: {
    readonly heading: string;
    readonly filter: string;
    readonly join: string;
    readonly open: string;
    readonly joinName: (name: string) => string;
    readonly openName: (name: string) => string;
    readonly none: string;
    readonly noMatch: (query: string) => string;
    readonly create: string;
  };

  readonly create: {
    readonly heading: string;
    readonly name: string;
    readonly nameHint: string;
    readonly topic: string;
    readonly topicHint: string;
    readonly who: string;
    readonly public: string;
    readonly publicHint: string;
    readonly private: string;
    readonly privateHint: string;
    readonly submit: string;
    readonly submitting: string;
    readonly nameMissing: string;
  };

  readonly devices: {
    readonly heading: string;
    readonly lead: string;
    readonly unnamed: string;
    readonly current: string;
    readonly here: string;
    readonly seen: (ago: string) => string;
    readonly since: (day: string) => string;
    readonly revoke: string;
    readonly revokeNamed: (label: string) => string;
    readonly everywhere: string;
    readonly everywhereHint: string;
    readonly everywhereAsk: string;
  };

  readonly password: {
    readonly heading: string;
    readonly without: (name: string) => string;
    readonly with: (name: string) => string;
    readonly current: string;
    readonly next: string;
    readonly rule: string;
    readonly set: string;
    readonly change: string;
    readonly remove: string;
    readonly wasSet: string;
    readonly wasRemoved: string;
    readonly tooShort: string;
    readonly claim: string;
    readonly claimHint: string;
    readonly code: string;
    readonly claimed: string;
    readonly ownerNow: string;
  };

  readonly jump: {
    readonly label: string;
    readonly placeholder: string;
    readonly rooms: string;
    readonly people: string;
    readonly commands: string;
    readonly none: string;
    readonly results: (count: number) => string;
    readonly hint: string;
    readonly you: string;
    readonly commandNames: Readonly<Record<CommandName, string>>;
  };

  readonly notifications: {
    readonly heading: string;
    readonly label: string;
    readonly choices: Readonly<Record<NotificationChoice, string>>;
    readonly about: Readonly<Record<NotificationChoice, string>>;
    readonly allow: string;
    readonly ask: string;
    readonly denied: string;
    readonly unsupported: string;
    readonly granted: string;
    readonly offer: string;
    readonly notNow: string;
    readonly title: (author: string, room: string) => string;
    readonly image: string;
  };
}

/** What the jump dialog can do beside going somewhere. */
export const commandNames = [
  'search',
  'browse',
  'create',
  'members',
  'room',
  'preferences',
  'devices',
  'password',
  'keys',
  'dark',
  'light',
  'sign-out',
] as const;
export type CommandName = (typeof commandNames)[number];
