/**
 * What the page shows is what is in the log, whatever happens: here others write, edit, delete and react in three rooms,
 * the person does so too, moves about in the log and between rooms, and the connection breaks, by a seed that a failure
 * names. Once all is quiet, the window must be a piece of the log as it is now, and every count the server's.
 */
import { expect, test } from 'vitest';
import type { ChatState } from '../../public/chat/model.ts';
import type { Message } from '../../src/chat/events.ts';
import { seededRandom } from '../support/chopping.ts';
import { type Page, World } from './fake-page.ts';

const steps = 2000;
const rooms = ['general', 'dev', 'tea'];
const emoji = ['👍', '🎉', '👀'];

/** The lines are the log's, without a hole, and reach as far as they say. */
function checkWindow(world: World, { conversation }: ChatState, where: string) {
  const all = world.chat.log.items(conversation.room);
  const shown = conversation.timeline.map((line) => (line.kind === 'message' ? line.message : line.item));
  const from = all.findIndex(({ id }) => id === shown[0]?.id);
  expect(from, where).toBeGreaterThanOrEqual(0);
  expect(shown, where).toEqual(all.slice(from, from + shown.length));
  expect(conversation.hasOlder, where).toBe(from > 0);
  expect(conversation.hasNewer, where).toBe(from + shown.length < all.length);
  expect(shown.length, where).toBeLessThanOrEqual(350);
}

function checkRooms(world: World, page: Page, where: string) {
  const me = page.state().me?.id ?? '';
  for (const room of page.state().rooms) {
    const { newest, unread, mentions, read, lastTime } = world.chat.summary(world.chat.room(room.id), me);
    expect(room, where).toMatchObject({ newest, unread, mentions, read, lastTime });
  }
}

/** At every moment, also in the middle of things: in order, and each line once. */
function checkOrder({ conversation }: ChatState, where: string) {
  const offsets = conversation.timeline.map((line) =>
    line.kind === 'message' ? line.message.offset : line.item.offset,
  );
  if (offsets.some((offset, index) => index > 0 && offset <= (offsets[index - 1] ?? 0))) {
    throw new Error(`${where}: out of order: ${offsets}`);
  }
}

async function walk(seed: number) {
  const random = seededRandom(seed);
  const pick = <Value>(values: readonly Value[]): Value => {
    const value = values[Math.floor(random() * values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  };
  const world = new World();
  const { chat, clock } = world;
  for (const room of rooms.slice(1)) chat.addRoom(room);
  const others = ['Mei', 'Bo', 'Cy'].map((name) => chat.person(name, ...rooms.slice(1)));
  const page = await world.enter();
  const me = page.state().me;
  if (me === undefined) throw new Error('not in');
  for (const room of rooms.slice(1)) chat.join(room, me);
  page.store.subscribe(() => checkOrder(page.state(), `seed ${seed}`));
  const done = { cuts: 0, checks: 0 };

  const messages = (room: string) =>
    chat.log
      .items(room)
      .filter((item): item is Message => item.type === 'message' && item.deleted === undefined);
  const shownMessages = () =>
    page.state().conversation.timeline.flatMap((line) => (line.kind === 'message' ? [line.message] : []));

  for (let step = 0; step < steps; step += 1) {
    const room = pick(rooms);
    const dice = random();
    const target = messages(room).at(-1 - Math.floor(random() * 40));
    if (dice < 0.45 || target === undefined) {
      chat.say(
        pick(others),
        `${step}`,
        room,
        random() < 0.1 ? [random() < 0.5 ? me.id : 'everyone'] : undefined,
      );
    } else if (dice < 0.52) chat.edit(target, `${step} edited`, random() < 0.2 ? [me.id] : undefined);
    else if (dice < 0.55) chat.remove(target);
    else if (dice < 0.65) chat.react(target, pick(others), pick(emoji), random() < 0.7);
    else if (dice < 0.72) page.say(`mine ${step}`);
    else if (dice < 0.76) {
      const own = shownMessages().at(-1);
      if (own !== undefined && own.deleted === undefined)
        page.actions.react(own, pick(emoji), random() < 0.6);
    } else if (dice < 0.81) page.actions.openRoom(room);
    else if (dice < 0.85) page.actions.loadOlder();
    else if (dice < 0.89) page.actions.loadNewer();
    else if (dice < 0.91) page.actions.jumpTo(pick(chat.log.items(page.state().conversation.room)).offset);
    else if (dice < 0.93) page.actions.jumpToNewest();
    else if (dice < 0.96) {
      const last = shownMessages().at(-1);
      if (last !== undefined) page.actions.markRead(last.offset);
    } else if (dice < 0.98) {
      done.cuts += 1;
      chat.recoveryLimit = random() < 0.5 ? 500 : 3;
      chat.endAll(1006);
    } else if (dice < 0.985) chat.eventsToLose = 1 + Math.floor(random() * 3);
    else if (dice < 0.992) chat.latency = Math.floor(random() * 50);
    else chat.receiptFirst = random() < 0.5;

    if (random() < 0.6) await clock.advance(Math.floor(random() * 60));
    if (step % 20 !== 19) continue;
    // What was lost is noticed with the next event of its room.
    chat.eventsToLose = 0;
    await clock.advance(200);
    for (const each of rooms) chat.say(pick(others), `${step} in ${each}`, each);
    await clock.advanceUntil(
      () => page.state().connection.status === 'open' && page.state().outbox.length === 0,
      3_600_000,
    );
    await clock.advance(3000);
    const where = `seed ${seed}, step ${step}`;
    expect(page.state().conversation.status, where).toBe('ready');
    checkWindow(world, page.state(), where);
    checkRooms(world, page, where);
    done.checks += 1;
  }
  return done;
}

test.each([1, 2, 3])('2,000 events leave the page with what is in the log, seed %i', async (seed) => {
  const { cuts, checks } = await walk(seed);
  expect(cuts).toBeGreaterThan(20);
  expect(checks).toBe(100);
});
