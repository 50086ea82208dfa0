import { glob, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type Output, StackReference, secret } from '@pulumi/pulumi';
import { LocalWorkspace, type PulumiFn, type Stack } from '@pulumi/pulumi/automation/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stateRights } from '../../clouds/state-rights.ts';
import { deployIdentities } from '../../contract/service.ts';
import { everyStackName } from '../../contract/stack.ts';
import { engineCommand } from '../../pulumi/engine-command.ts';
import { checkoutInstallation, installationMilliseconds } from '../pulumi/tiny-deployer.ts';

const begins = (names: readonly string[], object: string) => names.some((name) => object.startsWith(name));

describe('the state an identity reaches', () => {
  it('is its own environment’s, and nobody’s twice', () => {
    const dev = stateRights('deploy-dev').own;
    expect(stateRights('plan')).toEqual(stateRights('deploy-prod'));
    expect(dev.filter((name) => begins(stateRights('deploy-prod').own, name))).toEqual([]);
    expect(stateRights('deploy-prod').own.filter((name) => begins(dev, name))).toEqual([]);
    for (const stack of everyStackName) {
      const owners = deployIdentities.filter((identity) =>
        begins(stateRights(identity).own, `.pulumi/stacks/trireme/${stack}.json`),
      );
      expect(owners, stack).toEqual(stack.endsWith('-dev') ? ['deploy-dev'] : ['deploy-prod', 'plan']);
    }
  });

  it('of a foundation is read by all and written by none', () => {
    for (const identity of deployIdentities) {
      const { own, common } = stateRights(identity);
      expect(begins(common, '.pulumi/stacks/trireme/gcp-foundation.json')).toBe(true);
      for (const place of ['stacks', 'history', 'backups', 'locks/organization']) {
        expect(begins(own, `.pulumi/${place}/trireme/gcp-foundation`), place).toBe(false);
      }
    }
  });
});

describe('the real engine', () => {
  let directory: string;
  let foundation: Stack;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trireme-state-rights-'));
    foundation = await open('gcp-foundation', 'of nobody on GitHub', async () => ({ details: { project: 'p' } }));
    await foundation.up();
  }, installationMilliseconds);
  afterAll(() => rm(directory, { recursive: true, force: true }));

  async function objects(): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for await (const entry of glob('.pulumi/**/*', { cwd: directory, withFileTypes: true })) {
      const name = relative(directory, join(entry.parentPath, entry.name));
      // A bucket keeps attributes with the object itself.
      if (entry.isFile()) found.add(name.replace(/\.attrs$/, ''));
    }
    return found;
  }

  async function open(stackName: string, passphrase: string, program: PulumiFn): Promise<Stack> {
    const { command } = await checkoutInstallation();
    return LocalWorkspace.createOrSelectStack(
      { stackName, projectName: 'trireme', program },
      {
        pulumiCommand: command,
        pulumiHome: join(directory, 'home'),
        workDir: await mkdtemp(join(directory, 'work-')),
        projectSettings: { name: 'trireme', runtime: 'nodejs', backend: { url: `file://${directory}` } },
        envVars: { PULUMI_CONFIG_PASSPHRASE: passphrase, PULUMI_SKIP_UPDATE_CHECK: 'true' },
      },
    );
  }

  it('writes nothing of a stack but what its deployer may write, and reads its foundation under another passphrase', async () => {
    const before = await objects();
    let during: ReadonlySet<string> = new Set();
    const dev = await open('gcp-dev', 'of dev', async () => {
      during = await objects();
      const given = new StackReference('organization/trireme/gcp-foundation');
      return { given: given.getOutput('details') as Output<unknown>, password: secret('s') };
    });
    const { outputs } = await dev.up();
    expect(outputs.given?.value).toEqual({ project: 'p' });

    const { own } = stateRights('deploy-dev');
    const written = [...new Set([...during, ...(await objects())])].filter((name) => !before.has(name));
    expect(new Set(written.map((name) => name.split('/')[1]))).toEqual(
      new Set(['backups', 'history', 'locks', 'stacks']),
    );
    expect(written.filter((name) => !begins(own, name))).toEqual([]);

    // As delivery reads what a stack gave: what is secret stays ciphertext, and nobody asks for a passphrase.
    const { command } = await checkoutInstallation();
    const cli = engineCommand(command, {
      PULUMI_BACKEND_URL: `file://${directory}`,
      PULUMI_HOME: join(directory, 'home'),
    });
    const { stdout } = await cli.run(['stack', 'export', '--stack', 'gcp-dev'], dev.workspace.workDir, {});
    expect(stdout).toContain('"ciphertext"');
  }, 60_000);
});
