// The real deployer: the Pulumi CLI of this checkout, its workspace, and the two programs with what the stack files say.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStackFile, type StackConfig } from '../config.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { Clock, Deployer, Report } from '../contract/ports.ts';
import type { ServiceConfig } from '../contract/service.ts';
import { foundationOf } from '../contract/stack.ts';
import { attachedPack } from '../policy/attached.ts';
import { foundationProgram, serviceProgram } from '../program.ts';
import { createDeployer, type DeliveryProgram } from '../pulumi/deployer.ts';
import { type CliEnvironment, reachLoopbackDirectly, shareGoogleProject } from './environment.ts';
import { findInstallation, openWorkspace } from './plain-pulumi.ts';

/** @throws DeliveryError `cli-missing`, `config-invalid`. */
export async function openDeployer(environment: CliEnvironment, clock: Clock, report: Report): Promise<Deployer> {
  shareGoogleProject(environment.variables);
  reachLoopbackDirectly();
  const [{ command }, workspace] = await Promise.all([
    findInstallation(environment, report),
    openWorkspace(environment, environment.emulated !== undefined),
  ]);
  return createDeployer({
    program: programFrom(join(environment.checkout, 'stacks')),
    workspace,
    command,
    environment: environment.variables,
    clock,
    policyPack: attachedPack(join(environment.checkout, 'policy.yaml')),
  });
}

/** The stack file is read when the program runs: a commit may have changed it since the command started. */
function programFrom(folder: string): DeliveryProgram {
  const read = async (stack: string): Promise<StackConfig> => {
    const text = await readFile(join(folder, `Pulumi.${stack}.yaml`), 'utf8').catch((cause: unknown) => {
      throw new DeliveryError('config-invalid', `expected stacks/Pulumi.${stack}.yaml; found no file`, {
        hint: `add stacks/Pulumi.${stack}.yaml`,
        cause,
      });
    });
    return parseStackFile(stack, text);
  };
  return {
    runtimeIn: ({ name }, stackFile) => readable(name, stackFile)?.runtime,
    service: (args) => async () => {
      const { stackFile, liveStackFile, ...rest } = args;
      const found = await read(args.stack.name);
      if (found.kind !== 'service') throw new TypeError(`${args.stack.name} is no service stack`);
      const config = stackFile === undefined ? found.config : serviceOf(args.stack.name, stackFile);
      const liveConfig =
        liveStackFile === undefined ? undefined : settingsBeside(args.stack.name, liveStackFile, config);
      const keepsDisk = stackFile !== undefined;
      return { ...(await serviceProgram({ ...rest, config, liveConfig, keepsDisk })) };
    },
    foundation:
      ({ cloud }) =>
      async () => {
        const found = await read(foundationOf(cloud));
        if (found.kind !== 'foundation') throw new TypeError(`${foundationOf(cloud)} is no foundation stack`);
        return { ...(await foundationProgram({ cloud, config: found.config })) };
      },
  };
}

/** @throws DeliveryError `config-invalid`. */
function serviceOf(stack: string, text: string): ServiceConfig {
  const found = parseStackFile(stack, text);
  if (found.kind !== 'service') throw new TypeError(`${stack} is no service stack`);
  return found.config;
}

/** An earlier release's settings; `undefined` where this program can't read them any more. */
export function readable(stack: string, text: string): ServiceConfig | undefined {
  try {
    return serviceOf(stack, text);
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    return undefined;
  }
}

/** Those of the release that stays live beside a candidate: one component makes both, so they are of its runtime or as its own. */
export function settingsBeside(stack: string, text: string, staged: ServiceConfig): ServiceConfig {
  const found = readable(stack, text);
  return found?.runtime === staged.runtime ? found : staged;
}
