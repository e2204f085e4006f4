// docs/chat-protocol.md says what the code does: each example passes the schemas, nothing that there is is left out, and
// each command and program on the page does what the page says, against the real server.
import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import * as v from 'valibot';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findCurl } from '../scripts/programs.ts';
import {
  apiErrorSchema,
  errorCodes,
  imageTypes,
  itemSchema,
  maximumEventLength,
  maximumImageLength,
  maximumPageLength,
  maximumReactions,
  maximumRoomNameLength,
  maximumTextLength,
  maximumTopicLength,
  member,
  parseReply,
  parseRequest,
  parseServerEvent,
  protocolVersion,
  pushNames,
  type RequestName,
  receiptSchema,
  replySchemas,
  requestData,
  roomEventSchema,
  time,
  uploadReplySchema,
} from '../src/chat/events.ts';
import { retryDelay } from '../src/chat/http/webhooks.ts';
import { defaultImageLimits, thumbnailBox } from '../src/chat/images.ts';
import { defaultRates } from '../src/chat/limits.ts';
import { nameLength } from '../src/chat/names.ts';
import { retryAfterOf } from '../src/close.ts';
import { reasonWithHint, resolveDrainOptions } from '../src/drain.ts';
import { temporaryDirectory } from './support/chat.ts';
import { startChatProgram } from './support/chat-program.ts';
import { Program } from './support/process.ts';

const page = readFileSync(new URL('../docs/chat-protocol.md', import.meta.url), 'utf8');
const words = page.replace(/\s+/g, ' ');
const examples = [...page.matchAll(/^```json (\S+) ?(\S*)\n([\s\S]*?)^```$/gm)].map(
  ([, kind = '', event = '', text = '']) => ({ kind, event, text }),
);

/** What examples of each kind are checked against, besides messages of the chat's own wire. */
const bodies: Readonly<Record<string, v.GenericSchema>> = {
  upload: uploadReplySchema,
  'api-error': v.object({ error: v.looseObject(apiErrorSchema.entries.error.entries) }),
  connection: v.object({ connection: v.string() }),
  poll: v.object({
    messages: v.array(
      v.tuple([v.number(), v.custom((input) => parseServerEvent(JSON.stringify(input)) !== undefined)]),
    ),
    last: v.number(),
  }),
  session: v.object({ member, expires: time }),
  receipt: v.object({ receipt: receiptSchema }),
  events: v.object({ epoch: v.string(), events: v.array(roomEventSchema), newest: v.number() }),
  webhook: v.object({ room: v.string(), epoch: v.string(), events: v.array(roomEventSchema) }),
};

const requestNames = Object.keys(requestData);
const isRequest = (name: string): name is RequestName => Object.hasOwn(requestData, name);

interface Row {
  readonly name: string;
  readonly example: string | undefined;
  readonly meaning: string;
}

/** The rows of all tables whose first column has that heading. */
function rowsUnder(heading: string): Row[] {
  const tables = page.matchAll(new RegExp(`^\\| ${heading} \\|.*\n\\|[-|]+\n((?:\\|.*\n)+)`, 'gm'));
  return [...tables].flatMap(([, body = '']) =>
    [...body.matchAll(/^\| `(.*?)` \| (.*?) \|(?: (.*?) \|)?$/gm)].map(
      ([, name = '', example = '', meaning = '']) => ({ name, example: codeOf(example), meaning }),
    ),
  );
}

const requestRows = rowsUnder('request');
const pushRows = rowsUnder('push');
const eventRows = rowsUnder('type');

/** What stands in the first backquotes of a cell. */
function codeOf(cell: string): string | undefined {
  return /^`(.*?)`/.exec(cell)?.[1];
}

