// The example bot, run as its first lines say, against the real chat: it answers, survives a restart, and is short.
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from './support/chat.ts';
import { startChatProgram } from './support/chat-program.ts';
import { ChatClient, serveChat } from './support/chat-server.ts';
import { Program, root } from './support/process.ts';

function runBot(url: string, name?: string): Program {
  const bot = new Program(['--import', 'tsx', 'examples/bot.ts', url, ...(name === undefined ? [] : [name])]);
  onTestFinished(async () => {
    bot.signal('SIGKILL');
    await bot.ended;
  });
  return bot;
}

async function ask(client: ChatClient, text: string, room = 'general'): Promise<string> {
  const { offset } = await client.ok('message:send', {
    room,
    nonce: `question-${text.replace(/\W/g, '')}-${client.events.length}`,
    content: { type: 'text', text },
  });
  const answer = await client.seen(
    (event) => event.event === 'room:event' && event.data.event.nonce === `answer-to-${offset}`,
  );
  const said = answer.event === 'room:event' ? answer.data.event : undefined;
  if (said?.type !== 'message' || said.content.type !== 'text') throw new Error('no text');
  return said.content.text;
}

describe('examples/bot.ts', () => {
  it('has fewer than 75 lines', () => {
    expect(readFileSync(`${root}/examples/bot.ts`, 'utf8').trimEnd().split('\n').length).toBeLessThan(75);
  });

  it('signs in and answers, and does not talk with itself', async () => {
    const server = await serveChat();
    const { client } = await server.enter('Ada');
    const bot = runBot(`ws://127.0.0.1:${server.port}/chat`);
    await bot.output(/^Dicey is in general\n/);
    expect(await ask(client, '!roll 2d6')).toMatch(/^[1-6] \+ [1-6] = \d{1,2}$/);
    expect(await ask(client, '!roll 1d1')).toBe('1 = 1');
    expect(await ask(client, '!roll')).toBe('Like this: !roll 2d6');
    expect(await ask(client, '!roll 0d6')).toBe('Like this: !roll 2d6');
    expect(await ask(client, '!time')).toMatch(/^\d{4}-\d\d-\d\dT/);
    await client.ok('message:send', { nonce: 'just-talk', content: { type: 'text', text: 'nice' } });
    expect(await ask(client, '!roll 1d1')).toBe('1 = 1');
    const said = client.events.filter(
      (event) => event.event === 'room:event' && event.data.event.type === 'message',
    );
    expect(said).toHaveLength(13);
  });

  it('answers in every room that it is let into', async () => {
    const server = await serveChat();
    const { client } = await server.enter('Ada');
    const bot = runBot(`ws://127.0.0.1:${server.port}/chat`, 'Roomy');
    await bot.output(/^Roomy is in general\n/);
    const { members } = await client.ok('room:open', { room: 'general' });
    const roomy = members.find(({ name }) => name === 'Roomy');
    const { room } = await client.ok('room:direct', { member: roomy?.id ?? '', nonce: 'just-us-two' });
    expect(await ask(client, '!roll 2d1', room.id)).toBe('1 + 1 = 2');
  });

  it('answers after a restart what was asked while it was away, once', async () => {
    const data = temporaryDirectory();
    const start = (port: string) => startChatProgram(data, port);
    const first = await start('0');
    const bot = runBot(`ws://127.0.0.1:${first.port}/chat`, 'Phoenix');
    await bot.output(/^Phoenix is in general\n/);
    await first.program.stop();
    const second = await start(first.port);
    const client = await ChatClient.connect(Number(second.port));
    await client.ok('session:enter', { name: 'Ada' });
    expect(await ask(client, '!roll 3d1')).toBe('1 + 1 + 1 = 3');
    await bot.output(/Phoenix is in general\n(?:.*\n)*?.*Phoenix is in general\n/);
    expect(await ask(client, '!roll 1d1')).toBe('1 = 1');
    await second.program.stop();
  });

  it('says why it is not let in', async () => {
    const server = await serveChat();
    await server.enter('Dicey');
    const ended = await runBot(`ws://127.0.0.1:${server.port}/chat`).ended;
    expect(ended).toMatchObject({ code: 1, stderr: 'The name Dicey is taken; Dicey 2 is free.\n' });
  });
});
