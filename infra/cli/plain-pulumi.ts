// The Pulumi CLI and the folder it works in: for the deployer, and for whoever types `pulumi` against the emulated clouds.
import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DeliveryError } from '../contract/errors.ts';
import type { Report } from '../contract/ports.ts';
import { type Installation, installation } from '../pulumi/installation.ts';
import { plainPulumiEnvironment, prepareWorkspace, type Workspace } from '../pulumi/workspace.ts';
import type { CliEnvironment } from './environment.ts';

/** The CLI of this checkout, found or obtained once. @throws DeliveryError `cli-missing`, with everything that was tried. */
export function findInstallation(
  environment: CliEnvironment,
  report: Report,
  signal?: AbortSignal,
): Promise<Installation> {
  const { shell, checkout } = environment;
  return installation(checkout, {
    explicit: shell.TRIREME_PULUMI,
    cacheDirectory: join(shell.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'trireme', 'pulumi'),
    environment: shell,
    report: (message) => report({ message }),
    signal,
  });
}

/** Emulated clouds have a folder and secrets of their own, so that what is tried on them never reaches a real stack file. */
export function openWorkspace(environment: CliEnvironment, emulated: boolean): Promise<Workspace> {
  const { checkout, stateDirectory } = environment;
  return prepareWorkspace({
    checkout,
    directory: emulated ? join(stateDirectory, 'emulator', 'workspace') : join(stateDirectory, 'workspace'),
    secrets: emulated ? 'own' : 'stack-files',
  });
}

/**
 * What a shell needs so that `pulumi preview -s gcp-dev`, typed anywhere, works on the emulated clouds: a file to source, as a Python
 * environment has one. Emulated clouds are of use without a CLI as well: its absence is said, and left to the verb that needs it.
 */
export async function preparePlainPulumi(
  environment: CliEnvironment,
  report: Report,
  signal: AbortSignal,
): Promise<{ readonly activate: string; readonly workspace: string }> {
  const workspace = await openWorkspace(environment, true);
  const directory = join(environment.stateDirectory, 'emulator');
  const plain = {
    ...plainPulumiEnvironment(workspace),
    // The same rules as in every verb; the CLI takes any of its flags as a variable.
    PULUMI_OPTION_POLICY_PACK: join(environment.checkout, 'infra', 'policy', 'pack'),
  };
  const variables = Object.entries(plain).map(([name, value]) => `export ${name}='${value}'`);
  const path = await binDirectory(environment, report, signal);
  const lines = [
    `. '${join(directory, 'emulator.env')}'`,
    ...(path === undefined ? [] : [`export PATH='${path}':"$PATH"`]),
    ...variables,
  ];
  const activate = join(directory, 'activate');
  await writeFile(activate, `${lines.join('\n')}\n`);
  return { activate, workspace: workspace.directory };
}

async function binDirectory(
  environment: CliEnvironment,
  report: Report,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return (await findInstallation(environment, report, signal)).binDirectory;
  } catch (error) {
    if (!(error instanceof DeliveryError) || error.code !== 'cli-missing') throw error;
    report({ message: error.message });
    return undefined;
  }
}
