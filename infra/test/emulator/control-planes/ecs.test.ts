import {
  CreateExpressGatewayServiceCommand,
  DeleteExpressGatewayServiceCommand,
  DescribeExpressGatewayServiceCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeTasksCommand,
  ECSClient,
  type ExpressGatewayContainer,
  ListServiceDeploymentsCommand,
  ListTagsForResourceCommand,
  ListTasksCommand,
  TagResourceCommand,
  UpdateExpressGatewayServiceCommand,
} from '@aws-sdk/client-ecs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ecsApi } from '../../../emulator/control-planes/ecs/api.ts';
import { isAlarm, RollbackAlarm } from '../../../emulator/control-planes/ecs/deployment.ts';
import { accessTypeOf } from '../../../emulator/control-planes/ecs/resource.ts';
import { type Listener, listen } from '../../../emulator/listen.ts';
import { Meter } from '../../../emulator/runtimes/meter.ts';
import { Checked } from '../../published/checked.ts';
import { type Bench, bench } from '../runtimes/fixture.ts';
import { constantTraffic } from '../runtimes/traffic.ts';
import { settled } from './settled.ts';

const repository = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app';
const service = 'trireme-dev';
const serviceArn = `arn:aws:ecs:eu-west-1:123456789012:service/default/${service}`;

