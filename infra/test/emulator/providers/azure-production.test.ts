import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PulumiFn, Stack, UpResult } from '@pulumi/pulumi/automation/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AzurePredictionService } from '../../../clouds/azure/app-service/component.ts';
import { AzureFoundation } from '../../../clouds/azure/foundation.ts';
import { cloudRegistry } from '../../../clouds/index.ts';
import {
  type FoundationConfig,
  type FoundationOutputs,
  foundationConfig,
  type ReleaseArgs,
  type ServiceConfig,
  serviceConfig,
} from '../../../contract/service.ts';
import { accounts } from '../../../emulator/world.ts';
import { installationMilliseconds } from '../../pulumi/tiny-deployer.ts';
import { type AttachedClouds, attachedClouds } from './attached-clouds.ts';
import { inlineStack } from './inline-stack.ts';

let clouds: AttachedClouds;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trireme-azure-'));
  clouds = await attachedClouds();
}, installationMilliseconds);
afterAll(async () => {
  await clouds.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Of prod alone. */
const own = accounts.azure.otherSubscriptionId;

const networks = `/subscriptions/${accounts.azure.subscriptionId}/resourceGroups/hub/providers/Microsoft.Network`;
const subnet = (name: string) => `${networks}/virtualNetworks/hub/subnets/${name}`;

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const region = 'westeurope';
const base = {
  runtime: 'app-service',
  region,
  cpu: 1,
  memoryMiB: 4096,
  minInstances: 2,
  maxInstances: 5,
  concurrency: 50,
  exposure: 'public',
  protect: false,
  env: { GREETING: 'hello' },
  secrets: {},
};

/** Everything a service stack may ask for that does not exclude the rest. */
const everything = serviceConfig.parse({
  ...base,
  account: own,
  secrets: { API_KEY: 'keys/api-key' },
  alarms: {},
  uptimeCheck: true,
  dashboard: true,
  domain: 'predict.example.org',
  network: {
    outboundSubnet: subnet('outbound'),
    databaseSubnet: subnet('database'),
    databaseDnsZone: `${networks}/privateDnsZones/trireme.private.mysql.database.azure.com`,
  },
  database: { engine: 'mysql', size: 'Standard_B1ms', storageGiB: 20 },
  objectStore: true,
  labels: { 'cost-centre': '42' },
});

const foundation = foundationConfig.parse({
  region,
  accounts: { prod: own },
  github: { owner: 'octo', ownerId: '1', repository: 'app', repositoryId: '2', legacySubject: true },
  alarmEmail: 'operators@example.org',
  stateBucket: true,
  labels: { 'cost-centre': '42' },
});

const image = 'triremeemulated.azurecr.io/trireme';
const release = {
  releaseId: 'rel-1-000000000000',
  imageDigest: 'sha256:1',
  buildId: 'bld-1',
  imageRef: `${image}@sha256:1`,
} as unknown as ReleaseArgs;

/** What excludes some of the above: nobody outside reaches it, and another engine. */
const hidden = serviceConfig.parse({
  ...base,
  maxInstances: 2,
  exposure: 'private',
  network: {
    privateEndpointSubnet: subnet('endpoints'),
    privateDnsZone: `${networks}/privateDnsZones/privatelink.azurewebsites.net`,
    outboundSubnet: subnet('outbound'),
    databaseSubnet: subnet('database'),
    databaseDnsZone: `${networks}/privateDnsZones/trireme.private.postgres.database.azure.com`,
  },
  database: { engine: 'postgresql', size: 'Standard_D2ds_v4', storageGiB: 32 },
});

const inline = (name: string, program: PulumiFn) =>
  inlineStack({ name, directory, debugProviders: clouds.debugProviders, program });

type Shared = Pick<FoundationOutputs, 'pullIdentity' | 'details'>;

async function foundationStack(
  name: string,
  config: FoundationConfig,
): Promise<{ stack: Stack; shared: Shared; made: UpResult }> {
  const stack = await inline(name, async () => {
    const provider = await cloudRegistry.azure.provider(region);
    const { pullIdentity, details } = new AzureFoundation('foundation', config, { provider });
    return { pullIdentity, details };
  });
  const made = await stack.up();
  const { pullIdentity, details } = made.outputs;
  return { stack, made, shared: { pullIdentity: pullIdentity?.value, details: details?.value } };
}

async function azureStack(config: ServiceConfig, foundation: Shared): Promise<Stack> {
  return inline(`azure-${config.exposure}`, async () => {
    const provider = await cloudRegistry.azure.provider(config.region, config.account);
    const stack = { name: 'azure-prod', cloud: 'azure', environment: 'prod' } as const;
    const args = { stack, config, foundation, release, stage: 'live' } as const;
    const service = new AzurePredictionService('service', args, { provider });
    return { endpoint: service.endpoint, coordinates: service.coordinates };
  });
}

/** As somebody who means it: `pulumi state unprotect`. */
async function unprotect(stack: Stack): Promise<void> {
  const state = await stack.exportStack();
  const text = JSON.stringify(state.deployment).replaceAll('"protect":true', '"protect":false');
  await stack.importStack({ ...state, deployment: JSON.parse(text) });
}

async function resourcesOf(stack: Stack): Promise<readonly string[]> {
  const { deployment } = await stack.exportStack();
  const { resources = [] } = deployment as { resources?: { type: string }[] };
  return resources.map(({ type }) => type.split(':').at(-1) ?? '');
}

/** What Pulumi's state says is in the stack's region, but for its group. */
async function regionalOf(stack: Stack): Promise<readonly string[]> {
  const { deployment } = await stack.exportStack();
  const { resources = [] } = deployment as {
    resources?: { urn: string; type: string; inputs?: { location?: unknown } }[];
  };
  return resources
    .filter(({ type, inputs }) => inputs?.location === region && !/:(ResourceGroup|azure-native)$/.test(type))
    .map(({ urn }) => urn);
}

async function replacedBy(stack: Stack): Promise<readonly string[]> {
  const replaced: string[] = [];
  await stack.preview({
    onEvent({ resourcePreEvent }) {
      if (resourcePreEvent?.metadata.op === 'replace') replaced.push(resourcePreEvent.metadata.urn);
    },
  });
  return replaced;
}

describe('Azure with every optional key, on the real engine', () => {
  it('comes up, is not touched again, and leaves nothing', async () => {
    const { stack: shared, shared: given, made } = await foundationStack('azure-foundation', foundation);
    expect(given.details).toMatchObject({
      'client.deploy-dev': expect.stringMatching(guid),
      'client.deploy-prod': expect.stringMatching(guid),
      'client.plan': expect.stringMatching(guid),
      'group.dev': `/subscriptions/${accounts.azure.subscriptionId}/resourceGroups/trireme-dev`,
      'group.prod': `/subscriptions/${own}/resourceGroups/trireme-prod`,
      alarmChannel: expect.stringMatching(/actionGroups\/trireme-alarms$/),
      stateBucket: expect.stringMatching(/^azblob:\/\/state\?storage_account=triremestate[0-9a-f]{8}$/),
    });
    expect((await shared.preview()).changeSummary).toEqual({ same: made.summary.resourceChanges?.create });

    const stack = await azureStack(everything, given);
    const up = await stack.up();
    // The group was there, and is only taken over.
    const { create = 0, import: adopted = 0 } = up.summary.resourceChanges ?? {};
    expect(adopted).toBe(1);
    expect(up.outputs.coordinates?.value).toMatchObject({
      dnsRecords: expect.stringMatching(
        /^predict\.example\.org CNAME .+\nasuid\.predict\.example\.org TXT [0-9A-F]{64}$/,
      ),
    });
    expect((await stack.up()).summary.resourceChanges).toEqual({ same: create + adopted });
    expect((await stack.refresh()).summary.resourceChanges).toEqual({ same: create + adopted });

    // Another region is another place for everything that is in one, also where the foundation has the group.
    const regional = await regionalOf(stack);
    expect(regional.length).toBeGreaterThan(10);
    const moved = await azureStack({ ...everything, region: 'northeurope' }, given);
    expect(await replacedBy(moved)).toEqual(expect.arrayContaining([...regional]));

    await stack.destroy();
    expect(await resourcesOf(stack)).toEqual([]);
    expect(clouds.bench.host.pids()).toEqual([]);

    // The group outlived its service. Nobody deletes it, or Pulumi's state, in passing.
    expect((await shared.refresh()).summary.resourceChanges).toEqual({ same: made.summary.resourceChanges?.create });
    await expect(shared.destroy()).rejects.toThrow(/protected/);
    await unprotect(shared);
    await shared.destroy();
    expect(await resourcesOf(shared)).toEqual([]);
  });

  it('hides behind private endpoints, for the slot too, with the other database', async () => {
    const { stack: shared, shared: given } = await foundationStack('azure-plain', foundationConfig.parse({ region }));
    const stack = await azureStack(hidden, given);
    const { summary } = await stack.up();
    const types = await resourcesOf(stack);
    expect(types.filter((type) => type === 'PrivateEndpoint')).toHaveLength(2);
    // What was not asked for is not there.
    for (const none of ['AutoscaleSetting', 'MetricAlert', 'WebTest', 'Dashboard', 'Certificate', 'StorageAccount']) {
      expect(types).not.toContain(none);
    }
    expect((await stack.preview()).changeSummary).toEqual({ same: summary.resourceChanges?.create });
    await stack.destroy();
    expect(await resourcesOf(stack)).toEqual([]);
    await shared.destroy();
  });
});
