/**
 * What each engine is known to do where it departs from the standard (a gap, with the reason), and where the standard
 * leaves a choice. Everything else has to pass without a word. This is the baseline of the tests: an engine that
 * changes, for better or worse, fails them until this table says so too.
 */
import type { Engine } from './engines.ts';
import type { Outcome } from './page/check.ts';
import { badCompressedFrames, badFrames } from './scenarios.ts';

/** A check that fails in an engine, and why that is the engine's way and no fault here. */
export interface Gap {
  /** The sentence that the check ends with. */
  readonly observed: string;
  readonly reason: string;
}

/** What the engines chose. */
export type Choices = Readonly<Record<Engine, string>>;

const codesOnly = 'Of all codes it refuses only 1005, 1006 and 1015 and hands the others to the page.';
const codesNever = 'It judges no code: what the server sends is handed to the page.';
const soupCodes =
  'It refuses the codes from 1012 to 2999, also those that were registered since: a page reads 1006, as for a cut.';

const accepted = (code: number): string => `It is taken for a good Close, with ${code}.`;

/** By check, then by engine. */
export const gaps: Readonly<Record<string, Readonly<Partial<Record<Engine, Gap>>>>> = {
  'reply-redirect': {
    WebKit: {
      observed: 'It opens.',
      reason: 'It follows the redirect, as for any other request.',
    },
  },
  'reply-deflate-twice': {
    WebKit: {
      observed: 'It opens.',
      reason: 'It does not look whether an extension is named twice.',
    },
  },
  'reply-protocol-unasked': {
    Firefox: {
      observed: 'It opens.',
      reason: 'It looks at the field only when it offered subprotocols.',
    },
  },
  'reply-no-protocol': {
    Firefox: {
      observed: 'It opens.',
      reason: 'RFC 6455 §4.2.2 lets a server choose none; the WHATWG standard, which is newer, does not.',
    },
    WebKit: {
      observed: 'It opens.',
      reason: 'As in Firefox: so RFC 6455 has it, and the WHATWG standard does not.',
    },
  },
  'port-blocked': {
    WebKit: {
      observed: 'The events is ["error"], not ["error","close"].',
      reason: 'It tells the error and forgets the close.',
    },
  },
  'buffered-after-close': {
    WebKit: {
      observed: 'bufferedAmount after close() is 9, not 3.',
      reason: 'It counts the frame’s header and mask too, once it is closing.',
    },
  },
  'bad-masked': {
    Firefox: { observed: 'It is taken for a message.', reason: 'It unmasks what a server masks.' },
  },
  'bad-close-of-one-octet': {
    Firefox: { observed: accepted(1005), reason: 'It reads one octet as no code.' },
  },
  ...Object.fromEntries(
    [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000].map((code) => {
      const firefox = { Firefox: { observed: accepted(code), reason: codesNever } };
      const both = { Chromium: { observed: accepted(code), reason: codesOnly }, ...firefox };
      return [`bad-close-${code}`, [1005, 1006, 1015].includes(code) ? firefox : both];
    }),
  ),
  ...Object.fromEntries(
    [1012, 1013, 1014].map((code) => [
      `close-by-server-${code}`,
      {
        WebKit: {
          observed: `The close is {"code":1006,"reason":"","wasClean":false}, not {"code":${code},"reason":"because 😀","wasClean":true}.`,
          reason: soupCodes,
        },
      },
    ]),
  ),
};

const same = (choice: string): Choices => ({ Chromium: choice, Firefox: choice, WebKit: choice });

/** How a failed connection is told to the server: a SHOULD (RFC 6455 §7.1.7), and the code is the browser's to choose. */
const failed: Choices = { Chromium: 'Close 1002', Firefox: 'without a Close', WebKit: 'Close 1002' };
const failedForText: Choices = { ...failed, WebKit: 'Close 1007' };

/**
 * What barewire answers to an offer: `parameters` to those that may be asked for client_max_window_bits. Firefox does
 * not offer it, and is asked for no context of its own instead where the server wants to hold less than 32 KiB.
 */
function answered(parameters: string, toFirefox = parameters): Choices {
  const answer = (list: string): string =>
    ['permessage-deflate', ...list.split(' ').filter(Boolean)].join('; ');
  return { ...same(answer(parameters)), Firefox: answer(toFirefox) };
}

/** By check. */
export const choices: Readonly<Record<string, Choices>> = {
  'extensions-offered': {
    Chromium: 'permessage-deflate; client_max_window_bits',
    Firefox: 'permessage-deflate',
    WebKit: 'permessage-deflate; client_max_window_bits',
  },
  'cookie-secure': { Chromium: 'sent', Firefox: 'sent', WebKit: 'not sent' },
  'url-user': same('not sent'),
  deflate: answered(
    'server_max_window_bits=11 client_max_window_bits=11',
    'client_no_context_takeover server_max_window_bits=11',
  ),
  'deflate-server-fresh': answered(
    'server_no_context_takeover server_max_window_bits=11 client_max_window_bits=11',
    'server_no_context_takeover client_no_context_takeover server_max_window_bits=11',
  ),
  'deflate-client-fresh': answered(
    'client_no_context_takeover server_max_window_bits=11 client_max_window_bits=11',
    'client_no_context_takeover server_max_window_bits=11',
  ),
  'deflate-both-fresh': answered(
    'server_no_context_takeover client_no_context_takeover server_max_window_bits=11 client_max_window_bits=11',
    'server_no_context_takeover client_no_context_takeover server_max_window_bits=11',
  ),
  'deflate-window-9': answered('server_max_window_bits=9'),
  'deflate-client-window-9': answered('client_max_window_bits=9', 'client_no_context_takeover'),
  'deflate-window-15': answered(''),
  'deflate-context-kept': same('it does'),
  'deflate-short': {
    Chromium: 'the browser compresses it',
    Firefox: 'the browser sends it as it is',
    WebKit: 'the browser compresses it',
  },
  'close-cut': same('without an error event'),
  ...Object.fromEntries(badFrames.map(({ id }) => [`bad-${id}`, failed])),
  ...Object.fromEntries(badCompressedFrames.map(({ id }) => [`bad-deflate-${id}`, failed])),
  'bad-length-over-63-bits': { ...failed, WebKit: 'without a Close' },
  'bad-not-utf8': failedForText,
  'bad-surrogate': failedForText,
  'bad-cut-character': failedForText,
  'bad-deflate-not-utf8-inside': failedForText,
};

/** What a check has to come to in an engine. */
export function expectedOutcome(engine: Engine, id: string): Outcome {
  const gap = gaps[id]?.[engine];
  if (gap !== undefined) return { id, passed: false, note: gap.observed };
  return { id, passed: true, note: choices[id]?.[engine] ?? '' };
}
