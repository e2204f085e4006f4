/** The package's public API: the server, what its handlers get, and the names of the codes. Imported by users. */
export { CloseCode } from './close.ts';
export type { CloseRecord } from './close-record.ts';
export { ReadyState } from './connection.ts';
export type { UpgradeRequest } from './handshake.ts';
export type { Clock, ServerOptions } from './options.ts';
export { PreparedMessage } from './prepared-message.ts';
export {
  createServer,
  type Handlers,
  type ListenAddress,
  type Server,
  type ServerCloseOptions,
  type UpgradeDecision,
} from './server.ts';
export { SendResult, type WebSocket } from './socket.ts';
