import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyProject, eventuallyNoProcess, removeProject, startTrireme } from './rehearsal.ts';

let root: string;

beforeAll(async () => {
  root = await copyProject(['gcp']);
});
afterAll(() => removeProject(root));

const start = (...words: readonly string[]) => startTrireme(root, 'rehearse', '--approve-as', 'rita', ...words);

test.each([
  ['while the clouds start', 'The stage'],
  ['while the image is built', 'train R1'],
  ['while the engine deploys to dev', 'publish R1 by digest'],
  ['while the engine deploys to prod, with consumers calling', 'prepare the promotion of R2'],
])('Ctrl-C %s ends it with 130, and nothing stays running', async (_, moment) => {
  const running = start();
  await running.seen(moment);
  // A step further: something is under way, not only finished.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  running.child.kill('SIGINT');
  const { code, stderr } = await running.ended;
  expect(code, stderr).toBe(130);
  expect(await eventuallyNoProcess(root)).toEqual([]);
});

test('a killed rehearsal takes everything with it', async () => {
  const running = start();
  await running.seen('deploy R1 to dev');
  running.child.kill('SIGKILL');
  await running.ended;
  expect(await eventuallyNoProcess(root)).toEqual([]);
});

test('without a terminal and without a name nobody could approve: it says so at once and exits 4', async () => {
  const { code, stderr } = await startTrireme(root, 'rehearse').ended;
  expect(code).toBe(4);
  expect(stderr).toContain('npx trireme rehearse --approve-as NAME');
  expect(stderr).not.toContain('The stage');
});

test('only the last rehearsals are remembered', async () => {
  expect((await readdir(path.join(root, '.trireme', 'rehearsals'))).length).toBeLessThanOrEqual(3);
});

test('a state folder that is in the way is named, and nothing is started', async () => {
  const state = path.join(root, '.trireme');
  await rm(state, { recursive: true, force: true });
  await writeFile(state, 'a file where the folder should be');
  const { code, stderr } = await start().ended;
  expect(code).toBe(1);
  expect(stderr).toContain(path.join(root, '.trireme', 'rehearsals'));
  await rm(state);
});

test('an unfinished set of stacks is refused by name', async () => {
  await rm(path.join(root, 'stacks', 'Pulumi.gcp-prod.yaml'));
  const { code, stderr } = await start().ended;
  expect(stderr).toContain('gcp has no prod stack');
  expect(code).toBe(2);
  expect(await eventuallyNoProcess(root)).toEqual([]);
});
