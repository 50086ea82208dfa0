// The real programs on the real engine over the emulated clouds: everything but registries, whose place images made by digest take.
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readable, settingsBeside } from '../../cli/deployer.ts';
import { provers } from '../../clouds/index.ts';
import { parseStackFile, type StackConfig } from '../../config.ts';
import type { Clock, Deployer, Prover } from '../../contract/ports.ts';
import type { ReleaseManifest } from '../../contract/release.ts';
import type { RuntimeName } from '../../contract/service.ts';
import type { Cloud, Stack } from '../../contract/stack.ts';
import { appRunnerApi } from '../../emulator/control-planes/app-runner/api.ts';
import { appServiceApi } from '../../emulator/control-planes/app-service/api.ts';
import { cloudRunApi } from '../../emulator/control-planes/cloud-run/api.ts';
import { ecsApi } from '../../emulator/control-planes/ecs/api.ts';
import { listen } from '../../emulator/listen.ts';
import type { RefusalFault } from '../../emulator/providers/refusing.ts';
import { startProviders } from '../../emulator/providers/start.ts';
import { type Images, RuntimeHost } from '../../emulator/runtimes/host.ts';
import { ProcessRecord } from '../../emulator/runtimes/process-record.ts';
import type { EmulatedRegistry } from '../../emulator/world.ts';
import { attachedPack } from '../../policy/attached.ts';
import { foundationProgram, serviceProgram } from '../../program.ts';
import { createDeployer, type DeliveryProgram } from '../../pulumi/deployer.ts';
import { prepareWorkspace } from '../../pulumi/workspace.ts';
import { Checked } from '../published/checked.ts';
import { judged } from '../published/resources.ts';
import { engineVariables } from '../pulumi/engine-variables.ts';
import { checkoutInstallation } from '../pulumi/tiny-deployer.ts';

/** Digests made of one digit: what its image does is known by it. */
export const good = 1;
export const better = 2;
/** Until it is mended. */
export const notYetReady = 5;
export const neverReady = 9;

const timeScale = 200;
const root = fileURLToPath(new URL('../../../', import.meta.url));

export const repositories: Readonly<Record<Cloud, string>> = {
  aws: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/trireme',
  gcp: 'europe-west1-docker.pkg.dev/trireme-emulated/trireme/trireme',
  azure: 'triremeemulated.azurecr.io/trireme',
};

export interface EmulatedClouds {
  readonly deployer: Deployer;
  readonly provers: Readonly<Record<RuntimeName, Prover>>;
  /** From now on `notYetReady` becomes ready, wherever it is started. */
  mend(): Promise<void>;
  /** What the clouds refuse from now on. */
  refuse(...faults: readonly RefusalFault[]): void;
  /** Engine variables and a folder with the project, for plain `pulumi`. */
  readonly plain: { readonly directory: string; readonly variables: Readonly<Record<string, string | undefined>> };
  stop(): Promise<void>;
}

export async function emulatedClouds(stackFiles: Readonly<Record<string, string>>): Promise<EmulatedClouds> {
  const directory = await mkdtemp(join(tmpdir(), 'trireme-clouds-'));
  const processes = new ProcessRecord(join(directory, 'processes'));
  const host = new RuntimeHost({ images: imagesIn(directory), processes, timeScale, leastStartSeconds: 2 });
  const checked = new Checked();
  const controlPlanes = {
    appRunner: checked.aws('aws-apprunner', appRunnerApi(host)),
    ecs: checked.aws('aws-ecs', ecsApi(host)),
    cloudRun: checked.rest(['gcp-run', 'gcp-secretmanager'], cloudRunApi(host)),
    arm: checked.rest(['azure-web', 'azure-monitor'], appServiceApi(host)),
  };
  const [appRunner, ecs, cloudRun, arm] = await Promise.all([
    listen(controlPlanes.appRunner),
    listen(controlPlanes.ecs),
    listen(controlPlanes.cloudRun),
    listen(controlPlanes.arm),
  ]);
  const empty = await listen(async () => ({ status: 200, body: '{"tags":[]}' }));
  const registry = (cloud: Cloud): EmulatedRegistry => ({
    host: repositories[cloud].split('/')[0] ?? '',
    url: empty.url,
    createRepository() {},
    deleteRepository() {},
  });
  const registries = { aws: registry('aws'), gcp: registry('gcp'), azure: registry('azure') };
  const started = await startProviders(
    { controlPlanes, registries, timeScale, refusals: () => host.faults.refusals ?? [] },
    {
      cacheDirectory: join(root, '.trireme', 'cache'),
      each: (definition) => judged(definition, checked),
    },
  );

  const workspace = await prepareWorkspace({
    checkout: await checkoutWith(directory, stackFiles),
    directory: join(directory, 'workspace'),
    secrets: 'own',
  });
  const { command } = await checkoutInstallation();
  await mkdir(join(directory, 'state'));
  const variables = {
    ...engineVariables(directory, started.debugProviders),
    TRIREME_EMULATOR: 'http://127.0.0.1:1',
    AWS_ENDPOINT_URL_APPRUNNER: appRunner.url,
    AWS_ENDPOINT_URL_ECS: ecs.url,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: `${cloudRun.url}/`,
    TRIREME_ARM_ENDPOINT: arm.url,
  };
  const configs = new Map(Object.entries(stackFiles).map(([name, text]) => [name, parseStackFile(name, text)]));
  return {
    deployer: createDeployer({
      program: programOver(configs),
      workspace,
      command,
      environment: variables,
      clock,
      policyPack: attachedPack(join(root, 'policy.yaml')),
    }),
    provers: provers({ variables, clock, timeScale }),
    mend: () => writeFile(join(directory, `image-${notYetReady}`, 'mended'), ''),
    refuse(...faults) {
      host.faults.refusals = faults;
    },
    plain: { directory: workspace.directory, variables },
    async stop() {
      await started.stop();
      await Promise.all([appRunner, ecs, cloudRun, arm, empty].map((listener) => listener.close()));
      await host.stop(1);
      await rm(directory, { recursive: true, force: true });
      checked.assert();
    },
  };
}

