import { afterEach, beforeEach, expect, test } from 'vitest';
import { cancelRun, enterEnvironment, rerun, review, startRun } from '../../emulator/github/runs.ts';
import type { Run } from '../../emulator/github/state.ts';
import { connectGithub } from '../../github/client.ts';
import { githubRefusal, judgeRefusal } from '../../github/refusal.ts';
import { type SampleGithub, sampleGithub } from '../emulator/github/sample.ts';

let github: SampleGithub;
let run: Run;

beforeEach(async () => {
  github = await sampleGithub();
  await github.ask('ada', 'PUT', 'environments/prod', {
    reviewers: [{ type: 'User', id: github.state.people.get('rita')?.id ?? 0 }],
    deployment_branch_policy: null,
  });
  run = await startRun(github.state, github.repository, { workflow: 'promote.yml', actor: 'alice' });
  enterEnvironment(github.state, github.repository, run, 'prod');
});
afterEach(() => github.stop());

const decide = (state: 'approved' | 'rejected', comment = '') =>
  review(github.state, github.repository, run, { state, user: 'rita', comment, environments: ['prod'] });
const asked = (environment = 'prod') =>
  githubRefusal(
    {
      repository: 'acme/trireme',
      runId: String(run.id),
      token: `actions:${run.id}`,
      apiUrl: github.url,
      serverUrl: 'https://github.test',
    },
    environment,
    (connection) => connectGithub(connection, { retryBaseMs: 1 }),
  );

test('a rejected run: who rejected it, and what they wrote, on one line', async () => {
  decide('rejected', 'not on a\nFriday \u001b[31m');
  expect(await asked()).toEqual({ login: 'rita', reason: 'rita rejected it on GitHub: not on a Friday [31m' });
});

test('of another environment, it was not rejected', async () => {
  decide('rejected');
  expect(await asked('prod-rollback')).toBeUndefined();
});

test('nobody yet, and an approval: nobody said no', async () => {
  expect(await asked()).toBeUndefined();
  decide('approved');
  expect(await asked()).toBeUndefined();
});

test('a cancelled run, of which GitHub does not say who cancelled it', async () => {
  cancelRun(run);
  expect(await asked()).toEqual({ reason: 'its run was cancelled on GitHub' });
});

test('a rejection stays one when the run is started again; a cancellation was of an earlier attempt', async () => {
  cancelRun(run);
  rerun(run, 'alice');
  expect(await asked()).toBeUndefined();
  enterEnvironment(github.state, github.repository, run, 'prod');
  decide('rejected');
  rerun(run, 'alice');
  expect(await asked()).toMatchObject({ login: 'rita' });
});

test('GitHub that does not answer has said nothing', async () => {
  github.state.failures.push(...Array.from({ length: 40 }, () => 502));
  await expect(asked()).rejects.toMatchObject({ code: 'errored' });
});

test('one rejection counts, in whatever order; the account may be gone since', () => {
  const given = (state: string, login: string | undefined) => ({
    state,
    environments: [{ name: 'Prod' }],
    user: login === undefined ? null : { login },
  });
  expect(
    judgeRefusal('prod', { reviews: [given('rejected', undefined), given('approved', 'rita')], jobs: [] }),
  ).toEqual({
    reason: 'somebody whose account is gone rejected it on GitHub',
  });
});
