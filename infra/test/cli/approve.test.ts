import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cli, Ending } from '../../cli/cli.ts';
import { createOutput } from '../../cli/output.ts';
import { approve } from '../../cli/verbs/approve.ts';
import { enterEnvironment, review, startRun } from '../../emulator/github/runs.ts';
import type { Run } from '../../emulator/github/state.ts';
import { openLedger } from '../../ledger/git.ts';
import { type SampleGithub, sampleGithub } from '../emulator/github/sample.ts';
import { promotionFact, releaseFact, sampleManifest } from '../ledger/sample-facts.ts';

const promotion = 'prm-0123456789';
let folder: string;
let github: SampleGithub;
let run: Run;

const guard = (change: object = {}) =>
  github.ask('ada', 'PUT', 'environments/prod', {
    prevent_self_review: true,
    can_admins_bypass: false,
    reviewers: [{ type: 'User', id: github.state.people.get('grace')?.id }],
    deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
    ...change,
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-approve-'));
  const { commit } = sampleManifest(1).source;
  github = await sampleGithub({
    people: [{ login: 'ada' }, { login: 'grace' }],
    roles: { ada: 'admin', grace: 'read' },
    commits: [{ sha: commit, author: { name: 'Lin', email: 'lin@example.org' } }],
  });
  await guard();
  await github.ask('ada', 'POST', 'environments/prod/deployment-branch-policies', { name: 'main', type: 'branch' });
  run = await startRun(github.state, github.repository, { workflow: 'promote.yml', actor: 'github-actions[bot]' });
  enterEnvironment(github.state, github.repository, run, 'prod');
  review(github.state, github.repository, run, {
    state: 'approved',
    user: 'grace',
    comment: '',
    environments: ['prod'],
  });
  await (await ledger()).append(() => [releaseFact(1), promotionFact('prod', 1, promotion)]);
});
afterEach(async () => {
  await github.stop();
  await rm(folder, { recursive: true, force: true });
});

const ledger = () => openLedger({ repository: join(folder, 'ledger.git'), cache: join(folder, 'reader') });

/** The gate of a production job: `trireme approve <promotion>` in GitHub Actions, on real clouds. */
async function gate(): Promise<Ending | undefined> {
  const connection = { token: `actions:${run.id}`, repository: 'acme/trireme', apiUrl: github.url };
  let ending: Ending | undefined;
  const cli: Cli = {
    environment: {
      checkout: fileURLToPath(new URL('../../..', import.meta.url)),
      stateDirectory: folder,
      shell: {},
      variables: {},
      emulated: undefined,
      ledger: join(folder, 'ledger.git'),
      login: 'github-actions[bot]',
      ledgerCommitsBy: 'git',
      actions: { ...connection, runId: String(run.id), serverUrl: 'https://github.test' },
      github: connection,
    },
    output: createOutput(),
    signal: new AbortController().signal,
    interactive: false,
    end: (how) => {
      ending = how;
    },
  };
  await approve(cli).parseAsync([promotion], { from: 'user' });
  return ending;
}

const approvals = async () => (await (await ledger()).facts()).filter(({ kind }) => kind === 'approval');

describe('trireme approve in GitHub Actions', () => {
  it('records the reviewer of the run, not the account the job runs as', async () => {
    expect((await gate())?.sentence).toContain(`grace approved ${promotion}`);
    expect(await approvals()).toMatchObject([
      {
        actor: { login: 'grace', via: 'github' },
        body: { url: `https://github.test/acme/trireme/actions/runs/${run.id}` },
      },
    ]);
  });

  it('records one approval however many legs ask', async () => {
    await Promise.all([gate(), gate(), gate()]);
    expect(await approvals()).toHaveLength(1);
  });

  it('ends with approval-needed when nobody reviewed the run', async () => {
    run.reviews.splice(0);
    await expect(gate()).rejects.toMatchObject({ code: 'approval-needed' });
    expect(await approvals()).toEqual([]);
  });

  it('refuses an environment that would let anyone through', async () => {
    await guard({ prevent_self_review: false });
    await expect(gate()).rejects.toMatchObject({ code: 'refused' });
    expect(await approvals()).toEqual([]);
  });
});
