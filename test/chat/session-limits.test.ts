// What one connection may ask for, and how much may wait for it.
import { describe, expect, it } from 'vitest';
import { lowWaterMark } from '../../src/chat/outlet.ts';
import { newNonce, stageChat } from '../support/chat.ts';

const text = (value: string) => ({ type: 'text', text: value }) as const;

describe('a slow reader', () => {
  it('gets the newest of what is of the moment, when it has read on, and all of the log at once', async () => {
    const stage = stageChat();
    const [ada, bob, slow] = [
      await stage.member('Ada'),
      await stage.member('Bob'),
      await stage.member('Slow'),
    ];
    slow.bufferedAmount = lowWaterMark + 1;
    const before = slow.events.length;
    for (let second = 0; second < 5; second++) {
      await ada.ok('room:typing', { room: 'general', typing: true });
      await bob.ok('room:typing', { room: 'general', typing: true });
      stage.clock.advance(1000);
    }
    await ada.say('logged');
    expect(slow.events.slice(before).map(({ event }) => event)).toEqual(['room:event']);
    slow.session.drained();
    expect(slow.pushed('room:typing')).toEqual([]);
    slow.bufferedAmount = 0;
    slow.session.drained();
    const typing = slow.pushed('room:typing').map(({ data }) => [data.member.name, data.until]);
    const until = stage.clock.now() - 1000 + 6000;
    expect(typing).toEqual([
      ['Ada', until],
      ['Bob', until],
    ]);
    // Nothing waits any more: the next goes out at once.
    await ada.ok('room:typing', { room: 'general', typing: true });
    expect(slow.pushed('room:typing')).toHaveLength(3);
  });

  it('keeps its order: what is of the moment stays behind what waits already', async () => {
    const stage = stageChat();
    const [ada, slow] = [await stage.member('Ada'), await stage.member('Slow')];
    slow.bufferedAmount = lowWaterMark + 1;
    await ada.ok('room:typing', { room: 'general', typing: true });
    slow.bufferedAmount = 0;
    stage.clock.advance(1000);
    await ada.ok('room:typing', { room: 'general', typing: true });
    expect(slow.pushed('room:typing')).toEqual([]);
    slow.session.drained();
    expect(slow.pushed('room:typing')).toHaveLength(1);
  });

  it('is closed with 1013 beyond the limit, whether by what is pushed or by what it asks for', async () => {
    const stage = stageChat({ maxBufferedAmount: 1_000_000 });
    const [ada, slow, asking] = [
      await stage.member('Ada'),
      await stage.member('Slow'),
      await stage.member('Asking'),
    ];
    slow.bufferedAmount = 1_000_001;
    asking.bufferedAmount = 1_000_001;
    asking.sendText('{"event":"heartbeat:ping","id":1000}');
    await stage.chat.idle();
    await ada.say('one too many');
    for (const client of [slow, asking]) {
      expect(client.closed?.code).toBe(1013);
      expect(client.closed?.reason).toMatch(/come back and resume from your cursor/);
      expect(Buffer.byteLength(client.closed?.reason ?? '')).toBeLessThanOrEqual(123);
    }
    expect(ada.closed).toBeUndefined();
    const events = slow.events.length;
    await ada.say('another');
    expect(slow.events).toHaveLength(events);
    stage.clock.advance(11_000);
    const away = ada.pushed('presence:changed').flatMap(({ data }) => data.away.map(({ name }) => name));
    expect(away.sort()).toEqual(['Asking', 'Slow']);
  });
});

