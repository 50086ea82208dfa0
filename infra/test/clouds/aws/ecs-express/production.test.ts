import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Policy } from '@pulumi/aws/iam/policy.js';
import { ComponentResource, output } from '@pulumi/pulumi';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundaryDocument, boundaryName } from '../../../../clouds/aws/boundary.ts';
import { AwsExpressPredictionService } from '../../../../clouds/aws/ecs-express/component.ts';
import { ecsExpressFaults } from '../../../../clouds/aws/ecs-express/limits.ts';
import { cloudRegistry } from '../../../../clouds/index.ts';
import { type ReleaseArgs, type ServiceConfig, serviceConfig } from '../../../../contract/service.ts';
import { settled } from '../../../emulator/control-planes/settled.ts';
import { type AttachedClouds, attachedClouds } from '../../../emulator/providers/attached-clouds.ts';
import { inlineStack } from '../../../emulator/providers/inline-stack.ts';
import { installationMilliseconds } from '../../../pulumi/tiny-deployer.ts';

const region = 'eu-west-1';
const account = '123456789012';
const topicIn = (place: string) => `arn:aws:sns:${place}:${account}:trireme-alarms`;
const base = {
  runtime: 'ecs-express',
  region,
  cpu: 1,
  memoryMiB: 2048,
  minInstances: 1,
  maxInstances: 2,
  concurrency: 50,
  protect: false,
  env: {},
  secrets: {},
  logRetentionDays: 14,
  labels: { team: 'wine' },
};
/** Prod has every key a service in a network can have; dev what is left of them, and nothing counted. */
const configs: Readonly<Record<'dev' | 'prod', ServiceConfig>> = {
  dev: serviceConfig.parse({ ...base, exposure: 'public', uptimeCheck: true }),
  prod: serviceConfig.parse({
    ...base,
    exposure: 'private',
    network: {
      vpc: 'vpc-0123456789abcdef0',
      subnets: ['subnet-0123456789abcdef1', 'subnet-0123456789abcdef0'],
      securityGroups: ['sg-0123456789abcdef0'],
    },
    alarms: { errorRatePercent: 2, latencyMilliseconds: 250, notReadyMinutes: 3 },
    dashboard: true,
    database: { engine: 'postgresql', size: 'db.t4g.micro', storageGiB: 20 },
    objectStore: true,
  }),
};
const release = {
  releaseId: 'rel-1-000000000000',
  imageDigest: `sha256:${'1'.repeat(64)}`,
  buildId: 'bld-1',
  imageRef: `${account}.dkr.ecr.${region}.amazonaws.com/trireme:a-good`,
} as unknown as ReleaseArgs;

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
  directory = await mkdtemp(join(tmpdir(), 'trireme-express-'));
  clouds = await attachedClouds();
  stack = await inlineStack({ name: 'express-all', directory, debugProviders: clouds.debugProviders, program });
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
  const provider = await cloudRegistry.aws.provider(region);
  const boundary = (environment: 'dev' | 'prod') =>
    new Policy(
      `boundary-${environment}`,
      { name: boundaryName(environment), policy: JSON.stringify(boundaryDocument({ account, environment })) },
      { provider },
    ).arn;
  /** As a foundation hands them out. */
  const foundation = {
    pullIdentity: `arn:aws:iam::${account}:role/trireme-pull`,
    details: output({
      alarmChannel: topicIn(region),
      'permissionsBoundary.dev': boundary('dev'),
      'permissionsBoundary.prod': boundary('prod'),
    }),
  };
  const serve = (environment: 'dev' | 'prod') =>
    new AwsExpressPredictionService(
      environment,
      {
        stack: { name: `aws-${environment}`, cloud: 'aws', environment },
        config: configs[environment],
        foundation,
        release,
        stage: 'live',
      },
      // Two stacks of one program: URNs are told apart by the types above them.
      { provider, parent: new ComponentResource(`tests:index:${environment}`, environment, {}, { provider }) },
    );
  return { dev: serve('dev').endpoint, prod: serve('prod').endpoint };
}

function ofStack(environment: 'dev' | 'prod', type?: string): readonly Recorded[] {
  return resources.filter(
    (one) => one.urn.includes(`tests:index:${environment}$`) && (type === undefined || one.type === type),
  );
}
const alarm = 'aws:cloudwatch/metricAlarm:MetricAlarm';
const filter = 'aws:cloudwatch/logMetricFilter:LogMetricFilter';

/** What the running container was given. */
async function environmentOf(name: 'dev' | 'prod'): Promise<Readonly<Record<string, string>>> {
  const url = `${outputs[name]?.value}/environment`;
  const answered = await settled(
    () => fetch(url),
    ({ status }) => status === 200,
  );
  return ((await answered.json()) as { environment: Record<string, string> }).environment;
}

