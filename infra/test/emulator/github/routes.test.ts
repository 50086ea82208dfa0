import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { enterEnvironment, startRun } from '../../../emulator/github/runs.ts';
import { type Published, published } from './published.ts';
import { type SampleGithub, sampleGithub, shas } from './sample.ts';

let schemas: Published;
let github: SampleGithub;
beforeAll(async () => {
  schemas = await published();
});
beforeEach(async () => {
  github = await sampleGithub();
});
afterEach(() => github.stop());

const idOf = (login: string) => github.state.people.get(login)?.id ?? 0;
const guarded = () => ({
  wait_timer: 0,
  prevent_self_review: true,
  reviewers: [
    { type: 'User', id: idOf('alice') },
    { type: 'Team', id: github.state.teams.get('release-managers')?.id ?? 0 },
  ],
  deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
});
const ruleset = {
  name: 'main',
  target: 'branch',
  enforcement: 'active',
  conditions: { ref_name: { include: ['~DEFAULT_BRANCH'], exclude: [] } },
  rules: [{ type: 'deletion' }, { type: 'non_fast_forward' }],
};

/** Asks, and judges question and answer by what GitHub publishes. */
async function checked(as: string | undefined, method: string, path: string, body?: unknown) {
  const answer = await github.ask(as, method, path, body);
  const url = path.startsWith('/') ? path : `/repos/acme/trireme/${path}`.replace(/\/$/, '');
  if (answer.status < 400 && body !== undefined) expect(schemas.requestFaults(method, url, body)).toEqual([]);
  expect(schemas.faults(method, url, answer.status, answer.body)).toEqual([]);
  return answer;
}

async function waitingRun(actor = 'alice') {
  await checked('ada', 'PUT', 'environments/prod', guarded());
  await checked('ada', 'POST', 'environments/prod/deployment-branch-policies', { name: 'main', type: 'branch' });
  const run = await startRun(github.state, github.repository, { workflow: 'promote.yml', actor });
  expect(enterEnvironment(github.state, github.repository, run, 'prod')).toBe('waiting');
  return run;
}

