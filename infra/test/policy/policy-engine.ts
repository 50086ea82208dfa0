// The real engine with the policy pack over emulated providers: an inline program, previewed and brought up as delivery does it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PulumiFn } from '@pulumi/pulumi/automation/index.js';
import type { Deployer } from '../../contract/ports.ts';
import { attachedPack } from '../../policy/attached.ts';
import { createDeployer } from '../../pulumi/deployer.ts';
import { type Ending, Engine } from '../../pulumi/engine.ts';
import { prepareWorkspace } from '../../pulumi/workspace.ts';
import { attachedClouds } from '../emulator/providers/attached-clouds.ts';
import { engineVariables } from '../pulumi/engine-variables.ts';
import { checkoutInstallation } from '../pulumi/tiny-deployer.ts';

export interface PolicyEngine {
  readonly reports: string[];
  run(stack: string, operation: 'preview' | 'up', program: PulumiFn, pack?: boolean): Promise<Ending | undefined>;
  /** Delivery's own way in, for every stack the same program. */
  deployer(program: PulumiFn, pack?: boolean): Deployer;
  resources(stack: string): Promise<readonly string[]>;
  /** Replaces policy.yaml. */
  policy(text: string): Promise<void>;
  stop(): Promise<void>;
}

export async function policyEngine(): Promise<PolicyEngine> {
  const clouds = await attachedClouds();
  const directory = await mkdtemp(join(tmpdir(), 'trireme-policy-'));
  for (const folder of ['stacks', 'state']) await mkdir(join(directory, folder));
  await writeFile(join(directory, 'Pulumi.yaml'), 'name: tests\nruntime: nodejs\nstackConfigDir: stacks\n');
  const policyFile = join(directory, 'policy.yaml');
  await writeFile(policyFile, 'packs: {}\n');
  const { command } = await checkoutInstallation();
  const workspace = await prepareWorkspace({
    checkout: directory,
    directory: join(directory, 'workspace'),
    secrets: 'own',
  });
  const common = {
    workspace,
    command,
    environment: engineVariables(directory, clouds.debugProviders),
    clock: { now: () => Date.now(), sleep: (milliseconds: number) => sleep(milliseconds) },
  };
  const judging = new Engine({ ...common, policyPack: attachedPack(policyFile) });
  const bare = new Engine(common);
  const reports: string[] = [];
  const report = ({ message }: { readonly message: string }) => reports.push(message);
  return {
    reports,
    run: (stack, operation, program, pack = true) => (pack ? judging : bare).run(stack, program, { report }, operation),
    deployer: (program, pack = true) =>
      createDeployer({
        ...common,
        ...(pack ? { policyPack: attachedPack(policyFile) } : {}),
        program: { service: () => program, foundation: () => program },
      }),
    resources: async (stack) => ((await bare.backend.state(stack))?.resources ?? []).map(({ urn }) => urn),
    policy: (text) => writeFile(policyFile, text),
    async stop() {
      await clouds.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
