import { describe, expect, test } from 'vitest';
import { type Expectations, judgeReality } from '../../../cli/doctor/reality.ts';
import { githubConfig } from '../../../contract/github.ts';
import { parsePolicy } from '../../../delivery/policy.ts';
import type { EnvironmentAnswer } from '../../../github/answers.ts';
import type { GuardEvidence } from '../../../github/gate.ts';
import type { GithubReality, RulesetAnswer } from '../../../github/inspection.ts';
import { policyText } from '../../delivery/world.ts';

const guard = (environment: string, change: Partial<EnvironmentAnswer> = {}): GuardEvidence => ({
  environment,
  settings: {
    name: environment,
    can_admins_bypass: false,
    deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
    protection_rules: [
      {
        type: 'required_reviewers',
        prevent_self_review: true,
        reviewers: [{ type: 'User', reviewer: { id: 1, login: 'rita' } }],
      },
    ],
    ...change,
  },
  policies: [{ name: 'main', type: 'branch' }],
});
const ruleset = (branch: string, types: readonly string[]): RulesetAnswer => ({
  name: branch,
  enforcement: 'active',
  conditions: { ref_name: { include: [`refs/heads/${branch}`], exclude: [] } },
  rules: types.map((type) => ({ type })),
});
const mainRules = ruleset('main', ['pull_request', 'deletion', 'non_fast_forward']);
const ledgerRules = ruleset('trireme-ledger', ['deletion', 'non_fast_forward']);
const open = guard('dev', { protection_rules: [] });
const good: GithubReality = {
  private: false,
  ownerType: 'Organization',
  plan: 'free',
  environments: [open, guard('prod'), guard('prod-rollback')],
  variables: { '': ['SHARED'], dev: ['AWS_REGION'], prod: ['AWS_REGION'], 'prod-rollback': [] },
  rulesets: [mainRules, ledgerRules],
  subject: { use_default: true, sub_claim_prefix: 'repo:acme@7/trireme@9', use_immutable_subject: true },
};
const expected: Expectations = {
  repository: 'acme/trireme',
  needs: {
    environments: { dev: ['release.yml'], prod: ['promote.yml'], 'prod-rollback': ['rollback.yml'] },
    variables: { '': ['SHARED'], prod: ['AWS_REGION', 'SHARED'] },
    templated: [],
  },
  policy: parsePolicy(policyText),
  config: githubConfig.parse({
    owner: 'acme',
    repository: 'trireme',
    environments: {
      dev: {},
      prod: { users: ['Rita'] },
      'prod-plan': {},
      'prod-rollback': { users: ['rita'], selfReview: true },
    },
  }),
};
const said = (reality: GithubReality, change: Partial<Expectations> = {}, outcome = 'fault') =>
  judgeReality(reality, { ...expected, ...change })
    .filter((one) => one.outcome === outcome)
    .map(({ subject, found }) => `${subject}: ${found}`);
const environments = (...changed: GuardEvidence[]) => ({
  environments: good.environments.map(
    (one) => changed.find(({ environment }) => environment === one.environment) ?? one,
  ),
});

