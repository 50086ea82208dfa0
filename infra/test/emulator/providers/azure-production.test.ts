import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AzurePredictionService } from '../../../clouds/azure/app-service/component.ts';
import { AzureFoundation } from '../../../clouds/azure/foundation.ts';
import { cloudRegistry } from '../../../clouds/index.ts';
import { foundationConfig, type ReleaseArgs, serviceConfig } from '../../../contract/service.ts';
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
  account: accounts.azure.subscriptionId,
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

describe('Azure with every optional key, on the real engine', () => {
  it('comes up, is not touched again, and leaves nothing', async () => {
    const program = async () => {
      const provider = await cloudRegistry.azure.provider(region, everything.account);
      const shared = new AzureFoundation('foundation', foundation, { provider });
      const service = new AzurePredictionService(
        'service',
        {
          stack: { name: 'azure-prod', cloud: 'azure', environment: 'prod' },
          config: everything,
          foundation: shared,
          release,
          stage: 'live',
        },
        { provider },
      );
      return { endpoint: service.endpoint, coordinates: service.coordinates, details: shared.details };
    };
    const stack = await inlineStack({ name: 'azure-prod', directory, debugProviders: clouds.debugProviders, program });

    const up = await stack.up();
    const made = up.summary.resourceChanges?.create;
    expect(up.outputs.coordinates?.value).toMatchObject({
      dnsRecords: expect.stringMatching(
        /^predict\.example\.org CNAME .+\nasuid\.predict\.example\.org TXT [0-9A-F]{64}$/,
      ),
    });
    expect(up.outputs.details?.value).toMatchObject({
      'client.deploy-dev': expect.stringMatching(guid),
      'client.deploy-prod': expect.stringMatching(guid),
      'client.plan': expect.stringMatching(guid),
      alarmChannel: expect.stringMatching(/actionGroups\/trireme-alarms$/),
      stateBucket: expect.stringMatching(/^azblob:\/\/state\?storage_account=triremestate[0-9a-f]{8}$/),
    });
    expect((await stack.up()).summary.resourceChanges).toEqual({ same: made });
    expect((await stack.refresh()).summary.resourceChanges).toEqual({ same: made });

    // Nobody deletes Pulumi's state in passing.
    await expect(stack.destroy()).rejects.toThrow(/protected/);
    const state = await stack.exportStack();
    const text = JSON.stringify(state.deployment).replaceAll('"protect":true', '"protect":false');
    await stack.importStack({ ...state, deployment: JSON.parse(text) });
    await stack.destroy();
    expect((await stack.exportStack()).deployment.resources ?? []).toEqual([]);
    expect(clouds.bench.host.pids()).toEqual([]);
  });
});
