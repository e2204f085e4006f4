import { describe, expect, test } from 'vitest';
import { parseAddress, roomAddress } from '../../public/chat/address.ts';

describe('an address', () => {
  test.each([
    ['', { kind: 'none' }],
    ['#', { kind: 'none' }],
    ['#/', { kind: 'none' }],
    ['#general', { kind: 'none' }],
    ['#/general', { kind: 'room', room: 'general', offset: undefined }],
    ['/general', { kind: 'room', room: 'general', offset: undefined }],
    ['#/general/', { kind: 'room', room: 'general', offset: undefined }],
    ['#/k3vq0x1b/812', { kind: 'room', room: 'k3vq0x1b', offset: 812 }],
    ['#/general/x', { kind: 'none' }],
    ['#/general/1/2', { kind: 'none' }],
    ['#/Dev', { kind: 'none' }],
    ['#/../etc', { kind: 'none' }],
    [`#/${'a'.repeat(65)}`, { kind: 'none' }],
    ['#/general/1e9', { kind: 'none' }],
    ['#/general/9999999999999999', { kind: 'none' }],
    ['#/invite/abcd-EFGH_1', { kind: 'invite', code: 'abcd-EFGH_1' }],
    ['#/claim/abcdefgh', { kind: 'claim', code: 'abcdefgh' }],
    // Too short for a code: a place in a room of that name.
    ['#/invite/12', { kind: 'room', room: 'invite', offset: 12 }],
    ['#/invite', { kind: 'room', room: 'invite', offset: undefined }],
    ['#/invite/short', { kind: 'none' }],
    [`#/claim/${'a'.repeat(65)}`, { kind: 'none' }],
    ['#/claim/with space', { kind: 'none' }],
  ])('%s', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  test('that was made is read again', () => {
    expect(parseAddress(roomAddress('dev'))).toEqual({ kind: 'room', room: 'dev', offset: undefined });
    expect(parseAddress(roomAddress('dev', 7))).toEqual({ kind: 'room', room: 'dev', offset: 7 });
  });
});
