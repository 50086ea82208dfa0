// The three clouds' foundations as the real engine makes them: what is in the accounts afterwards, for tests to judge.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Provider as AwsProvider } from '@pulumi/aws/provider.js';
import { Provider as AzureProvider } from '@pulumi/azure-native/provider.js';
import { Provider as GcpProvider } from '@pulumi/gcp/provider.js';
import { z } from 'zod';
import { awsFoundation } from '../../../clouds/aws/foundation.ts';
import { AzureFoundation } from '../../../clouds/azure/foundation.ts';
import { GcpFoundation } from '../../../clouds/gcp/foundation.ts';
import { type FoundationConfig, foundationConfig, trustedRepository } from '../../../contract/service.ts';
import type { Cloud } from '../../../contract/stack.ts';
import { startProviders } from '../../../emulator/providers/start.ts';
import { emulatedWorld } from '../../emulator/providers/emulated-world.ts';
import { inlineStack } from '../../emulator/providers/inline-stack.ts';

export const github = trustedRepository.parse({
  owner: 'acme',
  ownerId: '1001',
  repository: 'trireme',
  repositoryId: '2002',
});

const resource = z.object({
  urn: z.string(),
  type: z.string(),
  id: z.string().default(''),
  inputs: z.record(z.string(), z.json()).default({}),
  outputs: z.record(z.string(), z.json()).default({}),
});
export type Made = z.infer<typeof resource>;

const cacheDirectory = fileURLToPath(new URL('../../../../.trireme/cache/', import.meta.url));
const regions: Readonly<Record<Cloud, string>> = { aws: 'eu-west-1', gcp: 'europe-west1', azure: 'westeurope' };

/** @param accounts of each cloud's environments; left out: all in the one that is logged in to */
export async function madeFoundations(
  accounts: Readonly<Partial<Record<Cloud, FoundationConfig['accounts']>>> = {},
): Promise<readonly Made[]> {
  const directory = await mkdtemp(join(tmpdir(), 'trireme-foundations-'));
  const clouds = await emulatedWorld();
  const providers = await startProviders(clouds.world, { cacheDirectory });
  const config = (cloud: Cloud) =>
    foundationConfig.parse({ region: regions[cloud], github, stateBucket: true, accounts: accounts[cloud] ?? {} });
  try {
    const stack = await inlineStack({
      name: 'foundations',
      directory,
      debugProviders: providers.debugProviders,
      program: async () => {
        await awsFoundation('aws', config('aws'), { provider: new AwsProvider('aws', { region: 'eu-west-1' }) });
        new GcpFoundation('gcp', config('gcp'), { provider: new GcpProvider('gcp', { region: regions.gcp }) });
        new AzureFoundation('azure', config('azure'), {
          provider: new AzureProvider('azure', { location: regions.azure }),
        });
      },
    });
    await stack.up();
    const { deployment } = await stack.exportStack();
    return z.object({ resources: z.array(resource) }).parse(deployment).resources;
  } finally {
    await providers.stop();
    await clouds.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

export function nameOf({ urn }: Pick<Made, 'urn'>): string {
  return urn.slice(urn.lastIndexOf('::') + 2);
}
