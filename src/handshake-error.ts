/**
 * Why a client's WebSocket did not open, in words for a person: what the network, TLS or the server's answer did
 * (RFC 6455 §4.1, §7.1.7, §7.4.1). Made by client-handshake.ts and client.ts; `opened` of a client rejects with it.
 */
import type { ClientAddress } from './client-address.ts';
import { CloseCode } from './close.ts';
import type { CloseRecord } from './close-record.ts';
import type { HttpError, ResponseHead } from './http-head.ts';
import { plainLine } from './refusal-body.ts';

/** What the server answered in HTTP where it did not open a WebSocket. */
export interface RefusedResponse {
  /** 200 and up. */
  readonly status: number;
  /** By name in lower case; the values of a repeated field are joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  /** The first words of the body, one line of at most 200 characters; empty when it is not plain text or JSON. */
  readonly words: string;
}

interface HandshakeErrorParts {
  /** One plain sentence. */
  readonly explanation: string;
  readonly initiator: CloseRecord['initiator'];
  readonly code?: number;
  readonly section?: string | undefined;
  readonly response?: RefusedResponse;
  readonly cause?: unknown;
}

/** A WebSocket that did not open. `cause` is the error below it, where there is one. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
  /** One plain sentence: what happened. */
  readonly explanation: string;
  /** The rule that the server broke, as in `RFC 6455 §4.1 response item 4`; undefined when it broke none. */
  readonly section: string | undefined;
  /** The server's answer, when it was another than 101. */
  readonly response: RefusedResponse | undefined;
  /** 1015 when TLS failed, else 1006 (§7.4.1). */
  readonly code: number;
  /** Whose doing it was. */
  readonly initiator: CloseRecord['initiator'];

  constructor({ explanation, initiator, code, section, response, cause }: HandshakeErrorParts) {
    super(section === undefined ? explanation : `${explanation} (${section})`);
    if (cause !== undefined) this.cause = cause;
    this.explanation = explanation;
    this.section = section;
    this.response = response;
    this.code = code ?? CloseCode.abnormalClosure;
    this.initiator = initiator;
  }
}

/** A head that cannot be read, or a 101 that is not the answer to our request. */
export function badAnswer(error: HttpError): HandshakeError {
  const { explanation, section } = error;
  return new HandshakeError({ explanation, section, initiator: 'us', cause: error });
}

/** A response that can be read and is not 101. Not a broken rule: the server says no, or is no WebSocket server. */
export function refusedAnswer(head: ResponseHead, words: string): HandshakeError {
  const headers = new Map<string, string>();
  for (const [name, values] of head.fields) headers.set(name, values.join(', '));
  const { status } = head;
  const line = plainLine(`${status} ${head.reason}`, 100);
  const location = headers.get('location');
  let explanation: string;
  if (status >= 300 && status <= 399 && location !== undefined) {
    explanation = `The server answered ${status} to ${plainLine(location, 500)}; redirects are not followed.`;
  } else if (words === '') {
    explanation = `The server answered ${line}, not 101: it opens no WebSocket at this address.`;
  } else {
    explanation = `The server answered ${line}: ${words}`;
  }
  return new HandshakeError({ explanation, initiator: 'peer', response: { status, headers, words } });
}

/** How far a connection had come when it failed. */
export type HandshakeStage = 'connecting' | 'securing' | 'asking';

/** TCP or TLS failed, or ended before there was an answer (`error` is undefined). */
export function lostConnection(
  address: ClientAddress,
  stage: HandshakeStage,
  error: Error | undefined,
): HandshakeError {
  const code = stage === 'securing' ? CloseCode.tlsHandshake : CloseCode.abnormalClosure;
  const initiator = isRefusedCertificate(error) ? 'us' : 'network';
  return new HandshakeError({ explanation: describe(address, stage, error), initiator, code, cause: error });
}

function describe(
  { hostname, host, port }: ClientAddress,
  stage: HandshakeStage,
  error: Error | undefined,
): string {
  const place = /:\d+$/.test(host) ? host : `${host}:${port}`;
  const code = codeOf(error);
  const marked = code === undefined ? '' : ` (${code})`;
  const certificate = code === undefined ? undefined : certificateFaults[code];
  if (certificate !== undefined) return `The certificate of ${place} ${certificate}${marked}.`;
  switch (code) {
    case 'ECONNREFUSED':
      return `Nobody listens at ${place}: the connection was refused${marked}.`;
    case 'ENOTFOUND':
      return `The name ${hostname} is not known${marked}.`;
    case 'EAI_AGAIN':
      return `The name ${hostname} could not be looked up; no name server answered${marked}.`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `There is no way to ${place}${marked}.`;
    case 'ETIMEDOUT':
      return `${place} does not answer${marked}.`;
    case 'ECONNRESET':
    case 'EPIPE':
      return `${place} cut the connection ${during[stage]}${marked}.`;
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return `${place} does not speak TLS as we do${marked}; perhaps its address begins with ws:, not wss:.`;
  }
  if (error === undefined) return `${place} ended the connection ${during[stage]}.`;
  return `The connection to ${place} failed ${during[stage]}: ${error.message.replace(/[.\s]+$/, '') || error.name}${marked}.`;
}

const during = {
  connecting: 'before it was open',
  securing: 'in the middle of the TLS handshake',
  asking: 'before it had answered the request',
} as const satisfies Record<HandshakeStage, string>;

/** OpenSSL's verdicts on a certificate, as Node names them. */
const certificateFaults: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_REVOKED: 'was revoked',
  CERT_UNTRUSTED: 'is not trusted',
  CERT_REJECTED: 'is not for this use',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is signed by itself; give it as `tls.ca` to trust it',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another name',
  HOSTNAME_MISMATCH: 'is for another name',
  INVALID_CA: 'was signed by one who may sign none',
  SELF_SIGNED_CERT_IN_CHAIN:
    'was signed by an authority that is not known; give that as `tls.ca` to trust it',
  UNABLE_TO_GET_ISSUER_CERT: 'was signed by an authority that is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'was signed by an authority that is not known',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'was signed by an authority that is not known',
};

function isRefusedCertificate(error: Error | undefined): boolean {
  const code = codeOf(error);
  return code !== undefined && certificateFaults[code] !== undefined;
}

function codeOf(error: Error | undefined): string | undefined {
  return error !== undefined && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The close record of a connection that never was open. */
export function failedRecord({ code, initiator, section, explanation }: HandshakeError): CloseRecord {
  return {
    code,
    reason: '',
    wasClean: false,
    initiator,
    section,
    explanation,
    duration: 0,
    idleTime: 0,
    octetsReceived: 0,
    octetsSent: 0,
    messagesReceived: 0,
    messagesSent: 0,
    lastFrames: [],
  };
}
