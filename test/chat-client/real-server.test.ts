// The event API against the whole chat on a real port, over each transport, while connections are cut.
import { expect, onTestFinished, test } from 'vitest';
import { createCarriers } from '../../src/chat-client/carriers.ts';
import { type ChatClient, connectChat } from '../../src/chat-client/client.ts';
import type { Carriers, OpenSocket, SocketHandlers } from '../../src/chat-client/platform.ts';
import { type TransportName, transportNames } from '../../src/transports/channel.ts';
import { serveChat } from '../support/chat-server.ts';
import { OwnWebSocket } from './carrier-user.ts';

/** Carriers whose connections can be cut, as a network does it. */
function cuttable(carriers: Carriers): { readonly carriers: Carriers; cut(): void } {
  const cuts = new Set<() => void>();
  const wrap =
    (openSocket: OpenSocket): OpenSocket =>
    (handlers: SocketHandlers) => {
      const socket = openSocket(handlers);
      const cut = () => {
        cuts.delete(cut);
        socket.close(1000, '');
        handlers.closed(1006, '');
      };
      cuts.add(cut);
      return {
        send: (text) => socket.send(text),
        close(code, reason) {
          cuts.delete(cut);
          socket.close(code, reason);
        },
      };
    };
  const wrapped = Object.entries(carriers).map(([name, openSocket]) => [name, wrap(openSocket)]);
  return {
    carriers: Object.fromEntries(wrapped),
    cut() {
      for (const cut of [...cuts]) cut();
    },
  };
}

/** EventSource is the browser's: test/browser has it. */
const here = transportNames.filter((name) => name !== 'event-stream');

test.each(here)('%s: two programs talk, are cut off, and each has everything once', async (transport) => {
  const server = await serveChat();
  const network = cuttable(
    createCarriers({ url: server.url, transports: [transport], WebSocket: OwnWebSocket }),
  );
  const offsets = new Map<string, number[]>();
  const texts = new Map<string, string[]>();
  const waiting = new Set<() => void>();
  const join = (name: string): ChatClient => {
    const environment = { carriers: network.carriers, random: () => 0 };
    const chat = connectChat({ url: server.url, name, environment });
    onTestFinished(() => chat.close());
    const own: number[] = [];
    const said: string[] = [];
    offsets.set(name, own);
    texts.set(name, said);
    chat.on('room:event', ({ event }) => {
      own.push(event.offset);
      if (event.type === 'message' && event.content.type === 'text') said.push(event.content.text);
      for (const check of [...waiting]) check();
    });
    return chat;
  };
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!holds()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });

  const ada = join('Ada');
  await ada.emit('room:list', {});
  const bob = join('Bob');
  await bob.emit('room:list', {});
  expect([ada.transport, bob.transport]).toEqual([transport, transport]);

  const count = 4;
  const say = (chat: ChatClient, text: string) =>
    chat.emit('message:send', { content: { type: 'text', text } });
  const receipts = Array.from({ length: count }, (_, number) => [
    say(ada, `Ada ${number}`),
    say(bob, `Bob ${number}`),
  ]).flat();
  await until(() => (texts.get('Bob')?.length ?? 0) > 0);
  network.cut();
  await Promise.all(receipts);
  await until(() => [...texts.values()].every((own) => own.length === 2 * count));

  expect(texts.get('Ada')).toEqual(texts.get('Bob'));
  expect(new Set(texts.get('Ada')).size).toBe(2 * count);
  for (const name of ['Ada', 'Bob']) {
    // In the order in which each of them said it.
    const own = texts.get('Ada')?.filter((text) => text.startsWith(name));
    expect(own).toEqual(Array.from({ length: count }, (_, number) => `${name} ${number}`));
  }
  for (const own of offsets.values()) expect(own).toEqual([...own].sort((one, other) => one - other));
  expect(ada.cursor).toEqual(bob.cursor);
});

test('a name that is taken is told as the server has it', async () => {
  const server = await serveChat();
  await server.enter('Ada');
  const transports: TransportName[] = ['fetch-stream'];
  const chat = connectChat({ url: server.url, name: 'Ada', transports });
  onTestFinished(() => chat.close());
  await expect(chat.emit('room:list', {})).rejects.toMatchObject({
    code: 'name-taken',
    failure: { suggestion: expect.any(String) },
  });
});
