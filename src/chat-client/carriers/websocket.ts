/**
 * The transport `websocket` (RFC 6455): one WebSocket to `/chat`, by whatever constructor has the interface of browsers
 * (WHATWG WebSockets §3).
 */
import type { OpenSocket } from '../platform.ts';

/** What is used of a WebSocket. */
export interface WebSocketLike {
  binaryType: string;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
}

export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** What globalThis has by that name. */
export function globalWebSocket(): WebSocketConstructor | undefined {
  const found: unknown = Reflect.get(globalThis, 'WebSocket');
  return isConstructor(found) ? found : undefined;
}

function isConstructor(value: unknown): value is WebSocketConstructor {
  return typeof value === 'function';
}

/** @param url origin of the server, with http or https */
export function webSocketCarrier(url: string, WebSocket: WebSocketConstructor): OpenSocket {
  const address = new URL('/chat', url);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return (handlers) => {
    let ended = false;
    let socket: WebSocketLike | undefined;
    try {
      socket = new WebSocket(address.href);
    } catch {
      // As where a policy of the page forbids it.
      queueMicrotask(() => ended || handlers.closed(1006, ''));
    }
    if (socket !== undefined) {
      socket.binaryType = 'arraybuffer';
      socket.addEventListener('open', () => ended || handlers.opened());
      socket.addEventListener('message', ({ data }) => ended || handlers.received(data));
      // Where there is no listener, Node's own WebSocket reports an error nowhere; its close event follows and says it.
      socket.addEventListener('error', () => {});
      socket.addEventListener('close', ({ code, reason }) => {
        if (!ended) handlers.closed(code, reason);
        ended = true;
      });
    }
    return {
      // A socket that is closing drops what it is given; its close event is on the way and says so.
      send: (text) => socket?.send(text),
      close(code, reason) {
        ended = true;
        socket?.close(code, reason);
      },
    };
  };
}
