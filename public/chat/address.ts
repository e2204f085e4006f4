/**
 * What stands behind the `#` of the page's address, pure: `#/general` is a room, `#/general/812` a place in it,
 * `#/invite/CODE` an invitation, and `#/claim/CODE` what the server printed for its owner. navigation.ts follows it.
 */
import * as v from 'valibot';
import { roomId } from '../../src/chat/events.ts';

export type Address =
  | { readonly kind: 'room'; readonly room: string; readonly offset: number | undefined }
  | { readonly kind: 'invite'; readonly code: string }
  | { readonly kind: 'claim'; readonly code: string }
  /** Nothing, or nothing that is known. */
  | { readonly kind: 'none' };

const codePattern = /^[A-Za-z0-9_-]{8,64}$/;
const none: Address = { kind: 'none' };

/** Reads an address, with or without its `#`. Never throws. */
export function parseAddress(text: string): Address {
  const [start, first = '', second, ...rest] = text.replace(/^#/, '').split('/');
  if (start !== '' || rest.length > 0) return none;
  // A room may be called `invite` or `claim`; what follows tells them apart, as offsets are digits only.
  const isOffset = second !== undefined && /^[0-9]{1,15}$/.test(second);
  if ((first === 'invite' || first === 'claim') && second !== undefined && codePattern.test(second)) {
    return { kind: first, code: second };
  }
  if (!v.is(roomId, first)) return none;
  if (second === undefined || second === '') return { kind: 'room', room: first, offset: undefined };
  return isOffset ? { kind: 'room', room: first, offset: Number(second) } : none;
}

/** The address of a room, or of a place in it. */
export function roomAddress(room: string, offset?: number): string {
  return offset === undefined ? `#/${room}` : `#/${room}/${offset}`;
}
