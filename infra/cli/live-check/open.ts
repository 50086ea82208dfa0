// What a live check works with: an engine whose only stack is the throw-away one, the real provers, and the settings of dev without what costs.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStackFile } from '../../config.ts';
import { systemClock } from '../../contract/clock.ts';
import { DeliveryError } from '../../contract/errors.ts';
import type { Deployer, Report } from '../../contract/ports.ts';
import type { ServiceConfig } from '../../contract/service.ts';
import type { Stack } from '../../contract/stack.ts';
import { serviceProgram } from '../../program.ts';
import { createDeployer } from '../../pulumi/deployer.ts';
import { engineCommand } from '../../pulumi/engine-command.ts';
import { prepareWorkspace } from '../../pulumi/workspace.ts';
import { type CliEnvironment, reachLoopbackDirectly, shareGoogleProject } from '../environment.ts';
import { findInstallation } from '../plain-pulumi.ts';

export interface OpenedEngine {
  readonly deployer: Deployer;
  forget(): Promise<void>;
}

/** As `<cloud>-dev` has them, in the runtime asked for, without the parts that live on or cost. @throws DeliveryError `config-invalid`. */
export async function configFor(checkout: string, cloud: string, runtime: string | undefined): Promise<ServiceConfig> {
  const name = `${cloud}-dev`;
  const text = await readFile(join(checkout, 'stacks', `Pulumi.${name}.yaml`), 'utf8').catch((cause: unknown) => {
    throw new DeliveryError('config-invalid', `expected stacks/Pulumi.${name}.yaml; found no file`, { cause });
  });
  const wanted = runtime === undefined ? text : text.replace(/^(\s*trireme:runtime:).*$/m, `$1 ${runtime}`);
  const found = parseStackFile(name, wanted);
  if (found.kind !== 'service') throw new TypeError(`${name} is no service stack`);
  return plainly(found.config);
}

/** Google's own; any other makes a log bucket that outlives the service. */
const vendorsRetention = 30;

/** Without what the check needs no answer from. */
export function plainly(config: ServiceConfig): ServiceConfig {
  const { domain, database, alarms, ...rest } = config;
  return {
    ...rest,
    network: {},
    logRetentionDays: vendorsRetention,
    uptimeCheck: false,
    dashboard: false,
    objectStore: false,
    exposure: 'public',
    protect: false,
  };
}

export function newSuffix(): string {
  return `a${randomBytes(3).toString('hex')}`.slice(0, 6);
}

export async function openEngine(
  environment: CliEnvironment,
  { stack, config, report }: { readonly stack: Stack; readonly config: ServiceConfig; readonly report: Report },
): Promise<OpenedEngine> {
  const { variables: given, checkout, stateDirectory, emulated } = environment;
  shareGoogleProject(given);
  reachLoopbackDirectly();
  const { command } = await findInstallation(environment, report);
  const place = emulated === undefined ? stateDirectory : join(stateDirectory, 'emulator');
  const workspace = await prepareWorkspace({ checkout, directory: join(place, 'live-check'), secrets: 'own' });
  // The state of what lives for an hour holds no secret of anybody's.
  const variables = { ...given, PULUMI_CONFIG_PASSPHRASE: given.PULUMI_CONFIG_PASSPHRASE ?? 'live-check' };
  const deployer = createDeployer({
    program: {
      service: (args) => async () => ({ ...(await serviceProgram({ ...args, config })) }),
      foundation: () => async () => {
        throw new TypeError('a live check makes no foundation');
      },
    },
    workspace,
    command,
    environment: variables,
    clock: systemClock,
  });
  return {
    deployer,
    async forget() {
      const words = ['stack', 'rm', stack.name, '--yes', '--preserve-config'];
      await engineCommand(command, { PULUMI_SKIP_UPDATE_CHECK: 'true', ...variables })
        .run(words, workspace.directory, {})
        .catch((error: unknown) => {
          if (!/no stack named/.test(String(error))) throw error;
        });
    },
  };
}
