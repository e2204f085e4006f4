// The people in the screenshots: bots that speak the chat's own protocol, and what they say and when.
import { once } from 'node:events';
import { parse } from 'valibot';
import { WebSocket } from 'ws';
import { parseServerEvent, uploadReplySchema } from '../src/chat/events.ts';

/** One line of the conversation: who, at how many minutes after ten (yesterday's are negative), what. */
export interface Line {
  readonly who: string;
  readonly minute: number;
  readonly say: string | 'picture';
}

export const me = 'Robin';
export const people = ['Mei', 'Ada Lovelace', '张伟', 'Björn', 'Maximiliane von Hohenzollern'] as const;

export const yesterday: readonly Line[] = [
  { who: 'Ada Lovelace', minute: -962, say: 'Release is out, all green. Thank you, everyone 🎉' },
  { who: 'Mei', minute: -960, say: 'Finally! See you tomorrow.' },
];

export const today: readonly Line[] = [
  { who: 'Mei', minute: 42, say: 'good morning 👋' },
  { who: 'Mei', minute: 42, say: 'did anyone find out why the handshake test failed last night?' },
  { who: me, minute: 43, say: 'Yes, it was mine: I compared the key before trimming it. Fixed.' },
  { who: '张伟', minute: 44, say: '早上好！我昨晚也遇到了同样的问题，更新之后就好了。' },
  { who: '张伟', minute: 45, say: '顺便问一下，下午三点的会还开吗？' },
  {
    who: 'Ada Lovelace',
    minute: 46,
    say: 'It is on. First item is RFC 6455, section 5.5; it is short, please read it before: https://www.rfc-editor.org/rfc/rfc6455#section-5.5',
  },
  { who: me, minute: 47, say: '好的，三点见！' },
  {
    who: 'Maximiliane von Hohenzollern',
    minute: 48,
    say: 'I will be late, the Dampfschifffahrtsgesellschaftskapitänsmützenabzeichenmuseum called.',
  },
  { who: 'Björn', minute: 49, say: 'picture' },
  { who: 'Björn', minute: 49, say: 'The lake behind the cabin this morning. I am not coming back.' },
  { who: 'Mei', minute: 50, say: '😍🏔️' },
  { who: '张伟', minute: 51, say: '太美了，周末可以一起去吗？' },
  { who: me, minute: 52, say: 'Keep two bunks free for us!' },
  { who: me, minute: 52, say: 'The night train leaves on Friday at 22:04 🚆' },
  { who: 'Björn', minute: 53, say: 'Deal.' },
  { who: 'Björn', minute: 53, say: 'Bring coffee ☕' },
];

/** A member who can do nothing but talk. */
export class Bot {
  readonly #socket: WebSocket;
  readonly #base: string;
  #token = '';
  #next = 1;

  private constructor(base: string, socket: WebSocket) {
    this.#base = base;
    this.#socket = socket;
  }

  /** @param base address of the server, as `http://127.0.0.1:8080` @throws Error when the name is not free */
  static async enter(base: string, name: string): Promise<Bot> {
    const socket = new WebSocket(`${base.replace('http', 'ws')}/chat`);
    await once(socket, 'open');
    const bot = new Bot(base, socket);
    const entrance = await bot.#ask('session:enter', { name });
    bot.#token = String(Object(entrance).token);
    return bot;
  }

  async say(text: string): Promise<void> {
    await this.#ask('message:send', { nonce: crypto.randomUUID(), content: { type: 'text', text } });
  }

  async show(picture: Buffer): Promise<void> {
    const response = await fetch(`${this.#base}/api/images`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'image/jpeg' },
      body: new Uint8Array(picture),
    });
    if (response.status !== 201) throw new Error(`The picture was refused: ${await response.text()}`);
    const { image } = parse(uploadReplySchema, await response.json());
    await this.#ask('message:send', {
      nonce: crypto.randomUUID(),
      content: { type: 'image', image: image.id },
    });
  }

  async leave(): Promise<void> {
    const closed = once(this.#socket, 'close');
    this.#socket.send(JSON.stringify({ event: 'session:leave', id: this.#next++, data: {} }));
    await closed;
  }

  #ask(event: string, data: unknown): Promise<unknown> {
    const id = this.#next++;
    const reply = new Promise<unknown>((resolve, reject) => {
      const onMessage = (text: Buffer): void => {
        const answer = parseServerEvent(text.toString());
        if (answer === undefined || !('id' in answer) || answer.id !== id) return;
        this.#socket.off('message', onMessage);
        if (answer.event === 'reply:ok') resolve(answer.data);
        else reject(new Error(`${event}: ${answer.data.message}`));
      };
      this.#socket.on('message', onMessage);
    });
    this.#socket.send(JSON.stringify({ event, id, data }));
    return reply;
  }
}
