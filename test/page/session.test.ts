import { describe, expect, test } from 'vitest';
import { nameStoreKey, tokenKey } from '../../public/chat/session.ts';
import { outline, World } from './fake-page.ts';

describe('sign-in', () => {
  test('a first visit shows the form and connects meanwhile', () => {
    const world = new World();
    const page = world.open();
    expect(page.state()).toMatchObject({ phase: 'signed-out', connection: { status: 'connecting' } });
    expect(page.state().lastName).toBeUndefined();
    world.clock.advance(100);
    expect(page.state()).toMatchObject({
      phase: 'signed-out',
      connection: { status: 'open' },
      limits: { textLength: 4000 },
    });
  });

  test('goes through to the conversation, and keeps token and name', () => {
    const world = new World();
    world.chat.say({ id: 'mei', name: 'Mei' }, 'good morning');
    const page = world.open();
    world.clock.advance(100);
    page.actions.signIn('  Ada  ');
    expect(page.state().phase).toBe('entering');
    world.clock.advance(100);
    expect(page.state()).toMatchObject({ phase: 'chatting', me: { name: 'Ada' }, lastName: 'Ada' });
    expect(outline(page.state())).toEqual(['good morning']);
    expect(JSON.parse(page.tab.storage.getItem(tokenKey) ?? '')).toMatch(/^token-1-/);
  });

  test('tells the server at once that the token has arrived, and only a new one', () => {
    const world = new World();
    const page = world.open();
    world.clock.advance(100);
    const pings = () => world.chat.requests('heartbeat:ping').length;
    expect(pings()).toBe(1);
    page.actions.signIn('Ada');
    world.clock.advanceUntil(() => page.state().phase === 'chatting');
    expect(page.tab.storage.getItem(tokenKey)).not.toBeNull();
    world.clock.advance(world.chat.latency);
    expect(pings()).toBe(2);
    page.close();
    const back = world.open(page);
    world.clock.advanceUntil(() => back.state().phase === 'chatting');
    world.clock.advance(100);
    // Of the new connection: what measures the first round trip, and no more.
    expect(pings()).toBe(1);
  });

  test('waits for the connection, and over a lost one', () => {
    const world = new World();
    world.chat.up = false;
    const page = world.open();
    page.actions.signIn('Ada');
    world.clock.advance(2000);
    expect(page.state()).toMatchObject({ phase: 'entering', connection: { status: 'waiting' } });
    world.chat.up = true;
    world.chat.intercept = (_, { event }) => event === 'session:enter';
    world.clock.advanceUntil(() => world.chat.connections.size === 1);
    world.clock.advance(20);
    world.chat.intercept = () => false;
    world.chat.endAll(1006);
    expect(page.state().phase).toBe('entering');
    world.clock.advanceUntil(() => page.state().phase === 'chatting');
  });

  test.each([
    ['', 'empty'],
    ['x'.repeat(33), 'too-long'],
    ['a\u202eb', 'invisible'],
  ])('the name %j is not even sent', (name, problem) => {
    const world = new World();
    const page = world.open();
    world.clock.advance(100);
    page.actions.signIn(name);
    expect(page.state()).toMatchObject({ phase: 'signed-out', signInFailure: { code: 'invalid' } });
    expect(page.state().signInFailure?.message).toContain(problem);
    world.clock.advance(100);
    expect(world.chat.requests('session:enter')).toEqual([]);
    page.actions.clearSignInFailure();
    expect(page.state().signInFailure).toBeUndefined();
  });

  test('a taken name comes back with a free one, and the form works on', () => {
    const world = new World();
    world.chat.issue('Ada');
    const page = world.open();
    world.clock.advance(100);
    page.actions.signIn('Ada');
    world.clock.advance(100);
    expect(page.state()).toMatchObject({
      phase: 'signed-out',
      signInFailure: { code: 'name-taken', suggestion: 'Ada 2' },
      lastName: 'Ada',
    });
    page.actions.signIn('Ada 2');
    expect(page.state().signInFailure).toBeUndefined();
    world.clock.advance(100);
    expect(page.state()).toMatchObject({ phase: 'chatting', me: { name: 'Ada 2' } });
  });
});