describe('ECS Express Mode with every key of a stack file that it takes', () => {
  it('is what a stack file may say', () => {
    expect([...ecsExpressFaults(configs.dev), ...ecsExpressFaults(configs.prod)]).toEqual([]);
  });

  it('gives the container its database, its bucket and the log that is counted', async () => {
    const environment = await environmentOf('prod');
    expect(environment).toMatchObject({ OBJECT_STORE_URL: `s3://trireme-prod-${account}`, REQUEST_LOG: 'on' });
    expect(environment.DATABASE_URL).toMatch(
      /^postgresql:\/\/trireme:[A-Za-z0-9]{32}@trireme-prod\.[a-z0-9.-]+:5432\/trireme\?sslmode=require$/,
    );
    const [service] = ofStack('prod', 'aws:ecs/expressGatewayService:ExpressGatewayService');
    expect(JSON.stringify(service?.inputs)).not.toContain(environment.DATABASE_URL?.split(/[:@]/)[2]);
  });

  it('lets each role do what its part of the work needs, and lets the stack’s own go no further than the boundary', () => {
    const policies = ofStack('prod', 'aws:iam/rolePolicy:RolePolicy').map(({ inputs }) => [
      inputs.role,
      (JSON.parse(String(inputs.policy)) as { Statement: { Action: string | string[] }[] }).Statement.flatMap(
        ({ Action }) => Action,
      ),
    ]);
    expect(Object.fromEntries(policies)).toEqual({
      'trireme-prod-execution': expect.arrayContaining(['secretsmanager:GetSecretValue', 'logs:PutLogEvents']),
      'trireme-prod-task': ['s3:ListBucket', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'],
    });
    const boundary = `arn:aws:iam::${account}:policy/${boundaryName('prod')}`;
    const bounds = ofStack('prod', 'aws:iam/role:Role').map(({ inputs }) => [inputs.name, inputs.permissionsBoundary]);
    expect(Object.fromEntries(bounds)).toEqual({
      'trireme-prod-execution': boundary,
      'trireme-prod-task': boundary,
      'trireme-prod-infrastructure': undefined,
    });
  });

  it('counts the lines of its own log, and alarms and dashboard ask for nothing that nobody counts', () => {
    const counted = ofStack('prod', filter).map(({ inputs }) => {
      const { namespace, name } = inputs.metricTransformation as { namespace: string; name: string };
      expect(inputs.logGroupName).toBe('/ecs/trireme-prod');
      return `${namespace} ${name}`;
    });
    expect(counted.sort()).toEqual([
      'trireme-prod Latency',
      'trireme-prod ReadyProbes',
      'trireme-prod Requests',
      'trireme-prod ServerErrors',
    ]);
    const alarmed = ofStack('prod', alarm).flatMap(({ inputs }) => metricsIn(inputs));
    expect([...new Set(alarmed)].sort()).toEqual(counted);
    const [board] = ofStack('prod', 'aws:cloudwatch/dashboard:Dashboard');
    const { widgets } = JSON.parse(String(board?.inputs.dashboardBody)) as { widgets: Widget[] };
    const shown = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    const own = new Set(shown.filter(([, , ...dimensions]) => dimensions.length === 1).map(([a, b]) => `${a} ${b}`));
    expect([...own].sort()).toEqual(counted);
    expect(shown.filter(([, , ...dimensions]) => dimensions.length > 1)).toEqual([
      ['AWS/ECS', 'CPUUtilization', 'ClusterName', 'default', 'ServiceName', 'trireme-prod', { stat: 'Average' }],
      ['AWS/ECS', 'MemoryUtilization', 'ClusterName', 'default', 'ServiceName', 'trireme-prod', { stat: 'Average' }],
    ]);
  });

  it('wakes whoever listens, at what the stack file says, and when no task has anything to say', () => {
    const found = Object.fromEntries(ofStack('prod', alarm).map(({ inputs }) => [inputs.name, inputs]));
    expect(found).toMatchObject({
      'trireme-prod-error-rate': { threshold: 2, treatMissingData: 'notBreaching' },
      // Seconds, as the log has them.
      'trireme-prod-latency': { threshold: 0.25, extendedStatistic: 'p95', treatMissingData: 'notBreaching' },
      'trireme-prod-not-ready': { evaluationPeriods: 3, treatMissingData: 'breaching' },
    });
    expect(Object.keys(found)).toHaveLength(3);
    for (const inputs of Object.values(found)) {
      expect(inputs).toMatchObject({ alarmActions: [topicIn(region)], okActions: [topicIn(region)] });
    }
  });

  it('makes nothing that nobody asked for', async () => {
    const types = new Set(ofStack('dev').map(({ type }) => type));
    expect([...types].filter((type) => /cloudwatch|rds|s3|secretsmanager/.test(type))).toEqual([
      'aws:cloudwatch/logGroup:LogGroup',
    ]);
    expect(types).toContain('aws:route53/healthCheck:HealthCheck');
    expect(await environmentOf('dev')).not.toHaveProperty('REQUEST_LOG');
  });

  it('changes nothing the second time, and goes without remains', async () => {
    expect((await stack.preview({ refresh: true })).changeSummary).toEqual({ same: expect.any(Number) });
    await stack.destroy();
    expect((await stack.exportStack()).deployment.resources ?? []).toEqual([]);
    expect(clouds.bench.host.pids()).toEqual([]);
  });
});

interface Widget {
  readonly properties: { readonly metrics?: readonly (readonly unknown[])[] };
}

function metricsIn(inputs: Readonly<Record<string, unknown>>): readonly string[] {
  const queries = (inputs.metricQueries ?? []) as readonly { metric?: { namespace: string; metricName: string } }[];
  const asked = queries.flatMap(({ metric }) => (metric === undefined ? [] : [metric]));
  const single = inputs.metricName === undefined ? [] : [inputs as { namespace: string; metricName: string }];
  return [...asked, ...single].map(({ namespace, metricName }) => `${namespace} ${metricName}`);
}
