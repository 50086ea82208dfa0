// A stack's state after the worst: the CLI killed while the cloud made something, and a provider that gave up waiting. On the real engine.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { GcpFoundation } from '../../clouds/gcp/foundation.ts';
import type { Deployer } from '../../contract/ports.ts';
import type { StateRecovery } from '../../contract/recovery.ts';
import { isWhole } from '../../contract/recovery.ts';
import { foundationConfig } from '../../contract/service.ts';
import type { RefusalFault } from '../../emulator/providers/refusing.ts';
import { startProviders } from '../../emulator/providers/start.ts';
import { startRegistries } from '../../emulator/registries/registry.ts';
import { accounts } from '../../emulator/world.ts';
import { createDeployer } from '../../pulumi/deployer.ts';
import type { Installation } from '../../pulumi/installation.ts';
import { prepareWorkspace } from '../../pulumi/workspace.ts';
import { checkoutInstallation, installationMilliseconds, tinyProject } from './tiny-deployer.ts';

const repository = 'gcp:artifactregistry/repository:Repository';
let installed: Installation;
let directory: string;
let deployer: Deployer;
let recovery: StateRecovery;
let refusals: readonly RefusalFault[];
/** Called once the cloud has made a repository, before the engine hears of it. */
let whenMade: (() => Promise<void>) | undefined;
/** How often the cloud was asked to make one. */
let asked: number;
let cleanUp: (() => Promise<unknown>)[];

beforeAll(async () => {
  installed = await checkoutInstallation();
}, installationMilliseconds);

beforeEach(async () => {
  const project = await tinyProject();
  directory = project.checkout;
  cleanUp = [project.remove];
  [refusals, whenMade, asked] = [[], undefined, 0];
  await mkdir(join(directory, 'cache'));
  const registries = await startRegistries(join(directory, 'registries'));
  cleanUp.push(...Object.values(registries).map((registry) => () => registry.stop()));
  const unused = async () => ({ status: 404 });
  const controlPlanes = { appRunner: unused, ecs: unused, cloudRun: unused, arm: unused };
  const providers = await startProviders(
    { registries, controlPlanes, timeScale: 1, refusals: () => refusals },
    {
      cacheDirectory: join(directory, 'cache'),
      each: (definition) => {
        const model = definition.resources[repository];
        if (model === undefined) return definition;
        const watched: typeof model = {
          ...model,
          async create(inputs, context) {
            asked++;
            const made = await model.create(inputs, context);
            await whenMade?.();
            return made;
          },
        };
        return { ...definition, resources: { ...definition.resources, [repository]: watched } };
      },
    },
  );
  cleanUp.push(() => providers.stop());
  deployer = createDeployer({
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
  const made = await deployer.recovery?.('gcp');
  if (made === undefined) throw new Error('the deployer recovers nothing');
  recovery = made;
});
afterEach(async () => {
  for (const action of cleanUp.reverse()) await action();
});

/** By the engine's own lock. */
async function killEngine(): Promise<void> {
  const folder = join(directory, 'state', '.pulumi', 'locks', 'organization', 'trireme', 'gcp-foundation');
  for (const name of await readdir(folder)) {
    const { pid } = JSON.parse(await readFile(join(folder, name), 'utf8'));
    process.kill(pid, 'SIGKILL');
  }
}

// What is made beside the repository may be an orphan too: the engine was killed at a moment nobody chose.
const id = `projects/${accounts.gcp.project}/locations/europe-west1/repositories/trireme`;

test('killed while the cloud made the registry: shown, mended, nothing lost, nothing made twice', async () => {
  expect(await recovery.look({})).toMatchObject({ resources: null, orphans: [] });
  whenMade = killEngine;
  await expect(deployer.foundation('gcp')).rejects.toThrow();
  whenMade = undefined;

  const findings = await recovery.look({});
  expect(findings).toMatchObject({
    locks: { gone: [expect.stringContaining('process')], held: [] },
    pending: expect.arrayContaining([{ name: 'repository', type: repository, operation: 'creating' }]),
    orphans: expect.arrayContaining([expect.objectContaining({ name: 'repository', type: repository, id })]),
  });

  const repaired = await recovery.repair(findings, { gone: false });
  expect(repaired.left).toEqual([]);
  expect(repaired.adopted).toContainEqual(expect.objectContaining({ name: 'repository', id }));
  expect(repaired.next?.filter((change) => change.includes(repository))).toEqual([]);

  expect((await deployer.foundation('gcp')).repository).toContain('pkg.dev');
  expect(asked).toBe(1);
  const after = await recovery.look({});
  expect(isWhole(after), JSON.stringify(after)).toBe(true);
});

test('given up by the provider while the cloud made the registry: the refusal names the way, which works', async () => {
  refusals = [{ cloud: 'gcp', why: 'time-out', type: ':Repository' }];
  await expect(deployer.foundation('gcp')).rejects.toThrow(/npx trireme recover gcp-foundation/);
  refusals = [];
  await expect(deployer.foundation('gcp')).rejects.toThrow(/exists already.*npx trireme recover gcp-foundation/);

  // An id that nothing needs is not passed over in silence, nor is one under which there is nothing.
  const findings = await recovery.look({}, { nobody: 'x' });
  expect(findings).toMatchObject({
    pending: [],
    orphans: [{ name: 'repository', id }],
    idle: [{ name: 'nobody', why: 'not missing' }],
  });
  await recovery.repair(findings, { gone: false });
  expect((await deployer.foundation('gcp')).repository).toContain('pkg.dev');
});
