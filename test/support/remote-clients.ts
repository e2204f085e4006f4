/**
 * WebSocket clients in a process of another language: a program that reads one command a line and writes one report a
 * line, both JSON, and holds as many connections as it is told to open. Used by test/interop-python.test.ts and
 * test/interop-bun.test.ts, whose programs are websockets-client.py and bun-client.ts beside this file.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { type Client, type ClientEnd, type ConnectOptions, Inbox } from './interop.ts';
import { root } from './process.ts';

/** What the program is told. `client` is a number that we choose; octets are in base64. */
export type Command = { readonly client: number } & (
  | {
      readonly do: 'open';
      readonly url: string;
      readonly protocols: readonly string[];
      /** Whether to offer permessage-deflate, or with which settings of that client's library. */
      readonly deflate: boolean | DeflateSettings;
    }
  | { readonly do: 'send'; readonly text: string }
  | { readonly do: 'send'; readonly octets: string }
  /** One message, text when they are strings, each piece in a frame of its own. */
  | { readonly do: 'sendFragments'; readonly text: readonly string[] }
  | { readonly do: 'sendFragments'; readonly octets: readonly string[] }
  | { readonly do: 'ping'; readonly octets: string }
  | { readonly do: 'close'; readonly code?: number | undefined; readonly reason?: string | undefined }
);

export type DeflateSettings = Readonly<Record<string, boolean | number>>;

/** What the program tells. */
export type Report = { readonly client: number } & (
  | { readonly is: 'open'; readonly protocol: string; readonly extensions: string }
  | { readonly is: 'refused'; readonly explanation: string }
  | { readonly is: 'message'; readonly text: string }
  | { readonly is: 'message'; readonly octets: string }
  | { readonly is: 'pong'; readonly octets: string }
  | { readonly is: 'closed'; readonly code: number; readonly reason: string }
);

type Opened = Extract<Report, { is: 'open' }>;

export interface RemoteClient extends Client {
  sendFragments(fragments: readonly string[] | readonly Uint8Array[]): void;
  /** Resolves with the payload of the next Pong. */
  ping(payload: string): Promise<string>;
}

export interface RemoteConnectOptions extends Omit<ConnectOptions, 'deflate'> {
  readonly deflate?: boolean | DeflateSettings;
}

export class RemoteClients {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #connections = new Map<number, RemoteConnection>();
  readonly #ended: Promise<void>;
  #errors = '';
  #opened = 0;

  /** Starts the program. */
  constructor(program: string, args: readonly string[]) {
    this.#process = spawn(program, args, { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      const report: Report = JSON.parse(line);
      this.#connections.get(report.client)?.receive(report);
    });
    // What is written to a program that has ended is lost; its end says so.
    this.#process.stdin.on('error', () => {});
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        const error = new Error(`The client's program ended:\n${this.#errors}`);
        for (const connection of this.#connections.values()) connection.fail(error);
        resolve();
      };
      this.#process.once('error', (error) => {
        this.#errors += error.message;
        end();
      });
      this.#process.once('close', end);
    });
  }

  /** Opens a WebSocket there. Rejects when it is refused, and everything of it when the program ends. */
  async connect(url: string, options: RemoteConnectOptions = {}): Promise<RemoteClient> {
    const client = this.#opened++;
    const connection = new RemoteConnection(client, (command) => this.#tell(command));
    this.#connections.set(client, connection);
    const { protocols = [], deflate = false } = options;
    this.#tell({ client, do: 'open', url, protocols, deflate });
    const { protocol, extensions } = await connection.opened;
    return {
      protocol,
      extensions,
      send: (data) => connection.send(data),
      sendFragments: (fragments) => connection.sendFragments(fragments),
      ping: (payload) => connection.ping(payload),
      close: (code, reason) => this.#tell({ client, do: 'close', code, reason }),
      next: () => Promise.race([connection.inbox.next(), connection.failed]),
      closed: connection.closed,
    };
  }

  /** Ends the program: it goes when there is nothing more to read. @throws Error with what it complained about */
  async stop(): Promise<void> {
    this.#process.stdin.end();
    await this.#ended;
    if (this.#errors !== '') throw new Error(`The client's program complained:\n${this.#errors}`);
  }

  #tell(command: Command): void {
    this.#process.stdin.write(`${JSON.stringify(command)}\n`);
  }
}

const base64 = (data: Uint8Array): string => Buffer.from(data).toString('base64');

/** One connection as this side knows it. */
class RemoteConnection {
  readonly inbox = new Inbox();
  readonly opened: Promise<Opened>;
  readonly closed: Promise<ClientEnd>;
  /** Rejects when the program ends; never fulfilled. */
  readonly failed: Promise<never>;
  readonly #client: number;
  readonly #tell: (command: Command) => void;
  readonly #pongs: ((payload: string) => void)[] = [];
  #reject: ((error: Error) => void)[] = [];
  #open: (report: Opened) => void = () => {};
  #close: (end: ClientEnd) => void = () => {};

  constructor(client: number, tell: (command: Command) => void) {
    this.#client = client;
    this.#tell = tell;
    this.opened = this.#promise((resolve) => {
      this.#open = resolve;
    });
    this.closed = this.#promise((resolve) => {
      this.#close = resolve;
    });
    this.failed = this.#promise<never>(() => {});
  }

  receive(report: Report): void {
    if (report.is === 'open') this.#open(report);
    else if (report.is === 'refused') this.fail(new Error(report.explanation));
    else if (report.is === 'closed') this.#close({ code: report.code, reason: report.reason });
    else if (report.is === 'pong') this.#pongs.shift()?.(Buffer.from(report.octets, 'base64').toString());
    else this.inbox.push('text' in report ? report.text : Buffer.from(report.octets, 'base64'));
  }

  fail(error: Error): void {
    for (const reject of this.#reject) reject(error);
  }

  send(data: string | Uint8Array): void {
    const client = this.#client;
    if (typeof data === 'string') this.#tell({ client, do: 'send', text: data });
    else this.#tell({ client, do: 'send', octets: base64(data) });
  }

  sendFragments(fragments: readonly string[] | readonly Uint8Array[]): void {
    const texts = fragments.filter((fragment) => typeof fragment === 'string');
    const octets = fragments.filter((fragment) => typeof fragment !== 'string').map(base64);
    const client = this.#client;
    if (texts.length > 0) this.#tell({ client, do: 'sendFragments', text: texts });
    else this.#tell({ client, do: 'sendFragments', octets });
  }

  ping(payload: string): Promise<string> {
    this.#tell({ client: this.#client, do: 'ping', octets: base64(Buffer.from(payload)) });
    return this.#promise((resolve) => this.#pongs.push(resolve));
  }

  /** A promise that is rejected when the program ends. */
  #promise<Value>(use: (resolve: (value: Value) => void) => void): Promise<Value> {
    const promise = new Promise<Value>((resolve, reject) => {
      this.#reject.push(reject);
      use(resolve);
    });
    // Not everybody waits for everything.
    promise.catch(() => {});
    return promise;
  }
}
