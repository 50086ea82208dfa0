import { expect, it } from 'vitest';
import { trafficIn } from '../../../../clouds/aws/app-runner/traffic.ts';
import { metricResult } from '../metric-results.ts';

it.each([
  [
    'no request',
    [metricResult('requests', {}), metricResult('errors', {}), metricResult('latency', {})],
    { requests: 0, errors: 0 },
  ],
  [
    'a minute without a 5xx, which has no such value',
    [
      metricResult('requests', { 0: 60, 1: 40 }),
      metricResult('errors', { 1: 4 }),
      metricResult('latency', { 0: 10, 1: 35 }),
    ],
    { requests: 100, errors: 4, meanLatencyMs: 20 },
  ],
  [
    'latency not told of yet',
    [metricResult('requests', { 0: 60 }), metricResult('errors', {}), metricResult('latency', {})],
    { requests: 60, errors: 0 },
  ],
  [
    'two pages',
    [metricResult('requests', { 1: 5 }), metricResult('requests', { 0: 5 }), metricResult('latency', { 0: 10, 1: 20 })],
    { requests: 10, errors: 0, meanLatencyMs: 15 },
  ],
])('adds up what CloudWatch tells: %s', (_, results, expected) => expect(trafficIn(results)).toEqual(expected));

it.each(['Forbidden', 'InternalError'] as const)('takes no part for the whole: %s', (StatusCode) => {
  expect(() => trafficIn([metricResult('requests', { 0: 1 }), { Id: 'errors', StatusCode }])).toThrow(
    `errors: ${StatusCode}`,
  );
});
