// Tabs that share a connection and come, go, freeze and are cut off at random: each has everything once and in order.
import { expect, onTestFinished, test } from 'vitest';
import { seededRandom } from '../support/chopping.ts';
import { openBrowser, type User } from './tab-user.ts';

const seeds = Array.from({ length: 12 }, (_, index) => index + 1);

test.each(seeds)('seed %i: every tab that lives has everything once and in order', async (seed) => {
  onTestFinished(({ task }) => {
    if (task.result?.state === 'fail') console.error(`seed ${seed}`);
  });
  const random = seededRandom(seed);
  const { server, open, pass } = openBrowser();
  const users: User[] = [open()];
  let said = 0;
  const pick = () => users[Math.floor(random() * users.length)];
  for (let step = 0; step < 120; step += 1) {
    const dice = random();
    const user = pick();
    if (user === undefined || (dice < 0.1 && users.length < 5)) {
      users.push(open());
    } else if (dice < 0.15 && users.length > 1) {
      // What it had to say may be lost with it; nothing else.
      user.tab.signal('leaving');
      user.tab.kill();
      users.splice(users.indexOf(user), 1);
    } else if (dice < 0.2 && users.length > 1) {
      user.tab.signal('leaving');
      await pass(Math.floor(random() * 50));
      user.tab.signal('returning');
    } else if (dice < 0.24) {
      user.tab.freeze();
    } else if (dice < 0.34) {
      for (const frozen of users) frozen.tab.thaw();
    } else if (dice < 0.39) {
      server.endAll(1006);
    } else if (dice < 0.42) {
      user.connector.renew('at random');
    } else {
      said += 1;
      const text = `text ${said}`;
      if (dice < 0.7 && !user.tab.frozen) user.say(text);
      else server.say(text);
    }
    await pass(Math.floor(random() * 30));
  }
  for (const user of users) user.tab.thaw();
  for (const user of users) user.tab.signal('visible');
  await pass(60_000);
  expect(users.filter(({ connector }) => connector.isLeader())).toHaveLength(1);
  expect(server.connections.size).toBe(1);
  for (const user of users) {
    expect(user.state).toMatchObject({ status: 'open' });
    expect(user.outbox.size).toBe(0);
    // From its first entrance on, without a gap.
    const from = user.offsets[0] ?? server.log.length + 1;
    expect(user.offsets).toEqual(server.log.slice(from - 1).map(({ offset }) => offset));
  }
  const nonces = server.log.map(({ nonce }) => nonce);
  expect(new Set(nonces).size).toBe(nonces.length);
});
