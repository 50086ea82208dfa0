// A deployer over the real engine and the tiny provider: one thing per stack, in a project that lives in a temporary folder.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as pulumi from '@pulumi/pulumi';
import type { Deployer } from '../../contract/ports.ts';
import type { ReleaseManifest } from '../../contract/release.ts';
import { createDeployer, type DeliveryProgram } from '../../pulumi/deployer.ts';
import { type Installation, installation } from '../../pulumi/installation.ts';
import { prepareWorkspace } from '../../pulumi/workspace.ts';
import { engineVariables } from './engine-variables.ts';
import { startTinyProvider, type Vendor } from './tiny-provider.ts';

/** A machine without a CLI gets one here, which takes minutes, once. */
export const installationMilliseconds = 1_800_000;

export async function checkoutInstallation(): Promise<Installation> {
  return installation(fileURLToPath(new URL('../../../', import.meta.url)), {
    cacheDirectory: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'trireme', 'pulumi'),
    environment: process.env,
    report: (message) => console.error(message),
  });
}

export async function tinyProject(): Promise<{ checkout: string; remove(): Promise<void> }> {
  const checkout = await mkdtemp(join(tmpdir(), 'trireme-engine-'));
  await mkdir(join(checkout, 'stacks'));
  await mkdir(join(checkout, 'state'));
  await writeFile(
    join(checkout, 'Pulumi.yaml'),
    'name: tiny\nruntime: {name: nodejs, options: {typescript: false}}\nstackConfigDir: stacks\n',
  );
  for (const stack of ['aws-dev', 'gcp-dev', 'azure-dev']) {
    await writeFile(join(checkout, 'stacks', `Pulumi.${stack}.yaml`), 'config:\n  tiny:zone: north\n');
  }
  return { checkout, remove: () => rm(checkout, { recursive: true, force: true }) };
}

export interface TinyOptions {
  readonly checkout: string;
  readonly command: Installation['command'];
  readonly vendor?: Vendor;
  /** Runs inside the program, before its one resource. */
  readonly before?: () => void;
  readonly protect?: boolean;
  /** A second thing, `<stack>-two`, made after the first; then it has the endpoint. */
  readonly second?: boolean;
  readonly lockWaitSeconds?: number;
  readonly backendUrl?: string;
  readonly passphrase?: string;
}

export async function tinyDeployer(options: TinyOptions): Promise<{ deployer: Deployer; stop(): void }> {
  const provider = await startTinyProvider(options.vendor ?? {});
  const { checkout, command } = options;
  const deployer = createDeployer({
    program: tinyProgram(options),
    workspace: await prepareWorkspace({ checkout, directory: join(checkout, 'workspace'), secrets: 'own' }),
    command,
    environment: {
      ...engineVariables(checkout, `tiny:${provider.port}`, options.backendUrl),
      ...(options.passphrase === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: options.passphrase }),
    },
    clock: {
      now: () => Date.now(),
      sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
    },
    lockWaitSeconds: options.lockWaitSeconds ?? 0,
  });
  return { deployer, stop: provider.stop };
}

/** As much of a manifest as a deployer reads. */
export function release(digit: number): ReleaseManifest {
  const digest = `sha256:${String(digit).repeat(64)}`;
  return {
    schema: 'trireme.release/1',
    sequence: digit,
    source: { repository: 'tiny', commit: '0'.repeat(40), dirty: false, authors: ['a <a@example.org>'] },
    image: {
      name: 'tiny',
      digest,
      builder: 'layout',
      builderVersion: '1',
      platform: 'linux/amd64',
      size: 1,
      copies: (['aws', 'gcp', 'azure'] as const).map((cloud) => ({ cloud, ref: `registry.example/tiny@${digest}` })),
    },
    build: { buildId: 'bld-000000000000', node: '24', lockfile: digest },
    models: [{ name: 'tiny', digest }],
    infra: { program: digest, stackConfigs: {} },
  };
}

class Thing extends pulumi.CustomResource {
  declare readonly address: pulumi.Output<string>;

  constructor(name: string, inputs: Record<string, unknown>, options: pulumi.CustomResourceOptions) {
    super('tiny:index:Thing', name, { address: undefined, ...inputs }, options);
  }
}

function tinyProgram({ before, protect = false, second = false }: TinyOptions): DeliveryProgram {
  return {
    service:
      ({ stack, release, current }) =>
      async () => {
        before?.();
        const inputs = {
          label: stack.name,
          zone: new pulumi.Config().require('zone'),
          image: release.imageRef,
          replaced: current?.releaseId ?? 'nothing',
          password: pulumi.secret('hush'),
        };
        const thing = new Thing('one', inputs, { protect });
        const served = second
          ? new Thing('two', { ...inputs, label: `${stack.name}-two` }, { dependsOn: [thing] })
          : thing;
        return { endpoint: served.address, revision: thing.id, coordinates: {}, release: { ...release } };
      },
    foundation:
      ({ cloud }) =>
      async () => {
        before?.();
        const thing = new Thing('registry', { label: cloud, zone: 'north' }, { protect });
        return { repository: `registry.example/${cloud}`, pullIdentity: thing.id, details: { address: thing.address } };
      },
  };
}
