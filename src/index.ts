/**
 * The package's public API: the server, what its handlers get, the client, and the names of the codes. Imported by
 * users.
 */
export type { AttachableServer, AttachOptions } from './attachments.ts';
export { connect, type WebSocketClient } from './client.ts';
export type { BinaryData, BinaryType } from './client-data.ts';
export type {
  ClientCloseEvent,
  ClientErrorEvent,
  ClientEvents,
  ClientMessageEvent,
} from './client-events.ts';
export type { ClientTlsOptions, ConnectOptions } from './client-options.ts';
export { CloseCode, retryAfterOf, retryReason } from './close.ts';
export type { CloseRecord } from './close-record.ts';
export { ReadyState } from './connection.ts';
export type { DeflateOptions } from './deflate-negotiation.ts';
export type { DrainOptions } from './drain.ts';
export type { UpgradeRequest } from './handshake.ts';
export { HandshakeError, type RefusedResponse } from './handshake-error.ts';
export type { ListenAddress } from './listener.ts';
export type { ChooseProtocol, Clock, ServerOptions, TlsCertificate, TlsOptions } from './options.ts';
export { PreparedMessage } from './prepared-message.ts';
export type { FrameNote } from './recent-frames.ts';
export {
  createServer,
  type Handlers,
  type PublishOptions,
  type Server,
  type ServerCloseOptions,
} from './server.ts';
export { type SendOptions, SendResult, type WebSocket } from './socket.ts';
export type { TracedFrame, TraceListener } from './trace.ts';
export type { ForwardingField } from './trusted-proxies.ts';
export type { UpgradeAcceptance, UpgradeDecision, UpgradeRefusal } from './upgrade-decision.ts';
