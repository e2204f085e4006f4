/** Refusing in words: what is said, who is waited for, and what cannot be sent. Real TCP, a manual clock. */
import { createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HttpError } from '../src/http-head.ts';
import { Refusals, unavailable } from '../src/refusals.ts';
import { manualClock } from './support/manual-clock.ts';
import { TcpPeer } from './support/tcp-peer.ts';

async function connected(): Promise<{ stream: Socket; peer: TcpPeer }> {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const peer = await TcpPeer.connect(address.port);
  const stream = await accepted;
  stream.on('error', () => {});
  onTestFinished(() => {
    stream.destroy();
    peer.destroy();
    server.close();
  });
  return { stream, peer };
}

function refusing() {
  const clock = manualClock();
  const reported: unknown[] = [];
  let emptied = 0;
  const refusals = new Refusals(
    { clock, closeTimeout: 1000 },
    (error) => reported.push(error),
    () => emptied++,
  );
  return { clock, reported, refusals, emptied: () => emptied };
}

describe('refuse', () => {
  test('says what and why with the date, ends our side, and lets the peer finish', async () => {
    const { refusals, reported } = refusing();
    const { stream, peer } = await connected();
    // As it is after much has come before the decision.
    stream.pause();
    refusals.refuse(stream, new HttpError(405, 'RFC 9110 §15.5.6', 'Not so.', { Allow: 'GET' }));
    const reply = (await peer.rest()).toString();
    expect(reply).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/);
    expect(reply).toContain('\r\nAllow: GET\r\n');
    expect(reply).toMatch(/\r\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n/);
    expect(reply).toMatch(/\r\n\r\nNot so\.\n$/);
    // What comes afterwards is read and dropped, so that no reset takes the answer away.
    peer.socket.end(new Uint8Array(1_000_000));
    await new Promise((resolve) => stream.once('close', resolve));
    expect(stream.bytesRead).toBe(1_000_000);
    expect(reported).toEqual([]);
  });

  test.each(['Date', 'date', 'DATE'])('has one date: the field %s that the handler gave', async (name) => {
    const { refusals } = refusing();
    const { stream, peer } = await connected();
    const own = 'Sun, 06 Nov 1994 08:49:37 GMT';
    refusals.refuse(stream, new HttpError(403, 'RFC 6455 §4.2.2', 'No.', { [name]: own }));
    expect((await peer.rest()).toString().match(/^date: .*$/gim)).toEqual([`${name}: ${own}`]);
  });

  test('cuts whoever does not go, at the deadline', async () => {
    const { refusals, clock } = refusing();
    const { stream, peer } = await connected();
    refusals.refuse(stream, unavailable('Later.'));
    await peer.rest();
    refusals.sweep(clock.now() + 999);
    expect(stream.destroyed).toBe(false);
    refusals.sweep(clock.now() + 1000);
    expect(stream.destroyed).toBe(true);
  });

  test('cuts all when the server is at its end, and tells when the last is gone', async () => {
    const { refusals, emptied } = refusing();
    const [one, two, other] = [await connected(), await connected(), await connected()];
    refusals.refuse(one.stream, unavailable('Later.'));
    refusals.refuse(two.stream, unavailable('Later.'));
    expect(refusals.size).toBe(2);
    const gone = [one, two].map(({ stream }) => new Promise((resolve) => stream.once('close', resolve)));
    refusals.destroyAll();
    expect([one.stream.destroyed, two.stream.destroyed, other.stream.destroyed]).toEqual([true, true, false]);
    await Promise.all(gone);
    expect([refusals.size, emptied()]).toEqual([0, 1]);
  });

  test('does not wait for one who is gone already', async () => {
    const { refusals } = refusing();
    const { stream } = await connected();
    stream.destroy();
    refusals.refuse(stream, unavailable('Later.'));
    expect(refusals.size).toBe(0);
  });

  test('is 500 and a report for what is not the client’s fault, or cannot be sent', async () => {
    const { refusals, reported } = refusing();
    const faults = [new Error('bug'), 'no error', new HttpError(403, '', 'No.', { a: 'b\r\nc: d' })];
    for (const fault of faults) {
      const { stream, peer } = await connected();
      refusals.refuse(stream, fault);
      const reply = (await peer.rest()).toString();
      expect(reply).toMatch(/^HTTP\/1\.1 500 /);
      expect(reply).toMatch(/\r\n\r\nThe server failed on this request\.\n$/);
      expect(reply).not.toContain('c: d');
    }
    expect(reported.slice(0, 2)).toEqual(faults.slice(0, 2));
    expect(reported[2]).toBeInstanceOf(TypeError);
  });
});

test('turnAway answers and does not wait', async () => {
  const { refusals } = refusing();
  const { stream, peer } = await connected();
  refusals.turnAway(stream, unavailable('Full.', 7));
  const reply = (await peer.rest()).toString();
  expect(reply).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
  expect(reply).toContain('\r\nRetry-After: 7\r\n');
  await expect.poll(() => stream.destroyed).toBe(true);
});
