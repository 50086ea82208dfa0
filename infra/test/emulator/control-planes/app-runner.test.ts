import {
  AppRunnerClient,
  CreateAutoScalingConfigurationCommand,
  CreateServiceCommand,
  type CreateServiceCommandInput,
  DeleteAutoScalingConfigurationCommand,
  DeleteServiceCommand,
  DescribeServiceCommand,
  ListOperationsCommand,
  ListServicesCommand,
  ListTagsForResourceCommand,
  type Service,
  UpdateServiceCommand,
} from '@aws-sdk/client-apprunner';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appRunnerApi } from '../../../emulator/control-planes/app-runner/api.ts';
import { type Listener, listen } from '../../../emulator/listen.ts';
import { Checked } from '../../published/checked.ts';
import { type Bench, bench } from '../runtimes/fixture.ts';
import { constantTraffic } from '../runtimes/traffic.ts';
import { settled } from './settled.ts';

const repository = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app';
let clouds: Bench;
let listener: Listener;
let checked: Checked;
let client: AppRunnerClient;

beforeEach(async () => {
  clouds = await bench({ timeScale: 200 });
  checked = new Checked();
  listener = await listen(checked.aws('aws-apprunner', appRunnerApi(clouds.host)));
  client = new AppRunnerClient({
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

function source(build: string): CreateServiceCommandInput['SourceConfiguration'] {
  return {
    AutoDeploymentsEnabled: false,
    AuthenticationConfiguration: { AccessRoleArn: 'arn:aws:iam::123456789012:role/pull' },
    ImageRepository: {
      ImageIdentifier: `${repository}:${build}`,
      ImageRepositoryType: 'ECR',
      ImageConfiguration: { Port: '8080', RuntimeEnvironmentVariables: { RELEASE_ID: build } },
    },
  };
}

const health = { Protocol: 'HTTP', Path: '/ready', Interval: 1 } as const;

async function create(build: string): Promise<Service> {
  const command = new CreateServiceCommand({
    ServiceName: 'trireme-dev',
    SourceConfiguration: source(build),
    HealthCheckConfiguration: health,
    Tags: [{ Key: 'stack', Value: 'aws-dev' }],
  });
  return (await client.send(command)).Service as Service;
}

const describeIt = async (ServiceArn = ''): Promise<Service> =>
  (await client.send(new DescribeServiceCommand({ ServiceArn }))).Service as Service;
const atRest = (arn = '') =>
  settled(
    () => describeIt(arn),
    (found) => found.Status !== 'OPERATION_IN_PROGRESS',
  );
const operations = async (ServiceArn = '') =>
  (await client.send(new ListOperationsCommand({ ServiceArn }))).OperationSummaryList ?? [];

describe('App Runner', () => {
  it('creates a service that answers, and describes it as the vendor does', async () => {
    const created = await create('a-good');
    expect(created.Status).toBe('OPERATION_IN_PROGRESS');
    expect(created.ServiceArn).toMatch(/^arn:aws:apprunner:eu-west-1:123456789012:service\/trireme-dev\/[0-9a-f]{32}$/);
    const running = await atRest(created.ServiceArn);
    expect(running).toMatchObject({
      Status: 'RUNNING',
      SourceConfiguration: source('a-good'),
      HealthCheckConfiguration: { ...health, HealthyThreshold: 1, Timeout: 2, UnhealthyThreshold: 5 },
      InstanceConfiguration: { Cpu: '1024', Memory: '2048' },
      AutoScalingConfigurationSummary: { AutoScalingConfigurationName: 'DefaultConfiguration' },
    });
    expect(running.CreatedAt).toBeInstanceOf(Date);
    const answer = await fetch(`http://${running.ServiceUrl}/environment`, { headers: { 'x-request-id': 'mine' } });
    const { environment, headers } = (await answer.json()) as Record<string, Record<string, string>>;
    expect(environment).toMatchObject({ RELEASE_ID: 'a-good' });
    expect(headers?.['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers?.['x-forwarded-for']).toBe('127.0.0.1');
    const tags = await client.send(new ListTagsForResourceCommand({ ResourceArn: created.ServiceArn }));
    expect(tags.Tags).toEqual([{ Key: 'stack', Value: 'aws-dev' }]);
  });

  it('updates without losing a request and lists the operation first', async () => {
    const { ServiceArn } = await create('a-good');
    const { ServiceUrl } = await atRest(ServiceArn);
    const traffic = constantTraffic(`http://${ServiceUrl}/`, 100);
    const updated = await client.send(new UpdateServiceCommand({ ServiceArn, SourceConfiguration: source('b-good') }));
    expect((await atRest(ServiceArn)).SourceConfiguration).toEqual(source('b-good'));
    const tally = await traffic.stop();
    expect(Object.fromEntries(tally.losses)).toEqual({});
    expect(await fetch(`http://${ServiceUrl}/`).then((answer) => answer.text())).toBe('b-good 0');
    const [newest, oldest] = await operations(ServiceArn);
    expect(newest).toMatchObject({ Id: updated.OperationId, Type: 'UPDATE_SERVICE', Status: 'SUCCEEDED' });
    expect(newest?.StartedAt).toBeInstanceOf(Date);
    expect(oldest).toMatchObject({ Type: 'CREATE_SERVICE', Status: 'SUCCEEDED' });
  });

  it.each(['b-exits', 'b-never-ready', 'missing'])(
    'rolls a failing update (%s) back in silence: RUNNING, the old image, and only the operation tells',
    async (bad) => {
      const { ServiceArn } = await create('a-good');
      const { ServiceUrl } = await atRest(ServiceArn);
      const traffic = constantTraffic(`http://${ServiceUrl}/`, 50);
      await client.send(new UpdateServiceCommand({ ServiceArn, SourceConfiguration: source(bad) }));
      await settled(
        () => operations(ServiceArn),
        ([newest]) => newest?.Status === 'ROLLBACK_IN_PROGRESS' || newest?.Status === 'ROLLBACK_SUCCEEDED',
      );
      const after = await atRest(ServiceArn);
      expect(after).toMatchObject({ Status: 'RUNNING', SourceConfiguration: source('a-good') });
      expect((await operations(ServiceArn))[0]).toMatchObject({
        Type: 'UPDATE_SERVICE',
        Status: 'ROLLBACK_SUCCEEDED',
        EndedAt: expect.any(Date),
      });
      const tally = await traffic.stop();
      expect([tally.lost, [...tally.answers.keys()]]).toEqual([0, ['a-good 4']]);
      expect(clouds.host.pids()).toHaveLength(1);
    },
  );

  it('leaves a service that failed to be created, which can only be deleted', async () => {
    const { ServiceArn } = await create('a-exits');
    expect((await atRest(ServiceArn)).Status).toBe('CREATE_FAILED');
    expect((await operations(ServiceArn))[0]).toMatchObject({ Type: 'CREATE_SERVICE', Status: 'FAILED' });
    const update = new UpdateServiceCommand({ ServiceArn, SourceConfiguration: source('b-good') });
    await expect(client.send(update)).rejects.toMatchObject({ name: 'InvalidStateException' });
    await expect(create('b-good')).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await client.send(new DeleteServiceCommand({ ServiceArn }));
    expect((await atRest(ServiceArn)).Status).toBe('DELETED');
    expect((await client.send(new ListServicesCommand({}))).ServiceSummaryList).toEqual([]);
  });

  it('takes one operation at a time', async () => {
    const { ServiceArn } = await create('a-good');
    const update = new UpdateServiceCommand({ ServiceArn, SourceConfiguration: source('b-good') });
    await expect(client.send(update)).rejects.toMatchObject({ name: 'InvalidStateException' });
  });

  it('scales as its configuration says and keeps a configuration that is in use', async () => {
    const name = { AutoScalingConfigurationName: 'trireme-dev', MaxConcurrency: 50, MinSize: 2, MaxSize: 3 };
    const made = await client.send(new CreateAutoScalingConfigurationCommand(name));
    const arn = made.AutoScalingConfiguration?.AutoScalingConfigurationArn ?? '';
    const again = await client.send(new CreateAutoScalingConfigurationCommand(name));
    expect(again.AutoScalingConfiguration?.AutoScalingConfigurationRevision).toBe(2);
    const { Service: service } = await client.send(
      new CreateServiceCommand({
        ServiceName: 'trireme-dev',
        SourceConfiguration: source('a-good'),
        HealthCheckConfiguration: health,
        AutoScalingConfigurationArn: arn,
      }),
    );
    await atRest(service?.ServiceArn);
    expect(clouds.host.pids()).toHaveLength(2);
    const remove = new DeleteAutoScalingConfigurationCommand({ AutoScalingConfigurationArn: arn });
    await expect(client.send(remove)).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await client.send(new DeleteServiceCommand({ ServiceArn: service?.ServiceArn }));
    await atRest(service?.ServiceArn);
    await client.send(remove);
    expect(clouds.host.pids()).toEqual([]);
  });

  it.each([
    ['a name the vendor refuses', { ServiceName: 'abc' }],
    ['an image outside ECR', { SourceConfiguration: withImage('docker.io/app:1') }],
    ['a reserved variable', { SourceConfiguration: withVariable('AWSAPPRUNNER_X') }],
    ['a threshold out of range', { HealthCheckConfiguration: { Interval: 21 } }],
    ['an unknown scaling configuration', { AutoScalingConfigurationArn: 'arn:none' }],
  ])('refuses %s', async (_what, changes) => {
    const good = { ServiceName: 'trireme-dev', SourceConfiguration: source('a-good') };
    await expect(client.send(new CreateServiceCommand({ ...good, ...changes }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringMatching(/.{20}/),
    });
    expect((await client.send(new ListServicesCommand({}))).ServiceSummaryList).toEqual([]);
  });

  it("answers what it does not know in the vendor's error shape", async () => {
    const unknown = await fetch(listener.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AppRunner.StartDeployment' },
      body: '{}',
    });
    expect(unknown.status).toBe(400);
    expect(await unknown.json()).toMatchObject({ __type: expect.stringContaining('UnknownOperationException') });
    await expect(describeIt('arn:aws:apprunner:none')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

function withImage(image: string): CreateServiceCommandInput['SourceConfiguration'] {
  return { ImageRepository: { ImageIdentifier: image, ImageRepositoryType: 'ECR' } };
}

function withVariable(name: string): CreateServiceCommandInput['SourceConfiguration'] {
  return {
    ...source('a-good'),
    ImageRepository: {
      ImageIdentifier: `${repository}:a-good`,
      ImageRepositoryType: 'ECR',
      ImageConfiguration: { RuntimeEnvironmentVariables: { [name]: '1' } },
    },
  };
}
