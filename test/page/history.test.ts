import { expect, test } from 'vitest';
import { historyDelay, keptLines } from '../../public/chat/history.ts';
import { said, World } from './fake-page.ts';

async function stage() {
  const world = new World();
  const mei = world.chat.person('Mei');
  for (let index = 1; index <= 80; index += 1) world.chat.say(mei, `${index}`);
  const page = await world.enter();
  await world.clock.advance(historyDelay + 100);
  return { world, mei, page };
}

test('without a connection the last of each room is shown, and what is said waits', async () => {
  const { world, mei, page } = await stage();
  page.close('crashed');
  world.chat.up = false;
  const offline = world.open(page);
  await world.clock.advance(50);
  const state = offline.state();
  expect(state).toMatchObject({
    phase: 'chatting',
    me: { name: 'Ada' },
    rooms: [{ id: 'general' }],
    conversation: { status: 'stale', hasOlder: true, members: [{ name: 'Ada' }, { name: 'Mei' }] },
  });
  expect(state.conversation.timeline).toHaveLength(keptLines);
  expect(said(state).at(-1)).toBe('80');
  offline.say('later');
  world.chat.say(mei, 'meanwhile');
  world.chat.up = true;
  await world.clock.advance(60_000);
  expect(offline.state().conversation.status).toBe('ready');
  expect(said(offline.state()).slice(-3)).toEqual(['80', 'meanwhile', 'later']);
});

test('what the server says comes before what is remembered', async () => {
  const { world, page } = await stage();
  page.close();
  world.browser.database.latency = 5000;
  const again = world.open(page);
  await world.ready(again);
  await world.clock.advance(10_000);
  expect(again.state().conversation.status).toBe('ready');
});

test('a session that has ended shows nothing that was remembered', async () => {
  const { world, page } = await stage();
  page.close();
  world.chat.tokens.clear();
  const again = world.open(page);
  await world.clock.advance(1000);
  expect(again.state()).toMatchObject({ phase: 'signed-out', rooms: [], conversation: { timeline: [] } });
});

test('what cannot be read counts as not there', async () => {
  const { world, page } = await stage();
  page.close();
  const database = world.browser.database.open(() => true);
  const broken = [
    database.put('rooms', 'id-Ada', { rooms: 'all' }),
    database.put('outbox', 'id-Ada/x', { nonce: 1 }),
    database.put('drafts', 'id-Ada/x', 'text'),
  ];
  await world.clock.advance(100);
  await Promise.all(broken);
  world.chat.up = false;
  const again = world.open(page);
  await world.clock.advance(1000);
  expect(again.state()).toMatchObject({ phase: 'restoring', outbox: [], drafts: {} });
});

test('a storage that is forbidden is done without', async () => {
  const world = new World();
  world.browser.storage.forbidden = true;
  const page = await world.enter();
  page.say('hi');
  await world.clock.advance(100);
  expect(said(page.state())).toEqual(['hi']);
});
