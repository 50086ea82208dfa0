// The Pulumi providers of the three emulated clouds, and `random`, ready to be attached to by any number of engines.
import { type ProviderServer, startProviderServer } from '../engine/provider-server.ts';
import type { ProviderDefinition } from '../engine/resource-model.ts';
import type { World } from '../world.ts';
import { awsProvider } from './aws.ts';
import { azureProvider } from './azure.ts';
import { gcpProvider } from './gcp.ts';
import { randomProvider } from './random.ts';
import { refusing } from './refusing.ts';

export interface Providers {
  /** The value of `PULUMI_DEBUG_PROVIDERS`: `aws:<port>,gcp:<port>,azure-native:<port>,random:<port>`. */
  readonly debugProviders: string;
  stop(): Promise<void>;
}

/**
 * What the clouds hold lives as long as the providers run.
 * @param options.each what is to be made of a provider before it is served: a test's judge of its inputs.
 * @param options.cacheDirectory where the inputs' schemas are kept, once read from the npm packages (about a second).
 */
export async function startProviders(
  world: Pick<World, 'controlPlanes' | 'registries' | 'timeScale' | 'secrets' | 'refusals'>,
  options: { readonly cacheDirectory: string; readonly each?: (definition: ProviderDefinition) => ProviderDefinition },
): Promise<Providers> {
  const each = options.each ?? ((definition: ProviderDefinition) => definition);
  const definitions = [awsProvider(world), gcpProvider(world), azureProvider(world), randomProvider()]
    .map((definition) => refusing(definition, world.refusals ?? (() => [])))
    .map(each);
  const started = await Promise.allSettled(definitions.map((definition) => startProviderServer(definition, options)));
  const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  const failed = started.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return { debugProviders: servers.map(attachment).join(','), stop };
}

function attachment({ name, port }: ProviderServer): string {
  return `${name}:${port}`;
}
