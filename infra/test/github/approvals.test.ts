import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deployRelease } from '../../delivery/deploy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { bypass, enterEnvironment, rerun, review, startRun } from '../../emulator/github/runs.ts';
import type { Run } from '../../emulator/github/state.ts';
import { githubApprover } from '../../github/approvals.ts';
import { connectGithub } from '../../github/client.ts';
import { cancelSuperseded } from '../../github/superseding.ts';
import { World } from '../delivery/world.ts';
import { type SampleGithub, sampleGithub, shas } from '../emulator/github/sample.ts';

let github: SampleGithub;
let run: Run;
const idOf = (login: string) => github.state.people.get(login)?.id ?? 0;
const guarded = (change: object = {}) => ({
  prevent_self_review: true,
  can_admins_bypass: false,
  reviewers: ['rita', 'bob', 'alice'].map((login) => ({ type: 'User', id: idOf(login) })),
  deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
  ...change,
});
const set = (change: object = {}) => github.ask('ada', 'PUT', 'environments/prod', guarded(change));
const asked = (of: Run) => ({
  repository: 'acme/trireme',
  runId: String(of.id),
  token: `actions:${of.id}`,
  apiUrl: github.url,
  serverUrl: 'https://github.test',
});
const start = async (actor = 'github-actions[bot]') => {
  const started = await startRun(github.state, github.repository, { workflow: 'promote.yml', actor });
  enterEnvironment(github.state, github.repository, started, 'prod');
  return started;
};
const approve = (user: string, of = run) =>
  review(github.state, github.repository, of, { state: 'approved', user, comment: '', environments: ['prod'] });

beforeEach(async () => {
  github = await sampleGithub();
  await set();
  await github.ask('ada', 'POST', 'environments/prod/deployment-branch-policies', { name: 'main', type: 'branch' });
  run = await start();
});
afterEach(() => github.stop());

/** A candidate at the third commit, over what prod runs: the first one, or nothing. */
async function decide(of = run, isFirst = false) {
  const world = new World();
  const delivery = world.delivery(['gcp-dev', 'gcp-prod']);
  const earlier = await world.release({ source: { ...source, commit: shas.first } });
  await deployRelease(delivery, earlier, 'dev');
  if (!isFirst) await deployRelease(delivery, earlier, 'prod');
  const manifest = await world.release({ source: { ...source, commit: shas.third } });
  await deployRelease(delivery, manifest, 'dev');
  const { promotion } = await preparePromotion(delivery, manifest, 'prod');
  const rules = delivery.policy.approvals;
  const connect = (connection: Parameters<typeof connectGithub>[0]) => connectGithub(connection, { retryBaseMs: 1 });
  return githubApprover(asked(of), { facts: () => delivery.ledger.facts(), rules }, connect).decide(
    promotion,
    manifest,
  );
}
const source = { repository: 'github.com/acme/trireme', dirty: false, authors: ['Somebody <else@example.org>'] };

