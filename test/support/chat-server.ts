/**
 * The whole chat on a real port, in this process, and a WebSocket client for it that is not ours (ws). What main.ts starts,
 * with what tests need to change: limits, the clock, the pages' directory.
 */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import WebSocket from 'ws';
import { type AssemblyOptions, assemble } from '../../src/assembly.ts';
import type { Chat } from '../../src/chat/chat.ts';
import {
  type Entrance,
  parseReply,
  parseServerEvent,
  type ReplyData,
  type RequestInput,
  type RequestName,
  type ServerEvent,
} from '../../src/chat/events.ts';
import type { ServerOptions } from '../../src/index.ts';
import type { Transports } from '../../src/transports/transports.ts';
import { FakeClock, temporaryDirectory } from './chat.ts';
import { type LoggedLine, recordingLogger } from './logger.ts';

export interface ChatServer {
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  readonly pages: string;
  readonly chat: Chat;
  readonly clock: FakeClock;
  readonly transports: Transports;
  readonly lines: readonly LoggedLine[];
  connect(): Promise<ChatClient>;
  /** Ends every connection; when it resolves all are logged. Done by itself after the test. */
  stop(): Promise<void>;
  /** A new member's client and token. */
  enter(name: string): Promise<{ client: ChatClient; token: string; entrance: Entrance }>;
}

/** @param serverOptions limits of the WebSocket server */
export async function serveChat(
  options: Partial<AssemblyOptions> = {},
  serverOptions: ServerOptions = {},
): Promise<ChatServer> {
  const directory = options.data ?? temporaryDirectory();
  const pages = join(temporaryDirectory(), 'pages');
  const clock = new FakeClock();
  const logger = recordingLogger();
  const assembly = assemble({
    pages,
    version: '1.2.3',
    clock,
    logger,
    ...options,
    data: directory,
    server: serverOptions,
  });
  const { chat, server, transports } = assembly;
  const { port } = await server.listen();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    transports.stop();
    for (const socket of server.sockets) socket.terminate();
    stopped ??= server.close();
    return stopped;
  };
  onTestFinished(async () => {
    await stop();
    await chat.idle();
    assembly.end();
  });
  const connect = () => ChatClient.connect(port);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    directory,
    pages,
    chat,
    clock,
    transports,
    lines: logger.lines,
    connect,
    stop,
    async enter(name) {
      const client = await connect();
      const entrance = await client.ok('session:enter', { name });
      return { client, token: entrance.token ?? '', entrance };
    },
  };
}

/** What a bot on the other side of the world would write. */
export class ChatClient {
  readonly socket: WebSocket;
  readonly events: ServerEvent[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #lastId = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        for (const check of this.#waiting) check();
      });
    });
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => {
      const event = isBinary ? undefined : parseServerEvent(data.toString());
      if (event === undefined) throw new Error(`The server sent what no schema knows: ${data.toString()}`);
      this.events.push(event);
      for (const check of this.#waiting) check();
    });
  }

  /** Connects, with fields of the handshake if need be, and waits for the hello. */
  static async connect(port: number, headers: Record<string, string> = {}): Promise<ChatClient> {
    const client = new ChatClient(new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers }));
    await client.seen((event) => event.event === 'server:hello');
    return client;
  }

  /** Sends a request without waiting. @returns its id */
  send<Name extends RequestName>(event: Name, data: RequestInput<Name>): number {
    const id = ++this.#lastId;
    this.socket.send(JSON.stringify({ event, id, data }));
    return id;
  }

  async ok<Name extends RequestName>(event: Name, data: RequestInput<Name>): Promise<ReplyData<Name>> {
    const id = this.send(event, data);
    const reply = await this.seen((candidate) => 'id' in candidate && candidate.id === id);
    if (reply.event !== 'reply:ok') throw new Error(`${event} was refused: ${JSON.stringify(reply.data)}`);
    return parseReply(event, reply.data);
  }

  /** The first event that matches, of those that came and those that will. Rejects when the connection ends before. */
  seen(matches: (event: ServerEvent) => boolean): Promise<ServerEvent> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const event = this.events.find(matches);
        if (event === undefined && this.socket.readyState !== WebSocket.CLOSED) return;
        this.#waiting.delete(check);
        if (event === undefined) reject(new Error('The connection ended.'));
        else resolve(event);
      };
      this.#waiting.add(check);
      check();
    });
  }
}
