import { describe, expect, test } from 'vitest';
import type { Arrival } from '../../public/chat/model.ts';
import { readInterval } from '../../public/chat/reading.ts';
import { maximumRooms } from '../../public/chat/windows.ts';
import type { Member } from '../../src/chat/events.ts';
import { FakeBrowser } from './fake-browser.ts';
import { outline, type Page, said, World } from './fake-page.ts';

/** A page that is in `general` and `dev`, where Mei is too. */
async function stage(count = 0) {
  const world = new World();
  world.chat.addRoom('dev', 'public', 'Development');
  const mei = world.chat.person('Mei', 'dev');
  for (let index = 1; index <= count; index += 1) world.chat.say(mei, `${index}`);
  const page = await world.enter();
  const me = myself(page);
  world.chat.join('dev', me);
  await world.clock.advance(50);
  return { world, chat: world.chat, clock: world.clock, page, mei, me };
}

function myself(page: Page): Member {
  const { me } = page.state();
  if (me === undefined) throw new Error('nobody is in');
  return me;
}

const room = (page: Page, id: string) => page.state().rooms.find((one) => one.id === id);

describe('rooms', () => {
  test('are listed when one comes into them, counted, and read', async () => {
    const { chat, clock, page, mei, me } = await stage();
    expect(page.state().rooms.map(({ name }) => name)).toEqual(['General', 'Development']);
    const first = chat.say(mei, 'one', 'dev');
    const second = chat.say(mei, 'two', 'dev', [me.id]);
    await clock.advance(50);
    expect(room(page, 'dev')).toMatchObject({ unread: 2, mentions: 1 });
    page.actions.openRoom('dev');
    await clock.advance(50);
    expect(said(page.state())).toEqual(['one', 'two']);
    expect(page.state().conversation.newFrom).toBe(first.previous);
    page.actions.markRead(first.offset);
    expect(room(page, 'dev')).toMatchObject({ unread: 1, mentions: 1 });
    page.actions.markRead(second.offset);
    page.actions.markRead(first.offset);
    expect(room(page, 'dev')).toMatchObject({ unread: 0, mentions: 0 });
    await clock.advance(readInterval + 50);
    expect(chat.requests('room:read').map(({ data }) => data.offset)).toEqual([first.offset, second.offset]);
  });

  test.each([10, 400])('are opened where what is new begins, with %i new messages', async (count) => {
    const { chat, clock, page, mei } = await stage();
    page.actions.openRoom('dev');
    await clock.advance(50);
    page.actions.markRead(chat.say(mei, 'seen', 'dev').offset);
    await clock.advance(readInterval + 50);
    page.actions.openRoom('general');
    await clock.advance(50);
    for (let index = 1; index <= count; index += 1) chat.say(mei, `${index}`, 'dev');
    await clock.advance(50);
    page.actions.openRoom('dev');
    await clock.advance(50);
    expect(said(page.state())).toEqual(expect.arrayContaining(['seen', '1']));
    expect(page.state().conversation.newFrom).toBe(room(page, 'dev')?.read);
  });

  test.each([10, 400])('have a line above what is new when the page is opened, with %i', async (count) => {
    const world = new World();
    const mei = world.chat.person('Mei');
    const first = await world.enter();
    for (let index = 1; index <= count; index += 1) world.chat.say(mei, `${index}`);
    await world.clock.advance(50);
    first.store.dispose();
    const second = world.open();
    await world.ready(second);
    await world.clock.advance(50);
    expect(said(second.state())).toContain('1');
    expect(second.state().conversation.newFrom).toBe(room(second, 'general')?.read);
  });

  test('are read on another device', async () => {
    const { chat, clock, page, mei } = await stage();
    const message = chat.say(mei, 'one', 'dev');
    await clock.advance(50);
    chat.toMember('id-Ada', 'room:read', { room: 'dev', offset: message.offset, unread: 0, mentions: 0 });
    await clock.advance(50);
    expect(room(page, 'dev')).toMatchObject({ unread: 0, read: message.offset });
  });

  test.each([true, false])('are read in another tab, sharing a connection: %s', async (sharing) => {
    const world = new World(sharing);
    const mei = world.chat.person('Mei');
    const first = await world.enter();
    const second = world.open();
    await world.ready(second);
    const message = world.chat.say(mei, 'one');
    await world.clock.advance(50);
    expect(room(second, 'general')).toMatchObject({ unread: 1 });
    first.actions.markRead(message.offset);
    await world.clock.advance(50);
    expect(room(second, 'general')).toMatchObject({ unread: 0, read: message.offset });
  });

  test('are not read by a page that nobody sees', async () => {
    const { chat, clock, page, mei } = await stage();
    page.tab.isVisible = false;
    const message = chat.say(mei, 'one');
    await clock.advance(50);
    page.actions.markRead(message.offset);
    await clock.advance(5000);
    expect(room(page, 'general')).toMatchObject({ unread: 1 });
    expect(page.state().conversation.newFrom).toBe(message.previous);
    expect(chat.requests('room:read')).toEqual([]);
  });

  test('that are gone are left, with a word about it', async () => {
    const { chat, clock, page, me } = await stage();
    page.actions.openRoom('dev');
    page.actions.setDraft({ text: 'half' });
    await clock.advance(50);
    chat.leave('dev', me, 'kicked', 'enough');
    await clock.advance(50);
    expect(page.state()).toMatchObject({
      conversation: { room: 'general', status: 'ready' },
      drafts: {},
      toasts: [{ text: { id: 'room-gone', name: '#Development', why: 'kicked', reason: 'enough' } }],
    });
    expect(page.state().rooms).toHaveLength(1);
    expect(page.tab.address()).toBe('#/general');
  });

  test('that one only looks at are listed meanwhile, and go live when one joins', async () => {
    const { chat, clock, page, mei } = await stage();
    chat.addRoom('tea');
    chat.join('tea', mei);
    chat.say(mei, 'black or green?', 'tea');
    page.actions.openRoom('tea');
    await clock.advance(50);
    expect(said(page.state())).toEqual(['black or green?']);
    expect(room(page, 'tea')).toMatchObject({ joined: false });
    chat.say(mei, 'green', 'tea');
    const answer = page.actions.request('room:join', { room: 'tea', nonce: page.actions.nonce() });
    await clock.advance(50);
    expect(await answer).toMatchObject({ status: 'ok' });
    expect(outline(page.state())).toEqual(['+Mei', 'black or green?', 'green', '+Ada']);
    page.actions.openRoom('general');
    expect(room(page, 'tea')).toMatchObject({ joined: true });
  });

  test('that are only looked at are not listed any more afterwards', async () => {
    const { chat, clock, page } = await stage();
    chat.addRoom('tea');
    page.actions.openRoom('tea');
    await clock.advance(50);
    page.actions.openRoom('general');
    expect(room(page, 'tea')).toBeUndefined();
  });

  test('that cannot be opened say why, and may be tried again', async () => {
    const { chat, clock, page } = await stage();
    page.actions.openRoom('nowhere');
    expect(page.state().conversation).toMatchObject({ room: 'nowhere', status: 'loading' });
    await clock.advance(50);
    expect(page.state().conversation).toMatchObject({ status: 'failed', failure: { code: 'room-unknown' } });
    chat.addRoom('nowhere');
    page.actions.openRoom('nowhere');
    await clock.advance(50);
    expect(page.state().conversation).toMatchObject({ status: 'ready', failure: undefined });
  });

  test('that were opened of late show at once and are current', async () => {
    const { chat, clock, page, mei } = await stage();
    page.actions.openRoom('dev');
    await clock.advance(50);
    page.actions.openRoom('general');
    chat.say(mei, 'meanwhile', 'dev');
    await clock.advance(50);
    const opened = chat.requests('room:open').length;
    page.actions.openRoom('dev');
    expect(page.state().conversation.status).toBe('ready');
    expect(said(page.state())).toEqual(['meanwhile']);
    await clock.advance(50);
    expect(chat.requests('room:open')).toHaveLength(opened);
  });

  test('are forgotten when many others were opened since', async () => {
    const { chat, clock, page, me } = await stage();
    for (let index = 0; index < maximumRooms; index += 1) {
      chat.addRoom(`room-${index}`);
      chat.join(`room-${index}`, me);
    }
    await clock.advance(50);
    for (let index = 0; index < maximumRooms; index += 1) {
      page.actions.openRoom(`room-${index}`);
      await clock.advance(50);
    }
    page.actions.openRoom('room-0');
    expect(page.state().conversation.status).toBe('ready');
    page.actions.openRoom('general');
    expect(page.state().conversation.status).toBe('loading');
  });
});

