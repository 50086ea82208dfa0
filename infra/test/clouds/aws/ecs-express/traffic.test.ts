import { CreateExpressGatewayServiceCommand } from '@aws-sdk/client-ecs';
import { expect, it } from 'vitest';
import { ecsClient } from '../../../../clouds/aws/ecs-express/client.ts';
import { ecsExpressTraffic, queriesFor, trafficIn } from '../../../../clouds/aws/ecs-express/traffic.ts';
import { cloudWatchApi } from '../../../../emulator/control-planes/app-runner/metrics.ts';
import { ecsApi } from '../../../../emulator/control-planes/ecs/api.ts';
import { listen } from '../../../../emulator/listen.ts';
import { bench } from '../../../emulator/runtimes/fixture.ts';
import { clock } from '../../emulated-clouds.ts';
import { metricResult } from '../metric-results.ts';

it.each([
  [
    'no request',
    [metricResult('requests0', {}), metricResult('errors0', {}), metricResult('latency0', {})],
    { requests: 0, errors: 0 },
  ],
  [
    'a minute without a 5xx, and latency in seconds',
    [
      metricResult('requests0', { 0: 60, 1: 40 }),
      metricResult('errors0', { 1: 4 }),
      metricResult('latency0', { 0: 0.01, 1: 0.035 }),
    ],
    { requests: 100, errors: 4, meanLatencyMs: 20 },
  ],
  [
    'two target groups, between which a deployment moved the requests in one minute',
    [
      metricResult('requests0', { 0: 50 }),
      metricResult('requests1', { 0: 50 }),
      metricResult('errors1', { 0: 5 }),
      metricResult('latency0', { 0: 0.01 }),
      metricResult('latency1', { 0: 0.03 }),
    ],
    { requests: 100, errors: 5, meanLatencyMs: 20 },
  ],
])('adds up what CloudWatch tells: %s', (_, results, expected) => expect(trafficIn(results)).toEqual(expected));

it.each(['Forbidden', 'InternalError'] as const)('takes no part for the whole: %s', (StatusCode) => {
  expect(() => trafficIn([metricResult('requests0', { 0: 1 }), { Id: 'errors0', StatusCode }])).toThrow(
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

it('counts what people met, by the names that ECS itself gives its balancer', async () => {
  const clouds = await bench({ timeScale: 1000 });
  const [ecs, metrics] = await Promise.all([listen(ecsApi(clouds.host)), listen(cloudWatchApi(clouds.host))]);
  const serviceArn = 'arn:aws:ecs:eu-west-1:123456789012:service/default/trireme-dev';
  const client = ecsClient(serviceArn, ecs.url);
  try {
    const image = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:a-sick';
    const { service } = await client.send(
      new CreateExpressGatewayServiceCommand({
        serviceName: 'trireme-dev',
        executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
        infrastructureRoleArn: 'arn:aws:iam::123456789012:role/infrastructure',
        primaryContainer: { image, containerPort: 8080, environment: [{ name: 'PORT', value: '8080' }] },
        healthCheckPath: '/ready',
      }),
    );
    const endpoint = `http://${service?.activeConfigurations?.[0]?.ingressPaths?.[0]?.endpoint}`;
    await expect.poll(async () => (await fetch(`${endpoint}/ready`)).status).toBe(200);
    const from = Date.now();
    // Three of the ten are answered with 500; what nobody answered before is the balancer's alone.
    for (let sent = 0; sent < 10; sent++) await fetch(endpoint);
    const control = { endpoint: ecs.url, fetch, clock, timeScale: 1 };
    const reader = ecsExpressTraffic({ ...control, endpoint: metrics.url }, () => control);
    const coordinates = { serviceArn };
    const release = { releaseId: 'r', imageDigest: 'd', buildId: 'b', imageRef: image };
    const read = () => reader.read({ endpoint, revision: 'r', coordinates, release }, from - 1000, Date.now() + 1000);
    const { requests, errors, meanLatencyMs } = await read();
    expect({ errors, requests }).toEqual({ errors: 3, requests: 11 });
    expect(meanLatencyMs).toBeGreaterThan(0);
    expect(meanLatencyMs).toBeLessThan(10_000);
  } finally {
    client.destroy();
    await Promise.all([ecs.close(), metrics.close()]);
    await clouds.stop();
  }
});
