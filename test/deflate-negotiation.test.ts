import { describe, expect, it } from 'vitest';
import {
  acceptOffer,
  checkAnswer,
  type DeflateAgreement,
  type DeflateOptions,
  deflateExtension,
  makeOffer,
  resolveDeflateOptions,
} from '../src/deflate-negotiation.ts';
import { encodeExtensions, parseExtensions } from '../src/extensions.ts';
import { refusal } from './support/refusal.ts';

describe('resolveDeflateOptions', () => {
  it('fills in the defaults of a server and of a client', () => {
    const same = { serverNoContextTakeover: false, clientNoContextTakeover: false, threshold: 64, level: 6 };
    expect(resolveDeflateOptions('server', {})).toEqual({
      ...same,
      serverMaxWindowBits: 11,
      clientMaxWindowBits: 11,
    });
    expect(resolveDeflateOptions('client', {})).toEqual({
      ...same,
      serverMaxWindowBits: 15,
      clientMaxWindowBits: 15,
    });
  });

  it('keeps what is given', () => {
    const options = {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 9,
      clientMaxWindowBits: 15,
      threshold: 0,
      level: 1,
    };
    expect(resolveDeflateOptions('server', options)).toEqual(options);
    const most = {
      ...options,
      serverMaxWindowBits: 15,
      clientMaxWindowBits: 9,
      threshold: 2 ** 30,
      level: 9,
    };
    expect(resolveDeflateOptions('client', most)).toEqual(most);
  });

  it.each([
    ['serverMaxWindowBits', 8],
    ['serverMaxWindowBits', 16],
    ['clientMaxWindowBits', 8],
    ['clientMaxWindowBits', 10.5],
    ['threshold', -1],
    ['threshold', 2 ** 30 + 1],
    ['level', 0],
    ['level', 10],
    ['level', Number.NaN],
    ['level', '6'],
  ])('refuses %s of %s', (name, value) => {
    const options: DeflateOptions = Object.fromEntries([[name, value]]);
    expect(() => resolveDeflateOptions('server', options)).toThrow(RangeError);
    expect(() => resolveDeflateOptions('client', options)).toThrow(
      new RegExp(`^${name} is ${value}; it takes a whole number from \\d+ to \\d+\\.$`),
    );
  });

  it.each(['serverNoContextTakeover', 'clientNoContextTakeover'])(
    'refuses a %s that is no boolean',
    (name) => {
      const options: DeflateOptions = Object.fromEntries([[name, 'no']]);
      expect(() => resolveDeflateOptions('server', options)).toThrow(TypeError);
      expect(() => resolveDeflateOptions('server', options)).toThrow(
        `${name} is no; it takes true or false.`,
      );
    },
  );
});

/** The offers or the answer in the value of a field. */
const field = (value: string) => parseExtensions(new Map([['sec-websocket-extensions', [value]]]));

/** An agreement in short: `server` and `client`, the bits of each, `alone` without context takeover. */
function inShort(agreement: DeflateAgreement): string {
  const side = (bits: number, alone: boolean) => `${bits}${alone ? ' alone' : ''}`;
  const server = side(agreement.serverMaxWindowBits, agreement.serverNoContextTakeover);
  return `server ${server}, client ${side(agreement.clientMaxWindowBits, agreement.clientNoContextTakeover)}`;
}