describe('GitHub’s reality', () => {
  test('is as it should be, and tells the subjects that roles must trust', () => {
    expect(said(good)).toEqual([]);
    expect(said(good, {}, 'note').join('\n')).toContain(
      'OIDC subject of prod: repo:acme@7/trireme@9:environment:prod (immutable form)',
    );
  });

  test.each<[string, Partial<GithubReality>, string]>([
    ['an environment is missing', { environments: [open, guard('prod')] }, 'environment prod-rollback: missing'],
    [
      'prod asks nobody',
      environments(guard('prod', { protection_rules: [] })),
      'environment prod: no required reviewers',
    ],
    [
      'administrators may bypass dev',
      environments(guard('dev', { can_admins_bypass: true })),
      'environment dev: administrators may bypass',
    ],
    [
      'dev takes any branch',
      environments(guard('dev', { deployment_branch_policy: null })),
      'environment dev: any branch',
    ],
    [
      'rolling back asks nobody',
      environments(guard('prod-rollback', { protection_rules: [] })),
      'environment prod-rollback: no required',
    ],
    [
      'somebody else reviews',
      environments(
        guard('prod', {
          protection_rules: [
            {
              type: 'required_reviewers',
              prevent_self_review: true,
              reviewers: [{ type: 'Team', reviewer: { id: 2, slug: 'all' } }],
            },
          ],
        }),
      ),
      'says rita; GitHub has team all',
    ],
    [
      'main takes pushes',
      { rulesets: [ruleset('main', ['deletion', 'non_fast_forward']), ledgerRules] },
      'branch main: without pull_request',
    ],
    [
      'main’s rules are only tried',
      { rulesets: [{ ...mainRules, enforcement: 'evaluate' }, ledgerRules] },
      'branch main: without',
    ],
    [
      'the ledger can be rewritten',
      { rulesets: [mainRules] },
      'branch trireme-ledger: without deletion, non_fast_forward',
    ],
    [
      'the ledger is left out',
      {
        rulesets: [
          mainRules,
          { ...ledgerRules, conditions: { ref_name: { include: ['~ALL'], exclude: ['refs/heads/trireme-ledger'] } } },
        ],
      },
      'branch trireme-ledger',
    ],
    ['a variable is missing', { variables: { ...good.variables, prod: [] } }, 'variables of prod: without AWS_REGION'],
    [
      'a shared variable is missing',
      { variables: { ...good.variables, '': [] } },
      'variables of the repository: without SHARED',
    ],
    [
      'the subject is another one',
      { subject: { use_default: false, include_claim_keys: ['repo'] } },
      'OIDC subject: repo',
    ],
    [
      'the plan has no reviewers',
      { private: true, plan: 'team' },
      'plan: private repository on team: no required reviewers',
    ],
  ])('%s', (_, change, words) => {
    expect(said({ ...good, ...change }).join('\n')).toContain(words);
  });

  test('where the plan has no reviewers, signed approvals are a way, and required attestations are not', () => {
    const policy = parsePolicy(policyText);
    const keys = [{ login: 'rita', key: 'ssh-ed25519 AAAA' }];
    const approvals = { ...policy.approvals, via: ['signed' as const], keys };
    const reality = { ...good, private: true, plan: 'team' };
    expect(said(reality, { policy: { ...policy, approvals } })).toEqual([]);
    const strict = { ...policy, approvals, supplyChain: { attestations: 'required' as const } };
    expect(said(reality, { policy: strict })).toHaveLength(1);
    expect(said({ ...good, private: true, plan: 'enterprise' })).toEqual([]);
  });

  test('what may not be read is said, and is no fault', () => {
    const blind = { ...good, private: true, plan: undefined, variables: {}, subject: undefined };
    expect(said(blind)).toEqual([]);
    expect(said(blind, {}, 'note').join()).toContain('may not');
  });

  test('what stands about is said: an environment nobody names, people who may pass the rules over', () => {
    const stray = {
      ...good,
      environments: [...good.environments, guard('prd')],
      rulesets: [{ ...mainRules, bypass_actors: [{}] }, ledgerRules],
    };
    expect(said(stray, {}, 'note').join('\n')).toMatch(
      /environment prd: one that no workflow names[\s\S]*branch main: 1 who may/,
    );
  });

  test('with the template’s own stack file, reviewers are not compared', () => {
    expect(said({ ...good, ...environments(guard('prod')) }, { config: undefined })).toEqual([]);
  });

  test('a customised subject pins the workflow', () => {
    const subject = { use_default: false, include_claim_keys: ['repo', 'context', 'job_workflow_ref', 'actor'] };
    expect(said({ ...good, subject }, { config: undefined }, 'note').join('\n')).toContain(
      'repo:acme/trireme:environment:prod:job_workflow_ref:acme/trireme/.github/workflows/promote.yml@refs/heads/main:actor:…',
    );
  });
});
