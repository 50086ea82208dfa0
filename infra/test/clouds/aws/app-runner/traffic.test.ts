import { expect, it } from 'vitest';
import { trafficIn } from '../../../../clouds/aws/app-runner/traffic.ts';

const minute = (at: number) => new Date(Date.UTC(2026, 10, 21, 10, at));
const result = (Id: string, values: Readonly<Record<number, number>>) => ({
  Id,
  StatusCode: 'Complete' as const,
  Timestamps: Object.keys(values).map((at) => minute(Number(at))),
  Values: Object.values(values),
});

it.each([
  ['no request', [result('requests', {}), result('errors', {}), result('latency', {})], { requests: 0, errors: 0 }],
  [
    'a minute without a 5xx, which has no such value',
    [result('requests', { 0: 60, 1: 40 }), result('errors', { 1: 4 }), result('latency', { 0: 10, 1: 35 })],
    { requests: 100, errors: 4, meanLatencyMs: 20 },
  ],
  [
    'latency not told of yet',
    [result('requests', { 0: 60 }), result('errors', {}), result('latency', {})],
    { requests: 60, errors: 0 },
  ],
  [
    'two pages',
    [result('requests', { 1: 5 }), result('requests', { 0: 5 }), result('latency', { 0: 10, 1: 20 })],
    { requests: 10, errors: 0, meanLatencyMs: 15 },
  ],
])('adds up what CloudWatch tells: %s', (_, results, expected) => expect(trafficIn(results)).toEqual(expected));

it.each(['Forbidden', 'InternalError'] as const)('takes no part for the whole: %s', (StatusCode) => {
  expect(() => trafficIn([result('requests', { 0: 1 }), { Id: 'errors', StatusCode }])).toThrow(
    `errors: ${StatusCode}`,
  );
});
