import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ComponentResource } from '@pulumi/pulumi';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AwsPredictionService } from '../../../clouds/aws/app-runner/component.ts';
import { cloudRegistry } from '../../../clouds/index.ts';
import { foundationConfig, type ReleaseArgs, type ServiceConfig, serviceConfig } from '../../../contract/service.ts';
import { type AttachedClouds, attachedClouds } from '../../emulator/providers/attached-clouds.ts';
import { inlineStack } from '../../emulator/providers/inline-stack.ts';
import { installationMilliseconds } from '../../pulumi/tiny-deployer.ts';

const region = 'eu-west-1';
const home = '123456789012';
const foundation = foundationConfig.parse({
  region,
  github: { owner: 'octo', ownerId: '1', repository: 'wine', repositoryId: '2' },
  alarmEmail: 'oncall@example.org',
  stateBucket: true,
  labels: { team: 'wine' },
});
const base = {
  runtime: 'app-runner',
  region,
  account: home,
  cpu: 1,
  memoryMiB: 2048,
  minInstances: 1,
  maxInstances: 2,
  concurrency: 50,
  protect: false,
  env: {},
  secrets: {},
  logRetentionDays: 14,
  alarms: { errorRatePercent: 2 },
  dashboard: true,
  objectStore: true,
  labels: { team: 'wine' },
};
/** What belongs to a service on the internet, and what to one in a network of one's own. */
const configs: Readonly<Record<'dev' | 'prod', ServiceConfig>> = {
  dev: serviceConfig.parse({ ...base, exposure: 'public', uptimeCheck: true, domain: 'predict.example.org' }),
  prod: serviceConfig.parse({
    ...base,
    exposure: 'private',
    network: {
      vpc: 'vpc-0123456789abcdef0',
      subnets: ['subnet-0123456789abcdef1', 'subnet-0123456789abcdef0'],
      securityGroups: ['sg-0123456789abcdef0'],
    },
    database: { engine: 'postgresql', size: 'db.t4g.micro', storageGiB: 20 },
  }),
};
const release = {
  releaseId: 'rel-1-000000000000',
  imageDigest: 'sha256:1',
  buildId: 'bld-1',
  imageRef: `${home}.dkr.ecr.eu-west-1.amazonaws.com/trireme@sha256:1`,
} as unknown as ReleaseArgs;

/** How Pulumi marks a secret wherever it writes one down. */
const signature = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';

