// A stack of an inline program under the real engine, with the emulated providers attached and its state in a test's folder.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalWorkspace, type PulumiFn, type Stack } from '@pulumi/pulumi/automation/index.js';
import { engineVariables } from '../../pulumi/engine-variables.ts';
import { checkoutInstallation } from '../../pulumi/tiny-deployer.ts';

export async function inlineStack(options: {
  readonly name: string;
  readonly directory: string;
  readonly debugProviders: string;
  readonly program: PulumiFn;
}): Promise<Stack> {
  const { command } = await checkoutInstallation();
  const { name, directory, program } = options;
  return LocalWorkspace.createOrSelectStack(
    { stackName: name, projectName: 'tests', program },
    {
      pulumiCommand: command,
      pulumiHome: join(directory, 'home'),
      workDir: await mkdtemp(join(directory, 'work-')),
      projectSettings: { name: 'tests', runtime: 'nodejs', backend: { url: `file://${directory}` } },
      envVars: engineVariables(directory, options.debugProviders, `file://${directory}`),
    },
  );
}