describe('ECS Express Mode', () => {
  let clouds: Bench;
  let checked: Checked;
  let listener: Listener;
  let client: ECSClient;

  beforeEach(async () => {
    clouds = await bench({ timeScale: 200 });
    checked = new Checked();
    listener = await listen(checked.aws('aws-ecs', ecsApi(clouds.host)));
    client = new ECSClient({
      endpoint: listener.url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'emulated', secretAccessKey: 'emulated' },
      maxAttempts: 1,
    });
  });
  afterEach(async () => {
    client.destroy();
    await listener.close();
    await clouds.stop();
    checked.assert();
  });

  const main = (build: string): ExpressGatewayContainer => ({
    image: `${repository}:${build}`,
    containerPort: 8080,
    environment: [
      { name: 'PORT', value: '8080' },
      { name: 'RELEASE_ID', value: build },
    ],
  });
  const create = async (build: string, minTaskCount = 1) => {
    const command = new CreateExpressGatewayServiceCommand({
      serviceName: service,
      executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
      infrastructureRoleArn: 'arn:aws:iam::123456789012:role/infrastructure',
      primaryContainer: main(build),
      healthCheckPath: '/ready',
      scalingTarget: {
        minTaskCount,
        maxTaskCount: minTaskCount,
        autoScalingMetric: 'AVERAGE_CPU',
        autoScalingTargetValue: 70,
      },
      tags: [{ key: 'stack', value: 'aws-dev' }],
    });
    return (await client.send(command)).service;
  };
  const update = (build: string) =>
    client.send(new UpdateExpressGatewayServiceCommand({ serviceArn, primaryContainer: main(build) }));
  const described = async () => (await client.send(new DescribeExpressGatewayServiceCommand({ serviceArn }))).service;
  const urlOf = async () => `http://${(await described())?.activeConfigurations?.[0]?.ingressPaths?.[0]?.endpoint}`;
  const deployments = async () =>
    (await client.send(new ListServiceDeploymentsCommand({ service }))).serviceDeployments ?? [];
  const ended = (status: string) => settled(deployments, ([newest]) => newest?.status === status);
  const tasks = async () => {
    const { taskArns = [] } = await client.send(new ListTasksCommand({ serviceName: service }));
    if (taskArns.length === 0) return [];
    return (await client.send(new DescribeTasksCommand({ tasks: taskArns }))).tasks ?? [];
  };
  const imageOf = async (revision = '') => {
    const command = new DescribeServiceRevisionsCommand({ serviceRevisionArns: [revision] });
    return (await client.send(command)).serviceRevisions?.[0]?.containerImages?.[0];
  };
  const detailsOf = async (arn = '') =>
    (await client.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [arn] })))
      .serviceDeployments?.[0];

  it('creates a service that answers, and names its image by digest in the revision and in every task', async () => {
    const created = await create('a-good', 2);
    expect(created).toMatchObject({ serviceArn, status: { statusCode: 'ACTIVE' } });
    const [deployment] = await ended('SUCCESSFUL');
    const [active, ...others] = (await described())?.activeConfigurations ?? [];
    expect(others).toEqual([]);
    expect(active).toMatchObject({
      serviceRevisionArn: deployment?.targetServiceRevisionArn,
      primaryContainer: main('a-good'),
      cpu: '1024',
      memory: '2048',
    });
    expect(await imageOf(active?.serviceRevisionArn)).toEqual({
      containerName: 'Main',
      image: `${repository}:a-good`,
      imageDigest: 'a-good',
    });
    const running = await tasks();
    expect(running.map(({ containers }) => containers?.[0]?.imageDigest)).toEqual(['a-good', 'a-good']);
    const answer = await fetch(`${await urlOf()}/environment`);
    const { environment, headers } = (await answer.json()) as Record<string, Record<string, string>>;
    expect(environment).toMatchObject({ RELEASE_ID: 'a-good', AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE' });
    expect(headers?.['x-amzn-trace-id']).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
    await client.send(new TagResourceCommand({ resourceArn: serviceArn, tags: [{ key: 'stack', value: 'other' }] }));
    const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn: serviceArn }));
    expect(tags).toEqual([{ key: 'stack', value: 'other' }]);
  });

  it('updates by a canary: a few requests, then all, none of them lost, and both revisions active meanwhile', async () => {
    await create('a-good');
    await ended('SUCCESSFUL');
    const traffic = constantTraffic(`${await urlOf()}/`, 100);
    await update('b-good');
    const seen = new Map<string, number>();
    const [deployment] = await settled(
      async () => {
        const now = await deployments();
        const details = await detailsOf(now[0]?.serviceDeploymentArn);
        const percent = details?.targetServiceRevision?.requestedProductionTrafficWeight ?? 0;
        seen.set(`${details?.lifecycleStage} ${percent}`, (await described())?.activeConfigurations?.length ?? 0);
        return now;
      },
      ([newest]) => newest?.status === 'SUCCESSFUL',
    );
    const tally = await traffic.stop();
    expect(Object.fromEntries(tally.losses)).toEqual({});
    expect(Object.fromEntries(seen)).toMatchObject({
      'SCALE_UP 0': 2,
      'PRODUCTION_TRAFFIC_SHIFT 5': 2,
      'BAKE_TIME 100': 2,
      'CLEAN_UP 100': 1,
    });
    expect([...tally.answers.keys()].sort()).toEqual(['a-good 4', 'b-good 4']);
    expect(await imageOf(deployment?.targetServiceRevisionArn)).toMatchObject({ imageDigest: 'b-good' });
    expect((await tasks()).map(({ containers }) => containers?.[0]?.imageDigest)).toEqual(['b-good']);
  });

  it.each([
    ['b-exits', /circuit breaker/],
    ['b-never-ready', /circuit breaker/],
    ['missing', /circuit breaker/],
    ['b-sick', /CloudWatch alarms/],
  ])('rolls a failing update (%s) back: ACTIVE all the time, and only the deployment tells', async (bad, reason) => {
    await create('a-good');
    await ended('SUCCESSFUL');
    const before = (await described())?.activeConfigurations?.[0]?.serviceRevisionArn;
    const url = await urlOf();
    const traffic = constantTraffic(`${url}/`, 50);
    await update(bad);
    const [newest] = await ended('ROLLBACK_SUCCESSFUL');
    await traffic.stop();
    expect(newest?.statusReason).toMatch(reason);
    const after = await described();
    expect(after?.status?.statusCode).toBe('ACTIVE');
    expect(after?.activeConfigurations?.map((one) => one.serviceRevisionArn)).toEqual([before]);
    expect((await tasks()).map(({ containers }) => containers?.[0]?.imageDigest)).toEqual(['a-good']);
    expect(await fetch(`${url}/`).then((answer) => answer.text())).toBe('a-good 0');
    const details = await detailsOf(newest?.serviceDeploymentArn);
    expect(details?.rollback?.serviceRevisionArn).toBe(before);
    expect([details?.alarms?.status, details?.deploymentCircuitBreaker?.status]).toContain('TRIGGERED');
  });

  it('goes back to tasks that never stopped when the new ones fail after they got all requests', async () => {
    await create('a-good');
    await ended('SUCCESSFUL');
    const url = await urlOf();
    const pids = clouds.host.pids();
    await update('b-good');
    await settled(
      async () => detailsOf((await deployments())[0]?.serviceDeploymentArn),
      (found) => found?.lifecycleStage === 'BAKE_TIME',
    );
    await settled(
      async () => {
        // New tasks end as soon as they run, under people's requests.
        for (const pid of clouds.host.pids()) if (!pids.includes(pid)) end(pid);
        await fetch(`${url}/`);
        return deployments();
      },
      ([newest]) => newest?.status !== 'IN_PROGRESS',
    );
    const [newest] = await ended('ROLLBACK_SUCCESSFUL');
    expect(newest?.statusReason).toMatch(/CloudWatch alarms/);
    expect(await fetch(`${url}/`).then((answer) => answer.text())).toBe('a-good 0');
    expect(clouds.host.pids()).toEqual(expect.arrayContaining([...pids]));
  });

  it('leaves a first bad image ACTIVE without a task, has nothing to go back to, and takes a good one after it', async () => {
    await create('a-exits');
    const [newest] = await ended('ROLLBACK_FAILED');
    expect(newest?.statusReason).toBe('No rollback candidate was found to run the rollback.');
    expect((await described())?.status?.statusCode).toBe('ACTIVE');
    expect(await tasks()).toEqual([]);
    expect((await fetch(await urlOf())).status).toBe(503);
    await update('b-good');
    await ended('SUCCESSFUL');
    expect((await tasks()).length).toBe(1);
  });

  it('gives a deployment’s place to a newer one, whose way back is what was there before both', async () => {
    await create('a-good');
    await ended('SUCCESSFUL');
    await update('b-good');
    await settled(deployments, ([newest]) => newest?.status === 'IN_PROGRESS');
    await update('c-good');
    const [newest, superseded] = await ended('SUCCESSFUL');
    expect(superseded?.status).toBe('STOPPED');
    expect(await imageOf(newest?.targetServiceRevisionArn)).toMatchObject({ imageDigest: 'c-good' });
    expect((await tasks()).map(({ containers }) => containers?.[0]?.imageDigest)).toEqual(['c-good']);
    expect((await detailsOf(newest?.serviceDeploymentArn))?.sourceServiceRevisions).toHaveLength(1);
  });

  it('drains a deleted service, takes no update of it, and gives its name away again', async () => {
    await create('a-good');
    await ended('SUCCESSFUL');
    await expect(create('b-good')).rejects.toMatchObject({ name: 'InvalidParameterException' });
    const { service: deleted } = await client.send(new DeleteExpressGatewayServiceCommand({ serviceArn }));
    expect(deleted?.status?.statusCode).toBe('DRAINING');
    await expect(update('b-good')).rejects.toMatchObject({ name: 'ServiceNotActiveException' });
    await settled(described, (found) => found?.status?.statusCode === 'INACTIVE');
    expect(clouds.host.pids()).toEqual([]);
    expect(await create('b-good')).toMatchObject({ status: { statusCode: 'ACTIVE' } });
  });

  it('refuses in the vendor’s words', async () => {
    await expect(described()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(deployments()).rejects.toMatchObject({ name: 'ServiceNotFoundException' });
    const asked = { infrastructureRoleArn: 'arn:r', executionRoleArn: 'arn:r', serviceName: 'x' };
    const wrongSize = { ...asked, primaryContainer: main('a-good'), cpu: '1024', memory: '512' };
    await expect(client.send(new CreateExpressGatewayServiceCommand(wrongSize))).rejects.toThrow(
      'No Fargate configuration exists for given values: 1024 CPU, 512 memory.',
    );
    const { failures } = await client.send(new DescribeTasksCommand({ tasks: ['none'] }));
    expect(failures).toEqual([{ arn: 'none', reason: 'MISSING' }]);
  });
});

