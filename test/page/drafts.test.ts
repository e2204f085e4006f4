import { expect, test } from 'vitest';
import { draftDelay } from '../../public/chat/drafts.ts';
import { World } from './fake-page.ts';

test('a draft of each room survives a reload', async () => {
  const world = new World();
  world.chat.addRoom('dev');
  const page = await world.enter();
  const { me } = page.state();
  if (me !== undefined) world.chat.join('dev', me);
  page.actions.setDraft({ text: 'in general' });
  page.actions.openRoom('dev');
  page.actions.setDraft({ text: 'in d' });
  page.actions.setDraft({ text: 'in dev' });
  await world.clock.advance(draftDelay + 10);
  // Two rooms, written once each.
  expect(world.browser.database.writes.get('drafts')).toBe(2);
  page.close('crashed');
  const again = world.open(page);
  await world.ready(again);
  expect(again.state().drafts).toMatchObject({ general: { text: 'in general' }, dev: { text: 'in dev' } });
});

test('the last words before a page goes are written down at once', async () => {
  const world = new World();
  const page = await world.enter();
  page.actions.setDraft({ text: 'last words' });
  page.close('politely');
  await world.clock.advance(10);
  const again = world.open(page);
  await world.ready(again);
  expect(again.state().drafts.general?.text).toBe('last words');
});

test('a draft that was sent, or made empty, is gone', async () => {
  const world = new World();
  const page = await world.enter();
  page.actions.setDraft({ text: 'a' });
  await world.clock.advance(1000);
  page.actions.sendDraft();
  expect(page.state().drafts).toEqual({});
  await world.clock.advance(1000);
  expect(await world.browser.database.all('drafts')).toEqual([]);
  page.actions.setDraft({ text: 'b' });
  page.actions.setDraft({ text: '' });
  expect(page.state().drafts).toEqual({});
});

test('what was being written waits while a message is edited', async () => {
  const world = new World();
  const page = await world.enter();
  page.say('hello');
  await world.clock.advance(100);
  const line = page.state().conversation.timeline.at(-1);
  if (line?.kind !== 'message') throw new Error('the last line is no message');
  page.actions.setDraft({ text: 'half a thought', replyTo: line.message });
  page.actions.setDraft({ editing: line.message, text: 'hello' });
  expect(page.state().drafts.general).toMatchObject({ text: 'hello', replyTo: undefined });
  page.actions.setDraft({ text: 'hullo' });
  page.actions.sendDraft();
  expect(page.state().drafts.general).toMatchObject({
    text: 'half a thought',
    editing: undefined,
    replyTo: line.message,
  });
  page.actions.setDraft({ editing: line.message, text: 'hullo' });
  page.actions.setDraft({ editing: undefined, text: '' });
  expect(page.state().drafts.general?.text).toBe('half a thought');
});

test('an edit that changes nothing is not sent', async () => {
  const world = new World();
  const page = await world.enter();
  page.say('hello');
  await world.clock.advance(100);
  const line = page.state().conversation.timeline.at(-1);
  if (line?.kind !== 'message') throw new Error('the last line is no message');
  page.actions.setDraft({ editing: line.message, text: 'hello' });
  page.actions.sendDraft();
  expect(page.state().outbox).toEqual([]);
  expect(page.state().drafts).toEqual({});
});

test('a reply says what it answers', async () => {
  const world = new World();
  const page = await world.enter();
  page.say('hello');
  await world.clock.advance(100);
  const line = page.state().conversation.timeline.at(-1);
  if (line?.kind !== 'message') throw new Error('the last line is no message');
  page.actions.setDraft({ replyTo: line.message });
  page.say('and to you');
  await world.clock.advance(100);
  expect(world.chat.requests('message:send').at(-1)?.data).toMatchObject({ replyTo: line.message.id });
});

test('typing is said every three seconds, and its end at once', async () => {
  const world = new World();
  const page = await world.enter();
  const told = () => world.chat.requests('room:typing').map(({ data }) => data.typing);
  for (let letter = 1; letter <= 50; letter += 1) {
    page.actions.setDraft({ text: 'x'.repeat(letter) });
    await world.clock.advance(100);
  }
  expect(told()).toEqual([true, true]);
  page.actions.setDraft({ text: ' ' });
  page.actions.setDraft({ text: '' });
  await world.clock.advance(10);
  expect(told()).toEqual([true, true, false]);
  page.say('done');
  await world.clock.advance(10);
  expect(told()).toEqual([true, true, false, true, false]);
});
