import { describe, expect, test } from 'vitest';
import { memberKey, nameStoreKey, refreshInterval } from '../../public/chat/session.ts';
import { FakeBrowser } from './fake-browser.ts';
import { said, World } from './fake-page.ts';

describe('sign-in', () => {
  test('a first visit shows the form and connects meanwhile', async () => {
    const world = new World();
    const page = world.open();
    expect(page.state()).toMatchObject({ phase: 'signed-out', connection: { status: 'connecting' } });
    expect(page.state().lastName).toBeUndefined();
    await world.clock.advance(100);
    expect(page.state()).toMatchObject({
      phase: 'signed-out',
      signInFailure: undefined,
      connection: { status: 'open' },
      limits: { textLength: 4000 },
    });
  });

  test('sends what is needed, and keeps the name and no secret', async () => {
    const world = new World();
    const page = world.open();
    await world.clock.advance(100);
    page.actions.signIn({ name: '  Ada  ', password: 'p', serverPassword: 's' });
    await world.ready(page);
    expect(world.chat.asked).toEqual([
      { method: 'POST', path: '/api/session', body: { name: 'Ada', password: 'p', serverPassword: 's' } },
    ]);
    expect(page.state()).toMatchObject({ me: { name: 'Ada' }, lastName: 'Ada' });
    expect(JSON.parse(page.tab.storage.getItem(nameStoreKey) ?? '')).toBe('Ada');
    expect(JSON.parse(page.tab.storage.getItem(memberKey) ?? '')).toEqual({ id: 'id-Ada' });
    expect([...world.browser.storage.values.values()].join()).not.toMatch(/token|"p"|"s"/);
  });

  test('waits for the connection, and over a lost one', async () => {
    const world = new World();
    world.chat.up = false;
    const page = world.open();
    page.actions.signIn({ name: 'Ada' });
    await world.clock.advance(2000);
    expect(page.state()).toMatchObject({ phase: 'entering', connection: { status: 'waiting' } });
    world.chat.up = true;
    await world.ready(page);
  });

  test('says what the server has against it, until a field is edited', async () => {
    const world = new World();
    await world.enter('Ada', new FakeBrowser(world.clock));
    const page = world.open();
    await world.clock.advance(100);
    page.actions.signIn({ name: 'Ada' });
    await world.clock.advance(100);
    expect(page.state()).toMatchObject({
      phase: 'signed-out',
      signInFailure: { code: 'name-taken', suggestion: 'Ada 2' },
    });
    page.actions.clearSignInFailure();
    expect(page.state().signInFailure).toBeUndefined();
    page.actions.signIn({ name: '\u0007' });
    expect(page.state().signInFailure).toMatchObject({ code: 'invalid', field: 'data.name' });
    page.actions.signIn({ name: 'Ada 2' });
    await world.ready(page);
  });

  test('says so when the server does not answer', async () => {
    const world = new World();
    const page = world.open();
    await world.clock.advance(100);
    // The connection stands, as far as anybody knows; the request gets no answer.
    page.tab.ask = async () => undefined;
    page.actions.signIn({ name: 'Ada' });
    await world.clock.advance(10);
    expect(page.state()).toMatchObject({ phase: 'signed-out', signInFailure: { code: 'internal' } });
  });
});

