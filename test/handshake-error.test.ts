import { describe, expect, it } from 'vitest';
import { parseAddress } from '../src/client-address.ts';
import {
  badAnswer,
  failedRecord,
  HandshakeError,
  type HandshakeStage,
  lostConnection,
  refusedAnswer,
} from '../src/handshake-error.ts';
import { HttpError, type ResponseHead } from '../src/http-head.ts';

const address = parseAddress('wss://example.com/chat');

function systemError(code: string, message = 'as the system says it'): Error {
  return Object.assign(new Error(message), { code });
}

describe('lostConnection', () => {
  it.each<[string, HandshakeStage, string]>([
    [
      'ECONNREFUSED',
      'connecting',
      'Nobody listens at example.com:443: the connection was refused (ECONNREFUSED).',
    ],
    ['ENOTFOUND', 'connecting', 'The name example.com is not known (ENOTFOUND).'],
    [
      'EAI_AGAIN',
      'connecting',
      'The name example.com could not be looked up; no name server answered (EAI_AGAIN).',
    ],
    ['EHOSTUNREACH', 'connecting', 'There is no way to example.com:443 (EHOSTUNREACH).'],
    ['ENETUNREACH', 'connecting', 'There is no way to example.com:443 (ENETUNREACH).'],
    ['ETIMEDOUT', 'connecting', 'example.com:443 does not answer (ETIMEDOUT).'],
    [
      'ECONNRESET',
      'securing',
      'example.com:443 cut the connection in the middle of the TLS handshake (ECONNRESET).',
    ],
    ['EPIPE', 'asking', 'example.com:443 cut the connection before it had answered the request (EPIPE).'],
    [
      'EPROTO',
      'securing',
      'example.com:443 does not speak TLS as we do (EPROTO); perhaps its address begins with ws:, not wss:.',
    ],
    ['CERT_HAS_EXPIRED', 'securing', 'The certificate of example.com:443 has expired (CERT_HAS_EXPIRED).'],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'securing',
      'The certificate of example.com:443 is for another name (ERR_TLS_CERT_ALTNAME_INVALID).',
    ],
    [
      'EMFILE',
      'connecting',
      'The connection to example.com:443 failed before it was open: as the system says it (EMFILE).',
    ],
  ])('says %s in words', (code, stage, message) => {
    const cause = systemError(code);
    const error = lostConnection(address, stage, cause);
    expect(error.message).toBe(message);
    expect(error.cause).toBe(cause);
    expect(error.code).toBe(stage === 'securing' ? 1015 : 1006);
    expect(error.initiator).toBe(/certificate/.test(message) ? 'us' : 'network');
  });

  it('says what has no code, no words, or no error at all', () => {
    expect(lostConnection(address, 'asking', new Error('It broke.')).message).toBe(
      'The connection to example.com:443 failed before it had answered the request: It broke.',
    );
    expect(lostConnection(address, 'connecting', new AggregateError([], '')).message).toBe(
      'The connection to example.com:443 failed before it was open: AggregateError.',
    );
    expect(lostConnection(address, 'securing', undefined).message).toBe(
      'example.com:443 ended the connection in the middle of the TLS handshake.',
    );
  });

  it('names the place with its port, once', () => {
    const at = (url: string) =>
      lostConnection(parseAddress(url), 'connecting', systemError('ETIMEDOUT')).message;
    expect(at('ws://example.com/')).toBe('example.com:80 does not answer (ETIMEDOUT).');
    expect(at('ws://example.com:81/')).toBe('example.com:81 does not answer (ETIMEDOUT).');
    expect(at('ws://[::1]/')).toBe('[::1]:80 does not answer (ETIMEDOUT).');
    expect(at('ws://[::1]:81/')).toBe('[::1]:81 does not answer (ETIMEDOUT).');
  });
});

describe('refusedAnswer', () => {
  const head = (
    status: number,
    reason: string,
    fields: Readonly<Record<string, string>> = {},
  ): ResponseHead => ({
    version: '1.1',
    status,
    reason,
    fields: new Map(Object.entries(fields).map(([name, value]) => [name, [value]])),
  });

  it('keeps what a server sent from writing lines of its own', () => {
    expect(refusedAnswer(head(302, 'x', { location: '/a\u009b31m\u0085b' }), '').message).toBe(
      'The server answered 302 to /a 31m b; redirects are not followed.',
    );
    expect(refusedAnswer(head(400, 'a\u0085b'), '').message).toBe(
      'The server answered 400 a b, not 101: it opens no WebSocket at this address.',
    );
    expect(refusedAnswer(head(302, '', { location: 'l'.repeat(9000) }), '').message.length).toBeLessThan(600);
    expect(refusedAnswer(head(400, 'r'.repeat(9000)), '').message.length).toBeLessThan(200);
  });

  it('follows no redirect, and calls nothing else one', () => {
    expect(refusedAnswer(head(307, '', { location: '/b' }), 'words').message).toContain('to /b;');
    expect(refusedAnswer(head(404, 'Not Found', { location: '/b' }), 'words').message).toBe(
      'The server answered 404 Not Found: words',
    );
    expect(refusedAnswer(head(304, 'Not Modified'), '').message).toContain('304 Not Modified, not 101');
  });
});

describe('HandshakeError', () => {
  it('takes the explanation and the section of what was wrong in an answer', () => {
    const cause = new HttpError(502, 'RFC 6455 §4.1 response item 4', 'The accept is wrong.');
    const error = badAnswer(cause);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'HandshakeError',
      message: 'The accept is wrong. (RFC 6455 §4.1 response item 4)',
      explanation: 'The accept is wrong.',
      section: 'RFC 6455 §4.1 response item 4',
      code: 1006,
      initiator: 'us',
    });
    expect(error.cause).toBe(cause);
  });

  it('has no cause where there is none', () => {
    expect(Object.hasOwn(new HandshakeError({ explanation: 'No.', initiator: 'us' }), 'cause')).toBe(false);
  });

  it('becomes the record of a connection that never was', () => {
    const error = new HandshakeError({
      explanation: 'No.',
      initiator: 'peer',
      code: 1015,
      section: 'RFC 1 §2',
    });
    expect(failedRecord(error)).toEqual({
      code: 1015,
      reason: '',
      wasClean: false,
      initiator: 'peer',
      section: 'RFC 1 §2',
      explanation: 'No.',
      duration: 0,
      idleTime: 0,
      octetsReceived: 0,
      octetsSent: 0,
      messagesReceived: 0,
      messagesSent: 0,
      lastFrames: [],
    });
  });
});
