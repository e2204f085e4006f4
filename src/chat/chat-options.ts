/** What the chat is made of and how it is set. Given by assembly.ts, and by tests. */
import type { Logger } from '../logger.ts';
import type { Clock } from './clock.ts';
import type { Image } from './events.ts';
import type { Identities } from './identity.ts';
import type { ChatRates } from './limits.ts';
import type { Log } from './log.ts';
import type { Moderation } from './moderation.ts';
import type { Rooms } from './rooms.ts';

export interface ChatOptions {
  readonly log: Log;
  readonly rooms: Rooms;
  readonly identities: Identities;
  readonly moderation: Moderation;
  /** What an upload was kept as, or undefined. */
  readonly findImage: (id: string) => Image | undefined;
  /** A message that showed an image was deleted. Called inside of the transaction. Default: the image is kept. */
  readonly releaseImage?: (id: string, now: number) => void;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly rates?: Partial<ChatRates>;
  /** Milliseconds that a member stays after their last connection went. Default 10,000: a slow reload fits in. */
  readonly grace?: number;
  /** The same after a restart of the server, for those who were here before. Default 30,000: the page's longest back-off. */
  readonly restartGrace?: number;
  /** Octets that may wait for a client before its connection is closed with 1013. Default 4 MiB. */
  readonly maxBufferedAmount?: number;
}