describe('answers are as GitHub publishes them', () => {
  test('what stands in the way of a lie: a field that is missing is found', () => {
    expect(schemas.faults('GET', '/repos/o/r/environments/prod', 200, { id: 1 }).join()).toContain('node_id');
    expect(schemas.faults('GET', '/repos/o/r/nonsense/prod', 200, {}).join()).toContain('no published operation');
  });

  test('a repository, people, teams, commits and what lies between two', async () => {
    await checked('alice', 'GET', '');
    await checked('alice', 'GET', '/users/rita');
    await checked('alice', 'GET', '/user');
    await checked('ada', 'GET', '/orgs/acme');
    await checked('ada', 'GET', '/orgs/acme/teams/release-managers');
    await checked('alice', 'GET', '/rate_limit');
    await checked('alice', 'GET', 'commits');
    await checked('alice', 'GET', `commits/${shas.third}`);
    const { body } = await checked('alice', 'GET', `compare/${shas.first}...main`);
    expect(body).toMatchObject({ status: 'ahead', ahead_by: 2, commits: [{ sha: shas.second }, { sha: shas.third }] });
    expect(body).toMatchObject({ commits: [{ author: { login: 'alice' } }, { author: { login: 'alice' } }] });
    expect((await checked('alice', 'GET', 'compare/main...nowhere')).status).toBe(404);
  });

  test('environments, their policies and variables', async () => {
    const { body } = await checked('ada', 'PUT', 'environments/prod', guarded());
    expect(body).toMatchObject({ can_admins_bypass: true });
    await checked('ada', 'POST', 'environments/prod/deployment-branch-policies', { name: 'main', type: 'branch' });
    await checked('alice', 'GET', 'environments/prod/deployment-branch-policies');
    await checked('alice', 'GET', 'environments');
    await checked('alice', 'GET', 'environments/PROD');
    await checked('ada', 'POST', 'environments/prod/variables', { name: 'AWS_REGION', value: 'eu-west-1' });
    await checked('alice', 'GET', 'environments/prod/variables');
    expect((await checked('alice', 'GET', 'environments/nowhere')).status).toBe(404);
    expect((await checked('alice', 'PUT', 'environments/prod', {})).status).toBe(403);
  });

  test('rulesets, variables and the subject of tokens', async () => {
    const { body } = await checked('ada', 'POST', 'rulesets', ruleset);
    const id = (body as { id: number }).id;
    await checked('alice', 'GET', 'rulesets');
    await checked('alice', 'GET', `rulesets/${id}`);
    await checked('ada', 'PUT', `rulesets/${id}`, { ...ruleset, enforcement: 'evaluate' });
    await checked('ada', 'POST', 'actions/variables', { name: 'PULUMI_BACKEND_URL', value: 'gs://bucket' });
    await checked('alice', 'GET', 'actions/variables');
    await checked('alice', 'GET', 'actions/variables/PULUMI_BACKEND_URL');
    await checked('ada', 'PATCH', 'actions/variables/PULUMI_BACKEND_URL', { value: 's3://bucket' });
    expect((await checked('alice', 'GET', 'actions/oidc/customization/sub')).body).toMatchObject({
      sub_claim_prefix: 'repo:acme/trireme',
    });
    const template = { use_default: false, include_claim_keys: ['repo', 'context'] };
    await checked('ada', 'PUT', 'actions/oidc/customization/sub', template);
  });

  test('runs, from dispatch to review', async () => {
    const input = { ref: 'main', inputs: { release: 'rel-1' }, return_run_details: true };
    await checked('alice', 'POST', 'actions/workflows/promote.yml/dispatches', input);
    const silent = await checked('alice', 'POST', 'actions/workflows/promote.yml/dispatches', { ref: 'main' });
    expect(silent).toMatchObject({ status: 204, body: undefined });
    const run = await waitingRun('bob');
    await checked('alice', 'GET', 'actions/runs');
    await checked('alice', 'GET', `actions/runs/${run.id}`);
    await checked('rita', 'GET', `actions/runs/${run.id}/pending_deployments`);
    const { id } = [...github.repository.environments.values()][0] ?? { id: 0 };
    const yes = { environment_ids: [id], state: 'approved', comment: 'ship it' };
    await checked('rita', 'POST', `actions/runs/${run.id}/pending_deployments`, yes);
    const { body } = await checked(`actions:${run.id}`, 'GET', `actions/runs/${run.id}/approvals`);
    expect(body).toMatchObject([{ state: 'approved', user: { login: 'rita' }, environments: [{ name: 'prod' }] }]);
    expect(JSON.stringify(body)).not.toContain('submitted_at');
    await checked('alice', 'GET', 'deployments');
    await checked('alice', 'POST', `actions/runs/${run.id}/cancel`);
    expect((await checked('alice', 'POST', `actions/runs/${run.id}/cancel`)).status).toBe(409);
    // While a job runs its conclusion is null, which the published list of values leaves out.
    const jobs = await checked(`actions:${run.id}`, 'GET', `actions/runs/${run.id}/jobs?filter=latest`);
    expect(jobs.body).toMatchObject({ jobs: [{ conclusion: 'cancelled' }] });
    await checked('alice', 'POST', `actions/runs/${run.id}/rerun`);
  });

  test('attestations and issues', async () => {
    const digest = 'a'.repeat(64);
    const payload = Buffer.from(JSON.stringify({ subject: [{ name: 'x', digest: { sha256: digest } }] })).toString(
      'base64',
    );
    await checked('alice', 'POST', 'attestations', { bundle: { mediaType: 'x', dsseEnvelope: { payload } } });
    await checked('alice', 'GET', `attestations/sha256:${digest}`);
    await checked('alice', 'POST', 'issues', { title: 'Drift', body: 'gcp-prod', labels: ['drift'] });
    await checked('alice', 'PATCH', 'issues/1', { state: 'closed' });
    expect((await checked('alice', 'GET', 'issues?state=all&labels=drift')).body).toHaveLength(1);
  });
});

