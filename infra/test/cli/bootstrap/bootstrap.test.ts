// From nothing to three foundations, and once more: as a person would type it, against running emulated clouds and an emulated GitHub.
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEnvironment } from '../../../cli/environment.ts';
import { findInstallation, openWorkspace } from '../../../cli/plain-pulumi.ts';
import { type Cloud, clouds } from '../../../contract/stack.ts';
import { moveState } from '../../../pulumi/move-state.ts';
import { readStateFile, stateFileOf } from '../../../pulumi/state.ts';
import { type SampleGithub, sampleGithub } from '../../emulator/github/sample.ts';
import { copyProject, eventuallyNoProcess, removeProject, startTriremeWith } from '../../rehearsal/rehearsal.ts';

const githubFile = 'stacks/Pulumi.github.yaml';
let root: string;
let github: SampleGithub;

const trireme = (...words: readonly string[]) => {
  const { GITHUB_TOKEN: _, ...env } = process.env;
  const asked = { GITHUB_API_URL: github.url, GITHUB_TOKEN: 'user:ada', GITHUB_REPOSITORY: 'acme/trireme' };
  return startTriremeWith({ ...env, ...asked }, root, ...words).ended;
};

beforeAll(async () => {
  github = await sampleGithub();
  root = await copyProject([...clouds]);
  const shipped = fileURLToPath(new URL(`../../../../${githubFile}`, import.meta.url));
  await copyFile(shipped, path.join(root, githubFile));
  expect((await trireme('emulator', 'up')).code).toBe(0);
});
afterAll(async () => {
  await trireme('emulator', 'down');
  await github.stop();
  expect(await eventuallyNoProcess(root)).toEqual([]);
  await removeProject(root);
});

async function bootstrapped(cloud: Cloud) {
  const words = ['bootstrap', cloud, '--yes', '--write-variables', '--alarm-email', 'ops@acme.example', '--json'];
  const { code, stdout, stderr } = await trireme(...words);
  expect(code, stderr).toBe(0);
  return { talk: stderr, said: JSON.parse(stdout) as Record<string, unknown> };
}

test('nobody agreed: nothing is touched', async () => {
  const file = path.join(root, 'stacks/Pulumi.aws-foundation.yaml');
  const before = await readFile(file, 'utf8');
  const { code, stderr } = await trireme('bootstrap', 'aws', '--alarm-email', 'ops@acme.example');
  expect(code).toBe(2);
  expect(stderr).toContain('+   trireme:github:');
  expect(stderr).toContain('expected --yes');
  expect(await readFile(file, 'utf8')).toBe(before);
});

test('three foundations with trust in the repository; the second time nothing changes', async () => {
  // One after the other: all of them write into one file.
  for (const cloud of clouds) {
    const { said, talk } = await bootstrapped(cloud);
    expect(said, cloud).toMatchObject({ ok: true, changed: true, wrote: true });
    for (const words of ['lets in jobs of your repository', 'a month (', 'who is told by alarms']) {
      expect(talk).toContain(words);
    }
    const file = path.join(root, `stacks/Pulumi.${cloud}-foundation.yaml`);
    expect(await readFile(file, 'utf8')).toContain('owner: acme');
  }
  const written = await readFile(path.join(root, githubFile), 'utf8');
  expect(written).toContain('arn:aws:iam::123456789012:role/trireme-deploy-dev');
  expect(written).not.toMatch(/: (000000000000|your-project|00000000-0000-0000)/);
  const again = await Promise.all(clouds.map(bootstrapped));
  for (const { said, talk } of again) {
    expect(said).toMatchObject({ ok: true, changed: false, changes: 0, wrote: false });
    expect(talk).toContain('nothing had to be changed');
  }
  expect(await readFile(path.join(root, githubFile), 'utf8')).toBe(written);
});

test('the doctor finds all three clouds as they should be', async () => {
  const { stdout, stderr } = await trireme('doctor', '--json');
  const findings: readonly Record<string, string>[] = JSON.parse(stdout).findings;
  for (const [area, cloud, products] of [
    ['AWS', 'aws', 'App Runner'],
    ['Google Cloud', 'gcp', 'Cloud Run'],
    ['Azure', 'azure', 'App Service'],
  ] as const) {
    const here = findings.filter((one) => one.area === area);
    expect(
      here.map(({ outcome }) => outcome),
      stderr,
    ).toEqual(here.map(() => 'good'));
    const subjects = here.map(({ subject }) => subject).join();
    for (const words of [
      'login',
      `region of ${cloud}-prod`,
      `${cloud}-foundation`,
      'registry',
      `reading ${products}`,
    ]) {
      expect(subjects).toContain(words);
    }
  }
});

test('a foundation’s state moves to another backend as it is, and never over another', async () => {
  const environment = await readEnvironment(() => {}, process.env, root);
  const [{ command }, workspace] = await Promise.all([
    findInstallation(environment, () => {}),
    openWorkspace(environment, true),
  ]);
  const folder = await mkdtemp(path.join(tmpdir(), 'trireme-backend-'));
  try {
    const to = pathToFileURL(folder).href;
    const move = { workspace, command, environment: environment.variables, stack: 'aws-foundation', to };
    await moveState(move);
    const read = (url: string | undefined) =>
      readStateFile(stateFileOf(url, workspace.project, 'aws-foundation') ?? '');
    const [before, after] = await Promise.all([read(environment.variables.PULUMI_BACKEND_URL), read(to)]);
    expect(after?.resources.length).toBeGreaterThan(10);
    expect(after).toEqual(before);
    await expect(moveState(move)).rejects.toMatchObject({ code: 'refused' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
