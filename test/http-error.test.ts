import { describe, expect, it } from 'vitest';
import { HttpError } from '../src/http-error.ts';

describe('HttpError', () => {
  it('carries what the refusal needs', () => {
    expect(new HttpError(405, 'RFC 0 §1', 'No.', { Allow: 'GET' })).toMatchObject({
      name: 'HttpError',
      status: 405,
      headers: { Allow: 'GET' },
    });
    expect(new HttpError(400, 'RFC 0 §1', 'No.').headers).toEqual({});
  });
});
