// docs/chat-protocol.md says what the code does: each example passes the schemas, and nothing that there is is left out.
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  apiErrorSchema,
  defaultRoom,
  errorCodes,
  imageTypes,
  maximumEventLength,
  maximumImageLength,
  maximumPageLength,
  maximumTextLength,
  type PushName,
  parseReply,
  parseRequest,
  parseServerEvent,
  protocolVersion,
  type RequestName,
  uploadReplySchema,
} from '../src/chat/events.ts';
import { defaultImageLimits, thumbnailBox } from '../src/chat/images.ts';
import { defaultRates } from '../src/chat/limits.ts';
import { nameLength } from '../src/chat/names.ts';
import { retryAfterOf } from '../src/close.ts';
import { reasonWithHint, resolveDrainOptions } from '../src/drain.ts';

const page = readFileSync(new URL('../docs/chat-protocol.md', import.meta.url), 'utf8');
const words = page.replace(/\s+/g, ' ');
const examples = [...page.matchAll(/^```json (\S+) ?(\S*)\n([\s\S]*?)^```$/gm)].map(
  ([, kind = '', event = '', text = '']) => ({ kind, event, text }),
);

// Objects, so that a name that is missing here is a compile error.
const requests: Record<RequestName, true> = {
  'session:enter': true,
  'session:resume': true,
  'session:leave': true,
  'message:send': true,
  'message:page': true,
  'heartbeat:ping': true,
};
const pushes: Record<PushName, true> = {
  'server:hello': true,
  'server:restart': true,
  'member:joined': true,
  'member:left': true,
  'message:new': true,
};
const isRequest = (name: string): name is RequestName => Object.hasOwn(requests, name);

describe('the examples', () => {
  it('are all of a kind that is checked', () => {
    expect(page.match(/^```json/gm)).toHaveLength(examples.length);
    expect(new Set(examples.map(({ kind }) => kind))).toEqual(
      new Set(['client', 'server', 'reply', 'upload', 'api-error']),
    );
  });

  it.each(examples)('$kind $event $text', ({ kind, event, text }) => {
    const value: unknown = JSON.parse(text);
    if (kind === 'client') {
      expect(parseRequest(text)).toEqual({ request: expect.anything() });
    } else if (kind === 'upload') {
      expect(v.parse(uploadReplySchema, value)).toEqual(value);
    } else if (kind === 'api-error') {
      expect(v.parse(apiErrorSchema, value)).toEqual(value);
    } else {
      // Equal, so an example has no field that the schema does not know.
      const parsed = parseServerEvent(text);
      expect(parsed).toEqual(value);
      if (kind !== 'reply') return;
      if (parsed?.event !== 'reply:ok' || !isRequest(event)) throw new Error(`no reply to ${event}`);
      expect(parseReply(event, parsed.data)).toEqual(parsed.data);
    }
  });

  it('show every request, every reply and every push', () => {
    const eventsOf = (kind: string) =>
      new Set(examples.filter((each) => each.kind === kind).map(({ text }) => JSON.parse(text).event));
    expect(eventsOf('client')).toEqual(new Set(Object.keys(requests)));
    expect(new Set(examples.filter(({ kind }) => kind === 'reply').map(({ event }) => event))).toEqual(
      new Set(Object.keys(requests)),
    );
    expect(eventsOf('server')).toEqual(new Set([...Object.keys(pushes), 'reply:error']));
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
      },
    });
    const { requests, messages, signIns, uploads, refusals } = defaultRates;
    for (const phrase of [
      `one room, \`${defaultRoom}\``,
      `${messages.burst} and ${messages.perSecond} messages of one member`,
      `${requests.burst} and ${requests.perSecond} requests of one connection`,
      `${signIns.burst} and ${signIns.perSecond} new names`,
      `${uploads.burst} and ${uploads.perSecond} images of one member`,
      `more than ${refusals.burst} and ${refusals.perSecond} a second are`,
      `${defaultImageLimits.pixels / 1e6} million pixels and ${defaultImageLimits.frames} frames`,
      `${thumbnailBox.width} × ${thumbnailBox.height}`,
      `a message over ${maximumEventLength} octets`,
    ]) {
      expect(words).toContain(phrase);
    }
  });
});
