// Jobs that die, clouds that differ: the real engine on two emulated clouds, killed in the middle; and what brings it back in order.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killEngines } from '../pulumi/kill-engines.ts';
import { copyProject, type Ended, eventuallyNoProcess, removeProject, startTrireme } from '../rehearsal/rehearsal.ts';

const run = promisify(execFile);
let root: string;
let first: string;
let second: string;
let third: string;

/** The first release runs on both clouds, in dev and in prod. */
beforeAll(async () => {
  root = await copyProject(['aws', 'gcp']);
  for (const stack of ['aws-dev', 'gcp-dev', 'aws-prod']) {
    await edit(`stacks/Pulumi.${stack}.yaml`, 'trireme:env: {}', 'trireme:env: { TASTING_REGION: Piemonte }');
  }
  await edit('policy.yaml', 'promotions:', 'promotions:\n  onTargetFailure: revert-all');
  await done('emulator', 'up', '--time-scale', '25');
  first = await released('the first release');
  const promoted = await done('promote', '--release', first, '--approve-as', 'rita', '--json');
  expect(JSON.parse(promoted.stdout).recheckSeconds).toBeGreaterThan(0);
});
afterAll(async () => {
  await trireme('emulator', 'down');
  expect(await eventuallyNoProcess(root)).toEqual([]);
  await removeProject(root);
});

const trireme = (...words: readonly string[]): Promise<Ended> => startTrireme(root, ...words).ended;

async function done(...words: readonly string[]): Promise<Ended> {
  const ended = await trireme(...words);
  expect(ended.code, `${words.join(' ')}\n${ended.stderr}`).toBe(0);
  return ended;
}

async function json(code: number, ...words: readonly string[]): Promise<Record<string, unknown>> {
  const ended = await trireme(...words, '--json');
  expect(ended.code, `${words.join(' ')}\n${ended.stderr}`).toBe(code);
  return JSON.parse(ended.stdout);
}

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(path.join(root, file), 'utf8');
  expect(text).toContain(from);
  await writeFile(path.join(root, file), text.replace(from, to));
}

/** Commits, and makes a release of it; proven in dev unless the test has other plans with it. */
async function released(message: string, deploy = true): Promise<string> {
  const who = ['-c', 'user.name=Dana Developer', '-c', 'user.email=dana@trireme.example'];
  await run('git', [...who, 'commit', '--quiet', '--all', '--allow-empty', '--message', message], { cwd: root });
  const release = (await done('release')).stdout.trim();
  if (deploy) await done('deploy', '--release', release);
  return release;
}

async function approved(release: string): Promise<string> {
  const { promotion } = await json(0, 'promote', '--prepare', '--release', release);
  await done('approve', String(promotion), '--as', 'rita');
  return String(promotion);
}

const prod = async () => {
  const { environments } = JSON.parse((await trireme('status', '--ledger-only', '--json')).stdout);
  return environments.find(({ environment }: { environment: string }) => environment === 'prod');
};

test('half applied: the engine is killed once the cloud was told, and the same deployment brings it to a proven end', async () => {
  second = await released('the second release', false);
  const running = startTrireme(root, 'deploy', '--release', second);
  await running.seen('update gcp:cloudrunv2/service');
  killEngines(running.child.pid, 'gcp-dev');
  const ended = await running.ended;
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stderr).toContain('trying once more');
});

test('lost: one leg is killed while proving; recover finds out what runs, and the promotion ends by what was found', async () => {
  const promotion = await approved(second);
  const leg = (stack: string) => startTrireme(root, 'promote', '--promotion', promotion, '--stack', stack);
  const [sibling, lost] = [leg('aws-prod'), leg('gcp-prod')];
  // Not its candidate, nor its share: those are taken back.
  await lost.seen('gcp-prod  proving\n');
  lost.child.kill('SIGKILL');
  expect((await lost.ended).code).toBeNull();
  const ended = await sibling.ended;
  expect(ended.code, ended.stderr).toBe(0);
  expect(await prod()).toMatchObject({
    kind: 'unknown',
    stacks: [{ runs: second }, { runs: null, state: 'proving' }],
  });

  const early = await json(6, 'recover');
  expect(early.stacks).toMatchObject([{ outcome: 'known' }, { stack: 'gcp-prod', outcome: 'busy' }]);
  const found = await json(0, 'recover', '--gone');
  expect(found.stacks).toMatchObject([{ outcome: 'known' }, { outcome: 'found', runs: second }]);
  const finalised = await trireme('promote', '--finalise', promotion);
  expect(finalised.code, finalised.stderr).toBe(0);
  expect(finalised.stderr).toContain('the clouds compared: passed');
  expect(await prod()).toMatchObject({ kind: 'consistent', split: false, unknown: [] });
  const { facts } = await json(0, 'history', '--kind', 'promotion', '--limit', '1');
  expect(facts).toMatchObject([{ body: { promotion, state: 'succeeded' } }]);
});

test('revert-all: a release that fails on one cloud is taken back from the other, whose leg had ended well', async () => {
  await edit('problem.yaml', 'settings: []', 'settings: [{ name: TASTING_REGION, why: labels are named for it }]');
  await done('train');
  third = await released('a setting that gcp-prod was forgotten');
  const promotion = await approved(third);
  await done('promote', '--promotion', promotion, '--stack', 'aws-prod');
  const failed = await json(5, 'promote', '--promotion', promotion, '--stack', 'gcp-prod');
  expect(failed.stacks).toMatchObject([{ stack: 'gcp-prod', state: 'reverted', runs: second }]);
  expect(JSON.stringify(failed)).toContain('TASTING_REGION');
  expect(await prod()).toMatchObject({ kind: 'split', stacks: [{ runs: third }, { runs: second }] });

  const refused = await trireme('promote', '--prepare', '--release', first);
  expect(refused.code, refused.stderr).toBe(3);
  expect(refused.stderr).toContain('prod is split');
  const overridden = await trireme('promote', '--prepare', '--release', first, '--override', 'only the first is good');
  expect(overridden.stderr).not.toContain('prod is split');

  const ended = await trireme('promote', '--finalise', promotion);
  expect(ended.code, ended.stderr).toBe(5);
  expect(ended.stderr).toContain(`npx trireme promote --finalise ${promotion} --take-back`);
  const taken = await json(5, 'promote', '--finalise', promotion, '--take-back');
  const back = { state: 'reverted', runs: second };
  expect(taken.stacks).toMatchObject(['aws-prod', 'gcp-prod'].map((stack) => ({ stack, ...back })));
  expect(await prod()).toMatchObject({ kind: 'consistent', stacks: [{ runs: second }, { runs: second }] });
});

test('destroy takes dev down, says so in the ledger, and there is nothing to recover', async () => {
  const { destroyed } = await json(0, 'destroy', '--environment', 'dev', '--yes');
  expect(destroyed).toEqual(['aws-dev', 'gcp-dev']);
  const { facts } = await json(0, 'history', '--kind', 'removal');
  expect(facts).toMatchObject(['aws-dev', 'gcp-dev'].map(() => ({ body: { replaced: third } })));
  const recovered = await json(0, 'recover', '--environment', 'dev');
  expect(recovered.stacks).toMatchObject(['aws-dev', 'gcp-dev'].map(() => ({ outcome: 'known', runs: null })));
});
