/** What an upgrade handler may answer, and the reply: subprotocol, compression, fields. Values in, octets out. */
import { describe, expect, test } from 'vitest';
import { resolveDeflateOptions } from '../src/deflate-negotiation.ts';
import { type AcceptableRequest, checkUpgradeRequest, type UpgradeRequest } from '../src/handshake.ts';
import { HttpError } from '../src/http-head.ts';
import {
  type AgreementOptions,
  agree,
  checkDecision,
  type UpgradeDecision,
} from '../src/upgrade-decision.ts';
import { IncomingRequest } from '../src/upgrade-request.ts';
import { sampleAccept, text, upgradeHead } from './support/http.ts';

function requested(fields: Record<string, string> = {}): [AcceptableRequest, UpgradeRequest] {
  const head = upgradeHead(fields);
  const checked = checkUpgradeRequest(head);
  return [checked, new IncomingRequest(head, checked.request, '192.0.2.1', false)];
}

const plain: AgreementOptions = { protocols: [], deflate: undefined };
const decided = (decision: unknown) => checkDecision(decision as UpgradeDecision<number>);

describe('a decision', () => {
  test('to accept is passed', () => {
    const decision = { data: 0, protocol: 'chat' };
    expect(decided(decision)).toBe(decision);
    expect(decided({ data: undefined })).toEqual({ data: undefined });
  });

  test('to refuse is an HttpError with its status, words and fields', () => {
    const headers = { 'WWW-Authenticate': 'Bearer' };
    const refusal = { refuse: 401, explanation: 'Say who you are.', headers };
    expect(() => decided(refusal)).toThrow(HttpError);
    expect(() => decided(refusal)).toThrow(
      expect.objectContaining({ status: 401, explanation: 'Say who you are.', headers }),
    );
    for (const status of [300, 307, 403, 429, 503, 599]) {
      expect(() => decided({ refuse: status, explanation: 'No.' })).toThrow(
        expect.objectContaining({ status }),
      );
    }
  });

  test('that is none lets nobody in', () => {
    for (const decision of [undefined, null, true, 'yes', {}, Promise.resolve({ data: 1 })]) {
      expect(() => decided(decision)).toThrow(/must return \{ data \} or \{ refuse, explanation \}/);
    }
    for (const refuse of [200, 101, 600, 403.5, '403', undefined]) {
      expect(() => decided({ refuse, explanation: 'No.' })).toThrow(/it takes 300 to 599 and an explanation/);
    }
    expect(() => decided({ refuse: 403 })).toThrow(TypeError);
  });

  test('to refuse with 304 is none: such an answer has no body, and the explanation is one', () => {
    expect(() => decided({ refuse: 304, explanation: 'As before.' })).toThrow(
      new TypeError('The upgrade handler refused with 304, which has no body to explain itself with.'),
    );
  });
});

describe('the reply', () => {
  test('accepts, with nothing that was not agreed on', () => {
    const agreed = agree(...requested(), { data: 0 }, plain);
    expect(text(agreed.reply)).toBe(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${sampleAccept}\r\n\r\n`,
    );
    expect(agreed).toMatchObject({ protocol: '', extensions: '', deflate: undefined });
  });

  test('has the handler’s fields', () => {
    const headers = { 'Set-Cookie': 'id=1; HttpOnly' };
    const agreed = agree(...requested(), { data: 0, headers }, plain);
    expect(text(agreed.reply)).toContain('\r\nSet-Cookie: id=1; HttpOnly\r\n');
    for (const bad of [{ 'X-Name': 'a\r\nb' }, { Upgrade: 'h2c' }]) {
      expect(() => agree(...requested(), { data: 0, headers: bad }, plain)).toThrow(TypeError);
    }
  });
});

describe('the subprotocol', () => {
  const offer = () => requested({ 'Sec-WebSocket-Protocol': 'a, b, c' });

  test('is the one that the decision names', () => {
    const agreed = agree(...offer(), { data: 0, protocol: 'b' }, { ...plain, protocols: ['a'] });
    expect(agreed.protocol).toBe('b');
    expect(text(agreed.reply)).toContain('\r\nSec-WebSocket-Protocol: b\r\n');
  });

  test('else the client’s favourite of those in the option', () => {
    expect(agree(...offer(), { data: 0 }, { ...plain, protocols: ['c', 'b'] }).protocol).toBe('b');
    expect(agree(...offer(), { data: 0 }, { ...plain, protocols: ['x'] }).protocol).toBe('');
  });

  test('or what the option’s function says; it is not asked when nothing is offered', () => {
    const asked: unknown[] = [];
    const protocols = (offered: readonly string[], request: UpgradeRequest) => {
      asked.push([offered, request.remoteAddress]);
      return offered[2];
    };
    expect(agree(...offer(), { data: 0 }, { ...plain, protocols }).protocol).toBe('c');
    expect(agree(...requested(), { data: 0 }, { ...plain, protocols }).protocol).toBe('');
    expect(asked).toEqual([[['a', 'b', 'c'], '192.0.2.1']]);
    expect(agree(...offer(), { data: 0 }, { ...plain, protocols: () => undefined }).protocol).toBe('');
  });

  test('must have been offered, whoever chose it', () => {
    expect(() => agree(...offer(), { data: 0, protocol: 'x' }, plain)).toThrow(
      'The upgrade handler chose the protocol x, which the client did not offer.',
    );
    expect(() => agree(...offer(), { data: 0 }, { ...plain, protocols: () => 'x' })).toThrow(
      'The option protocols chose the protocol x, which the client did not offer.',
    );
  });
});

describe('permessage-deflate', () => {
  const deflate = resolveDeflateOptions('server', { threshold: 9, level: 2 });
  const offer = () => requested({ 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' });

  test('is agreed on when both want it', () => {
    const agreed = agree(...offer(), { data: 0 }, { ...plain, deflate });
    expect(agreed.extensions).toBe(
      'permessage-deflate; server_max_window_bits=11; client_max_window_bits=11',
    );
    expect(text(agreed.reply)).toContain(`\r\nSec-WebSocket-Extensions: ${agreed.extensions}\r\n`);
    expect(agreed.deflate).toMatchObject({
      level: 2,
      threshold: 9,
      agreement: { serverMaxWindowBits: 11, clientMaxWindowBits: 11 },
    });
  });

  test('and not when the client does not offer it, the server does not want it, or the decision forbids it', () => {
    for (const agreed of [
      agree(...requested(), { data: 0 }, { ...plain, deflate }),
      agree(...offer(), { data: 0 }, plain),
      agree(...offer(), { data: 0, deflate: true }, plain),
      agree(...offer(), { data: 0, deflate: false }, { ...plain, deflate }),
    ]) {
      expect(agreed).toMatchObject({ extensions: '', deflate: undefined });
      expect(text(agreed.reply)).not.toContain('Extensions');
    }
  });
});
