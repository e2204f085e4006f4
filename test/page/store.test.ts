import { expect, test } from 'vitest';
import { outline, said, World } from './fake-page.ts';

test('somebody signs in, says something and sees it once', async () => {
  const world = new World();
  const page = world.open();
  await world.clock.advanceUntil(() => page.state().connection.status === 'open');
  expect(page.state()).toMatchObject({ phase: 'signed-out', me: undefined, entry: { invitation: false } });
  page.actions.signIn({ name: 'Ada' });
  expect(page.state().phase).toBe('entering');
  await world.ready(page);
  expect(page.state()).toMatchObject({
    phase: 'chatting',
    me: { name: 'Ada' },
    rooms: [{ id: 'general', joined: true, unread: 0 }],
    connection: { status: 'open', transport: 'websocket' },
  });
  expect(outline(page.state())).toEqual(['+Ada']);
  page.say('hi');
  expect(page.state().outbox).toHaveLength(1);
  await world.clock.advance(100);
  expect(page.state().outbox).toEqual([]);
  expect(said(page.state())).toEqual(['hi']);
  expect(page.tab.address()).toBe('#/general');
});
