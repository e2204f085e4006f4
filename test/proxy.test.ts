// The chat behind real proxies, which let through more or less: the client finds what works, and chats on over it.
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RoomEvent } from '../src/chat/events.ts';
import { type ChatClient, connectChat } from '../src/chat-client/client.ts';
import { serveChat } from './support/chat-server.ts';
import { fronts } from './support/front-proxies.ts';

/** Node has no EventSource; a stream is read by fetch. */
const transports = { websocket: 'websocket', stream: 'fetch-stream', 'long-poll': 'long-poll' } as const;

class Person {
  readonly client: ChatClient;
  readonly texts: string[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(url: string, name: string) {
    this.client = connectChat({ url, name });
    onTestFinished(() => this.client.close());
    this.client.on('room:event', ({ event }) => this.#take(event));
  }

  say(text: string) {
    return this.client.emit('message:send', { room: 'general', content: { type: 'text', text } });
  }

  hears(text: string): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!this.texts.includes(text)) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  #take(event: RoomEvent): void {
    if (event.type === 'message' && event.content.type === 'text') this.texts.push(event.content.text);
    for (const check of [...this.#waiting]) check();
  }
}

describe.each(fronts)('behind $name', ({ start, transport }) => {
  it(`chats over: ${transport}`, async () => {
    const { url, port } = await serveChat();
    const front = await start(port);
    const ada = new Person(front, 'Ada');
    const bob = new Person(url, 'Bob');
    await Promise.all([ada.client.emit('heartbeat:ping', {}), bob.client.emit('heartbeat:ping', {})]);
    expect(ada.client.transport).toBe(transports[transport]);
    await ada.say('from behind the proxy');
    await bob.hears('from behind the proxy');
    await bob.say('from outside');
    await ada.hears('from outside');
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    for (const line of lines) await ada.say(line);
    await Promise.all([ada.hears('line 19'), bob.hears('line 19')]);
    expect(ada.texts).toEqual(['from behind the proxy', 'from outside', ...lines]);
    expect(bob.texts).toEqual(ada.texts);
    expect(ada.client.transport).toBe(transports[transport]);
  });
});
