import { describe, expect, test } from 'vitest';
import type { ChatState } from '../../public/chat/model.ts';
import type { OutboxItem } from '../../public/chat/outbox.ts';
import { leaseTime, releasedTime, renewInterval } from '../../public/chat/outbox-storage.ts';
import { fakeFile, pngHead } from './fake-browser.ts';
import { sampleImage } from './fake-chat.ts';
import { outline, type Page, unsent, World } from './fake-page.ts';

const said = ({ log }: World['chat']) =>
  log.map(({ content }) => (content.type === 'text' ? content.text : '[image]'));
/** Lets what is asynchronous about files come to its end. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

async function pick(page: Page, ...names: string[]) {
  page.actions.sendImages(names.map((name) => fakeFile(name, pngHead)));
  await settle();
}

describe('texts', () => {
  test('are shown at once as unsent, and in the same change as stored', () => {
    const world = new World();
    const page = world.enter();
    const seen: string[] = [];
    const note = ({ outbox, timeline }: ChatState) => seen.push(`${outbox.length}+${timeline.length}`);
    page.store.subscribe(() => note(page.state()));
    page.actions.sendText('hi');
    expect(unsent(page.state())).toEqual(['sending hi']);
    world.clock.advance(100);
    expect(outline(page.state())).toEqual(['hi']);
    expect(page.state().timeline[0]).toMatchObject({ own: true });
    expect([...new Set(seen)]).toEqual(['1+0', '0+1']);
  });

  test('appear once when the receipt comes before the message, and when it comes after', () => {
    const world = new World();
    const page = world.enter();
    world.chat.intercept = (connection, request) => {
      if (request.event !== 'message:send' || request.data.content.type !== 'text') return false;
      const { member } = connection;
      if (member === undefined) return false;
      connection.member = undefined;
      const message = world.chat.append(member, request.data.nonce, request.data.content);
      connection.member = member;
      const { room, offset, id, time, nonce } = message;
      connection.reply(request, { room, offset, id, time, nonce });
      connection.push('message:new', { message });
      return true;
    };
    page.actions.sendText('receipt first');
    world.clock.advance(100);
    world.chat.intercept = () => false;
    page.actions.sendText('message first');
    world.clock.advance(100);
    expect(outline(page.state())).toEqual(['receipt first', 'message first']);
    expect(page.state().outbox).toEqual([]);
  });

  test('go out in order, one after the other', () => {
    const world = new World();
    const page = world.enter();
    for (let index = 0; index < 20; index += 1) page.actions.sendText(`${index}`);
    expect(unsent(page.state()).slice(0, 2)).toEqual(['sending 0', 'pending 1']);
    world.clock.advance(1000);
    expect(said(world.chat)).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`));
  });

  test('blank, too long, or said by nobody are not taken; half a surrogate pair is mended', () => {
    const world = new World();
    const page = world.open();
    world.clock.advance(100);
    page.actions.sendText('nobody');
    page.actions.signIn('Ada');
    world.clock.advance(100);
    page.actions.sendText(' \n ');
    page.actions.sendText('x'.repeat(4001));
    page.actions.sendText('half \ud83d');
    world.clock.advance(100);
    expect(said(world.chat)).toEqual(['half \ufffd']);
    expect(page.state().outbox).toEqual([]);
  });

  test('typed while offline wait, and go out once', () => {
    const world = new World();
    const page = world.enter();
    world.chat.up = false;
    world.chat.endAll(1006);
    page.actions.sendText('a');
    page.actions.sendText('b');
    world.clock.advance(60_000);
    expect(unsent(page.state())).toEqual(['pending a', 'pending b']);
    world.chat.up = true;
    page.actions.reconnectNow();
    world.clock.advance(1000);
    expect(said(world.chat)).toEqual(['a', 'b']);
    expect(outline(page.state())).toEqual(['a', 'b']);
  });

  test('whose receipt was lost are not stored twice, and stay in place', () => {
    const world = new World();
    const page = world.enter();
    world.chat.intercept = (connection, request) => {
      if (request.event !== 'message:send' || connection.member === undefined) return false;
      const { content, nonce } = request.data;
      if (content.type === 'text') world.chat.append(connection.member, nonce, content);
      connection.end(1006);
      return true;
    };
    page.actions.sendText('a');
    page.actions.sendText('b');
    world.clock.advance(10);
    expect(unsent(page.state())).toEqual(['pending a', 'pending b']);
    world.chat.intercept = () => false;
    world.clock.advance(10_000);
    expect(said(world.chat)).toEqual(['a', 'b']);
    expect(outline(page.state())).toEqual(['a', 'b']);
  });

  test('refused as too many wait as long as asked, then go by themselves', () => {
    const world = new World();
    const page = world.enter();
    let refused = 0;
    world.chat.intercept = (connection, request) => {
      if (request.event !== 'message:send' || refused > 0) return false;
      refused += 1;
      connection.refuse(request, { code: 'rate-limited', message: '', retryAfter: 3000 });
      return true;
    };
    page.actions.sendText('a');
    page.actions.sendText('b');
    world.clock.advance(20);
    expect(unsent(page.state())).toEqual(['pending a', 'pending b']);
    expect(page.state().toasts).toMatchObject([
      { tone: 'info', text: { id: 'rate-limited', retryAfter: 3000 } },
    ]);
    world.clock.advance(2900);
    expect(said(world.chat)).toEqual([]);
    world.clock.advance(200);
    expect(said(world.chat)).toEqual(['a', 'b']);
  });

  test('refused as invalid fail with the reason, hold up nothing, and can be retried or discarded', () => {
    const world = new World();
    const page = world.enter();
    world.chat.intercept = (connection, request) => {
      if (request.event !== 'message:send' || request.data.content.type !== 'text') return false;
      if (request.data.content.text !== 'bad') return false;
      connection.refuse(request, { code: 'invalid', message: 'no', field: 'data.content.text' });
      return true;
    };
    page.actions.sendText('bad');
    page.actions.sendText('good');
    page.actions.sendText('bad');
    world.clock.advance(100);
    expect(said(world.chat)).toEqual(['good']);
    expect(unsent(page.state())).toEqual(['failed bad', 'failed bad']);
    const [first, second] = page.state().outbox;
    expect(first?.failure).toMatchObject({ code: 'invalid', field: 'data.content.text' });
    page.actions.discard(first?.nonce ?? '');
    world.chat.intercept = () => false;
    page.actions.retry(second?.nonce ?? '');
    world.clock.advance(100);
    expect(said(world.chat)).toEqual(['good', 'bad']);
    expect(world.chat.log.at(-1)?.nonce).toBe(second?.nonce);
    expect(page.state().outbox).toEqual([]);
  });

  test('refused as signed out lead back in by the token, then go', () => {
    const world = new World();
    const page = world.enter();
    world.chat.connection.member = undefined;
    page.actions.sendText('a');
    world.clock.advance(100);
    expect(said(world.chat)).toEqual(['a']);
    expect(page.state()).toMatchObject({ phase: 'chatting', outbox: [] });
    expect(world.chat.attempts).toBe(1);
  });
});

describe('over the end of the page', () => {
  test('a reload in the middle of the outbox loses nothing and repeats nothing', () => {
    const world = new World();
    const before = world.enter();
    for (let index = 0; index < 10; index += 1) before.actions.sendText(`${index}`);
    world.clock.advanceUntil(() => world.chat.log.length === 4);
    before.close();
    const page = world.open(before);
    world.clock.advance(1000);
    expect(said(world.chat)).toEqual(Array.from({ length: 10 }, (_, index) => `${index}`));
    expect(outline(page.state())).toEqual(said(world.chat));
    expect(page.state().outbox).toEqual([]);
  });

  test('what was written offline is there after a reload, still offline', () => {
    const world = new World();
    const before = world.enter();
    world.chat.up = false;
    world.chat.endAll(1006);
    before.actions.sendText('a');
    before.close();
    const page = world.open(before);
    expect(unsent(page.state())).toEqual(['pending a']);
    world.chat.up = true;
    world.clock.advance(60_000);
    expect(said(world.chat)).toEqual(['a']);
  });

  test('a tab that is closed leaves it to another, which sends it once', () => {
    const world = new World();
    const [closed, open] = [world.enter(), world.open()];
    world.clock.advance(100);
    world.chat.up = false;
    world.chat.endAll(1006);
    closed.actions.sendText('a');
    closed.close();
    world.chat.up = true;
    world.clock.advance(releasedTime + renewInterval + 10_000);
    expect(said(world.chat)).toEqual(['a']);
    expect(open.state().outbox).toEqual([]);
    expect(outline(open.state())).toEqual(['a']);
  });

  test('a tab that has crashed does so too, when its lease is over', () => {
    const world = new World();
    const [crashed, open] = [world.enter(), world.open()];
    world.clock.advance(100);
    world.chat.intercept = (_, { event }) => event === 'message:send';
    crashed.actions.sendText('a');
    crashed.close('crashed');
    world.chat.intercept = () => false;
    world.clock.advance(leaseTime - 1000);
    expect(said(world.chat)).toEqual([]);
    world.clock.advance(renewInterval + 2000);
    expect(said(world.chat)).toEqual(['a']);
    expect(outline(open.state())).toEqual(['a']);
  });

  test('tabs that are open do not send for each other', () => {
    const world = new World();
    const [first, second] = [world.enter(), world.open()];
    world.clock.advance(100);
    const sent: string[] = [];
    world.chat.intercept = (_, request) => {
      if (request.event === 'message:send') sent.push(request.data.nonce);
      return request.event === 'message:send';
    };
    first.actions.sendText('a');
    second.actions.sendText('b');
    world.clock.advance(14_000);
    expect(sent).toHaveLength(2);
    expect(unsent(first.state())).toEqual(['sending a']);
    expect(unsent(second.state())).toEqual(['sending b']);
  });
});

describe('under another identity', () => {
  test('what may be stored already waits for the person; the rest goes out', () => {
    const world = new World();
    const page = world.enter();
    world.chat.intercept = (connection, request) => {
      if (request.event === 'message:send') connection.end(1006);
      return request.event === 'message:send';
    };
    page.actions.sendText('tried');
    page.actions.sendText('untried');
    world.clock.advance(10);
    world.chat.intercept = () => false;
    world.chat.members.clear();
    world.clock.advanceUntil(() => page.state().phase === 'signed-out');
    page.actions.signIn('Ada');
    world.clock.advance(1000);
    expect(said(world.chat)).toEqual(['untried']);
    expect(page.state().outbox).toMatchObject([{ status: 'failed', failure: { code: 'signed-out' } }]);
    // Not even a reload sends it without being asked.
    page.close();
    const again = world.open(page);
    world.clock.advance(1000);
    expect(unsent(again.state())).toEqual(['failed tried']);
  });

  test('somebody else does not send what was not theirs', () => {
    const world = new World();
    const page = world.enter('Ada');
    world.chat.endAll(1006);
    page.actions.sendText('secret of Ada');
    world.chat.members.clear();
    world.clock.advanceUntil(() => page.state().phase === 'signed-out');
    page.actions.signIn('Mei');
    world.clock.advance(1000);
    expect(page.state().phase).toBe('chatting');
    expect(said(world.chat)).toEqual([]);
    expect(page.state().outbox).toEqual([]);
  });
});

describe('images', () => {
  test('are uploaded with progress, then sent, and their placeholder is let go', async () => {
    const world = new World();
    const page = world.enter();
    await pick(page, 'a.png');
    expect(unsent(page.state())).toEqual(['uploading [image] 0%']);
    const item = page.state().outbox[0] as OutboxItem | undefined;
    expect(item?.content).toMatchObject({
      file: { name: 'a.png', length: 1000, url: 'blob:a.png', width: 640, height: 480 },
    });
    const [upload] = page.tab.uploads;
    expect(upload?.token).toMatch(/^token-1-/);
    upload?.handlers.progress(0.5);
    expect(unsent(page.state())).toEqual(['uploading [image] 50%']);
    upload?.handlers.done({ status: 'done', image: sampleImage });
    world.clock.advance(100);
    expect(said(world.chat)).toEqual(['[image]']);
    expect(outline(page.state())).toEqual(['[image]']);
    expect(page.state().outbox).toEqual([]);
    expect(page.tab.objectUrls.size).toBe(0);
  });

  test('go one at a time in the order in which they were picked; texts do not wait for them', async () => {
    const world = new World();
    const page = world.enter();
    await pick(page, 'a.png', 'b.png');
    page.actions.sendText('meanwhile');
    world.clock.advance(100);
    expect(said(world.chat)).toEqual(['meanwhile']);
    expect(page.tab.uploads.map(({ file }) => file.name)).toEqual(['a.png']);
    page.tab.uploads[0]?.handlers.done({ status: 'done', image: sampleImage });
    expect(page.tab.uploads.map(({ file }) => file.name)).toEqual(['a.png', 'b.png']);
    page.tab.uploads[1]?.handlers.done({ status: 'done', image: { ...sampleImage, id: 'image-2' } });
    world.clock.advance(100);
    expect(world.chat.requests('message:send').map(({ data }) => data.content)).toMatchObject([
      { text: 'meanwhile' },
      { image: 'image-1' },
      { image: 'image-2' },
    ]);
  });

  test('can be cancelled: the upload ends, and the next begins', async () => {
    const world = new World();
    const page = world.enter();
    await pick(page, 'a.png', 'b.png');
    page.actions.discard(page.state().outbox[0]?.nonce ?? '');
    expect(page.tab.uploads.map(({ cancelled }) => cancelled)).toEqual([true, false]);
    expect(unsent(page.state())).toEqual(['uploading [image] 0%']);
    expect([...page.tab.objectUrls]).toEqual(['blob:b.png']);
  });

  test('too large, of another type or unreadable are told before anything is sent; the good ones go', async () => {
    const world = new World();
    const page = world.enter();
    page.actions.sendImages([
      fakeFile('big.png', pngHead, 8 * 1024 * 1024 + 1),
      fakeFile('a.svg', [0x3c]),
      fakeFile('empty.png', pngHead, 0),
      fakeFile('good.png', pngHead, 8 * 1024 * 1024),
    ]);
    await settle();
    expect(page.state().toasts.map(({ text }) => text)).toEqual([
      { id: 'image-too-large', file: 'big.png', length: 8_388_609, limit: 8_388_608 },
      { id: 'image-type', file: 'a.svg' },
      { id: 'image-unreadable', file: 'empty.png' },
    ]);
    expect(page.tab.uploads.map(({ file }) => file.name)).toEqual(['good.png']);
    page.actions.dismissToast(page.state().toasts[0]?.key ?? '');
    expect(page.state().toasts).toHaveLength(2);
    world.clock.advance(10_000);
    expect(page.state().toasts).toEqual([]);
  });

  test('whose size cannot be read have none', async () => {
    const world = new World();
    const page = world.enter();
    page.tab.size = undefined;
    await pick(page, 'a.png');
    const content = page.state().outbox[0]?.content;
    expect(content).toMatchObject({ file: { width: undefined, height: undefined } });
  });

  test('that are lost on the way are tried again, a little later each time', async () => {
    const world = new World();
    const page = world.enter();
    await pick(page, 'a.png');
    page.tab.uploads[0]?.handlers.done({ status: 'lost' });
    expect(unsent(page.state())).toEqual(['pending [image]']);
    world.clock.advance(499);
    expect(page.tab.uploads).toHaveLength(1);
    world.clock.advance(501);
    expect(page.tab.uploads).toHaveLength(2);
  });

  test('picked offline wait for the connection; an upload outlives a reconnect', async () => {
    const world = new World();
    const page = world.enter();
    world.chat.endAll(1006);
    await pick(page, 'a.png');
    expect(unsent(page.state())).toEqual(['pending [image]']);
    world.clock.advance(5000);
    expect(page.tab.uploads).toHaveLength(1);
    world.chat.endAll(1006);
    page.tab.uploads[0]?.handlers.done({ status: 'done', image: sampleImage });
    world.clock.advance(5000);
    expect(said(world.chat)).toEqual(['[image]']);
    expect(page.tab.uploads).toHaveLength(1);
  });

  test('refused as too many wait; refused for good fail with the reason', async () => {
    const world = new World();
    const page = world.enter();
    await pick(page, 'a.png');
    const limited = { code: 'rate-limited', message: '', retryAfter: 2000 } as const;
    page.tab.uploads[0]?.handlers.done({ status: 'refused', failure: limited });
    expect(page.state().toasts).toMatchObject([{ text: { id: 'rate-limited' } }]);
    world.clock.advance(2000);
    const broken = { code: 'invalid', message: 'no image', field: 'image.type' } as const;
    page.tab.uploads[1]?.handlers.done({ status: 'refused', failure: broken });
    expect(page.state().outbox).toMatchObject([{ status: 'failed', failure: broken }]);
    page.actions.retry(page.state().outbox[0]?.nonce ?? '');
    expect(page.tab.uploads).toHaveLength(3);
  });

  test('the server has lost are uploaded again', async () => {
    const world = new World();
    const page = world.enter();
    let lost = 0;
    world.chat.intercept = (connection, request) => {
      if (request.event !== 'message:send' || lost > 0) return false;
      lost += 1;
      connection.refuse(request, { code: 'image-unknown', message: '' });
      return true;
    };
    await pick(page, 'a.png');
    page.tab.uploads[0]?.handlers.done({ status: 'done', image: sampleImage });
    world.clock.advance(100);
    page.tab.uploads[1]?.handlers.done({ status: 'done', image: sampleImage });
    world.clock.advance(100);
    expect(said(world.chat)).toEqual(['[image]']);
  });

  test('uploaded but not yet stored survive a reload', async () => {
    const world = new World();
    const before = world.enter();
    world.chat.intercept = (_, { event }) => event === 'message:send';
    await pick(before, 'a.png');
    before.tab.uploads[0]?.handlers.done({ status: 'done', image: sampleImage });
    before.close();
    world.chat.intercept = () => false;
    const page = world.open(before);
    world.clock.advance(100);
    expect(said(world.chat)).toEqual(['[image]']);
    expect(page.state().outbox).toEqual([]);
  });

  test('of one who logs out meanwhile are cancelled, also while they are looked at', async () => {
    const world = new World();
    const page = world.enter();
    await pick(page, 'a.png');
    page.actions.sendImages([fakeFile('b.png', pngHead)]);
    page.actions.logOut();
    await settle();
    expect(page.tab.uploads.map(({ cancelled }) => cancelled)).toEqual([true]);
    expect(page.state().outbox).toEqual([]);
    expect(page.tab.objectUrls.size).toBe(0);
  });
});
