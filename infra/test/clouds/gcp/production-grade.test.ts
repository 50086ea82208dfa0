import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Provider } from '@pulumi/gcp/provider.js';
import type { PulumiFn } from '@pulumi/pulumi/automation/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GcpPredictionService } from '../../../clouds/gcp/cloud-run/component.ts';
import { cloudRunFaults } from '../../../clouds/gcp/cloud-run/limits.ts';
import { GcpFoundation } from '../../../clouds/gcp/foundation.ts';
import { cloudRegistry } from '../../../clouds/index.ts';
import { foundationConfig, type ReleaseArgs, serviceConfig } from '../../../contract/service.ts';
import { accounts } from '../../../emulator/world.ts';
import { type AttachedClouds, attachedClouds } from '../../emulator/providers/attached-clouds.ts';
import { inlineStack } from '../../emulator/providers/inline-stack.ts';
import { installationMilliseconds } from '../../pulumi/tiny-deployer.ts';

let clouds: AttachedClouds;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trireme-gcp-'));
  clouds = await attachedClouds();
}, installationMilliseconds);
afterAll(async () => {
  await clouds?.stop();
  await rm(directory, { recursive: true, force: true });
});

const region = 'europe-west1';
const repository = 'europe-west1-docker.pkg.dev/trireme-emulated/trireme/trireme';
const labels = { 'cost-center': 'ml' };
const foundation = foundationConfig.parse({
  region,
  accounts: { prod: 'trireme-production' },
  github: { owner: 'octo', ownerId: '1', repository: 'app', repositoryId: '2' },
  alarmEmail: 'ops@example.org',
  stateBucket: true,
  labels,
});
const service = serviceConfig.parse({
  runtime: 'cloud-run',
  region,
  cpu: 1,
  memoryMiB: 512,
  minInstances: 1,
  maxInstances: 2,
  concurrency: 50,
  exposure: 'public',
  protect: false,
  env: {},
  secrets: {},
  logRetentionDays: 90,
  alarms: {},
  uptimeCheck: true,
  dashboard: true,
  domain: 'predict.example.org',
  network: { network: 'default', subnetwork: 'default' },
  database: { engine: 'postgresql', size: 'db-f1-micro', storageGiB: 10 },
  objectStore: true,
  labels,
});

function released(digest: string): ReleaseArgs {
  return {
    releaseId: `rel-${digest}-000000000000`,
    imageDigest: `sha256:${digest}`,
    buildId: `bld-${digest}`,
    imageRef: `${repository}@sha256:${digest}`,
  } as unknown as ReleaseArgs;
}

