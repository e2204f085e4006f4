/** `heartbeat:…`: for clients that cannot send a protocol ping. Also for guests: they have a connection to watch too. */
import type { Handler } from '../handler.ts';

const ping: Handler<'heartbeat:ping'> = (chat) => ({ time: chat.clock.now() });

export const heartbeatHandlers = { 'heartbeat:ping': ping } as const;
