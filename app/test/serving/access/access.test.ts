import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { admit, clientAddress, scopeOf } from '../../../serving/access/access.ts';
import { holderOf, parseKeys, presentedKey } from '../../../serving/access/keys.ts';
import { RateLimit, rateHeaders } from '../../../serving/access/rate.ts';

const digestOf = (key: string) => createHash('sha256').update(key).digest('hex');
const keys = parseKeys(`shop:${digestOf('old')},shop:${digestOf('new')},lab:${digestOf('lab-key')}`) ?? [];
const admin = parseKeys(`ops:${digestOf('ops-key')}`) ?? [];

describe('what a route needs', () => {
  it.each([
    ['/', 'open'],
    ['/version', 'open'],
    ['/v2/health/ready', 'open'],
    ['/v2/health/ready/', 'open'],
    ['/v2/models/wine/ready', 'open'],
    ['/v2/models/wine/versions/3/ready', 'open'],
    ['/v2/models/wine', 'predict'],
    ['/predict', 'predict'],
    ['/predict/', 'predict'],
    ['/v1/models/wine:predict', 'predict'],
    ['/feedback', 'predict'],
    ['/a-route-of-tomorrow', 'predict'],
    ['/v2/models/wine/infer/ready', 'predict'],
    ['/metrics', 'admin'],
    ['/metrics/', 'admin'],
    ['/monitoring/prometheus/metrics', 'admin'],
    ['/v2/repository/index', 'admin'],
    ['/metricsx', 'predict'],
  ])('%s is %s', (path, scope) => {
    expect(scopeOf(path)).toBe(scope);
  });
});

describe('keys', () => {
  it.each([
    [['Authorization', 'Bearer abc'], 'abc'],
    [['AUTHORIZATION', 'bearer  abc'], 'abc'],
    [['X-Api-Key', 'abc'], 'abc'],
    [['Host', 'x'], undefined],
    [['Authorization', 'Basic abc'], undefined],
    [['Authorization', 'Bearer a b'], undefined],
    [['X-Api-Key', ''], undefined],
    [['X-Api-Key', 'abc', 'X-Api-Key', 'abc'], undefined],
    [['Authorization', 'Bearer abc', 'X-Api-Key', 'abc'], undefined],
    [['Authorization', 'Bearer abc', 'authorization', 'Bearer def'], undefined],
  ])('%j presents %s', (rawHeaders, key) => {
    expect(presentedKey(rawHeaders)).toBe(key);
  });

  it.each([
    ['old', 'shop'],
    ['new', 'shop'],
    ['lab-key', 'lab'],
    ['ne', undefined],
    ['new '.repeat(1000), undefined],
    [digestOf('new'), undefined],
  ])('%.10s is of %s', (key, holder) => {
    expect(holderOf(keys, key)).toBe(holder);
  });

  it.each([
    ['open', undefined, 'admitted'],
    ['predict', undefined, 'unauthorized'],
    ['predict', 'wrong', 'unauthorized'],
    ['predict', 'new', 'admitted'],
    ['predict', 'ops-key', 'forbidden'],
    ['admin', 'new', 'forbidden'],
    ['admin', 'ops-key', 'admitted'],
  ] as const)('scope %s with %s: %s', (scope, key, outcome) => {
    expect(admit({ apiKeys: keys, adminKeys: admin }, scope, () => key).outcome).toBe(outcome);
  });

  it('guard nothing where none are configured', () => {
    expect(admit({ apiKeys: [], adminKeys: [] }, 'admin', () => undefined).outcome).toBe('admitted');
    expect(admit({ apiKeys: [], adminKeys: admin }, 'predict', () => undefined).outcome).toBe('admitted');
  });
});

describe('the client that is counted', () => {
  it.each([
    ['10.0.0.1', undefined, 2, '10.0.0.1'],
    ['10.0.0.1', '1.1.1.1', 0, '10.0.0.1'],
    ['10.0.0.1', 'made-up, 1.1.1.1', 1, '1.1.1.1'],
    ['10.0.0.1', 'made-up, 1.1.1.1, 2.2.2.2', 2, '1.1.1.1'],
    ['10.0.0.1', '1.1.1.1', 3, '1.1.1.1'],
    ['::ffff:10.0.0.1', undefined, 0, '10.0.0.1'],
    ['2001:db8:1:2:3:4:5:6', undefined, 0, '2001:db8:1:2'],
    ['2001:db8::6', undefined, 0, '2001:db8:0:0'],
    ['::1', undefined, 0, '0:0:0:0'],
  ])('%s forwarded for %s over %i hops is %s', (socket, forwarded, hops, client) => {
    expect(clientAddress(socket, forwarded, hops)).toBe(client);
  });
});

describe('the rate limit', () => {
  it('counts each client, starts again after a minute, and says what is left', () => {
    const limit = new RateLimit(2);
    expect([limit.take('a', 0), limit.take('a', 1000), limit.take('a', 59_999)]).toEqual([
      { isAllowed: true, remaining: 1, resetSeconds: 60 },
      { isAllowed: true, remaining: 0, resetSeconds: 59 },
      { isAllowed: false, remaining: 0, resetSeconds: 1 },
    ]);
    expect([limit.take('b', 59_999).isAllowed, limit.take('a', 60_000).isAllowed]).toEqual([true, true]);
  });

  it('remembers a bounded number of clients, the oldest goes first', () => {
    const limit = new RateLimit(1);
    for (let client = 0; client <= 10_000; client++) limit.take(String(client), client);
    expect([limit.take('10000', 10_001).isAllowed, limit.take('0', 10_002).isAllowed]).toEqual([false, true]);
  });

  it('has the headers of the draft', () => {
    expect(rateHeaders(10, { isAllowed: true, remaining: 3, resetSeconds: 7 })).toEqual([
      '"minute";q=10;w=60',
      '"minute";r=3;t=7',
    ]);
  });
});
