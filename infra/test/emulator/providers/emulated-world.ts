// A world for the providers: the real control planes over the tiny application, and registries that only remember their repositories.
import type { Cloud } from '../../../contract/stack.ts';
import { appRunnerApi } from '../../../emulator/control-planes/app-runner/api.ts';
import { appServiceApi } from '../../../emulator/control-planes/app-service/api.ts';
import { cloudRunApi } from '../../../emulator/control-planes/cloud-run/api.ts';
import { ecsApi } from '../../../emulator/control-planes/ecs/api.ts';
import { type Listener, listen } from '../../../emulator/listen.ts';
import type { EmulatedRegistry, World } from '../../../emulator/world.ts';
import { Checked } from '../../published/checked.ts';
import { type Bench, bench } from '../runtimes/fixture.ts';

export interface TestWorld {
  readonly world: World;
  readonly bench: Bench;
  /** What the vendors' models judge; `stop` fails for what they found. */
  readonly checked: Checked;
  /** `<cloud> <repository>`: what was created and not deleted. */
  readonly repositories: Set<string>;
  /** Repositories that answer with a tag when asked. */
  readonly pushed: Set<string>;
  stop(): Promise<void>;
}

const hosts: Readonly<Record<Cloud, string>> = {
  aws: '123456789012.dkr.ecr.eu-west-1.amazonaws.com',
  gcp: 'europe-west1-docker.pkg.dev',
  azure: 'triremeemulated.azurecr.io',
};

export async function emulatedWorld(): Promise<TestWorld> {
  const clouds = await bench({ timeScale: 200 });
  const checked = new Checked();
  const repositories = new Set<string>();
  const pushed = new Set<string>();
  const listener: Listener = await listen(async ({ url }) => {
    const name = /^\/v2\/(.+)\/tags\/list$/.exec(url)?.[1] ?? '';
    return { status: 200, body: JSON.stringify({ name, tags: pushed.has(name) ? ['rel-1'] : [] }) };
  });
  const registry = (cloud: Cloud): EmulatedRegistry => ({
    host: hosts[cloud],
    url: listener.url,
    createRepository(name) {
      if (repositories.has(`${cloud} ${name}`)) throw new Error(`${name} exists`);
      repositories.add(`${cloud} ${name}`);
    },
    deleteRepository(name) {
      repositories.delete(`${cloud} ${name}`);
    },
  });
  return {
    world: {
      timeScale: 200,
      controlPlanes: {
        appRunner: checked.aws('aws-apprunner', appRunnerApi(clouds.host)),
        ecs: checked.aws('aws-ecs', ecsApi(clouds.host)),
        cloudRun: checked.rest(['gcp-run', 'gcp-secretmanager'], cloudRunApi(clouds.host)),
        arm: checked.rest(['azure-web', 'azure-monitor'], appServiceApi(clouds.host)),
      },
      registries: { aws: registry('aws'), gcp: registry('gcp'), azure: registry('azure') },
      secrets: clouds.host.secrets,
    },
    bench: clouds,
    checked,
    repositories,
    pushed,
    async stop() {
      await listener.close();
      await clouds.stop();
      checked.assert();
    },
  };
}
