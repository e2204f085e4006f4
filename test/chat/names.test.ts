import { describe, expect, it } from 'vitest';
import { judgeName, nameKey } from '../../src/chat/names.ts';

const nameOf = (raw: string) => {
  const verdict = judgeName(raw);
  return 'name' in verdict ? verdict.name : verdict.problem;
};

describe('judgeName', () => {
  it.each([
    ['Ada', 'Ada'],
    ['  Ada \t Lovelace\n', 'Ada Lovelace'],
    ['Ａｄａ', 'Ada'],
    ['ﬁ', 'fi'],
    ['e\u0301', 'é'],
    ['张伟', '张伟'],
    ['محمد', 'محمد'],
    ['می\u200cخواهم', 'می\u200cخواهم'],
    ['👩‍👩‍👧‍👦', '👩‍👩‍👧‍👦'],
    ['<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['__proto__', '__proto__'],
    ['x'.repeat(32), 'x'.repeat(32)],
    ['👩🏽‍🚀'.repeat(32), '👩🏽‍🚀'.repeat(32)],
  ])('takes %j', (raw, name) => {
    expect(nameOf(raw)).toBe(name);
  });

  it.each([
    ['', 'empty'],
    [' \t\n\u3000', 'empty'],
    ['x'.repeat(33), 'too-long'],
    ['👩🏽‍🚀'.repeat(33), 'too-long'],
    [`a${'\u0301'.repeat(300)}`, 'too-long'],
    ['a\u200bb', 'invisible'],
    ['\u200d', 'invisible'],
    ['\u200c\u200d', 'invisible'],
    ['Ada\u202egnp', 'invisible'],
    ['\u2066Ada\u2069', 'invisible'],
    ['\u200fAda', 'invisible'],
    ['a\u0000b', 'invisible'],
    ['a\u001bb', 'invisible'],
    ['\ud800', 'invisible'],
    ['a\udc00b', 'invisible'],
    ['\ue000', 'invisible'],
    ['\u3164', 'invisible'],
    ['\u2800', 'invisible'],
    ['\u00ad', 'invisible'],
    ['\ufeffAda\u180e', 'invisible'],
    ['\u{e0041}', 'invisible'],
    ['\u0301', 'invisible'],
  ])('refuses %j: %s', (raw, problem) => {
    expect(nameOf(raw)).toBe(problem);
  });
});

describe('nameKey', () => {
  it.each([
    ['Ada', 'ADA'],
    ['Straße', 'STRASSE'],
    ['ΟΔΟΣ', 'οδος'],
    ['Ａｄａ', 'ada'],
    ['É', 'e\u0301'],
  ])('makes one name of %j and %j', (left, right) => {
    expect(nameKey(left)).toBe(nameKey(right));
  });

  it('keeps different names apart', () => {
    expect(nameKey('Ada')).not.toBe(nameKey('Adа')); // the last is Cyrillic
    expect(nameKey('Ada')).not.toBe(nameKey('Ad'));
  });
});