describe('the reviewer of this run, on the emulated GitHub', () => {
  test('approves, with the run as the place where it is written', async () => {
    approve('rita');
    expect(await decide()).toEqual({
      actor: { login: 'rita', via: 'github' },
      url: `https://github.test/acme/trireme/actions/runs/${run.id}`,
    });
  });

  test('nobody yet: it waits', async () => {
    expect(await decide()).toBeUndefined();
  });

  test.each([
    ['alice', 'wrote commits under another name'],
    ['bob', 'is named as co-author by GitHub’s own address'],
  ])('%s, who %s, is refused although GitHub took it', async (login) => {
    approve(login);
    await expect(decide()).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(`${login} approved, who wrote`),
    });
  });

  test('who only wrote what prod runs already may approve; in an empty prod that is new as well', async () => {
    await set({ reviewers: [{ type: 'User', id: idOf('ada') }] });
    await github.ask('ada', 'POST', 'environments/prod/deployment-branch-policies', { name: 'main', type: 'branch' });
    approve('ada');
    expect(await decide()).toMatchObject({ actor: { login: 'ada' } });
    await expect(decide(run, true)).rejects.toThrow('ada approved, who wrote 1111111');
  });

  test.each([
    ['bypass', { can_admins_bypass: true }, 'administrators may bypass it'],
    ['self-review', { prevent_self_review: false }, 'self-review not prevented'],
    ['any branch', { deployment_branch_policy: null }, 'any branch may deploy'],
  ])('an environment opened after the approval is refused: %s', async (_, change, words) => {
    approve('rita');
    await set(change);
    await expect(decide()).rejects.toThrow(words);
  });

  test('an environment that a job made by naming it is refused', async () => {
    github.repository.environments.delete('prod');
    enterEnvironment(github.state, github.repository, run, 'prod');
    await expect(decide()).rejects.toThrow('no required reviewers, self-review not prevented');
  });

  test('an administrator who walked past it approved nothing', async () => {
    await set({ can_admins_bypass: true });
    bypass(github.state, github.repository, run, 'ada');
    await set();
    await expect(decide()).rejects.toThrow('ada approved, who is no reviewer');
  });

  test('a run started again brings no approval: its first attempt’s review is still in the list', async () => {
    approve('rita');
    run.status = 'completed';
    rerun(run, 'rita');
    await expect(decide()).rejects.toMatchObject({ hint: 'start the promotion again as a new run' });
  });

  test('commits that GitHub does not know are somebody’s', async () => {
    approve('rita');
    github.repository.runs.set(run.id, run);
    Object.assign(github.repository, { commits: { resolve: async () => undefined, history: async () => [] } });
    await expect(decide()).rejects.toThrow('can’t be told');
  });
});

describe('the client', () => {
  const connect = () => connectGithub(asked(run), { retryBaseMs: 1 });

  test('asks again where GitHub stumbled, and gives up in words', async () => {
    approve('rita');
    github.state.failures.push(502, 503);
    expect(await decide()).toMatchObject({ actor: { login: 'rita' } });
    github.state.failures.push(...Array.from({ length: 40 }, () => 502));
    await expect(decide()).rejects.toMatchObject({ code: 'errored', message: expect.stringContaining('HTTP 502') });
  });

  test('does not wait for a limit that lasts an hour', async () => {
    github.state.rateLimit.remaining = 0;
    await expect(decide()).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('HTTP 403') });
  });

  test('no server is an error of reaching it', async () => {
    const gone = await connectGithub({ ...asked(run), apiUrl: 'http://127.0.0.1:9' }, { retryBaseMs: 1 });
    await expect(gone.send('POST', 'actions/runs/1/cancel')).rejects.toMatchObject({ code: 'errored' });
  });

  test('a conflict is an answer, and is not tried again', async () => {
    const before = github.state.rateLimit.remaining;
    run.status = 'completed';
    expect(await (await connect()).send('POST', `actions/runs/${run.id}/cancel`)).toBe(409);
    expect(before - github.state.rateLimit.remaining).toBe(1);
  });
});

describe('superseding', () => {
  test('older runs that wait are cancelled, and a line says which', async () => {
    const [second, newest] = [await start(), await start()];
    newest.waiting = [];
    newest.status = 'in_progress';
    const lines = await cancelSuperseded(asked(newest), async () => true);
    expect([run, second, newest].map(({ conclusion }) => conclusion)).toEqual(['cancelled', 'cancelled', null]);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/superseded: promote.yml, https:.*: cancelled/);
  });

  test('nothing is cancelled when this run was itself superseded meanwhile', async () => {
    const newest = await start();
    expect(await cancelSuperseded(asked(newest), async () => false)).toEqual([]);
    expect(run.status).toBe('waiting');
  });

  test('a job without the right says so and goes on', async () => {
    const newest = await startRun(github.state, github.repository, {
      workflow: 'promote.yml',
      actor: 'alice',
      permissions: { actions: 'read' },
    });
    const [line] = await cancelSuperseded(asked(newest), async () => true);
    expect(line).toContain('were not cancelled');
    expect(run.status).toBe('waiting');
  });
});
