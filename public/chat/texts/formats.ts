/**
 * Dates, times, durations, sizes and counts in one language, all by Intl. Each language's text table holds one of
 * these. The time zone is the browser's unless a test gives another.
 */

export interface Formats {
  /** Of the day: `10:42`. */
  readonly time: (time: number) => string;
  /** `Today`, `Yesterday`, a weekday within the last week, else the date; for the line between two days. */
  readonly day: (time: number, now: number) => string;
  /** Day and time in few signs, for times that may lie ahead: `3 Mar 2025, 10:42`. */
  readonly dateShort: (time: number) => string;
  /** In full, for tooltips: `Monday, 3 March 2025 at 10:42:07`. */
  readonly dateTime: (time: number) => string;
  /** `just now`, `5 minutes ago`, `yesterday`. */
  readonly ago: (time: number, now: number) => string;
  /** Milliseconds, in the largest unit that reads well: `12 ms`, `1.4 s`, `3 min`, `2.5 h`. */
  readonly duration: (milliseconds: number) => string;
  /** Whole seconds, up: `1 second`, `12 seconds`. */
  readonly seconds: (milliseconds: number) => string;
  /** Octets by powers of 1024: `512 B`, `40 KiB`, `8 MiB`. */
  readonly octets: (length: number) => string;
  readonly number: (value: number) => string;
  /** From 0 to 1. */
  readonly percent: (share: number) => string;
  /** `Mei, Ada and Bo`. */
  readonly list: (items: readonly string[]) => string;
  /** The plural form that a count takes. */
  readonly plural: (count: number) => Intl.LDMLPluralRule;
  /** Whether two times are on one day. */
  readonly sameDay: (a: number, b: number) => boolean;
}

const dayLength = 86_400_000;

/** The signs of units as each language writes them beside a number; Intl's "2.4 secs" reads badly. */
const unitSigns = {
  en: { second: 's', minute: 'min', hour: 'h' },
  zh: { second: '秒', minute: '分钟', hour: '小时' },
} as const;

/** @param tag BCP 47 language tag @param timeZone IANA name; the browser's own when left out */
export function createFormats(tag: string, timeZone?: string): Formats {
  const zone = timeZone === undefined ? {} : { timeZone };
  const clock = new Intl.DateTimeFormat(tag, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...zone,
  });
  const weekday = new Intl.DateTimeFormat(tag, { weekday: 'long', ...zone });
  const date = new Intl.DateTimeFormat(tag, { weekday: 'long', day: 'numeric', month: 'long', ...zone });
  const dateOfYear = new Intl.DateTimeFormat(tag, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    ...zone,
  });
  const full = new Intl.DateTimeFormat(tag, {
    dateStyle: 'full',
    timeStyle: 'medium',
    hourCycle: 'h23',
    ...zone,
  });
  const short = new Intl.DateTimeFormat(tag, {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
    ...zone,
  });
  const civil = new Intl.DateTimeFormat('en-CA', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    ...zone,
  });
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: 'auto' });
  const number = new Intl.NumberFormat(tag);
  const oneDigit = new Intl.NumberFormat(tag, { maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 0 });
  const list = new Intl.ListFormat(tag, { type: 'conjunction' });
  const rules = new Intl.PluralRules(tag);
  const chinese = tag.startsWith('zh');
  const signs = chinese ? unitSigns.zh : unitSigns.en;
  const seconds = new Intl.NumberFormat(tag, { style: 'unit', unit: 'second', unitDisplay: 'long' });

  /** Days since 1970 on the calendar of the time zone, so that "yesterday" is right across a change of clocks. */
  const dayNumber = (time: number) => Math.round(Date.parse(civil.format(time)) / dayLength);

  return {
    time: (time) => clock.format(time),
    day(time, now) {
      // A server's clock may run ahead of this one's: its tomorrow is today.
      const days = Math.max(0, dayNumber(now) - dayNumber(time));
      if (days === 0 || days === 1) return capitalise(relative.format(-days, 'day'), tag);
      if (days > 1 && days < 7) return weekday.format(time);
      const sameYear = civil.format(time).slice(0, 4) === civil.format(now).slice(0, 4);
      return (sameYear ? date : dateOfYear).format(time);
    },
    dateShort: (time) => short.format(time),
    dateTime: (time) => full.format(time),
    ago(time, now) {
      const past = Math.max(0, now - time);
      if (past < 60_000) return relative.format(0, 'second');
      if (past < 3_600_000) return relative.format(-Math.floor(past / 60_000), 'minute');
      if (past < dayLength) return relative.format(-Math.floor(past / 3_600_000), 'hour');
      return relative.format(dayNumber(time) - dayNumber(now), 'day');
    },
    duration(milliseconds) {
      if (milliseconds < 1000) return `${number.format(Math.round(milliseconds))}\u00a0ms`;
      if (milliseconds < 60_000) return `${oneDigit.format(milliseconds / 1000)}\u00a0${signs.second}`;
      if (milliseconds < 3_600_000)
        return `${number.format(Math.floor(milliseconds / 60_000))}\u00a0${signs.minute}`;
      return `${oneDigit.format(milliseconds / 3_600_000)}\u00a0${signs.hour}`;
    },
    seconds(milliseconds) {
      const whole = Math.max(0, Math.ceil(milliseconds / 1000));
      // Intl's Chinese has no space, unlike every other number in our texts.
      return chinese ? `${number.format(whole)}\u00a0${signs.second}` : seconds.format(whole);
    },
    octets(length) {
      if (length < 1024) return `${number.format(length)}\u00a0B`;
      const mebi = length >= 1024 * 1024;
      return `${oneDigit.format(length / (mebi ? 1024 * 1024 : 1024))}\u00a0${mebi ? 'MiB' : 'KiB'}`;
    },
    number: (value) => number.format(value),
    percent: (share) => percent.format(share),
    list: (items) => list.format(items),
    plural: (count) => rules.select(count),
    sameDay: (a, b) => dayNumber(a) === dayNumber(b),
  };
}

function capitalise(text: string, tag: string): string {
  return text.charAt(0).toLocaleUpperCase(tag) + text.slice(1);
}