describe('moving about', () => {
  const long = () => stage(500);

  test('a jump loads what is around the place, or scrolls to it', async () => {
    const { chat, clock, page } = await long();
    const opened = chat.requests('room:open').length;
    const message = chat.log.items('general')[100];
    if (message === undefined) throw new Error('no such message');
    page.actions.jumpTo(message.offset);
    await clock.advance(50);
    const { conversation } = page.state();
    expect(conversation).toMatchObject({
      target: { id: message.id, jump: 1 },
      hasOlder: true,
      hasNewer: true,
    });
    page.actions.jumpTo(message.offset);
    expect(page.state().conversation.target).toEqual({ id: message.id, jump: 2 });
    expect(chat.requests('room:open')).toHaveLength(opened + 1);
    page.actions.jumpToNewest();
    await clock.advance(50);
    expect(page.state().conversation).toMatchObject({ target: undefined, hasNewer: false });
    expect(said(page.state()).at(-1)).toBe('500');
  });

  test('what is said while one reads far back brings one to the end', async () => {
    const { clock, page } = await long();
    page.actions.jumpTo(20);
    await clock.advance(50);
    page.say('here I am');
    await clock.advance(100);
    expect(said(page.state()).at(-1)).toBe('here I am');
    expect(page.state().outbox).toEqual([]);
  });

  test('older and newer pages come one at a time, and say when they fail', async () => {
    const { chat, clock, page } = await long();
    page.actions.jumpTo(250);
    await clock.advance(50);
    page.actions.loadOlder();
    page.actions.loadOlder();
    page.actions.loadNewer();
    expect(page.state().conversation.loading).toBe('older');
    await clock.advance(50);
    expect(page.state().conversation.loading).toBeUndefined();
    expect(chat.requests('message:page')).toHaveLength(1);
    expect(page.state().conversation.timeline).toHaveLength(100);
    chat.intercept = (connection, request) => {
      if (request.event !== 'message:page') return false;
      connection.refuse(request, { code: 'internal', message: '' });
      return true;
    };
    page.actions.loadNewer();
    await clock.advance(50);
    expect(page.state()).toMatchObject({
      conversation: { loading: undefined },
      toasts: [{ text: { id: 'history-failed' } }],
    });
  });

  test('what was missed for too long is loaded anew where one was', async () => {
    const { chat, clock, page, mei } = await long();
    page.actions.jumpTo(100);
    await clock.advance(50);
    chat.recoveryLimit = 0;
    chat.endAll(1006);
    chat.say(mei, 'unseen');
    await clock.advance(5000);
    expect(page.state().conversation.hasNewer).toBe(true);
    expect(said(page.state())).toContain('98');
    page.actions.jumpToNewest();
    await clock.advance(50);
    expect(said(page.state()).at(-1)).toBe('unseen');
  });

  test('another log is begun from the start', async () => {
    const { chat, clock, page, mei } = await stage();
    chat.say(mei, 'before');
    await clock.advance(50);
    chat.log.epoch = 'epoch-2';
    chat.log.events = [];
    chat.say(mei, 'after');
    chat.endAll(1006);
    await clock.advance(5000);
    expect(outline(page.state())).toEqual(['after']);
  });
});

