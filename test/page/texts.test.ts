import { describe, expect, test } from 'vitest';
import { createFormats } from '../../public/chat/texts/formats.ts';
import { chooseLanguage, failureText, type Language, signInProblem, texts } from '../../public/chat/texts.ts';
import { errorCodes, type Failure, roles } from '../../src/chat/events.ts';
import { transportNames } from '../../src/transports/channel.ts';

const failure: Failure = { code: 'rate-limited', message: 'Too fast.', retryAfter: 2000 };
const toasts = [
  { id: 'image-too-large', file: '图.jpg', length: 9_000_000, limit: 8_388_608 },
  { id: 'image-type', file: '图.jpg' },
  { id: 'image-unreadable', file: '图.jpg' },
  { id: 'rate-limited', retryAfter: 1000 },
  { id: 'signed-out-elsewhere' },
  { id: 'history-failed' },
  { id: 'message-gone' },
  { id: 'room-gone', name: '图', why: 'left', reason: '' },
  { id: 'room-gone', name: '图', why: 'kicked', reason: '图' },
  { id: 'room-gone', name: '图', why: 'banned', reason: '' },
  { id: 'copied' },
  { id: 'refused', failure },
] as const;

const names = [['梅'], ['梅', '李'], ['梅', '李', '王']];
/** What each text is called with that takes other things than names and counts. */
const samples: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  '.toast.text': toasts.map((toast) => [toast]),
  '.notice.joined': names.map((some) => [some]),
  '.notice.left': names.map((some) => [some]),
  '.notice.role': roles.map((role) => ['梅', '李', role]),
  '.notice.slow': [
    ['梅', 1],
    ['梅', 30],
    ['梅', 600],
  ],
  '.composer.typing': names.flatMap((some) => [0, 1, 4].map((more) => [some, more])),
  '.message.reactedWith': names.map((some) => [some, '👍']),
  '.timeline.newLine': [[undefined], [1], [3]],
  '.connection.stripLine': transportNames.flatMap((transport) => [
    [undefined, transport],
    [12, transport],
  ]),
  '.connectionDetails.closeMeaning': [...Array(16).keys()].map((index) => [index < 15 ? 1000 + index : 4000]),
  '.connectionDetails.closed': [
    [1006, '', '10:42', 'WebSocket'],
    [1013, '图', '10:42', 'WebSocket'],
  ],
  '.moderation.banned': [['梅', '10:42']],
  '.devices.since': [['10:42'], ['王']],
  '.moderation.audited': [
    ['梅', '李', ''],
    ['梅', '李', '王'],
  ],
  '.notifications.title': [
    ['梅', ''],
    ['梅', '#李'],
  ],
  '.search.found': [
    [1, false],
    [30, false],
    [30, true],
  ],
  '.app.title': [
    ['#李', 0],
    ['#李', 12],
  ],
};
const failures = [undefined, 'image.length', 'image.pixels', 'image.type', 'data.serverPassword']
  .map((field): readonly unknown[] => [{ ...failure, field }])
  .concat([[{ code: failure.code, message: '' }]]);
const plain = [0, 1, 2, 21].map((count) => [count, count, count]);

/** Every text of a table with its path; functions are called with sample values of every kind that they take. */
function everyText(language: Language): [path: string, text: string][] {
  const found: [string, string][] = [];
  const visit = (path: string, value: unknown) => {
    if (typeof value === 'string') found.push([path, value]);
    else if (typeof value === 'function') callWithSamples(path, value as (...values: unknown[]) => unknown);
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) visit(`${path}.${key}`, inner);
  };
  const callWithSamples = (path: string, call: (...values: unknown[]) => unknown) => {
    const own = samples[path] ?? (path.startsWith('.failure.') ? failures : plain);
    for (const [index, values] of own.entries()) visit(`${path}(${index})`, call(...values));
  };
  const { format: _, ...table } = texts[language];
  visit('', table);
  return found;
}

