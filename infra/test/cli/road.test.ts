// The road in pieces: every verb by itself, against running emulated clouds, as a team with one cloud would type them.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyProject, type Ended, eventuallyNoProcess, removeProject, startTrireme } from '../rehearsal/rehearsal.ts';

let root: string;

beforeAll(async () => {
  root = await copyProject(['gcp']);
  expect((await trireme('emulator', 'up', '--time-scale', '25')).code).toBe(0);
});
afterAll(async () => {
  await trireme('emulator', 'down');
  expect(await eventuallyNoProcess(root)).toEqual([]);
  await removeProject(root);
});

const trireme = (...words: readonly string[]): Promise<Ended> => startTrireme(root, ...words).ended;

/** What a verb printed as JSON, once it ended as expected. */
async function json(code: number, ...words: readonly string[]): Promise<Record<string, unknown>> {
  const ended = await trireme(...words, '--json');
  expect(ended.code, ended.stderr).toBe(code);
  return JSON.parse(ended.stdout);
}

async function commit(message: string): Promise<void> {
  const who = ['-c', 'user.name=Dana Developer', '-c', 'user.email=dana@trireme.example'];
  await promisify(execFile)('git', [...who, 'commit', '-qam', message], { cwd: root });
}

async function pulumi(...words: readonly string[]): Promise<string> {
  const script = `source .trireme/emulator/activate && pulumi ${words.join(' ')} --non-interactive 2>&1`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: root, maxBuffer: 16 << 20 });
  return stdout;
}

let first: string;
let second: string;
let third: string;

test('train, release, deploy, verify: a release is proven in dev', async () => {
  expect((await trireme('train')).code).toBe(0);
  const made = await json(0, 'release');
  first = String(made.release);
  expect(first).toMatch(/^rel-1-[0-9a-f]{12}$/);
  expect(await json(0, 'preview', '--release', first)).toMatchObject({ ok: true });
  expect(await json(0, 'deploy', '--release', 'latest')).toMatchObject({ ok: true });
  expect(await json(0, 'verify')).toMatchObject({ ok: true });
  const said = await json(0, 'logs', '--stack', 'gcp-dev');
  expect((said.lines as { from: string }[]).map(({ from }) => from)).toEqual(
    expect.arrayContaining(['platform', 'container']),
  );
  const audited = await json(0, 'audit', first, '--no-rebuild');
  expect(audited).toMatchObject({ outcome: 'passed' });
  expect(audited.checks).toMatchObject(
    ['ledger', 'registry-gcp', 'provenance', 'sbom'].map((name) => ({ name, outcome: 'passed' })),
  );
});

test('prod is not entered by deploy, nor without an approval, nor by the approval of who asked', async () => {
  expect((await trireme('deploy', '--environment', 'prod')).code).toBe(3);
  const waiting = await trireme('promote', '--release', first);
  expect(waiting.code, waiting.stderr).toBe(4);
  const promotion = /npx trireme approve (prm-[0-9a-f]{10})/.exec(waiting.stderr)?.[1] ?? 'none';
  const own = await trireme('approve', promotion, '--as', 'Dana Developer');
  expect(own.code, own.stderr).toBe(3);
  expect((await trireme('approve', promotion, '--as', 'rita')).code).toBe(0);
  const carriedOut = await trireme('promote', '--promotion', promotion);
  expect(carriedOut.code, carriedOut.stderr).toBe(0);
});

test('a second release follows, and prod goes back to the first by command', async () => {
  const problem = path.join(root, 'problem.yaml');
  await writeFile(problem, (await readFile(problem, 'utf8')).replace(/^seed: .*$/m, 'seed: 2'));
  expect((await trireme('train')).code).toBe(0);
  await commit('another seed');
  second = String((await json(0, 'release')).release);
  expect((await trireme('deploy')).code).toBe(0);
  const promoted = await trireme('promote', '--release', '2', '--approve-as', 'rita');
  expect(promoted.code, promoted.stderr).toBe(0);
  const back = await trireme('rollback', '--reason', 'the test wants it');
  expect(back.code, back.stderr).toBe(0);
  const status = await trireme('status');
  expect(status.stdout).toContain(first);
  expect(status.stdout).toContain(second);
  const history = await trireme('history');
  for (const word of ['rollback', 'approval', 'the test wants it', 'rita']) expect(history.stdout).toContain(word);
});

