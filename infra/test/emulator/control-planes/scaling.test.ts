import { afterEach, beforeEach, expect, it } from 'vitest';
import { appRunnerApi } from '../../../emulator/control-planes/app-runner/api.ts';
import { appServiceApi } from '../../../emulator/control-planes/app-service/api.ts';
import { scalingOf } from '../../../emulator/control-planes/app-service/autoscale.ts';
import { cloudRunApi } from '../../../emulator/control-planes/cloud-run/api.ts';
import type { Handler } from '../../../emulator/world.ts';
import { Checked } from '../../published/checked.ts';
import { type Bench, bench } from '../runtimes/fixture.ts';
import { settled } from './settled.ts';

let clouds: Bench;
let checked: Checked;
beforeEach(async () => {
  // A quarter of an hour passes in two seconds.
  clouds = await bench({ timeScale: 450, leastScalingSeconds: 0.5 });
  checked = new Checked();
});
afterEach(async () => {
  await clouds.stop();
  checked.assert();
});

async function ask(
  handler: Handler,
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const answer = await handler({
    method,
    url,
    headers,
    body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
  });
  return { status: answer.status, body: JSON.parse(answer.body?.toString() || '{}') };
}

const processes = (count: number) =>
  settled(
    async () => clouds.host.pids().length,
    (found) => found === count,
  );
const address = () => [...clouds.host.services][0]?.url ?? '';

const plan = '/subscriptions/s/resourceGroups/trireme/providers/Microsoft.Web/serverfarms/trireme';
const setting = (minimum: string, maximum: string) => ({
  location: 'westeurope',
  properties: {
    enabled: true,
    name: 'trireme',
    targetResourceUri: plan,
    profiles: [
      {
        name: 'cpu',
        capacity: { minimum, maximum, default: minimum },
        rules: (
          [
            ['Increase', 'GreaterThan', 70, 'PT5M'],
            ['Decrease', 'LessThan', 35, 'PT10M'],
          ] as const
        ).map(([direction, operator, threshold, timeWindow]) => ({
          metricTrigger: {
            metricName: 'CpuPercentage',
            metricResourceUri: plan,
            timeGrain: 'PT1M',
            statistic: 'Average',
            timeWindow,
            timeAggregation: 'Average',
            operator,
            threshold,
          },
          scaleAction: { direction, type: 'ChangeCount', value: '1', cooldown: timeWindow },
        })),
      },
    ],
  },
});

it('App Service follows the autoscale setting of its plan, of whichever is made first', async () => {
  const arm = checked.rest(['azure-web', 'azure-monitor'], appServiceApi(clouds.host));
  const site = '/subscriptions/s/resourceGroups/trireme/providers/Microsoft.Web/sites/trireme?api-version=2024-11-01';
  const autoscale = `${plan.replace(/Microsoft.Web.*/, 'Microsoft.Insights/autoscalesettings/trireme')}?api-version=2022-10-01`;
  const siteConfig = {
    linuxFxVersion: 'DOCKER|registry.example/app:a-good',
    appSettings: ['PORT', 'WEBSITES_PORT'].map((name) => ({ name, value: '8080' })),
  };
  await ask(arm, 'PUT', site, { location: 'westeurope', properties: { serverFarmId: plan, siteConfig } });
  await processes(1);
  expect((await ask(arm, 'PUT', autoscale, setting('2', '3'))).status).toBe(200);
  await processes(2);
  expect((await ask(arm, 'GET', autoscale)).body).toMatchObject({ name: 'trireme', properties: { enabled: true } });
  // Another minimum, and a new container of the same site under the same setting.
  await ask(arm, 'PUT', autoscale, setting('3', '4'));
  await processes(3);
  expect((await ask(arm, 'DELETE', autoscale)).status).toBe(200);
  expect((await ask(arm, 'GET', autoscale)).status).toBe(404);
  expect((await fetch(address())).status).toBe(200);
});

it('reads thresholds and windows from the setting', () => {
  expect(scalingOf(setting('2', '5'))).toMatchObject({
    min: 2,
    max: 5,
    capacity: { cpuPercent: 70 },
    rule: { metric: 'cpu', outSeconds: 300, inSeconds: 600, step: 'one' },
  });
});

it('Cloud Run without a minimum goes to zero when idle, and comes back for a request', async () => {
  const run = checked.rest(['gcp-run'], cloudRunApi(clouds.host));
  const parent = '/v2/projects/trireme-emulated/locations/europe-west1/services';
  const template = {
    containers: [
      { image: 'registry.example/app:a-good', startupProbe: { httpGet: { path: '/ready' }, periodSeconds: 2 } },
    ],
    scaling: { maxInstanceCount: 2 },
  };
  await ask(run, 'POST', `${parent}?serviceId=trireme`, { template });
  await processes(1);
  await processes(0);
  expect((await fetch(address())).status).toBe(200);
  expect(clouds.host.pids()).toHaveLength(1);
});

it('App Runner starts another instance for requests beyond what its configuration gives to one', async () => {
  const runner = checked.aws('aws-apprunner', appRunnerApi(clouds.host));
  const operation = (name: string, body: unknown) =>
    ask(runner, 'POST', '/', body, { 'x-amz-target': `AppRunner.${name}` });
  const limits = { AutoScalingConfigurationName: 'trireme', MaxConcurrency: 2, MinSize: 1, MaxSize: 2 };
  const { AutoScalingConfiguration } = (await operation('CreateAutoScalingConfiguration', limits)).body;
  await operation('CreateService', {
    ServiceName: 'trireme-dev',
    AutoScalingConfigurationArn: AutoScalingConfiguration.AutoScalingConfigurationArn,
    SourceConfiguration: {
      AutoDeploymentsEnabled: false,
      AuthenticationConfiguration: { AccessRoleArn: 'arn:aws:iam::123456789012:role/pull' },
      ImageRepository: {
        ImageIdentifier: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:a-good',
        ImageRepositoryType: 'ECR',
      },
    },
  });
  await settled(
    async () => fetch(address()).then(({ status }) => status),
    (status) => status === 200,
  );
  const asked = Promise.all([1, 2, 3, 4, 5].map(() => fetch(`${address()}/?wait=1500`)));
  await processes(2);
  expect((await asked).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  await processes(1);
});
