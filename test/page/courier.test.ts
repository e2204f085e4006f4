import { describe, expect, test } from 'vitest';
import { adoptionTime } from '../../public/chat/ownership.ts';
import type { ClientRequest, Failure } from '../../src/chat/events.ts';
import { fakeFile, pngHead } from './fake-browser.ts';
import { sampleImage } from './fake-chat.ts';
import { type Page, said, unsent, World } from './fake-page.ts';

/** Refuses requests of that name so many times. */
function refuse(world: World, event: ClientRequest['event'], failure: Failure, times = 1) {
  let left = times;
  world.chat.intercept = (connection, request) => {
    if (request.event !== event || left === 0) return false;
    left -= 1;
    connection.refuse(request, failure);
    return true;
  };
}

async function lastMessage(world: World, page: Page, text = 'hello') {
  page.say(text);
  await world.clock.advance(100);
  const line = page.state().conversation.timeline.at(-1);
  if (line?.kind !== 'message') throw new Error('the last line is no message');
  return line.message;
}

describe('sending', () => {
  test('keeps the order, one at a time', async () => {
    const world = new World();
    const page = await world.enter();
    for (const text of ['a', 'b', 'c']) page.say(text);
    expect(unsent(page.state())).toEqual(['sending a', 'pending b', 'pending c']);
    await world.clock.advance(200);
    expect(said(page.state())).toEqual(['a', 'b', 'c']);
    expect(page.state().outbox).toEqual([]);
  });

  test.each([false, true])(
    'leaves the outbox in the change that shows it, receipt first %s',
    async (receiptFirst) => {
      const world = new World();
      world.chat.receiptFirst = receiptFirst;
      const page = await world.enter();
      const seen = new Set<string>();
      page.store.subscribe(() => seen.add(`${said(page.state())}|${unsent(page.state())}`));
      page.say('a');
      await world.clock.advance(100);
      expect([...seen].filter((state) => state !== '|')).toEqual([
        '|sending a',
        ...(receiptFirst ? ['|sent a'] : []),
        'a|',
      ]);
    },
  );

  test('waits as long as the server asks, and says so', async () => {
    const world = new World();
    const page = await world.enter();
    refuse(world, 'message:send', { code: 'rate-limited', message: '', retryAfter: 5000 });
    page.say('a');
    await world.clock.advance(100);
    expect(unsent(page.state())).toEqual(['pending a']);
    expect(page.state().toasts).toMatchObject([
      { tone: 'info', text: { id: 'rate-limited', retryAfter: 5000 } },
    ]);
    await world.clock.advance(5000);
    expect(said(page.state())).toEqual(['a']);
  });

  test('waits in a slow room only', async () => {
    const world = new World();
    const page = await world.enter();
    world.chat.addRoom('dev');
    const { me } = page.state();
    if (me !== undefined) world.chat.join('dev', me);
    const message = await lastMessage(world, page);
    refuse(world, 'message:send', { code: 'slow-mode', message: '', retryAfter: 20_000 });
    page.say('slow');
    await world.clock.advance(100);
    page.actions.react(message, '👍', true);
    page.actions.openRoom('dev');
    page.say('fast');
    await world.clock.advance(100);
    expect(said(page.state())).toEqual(['fast']);
    expect(unsent(page.state())).toEqual(['pending slow']);
    await world.clock.advance(20_000);
    expect(page.state().outbox).toEqual([]);
  });

  test('that is refused waits for the person, also over a reload', async () => {
    const world = new World();
    const page = await world.enter();
    refuse(world, 'message:send', { code: 'muted', message: 'no' });
    page.say('a');
    page.say('b');
    await world.clock.advance(200);
    expect(unsent(page.state())).toEqual(['failed a']);
    expect(said(page.state())).toEqual(['b']);
    page.close();
    const again = world.open(page);
    await world.ready(again);
    expect(again.state().outbox).toMatchObject([
      { status: 'failed', failure: { code: 'muted', message: 'no' } },
    ]);
    again.actions.retry(again.state().outbox[0]?.nonce ?? '');
    await world.clock.advance(100);
    expect(said(again.state())).toEqual(['b', 'a']);
    expect(await world.browser.database.all('outbox')).toEqual([]);
  });

  test('goes on after the server has forgotten this connection', async () => {
    const world = new World();
    const page = await world.enter();
    world.chat.connection.member = undefined;
    page.say('a');
    await world.clock.advance(200);
    expect(said(page.state())).toEqual(['a']);
  });

  test('of what a person drops does not happen', async () => {
    const world = new World();
    const page = await world.enter();
    world.chat.up = false;
    world.chat.endAll(1006);
    page.say('a');
    page.say('b');
    page.actions.discard(page.state().outbox[0]?.nonce ?? '');
    world.chat.up = true;
    await world.clock.advance(30_000);
    expect(said(page.state())).toEqual(['b']);
  });

  test('of blank or too long text does not happen', async () => {
    const world = new World();
    const page = await world.enter();
    page.say(' \n ');
    page.say('x'.repeat(4001));
    expect(page.state().outbox).toEqual([]);
    expect(page.state().drafts.general?.text).toHaveLength(4001);
  });
});