test('a setting alone is a release of its own: the image that is there, its plan, its approval', async () => {
  const released = JSON.parse(await readFile(path.join(root, '.trireme', 'releases', `${second}.json`), 'utf8'));
  for (const environment of ['dev', 'prod']) {
    const file = path.join(root, 'stacks', `Pulumi.gcp-${environment}.yaml`);
    await writeFile(file, (await readFile(file, 'utf8')).replace(/concurrency: \d+/, 'concurrency: 7'));
  }
  await commit('fewer at once');
  const made = await json(0, 'release');
  expect(made).toMatchObject({ imageOf: second, image: released.image, models: released.models });
  expect(made.build).toEqual({ ...released.build, commit: released.source.commit });
  third = String(made.release);
  expect(await json(0, 'deploy')).toMatchObject({ ok: true });
  const [plan] = (await json(0, 'preview', '--environment', 'prod')).plans as { changes: { paths: string[] }[] }[];
  expect(plan?.changes.flatMap(({ paths }) => paths)).toContain('template.maxInstanceRequestConcurrency');
  expect((await trireme('promote', '--release', third)).code).toBe(4);
  const promoted = await trireme('promote', '--release', third, '--approve-as', 'rita');
  expect(promoted.code, promoted.stderr).toBe(0);
  expect(await json(0, 'audit', third, '--no-rebuild')).toMatchObject({ outcome: 'passed' });
});

test('beside the commit before, a pull request of that setting changes it and nothing else, without any cloud', async () => {
  const { stacks } = await json(0, 'preview', '--against', 'HEAD~1');
  const changed = (stacks as { stack: string; plan: { changes: { name: string; paths: string[] }[] } }[]).map(
    ({ stack, plan }) => [stack, plan.changes.flatMap(({ paths }) => paths)] as const,
  );
  expect(Object.fromEntries(changed)).toEqual({
    'gcp-foundation': [],
    'gcp-dev': expect.arrayContaining(['template.maxInstanceRequestConcurrency']),
    'gcp-prod': expect.arrayContaining(['template.maxInstanceRequestConcurrency']),
  });
  expect((await trireme('preview', '--against', 'no-such-branch')).code).toBe(2);
});

test('plain Pulumi previews, updates, refreshes and destroys what the verbs deployed', async () => {
  expect(await pulumi('preview', '-s', 'gcp-dev')).toMatch(/unchanged/);
  expect(await pulumi('refresh', '-s', 'gcp-dev', '--yes')).toMatch(/unchanged/);
  expect(await pulumi('up', '-s', 'gcp-dev', '--yes')).toMatch(/unchanged/);
  const manifest = path.join(root, '.trireme', 'releases', `${first}.json`);
  expect(await pulumi('stack', 'output', '-s', 'gcp-dev', 'release')).toContain(third);
  process.env.TRIREME_RELEASE = manifest;
  try {
    expect(await pulumi('up', '-s', 'gcp-dev', '--yes')).toMatch(/1 updated|~ 1/);
  } finally {
    delete process.env.TRIREME_RELEASE;
  }
  expect((await trireme('status')).stderr + (await trireme('status')).stdout).toMatch(/outside/);
  expect(await pulumi('destroy', '-s', 'gcp-dev', '--yes')).toMatch(/deleted/);
});

test('destroy refuses what is protected', async () => {
  const refused = await trireme('destroy', '--environment', 'prod', '--yes');
  expect(refused.code, refused.stderr).toBe(3);
  expect(refused.stderr).toContain('protect');
});

test.each([
  [['deplyo'], 2, 'did you mean'],
  [['deploy', '--stack', 'gpc-dev'], 2, 'gcp-dev'],
  [['deploy', '--release', 'rel-9-000000000000'], 2, 'rel-'],
  [['rollback', '--to', '3'], 3, 'not earlier'],
  [['promote', '--promotion', 'prm-0000000000'], 2, 'promotion'],
])('%j ends with %i and says what would be right', async (words, code, said) => {
  const ended = await trireme(...words);
  expect(ended.stderr).toContain(said);
  expect(ended.code).toBe(code);
});
