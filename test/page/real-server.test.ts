/**
 * The page's store against the chat itself: the fake of the other tests might be kinder than the real one. Real
 * sockets and the real clock, so everything here waits for states and nothing for time.
 */
import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { memoryDatabase } from '../../public/chat/memory-database.ts';
import type { ChatState, ChatStore, PickedFile } from '../../public/chat/model.ts';
import type { Environment, HttpAnswer, PageDatabase } from '../../public/chat/platform.ts';
import { createStore } from '../../public/chat/store.ts';
import { readUploadReply } from '../../public/chat/upload.ts';
import { temporaryDirectory } from '../support/chat.ts';
import { startChatProgram } from '../support/chat-program.ts';
import { serveChat } from '../support/chat-server.ts';
import { said } from './fake-page.ts';
import { FakeStorage } from './fake-storage.ts';

let nonces = 0;

/** What tabs of one browser share. */
class Browser {
  readonly port: number;
  readonly storage = new FakeStorage();
  readonly database: PageDatabase = memoryDatabase();
  /** As there is one tab after the other, and each is a reload of the one before. */
  readonly tabStorage = new FakeStorage();
  cookie = '';

  constructor(port: number) {
    this.port = port;
  }

  async ask(method: string, path: string, body: unknown): Promise<HttpAnswer | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
        method,
        headers: { Cookie: this.cookie, 'Content-Type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      for (const set of response.headers.getSetCookie()) this.cookie = set.split(';')[0] ?? '';
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    } catch {
      return undefined;
    }
  }
}

function nodeEnvironment(browser: Browser): Environment {
  const { port, storage, database } = browser;
  return {
    carriers: {
      websocket(handlers) {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers: { Cookie: browser.cookie } });
        socket.on('open', handlers.opened);
        socket.on('message', (data, isBinary) => handlers.received(isBinary ? data : data.toString()));
        socket.on('close', (code, reason) => handlers.closed(code, reason.toString()));
        socket.on('error', () => {});
        return {
          send: (text) => socket.send(text),
          close: (code, reason) => socket.close(code, reason),
        };
      },
    },
    locks: undefined,
    openChannel: undefined,
    now: () => Date.now(),
    after(milliseconds, callback) {
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    },
    // The shortest wait of each back-off.
    random: () => 0,
    nonce() {
      nonces += 1;
      return `real-${process.pid}-${String(nonces).padStart(6, '0')}`.padEnd(32, '_');
    },
    storage,
    tabStorage: browser.tabStorage,
    database,
    languages: () => ['en'],
    onStorage: () => () => {},
    online: () => true,
    visible: () => true,
    onSignal: () => () => {},
    ask: (method, path, body) => browser.ask(method, path, body),
    address: () => '',
    onAddress: () => () => {},
    replaceAddress: () => {},
    pushAddress: () => {},
    watchFrames: () => () => {},
    upload(file, { done }) {
      void send(file).then(done, () => done({ status: 'lost' }));
      return () => {};
      async function send({ slice, size }: PickedFile) {
        const response = await fetch(`http://127.0.0.1:${port}/api/images`, {
          method: 'POST',
          headers: { Cookie: browser.cookie },
          body: await slice(0, size).arrayBuffer(),
        });
        const text = await response.text();
        return readUploadReply(response.status, text, response.headers.get('Retry-After'));
      }
    },
    objectUrl: ({ name }) => `blob:${name}`,
    revokeObjectUrl: () => {},
    measure: async () => undefined,
  };
}

function open(browser: Browser): ChatStore {
  const store = createStore(nodeEnvironment(browser));
  onTestFinished(store.dispose);
  return store;
}

function until(store: ChatStore, holds: (state: ChatState) => boolean): Promise<ChatState> {
  return new Promise((resolve) => {
    const check = () => {
      if (!holds(store.getState())) return;
      stop();
      resolve(store.getState());
    };
    const stop = store.subscribe(check);
    check();
  });
}

async function enter(port: number, name: string): Promise<ChatStore> {
  const store = open(new Browser(port));
  await until(store, ({ connection }) => connection.status === 'open');
  store.actions.signIn({ name });
  await until(store, ({ conversation, phase }) => phase === 'chatting' && conversation.status === 'ready');
  return store;
}

function say(store: ChatStore, text: string) {
  store.actions.setDraft({ text });
  store.actions.sendDraft();
}

const file = (name: string, octets: Uint8Array): PickedFile => ({
  name,
  size: octets.length,
  slice: (start, end) => ({ arrayBuffer: async () => new Uint8Array(octets.slice(start, end)).buffer }),
});
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `${index + 1}`);