/** It may have ended meanwhile. */
function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    expect(error).toMatchObject({ code: 'ESRCH' });
  }
}

describe('the alarm of a deployment', () => {
  const minute = (requests: number, errors: number) => ({ requests, errors });

  it.each([
    ['no minute yet', [], false],
    ['one bad minute', [minute(100, 2)], false],
    ['two bad minutes', [minute(100, 2), minute(100, 2)], true],
    ['two bad minutes of three', [minute(100, 2), minute(100, 0), minute(100, 50)], true],
    ['two bad minutes too far apart', [minute(100, 2), minute(100, 0), minute(100, 0), minute(100, 2)], false],
    ['exactly one percent', [minute(100, 1), minute(100, 1)], false],
    ['minutes without a request', [minute(0, 0), minute(0, 0), minute(100, 2)], false],
  ])('%s', (_, datapoints, expected) => expect(isAlarm(datapoints)).toBe(expected));

  it('takes an answer of 4xx for an error too, and not what the balancer answered itself', () => {
    const meter = new Meter();
    const met = (revision: string, status: number) => meter.count({ revision, status, milliseconds: 1 });
    const alarm = new RollbackAlarm(meter);
    met('', 503);
    expect([alarm.tick(), alarm.tick()]).toEqual([false, false]);
    met('app-1-blue', 404);
    expect(alarm.tick()).toBe(false);
    met('app-1-blue', 404);
    expect(alarm.tick()).toBe(true);
  });
});

it.each<[string, string[] | undefined, string]>([
  ['the default network', undefined, 'PUBLIC'],
  ['private subnets', ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'], 'PRIVATE'],
  ['public subnets', ['subnet-face456789abcdef0', 'subnet-face456789abcdef1'], 'PUBLIC'],
  ['one public subnet', ['subnet-0123456789abcdef0', 'subnet-face456789abcdef1'], 'PUBLIC'],
])('puts its balancer, in %s, where they lead', (_what, subnets, expected) => {
  expect(accessTypeOf(subnets === undefined ? {} : { networkConfiguration: { subnets } })).toBe(expected);
});