interface Recorded {
  readonly type: string;
  readonly urn: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

let clouds: AttachedClouds;
let directory: string;
let stack: Stack;
let resources: readonly Recorded[];
let outputs: Readonly<Record<string, { readonly value: unknown }>>;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trireme-aws-'));
  clouds = await attachedClouds();
  stack = await inlineStack({ name: 'aws-all', directory, debugProviders: clouds.debugProviders, program });
  outputs = (await stack.up()).outputs;
  resources = (await stack.exportStack()).deployment.resources.map((one: Recorded) => ({
    ...one,
    inputs: one.inputs ?? {},
  }));
}, installationMilliseconds);
afterAll(async () => {
  await clouds?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function program() {
  const provider = await cloudRegistry.aws.provider(region, home);
  const base = await cloudRegistry.aws.foundation(foundation, { provider });
  const serve = (environment: 'dev' | 'prod') =>
    new AwsPredictionService(
      environment,
      {
        stack: { name: `aws-${environment}`, cloud: 'aws', environment },
        config: configs[environment],
        foundation: base,
        release,
        stage: 'live',
      },
      // Two stacks of one program: URNs are told apart by the types above them.
      { provider, parent: new ComponentResource(`tests:index:${environment}`, environment, {}, { provider }) },
    );
  const { endpoint, coordinates } = serve('dev');
  return { details: base.details, endpoint, coordinates, inside: serve('prod').endpoint };
}

/** The inputs of the one resource of this name in a service stack. */
function inputsOf(environment: 'dev' | 'prod', name: string): Readonly<Record<string, unknown>> {
  const found = resources.filter(({ urn }) => urn.includes(`tests:index:${environment}$`) && urn.endsWith(`::${name}`));
  expect(found.map(({ urn }) => urn)).toHaveLength(1);
  return found[0]?.inputs ?? {};
}

describe('AWS with every key of foundation and service set', () => {
  it('hands out what service stacks, workflows and people need', () => {
    expect(outputs.details?.value).toEqual({
      alarmChannel: `arn:aws:sns:eu-west-1:${home}:trireme-alarms`,
      'alarmChannel.us-east-1': `arn:aws:sns:us-east-1:${home}:trireme-alarms`,
      'permissionsBoundary.dev': `arn:aws:iam::${home}:policy/trireme-dev-boundary`,
      'permissionsBoundary.prod': `arn:aws:iam::${home}:policy/trireme-prod-boundary`,
      'role.deploy-dev': `arn:aws:iam::${home}:role/trireme-deploy-dev`,
      'role.deploy-prod': `arn:aws:iam::${home}:role/trireme-deploy-prod`,
      'role.plan': `arn:aws:iam::${home}:role/trireme-plan`,
      stateBucket: `trireme-state-${home}`,
    });
  });

  it('answers, outside and inside, and says which records the domain needs', async () => {
    for (const endpoint of [outputs.endpoint?.value, outputs.inside?.value]) {
      expect((await fetch(`${endpoint}/`)).status).toBe(200);
    }
    const coordinates = outputs.coordinates?.value as { dnsRecords: string } | undefined;
    expect(coordinates?.dnsRecords.split('\n')).toEqual([
      expect.stringMatching(/^predict\.example\.org CNAME \S+$/),
      expect.stringMatching(/^_[0-9a-f]+\.predict\.example\.org\. CNAME _[0-9a-f]+\.acm-validations\.aws\.$/),
      expect.stringMatching(/^_[0-9a-f]+\.predict\.example\.org\. CNAME /),
    ]);
  });

  it('tags everything that can be tagged, by platform and by label', () => {
    const tagged = resources.filter(({ inputs }) => 'tags' in inputs);
    expect(tagged.length).toBeGreaterThan(25);
    for (const { inputs, urn } of tagged) {
      expect(inputs.tags, urn).toMatchObject({ team: 'wine', project: 'trireme', 'managed-by': 'pulumi' });
    }
  });

  it('puts each alarm beside the topic it tells', () => {
    const alarms = resources.filter(({ type }) => type === 'aws:cloudwatch/metricAlarm:MetricAlarm');
    expect(alarms.map(({ inputs }) => inputs.name).sort()).toEqual([
      'trireme-dev-error-rate',
      'trireme-dev-latency',
      'trireme-dev-not-ready',
      'trireme-dev-uptime',
      'trireme-prod-error-rate',
      'trireme-prod-latency',
      'trireme-prod-not-ready',
    ]);
    for (const { inputs } of alarms) {
      const place = inputs.region ?? region;
      expect(inputs.alarmActions).toEqual([`arn:aws:sns:${place}:${home}:trireme-alarms`]);
      expect(inputs.okActions).toEqual(inputs.alarmActions);
    }
    expect(inputsOf('dev', 'alarm-error-rate')).toMatchObject({ threshold: 2 });
    expect(inputsOf('dev', 'alarm-uptime')).toMatchObject({ region: 'us-east-1', treatMissingData: 'breaching' });
  });

  it('keeps the logs App Runner makes for as long as the stack says', () => {
    const schedules = resources.filter(({ type }) => type === 'aws:scheduler/schedule:Schedule');
    const sets = schedules.map(({ inputs }) => JSON.parse((inputs.target as { input: string }).input));
    expect(sets.map(({ LogGroupName }) => LogGroupName.replace(/[0-9a-f]{32}/, 'ID')).sort()).toEqual([
      '/aws/apprunner/trireme-dev/ID/application',
      '/aws/apprunner/trireme-dev/ID/service',
      '/aws/apprunner/trireme-prod/ID/application',
      '/aws/apprunner/trireme-prod/ID/service',
    ]);
    expect(new Set(sets.map(({ RetentionInDays }) => RetentionInDays))).toEqual(new Set([14]));
  });

  it('gives the container its database and bucket, and the password to nobody else', async () => {
    const answer = await fetch(`${outputs.inside?.value}/environment`);
    const { environment } = (await answer.json()) as { environment: Readonly<Record<string, string>> };
    expect(environment.OBJECT_STORE_URL).toBe(`s3://trireme-prod-${home}`);
    expect(environment.DATABASE_URL).toMatch(
      /^postgresql:\/\/trireme:[A-Za-z0-9]{32}@trireme-prod\.[a-z0-9.-]+:5432\/trireme\?sslmode=require$/,
    );

    const service = JSON.stringify(inputsOf('prod', 'service'));
    expect(service).toMatch(/"OBJECT_STORE_URL":"s3:\/\/trireme-prod-123456789012"/);
    expect(service).toMatch(/"DATABASE_URL":"arn:aws:secretsmanager:eu-west-1:\d+:secret:trireme-prod\/database-url-/);
    expect(inputsOf('prod', 'database')).toMatchObject({
      publiclyAccessible: false,
      storageEncrypted: true,
      deleteAutomatedBackups: false,
    });
    for (const kept of [inputsOf('prod', 'database-url-value').secretString, inputsOf('prod', 'database').password]) {
      expect(kept).toMatchObject({ [signature]: secretSignature });
    }
  });

  it('bounds every role a service stack makes', () => {
    const roles = resources.filter(
      ({ type, urn }) => type === 'aws:iam/role:Role' && urn.includes('PredictionService$'),
    );
    expect(roles).toHaveLength(4);
    for (const { inputs } of roles) {
      const [, environment] = String(inputs.name).split('-');
      expect(inputs.permissionsBoundary).toBe(`arn:aws:iam::${home}:policy/trireme-${environment}-boundary`);
    }
  });

  it('changes nothing the second time, and goes without remains', async () => {
    expect((await stack.preview({ refresh: true })).changeSummary).toEqual({ same: expect.any(Number) });
    await stack.destroy();
    expect((await stack.exportStack()).deployment.resources ?? []).toEqual([]);
    expect([...clouds.repositories]).toEqual([]);
    expect(clouds.bench.host.pids()).toEqual([]);
  });
});
