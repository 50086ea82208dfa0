import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { GcpFoundation } from '../../clouds/gcp/foundation.ts';
import type { Deployer } from '../../contract/ports.ts';
import { foundationConfig } from '../../contract/service.ts';
import { startProviders } from '../../emulator/providers/start.ts';
import { startRegistries } from '../../emulator/registries/registry.ts';
import { accounts } from '../../emulator/world.ts';
import { createDeployer } from '../../pulumi/deployer.ts';
import type { Installation } from '../../pulumi/installation.ts';
import { prepareWorkspace } from '../../pulumi/workspace.ts';
import { checkoutInstallation, installationMilliseconds, tinyProject } from './tiny-deployer.ts';

let installed: Installation;
let deployer: Deployer;
let cleanUp: (() => Promise<unknown>)[];

beforeAll(async () => {
  installed = await checkoutInstallation();
}, installationMilliseconds);

beforeEach(async () => {
  const { checkout: directory, remove } = await tinyProject();
  cleanUp = [remove];
  await mkdir(join(directory, 'cache'));
  const registries = await startRegistries(join(directory, 'registries'));
  cleanUp.push(...Object.values(registries).map((registry) => () => registry.stop()));
  const unused = async () => ({ status: 404 });
  const controlPlanes = { appRunner: unused, ecs: unused, cloudRun: unused, arm: unused };
  const providers = await startProviders(
    { registries, controlPlanes, timeScale: 1 },
    { cacheDirectory: join(directory, 'cache') },
  );
  cleanUp.push(() => providers.stop());
  deployer = createDeployer({
    program: {
      service: () => async () => {},
      foundation: () => async () => {
        const { repository, pullIdentity, details } = new GcpFoundation(
          'foundation',
          foundationConfig.parse({ region: 'europe-west1' }),
        );
        return { repository, pullIdentity, details };
      },
    },
    workspace: await prepareWorkspace({
      checkout: fileURLToPath(new URL('../../../', import.meta.url)),
      directory: join(directory, 'workspace'),
      secrets: 'own',
    }),
    command: installed.command,
    environment: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PULUMI_BACKEND_URL: `file://${join(directory, 'state')}`,
      PULUMI_HOME: join(directory, 'home'),
      PULUMI_CONFIG_PASSPHRASE: 'for tests',
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
      PULUMI_DEBUG_PROVIDERS: providers.debugProviders,
      GOOGLE_PROJECT: accounts.gcp.project,
    },
    clock: { now: () => Date.now(), sleep: async () => {} },
  });
});
afterEach(async () => {
  for (const action of cleanUp.reverse()) await action();
});

test("a cloud's foundation is made by the checkout's own project, found unchanged, and destroyed", async () => {
  const made: string[] = [];
  const report = ({ message }: { message: string }) => made.push(message);
  const outputs = await deployer.foundation('gcp', { report });
  expect(outputs.repository).toMatch(/^europe-west1-docker\.pkg\.dev\//);
  expect(made).toContain('create gcp:artifactregistry/repository:Repository repository');
  made.length = 0;
  expect(await deployer.foundation('gcp', { report })).toEqual(outputs);
  expect(made).toEqual([]);
  await deployer.destroy('gcp', { report });
  expect(made).toContain('delete gcp:artifactregistry/repository:Repository repository');
});