describe('people', () => {
  test('come, go and join', async () => {
    const { world, chat, clock, page, mei } = await stage();
    const members = () => page.state().conversation.members.map(({ name, here }) => `${name} ${here}`);
    expect(members()).toEqual(['Ada true', 'Mei false']);
    chat.toMember('id-Ada', 'presence:changed', { here: [mei], away: [] });
    await clock.advance(50);
    expect(members()).toEqual(['Ada true', 'Mei true']);
    await world.enter('Bo', new FakeBrowser(clock));
    expect(members()).toEqual(['Ada true', 'Bo true', 'Mei true']);
    chat.toMember('id-Ada', 'presence:changed', { here: [], away: [mei] });
    chat.leave('general', { id: 'id-Bo', name: 'Bo' }, 'left');
    await clock.advance(50);
    expect(members()).toEqual(['Ada true', 'Mei false']);
  });

  test('type until they have said it, stop, or say nothing more', async () => {
    const { chat, clock, page, mei } = await stage();
    const typing = () => page.state().conversation.typing.map(({ name }) => name);
    const type = (until: number) =>
      chat.toMember('id-Ada', 'room:typing', { room: 'general', member: mei, until });
    type(clock.time + 6000);
    await clock.advance(10);
    expect(typing()).toEqual(['Mei']);
    await clock.advance(6000);
    expect(typing()).toEqual([]);
    type(clock.time + 6000);
    await clock.advance(10);
    type(clock.time);
    await clock.advance(10);
    expect(typing()).toEqual([]);
    type(clock.time + 6000);
    await clock.advance(10);
    chat.say(mei, 'said');
    await clock.advance(10);
    expect(typing()).toEqual([]);
  });
});

describe('arrivals', () => {
  test('are live messages of others, in rooms that are not muted', async () => {
    const { chat, clock, page, mei, me } = await stage();
    const arrivals: Arrival[] = [];
    const stop = page.store.onArrival((arrival) => arrivals.push(arrival));
    chat.say(mei, 'in general');
    chat.say(mei, 'in dev', 'dev', [me.id]);
    page.say('my own');
    await clock.advance(100);
    chat.endAll(1006);
    chat.say(mei, 'while away');
    await clock.advance(5000);
    expect(arrivals.map(({ room: { id }, message, mentioned }) => [id, message.content, mentioned])).toEqual([
      ['general', { type: 'text', text: 'in general' }, false],
      ['dev', { type: 'text', text: 'in dev' }, true],
    ]);
    const answer = page.actions.request('room:mute', { room: 'dev', muted: true });
    await clock.advance(50);
    await answer;
    chat.say(mei, 'unheard', 'dev');
    await clock.advance(50);
    expect(arrivals).toHaveLength(2);
    stop();
    chat.say(mei, 'unheard');
    await clock.advance(50);
    expect(arrivals).toHaveLength(2);
  });
});
