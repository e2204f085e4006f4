/**
 * The page's store against the chat itself: the fake of the other tests might be kinder than the real one. Real
 * sockets and the real clock, so everything here waits for states and nothing for time.
 */
import sharp from 'sharp';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import type { ChatState, ChatStore, PickedFile } from '../../public/chat/model.ts';
import type { Environment } from '../../public/chat/platform.ts';
import { createStore } from '../../public/chat/store.ts';
import { readUploadReply } from '../../public/chat/upload.ts';
import { temporaryDirectory } from '../support/chat.ts';
import { startChatProgram } from '../support/chat-program.ts';
import { serveChat } from '../support/chat-server.ts';
import { outline } from './fake-page.ts';
import { FakeStorage } from './fake-storage.ts';

let nonces = 0;

function nodeEnvironment(port: number, storage: FakeStorage): Environment {
  return {
    openSocket(handlers) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`);
      socket.on('open', handlers.opened);
      socket.on('message', (data, isBinary) => handlers.received(isBinary ? data : data.toString()));
      socket.on('close', (code, reason) => handlers.closed(code, reason.toString()));
      socket.on('error', () => {});
      return {
        send: (text) => socket.send(text),
        close: (code, reason) => socket.close(code, reason),
      };
    },
    now: () => Date.now(),
    after(milliseconds, callback) {
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    },
    // The shortest wait of each back-off.
    random: () => 0,
    nonce() {
      nonces += 1;
      return `real-${process.pid}-${nonces}`.padEnd(32, '_');
    },
    storage,
    tabStorage: new FakeStorage(),
    languages: () => ['en'],
    onStorage: () => () => {},
    online: () => true,
    onSignal: () => () => {},
    upload(file, token, { done }) {
      void send(file).then(done, () => done({ status: 'lost' }));
      return () => {};
      async function send({ slice, size }: PickedFile) {
        const response = await fetch(`http://127.0.0.1:${port}/api/images`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${token}` },
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

function open(port: number, storage = new FakeStorage()): ChatStore {
  const store = createStore(nodeEnvironment(port, storage));
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

async function enter(port: number, name: string, storage = new FakeStorage()): Promise<ChatStore> {
  const store = open(port, storage);
  store.actions.signIn(name);
  await until(store, ({ phase }) => phase === 'chatting');
  return store;
}

const file = (name: string, octets: Uint8Array): PickedFile => ({
  name,
  size: octets.length,
  slice: (start, end) => ({ arrayBuffer: async () => new Uint8Array(octets.slice(start, end)).buffer }),
});

test('two people sign in, talk, see each other come and go, and page back', async () => {
  const { port } = await serveChat();
  const ada = await enter(port, 'Ada');
  const mei = await enter(port, 'Mei');
  await until(ada, ({ members }) => members.length === 2);
  for (let index = 1; index <= 55; index += 1) ada.actions.sendText(`${index}`);
  const seen = await until(mei, ({ timeline }) => timeline.length >= 55);
  expect(outline(seen)).toEqual(Array.from({ length: 55 }, (_, index) => `${index + 1}`));
  await until(ada, ({ outbox, connection }) => outbox.length === 0 && connection.status === 'open');
  const late = await enter(port, 'Bo');
  expect(late.getState()).toMatchObject({ hasMore: true });
  late.actions.loadOlder();
  const paged = await until(late, ({ hasMore }) => !hasMore);
  expect(outline(paged)).toEqual(outline(seen));
  const taken = open(port);
  taken.actions.signIn('ADA');
  const refused = await until(taken, ({ signInFailure }) => signInFailure !== undefined);
  expect(refused).toMatchObject({ phase: 'signed-out', signInFailure: { code: 'name-taken' } });
  mei.actions.logOut();
  await until(ada, ({ timeline }) => timeline.at(-1)?.kind === 'left');
  await until(mei, ({ connection }) => connection.status === 'open');
  mei.actions.signIn('Mei');
  await until(mei, ({ phase }) => phase === 'chatting');
});

test('an image goes up and is seen by another; one that only looks like an image fails with the reason', async () => {
  const { port } = await serveChat();
  const ada = await enter(port, 'Ada');
  const mei = await enter(port, 'Mei');
  const picture = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#a8501f' } })
    .png()
    .toBuffer();
  ada.actions.sendImages([file('wire.png', picture), file('cut.png', picture.subarray(0, 40))]);
  const { timeline } = await until(mei, (state) => outline(state).includes('[image]'));
  const shown = timeline.find((item) => item.kind === 'message');
  expect(shown).toMatchObject({ message: { content: { image: { width: 40, height: 30 } } } });
  const { outbox } = await until(ada, (state) => state.outbox.some(({ status }) => status === 'failed'));
  expect(outbox).toMatchObject([{ failure: { code: 'invalid', field: 'image.type' } }]);
});

test('a server that is killed in mid-conversation and one that restarts lose and repeat nothing', async () => {
  const data = temporaryDirectory();
  const start = (port: string) => startChatProgram(data, port);
  const first = await start('0');
  const ada = await enter(Number(first.port), 'Ada');
  const say = (from: number, to: number) => {
    for (let index = from; index <= to; index += 1) ada.actions.sendText(`${index}`);
  };
  say(1, 20);
  await until(ada, ({ timeline }) => timeline.length >= 5);
  first.program.signal('SIGKILL');
  await first.program.ended;
  say(21, 25);
  await until(ada, ({ connection }) => connection.status === 'waiting');
  const second = await start(first.port);
  await until(ada, ({ timeline }) => timeline.length >= 22);
  second.program.signal('SIGTERM');
  const away = await until(ada, ({ connection }) => connection.status === 'waiting');
  expect(away.connection).toMatchObject({ restarting: true });
  expect(away.lastClose).toMatchObject({ code: 1012, reason: expect.stringMatching(/ retry after \d+ ms$/) });
  await second.program.ended;
  say(26, 30);
  await start(first.port);
  const state = await until(ada, ({ outbox }) => outbox.length === 0);
  const expected = Array.from({ length: 30 }, (_, index) => `${index + 1}`);
  expect(outline(state)).toEqual(expected);
  expect(state.phase).toBe('chatting');
  const mei = await enter(Number(first.port), 'Mei');
  expect(outline(mei.getState())).toEqual(expected);
});