describe('limits', () => {
  it('slow down who searches faster than anybody types, over all their connections', async () => {
    const stage = stageChat({ rates: { searches: { burst: 2, perSecond: 2 } } });
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    const tab = stage.client();
    await tab.ok('session:resume', { token: ada.token });
    await ada.ok('message:search', { query: 'one' });
    await tab.ok('message:search', { query: 'two' });
    expect(await tab.refused('message:search', { query: 'three' })).toMatchObject({
      code: 'rate-limited',
      retryAfter: 500,
    });
    await bob.ok('message:search', { query: 'three' });
    stage.clock.advance(500);
    await ada.ok('message:search', { query: 'three' });
  });

  it('slow a member down over all their connections, say for how long, and mean it', async () => {
    const stage = stageChat({ rates: { messages: { burst: 3, perSecond: 2 } } });
    const [ada, bob] = [await stage.member('Ada'), await stage.member('Bob')];
    const tab = stage.client();
    await tab.ok('session:resume', { token: ada.token });
    const { id } = await ada.say('1');
    await tab.say('2');
    await ada.ok('message:react', { room: 'general', nonce: newNonce(), target: id, emoji: '👍', on: true });
    const failure = await tab.refused('message:send', { nonce: '12345678', content: text('4') });
    expect(failure).toEqual({
      code: 'rate-limited',
      message: 'You send messages too fast: try again in 1 second.',
      retryAfter: 500,
    });
    await bob.say('not slowed');
    stage.clock.advance(499);
    expect((await ada.refused('message:send', { nonce: '12345678', content: text('4') })).retryAfter).toBe(1);
    stage.clock.advance(1);
    await ada.say('4');
  });

  it('slow down requests of any kind on a connection', async () => {
    const stage = stageChat({ rates: { requests: { burst: 2, perSecond: 1 } } });
    const client = stage.client();
    await client.ok('heartbeat:ping', {});
    await client.ok('heartbeat:ping', {});
    expect(await client.refused('heartbeat:ping', {})).toMatchObject({
      code: 'rate-limited',
      retryAfter: 1000,
    });
    stage.clock.advance(1000);
    await client.ok('heartbeat:ping', {});
  });

  it('hold what one connection may have waiting', async () => {
    const stage = stageChat({ rates: { requests: { burst: 1e6, perSecond: 1 } } });
    stage.identities.enter = () => new Promise(() => {});
    const client = stage.client();
    for (let number = 0; number < 300; number++)
      client.sendText('{"event":"session:enter","data":{"name":"Ada"}}');
    const refused = client.events.filter((event) => event.event === 'reply:error');
    expect(refused).toHaveLength(300 - 257);
    expect(refused[0]).toMatchObject({ data: { code: 'rate-limited', retryAfter: 100 } });
  });

  it('end a connection that does nothing but err, with 1008, and nobody else’s', async () => {
    const stage = stageChat({ rates: { refusals: { burst: 5, perSecond: 1 } } });
    const [client, other] = [stage.client(), stage.client()];
    await client.enter('Ada');
    await other.enter('Bob');
    for (let times = 0; times < 5; times++) client.sendText('garbage');
    expect(client.closed).toBeUndefined();
    stage.clock.advance(1000);
    client.sendText('garbage');
    expect(client.closed).toBeUndefined();
    client.sendText('garbage');
    expect(client.closed).toEqual({ code: 1008, reason: 'too many requests that had to be refused' });
    const count = client.events.length;
    client.sendText('garbage');
    expect(client.events).toHaveLength(count);
    stage.clock.advance(60_000);
    expect(
      other
        .pushed('presence:changed')
        .at(-1)
        ?.data.away.map(({ name }) => name),
    ).toEqual(['Ada']);
    await other.say('still here');
  });
});

describe('being told to wait', () => {
  const send = (number: number) =>
    JSON.stringify({ event: 'message:send', data: { nonce: `wait-nonce-${number}`, content: text('x') } });

  it('is no offence for who waits exactly so long, however often', async () => {
    const stage = stageChat({
      rates: { messages: { burst: 1, perSecond: 10 }, refusals: { burst: 2, perSecond: 0.001 } },
    });
    const ada = await stage.member('Ada');
    await ada.say('first');
    for (let number = 0; number < 100; number++) {
      const data = { nonce: `wait-nonce-${number}`, content: text('x') };
      const { retryAfter } = await ada.refused('message:send', data);
      expect(retryAfter).toBe(100);
      stage.clock.advance(100);
      await ada.ok('message:send', data);
    }
    expect(ada.closed).toBeUndefined();
  });

  it('by the limit of all requests neither', () => {
    const stage = stageChat({
      rates: { requests: { burst: 1, perSecond: 1 }, refusals: { burst: 2, perSecond: 0.001 } },
    });
    const ada = stage.client();
    const refused = () => ada.events.filter(({ event }) => event === 'reply:error').length;
    ada.sendText('{"event":"heartbeat:ping"}');
    for (let times = 1; times <= 20; times++) {
      ada.sendText('{"event":"heartbeat:ping"}');
      expect(refused()).toBe(times);
      stage.clock.advance(1000);
      ada.sendText('{"event":"heartbeat:ping"}');
    }
    expect(ada.closed).toBeUndefined();
  });

  it('and not waiting is: hundreds at once end in 1008', async () => {
    const stage = stageChat();
    const ada = await stage.member('Ada');
    for (let number = 0; number < 300; number++) ada.sendText(send(number));
    await stage.chat.idle();
    expect(ada.closed?.code).toBe(1008);
  });

  it('and a clock that is set back makes nobody an offender', async () => {
    const stage = stageChat({
      rates: { messages: { burst: 1, perSecond: 10 }, refusals: { burst: 1, perSecond: 0.001 } },
    });
    const ada = await stage.member('Ada');
    await ada.say('first');
    for (let number = 0; number < 5; number++) {
      await ada.refused('message:send', { nonce: '12345678', content: text('x') });
      stage.clock.setBack(3_600_000);
    }
    expect(ada.closed).toBeUndefined();
  });
});
