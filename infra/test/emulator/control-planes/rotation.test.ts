// When a platform reads a secret: as instances start, so a rotation is a change that starts some; those before it keep what they had.
import {
  AppRunnerClient,
  CreateServiceCommand,
  type CreateServiceCommandInput,
  DescribeServiceCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-apprunner';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { appRunnerApi } from '../../../emulator/control-planes/app-runner/api.ts';
import { type Listener, listen } from '../../../emulator/listen.ts';
import { type Bench, bench } from '../runtimes/fixture.ts';
import { settled } from './settled.ts';

const secret = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:token-a1b2c3';
let clouds: Bench;
let listener: Listener;
let client: AppRunnerClient;

beforeEach(async () => {
  clouds = await bench({ timeScale: 200 });
  listener = await listen(appRunnerApi(clouds.host));
  const credentials = { accessKeyId: 'emulated', secretAccessKey: 'emulated' };
  client = new AppRunnerClient({ endpoint: listener.url, region: 'eu-west-1', credentials, maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  await listener.close();
  await clouds.stop();
});

const source = (variables: Readonly<Record<string, string>>): CreateServiceCommandInput['SourceConfiguration'] => ({
  AutoDeploymentsEnabled: false,
  AuthenticationConfiguration: { AccessRoleArn: 'arn:aws:iam::123456789012:role/pull' },
  ImageRepository: {
    ImageIdentifier: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:a-good',
    ImageRepositoryType: 'ECR',
    ImageConfiguration: {
      Port: '8080',
      RuntimeEnvironmentVariables: { ...variables },
      RuntimeEnvironmentSecrets: { TOKEN: secret },
    },
  },
});

async function atRest(ServiceArn: string | undefined) {
  const read = async () => (await client.send(new DescribeServiceCommand({ ServiceArn }))).Service;
  return settled(read, (found) => found?.Status !== 'OPERATION_IN_PROGRESS');
}

async function tokenAt(url: string | undefined): Promise<string | undefined> {
  const answer = await fetch(`http://${url}/environment`);
  return ((await answer.json()) as { environment: Record<string, string> }).environment.TOKEN;
}

it('a new value is read by the instances that a rotation starts, and by none before', async () => {
  clouds.host.secrets.set(secret, 'old');
  const HealthCheckConfiguration = { Protocol: 'HTTP', Path: '/ready', Interval: 1 } as const;
  const asked = { ServiceName: 'trireme-dev', SourceConfiguration: source({}), HealthCheckConfiguration };
  const { Service } = await client.send(new CreateServiceCommand(asked));
  const { ServiceArn } = Service ?? {};
  const { ServiceUrl } = (await atRest(ServiceArn)) ?? {};
  expect(await tokenAt(ServiceUrl)).toBe('old');
  clouds.host.secrets.set(secret, 'new');
  expect(await tokenAt(ServiceUrl)).toBe('old');
  const rotated = source({ TRIREME_SECRETS_AS_OF: '2026-11-21T12:00:00.000Z' });
  await client.send(new UpdateServiceCommand({ ServiceArn, SourceConfiguration: rotated }));
  await atRest(ServiceArn);
  expect(await tokenAt(ServiceUrl)).toBe('new');
});