describe('coming back', () => {
  test('needs nothing but the cookie', async () => {
    const world = new World();
    const page = await world.enter();
    page.say('hi');
    await world.clock.advance(100);
    page.close();
    const again = world.open(page);
    expect(again.state().phase).toBe('restoring');
    await world.ready(again);
    expect(said(again.state())).toEqual(['hi']);
    expect(world.chat.requests('session:resume').at(-1)?.data).toEqual({});
  });

  test('over another connection goes on from the cursor', async () => {
    const world = new World();
    const page = await world.enter();
    const mei = world.chat.person('Mei');
    await world.clock.advance(100);
    const { cursor } = world.chat.log;
    world.chat.endAll(1006);
    world.chat.say(mei, 'meanwhile');
    await world.clock.advance(5000);
    expect(world.chat.requests('session:resume').at(-1)?.data).toEqual({ since: cursor });
    expect(said(page.state())).toEqual(['meanwhile']);
    expect(page.state().traffic.resumes).toBe(1);
  });

  test('asks where things stand when the connection knows who it is', async () => {
    const world = new World();
    const page = world.open();
    await world.clock.advance(100);
    world.chat.signIn(world.browser, 'Ada');
    world.chat.intercept = (connection, { event }) => {
      // Somebody has come in over this connection a moment ago.
      if (event === 'session:resume') connection.member ??= connection.known;
      return false;
    };
    world.chat.endAll(1006);
    await world.ready(page);
    expect(world.chat.requests('session:state')).toHaveLength(1);
  });

  test('to a session that has ended shows the form, says so, and keeps what was not sent', async () => {
    const world = new World();
    const page = await world.enter();
    world.chat.intercept = (_, { event }) => event === 'message:send';
    page.say('not sent');
    await world.clock.advance(100);
    world.chat.intercept = () => false;
    world.chat.tokens.clear();
    world.chat.endAll(1006);
    await world.clock.advance(5000);
    expect(page.state()).toMatchObject({
      phase: 'signed-out',
      me: undefined,
      signInFailure: { code: 'token-unknown' },
      conversation: { timeline: [] },
      outbox: [],
    });
    page.actions.signIn({ name: 'Ada' });
    await world.ready(page);
    await world.clock.advance(500);
    expect(said(page.state())).toEqual(['not sent']);
  });

  test('waits when the server asks to', async () => {
    const world = new World();
    const page = await world.enter();
    let refusals = 0;
    world.chat.intercept = (connection, request) => {
      if (request.event !== 'session:resume' || refusals === 2) return false;
      refusals += 1;
      connection.refuse(request, { code: 'rate-limited', message: '', retryAfter: 3000 });
      return true;
    };
    world.chat.endAll(1006);
    await world.clock.advance(3000);
    expect(page.state().connection.status).toBe('connecting');
    await world.clock.advance(7000);
    expect(page.state().connection.status).toBe('open');
  });

  test('renews the cookie every hour, and ends when it is good no more', async () => {
    const world = new World();
    const page = await world.enter();
    const refreshes = () => world.chat.asked.filter(({ path }) => path.endsWith('/refresh')).length;
    await world.clock.advance(refreshInterval + 1000);
    expect(refreshes()).toBe(1);
    expect(page.state().phase).toBe('chatting');
    world.chat.tokens.clear();
    await world.clock.advance(refreshInterval);
    expect(page.state()).toMatchObject({ phase: 'signed-out', signInFailure: { code: 'token-unknown' } });
  });
});

describe('log-out', () => {
  test('forgets everything here and there', async () => {
    const world = new World();
    const page = await world.enter();
    page.actions.setDraft({ text: 'half a' });
    await world.clock.advance(5000);
    page.actions.logOut();
    expect(page.state()).toMatchObject({ phase: 'signed-out', me: undefined, rooms: [], drafts: {} });
    await world.clock.advance(1000);
    expect(world.chat.asked.at(-1)).toMatchObject({ method: 'DELETE', path: '/api/session' });
    expect(world.browser.cookie).toBeUndefined();
    expect(page.state()).toMatchObject({ phase: 'signed-out', signInFailure: undefined, toasts: [] });
    expect(page.state().connection.status).toBe('open');
    expect(world.chat.isHere('id-Ada')).toBe(false);
    for (const table of ['outbox', 'drafts', 'rooms', 'history'] as const) {
      expect(await world.browser.database.all(table), table).toEqual([]);
    }
  });

  test('everywhere says so', async () => {
    const world = new World();
    const page = await world.enter();
    page.actions.logOut(true);
    await world.clock.advance(1000);
    expect(world.chat.asked.at(-1)).toMatchObject({ path: '/api/session?everywhere=1' });
  });

  test('without a connection is told to the server as soon as there is one, also after a reload', async () => {
    const world = new World();
    const page = await world.enter();
    world.chat.up = false;
    world.chat.endAll(1006);
    page.actions.logOut();
    await world.clock.advance(1000);
    expect(page.state().phase).toBe('signed-out');
    page.close();
    world.chat.up = true;
    const again = world.open(page);
    await world.clock.advance(2000);
    expect(again.state()).toMatchObject({ phase: 'signed-out', signInFailure: undefined });
    expect(world.browser.cookie).toBeUndefined();
    expect(world.chat.tokens.size).toBe(0);
  });
});