describe('it misbehaves as the real one does', () => {
  test('a job that names a missing environment makes it, and walks in', async () => {
    const run = await startRun(github.state, github.repository, { workflow: 'promote.yml', actor: 'alice' });
    expect(enterEnvironment(github.state, github.repository, run, 'prd')).toBe('running');
    const { body } = await checked('alice', 'GET', 'environments/prd');
    expect(body).toMatchObject({ protection_rules: [], can_admins_bypass: true, deployment_branch_policy: null });
  });

  test('self-review sees who started the run, never who wrote the commits', async () => {
    const yes = async (login: string, runId: number) => {
      const { id } = github.repository.environments.get('prod') ?? { id: 0 };
      const body = { environment_ids: [id], state: 'approved', comment: '' };
      return (await github.ask(login, 'POST', `actions/runs/${runId}/pending_deployments`, body)).status;
    };
    const own = await waitingRun('alice');
    expect(await yes('alice', own.id)).toBe(422);
    const bots = await startRun(github.state, github.repository, {
      workflow: 'promote.yml',
      actor: 'github-actions[bot]',
    });
    enterEnvironment(github.state, github.repository, bots, 'prod');
    expect(await yes('alice', bots.id)).toBe(200);
    expect(await yes('bob', own.id)).toBe(422);
  });

  test('without the rule, what waits for it fails', async () => {
    const run = await waitingRun();
    await github.ask('ada', 'PUT', 'environments/prod', {});
    expect(run).toMatchObject({ status: 'completed', conclusion: 'failure' });
  });

  test('a branch that may not deploy fails', async () => {
    await waitingRun();
    const run = await startRun(github.state, github.repository, {
      workflow: 'promote.yml',
      actor: 'bob',
      branch: 'x',
      sha: shas.second,
    });
    expect(enterEnvironment(github.state, github.repository, run, 'prod')).toBe('refused');
  });

  test('earlier reviews stay in the list of a run that is started again', async () => {
    const run = await waitingRun('bob');
    const { id } = github.repository.environments.get('prod') ?? { id: 0 };
    await github.ask('rita', 'POST', `actions/runs/${run.id}/pending_deployments`, {
      environment_ids: [id],
      state: 'rejected',
      comment: '',
    });
    expect(run.conclusion).toBe('failure');
    await github.ask('bob', 'POST', `actions/runs/${run.id}/rerun`);
    expect((await github.ask('bob', 'GET', `actions/runs/${run.id}/approvals`)).body).toHaveLength(1);
  });

  test.each([
    ['free', 422, 403],
    ['team', 422, 403],
    ['enterprise', 200, 201],
  ] as const)('a private repository on %s: reviewers %i, attestations %i', async (plan, environment, attestation) => {
    await github.stop();
    github = await sampleGithub({ private: true, plan });
    expect((await checked('ada', 'PUT', 'environments/prod', guarded())).status).toBe(environment);
    const payload = Buffer.from(JSON.stringify({ subject: [{ digest: { sha256: 'ab' } }] })).toString('base64');
    const made = await checked('ada', 'POST', 'attestations', { bundle: { dsseEnvelope: { payload } } });
    expect(made.status).toBe(attestation);
  });

  test('what one may not see is not there; a job can never administer', async () => {
    await github.stop();
    github = await sampleGithub({ private: true, plan: 'enterprise' });
    expect((await checked(undefined, 'GET', '')).status).toBe(404);
    expect((await github.ask('user:nobody', 'GET', '')).status).toBe(401);
    const run = await startRun(github.state, github.repository, { workflow: 'promote.yml', actor: 'alice' });
    expect((await checked(`actions:${run.id}`, 'PUT', 'environments/prod', guarded())).status).toBe(403);
    expect((await checked(`actions:${run.id}`, 'GET', 'actions/runs')).status).toBe(200);
  });

  test('at most 250 commits without pages, and pages have links', async () => {
    await github.stop();
    const commits = Array.from({ length: 302 }, (_, index) => ({
      sha: String(index).padStart(40, '0'),
      author: { name: 'Alice', email: 'alice@example.org' },
    }));
    github = await sampleGithub({ commits });
    const path = `compare/${commits[0]?.sha}...main`;
    expect((await github.ask('alice', 'GET', path)).body).toMatchObject({
      total_commits: 301,
      commits: { length: 250 },
    });
    const paged = await github.ask('alice', 'GET', `${path}?per_page=100&page=3`);
    expect(paged.headers.get('link')).toContain('page=4');
    expect((await github.ask('alice', 'GET', `${path}?per_page=100&page=4`)).headers.get('link')).toBeNull();
  });

  test('requests are counted, and refused when there are none left', async () => {
    github.state.rateLimit.remaining = 1;
    expect((await github.ask('alice', 'GET', '')).headers.get('x-ratelimit-remaining')).toBe('0');
    const refused = await checked('alice', 'GET', '');
    expect(refused.status).toBe(403);
    expect(refused.headers.get('x-ratelimit-reset')).toMatch(/^\d+$/);
  });
});

describe('the interface beside the API', () => {
  test('starts a run, lets it wait, is reviewed, and ends', async () => {
    await github.ask('ada', 'PUT', 'environments/prod', { ...guarded(), deployment_branch_policy: null });
    const admin = (path: string, body: unknown) => github.ask(undefined, 'POST', `/_emulator/${path}`, body);
    const { body } = await admin('runs', { repository: 'acme/trireme', workflow: 'promote.yml', actor: 'bob' });
    const { id, token } = body as { id: number; token: string };
    expect((await admin(`runs/${id}/jobs`, { environment: 'prod' })).body).toEqual({ state: 'waiting' });
    expect((await github.ask(token, 'GET', 'actions/workflows/promote.yml/runs?status=waiting')).body).toMatchObject({
      total_count: 1,
    });
    expect((await admin(`runs/${id}/reviews`, { user: 'bob' })).status).toBe(422);
    expect((await admin(`runs/${id}/reviews`, { user: 'rita' })).body).toEqual({ status: 'in_progress' });
    expect((await admin(`runs/${id}/end`, { conclusion: 'success' })).body).toEqual({ status: 'completed' });
    expect((await admin('runs/1/end', { conclusion: 'success' })).status).toBe(404);
  });

  test('an administrator walks past the rules where that is on, which is how GitHub begins', async () => {
    const run = await waitingRun('bob');
    const past = () =>
      github.ask(undefined, 'POST', `/_emulator/runs/${run.id}/reviews`, { user: 'ada', bypass: true });
    await github.ask('ada', 'PUT', 'environments/prod', { ...guarded(), can_admins_bypass: false });
    expect((await past()).status).toBe(422);
    await github.ask('ada', 'PUT', 'environments/prod', guarded());
    expect((await past()).body).toEqual({ status: 'in_progress' });
  });

  test('a web page is refused', async () => {
    const answer = await fetch(`${github.url}/_emulator/runs`, { headers: { origin: 'https://example.org' } });
    expect(answer.status).toBe(403);
  });
});
