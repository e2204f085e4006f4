import { expect, test, vi } from 'vitest';
import type { WireTick } from '../../public/chat/model.ts';
import { World } from './fake-page.ts';

test('the state is replaced whole on a change, and only then', () => {
  const world = new World();
  const page = world.enter();
  const first = page.state();
  const listener = vi.fn();
  const stop = page.store.subscribe(listener);
  page.actions.clearSignInFailure();
  page.actions.retry('unknown');
  page.actions.discard('unknown');
  expect(page.state()).toBe(first);
  expect(listener).not.toHaveBeenCalled();
  page.actions.sendText('hi');
  expect(page.state()).not.toBe(first);
  expect(first.outbox).toEqual([]);
  const calls = listener.mock.calls.length;
  expect(calls).toBeGreaterThan(0);
  stop();
  world.clock.advance(100);
  expect(listener).toHaveBeenCalledTimes(calls);
});

test('each message on the wire is a tick and counts', () => {
  const world = new World();
  const page = world.enter();
  const ticks: WireTick[] = [];
  const stop = page.store.onWire((tick) => ticks.push(tick));
  const before = page.state().traffic;
  page.actions.sendText('hi 👋');
  world.clock.advance(100);
  expect(ticks.map(({ direction, kind }) => `${direction} ${kind}`)).toEqual([
    'up text',
    'down text',
    'down text',
  ]);
  const { traffic } = page.state();
  expect(traffic.sent - before.sent).toBe(1);
  expect(traffic.received - before.received).toBe(2);
  expect(traffic.octetsSent - before.octetsSent).toBe(ticks[0]?.length);
  const sent = world.chat.requests('message:send').map((request) => JSON.stringify(request));
  // Octets, not characters: the emoji counts four.
  expect(ticks[0]?.length).toBe(Buffer.byteLength(sent[0] ?? ''));
  stop();
  page.actions.sendText('again');
  world.clock.advance(100);
  expect(ticks).toHaveLength(3);
});

test('the state of the connection is told as it is: slow, lost, restarting, back', () => {
  const world = new World();
  const page = world.enter();
  world.chat.latency = 1000;
  world.clock.advance(30_000);
  expect(page.state().connection).toMatchObject({ status: 'open', slow: true, roundTripTime: 2000 });
  world.chat.latency = 5;
  world.clock.advance(30_000);
  expect(page.state().connection).toMatchObject({ status: 'open', slow: false, roundTripTime: 10 });
  world.chat.connection.push('server:restart', { retryWithin: 4000 });
  world.clock.advance(10);
  world.chat.endAll(1012, 'restarting');
  expect(page.state()).toMatchObject({
    phase: 'chatting',
    connection: { status: 'waiting', restarting: true },
    lastClose: { code: 1012, reason: 'restarting', time: world.clock.time },
  });
  world.clock.advance(5000);
  expect(page.state()).toMatchObject({ connection: { status: 'open' }, traffic: { reconnects: 1 } });
});

test('another protocol stops everything, and what was written stays', () => {
  const world = new World();
  const page = world.enter();
  world.chat.protocol = 2;
  world.chat.endAll(1006);
  page.actions.sendText('later');
  world.clock.advance(60_000);
  expect(page.state().connection).toEqual({ status: 'stopped', reason: 'protocol-version' });
  expect(page.state().outbox).toHaveLength(1);
  page.close();
  world.chat.protocol = 1;
  const again = world.open(page);
  world.clock.advance(1000);
  expect(again.state().outbox).toEqual([]);
  expect(world.chat.log).toHaveLength(1);
});

test('toasts that say the same thing do not pile up', () => {
  const world = new World();
  for (let index = 0; index < 60; index += 1) world.chat.say({ id: 'm', name: 'M' }, 'x');
  const page = world.enter();
  world.chat.intercept = (connection, request) => {
    if (request.event !== 'message:page') return false;
    connection.refuse(request, { code: 'internal', message: '' });
    return true;
  };
  for (let index = 0; index < 3; index += 1) {
    page.actions.loadOlder();
    world.clock.advance(100);
  }
  expect(page.state().toasts).toHaveLength(1);
  world.clock.advance(7950);
  expect(page.state().toasts).toEqual([]);
});

test('dispose ends every timer, listener and the connection', () => {
  const world = new World();
  const page = world.enter();
  page.actions.sendText('on its way');
  page.store.dispose();
  world.clock.advance(10);
  expect(world.chat.connections.size).toBe(0);
  expect(world.clock.timerCount).toBe(0);
  page.tab.signal('online');
  world.browser.tell(undefined);
  world.clock.advance(600_000);
  expect(world.chat.attempts).toBe(1);
});
