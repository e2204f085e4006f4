/**
 * What an `upgrade` handler may answer, and the reply that follows from it: subprotocol, permessage-deflate and further
 * fields (RFC 6455 §4.2.2, RFC 7692 §5.1). Functions of values; called by upgrades.ts.
 */
import type { ConnectionDeflate } from './connection.ts';
import { acceptOffer, type ResolvedDeflateOptions } from './deflate-negotiation.ts';
import { encodeExtensions } from './extensions.ts';
import {
  type AcceptableRequest,
  chooseProtocol,
  encodeUpgradeReply,
  type UpgradeRequest,
} from './handshake.ts';
import { HttpError } from './http-head.ts';
import type { ChooseProtocol } from './options.ts';

/** Takes the request. */
export interface UpgradeAcceptance<T> {
  /** What the socket carries. */
  readonly data: T;
  /** One of `request.protocols`. Default: what the option `protocols` chooses. */
  readonly protocol?: string | undefined;
  /** More fields for the reply, for example Set-Cookie. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Only `false` means something: this one is not to be compressed, though the server would. */
  readonly deflate?: boolean | undefined;
}

/** Refuses the request. */
export interface UpgradeRefusal {
  /** An HTTP status from 300 to 599, but 304, whose answer has no body. */
  readonly refuse: number;
  /** One plain sentence for a person; the body of the answer. */
  readonly explanation: string;
  /** More fields for the answer, for example WWW-Authenticate, Location or Retry-After. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The answer to an upgrade request that keeps the protocol. */
export type UpgradeDecision<T> = UpgradeAcceptance<T> | UpgradeRefusal;

/** What has been agreed on, and the octets that say so. */
export interface Agreed {
  /** Empty for none. */
  readonly protocol: string;
  /** As the reply has them; empty for none. */
  readonly extensions: string;
  readonly deflate: ConnectionDeflate | undefined;
  readonly reply: Uint8Array;
}

/** The server's own wishes. */
export interface AgreementOptions {
  readonly protocols: readonly string[] | ChooseProtocol;
  readonly deflate: ResolvedDeflateOptions | undefined;
}

/**
 * Lets a decision to accept pass. What JavaScript callers may get wrong must not let anybody in.
 * @throws HttpError for a decision to refuse, TypeError for what is neither
 */
export function checkDecision<T>(decision: UpgradeDecision<T>): UpgradeAcceptance<T> {
  if (typeof decision !== 'object' || decision === null || !('refuse' in decision || 'data' in decision)) {
    throw new TypeError(
      'The upgrade handler must return { data } or { refuse, explanation }, or a promise of one.',
    );
  }
  if (!('refuse' in decision)) return decision;
  const { refuse, explanation, headers } = decision;
  if (!Number.isInteger(refuse) || refuse < 300 || refuse > 599 || typeof explanation !== 'string') {
    throw new TypeError(
      `The upgrade handler refused with ${refuse}; it takes 300 to 599 and an explanation.`,
    );
  }
  // RFC 9110 §15.4.5: what stood behind its head would be read as the next response.
  if (refuse === 304) {
    throw new TypeError('The upgrade handler refused with 304, which has no body to explain itself with.');
  }
  throw new HttpError(refuse, 'RFC 6455 §4.2.2', explanation, headers);
}

/**
 * Settles subprotocol and compression, and makes the reply.
 * @throws TypeError for a subprotocol that the client did not offer, or fields that cannot be sent
 */
export function agree<T>(
  checked: AcceptableRequest,
  request: UpgradeRequest,
  decision: UpgradeAcceptance<T>,
  options: AgreementOptions,
): Agreed {
  const protocol = decision.protocol ?? chooseByOption(request, options.protocols);
  if (protocol !== undefined && !request.protocols.includes(protocol)) {
    const who = decision.protocol === undefined ? 'The option protocols' : 'The upgrade handler';
    throw new TypeError(`${who} chose the protocol ${protocol}, which the client did not offer.`);
  }
  const { deflate } = options;
  const accepted =
    deflate === undefined || decision.deflate === false
      ? undefined
      : acceptOffer(checked.extensions, deflate);
  const extensions = accepted === undefined ? [] : [accepted.response];
  return {
    protocol: protocol ?? '',
    extensions: encodeExtensions(extensions),
    deflate:
      accepted === undefined || deflate === undefined
        ? undefined
        : { agreement: accepted.agreement, level: deflate.level, threshold: deflate.threshold },
    reply: encodeUpgradeReply({ key: checked.key, protocol, extensions, headers: decision.headers }),
  };
}

function chooseByOption(
  request: UpgradeRequest,
  protocols: readonly string[] | ChooseProtocol,
): string | undefined {
  if (request.protocols.length === 0) return undefined;
  return typeof protocols === 'function'
    ? protocols(request.protocols, request)
    : chooseProtocol(request.protocols, protocols);
}
