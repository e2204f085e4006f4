// The people in the screenshots: bots that use the chat's own client, and say what demo-talk.ts has for them.
import { parse } from 'valibot';
import { uploadReplySchema } from '../src/chat/events.ts';
import { type ChatClient, connectChat } from '../src/chat-client/client.ts';
import type { Line } from './demo-talk.ts';

/** Where a line ended up. */
export interface Said {
  readonly id: string;
  readonly room: string;
  readonly offset: number;
}

/** A member who can do what a program can. */
export class Bot {
  readonly client: ChatClient;
  readonly member: { readonly id: string; readonly name: string };
  readonly #base: string;
  readonly #token: string;

  private constructor(base: string, client: ChatClient, member: Bot['member'], token: string) {
    this.#base = base;
    this.client = client;
    this.member = member;
    this.#token = token;
  }

  /**
   * @param base address of the server, as `http://127.0.0.1:8080`
   * @param how the name to come in under, with its password when it has one, or the token of who is in already
   * @throws ChatError (by rejection) when the server refuses
   */
  static enter(
    base: string,
    how: { name?: string; password?: string; token?: string; device?: string },
  ): Promise<Bot> {
    const client = connectChat({ url: base, ...how });
    return new Promise((resolve, reject) => {
      let token = how.token ?? '';
      client.on('session:token', (fresh) => {
        token = fresh.token;
      });
      client.on('session:refused', (failure) => reject(new Error(`${how.name}: ${failure.message}`)));
      client.on('session:entered', ({ member, token: given }) => {
        resolve(new Bot(base, client, member, given ?? token));
      });
    });
  }

  /** @param nonce of the message @param picture what a line with a picture shows, as JPEG */
  async say(
    line: Line,
    room: string,
    nonce: string,
    replyTo: string | undefined,
    picture: Buffer,
  ): Promise<Said> {
    const content =
      line.picture === true
        ? { type: 'image' as const, image: await this.#upload(picture) }
        : { type: 'text' as const, text: line.say };
    const answer = replyTo === undefined ? {} : { replyTo };
    const { id, offset } = await this.client.emit('message:send', { room, nonce, content, ...answer });
    if (line.edited !== undefined)
      await this.client.emit('message:edit', {
        room,
        nonce: `${nonce}-edited`,
        target: id,
        text: line.edited,
      });
    if (line.deleted === true)
      await this.client.emit('message:delete', { room, nonce: `${nonce}-deleted`, target: id });
    return { id, room, offset };
  }

  /** Types there until it is told to stop. @returns what stops it */
  type(room: string): () => void {
    const typing = (): void => void this.client.emit('room:typing', { room, typing: true }).catch(() => {});
    typing();
    const timer = setInterval(typing, 2500);
    return () => {
      clearInterval(timer);
      void this.client.emit('room:typing', { room, typing: false }).catch(() => {});
    };
  }

  async #upload(picture: Buffer): Promise<string> {
    const response = await fetch(`${this.#base}/api/images`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'image/jpeg' },
      body: new Uint8Array(picture),
    });
    if (response.status !== 201) throw new Error(`The picture was refused: ${await response.text()}`);
    return parse(uploadReplySchema, await response.json()).image.id;
  }
}