describe.each([true, false])('two tabs, sharing a connection: %s', (sharing) => {
  test('sign in together', async () => {
    const world = new World(sharing);
    const first = world.open();
    const second = world.open();
    await world.clock.advance(200);
    first.actions.signIn({ name: 'Ada' });
    await world.ready(first);
    await world.ready(second);
    expect(second.state().me).toEqual(first.state().me);
  });

  test('sign out together', async () => {
    const world = new World(sharing);
    const first = await world.enter();
    const second = world.open();
    await world.ready(second);
    second.actions.logOut();
    await world.clock.advance(2000);
    expect(first.state()).toMatchObject({
      phase: 'signed-out',
      toasts: [{ tone: 'info', text: { id: 'signed-out-elsewhere' } }],
    });
    expect(second.state()).toMatchObject({ phase: 'signed-out', toasts: [] });
    expect(first.state().connection.status).toBe('open');
    first.actions.signIn({ name: 'Bo' });
    await world.ready(first);
    await world.ready(second);
    expect(second.state().me?.name).toBe('Bo');
  });
});

describe('the address', () => {
  test('leads to a room, and to a place in it', async () => {
    const world = new World();
    const mei = world.chat.person('Mei');
    for (let index = 1; index <= 200; index += 1) world.chat.say(mei, `${index}`);
    const target = world.chat.log.events.find((event) => event.type === 'message' && event.offset === 50);
    const first = await world.enter();
    first.close();
    const page = world.open(undefined, world.browser, '#/general/50');
    await world.ready(page);
    expect(page.state().conversation).toMatchObject({
      target: { id: target?.id },
      hasOlder: true,
      hasNewer: true,
    });
    expect(said(page.state())).toContain('49');
  });

  test('takes an invitation with the sign-in, and out of sight', async () => {
    const world = new World();
    world.chat.addRoom('dev');
    world.chat.invitations.set('abcd-1234', 'dev');
    const page = world.open(undefined, world.browser, '#/invite/abcd-1234');
    expect(page.state().invitation).toBe('abcd-1234');
    expect(page.tab.address()).toBe('#/general');
    await world.clock.advance(100);
    page.actions.signIn({ name: 'Ada' });
    await world.ready(page);
    expect(world.chat.asked[0]?.body).toMatchObject({ invitation: 'abcd-1234' });
    await world.clock.advance(100);
    expect(page.state()).toMatchObject({ invitation: undefined, conversation: { room: 'dev' } });
  });

  test('takes an invitation of one who is in already, and says when it is none', async () => {
    const world = new World();
    world.chat.addRoom('dev');
    world.chat.invitations.set('abcd-1234', 'dev');
    const page = await world.enter();
    page.tab.visit('#/invite/abcd-1234');
    await world.clock.advance(100);
    expect(page.state().conversation.room).toBe('dev');
    page.tab.visit('#/invite/nothing-1');
    await world.clock.advance(100);
    expect(page.state().toasts).toMatchObject([
      { text: { id: 'refused', failure: { code: 'invitation-unknown' } } },
    ]);
    expect(page.tab.address()).toBe('#/dev');
  });

  test("takes the owner's code", async () => {
    const world = new World();
    const page = world.open(undefined, world.browser, '#/claim/abcd-1234');
    await world.clock.advance(100);
    page.actions.signIn({ name: 'Ada' });
    await world.ready(page);
    await world.clock.advance(100);
    expect(page.state().owner).toBe(true);
    expect(page.tab.history.join()).not.toContain('claim');
  });

  test('follows the room that is shown, and is followed back', async () => {
    const world = new World();
    world.chat.addRoom('dev');
    const page = await world.enter();
    const { me } = page.state();
    if (me !== undefined) world.chat.join('dev', me);
    page.actions.openRoom('dev');
    expect(page.tab.history).toEqual(['#/general', '#/dev']);
    page.tab.visit('#/general');
    expect(page.state().conversation.room).toBe('general');
  });
});