describe('acceptOffer', () => {
  /** What a server with these options answers, and what it then does. */
  const answer = (offers: string, options: DeflateOptions = {}) => {
    const accepted = acceptOffer(field(offers), resolveDeflateOptions('server', options));
    return accepted && [encodeExtensions([accepted.response]), inShort(accepted.agreement)];
  };
  const widest: DeflateOptions = { serverMaxWindowBits: 15, clientMaxWindowBits: 15 };

  it.each<[offers: string, options: DeflateOptions, answer: string, agreement: string]>([
    // What browsers offer.
    [
      'permessage-deflate; client_max_window_bits',
      {},
      'permessage-deflate; server_max_window_bits=11; client_max_window_bits=11',
      'server 11, client 11',
    ],
    // A client that cannot limit its window does not get to keep it here.
    [
      'permessage-deflate',
      {},
      'permessage-deflate; client_no_context_takeover; server_max_window_bits=11',
      'server 11, client 15 alone',
    ],
    ['permessage-deflate', widest, 'permessage-deflate', 'server 15, client 15'],
    ['permessage-deflate; client_max_window_bits', widest, 'permessage-deflate', 'server 15, client 15'],
    // §7.1.1: what is asked for, and what is ours.
    [
      'permessage-deflate; server_no_context_takeover',
      widest,
      'permessage-deflate; server_no_context_takeover',
      'server 15 alone, client 15',
    ],
    [
      'permessage-deflate; client_no_context_takeover',
      widest,
      'permessage-deflate; client_no_context_takeover',
      'server 15, client 15 alone',
    ],
    [
      'permessage-deflate',
      { ...widest, serverNoContextTakeover: true, clientNoContextTakeover: true },
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
      'server 15 alone, client 15 alone',
    ],
    // §7.1.2.1: the same or smaller, and always when it was asked for.
    [
      'permessage-deflate; server_max_window_bits=15',
      widest,
      'permessage-deflate; server_max_window_bits=15',
      'server 15, client 15',
    ],
    [
      'permessage-deflate; server_max_window_bits="10"',
      widest,
      'permessage-deflate; server_max_window_bits=10',
      'server 10, client 15',
    ],
    [
      'permessage-deflate; server_max_window_bits=8',
      widest,
      'permessage-deflate; server_max_window_bits=8',
      'server 8, client 15',
    ],
    [
      'permessage-deflate; server_max_window_bits=13; client_max_window_bits',
      { serverMaxWindowBits: 12, clientMaxWindowBits: 15 },
      'permessage-deflate; server_max_window_bits=12',
      'server 12, client 15',
    ],
    // §7.1.2.2: the offered value or less.
    [
      'permessage-deflate; client_max_window_bits=10',
      widest,
      'permessage-deflate; client_max_window_bits=10',
      'server 15, client 10',
    ],
    [
      'permessage-deflate; client_max_window_bits=8; server_max_window_bits=9',
      {},
      'permessage-deflate; server_max_window_bits=9; client_max_window_bits=8',
      'server 9, client 8',
    ],
    [
      'permessage-deflate; client_max_window_bits=15',
      { ...widest, clientMaxWindowBits: 12 },
      'permessage-deflate; client_max_window_bits=12',
      'server 15, client 12',
    ],
    [
      'permessage-deflate; client_max_window_bits=14; client_no_context_takeover; server_no_context_takeover; server_max_window_bits=14',
      {},
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; client_max_window_bits=11',
      'server 11 alone, client 11 alone',
    ],
  ])('%s, %j', (offers, options, response, agreement) => {
    expect(answer(offers, options)).toEqual([response, agreement]);
  });

  it.each([
    'permessage-deflate; window=10',
    'permessage-deflate; Client_max_window_bits',
    'permessage-deflate; server_no_context_takeover=true',
    'permessage-deflate; client_no_context_takeover=1',
    'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
    'permessage-deflate; client_max_window_bits; client_max_window_bits=10',
    'permessage-deflate; server_max_window_bits=10; server_max_window_bits=10',
    'permessage-deflate; server_max_window_bits',
    ...['0', '7', '16', '08', '015', '+9', '-9', '9.0', '1e1', '0x9', 'ten', '100'].flatMap((value) => [
      `permessage-deflate; server_max_window_bits=${value}`,
      `permessage-deflate; client_max_window_bits=${value}`,
    ]),
    'Permessage-Deflate',
    'x-webkit-deflate-frame',
    'permessage-bzip2, x; server_no_context_takeover',
  ])('declines %s, and takes the next', (offers) => {
    expect(answer(offers)).toBeUndefined();
    expect(answer(`${offers}, permessage-deflate; client_max_window_bits=9, permessage-deflate`)).toEqual([
      'permessage-deflate; server_max_window_bits=11; client_max_window_bits=9',
      'server 11, client 9',
    ]);
  });

  it('declines silence', () => {
    expect(acceptOffer([], resolveDeflateOptions('server', {}))).toBeUndefined();
  });

  it('takes the first that it can (§5)', () => {
    expect(
      answer(
        'foo, permessage-deflate; client_max_window_bits=9, permessage-deflate; server_max_window_bits=9',
      ),
    ).toEqual([
      'permessage-deflate; server_max_window_bits=11; client_max_window_bits=9',
      'server 11, client 9',
    ]);
  });
});

describe('makeOffer', () => {
  it.each<[options: DeflateOptions, offer: string]>([
    [{}, 'permessage-deflate; client_max_window_bits'],
    [{ clientMaxWindowBits: 12 }, 'permessage-deflate; client_max_window_bits=12'],
    [{ serverMaxWindowBits: 9 }, 'permessage-deflate; server_max_window_bits=9; client_max_window_bits'],
    [
      { serverNoContextTakeover: true, clientNoContextTakeover: true },
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits',
    ],
  ])('%j', (options, offer) => {
    expect(encodeExtensions([makeOffer(resolveDeflateOptions('client', options))])).toBe(offer);
  });
});

