// A deployer of Google Cloud's foundation, as the checkout's own project has it, on the real engine over emulated providers.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GcpFoundation } from '../../clouds/gcp/foundation.ts';
import type { Deployer } from '../../contract/ports.ts';
import { foundationConfig } from '../../contract/service.ts';
import type { RefusalFault } from '../../emulator/providers/refusing.ts';
import { startProviders } from '../../emulator/providers/start.ts';
import { startRegistries } from '../../emulator/registries/registry.ts';
import { accounts } from '../../emulator/world.ts';
import { createDeployer } from '../../pulumi/deployer.ts';
import { prepareWorkspace } from '../../pulumi/workspace.ts';
import { engineVariables } from './engine-variables.ts';
import { checkoutInstallation, tinyProject } from './tiny-deployer.ts';

/** The resource that is watched. */
export const repository = 'gcp:artifactregistry/repository:Repository';

export interface EmulatedFoundation {
  readonly deployer: Deployer;
  /** Holds the engine's `state`. */
  readonly directory: string;
  /** What the cloud refuses from now on. */
  refusals: readonly RefusalFault[];
  /** Called once the cloud has made a repository, before the engine hears of it. */
  whenMade: (() => Promise<void>) | undefined;
  /** How often the cloud was asked to make one. */
  asked: number;
  stop(): Promise<void>;
}

export async function emulatedFoundation(): Promise<EmulatedFoundation> {
  const { checkout: directory, remove } = await tinyProject();
  await mkdir(join(directory, 'cache'));
  const registries = await startRegistries(join(directory, 'registries'));
  const unused = async () => ({ status: 404 });
  const controlPlanes = { appRunner: unused, ecs: unused, cloudRun: unused, arm: unused };
  const providers = await startProviders(
    { registries, controlPlanes, timeScale: 1, refusals: () => world.refusals },
    {
      cacheDirectory: join(directory, 'cache'),
      each: (definition) => {
        const model = definition.resources[repository];
        if (model === undefined) return definition;
        const watched: typeof model = {
          ...model,
          async create(inputs, context) {
            world.asked++;
            const made = await model.create(inputs, context);
            await world.whenMade?.();
            return made;
          },
        };
        return { ...definition, resources: { ...definition.resources, [repository]: watched } };
      },
    },
  );
  const deployer = createDeployer({
    program: {
      service: () => async () => {},
      foundation: () => async () => {
        const config = foundationConfig.parse({ region: 'europe-west1' });
        const { repository, pullIdentity, details } = new GcpFoundation('foundation', config);
        return { repository, pullIdentity, details };
      },
    },
    workspace: await prepareWorkspace({
      checkout: fileURLToPath(new URL('../../../', import.meta.url)),
      directory: join(directory, 'workspace'),
      secrets: 'own',
    }),
    command: (await checkoutInstallation()).command,
    environment: { ...engineVariables(directory, providers.debugProviders), GOOGLE_PROJECT: accounts.gcp.project },
    clock: { now: () => Date.now(), sleep: async () => {} },
  });
  const world: EmulatedFoundation = {
    deployer,
    directory,
    refusals: [],
    whenMade: undefined,
    asked: 0,
    async stop() {
      await providers.stop();
      for (const registry of Object.values(registries)) await registry.stop();
      await remove();
    },
  };
  return world;
}
