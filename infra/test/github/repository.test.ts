import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Stack } from '@pulumi/pulumi/automation/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgeReality } from '../../cli/doctor/reality.ts';
import { githubConfig, ledgerBranch } from '../../contract/github.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { type ProviderServer, startProviderServer } from '../../emulator/engine/provider-server.ts';
import { enterEnvironment, review, startRun } from '../../emulator/github/runs.ts';
import { githubProvider } from '../../emulator/providers/github.ts';
import { readGuard } from '../../github/approvals.ts';
import { connectGithub } from '../../github/client.ts';
import { judgeGuard } from '../../github/gate.ts';
import { inspect } from '../../github/inspection.ts';
import { ledgerBranch as ledgersOwn } from '../../ledger/git.ts';
import { githubProgram } from '../../program.ts';
import { policyText } from '../delivery/world.ts';
import { EngineClient } from '../emulator/engine/engine-client.ts';
import { type SampleGithub, sampleGithub } from '../emulator/github/sample.ts';
import { inlineStack } from '../emulator/providers/inline-stack.ts';
import { installationMilliseconds } from '../pulumi/tiny-deployer.ts';

const cacheDirectory = fileURLToPath(new URL('../../../.trireme/cache/', import.meta.url));
const config = githubConfig.parse({
  owner: 'acme',
  repository: 'trireme',
  environments: {
    dev: { variables: { AWS_REGION: 'eu-west-1' } },
    prod: { users: ['rita'], teams: ['release-managers'] },
    'prod-plan': {},
    'prod-rollback': { teams: ['release-managers'], selfReview: true },
  },
  variables: { PULUMI_BACKEND_URL: 'gs://bucket' },
  oidcSubject: ['repo', 'context', 'job_workflow_ref'],
});

let github: SampleGithub;
let provider: ProviderServer;
let directory: string;
let stack: Stack;
beforeAll(async () => {
  github = await sampleGithub();
  provider = await startProviderServer(githubProvider({ handler: github.handler, token: 'user:ada' }), {
    cacheDirectory,
  });
  directory = await mkdtemp(join(tmpdir(), 'trireme-github-'));
  stack = await inlineStack({
    name: 'github',
    directory,
    debugProviders: `github:${provider.port}`,
    program: () => githubProgram(config),
  });
}, installationMilliseconds);
afterAll(async () => {
  await provider.stop();
  await github.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('the github stack, by the real engine, on the emulated GitHub', () => {
  it('makes what the gate asks for', async () => {
    await stack.up();
    const client = await connectGithub({ repository: 'acme/trireme', token: 'user:ada', apiUrl: github.url });
    expect(judgeGuard(await readGuard(client, 'prod'))).toEqual([]);
    expect(judgeGuard(await readGuard(client, 'prod-rollback'))).toEqual(['self-review not prevented']);
    expect(judgeGuard(await readGuard(client, 'prod-plan'))).toEqual([
      'no required reviewers',
      'self-review not prevented',
    ]);
    const { environments, variables, rulesets, oidc } = github.repository;
    expect([...environments.keys()].sort()).toEqual(['dev', 'prod', 'prod-plan', 'prod-rollback']);
    expect([...environments.values()].map(({ canAdminsBypass }) => canAdminsBypass)).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(environments.get('dev')?.variables.get('AWS_REGION')?.value).toBe('eu-west-1');
    expect(variables.get('PULUMI_BACKEND_URL')?.value).toBe('gs://bucket');
    expect(oidc).toMatchObject({ useDefault: false, claims: ['repo', 'context', 'job_workflow_ref'] });
    expect([...rulesets.values()].map(({ document }) => document.name).sort()).toEqual(['main', ledgersOwn]);
  });

  it('leaves the doctor with nothing to say against it', async () => {
    const client = await connectGithub({ repository: 'acme/trireme', token: 'user:ada', apiUrl: github.url });
    const needs = {
      environments: {
        dev: ['release.yml'],
        prod: ['promote.yml'],
        'prod-plan': ['promote.yml'],
        'prod-rollback': ['rollback.yml'],
      },
      variables: { '': ['PULUMI_BACKEND_URL'], dev: ['AWS_REGION'] },
      templated: [],
    };
    const expected = { repository: 'acme/trireme', needs, policy: parsePolicy(policyText), config };
    const found = judgeReality(await inspect(client), expected);
    expect(found.filter(({ outcome }) => outcome === 'fault')).toEqual([]);
    expect(found.length).toBeGreaterThan(8);
    const lacking = { ...needs, variables: { dev: ['AWS_REGION', 'AWS_ROLE_ARN'] } };
    const faults = judgeReality(await inspect(client), { ...expected, needs: lacking }).filter(
      ({ outcome }) => outcome === 'fault',
    );
    expect(faults).toMatchObject([{ subject: 'variables of dev' }]);
  });

  it('a release manager may then approve, and the ledger’s branch is the ledger’s', async () => {
    const run = await startRun(github.state, github.repository, { workflow: 'promote.yml', actor: 'alice' });
    expect(enterEnvironment(github.state, github.repository, run, 'prod')).toBe('waiting');
    review(github.state, github.repository, run, {
      state: 'approved',
      user: 'rita',
      comment: '',
      environments: ['prod'],
    });
    expect(run.status).toBe('in_progress');
    expect(ledgerBranch).toBe(ledgersOwn);
  });

  it('stays as it is, shows what someone changed by hand, and puts it back', async () => {
    const same = await stack.preview({ refresh: true });
    expect(Object.keys(same.changeSummary)).toEqual(['same']);
    const prod = github.repository.environments.get('prod');
    const main = [...github.repository.rulesets.values()].find(({ document }) => document.name === 'main');
    if (prod === undefined || main === undefined) throw new Error('the stack made neither');
    prod.canAdminsBypass = true;
    prod.policies.splice(0);
    Object.assign(main, { document: { ...main.document, enforcement: 'disabled' } });
    const drift = await stack.preview({ refresh: true });
    expect(drift.changeSummary).toMatchObject({ update: 2, create: 1 });
    await stack.up({ refresh: true });
    expect(prod).toMatchObject({ canAdminsBypass: false, policies: [{ name: 'main' }] });
    const again = [...github.repository.rulesets.values()].find(({ document }) => document.name === 'main');
    expect(again?.document.enforcement).toBe('active');
  });

  it('refuses what the provider does not know or GitHub does not have', async () => {
    const client = new EngineClient(provider.port);
    await client.configure({ owner: 'acme' });
    const type = 'github:index/repositoryEnvironment:RepositoryEnvironment';
    const inputs = { repository: 'trireme', environment: 'prod', preventSelfReviews: true };
    expect((await client.check(type, inputs as never)).faults.join()).toContain('preventSelfReviews');
    const wrong = { repository: 'trireme', environment: 'prod', canAdminsBypass: 'no' };
    expect((await client.check(type, wrong as never)).faults).toHaveLength(1);
    client.close();
  });

  it('goes away whole', async () => {
    await stack.destroy();
    const { environments, variables, rulesets, oidc } = github.repository;
    expect([environments.size, variables.size, rulesets.size, oidc.useDefault]).toEqual([0, 0, 0, true]);
  });
});
