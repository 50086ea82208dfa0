import { describe, expect, it } from 'vitest';
import { UsageError } from '../src/errors.ts';
import { type ClientOptions, checkOptions } from '../src/options.ts';

const endpoints = ['https://a.example'];

describe('options', () => {
  it('have defaults', () => {
    expect(checkOptions({ endpoints: ['https://a.example/', 'http://127.0.0.1:8080/wine//'] })).toMatchObject({
      endpoints: ['https://a.example', 'http://127.0.0.1:8080/wine'],
      timeoutMs: 10_000,
      tryTimeoutMs: 2500,
      retries: 3,
      hedge: false,
      hedgeShare: 0.05,
    });
    expect(checkOptions({ endpoints, hedge: true }).hedge).toEqual({ afterMs: undefined });
    expect(checkOptions({ endpoints, hedge: { afterMs: 9, share: 0.5 } })).toMatchObject({
      hedge: { afterMs: 9 },
      hedgeShare: 0.5,
    });
  });

  it.each<[string, ClientOptions, RegExp]>([
    ['no endpoint', { endpoints: [] }, /at least one address/],
    ['one twice', { endpoints: ['https://a.example', 'https://a.example/'] }, /https:\/\/a.example twice/],
    ['no address', { endpoints: ['a.example'] }, /found something else/],
    ['another protocol', { endpoints: ['ftp://a.example'] }, /found a.example/],
    ['a password', { endpoints: ['https://u:secret@a.example'] }, /found a.example$/],
    ['a query', { endpoints: ['https://a.example?x=1'] }, /with a path at most/],
    ['a key of two lines', { endpoints, apiKey: 'a\nb' }, /apiKey: expected printable/],
    ['no time', { endpoints, timeoutMs: 0 }, /timeoutMs: expected a number from 1/],
    ['more time than a timer has', { endpoints, tryTimeoutMs: 2 ** 31 }, /tryTimeoutMs: .* found 2147483648/],
    ['half a retry', { endpoints, retries: 0.5 }, /retries: expected a whole number/],
    ['more than all calls', { endpoints, hedge: { share: 2 } }, /hedge.share: .* to 1, found 2/],
  ])('refuse %s', (_what, options, message) => {
    expect(() => checkOptions(options)).toThrow(UsageError);
    expect(() => checkOptions(options)).toThrow(message);
  });
});