describe('coming back', () => {
  test('a reload asks nothing: restoring, then chatting', () => {
    const world = new World();
    const before = world.enter();
    before.close();
    const page = world.open(before);
    expect(page.state()).toMatchObject({ phase: 'restoring', lastName: 'Ada' });
    world.clock.advance(100);
    expect(page.state()).toMatchObject({ phase: 'chatting', me: before.state().me });
  });

  test('restoring goes on while the server is away', () => {
    const world = new World();
    world.enter().close();
    world.chat.up = false;
    const page = world.open();
    world.clock.advance(5000);
    expect(page.state().phase).toBe('restoring');
    world.chat.up = true;
    world.clock.advanceUntil(() => page.state().phase === 'chatting');
  });

  test('a token that is unknown leads to the form, with the name filled in', () => {
    const world = new World();
    world.enter().close();
    world.chat.members.clear();
    const page = world.open();
    world.clock.advance(100);
    expect(page.state()).toMatchObject({
      phase: 'signed-out',
      me: undefined,
      lastName: 'Ada',
      signInFailure: { code: 'token-unknown' },
      connection: { status: 'open' },
    });
    expect(page.tab.storage.getItem(tokenKey)).toBeNull();
    page.actions.signIn('Ada');
    world.clock.advance(100);
    expect(page.state().phase).toBe('chatting');
  });

  test.each(['{', '7', '"short"'])('a broken token (%s) is none', (text) => {
    const world = new World();
    world.browser.storage.setItem(tokenKey, text);
    world.browser.storage.setItem(nameStoreKey, text);
    expect(world.open().state().phase).toBe('signed-out');
  });

  test('told to wait, it waits and tries again over the same connection', () => {
    const world = new World();
    world.enter().close();
    let refusals = 0;
    world.chat.intercept = (connection, request) => {
      if (request.event !== 'session:resume' || refusals === 2) return false;
      refusals += 1;
      connection.refuse(request, { code: 'rate-limited', message: '', retryAfter: 3000 });
      return true;
    };
    const page = world.open();
    world.clock.advance(5900);
    expect(page.state()).toMatchObject({ phase: 'restoring', connection: { status: 'connecting' } });
    world.clock.advance(200);
    expect(page.state().phase).toBe('chatting');
    expect(world.chat.attempts).toBe(2);
  });

  test('an error in the server is tried again over another connection', () => {
    const world = new World();
    world.enter().close();
    world.chat.intercept = (connection, request) => {
      if (request.event !== 'session:resume') return false;
      connection.refuse(request, { code: 'internal', message: '' });
      return true;
    };
    const page = world.open();
    world.clock.advance(100);
    expect(page.state()).toMatchObject({ phase: 'restoring', connection: { status: 'waiting' } });
    world.chat.intercept = () => false;
    world.clock.advanceUntil(() => page.state().phase === 'chatting');
  });

  test('storage that is forbidden costs the memory, not the chat', () => {
    const world = new World();
    world.browser.storage.forbidden = true;
    const page = world.enter();
    page.actions.sendText('hi');
    world.clock.advance(100);
    expect(outline(page.state())).toEqual(['hi']);
  });
});

describe('log-out', () => {
  test('frees the name, forgets the conversation, and leaves a form that works', () => {
    const world = new World();
    const page = world.enter();
    page.actions.sendText('hi');
    world.clock.advance(100);
    page.actions.logOut();
    expect(page.state()).toMatchObject({
      phase: 'signed-out',
      me: undefined,
      timeline: [],
      members: [],
      outbox: [],
      toasts: [],
      lastName: 'Ada',
    });
    expect(page.tab.storage.getItem(tokenKey)).toBeNull();
    world.clock.advance(1000);
    expect(world.chat.members.size).toBe(0);
    expect(page.state()).toMatchObject({ phase: 'signed-out', connection: { status: 'open' }, toasts: [] });
    page.actions.signIn('Ada');
    world.clock.advance(100);
    expect(page.state().phase).toBe('chatting');
  });

  test('in one tab logs out all, and says so in the others', () => {
    const world = new World();
    const here = world.enter();
    const other = world.open();
    world.clock.advance(100);
    expect(other.state()).toMatchObject({ phase: 'chatting', me: here.state().me });
    here.actions.logOut();
    world.clock.advance(1000);
    expect(other.state()).toMatchObject({
      phase: 'signed-out',
      me: undefined,
      timeline: [],
      toasts: [{ tone: 'info', text: { id: 'signed-out-elsewhere' } }],
      connection: { status: 'open' },
    });
    expect(here.state().toasts).toEqual([]);
    world.clock.advance(60_000);
    expect(other.state().toasts).toEqual([]);
    expect(world.chat.attempts).toBe(4);
  });

  test('by another device ends the session here, by the close of the server', () => {
    const world = new World();
    const page = world.enter();
    world.chat.members.clear();
    world.chat.endAll(1000, 'logged out');
    expect(page.state()).toMatchObject({
      phase: 'signed-out',
      toasts: [{ text: { id: 'signed-out-elsewhere' } }],
    });
    expect(page.tab.storage.getItem(tokenKey)).toBeNull();
  });

  test('a sign-in in another tab signs in here too', () => {
    const world = new World();
    const idle = world.open();
    world.clock.advance(100);
    const other = world.enter('Mei');
    expect(idle.state()).toMatchObject({ phase: 'chatting', me: other.state().me });
  });

  test('another person in another tab replaces this one, and nothing stays', () => {
    const world = new World();
    const page = world.enter('Ada');
    page.actions.sendText('from Ada');
    world.clock.advance(100);
    const { token } = world.chat.issue('Mei');
    world.browser.storage.setItem(tokenKey, JSON.stringify(token));
    world.browser.tell(tokenKey);
    world.clock.advance(100);
    expect(page.state()).toMatchObject({ phase: 'chatting', me: { name: 'Mei' } });
  });

  test('without a connection is told to the server when there is one', () => {
    const world = new World();
    const page = world.enter();
    world.chat.up = false;
    world.chat.endAll(1006);
    page.actions.sendText('never said');
    page.actions.logOut();
    expect(page.state()).toMatchObject({ phase: 'signed-out', outbox: [] });
    world.clock.advance(5000);
    world.chat.up = true;
    world.clock.advanceUntil(() => page.state().connection.status === 'open');
    expect(world.chat.members.size).toBe(0);
    expect(world.chat.log).toEqual([]);
    page.actions.signIn('Ada');
    world.clock.advanceUntil(() => page.state().phase === 'chatting');
  });

  test('whose answer is lost is told again', () => {
    const world = new World();
    const page = world.enter();
    world.chat.intercept = (connection, { event }) => {
      if (event === 'session:leave') connection.end(1006);
      return event === 'session:leave';
    };
    page.actions.logOut();
    world.clock.advance(100);
    world.chat.intercept = () => false;
    world.clock.advanceUntil(() => world.chat.members.size === 0);
    world.clock.advanceUntil(() => page.state().connection.status === 'open');
    expect(page.state().phase).toBe('signed-out');
  });
});