describe('the examples', () => {
  it('are all of a kind that is checked', () => {
    expect(page.match(/^```json/gm)).toHaveLength(examples.length);
    expect(new Set(examples.map(({ kind }) => kind))).toEqual(
      new Set(['client', 'server', 'reply', ...Object.keys(bodies)]),
    );
  });

  it.each(examples)('$kind $event $text', ({ kind, event, text }) => {
    const value: unknown = JSON.parse(text);
    const schema = bodies[kind];
    if (kind === 'client') {
      expect(parseRequest(text)).toEqual({ request: expect.anything() });
    } else if (schema !== undefined) {
      expect(v.parse(schema, value)).toEqual(value);
    } else {
      // Equal, so an example has no field that the schema does not know.
      const parsed = parseServerEvent(text);
      expect(parsed).toEqual(value);
      if (kind !== 'reply') return;
      if (parsed?.event !== 'reply:ok' || !isRequest(event)) throw new Error(`no reply to ${event}`);
      expect(parseReply(event, parsed.data)).toEqual(parsed.data);
    }
  });

  it.each(requestRows)('of a request in a table: $name $example', ({ name, example = '', meaning }) => {
    const data: unknown = JSON.parse(example);
    expect(parseRequest(JSON.stringify({ event: name, data }))).toEqual({ request: expect.anything() });
    const reply = codeOf(meaning);
    if (reply === undefined) {
      // A structure that has an example of its own, or stands beside one.
      expect(meaning).toMatch(/^(?:Entrance|Room|RoomView|Receipt|Page)\b/);
      return;
    }
    if (!isRequest(name)) throw new Error(`${name} is no request`);
    const told: unknown = JSON.parse(reply);
    expect(parseReply(name, told)).toEqual(told);
  });

  it.each(pushRows)('of a push in a table: $name', ({ name, example }) => {
    if (example === undefined) return expect(name).toBe('session:entered');
    const message = { event: name, data: JSON.parse(example) };
    expect(parseServerEvent(JSON.stringify(message))).toEqual(message);
  });

  it.each(eventRows)('of an event in a table: $name', ({ name, example = '' }) => {
    const { data } = JSON.parse(examples.find(({ text }) => text.includes('"room:event"'))?.text ?? '');
    const { content: _content, replyTo: _replyTo, mentions: _mentions, ...base } = data.event;
    const event = { ...base, type: name, ...JSON.parse(example) };
    expect(v.parse(roomEventSchema, event)).toEqual(event);
  });

  it('show every request, every push and every event of the log', () => {
    const shown = (kind: string) =>
      examples.filter((each) => each.kind === kind).map(({ text }) => String(JSON.parse(text).event));
    expect(new Set([...shown('client'), ...requestRows.map(({ name }) => name), 'room:open'])).toEqual(
      new Set(requestNames),
    );
    expect(new Set([...shown('server'), ...pushRows.map(({ name }) => name)])).toEqual(
      new Set([...pushNames, 'reply:error']),
    );
    const types = roomEventSchema.options.map((option) => option.entries.type.literal);
    expect(new Set(eventRows.map(({ name }) => name))).toEqual(new Set(types));
  });

  it('have an item for each line of the conversation', () => {
    const view = examples.find(({ event }) => event === 'room:open');
    for (const item of JSON.parse(view?.text ?? '').data.items) expect(v.parse(itemSchema, item)).toBe(item);
    expect(Object.keys(replySchemas)).toEqual(requestNames);
  });
});

describe('the words', () => {
  it('have a close reason that is read as they say', () => {
    const [, reason = '', milliseconds] = /`([^`]* retry after (\d+) ms)`/.exec(words) ?? [];
    expect(retryAfterOf(reason)).toBe(Number(milliseconds));
    const sent = resolveDrainOptions({ retryWindow: 1 }, 1);
    expect(reason).toBe(reasonWithHint(sent, Number(milliseconds)));
  });

  it('explain every error code, and no other', () => {
    const table = page.slice(page.indexOf('| code | meaning |'), page.indexOf('**Rates**'));
    expect([...table.matchAll(/^\| `(.*?)` \|/gm)].map(([, code]) => code)).toEqual([...errorCodes]);
  });

  it('have the limits that the code has', () => {
    const hello = examples.find(({ text }) => text.includes('server:hello'));
    expect(JSON.parse(hello?.text ?? '').data).toMatchObject({
      protocol: protocolVersion,
      limits: {
        nameLength: nameLength.maximum,
        textLength: maximumTextLength,
        imageLength: maximumImageLength,
        imageTypes,
        pageLength: maximumPageLength,
        eventLength: maximumEventLength,
        roomNameLength: maximumRoomNameLength,
        topicLength: maximumTopicLength,
      },
    });
    const { requests, messages, signIns, uploads, refusals } = defaultRates;
    for (const phrase of [
      `${messages.burst} and ${messages.perSecond} messages of one member`,
      `${requests.burst} and ${requests.perSecond} requests of one connection`,
      `${signIns.burst} and ${signIns.perSecond} new names`,
      `${uploads.burst} and ${uploads.perSecond} images of one member`,
      `more than ${refusals.burst} and ${refusals.perSecond} a second are`,
      `${defaultImageLimits.pixels / 1e6} million pixels and ${defaultImageLimits.frames} frames`,
      `${thumbnailBox.width} × ${thumbnailBox.height}`,
      `a message over ${maximumEventLength} octets`,
      `a body over ${maximumEventLength} octets`,
      `At most ${maximumReactions} different on one message`,
    ]) {
      expect(words).toContain(phrase);
    }
  });

  it('give webhooks the patience that the code has', () => {
    expect([1, 2, 3].map(retryDelay)).toEqual([1000, 2000, 4000]);
    expect(words).toContain('tried again after 1 s, 2 s, 4 s … 1 h, for 3 days');
    const delays: number[] = [];
    for (let failures = 1; ; failures++) {
      const delay = retryDelay(failures);
      if (delay === undefined) break;
      delays.push(delay);
    }
    expect(Math.max(...delays)).toBe(3600_000);
    const days = delays.reduce((sum, delay) => sum + delay) / 86_400_000;
    expect(days).toBeGreaterThanOrEqual(3);
    expect(days).toBeLessThan(3.1);
  });
});

describe('the commands and programs', () => {
  /** What the package's export stands for in this tree. */
  const chatClient = new URL('../src/chat-client/client.ts', import.meta.url).href;
  const snippets = [...page.matchAll(/^<!-- prints: (.*?) -->\n```(sh|js)\n([\s\S]*?)^```$/gm)].map(
    ([, prints = '', language = '', code = '']) => ({ prints, language, code }),
  );
  const literally = (text: string) => new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));

  it('say all what they print', () => {
    expect(page.match(/^```(?!json )[a-z]+/gm)).toHaveLength(snippets.length);
  });

  it('do what the page says, one after the other', async () => {
    expect(findCurl()).toBeDefined();
    const key = 'c0ffee'.repeat(8);
    const { port } = await startChatProgram(temporaryDirectory(), '0', ['--api-key', key]);
    const directory = temporaryDirectory();
    const cat = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#a8501f' } })
      .png()
      .toBuffer();
    writeFileSync(join(directory, 'cat.png'), cat);
    const now = String(Date.now());
    const environment: NodeJS.ProcessEnv = {
      ...process.env,
      SERVER: `http://127.0.0.1:${port}`,
      KEY: key,
      SECRET: 'the webhook’s secret',
      BODY: '{"room": "general"}',
      SIGNATURE: `t=${now},v1=${createHmac('sha256', 'the webhook’s secret')
        .update(`${now}.{"room": "general"}`)
        .digest('hex')}`,
    };
    for (const { prints, language, code } of snippets) {
      const here = code
        .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
        .replaceAll("'barewire/chat-client'", JSON.stringify(chatClient));
      const program =
        language === 'sh'
          ? new Program(['-c', here], { program: 'sh', directory, environment, group: true })
          : new Program(['--experimental-websocket', '--import', 'tsx', '--input-type=module', '-e', here], {
              environment,
              group: true,
            });
      onTestFinished(async () => {
        program.signal('SIGKILL');
        await program.ended;
      });
      await program.output(literally(prints));
      // The stream tells its connection; what is then posted to it is answered in the stream, with the token.
      if (code.includes('curl -N $SERVER/api/stream\n')) {
        const [, connection] = await program.output(/"connection":"([\w-]+)"/);
        environment.CONNECTION = connection;
        void program.output(/"token":"([^"]+)"/).then(
          ([, token]) => {
            environment.TOKEN = token;
          },
          () => {},
        );
      }
    }
    expect(environment.TOKEN).toBeDefined();
  });
});
