// Eight clients over a network that cuts, resets, stalls and half-closes: each ends with the same log, everything once
// and in order. CHAOS_SENDS and CHAOS_SEED make it larger, or the same again; `npm run chaos` does.
import { expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../support/chat.ts';
import { startChatProgram } from '../support/chat-program.ts';
import { defaultTransports, readLog, signUp, Talker } from './chaos.ts';
import { FaultyProxy, faults } from './faulty-proxy.ts';

const sends = Number(process.env.CHAOS_SENDS ?? 240);
const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 2 ** 31));
const key = 'chaos-'.repeat(5);

it(`${sends} messages of eight clients arrive once and in order over a bad network (CHAOS_SEED=${seed})`, async () => {
  const { port } = await startChatProgram(temporaryDirectory(), '0', ['--api-key', key]);
  const direct = `http://127.0.0.1:${port}`;
  const proxy = new FaultyProxy({ target: Number(port), seed, share: 0.7 });
  const url = `http://127.0.0.1:${await proxy.listen()}`;
  const talkers: Talker[] = [];
  onTestFinished(async () => {
    for (const talker of talkers) talker.close();
    await proxy.close();
  });
  const begun: number[] = [];
  for (const [index, transports] of defaultTransports.entries()) {
    const name = `talker-${index}`;
    const { token, cursor } = await signUp(direct, name);
    begun.push(cursor.offset);
    talkers.push(new Talker(name, url, token, cursor, transports));
  }
  const each = Math.ceil(sends / talkers.length);
  const nonces = (await Promise.all(talkers.map((talker) => talker.say(each)))).flat();
  proxy.calm();
  const log = await readLog(direct, key);
  const newest = log.at(-1)?.offset ?? 0;
  await Promise.all(talkers.map((talker) => talker.reached(newest)));

  const said = log.filter(({ type }) => type === 'message').map(({ nonce }) => nonce);
  expect(said.toSorted()).toEqual(nonces.toSorted());
  for (const [index, talker] of talkers.entries()) {
    const after = begun[index] ?? 0;
    expect([talker.name, talker.events]).toEqual([talker.name, log.filter(({ offset }) => offset > after)]);
  }
  // Otherwise nothing was tried.
  for (const fault of faults) expect([fault, proxy.counts[fault] > 0]).toEqual([fault, true]);
}, 600_000);