test('two people sign in, talk, change what they said, see each other, and page back', async () => {
  const { port } = await serveChat();
  const ada = await enter(port, 'Ada');
  const mei = await enter(port, 'Mei');
  await until(ada, ({ conversation }) => conversation.members.filter(({ here }) => here).length === 2);
  for (const text of numbers(55)) say(ada, text);
  const seen = await until(mei, (state) => said(state).length >= 55);
  expect(said(seen)).toEqual(numbers(55));
  expect(seen.rooms).toMatchObject([{ id: 'general', unread: 55 }]);
  await until(ada, ({ outbox }) => outbox.length === 0);

  const last = seen.conversation.timeline.at(-1);
  if (last?.kind !== 'message') throw new Error('the last line is no message');
  mei.actions.markRead(last.message.offset);
  expect(mei.getState().rooms[0]?.unread).toBe(0);
  mei.actions.react(last.message, '🎉', true);
  const reacted = await until(ada, ({ conversation: { timeline } }) => {
    const line = timeline.at(-1);
    return line?.kind === 'message' && line.message.reactions !== undefined;
  });
  const own = reacted.conversation.timeline.at(-1);
  if (own?.kind !== 'message') throw new Error('the last line is no message');
  ada.actions.setDraft({ editing: own.message, text: 'fifty-five' });
  ada.actions.sendDraft();
  await until(mei, (state) => said(state).at(-1) === 'fifty-five');
  ada.actions.remove(own.message);
  await until(mei, (state) => said(state).at(-1) === '[deleted]');

  const late = await enter(port, 'Bo');
  expect(late.getState().conversation.hasOlder).toBe(true);
  late.actions.loadOlder();
  const paged = await until(late, ({ conversation }) => !conversation.hasOlder);
  expect(said(paged)).toEqual([...numbers(54), '[deleted]']);
  const taken = open(new Browser(port));
  await until(taken, ({ connection }) => connection.status === 'open');
  taken.actions.signIn({ name: 'ADA' });
  const refused = await until(taken, ({ signInFailure }) => signInFailure !== undefined);
  expect(refused).toMatchObject({ phase: 'signed-out', signInFailure: { code: 'name-taken' } });
  mei.actions.logOut();
  await until(ada, ({ conversation }) =>
    conversation.members.some(({ name, here }) => name === 'Mei' && !here),
  );
  await until(mei, ({ connection, phase }) => connection.status === 'open' && phase === 'signed-out');
});

test('rooms: one is made, found, joined and left, and its messages are counted meanwhile', async () => {
  const { port } = await serveChat();
  const ada = await enter(port, 'Ada');
  const mei = await enter(port, 'Mei');
  const made = await ada.actions.request('room:create', { name: 'Tea', nonce: ada.actions.nonce() });
  if (made.status !== 'ok') throw new Error('the room was not made');
  const { id } = made.data.room;
  ada.actions.openRoom(id);
  await until(ada, ({ conversation }) => conversation.room === id && conversation.status === 'ready');
  expect(await mei.actions.request('room:join', { room: id, nonce: mei.actions.nonce() })).toMatchObject({
    status: 'ok',
  });
  expect(mei.getState().rooms.map(({ name }) => name)).toEqual([expect.any(String), 'Tea']);
  say(ada, 'black or green, @Mei?');
  const counted = await until(mei, ({ rooms }) => rooms[1]?.unread === 1);
  expect(counted.rooms[1]).toMatchObject({ unread: 1, mentions: 1 });
  mei.actions.openRoom(id);
  const opened = await until(
    mei,
    ({ conversation }) => conversation.status === 'ready' && conversation.room === id,
  );
  expect(said(opened)).toEqual(['black or green, @Mei?']);
  expect(opened.conversation.newFrom).toBe(counted.rooms[1]?.read);
  await mei.actions.request('room:leave', { room: id, nonce: mei.actions.nonce() });
  const left = await until(mei, ({ rooms }) => rooms.length === 1);
  expect(left.conversation.room).toBe('general');
});

test('an image goes up and is seen by another; one that only looks like an image fails with the reason', async () => {
  const { port } = await serveChat();
  const ada = await enter(port, 'Ada');
  const mei = await enter(port, 'Mei');
  const picture = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#a8501f' } })
    .png()
    .toBuffer();
  ada.actions.sendImages([file('wire.png', picture), file('cut.png', picture.subarray(0, 40))]);
  const { conversation } = await until(mei, (state) => said(state).includes('[image]'));
  const shown = conversation.timeline.find((item) => item.kind === 'message');
  expect(shown).toMatchObject({ message: { content: { image: { width: 40, height: 30 } } } });
  const { outbox } = await until(ada, (state) => state.outbox.some(({ status }) => status === 'failed'));
  expect(outbox).toMatchObject([{ failure: { code: 'invalid', field: 'image.type' } }]);
});

test('a page that is reloaded is in again, and what it had not sent goes out', async () => {
  const { port } = await serveChat();
  const browser = new Browser(port);
  const first = open(browser);
  await until(first, ({ connection }) => connection.status === 'open');
  first.actions.signIn({ name: 'Ada' });
  await until(first, ({ conversation, phase }) => phase === 'chatting' && conversation.status === 'ready');
  for (const text of numbers(5)) say(first, text);
  await new Promise((resolve) => setImmediate(resolve));
  first.dispose();
  const second = open(browser);
  const state = await until(second, (now) => now.outbox.length === 0 && said(now).length === 5);
  expect(said(state)).toEqual(numbers(5));
});

test('a server that is killed in mid-conversation and one that restarts lose and repeat nothing', async () => {
  const data = temporaryDirectory();
  const start = (port: string) => startChatProgram(data, port);
  const first = await start('0');
  const ada = await enter(Number(first.port), 'Ada');
  const write = (from: number, to: number) => {
    for (let index = from; index <= to; index += 1) say(ada, `${index}`);
  };
  write(1, 20);
  await until(ada, (state) => said(state).length >= 5);
  first.program.signal('SIGKILL');
  await first.program.ended;
  write(21, 25);
  await until(ada, ({ connection }) => connection.status === 'waiting');
  const second = await start(first.port);
  await until(ada, (state) => said(state).length >= 22);
  second.program.signal('SIGTERM');
  const away = await until(ada, ({ connection }) => connection.status === 'waiting');
  expect(away.connection).toMatchObject({ restarting: true });
  expect(away.lastClose).toMatchObject({ code: 1012, reason: expect.stringMatching(/ retry after \d+ ms$/) });
  await second.program.ended;
  write(26, 30);
  await start(first.port);
  const state = await until(ada, ({ outbox }) => outbox.length === 0);
  expect(said(state)).toEqual(numbers(30));
  expect(state.phase).toBe('chatting');
  const mei = await enter(Number(first.port), 'Mei');
  expect(said(mei.getState())).toEqual(numbers(30));
});
