import { describe, expect, it } from 'vitest';
import { retryAfterMs } from '../../src/transport/retry-after.ts';

const now = Date.parse('2026-11-22T10:00:00Z');

describe('Retry-After', () => {
  it.each<[string, string | null, number | undefined]>([
    ['seconds', '3', 3000],
    ['none', '0', 0],
    ['a date', 'Sun, 22 Nov 2026 10:00:30 GMT', 30_000],
    ['a date of RFC 850', 'Sunday, 22-Nov-26 10:00:30 GMT', 30_000],
    ['a date that is over', 'Sun, 22 Nov 2026 09:00:00 GMT', 0],
    ['far too long', '86400', 120_000],
    ['a date far too late', 'Sun, 22 Nov 2099 10:00:30 GMT', 120_000],
    ['no header', null, undefined],
    ['half seconds, which it has not', '1.5', undefined],
    ['less than nothing', '-1', undefined],
    ['words', 'soon', undefined],
    ['an empty one', '', undefined],
  ])('%s', (_what, header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});