describe('Google Cloud with every optional key, on the real engine', () => {
  it('comes up, stays as it is, takes a release, goes without remains, and comes up again under the same names', async () => {
    expect(cloudRunFaults(service)).toEqual([]);
    let build = '1';
    const options = () => ({ provider: new Provider('gcp', { region }) });
    const inline = (name: string, program: PulumiFn) =>
      inlineStack({ name, directory, debugProviders: clouds.debugProviders, program });
    const shared = await inline('gcp-foundation', async () => {
      const { details } = new GcpFoundation('foundation', foundation, options());
      return { details };
    });
    const made = await shared.up();
    const details = made.outputs.details?.value as Record<string, string>;
    expect(details).toMatchObject({
      project: accounts.gcp.project,
      stateBucket: 'trireme-emulated-trireme-state',
      'account.deploy-dev': 'trireme-deploy-dev@trireme-emulated.iam.gserviceaccount.com',
      'account.deploy-prod': 'trireme-deploy-prod@trireme-production.iam.gserviceaccount.com',
      'account.plan': 'trireme-plan@trireme-production.iam.gserviceaccount.com',
      'runtimeAccount.dev':
        'projects/trireme-emulated/serviceAccounts/trireme-dev@trireme-emulated.iam.gserviceaccount.com',
    });
    expect(details.alarmChannel).toMatch(/^projects\/trireme-emulated\/notificationChannels\/\d+$/);
    expect(details['alarmChannel.prod']).toMatch(/^projects\/trireme-production\/notificationChannels\/\d+$/);
    const provider =
      /^projects\/123456789012\/locations\/global\/workloadIdentityPools\/trireme-[0-9a-f]{6}\/providers\/github$/;
    expect(details.workloadIdentityProvider).toMatch(provider);
    expect(details['workloadIdentityProvider.prod']).toMatch(provider);
    expect(details['workloadIdentityProvider.prod']).not.toBe(details.workloadIdentityProvider);
    expect((await shared.preview()).changeSummary).toEqual({ same: made.summary.resourceChanges?.create });

    const stack = await inline('gcp-dev', async () => {
      const { endpoint, coordinates, nodes } = new GcpPredictionService(
        'service',
        {
          stack: { name: 'gcp-dev', cloud: 'gcp', environment: 'dev' },
          config: service,
          foundation: { pullIdentity: '', details },
          release: released(build),
          stage: 'live',
        },
        options(),
      );
      const alarmed = nodes.observability.alarms.map((one) => one.notificationChannels);
      return { endpoint, coordinates, alarmed };
    });
    const up = await stack.up();
    expect(up.outputs.alarmed?.value).toEqual([[details.alarmChannel], [details.alarmChannel], [details.alarmChannel]]);
    expect(up.outputs.coordinates?.value).toEqual({
      service: `projects/${accounts.gcp.project}/locations/${region}/services/trireme-dev`,
      dnsRecords: 'predict CNAME ghs.googlehosted.com.',
    });
    const told = await fetch(`${String(up.outputs.endpoint?.value)}/environment`);
    const { environment } = (await told.json()) as { environment: Record<string, string> };
    expect(environment).toMatchObject({
      OBJECT_STORE_URL: 'gs://trireme-emulated-trireme-dev',
      DATABASE_URL: expect.stringMatching(
        /^postgresql:\/\/prediction:[A-Za-z0-9]{32}@localhost\/predictions\?host=%2Fcloudsql%2Ftrireme-emulated%3Aeurope-west1%3Atrireme-dev$/,
      ),
    });

    // The account was there, and is only taken over.
    const { create = 0, import: adopted = 0 } = up.summary.resourceChanges ?? {};
    expect(adopted).toBe(1);
    const all = create + adopted;
    expect((await stack.refresh()).summary.resourceChanges).toEqual({ same: all });
    build = '2';
    const next = await stack.up();
    expect(next.summary.resourceChanges).toEqual({ update: 1, same: all - 1 });

    await stack.destroy();
    expect((await stack.exportStack()).deployment.resources ?? []).toEqual([]);
    expect(clouds.bench.host.pids()).toEqual([]);
    // What the foundation made outlived it.
    expect((await stack.up()).summary).toMatchObject({ result: 'succeeded', resourceChanges: { create, import: 1 } });
    await stack.destroy();
    await shared.destroy();
    expect((await shared.up()).summary).toMatchObject({
      result: 'succeeded',
      resourceChanges: { create: made.summary.resourceChanges?.create },
    });
  });

  it('puts a private service into the project its stack file names, and lets in whom it names', async () => {
    const invokers = ['serviceAccount:caller@elsewhere.iam.gserviceaccount.com', 'group:ml@example.org'];
    const config = serviceConfig.parse({
      ...service,
      exposure: 'private',
      network: { invokers },
      logRetentionDays: 30,
      uptimeCheck: false,
      dashboard: false,
      domain: undefined,
      database: undefined,
      objectStore: false,
    });
    expect(cloudRunFaults(config)).toEqual([]);
    const program = async () => {
      const { coordinates, nodes } = new GcpPredictionService(
        'service',
        {
          stack: { name: 'gcp-dev', cloud: 'gcp', environment: 'dev' },
          config,
          foundation: { pullIdentity: '', details: {} },
          release: released('1'),
          stage: 'live',
        },
        { provider: await cloudRegistry.gcp.provider(region, 'trireme-production') },
      );
      const { alarms, logs } = nodes.observability;
      return {
        service: coordinates,
        ingress: nodes.service.ingress,
        members: nodes.invokers.map((one) => one.member),
        alarmed: alarms.map((one) => one.notificationChannels),
        logs: logs?.bucket.id ?? 'the project’s own',
      };
    };
    const stack = await inlineStack({
      name: 'gcp-private',
      directory,
      debugProviders: clouds.debugProviders,
      program,
    });
    const { outputs, summary } = await stack.up();
    expect(Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]))).toEqual({
      service: { service: `projects/trireme-production/locations/${region}/services/trireme-dev` },
      ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY',
      members: invokers.toSorted(),
      alarmed: [[], [], []],
      logs: 'the project’s own',
    });
    // Stack, component, provider, account, service, two callers, three alarms: what the file leaves out makes nothing.
    expect(summary.resourceChanges).toEqual({ create: 10 });
    expect((await stack.preview()).changeSummary).toEqual({ same: 10 });
  });
});