describe('the text table', () => {
  test('has the same keys in each language, and no text is empty', () => {
    const paths = (language: Language) => everyText(language).map(([path]) => path);
    expect(paths('zh')).toEqual(paths('en'));
    expect(paths('en').length).toBeGreaterThan(200);
    for (const language of ['en', 'zh'] as const)
      for (const [path, text] of everyText(language)) {
        expect(text.trim(), `${language}${path}`).not.toBe('');
        expect(text, `${language}${path}`).not.toMatch(/undefined|NaN|\[object|\{|<\w/);
      }
  });

  test('leaves no English in the Chinese, and no Chinese in the English', () => {
    const signs =
      /barewire|WebSocket|JavaScript|PNG|jpg|JPEG|GIF|WebP|AVIF|Enter|Shift|English|UTF-8|KiB|MiB|#general|HTTPS|Esc|Tab|zh-CN|^zh$/g;
    for (const [path, text] of everyText('zh'))
      expect(text.replaceAll(signs, ''), path).not.toMatch(/[a-z]{3}/i);
    for (const [path, text] of everyText('en')) {
      const own = text.replaceAll(/图|梅|李|王/g, '');
      if (path !== '.menu.languages.zh') expect(own, path).not.toMatch(/\p{Script=Han}/u);
    }
  });

  test('says each failure that the server can give', () => {
    for (const code of errorCodes)
      for (const language of ['en', 'zh'] as const)
        expect(failureText(texts[language], { code, message: '' })).not.toBe('');
  });

  test('counts as English does', () => {
    expect(texts.en.connection.offlineBanner(2)).toBe('Offline. 2 messages will go out when you are back.');
    expect(texts.en.connection.offlineBanner(1)).toBe('Offline. 1 message will go out when you are back.');
    expect(texts.en.connection.offlineBanner(0)).toBe('Offline.');
    expect(texts.en.members.here(5)).toBe('5 here');
    expect(texts.en.timeline.newBelow(3)).toBe('3 new');
    expect(texts.en.connection.stripLine(12, 'websocket')).toBe('12\u00a0ms · WebSocket');
    expect(texts.zh.connection.offlineBanner(2)).toBe('当前离线。恢复后会自动发出 2 条消息。');
  });

  test('tells the limit of an image in words', () => {
    expect(texts.en.toast.text(toasts[0])).toContain('8.6\u00a0MiB');
    expect(texts.en.toast.text(toasts[0])).toContain('up to 8\u00a0MiB');
    expect(texts.zh.toast.text(toasts[0])).toContain('8\u00a0MiB');
  });
});

test('whoever comes in a crowd is named in part, and counted', () => {
  const crowd = ['Ada', 'Björn', 'Chen', 'Dana', 'Emil', 'Fay', 'Gus'];
  expect(texts.en.notice.joined(crowd.slice(0, 6))).toBe('Ada, Björn, Chen, Dana, Emil and Fay joined');
  expect(texts.en.notice.joined(crowd)).toBe('Ada, Björn, Chen, Dana and 3 others joined');
  expect(texts.zh.notice.left(crowd)).toBe('Ada、Björn、Chen、Dana 等 7 人 离开了');
});

describe('chooseLanguage', () => {
  test.each([
    [['zh-TW', 'en'], 'zh'],
    [['zh-Hans-CN'], 'zh'],
    [['fr-FR', 'EN-us'], 'en'],
    [['fr', 'de'], 'en'],
    [[], 'en'],
    [['zho'], 'en'],
  ])('%j gives %s', (preferred, language) => {
    expect(chooseLanguage(preferred)).toBe(language);
  });
});

describe('signInProblem', () => {
  const taken: Failure = { code: 'name-taken', message: '', suggestion: 'Ada 2' };
  test.each([
    ['', { code: 'invalid', message: '' } as Failure, texts.en.signIn.problem.empty],
    ['x'.repeat(33), { code: 'invalid', message: '' } as Failure, texts.en.signIn.problem['too-long']],
    ['\u202eAda', { code: 'invalid', message: '' } as Failure, texts.en.signIn.problem.invisible],
    [' Ada ', taken, 'Somebody here is already called “Ada”.'],
    ['', { code: 'token-unknown', message: '' } as Failure, texts.en.signIn.ended],
    ['Ada', failure, 'That was a lot at once. Try again in 2 seconds.'],
  ])('%j', (name, problem, text) => {
    expect(signInProblem(texts.en, problem, name)).toBe(text);
  });
});

describe('formats', () => {
  const english = createFormats('en-GB', 'Europe/Berlin');
  const chinese = createFormats('zh-CN', 'Europe/Berlin');
  // Friday, 28 March 2025, 23:30 in Berlin; the clocks change in the night to the 30th.
  const friday = Date.parse('2025-03-28T22:30:00Z');
  const sunday = Date.parse('2025-03-29T23:30:00Z');

  test('days follow the calendar of the zone, not 24-hour steps', () => {
    expect(english.day(friday, friday + 60_000)).toBe('Today');
    expect(english.day(friday, friday + 3_600_000)).toBe('Yesterday');
    expect(english.day(friday, sunday)).toBe('Friday');
    expect(english.day(friday, friday + 10 * 86_400_000)).toBe('Friday 28 March');
    expect(english.day(friday, Date.parse('2026-01-05T12:00:00Z'))).toBe('28 March 2025');
    expect(chinese.day(friday, friday)).toBe('今天');
    expect(chinese.day(friday, friday + 3_600_000)).toBe('昨天');
    expect(english.sameDay(friday, friday + 3_600_000)).toBe(false);
    // A server clock that runs ahead does not make "tomorrow" of a message.
    expect(english.day(friday + 3_600_000, friday)).toBe('Today');
  });

  test('times, durations and sizes', () => {
    expect(english.time(friday)).toBe('23:30');
    expect(chinese.time(friday + 3_600_000)).toBe('00:30');
    expect(english.ago(friday, friday + 5 * 60_000)).toBe('5 minutes ago');
    expect(chinese.ago(friday, friday + 5 * 60_000)).toBe('5分钟前');
    expect(english.ago(friday, friday - 5000)).toBe('now');
    expect(english.duration(12.4)).toBe('12\u00a0ms');
    expect(english.duration(1440)).toBe('1.4\u00a0s');
    expect(english.duration(754_000)).toBe('12\u00a0min');
    expect(english.duration(9_000_000)).toBe('2.5\u00a0h');
    expect(english.octets(8 * 1024 * 1024)).toBe('8\u00a0MiB');
    expect(english.octets(1536)).toBe('1.5\u00a0KiB');
    expect(english.octets(0)).toBe('0\u00a0B');
    expect(english.seconds(1200)).toBe('2 seconds');
    expect(english.percent(0.375)).toBe('38%');
    expect(english.list(['Mei', 'Ada', 'Bo'])).toBe('Mei, Ada and Bo');
    expect(chinese.list(['梅', '李'])).toBe('梅和李');
  });
});
