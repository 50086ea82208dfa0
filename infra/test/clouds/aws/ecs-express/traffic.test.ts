import { expect, it } from 'vitest';
import { queriesFor, trafficIn } from '../../../../clouds/aws/ecs-express/traffic.ts';

const minute = (at: number) => new Date(Date.UTC(2026, 10, 21, 10, at));
const result = (Id: string, values: Readonly<Record<number, number>>) => ({
  Id,
  StatusCode: 'Complete' as const,
  Timestamps: Object.keys(values).map((at) => minute(Number(at))),
  Values: Object.values(values),
});

it.each([
  ['no request', [result('requests0', {}), result('errors0', {}), result('latency0', {})], { requests: 0, errors: 0 }],
  [
    'a minute without a 5xx, and latency in seconds',
    [result('requests0', { 0: 60, 1: 40 }), result('errors0', { 1: 4 }), result('latency0', { 0: 0.01, 1: 0.035 })],
    { requests: 100, errors: 4, meanLatencyMs: 20 },
  ],
  [
    'two target groups, between which a deployment moved the requests in one minute',
    [
      result('requests0', { 0: 50 }),
      result('requests1', { 0: 50 }),
      result('errors1', { 0: 5 }),
      result('latency0', { 0: 0.01 }),
      result('latency1', { 0: 0.03 }),
    ],
    { requests: 100, errors: 5, meanLatencyMs: 20 },
  ],
])('adds up what CloudWatch tells: %s', (_, results, expected) => expect(trafficIn(results)).toEqual(expected));

it.each(['Forbidden', 'InternalError'] as const)('takes no part for the whole: %s', (StatusCode) => {
  expect(() => trafficIn([result('requests0', { 0: 1 }), { Id: 'errors0', StatusCode }])).toThrow(
    `errors0: ${StatusCode}`,
  );
});

it('asks for each of the target groups, never for the balancer that other services share', () => {
  const queries = queriesFor({ loadBalancer: 'app/b/1', targetGroups: ['targetgroup/x/1', 'targetgroup/y/2'] }, 60);
  expect(queries.map(({ Id }) => Id)).toEqual(['requests0', 'errors0', 'latency0', 'requests1', 'errors1', 'latency1']);
  const asked = queries.map(({ MetricStat }) =>
    MetricStat?.Metric?.Dimensions?.find((one) => one.Name === 'TargetGroup'),
  );
  expect(new Set(asked.map((one) => one?.Value))).toEqual(new Set(['targetgroup/x/1', 'targetgroup/y/2']));
});
