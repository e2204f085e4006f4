/**
 * What checks work with in a page: connections to the endpoints, what arrives on them in order, and what the other
 * end saw. It waits for events only.
 */
import type { Account, Addresses } from '../account.ts';

/** The `close` event. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

export interface ConnectOptions {
  readonly protocols?: string | string[];
  /** Default `arraybuffer`; `default` leaves it as the browser has it. */
  readonly binaryType?: 'blob' | 'arraybuffer' | 'default';
}

export class Suite {
  /** The page's own origin. */
  readonly origin: string;
  readonly #addresses: Addresses;
  readonly #visit: string;
  readonly #conversations = new Set<Conversation>();
  #count = 0;

  /** @param visit a name for this run of the page that no other run has */
  constructor(origin: string, addresses: Addresses, visit: string) {
    this.origin = origin;
    this.#addresses = addresses;
    this.#visit = visit;
  }

  /** The address of an endpoint of that server, with an account of its own. */
  address(server: string, path: string): { readonly url: string; readonly account: string } {
    const base = this.#addresses.servers[server];
    if (base === undefined) throw new Error(`There is no server called ${server}.`);
    const account = `${this.#visit}-${++this.#count}`;
    return { url: `${base}${path}${path.includes('?') ? '&' : '?'}account=${account}`, account };
  }

  /** Opens a connection; it may be talked to at once, and is closed when the check is over. */
  connect(server: string, path: string, options: ConnectOptions = {}): Conversation {
    const { url, account } = this.address(server, path);
    return this.connectTo(url, options, account);
  }

  /** The same to any address. Without `account` there is nothing to ask the other end for. */
  connectTo(url: string, options: ConnectOptions = {}, account = ''): Conversation {
    const conversation = new Conversation(url, options, account);
    this.#conversations.add(conversation);
    return conversation;
  }

  /** The same, and waits until it is open. @throws Error when it does not open */
  async open(server: string, path: string, options: ConnectOptions = {}): Promise<Conversation> {
    const conversation = this.connect(server, path, options);
    await conversation.opened;
    return conversation;
  }

  /** What the endpoint saw, once it has seen the end. */
  async accountOf({ account }: Conversation): Promise<Account> {
    const response = await fetch(`${this.origin}/account/${account}`);
    const result: Account = JSON.parse(await response.text());
    return result;
  }

  leaveAll(): void {
    for (const conversation of this.#conversations) conversation.leave();
    this.#conversations.clear();
  }
}

/** One connection as the page sees it. */
export class Conversation {
  readonly socket: WebSocket;
  readonly account: string;
  /** The names of the events so far. */
  readonly events: string[] = [];
  /** Rejects when it closes without having opened. */
  readonly opened: Promise<void>;
  readonly closed: Promise<Closing>;
  /** The first `error` event. */
  readonly failed: Promise<void>;
  #closing: Closing | undefined;
  readonly #messages: unknown[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(url: string, { protocols, binaryType = 'arraybuffer' }: ConnectOptions, account: string) {
    this.account = account;
    this.socket = protocols === undefined ? new WebSocket(url) : new WebSocket(url, protocols);
    if (binaryType !== 'default') this.socket.binaryType = binaryType;
    this.opened = new Promise((resolve, reject) => {
      this.socket.addEventListener('open', () => {
        this.events.push('open');
        resolve();
      });
      this.socket.addEventListener('close', ({ code }) => {
        reject(new Error(`The connection did not open (${code}).`));
      });
    });
    // Not every check waits for it.
    this.opened.catch(() => {});
    this.failed = new Promise((resolve) => {
      this.socket.addEventListener('error', () => {
        this.events.push('error');
        resolve();
      });
    });
    this.socket.addEventListener('message', (event) => {
      const data: unknown = event.data;
      this.events.push('message');
      this.#messages.push(data);
      this.#waiting.shift()?.();
    });
    this.closed = new Promise((resolve) => {
      this.socket.addEventListener('close', ({ code, reason, wasClean }) => {
        this.events.push('close');
        this.#closing = { code, reason, wasClean };
        for (const wake of this.#waiting.splice(0)) wake();
        resolve(this.#closing);
      });
    });
  }

  /** The next message: a string, an ArrayBuffer or a Blob. @throws Error when it closes before */
  async next(): Promise<unknown> {
    while (this.#messages.length === 0) {
      if (this.#closing !== undefined) {
        throw new Error(`The connection closed (${this.#closing.code}) before a message came.`);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.#messages.shift();
  }

  /** Sends, and gives back what is sent back. */
  async ask(message: string | Uint8Array<ArrayBuffer> | ArrayBuffer | Blob): Promise<unknown> {
    this.socket.send(message);
    return await this.next();
  }

  /** Closes from this side and waits until it is closed. */
  async end(code?: number, reason?: string): Promise<Closing> {
    this.socket.close(code, reason);
    return await this.closed;
  }

  /** Closes, whatever state it is in. */
  leave(): void {
    this.socket.close();
  }
}
