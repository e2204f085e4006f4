// The stage for the screenshots: the real server on an empty directory, people who talk on it, and browsers that look
// at it on the day of the pictures.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext } from 'playwright-core';
import { Bot, type Said } from './demo-people.ts';
import { type Line, me, people, rooms } from './demo-talk.ts';
import { DemoTimes, devices as otherDevices } from './demo-times.ts';

export type Device = 'desktop' | 'phone';

export const devices = {
  desktop: { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 2 },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
} as const;

/** Of the names that have one. */
const password = 'correct horse battery';

export class Stage {
  readonly base: string;
  readonly times = new DemoTimes();
  /** While set, the page's messages are refused as a server refuses them whose disk is full. */
  refusing = false;
  readonly #server: ChildProcess;
  readonly #data: string;
  readonly #ownerCode: string;
  readonly #bots = new Map<string, Bot>();
  /** Ids of the rooms by their names. */
  readonly #rooms = new Map([['general', 'general']]);
  readonly #said = new Map<string, Said>();
  #count = 0;

  private constructor(server: ChildProcess, data: string, base: string, ownerCode: string) {
    this.#server = server;
    this.#data = data;
    this.base = base;
    this.#ownerCode = ownerCode;
  }

  /** Starts the server on an empty directory. */
  static async open(): Promise<Stage> {
    const data = mkdtempSync(join(tmpdir(), 'barewire-screenshots-'));
    const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));
    const server = spawn(process.execPath, ['--import', 'tsx', program, '--port', '0', '--data', data], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // It says its address on the one and the code of its owner on the other.
    const [base, ownerCode] = await Promise.all([
      find(server.stdout, /http:\/\/[^\s/]+/),
      find(server.stderr, /(?<=#\/claim\/)[\w-]+/),
    ]);
    server.stderr.pipe(process.stderr);
    return new Stage(server, data, base, ownerCode);
  }

  /** A browser of one's own whose clock and server are on the day of the pictures. @param from whose cookies it has */
  async look(browser: Browser, device: Device, from?: BrowserContext): Promise<BrowserContext> {
    const context = await browser.newContext({
      ...devices[device],
      locale: 'en-GB',
      timezoneId: 'UTC',
      serviceWorkers: 'block',
      ...(from === undefined ? {} : { storageState: await from.storageState() }),
    });
    await context.addInitScript({
      content: `{ const Real = Date, shift = ${this.times.shift};
        globalThis.Date = class extends Real {
          constructor(...given) { if (given.length === 0) super(Real.now() + shift); else super(...given); }
          static now() { return Real.now() + shift; }
        }; }`,
    });
    await context.routeWebSocket(/\/chat$/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((message) => {
        const refusal = this.refusing ? refusalOf(message) : undefined;
        if (refusal === undefined) server.send(message);
        else socket.send(refusal);
      });
      server.onMessage((message) => {
        const text =
          typeof message === 'string' ? JSON.stringify(this.times.retime(JSON.parse(message))) : message;
        socket.send(text);
      });
    });
    return context;
  }

  /** Everybody comes in, and the rooms are made. @param context in which the page is signed in */
  async gather(context: BrowserContext): Promise<void> {
    const token = (await context.cookies()).find(({ name }) => name.startsWith('barewire_'))?.value;
    if (token === undefined) throw new Error('The page has no cookie after its sign-in.');
    const robin = await Bot.enter(this.base, { token });
    this.#bots.set(me, robin);
    await robin.client.emit('session:claim', { code: this.#ownerCode });
    await robin.client.emit('session:password', { password });
    for (const device of Object.keys(otherDevices)) {
      const other = await Bot.enter(this.base, { name: me, password, device });
      other.client.close();
    }
    for (const name of people) this.#bots.set(name, await Bot.enter(this.base, { name }));
    await this.bot('Ada Lovelace').client.emit('session:password', { password });
    await this.#makeRooms();
    await this.#moderate(robin);
    // Somebody who is not here.
    (await Bot.enter(this.base, { name: 'Tomasz' })).client.close();
  }

  async #makeRooms(): Promise<void> {
    for (const { name, by, topic, kind = 'public', members } of rooms) {
      const maker = this.bot(by).client;
      const { room } = await maker.emit('room:create', { name, topic, kind });
      this.#rooms.set(name, room.id);
      const invitation = kind === 'private' ? await maker.emit('room:invite', { room: room.id }) : undefined;
      for (const member of members) {
        const { client } = this.bot(member);
        if (invitation === undefined) await client.emit('room:join', { room: room.id });
        else await client.emit('room:accept', { code: invitation.code });
      }
    }
    const { room } = await this.bot('Mei').client.emit('room:direct', { member: this.bot(me).member.id });
    this.#rooms.set('Mei', room.id);
  }

  /** What the audit of the pictures is about. */
  async #moderate({ client }: Bot): Promise<void> {
    const room = 'general';
    await client.emit('room:topic', { room, topic: 'Everything and everyone' });
    const ada = this.bot('Ada Lovelace');
    await client.emit('moderation:role', { room, member: ada.member.id, role: 'moderator' });
    for (const [name, text, reason] of [
      ['BestDeals', 'Cheap watches!!! https://watches.example', 'Advertising, three times'],
      ['xX_troll_Xx', 'first', ''],
    ] as const) {
      const other = await Bot.enter(this.base, { name });
      const content = { type: 'text' as const, text };
      const { id } = await other.client.emit('message:send', { room, content });
      await ada.client.emit('message:delete', { room, target: id });
      const span = reason === '' ? { seconds: 86_400 } : {};
      await ada.client.emit('moderation:ban', { room, member: other.member.id, reason, ...span });
      other.client.close();
    }
    const { id: member } = this.bot('Björn').member;
    await ada.client.emit('moderation:mute', { room, member, seconds: 600, reason: 'Calm down, please' });
    await client.emit('moderation:unmute', { room, member });
  }

  bot(name: string): Bot {
    const bot = this.#bots.get(name);
    if (bot === undefined) throw new Error(`There is no bot ${name}.`);
    return bot;
  }

  /** Id of the room of that name. */
  room(name: string): string {
    const id = this.#rooms.get(name);
    if (id === undefined) throw new Error(`There is no room ${name}.`);
    return id;
  }

  /** Says the lines, reactions included. @param pause milliseconds after each, by its number */
  async play(lines: readonly Line[], picture: Buffer, pause: (number: number) => number): Promise<void> {
    for (const line of lines) {
      this.#count += 1;
      const nonce = `line-${String(this.#count).padStart(4, '0')}`;
      this.times.set(nonce, line.minute);
      for (const change of ['edited', 'deleted']) this.times.set(`${nonce}-${change}`, line.minute + 1);
      const room = this.room(line.room ?? 'general');
      const answered = line.answers === undefined ? undefined : this.#said.get(line.answers)?.id;
      const said = await this.bot(line.who).say(line, room, nonce, answered, picture);
      if (line.id !== undefined) this.#said.set(line.id, said);
      for (const [emoji, names] of Object.entries(line.reactions ?? {})) {
        for (const name of names) {
          const { client } = this.bot(name);
          await client.emit('message:react', { room, target: said.id, emoji, on: true });
        }
      }
      await new Promise((resolve) => setTimeout(resolve, pause(this.#count)));
    }
  }

  /** The person in front of the page has read everything in that room. */
  async read(name: string): Promise<void> {
    const { client } = this.bot(me);
    const room = this.room(name);
    const { summary } = await client.emit('room:open', { room, limit: 1 });
    await client.emit('room:read', { room, offset: summary.newest });
  }

  /** Ends the server as a crash does. The pages stay. */
  kill(): void {
    for (const { client } of this.#bots.values()) client.close();
    this.#server.kill('SIGKILL');
  }

  close(): void {
    this.kill();
    rmSync(this.#data, { recursive: true, force: true });
  }
}

/** What a stream says first of that kind. @throws Error (by rejection) when it ends without */
function find(stream: Readable, what: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk: Buffer): void => {
      text += chunk;
      const found = what.exec(text)?.[0];
      if (found === undefined) return;
      stream.off('data', read);
      resolve(found);
    };
    stream.on('data', read);
    stream.on('end', () => reject(new Error(`The server ended too early, and said: ${text}`)));
  });
}

/** What a server with a full disk answers to a message. */
function refusalOf(message: string | Buffer): string | undefined {
  const request = Object(JSON.parse(message.toString()));
  if (request.event !== 'message:send') return undefined;
  const data = { code: 'internal', message: 'The message could not be stored.' };
  return JSON.stringify({ event: 'reply:error', id: request.id, data });
}
