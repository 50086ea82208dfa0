// The three providers over a test world, each with a client, for tests that play the engine.
import { fileURLToPath } from 'node:url';
import type { Properties } from '../../../emulator/engine/property.ts';
import { startProviders } from '../../../emulator/providers/start.ts';
import { judged } from '../../published/resources.ts';
import { EngineClient } from '../engine/engine-client.ts';
import { emulatedWorld, type TestWorld } from './emulated-world.ts';

export interface AttachedClouds extends TestWorld {
  readonly debugProviders: string;
  /** The client of the provider a resource type belongs to. */
  client(type: string): EngineClient;
  /** Check, then create, as an engine does. @throws what the provider refuses; faults of the check too. */
  create(type: string, inputs: Properties): Promise<{ readonly id: string; readonly outputs: Properties }>;
}

/** The checkout's own cache: reading the declarations anew for every test would take longer than the tests. */
const cacheDirectory = fileURLToPath(new URL('../../../../.trireme/cache/', import.meta.url));

export async function attachedClouds(): Promise<AttachedClouds> {
  const clouds = await emulatedWorld();
  const providers = await startProviders(clouds.world, {
    cacheDirectory,
    each: (definition) => judged(definition, clouds.checked),
  });
  const clients = new Map<string, EngineClient>();
  for (const one of providers.debugProviders.split(',')) {
    const [name = '', port] = one.split(':');
    clients.set(name, new EngineClient(Number(port)));
  }
  const client = (type: string): EngineClient => {
    const found = clients.get(type.slice(0, type.indexOf(':')));
    if (found === undefined) throw new Error(`no provider for ${type}`);
    return found;
  };
  await client('aws:').configure({ region: 'eu-west-1' });
  await client('gcp:').configure({ region: 'europe-west1' });
  await client('azure-native:').configure({ location: 'westeurope' });
  return {
    ...clouds,
    debugProviders: providers.debugProviders,
    client,
    async create(type, inputs) {
      const checked = await client(type).check(type, inputs as never);
      if (checked.faults.length > 0) throw new Error(checked.faults.join('; '));
      return client(type).create(type, checked.inputs);
    },
    async stop() {
      for (const one of clients.values()) one.close();
      await providers.stop();
      await clouds.stop();
    },
  };
}
