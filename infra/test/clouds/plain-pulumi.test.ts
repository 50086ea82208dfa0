import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseIdOf } from '../../contract/release.ts';
import { packPath } from '../../policy/attached.ts';
import { checkoutInstallation, installationMilliseconds } from '../pulumi/tiny-deployer.ts';
import { better, type EmulatedClouds, emulatedClouds, good, release } from './emulated-clouds.ts';

const stacks = fileURLToPath(new URL('../../../stacks/', import.meta.url));
let clouds: EmulatedClouds;
let binDirectory: string;

beforeAll(async () => {
  ({ binDirectory } = await checkoutInstallation());
  const names = ['gcp-foundation', 'gcp-dev'];
  const texts = names.map(async (name) => [name, await readFile(join(stacks, `Pulumi.${name}.yaml`), 'utf8')]);
  clouds = await emulatedClouds(Object.fromEntries(await Promise.all(texts)));
  for (const name of names) await pulumi('stack', 'select', '--create', name);
}, installationMilliseconds);
afterAll(() => clouds?.stop());

/** What a person types, in the folder and with the variables that `emulator up` names. */
function pulumi(...words: readonly string[]): Promise<{ code: number; printed: string }> {
  return pulumiWith({}, ...words);
}

function pulumiWith(variables: Readonly<Record<string, string | undefined>>, ...words: readonly string[]) {
  const { directory, variables: known } = clouds.plain;
  const env = { ...known, ...variables, PATH: `${binDirectory}:${process.env.PATH}` };
  return new Promise<{ code: number; printed: string }>((resolve) => {
    execFile('pulumi', [...words, '--non-interactive'], { cwd: directory, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), printed: `${stdout}${stderr}` });
    });
  });
}

async function manifestFile(digit: number): Promise<string> {
  const path = join(clouds.plain.directory, `release-${digit}.json`);
  await writeFile(path, JSON.stringify(release(digit)));
  return path;
}

const times = (text: string, words: string) => text.split(words).length - 1;

describe('plain `pulumi` on the project', () => {
  it('refuses a service without a release, in one sentence and without a stack', async () => {
    const { code, printed } = await pulumi('preview', '--stack', 'gcp-dev');
    expect(code).not.toBe(0);
    // What it printed while it ran is summed up below this word.
    const diagnostics = printed.slice(printed.indexOf('Diagnostics:'));
    expect(times(diagnostics, 'gcp-dev runs no release yet, and TRIREME_RELEASE names none')).toBe(1);
    expect(printed).not.toMatch(/at .*\.ts:\d+/);
  });

  it('refuses a service before its foundation', async () => {
    const variables = { TRIREME_RELEASE: await manifestFile(good) };
    const { code, printed } = await pulumiWith(variables, 'up', '--yes', '--stack', 'gcp-dev');
    expect(code).not.toBe(0);
    expect(printed).toContain('expected gcp-foundation to be up');
    expect(printed).not.toMatch(/at .*\.ts:\d+/);
  });

  it('brings up the foundation, deploys the release that TRIREME_RELEASE names, and then keeps it', async () => {
    expect(await pulumi('up', '--yes', '--stack', 'gcp-foundation')).toMatchObject({ code: 0 });
    const manifest = await manifestFile(good);
    const first = await pulumiWith({ TRIREME_RELEASE: manifest }, 'up', '--yes', '--stack', 'gcp-dev');
    expect(first.code, first.printed).toBe(0);
    expect(first.printed).toContain(releaseIdOf(release(good)));

    const kept = await pulumi('preview', '--stack', 'gcp-dev', '--expect-no-changes');
    expect(kept.code, kept.printed).toBe(0);
    const refreshed = await pulumi('refresh', '--yes', '--stack', 'gcp-dev', '--expect-no-changes');
    expect(refreshed.code, refreshed.printed).toBe(0);

    const next = await pulumiWith({ TRIREME_RELEASE: await manifestFile(better) }, 'preview', '--stack', 'gcp-dev');
    expect(next.printed).toMatch(/1 to update/);
  });

  it('asks the policy pack that a variable names, in a process of its own', async () => {
    await pulumi('config', 'set', '--stack', 'gcp-dev', 'maxInstances', '50');
    const variables = { PULUMI_OPTION_POLICY_PACK: packPath };
    const { code, printed } = await pulumiWith(variables, 'preview', '--stack', 'gcp-dev');
    await pulumi('config', 'set', '--stack', 'gcp-dev', 'maxInstances', '2');
    expect(code).not.toBe(0);
    expect(printed).toContain('[mandatory]  instances-bounded');
    expect(printed).toContain('template.scaling.maxInstanceCount: expected 1 to 30; found 50');
  });

  it('refuses a layout where the clouds are real', async () => {
    const variables = { TRIREME_RELEASE: await manifestFile(better), TRIREME_EMULATOR: undefined };
    const { code, printed } = await pulumiWith(variables, 'preview', '--stack', 'gcp-dev');
    expect(code).not.toBe(0);
    expect(printed).toContain('expected an image built from the Dockerfile');
  });

  it('refuses a manifest that is not there', async () => {
    const { printed } = await pulumiWith({ TRIREME_RELEASE: 'nowhere.json' }, 'preview', '--stack', 'gcp-dev');
    expect(printed).toContain('could not read nowhere.json');
  });

  it('destroys', async () => {
    expect(await pulumi('destroy', '--yes', '--stack', 'gcp-dev')).toMatchObject({ code: 0 });
    expect(await pulumi('destroy', '--yes', '--stack', 'gcp-foundation')).toMatchObject({ code: 0 });
  });
});