describe('what is done to a message', () => {
  test('shows at once, and is marked until it is acknowledged', async () => {
    const world = new World();
    const page = await world.enter();
    const message = await lastMessage(world, page);
    page.actions.react(message, '🎉', true);
    page.actions.setDraft({ editing: message, text: 'hullo' });
    page.actions.sendDraft();
    const shown = () => page.state().conversation.timeline.at(-1);
    expect(shown()).toMatchObject({
      pending: true,
      message: { content: { text: 'hullo' }, reactions: [{ emoji: '🎉', members: [{ name: 'Ada' }] }] },
    });
    await world.clock.advance(200);
    expect(shown()).toMatchObject({
      pending: false,
      message: { content: { text: 'hullo' }, edited: { count: 1 }, reactions: [{ emoji: '🎉' }] },
    });
    page.actions.remove(message);
    expect(said(page.state())).toEqual(['[deleted]']);
    await world.clock.advance(200);
    expect(page.state().outbox).toEqual([]);
    expect(shown()).toMatchObject({ pending: false, message: { deleted: { by: { name: 'Ada' } } } });
  });

  test.each([
    ['forbidden', 'refused'],
    ['message-unknown', 'message-gone'],
  ] as const)('is taken back when it is refused: %s', async (code, id) => {
    const world = new World();
    const page = await world.enter();
    const message = await lastMessage(world, page);
    refuse(world, 'message:edit', { code, message: 'no' });
    page.actions.setDraft({ editing: message, text: 'hullo' });
    page.actions.sendDraft();
    expect(said(page.state())).toEqual(['hullo']);
    await world.clock.advance(100);
    expect(said(page.state())).toEqual(['hello']);
    expect(page.state().outbox).toEqual([]);
    expect(page.state().toasts).toMatchObject([{ text: { id } }]);
    expect(await world.browser.database.all('outbox')).toEqual([]);
  });

  test('without a connection is done later, and once', async () => {
    const world = new World();
    const page = await world.enter();
    const message = await lastMessage(world, page);
    world.chat.up = false;
    world.chat.endAll(1006);
    page.actions.react(message, '🎉', true);
    await world.clock.advance(100);
    page.close('crashed');
    world.chat.up = true;
    const again = world.open(page);
    await world.ready(again);
    await world.clock.advance(1000);
    expect(again.state().conversation.timeline.at(-1)).toMatchObject({
      pending: false,
      message: { reactions: [{ emoji: '🎉' }] },
    });
    expect(world.chat.log.events.filter(({ type }) => type === 'reaction')).toHaveLength(1);
  });
});

describe('a crash', () => {
  // Each step of a message's way: at which moment after it was said does the page go?
  const moments = Array.from({ length: 18 }, (_, index) => index * 2);

  test.each(moments)('%i ms after a message was said neither loses nor repeats it', async (moment) => {
    const world = new World();
    world.browser.database.latency = 6;
    const page = await world.enter();
    page.say('a');
    await world.clock.advance(moment);
    page.close('crashed');
    const again = world.open(page);
    await world.ready(again);
    await world.clock.advance(1000);
    const there = said(again.state());
    // Before it was written down and before it was sent, the text is still in the composer.
    const draft = again.state().drafts.general?.text;
    const shown = there.length > 0 ? there : [draft];
    if (moment >= 6) expect(shown).toEqual(['a']);
    expect(there.length).toBeLessThanOrEqual(1);
    expect(world.chat.log.items('general').filter(({ type }) => type === 'message').length).toBe(
      there.length,
    );
    expect(again.state().outbox).toEqual([]);
    expect(await world.browser.database.all('outbox')).toEqual([]);
  });
});