describe('checkAnswer', () => {
  const check = (value: string, options: DeflateOptions = {}) => {
    const [answer] = field(value);
    if (answer === undefined) throw new TypeError('There is no answer to check.');
    return checkAnswer(answer, resolveDeflateOptions('client', options));
  };

  it.each<[answer: string, options: DeflateOptions, agreement: string]>([
    ['permessage-deflate', {}, 'server 15, client 15'],
    // Unasked, and legal (§7.1.1.1, §7.1.1.2, §7.1.2.1).
    [
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8',
      {},
      'server 8 alone, client 15 alone',
    ],
    ['permessage-deflate; client_max_window_bits=8', {}, 'server 15, client 8'],
    ['permessage-deflate; client_max_window_bits="15"', {}, 'server 15, client 15'],
    // What the offer said holds by itself.
    [
      'permessage-deflate',
      { clientNoContextTakeover: true, clientMaxWindowBits: 10 },
      'server 15, client 10 alone',
    ],
    ['permessage-deflate; client_max_window_bits=9', { clientMaxWindowBits: 10 }, 'server 15, client 9'],
    ['permessage-deflate; client_max_window_bits=10', { clientMaxWindowBits: 10 }, 'server 15, client 10'],
    // More than was offered is a leave that we do not take.
    ['permessage-deflate; client_max_window_bits=11', { clientMaxWindowBits: 10 }, 'server 15, client 10'],
    ['permessage-deflate; client_max_window_bits=15', { clientMaxWindowBits: 10 }, 'server 15, client 10'],
    ['permessage-deflate; server_max_window_bits=12', { serverMaxWindowBits: 12 }, 'server 12, client 15'],
    ['permessage-deflate; server_max_window_bits=10', { serverMaxWindowBits: 12 }, 'server 10, client 15'],
    [
      'permessage-deflate; server_no_context_takeover',
      { serverNoContextTakeover: true },
      'server 15 alone, client 15',
    ],
  ])('%s, %j', (answer, options, agreement) => {
    expect(inShort(check(answer, options))).toBe(agreement);
  });

  it.each<[answer: string, options: DeflateOptions, section: string]>([
    ['permessage-deflate; window=10', {}, '§7'],
    ['permessage-deflate; server_max_window_bits=9; server_max_window_bits=9', {}, '§7'],
    ['permessage-deflate; server_no_context_takeover=yes', {}, '§7.1.1.1'],
    ['permessage-deflate', { serverNoContextTakeover: true }, '§7.1.1.1'],
    ['permessage-deflate; client_no_context_takeover=yes', {}, '§7.1.1.2'],
    ['permessage-deflate; server_max_window_bits', {}, '§7.1.2.1'],
    ['permessage-deflate; server_max_window_bits=7', {}, '§7.1.2.1'],
    ['permessage-deflate', { serverMaxWindowBits: 12 }, '§7.1.2.1'],
    ['permessage-deflate; server_max_window_bits=13', { serverMaxWindowBits: 12 }, '§7.1.2.1'],
    ['permessage-deflate; client_max_window_bits', {}, '§7.1.2.2'],
    ['permessage-deflate; client_max_window_bits=16', {}, '§7.1.2.2'],
  ])('refuses %s, %j', (answer, options, section) => {
    expect(refusal(() => check(answer, options))).toEqual({ status: 502, section: `RFC 7692 ${section}` });
  });

  it('agrees with whatever our own server answers', () => {
    const switches = [false, true];
    const bits = [undefined, 9, 11, 14];
    for (const serverNoContextTakeover of switches) {
      for (const clientNoContextTakeover of switches) {
        for (const serverMaxWindowBits of bits) {
          for (const clientMaxWindowBits of bits) {
            const options = Object.fromEntries(
              Object.entries({
                serverNoContextTakeover,
                clientNoContextTakeover,
                serverMaxWindowBits,
                clientMaxWindowBits,
              }).filter(([, value]) => value !== undefined),
            );
            for (const [client, server] of [
              [options, {}],
              [{}, options],
              [options, options],
              [{ serverMaxWindowBits: 10, clientMaxWindowBits: 10 }, options],
            ] as const) {
              const clientOptions = resolveDeflateOptions('client', client);
              const offer = makeOffer(clientOptions);
              const accepted = acceptOffer([offer], resolveDeflateOptions('server', server));
              expect(accepted?.response.name).toBe(deflateExtension);
              expect(accepted && checkAnswer(accepted.response, clientOptions)).toEqual(accepted?.agreement);
            }
          }
        }
      }
    }
  });
});