function programOver(configs: ReadonlyMap<string, StackConfig>) {
  return {
    service:
      ({ stackFile, liveStackFile, ...args }: Parameters<DeliveryProgram['service']>[0]) =>
      async () => {
        // A throw-away stack has no file of its own.
        const found = configs.get(args.stack.name) ?? configs.get(`${args.stack.cloud}-dev`);
        if (found?.kind !== 'service') throw new Error(`no ${args.stack.name}`);
        const { name } = args.stack;
        const config = stackFile === undefined ? found.config : (readable(name, stackFile) ?? found.config);
        const liveConfig = liveStackFile === undefined ? config : settingsBeside(name, liveStackFile, config);
        return { ...(await serviceProgram({ ...args, config, liveConfig })) };
      },
    foundation:
      ({ cloud }: { readonly cloud: Cloud }) =>
      async () => {
        const found = configs.get(`${cloud}-foundation`);
        if (found?.kind !== 'foundation') throw new Error(`no ${cloud}-foundation`);
        return { ...(await foundationProgram(found)) };
      },
  };
}

async function checkoutWith(directory: string, stackFiles: Readonly<Record<string, string>>): Promise<string> {
  const checkout = join(directory, 'checkout');
  await mkdir(join(checkout, 'stacks'), { recursive: true });
  await cp(join(root, 'Pulumi.yaml'), join(checkout, 'Pulumi.yaml'));
  for (const entry of ['infra', 'node_modules', 'package.json'])
    await symlink(join(root, entry), join(checkout, entry));
  for (const [name, text] of Object.entries(stackFiles)) {
    await writeFile(join(checkout, 'stacks', `Pulumi.${name}.yaml`), text);
  }
  return checkout;
}

export const clock: Clock = {
  now: () => Date.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
};

export function digestOfDigit(digit: number): string {
  return `sha256:${String(digit).repeat(64)}`;
}

/** As much of a manifest as deployer and provers read. */
export function release(digit: number): ReleaseManifest {
  const digest = digestOfDigit(digit);
  return {
    schema: 'trireme.release/1',
    sequence: digit,
    source: { repository: 'trireme', commit: '0'.repeat(40), dirty: false, authors: ['Dana <dana@example.org>'] },
    image: {
      name: 'trireme',
      digest,
      builder: 'layout',
      builderVersion: '1',
      platform: 'linux/amd64',
      size: 1,
      copies: (['aws', 'gcp', 'azure'] as const).map((cloud) => ({ cloud, ref: `${repositories[cloud]}@${digest}` })),
    },
    build: { buildId: buildOf(digit), node: '24', lockfile: digest },
    models: [{ name: 'wine', digest }],
    infra: { program: digest, stackConfigs: {} },
  };
}

export function stackOf(cloud: Cloud, environment: 'dev' | 'prod'): Stack {
  return { name: `${cloud}-${environment}`, cloud, environment };
}

function buildOf(digit: number): string {
  return `bld-${String(digit).repeat(12)}`;
}

function imagesIn(directory: string): Images {
  return {
    async pull(_cloud, imageRef) {
      const digit = Number(imageRef.at(-1));
      const image = join(directory, `image-${digit}`);
      await mkdir(image, { recursive: true });
      await writeFile(join(image, 'server.cjs'), application);
      return {
        digest: digestOfDigit(digit),
        directory: image,
        config: {
          entrypoint: ['node', 'server.cjs'],
          command: [],
          variables: { BUILD: buildOf(digit), READY: readyWhen[digit] ?? 'always' },
          workingDirectory: '/',
          exposedPort: 8080,
        },
      };
    },
  };
}

const readyWhen: Readonly<Record<number, string>> = { [notYetReady]: 'mended', [neverReady]: 'never' };

/** Speaks the routes of the service contract, and drains. */
const application = `
const { existsSync } = require('node:fs');
const { createServer } = require('node:http');
const isReady = { always: () => true, mended: () => existsSync(__dirname + '/mended'), never: () => false };
const { BUILD, READY, PORT, HOST, RELEASE_ID, IMAGE_DIGEST } = process.env;
const server = createServer((request, response) => {
  if (request.url === '/v2/health/ready') response.statusCode = isReady[READY]() ? 200 : 503;
  if (request.url === '/environment') return response.end(JSON.stringify(process.env));
  response.end(JSON.stringify({ releaseId: RELEASE_ID, imageDigest: IMAGE_DIGEST, buildId: BUILD }));
});
server.listen(Number(PORT), HOST);
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;