describe('pictures', () => {
  const png = fakeFile('a.png', pngHead);

  test('are looked at, uploaded and sent, in order', async () => {
    const world = new World();
    const page = await world.enter();
    page.actions.sendImages([
      png,
      fakeFile('notes.txt', [1, 2, 3]),
      fakeFile('huge.png', pngHead, 10_000_000),
    ]);
    await world.clock.advance(10);
    expect(page.state().toasts.map(({ text }) => text.id)).toEqual(['image-type', 'image-too-large']);
    expect(unsent(page.state())).toEqual(['uploading [image] 0%']);
    const [upload] = page.tab.uploads;
    upload?.handlers.progress(0.5);
    expect(unsent(page.state())).toEqual(['uploading [image] 50%']);
    expect(page.tab.objectUrls.size).toBe(1);
    upload?.handlers.done({ status: 'done', image: sampleImage });
    await world.clock.advance(100);
    expect(said(page.state())).toEqual(['[image]']);
    expect(page.tab.objectUrls.size).toBe(0);
    expect(page.tab.uploads).toHaveLength(1);
  });

  test('survive a reload before they were uploaded', async () => {
    const world = new World();
    const page = await world.enter();
    page.actions.sendImages([png]);
    await world.clock.advance(50);
    page.close('crashed');
    const again = world.open(page);
    await world.ready(again);
    const [upload] = again.tab.uploads;
    expect(upload?.file.name).toBe('a.png');
    expect(again.state().outbox).toMatchObject([{ command: { file: { width: 640, height: 480 } } }]);
    upload?.handlers.done({ status: 'done', image: sampleImage });
    await world.clock.advance(100);
    expect(said(again.state())).toEqual(['[image]']);
  });

  test('that are dropped are not uploaded any more', async () => {
    const world = new World();
    const page = await world.enter();
    page.actions.sendImages([png]);
    await world.clock.advance(10);
    page.actions.discard(page.state().outbox[0]?.nonce ?? '');
    expect(page.tab.uploads[0]?.cancelled).toBe(true);
    expect(page.tab.objectUrls.size).toBe(0);
  });

  test('that did not get through are uploaded again', async () => {
    const world = new World();
    const page = await world.enter();
    page.actions.sendImages([png]);
    await world.clock.advance(10);
    page.tab.uploads[0]?.handlers.done({ status: 'lost' });
    expect(unsent(page.state())).toEqual(['pending [image]']);
    await world.clock.advance(2000);
    expect(page.tab.uploads).toHaveLength(2);
  });

  test('whose image the server has lost are uploaded again', async () => {
    const world = new World();
    const page = await world.enter();
    refuse(world, 'message:send', { code: 'image-unknown', message: '' });
    page.actions.sendImages([png]);
    await world.clock.advance(10);
    page.tab.uploads[0]?.handlers.done({ status: 'done', image: sampleImage });
    await world.clock.advance(100);
    expect(page.tab.uploads).toHaveLength(2);
  });
});

describe('two tabs', () => {
  async function pair(sharing: boolean) {
    const world = new World(sharing);
    const first = await world.enter();
    const second = world.open();
    await world.ready(second);
    return { world, first, second };
  }

  test.each([true, false])('show the same, and send once; sharing a connection: %s', async (sharing) => {
    const { world, first, second } = await pair(sharing);
    first.say('a');
    second.say('b');
    await world.clock.advance(1);
    expect(unsent(first.state()).map((line) => line.slice(-1))).toEqual(['a', 'b']);
    expect(unsent(second.state()).map((line) => line.slice(-1))).toEqual(['a', 'b']);
    await world.clock.advance(500);
    expect(said(first.state()).toSorted()).toEqual(['a', 'b']);
    expect(said(second.state())).toEqual(said(first.state()));
    expect(world.chat.commands).toHaveLength(2);
    expect([...first.state().outbox, ...second.state().outbox]).toEqual([]);
    expect(world.chat.connections.size).toBe(sharing ? 1 : 2);
  });

  test('of which one goes leave its messages to the other, at once where they share', async () => {
    const { world, first, second } = await pair(true);
    world.chat.up = false;
    world.chat.endAll(1006);
    second.say('left behind');
    await world.clock.advance(100);
    second.close('crashed');
    world.chat.up = true;
    await world.clock.advance(5000);
    expect(said(first.state())).toEqual(['left behind']);
  });

  test('of which one goes leave its messages to the other, after a while where they do not', async () => {
    const { world, first, second } = await pair(false);
    world.chat.intercept = (connection, { event }) =>
      connection.tab === second.tab && event === 'message:send';
    second.say('left behind');
    await world.clock.advance(100);
    expect(unsent(first.state())).toEqual(['sending left behind']);
    second.close('crashed');
    await world.clock.advance(adoptionTime + 1000);
    expect(said(first.state())).toEqual(['left behind']);
  });

  test('show nothing twice when the news of a message comes after its event', async () => {
    const { world, first, second } = await pair(false);
    world.browser.channelLatency = 100;
    first.store.subscribe(() => expect(first.state().outbox).toEqual([]));
    second.say('a');
    await world.clock.advance(1000);
    expect(said(first.state())).toEqual(['a']);
    expect(first.state().outbox).toEqual([]);
  });

  test('drop what is dropped in one of them', async () => {
    const { world, first, second } = await pair(true);
    world.chat.up = false;
    world.chat.endAll(1006);
    first.say('a');
    await world.clock.advance(100);
    second.actions.discard(second.state().outbox[0]?.nonce ?? '');
    await world.clock.advance(10);
    expect(first.state().outbox).toEqual([]);
    expect(await world.browser.database.all('outbox')).toEqual([]);
  });
});

test('another person in the same browser gets nothing of what the last one had not sent', async () => {
  const world = new World();
  const page = await world.enter();
  world.chat.intercept = (_, { event }) => event === 'message:send';
  page.say('mine');
  await world.clock.advance(100);
  page.actions.logOut();
  await world.clock.advance(200);
  page.actions.signIn({ name: 'Bo' });
  await world.ready(page);
  expect(page.state().outbox).toEqual([]);
  expect(await world.browser.database.all('outbox')).toEqual([]);
});
