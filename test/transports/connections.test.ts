// Who is connected: how many may poll, what waits for all together, and the ends that go to each.
import { describe, expect, it } from 'vitest';
import {
  Connections,
  type HttpConnection,
  maximumHeldAmount,
  newConnectionId,
  pollingLimits,
} from '../../src/transports/connections.ts';

/** One for which so much waits; what it is told to close with is noted. */
function connection(remoteAddress = '192.0.2.1', bufferedAmount = 0) {
  const closes: unknown[] = [];
  const it: HttpConnection = {
    id: newConnectionId(),
    transport: 'long-poll',
    remoteAddress,
    userAgent: '',
    credential: undefined,
    bufferedAmount,
    user: undefined,
    ended: false,
    closing: undefined,
    send: () => {},
    push: () => {},
    close: (code, reason) => closes.push([code, reason]),
    end: () => closes.push('end'),
    sweep: () => {},
  };
  return { it, closes };
}

describe('connections', () => {
  it('have names that nobody guesses', () => {
    const names = new Set(Array.from({ length: 1000 }, newConnectionId));
    expect(names.size).toBe(1000);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{24}$/);
  });

  it('takes so many that poll, and no more', () => {
    const connections = new Connections();
    const all = Array.from({ length: pollingLimits.all }, (_, index) => {
      return connection(`10.0.${index >> 7}.${index & 127}`).it;
    });
    for (const each of all) expect(connections.addPolling(each)).toBe(true);
    const { it: late } = connection('203.0.113.1');
    expect(connections.addPolling(late)).toBe(false);
    expect(connections.find(late.id)).toBeUndefined();
    expect(connections.counts['long-poll']).toBe(pollingLimits.all);
    const [first] = all;
    if (first !== undefined) connections.remove(first);
    expect(connections.addPolling(late)).toBe(true);
    expect(connections.find(late.id)).toBe(late);
  });

  it('counts addresses as networks', () => {
    const connections = new Connections();
    for (let count = 0; count < pollingLimits.address; count++) {
      expect(connections.addPolling(connection(`2001:db8::${count.toString(16)}`).it)).toBe(true);
    }
    expect(connections.addPolling(connection('2001:db8::ffff').it)).toBe(false);
    expect(connections.addPolling(connection('2001:db8:0:1::1').it)).toBe(true);
  });

  it('closes those for which the most waits, until it is little enough', () => {
    const connections = new Connections();
    const share = maximumHeldAmount / 4;
    const amounts = [share, 2 * share, 1000, 3 * share, share / 2];
    const staged = amounts.map((amount) => connection('192.0.2.1', amount));
    for (const { it: each } of staged) connections.add(each);
    connections.sweep(0);
    const closed = [[1013, expect.stringMatching(/too slowly/)]];
    expect(staged.map(({ closes }) => closes)).toEqual([[], [], [], closed, []]);
    const few = new Connections();
    const one = connection('192.0.2.1', maximumHeldAmount);
    few.add(one.it);
    few.sweep(0);
    expect(one.closes).toEqual([]);
  });

  it('are all ended at the end', () => {
    const connections = new Connections();
    const staged = [connection(), connection()];
    for (const { it: each } of staged) connections.add(each);
    connections.endAll();
    expect(staged.map(({ closes }) => closes)).toEqual([['end'], ['end']]);
  });
});
