/**
 * `node --import tsx bench/deflate.ts`: what permessage-deflate gives and costs, by level, window and message size, with
 * context takeover and without. A cell is how many times smaller the messages become and the microseconds of CPU time for
 * one, the median of seven rounds; what was compressed is inflated and compared first. The defaults of
 * src/deflate-negotiation.ts come from here. `--scale X` changes the amount of work.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DeflateWindow, deflate, inflate } from '../src/deflate.ts';

const rounds = 7;
const lengths = [60, 160, 600, 10_000, 100_000];

/** Prose that nobody wrote for a benchmark. */
const words = ['../README.md', '../docs/architecture.md', '../docs/chat-protocol.md']
  .map((path) => readFileSync(new URL(path, import.meta.url), 'utf8'))
  .join(' ')
  .split(/[^A-Za-z',.]+/);

let state = 1;
/** Numbers in [0, below), the same in each run. */
function random(below: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

function prose(length: number): string {
  let text = '';
  for (let at = random(words.length); text.length < length; at++) text += `${words[at % words.length]} `;
  return text.slice(0, Math.max(length, 0));
}

const identifier = () => Buffer.from(Array.from({ length: 12 }, () => random(256))).toString('base64url');
const people = Array.from({ length: 30 }, () => ({ id: identifier(), name: prose(4 + random(8)) }));
const person = () => people[random(people.length)];

/** A chat's JSON of about that length: somebody types, says a line, says it with all that is kept, a page of those. */
function chatMessage(length: number): Buffer {
  const time = 1_767_225_610_000 + random(1e9);
  const sentence = (others: number) => prose(length - others);
  if (length < 100) {
    const data = { room: 'general', name: person()?.name };
    return Buffer.from(JSON.stringify({ event: 'member:typing', data }));
  }
  if (length < 300) {
    const data = { name: person()?.name, time, text: sentence(85) };
    return Buffer.from(JSON.stringify({ event: 'message:new', data }));
  }
  const message = (text: string) => {
    const content = { type: 'text', text };
    return { room: 'general', id: identifier(), author: person(), time, nonce: identifier(), content };
  };
  if (length < 1000) {
    return Buffer.from(JSON.stringify({ event: 'message:new', data: { message: message(sentence(240)) } }));
  }
  const messages = Array.from({ length: Math.ceil(length / 300) }, () => message(prose(20 + random(130))));
  return Buffer.from(JSON.stringify({ event: 'message:page', data: { messages } }));
}

/** How far apart the rounds of each cell were, as shares of their median. */
const spreads: number[] = [];
const percent = (share: number) => `${Math.round(share * 100)} %`;

interface Figures {
  readonly ratio: number;
  readonly microseconds: number;
}

function measure(messages: readonly Buffer[], bits: number, takeover: boolean, level: number): Figures {
  let window = DeflateWindow.fresh(bits, takeover);
  let compressed = 0;
  for (const message of messages) {
    const payload = deflate(message, window, level);
    if (!message.equals(inflate(payload, window, message.length))) throw new Error('The message changed.');
    window = window.after(message);
    compressed += payload.length;
  }
  const times = Array.from({ length: rounds }, () => {
    const start = process.cpuUsage();
    for (const message of messages) {
      deflate(message, window, level);
      window = window.after(message);
    }
    const { user, system } = process.cpuUsage(start);
    return (user + system) / messages.length;
  });
  const length = messages.reduce((sum, message) => sum + message.length, 0);
  times.sort((a, b) => a - b);
  const [least = 0, microseconds = 0, most = 0] = [times[0], times[rounds >> 1], times.at(-1)];
  spreads.push((most - least) / microseconds);
  return { ratio: length / compressed, microseconds };
}

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const scale = Number(values.scale);
if (!(scale > 0)) throw new RangeError(`--scale is ${values.scale}; it takes a number above 0.`);

/** One table: a line for each length, with a cell for each of the columns. */
function table(
  title: string,
  columns: readonly number[],
  figures: (messages: Buffer[], column: number) => Figures,
): void {
  console.log(`\n${title}`);
  console.log(['octets', ...columns].map((heading) => String(heading).padStart(12)).join(''));
  for (const length of lengths) {
    const count = Math.max(5, Math.round((scale * 300_000) / (length + 300)));
    const messages = Array.from({ length: count }, () => chatMessage(length));
    const average = messages.reduce((sum, message) => sum + message.length, 0) / count;
    const cells = columns.map((column) => {
      const { ratio, microseconds } = figures(messages, column);
      return `${ratio.toFixed(2)}x ${microseconds.toFixed(microseconds < 100 ? 1 : 0)}`;
    });
    console.log([average.toFixed(0), ...cells].map((cell) => cell.padStart(12)).join(''));
  }
}

console.log(
  `Node ${process.version}, zlib ${process.versions.zlib}: times smaller, and microseconds for one message`,
);
const levels = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const windows = [9, 10, 11, 12, 13, 14, 15];
for (const takeover of [true, false]) {
  const context = takeover ? 'with context' : 'without context';
  table(`Levels, 11 window bits, ${context}`, levels, (messages, level) =>
    measure(messages, 11, takeover, level),
  );
  table(`Window bits, level 6, ${context}`, windows, (messages, bits) =>
    measure(messages, bits, takeover, 6),
  );
}
const worst = [...spreads].sort((a, b) => a - b);
const [middle = 0, last = 0] = [worst[worst.length >> 1], worst.at(-1)];
console.log(`\nThe rounds of a cell lay ${percent(middle)} apart (median), ${percent(last)} at most.`);
