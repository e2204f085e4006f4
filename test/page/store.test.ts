import { expect, test, vi } from 'vitest';
import type { WireTick } from '../../public/chat/model.ts';
import { said, World } from './fake-page.ts';

test('somebody signs in, says something and sees it once', async () => {
  const world = new World();
  const page = world.open();
  await world.clock.advanceUntil(() => page.state().connection.status === 'open');
  page.actions.signIn({ name: 'Ada' });
  expect(page.state().phase).toBe('entering');
  await world.ready(page);
  expect(page.state()).toMatchObject({
    phase: 'chatting',
    me: { name: 'Ada' },
    rooms: [{ id: 'general', joined: true, unread: 0 }],
    connection: { status: 'open', transport: 'websocket', shared: false },
  });
  page.say('hi');
  await world.clock.advance(100);
  expect(page.state().outbox).toEqual([]);
  expect(said(page.state())).toEqual(['hi']);
});

test('the state is replaced whole on a change, and only then', async () => {
  const world = new World();
  const page = await world.enter();
  const first = page.state();
  const listener = vi.fn();
  const stop = page.store.subscribe(listener);
  page.actions.clearSignInFailure();
  page.actions.retry('unknown');
  page.actions.discard('unknown');
  page.actions.markRead(0);
  page.actions.loadOlder();
  expect(page.state()).toBe(first);
  expect(listener).not.toHaveBeenCalled();
  page.say('hi');
  expect(page.state()).not.toBe(first);
  expect(first.outbox).toEqual([]);
  const calls = listener.mock.calls.length;
  expect(calls).toBeGreaterThan(0);
  stop();
  await world.clock.advance(100);
  expect(listener).toHaveBeenCalledTimes(calls);
});

test('each message on the wire is a tick and counts; the frames of the tracer come in their place', async () => {
  const world = new World();
  const page = await world.enter();
  const ticks: WireTick[] = [];
  expect(page.tab.frameListeners.size).toBe(0);
  const stop = page.store.onWire((tick) => ticks.push(tick));
  const before = page.state().traffic;
  const answer = page.actions.request('room:open', { room: 'general' });
  await world.clock.advance(100);
  await answer;
  expect(ticks.map(({ direction, kind }) => `${direction} ${kind}`)).toEqual(['up text', 'down text']);
  const { traffic } = page.state();
  expect(traffic.sent - before.sent).toBe(1);
  expect(traffic.received - before.received).toBe(1);
  expect(traffic.octetsSent - before.octetsSent).toBe(ticks[0]?.length);
  for (const listener of page.tab.frameListeners) {
    listener({ time: 5, direction: 'up', kind: 'ping', length: 0, compressed: false });
  }
  void page.actions.request('room:open', { room: 'general' });
  await world.clock.advance(100);
  expect(ticks.slice(2)).toEqual([
    { time: expect.any(Number), direction: 'up', kind: 'ping', length: 0, compressed: false },
  ]);
  stop();
  expect(page.tab.frameListeners.size).toBe(0);
});

test('a panel asks for itself, and is told when there is no connection', async () => {
  const world = new World();
  const page = await world.enter();
  const refused = page.actions.request('room:open', { room: 'nowhere' });
  await world.clock.advance(100);
  expect(await refused).toMatchObject({ status: 'refused', failure: { code: 'room-unknown' } });
  const lost = page.actions.request('room:open', { room: 'general' });
  world.chat.endAll(1006);
  expect(await lost).toEqual({ status: 'offline' });
  expect(await page.actions.request('room:open', { room: 'general' })).toEqual({ status: 'offline' });
});

test('another protocol stops everything, and what was written stays', async () => {
  const world = new World();
  const page = await world.enter();
  world.chat.protocol = 3;
  world.chat.endAll(1006);
  page.say('later');
  await world.clock.advance(60_000);
  expect(page.state().connection).toEqual({ status: 'stopped', reason: 'protocol-version' });
  expect(page.state().outbox).toHaveLength(1);
  page.close();
  world.chat.protocol = 2;
  const again = world.open(page);
  await world.ready(again);
  await world.clock.advance(1000);
  expect(said(again.state())).toEqual(['later']);
});

test('toasts that say the same thing do not pile up, and go by themselves', async () => {
  const world = new World();
  const page = await world.enter();
  for (let index = 0; index < 3; index += 1) page.actions.notify({ id: 'copied' });
  page.actions.notify({ id: 'history-failed' });
  expect(page.state().toasts.map(({ text, tone }) => `${text.id} ${tone}`)).toEqual([
    'copied info',
    'history-failed error',
  ]);
  page.actions.dismissToast(page.state().toasts[0]?.key ?? '');
  expect(page.state().toasts).toHaveLength(1);
  await world.clock.advance(8000);
  expect(page.state().toasts).toEqual([]);
});

test.each([false, true])(
  'dispose ends every timer, listener and the connection, sharing %s',
  async (sharing) => {
    const world = new World(sharing);
    const page = await world.enter();
    page.actions.setDraft({ text: 'half' });
    page.say('on its way');
    page.store.dispose();
    await world.clock.advance(20);
    expect(world.chat.connections.size).toBe(0);
    expect(world.clock.timerCount).toBe(0);
    page.tab.signal('online');
    world.browser.tell(undefined);
    page.tab.visit('#/dev');
    await world.clock.advance(600_000);
    expect(world.chat.connections.size).toBe(0);
  },
);
