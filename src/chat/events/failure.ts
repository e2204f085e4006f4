/**
 * Why a request was refused, as it goes over the wire: a code for programs, a sentence for people. Apart from replies.ts
 * because the parser of requests has failures to tell, too.
 */
import * as v from 'valibot';
import { count } from './things.ts';

/** Why a request was refused. The text beside it is for people; programs read this. */
export const errorCodes = [
  'malformed', // not JSON, not an object, or binary
  'unknown-event',
  'invalid', // a field is wrong; `field` says which
  'signed-out', // only a member may do this
  'signed-in', // this connection is a member's already
  'name-taken', // `suggestion` holds a free one
  'password-needed', // the name has one: say it, or take another name; `suggestion` holds a free one
  'password-wrong', // `field` says which: the name's or the server's
  'invitation-needed', // the host lets in only who is invited, or who knows the server's password
  'invitation-unknown', // no such code, expired or used up
  'token-unknown', // never issued, revoked or signed out
  'token-expired',
  'device-unknown',
  'room-unknown', // no such room, or a private one that the caller is not in
  'room-exists', // there is a public room of that name
  'not-joined', // only who is in the room may do this
  'forbidden', // this needs a moderator or an owner; or the message is somebody else's
  'banned', // `retryAfter` says for how long, if not for ever
  'muted', // the same
  'slow-mode', // `retryAfter` says when
  'member-unknown',
  'message-unknown',
  'image-unknown',
  'nonce-reused', // that nonce was used for something else
  'rate-limited', // `retryAfter` says when, in milliseconds
  'too-many', // of rooms, reactions, devices or the like; the text says the limit
  'unsupported', // not over this transport
  'internal',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

export const failureSchema = v.object({
  code: v.picklist(errorCodes),
  /** One plain English sentence: what, why, and what to do. */
  message: v.string(),
  /** Path of the field that is wrong, as in `data.content.text`. */
  field: v.optional(v.string()),
  suggestion: v.optional(v.string()),
  retryAfter: v.optional(count),
});

export type Failure = v.InferOutput<typeof failureSchema>;
