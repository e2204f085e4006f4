/** What stands in for a browser around the client's transports, and who listens to one of them. */
import type { EventSourceLike } from '../../src/chat-client/carriers/event-source.ts';
import type { WebSocketConstructor, WebSocketLike } from '../../src/chat-client/carriers/websocket.ts';
import { createEventStreamParser } from '../../src/chat-client/event-stream-parser.ts';
import { connect } from '../../src/index.ts';

/** Node 20 has none: the little that is used of it, over fetch. */
export class TestEventSource implements EventSourceLike {
  readonly #controller = new AbortController();
  readonly #listeners = new Map<string, ((event: { readonly data?: unknown }) => void)[]>();

  constructor(url: string) {
    void this.#read(url);
  }

  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  close(): void {
    this.#controller.abort();
  }

  #tell(type: string, data?: unknown): void {
    if (this.#controller.signal.aborted) return;
    for (const listener of this.#listeners.get(type) ?? []) listener({ data });
  }

  async #read(url: string): Promise<void> {
    try {
      const response = await fetch(url, {
        headers: { Accept: 'text/event-stream' },
        signal: this.#controller.signal,
      });
      if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
      this.#tell('open');
      const parser = createEventStreamParser();
      for await (const chunk of response.body) {
        for (const { type, data } of parser.push(chunk)) this.#tell(type, data);
      }
      this.#tell('error');
    } catch {
      this.#tell('error');
    }
  }
}

/** The package's own client, as a constructor like that of browsers. */
export const OwnWebSocket = function (this: unknown, url: string): WebSocketLike {
  return connect(url);
} as unknown as WebSocketConstructor;

export class Heard {
  opened = 0;
  readonly messages: unknown[] = [];
  closed: [number, string] | undefined;
  readonly #changes = new Set<() => void>();

  readonly handlers = {
    opened: (): void => {
      this.opened += 1;
      this.#changed();
    },
    received: (data: unknown): void => {
      this.messages.push(JSON.parse(String(data)));
      this.#changed();
    },
    closed: (code: number, reason: string): void => {
      if (this.closed !== undefined) throw new Error('closed twice');
      this.closed = [code, reason];
      this.#changed();
    },
  };

  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!holds()) return;
        this.#changes.delete(check);
        resolve();
      };
      this.#changes.add(check);
      check();
    });
  }

  #changed() {
    for (const check of [...this.#changes]) check();
  }
}
