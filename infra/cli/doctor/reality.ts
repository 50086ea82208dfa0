// GitHub's reality against what workflows, policy and the github stack file expect. Pure.
import { type GithubConfig, type GithubEnvironment, githubEnvironments, ledgerBranch } from '../../contract/github.ts';
import type { Policy } from '../../delivery/policy.ts';
import { deployableBranch, type GuardEvidence, judgeBranches, judgeGuard } from '../../github/gate.ts';
import { type GithubReality, type RulesetAnswer, subjectFor } from '../../github/inspection.ts';
import { fault, good, type Judged, note } from './finding.ts';
import type { Needs } from './workflows.ts';

export interface Expectations {
  readonly repository: string;
  readonly needs: Needs;
  readonly policy: Policy;
  /** The github stack file; `undefined` where there is none, or nobody has filled it in yet. */
  readonly config: GithubConfig | undefined;
}

const setUp = 'pulumi up --stack github, with a token that may administer the repository';

export function judgeReality(reality: GithubReality, expected: Expectations): readonly Judged[] {
  return [
    ...planFindings(reality, expected.policy),
    ...Object.keys(expected.needs.environments).flatMap((name) => environmentFindings(name, reality, expected)),
    ...strayEnvironments(reality, expected.needs),
    ...rulesetFindings(reality.rulesets),
    ...variableFindings(reality, expected.needs),
    ...subjectFindings(reality, expected),
  ];
}

/** Private repositories have required reviewers, and attestations, with Enterprise only. */
function planFindings({ private: isPrivate, plan }: GithubReality, policy: Policy): readonly Judged[] {
  if (!isPrivate) return [good('plan', 'public repository: required reviewers and attestations come with every plan')];
  if (plan === undefined) {
    return [
      note('plan', 'Enterprise, for required reviewers of a private repository', 'a plan that this token may not see'),
    ];
  }
  if (/enterprise/i.test(plan)) return [good('plan', `private repository on ${plan}`)];
  const { via, keys } = policy.approvals;
  const signed = via.includes('signed') && keys.length > 0;
  const found = `private repository on ${plan}: no required reviewers, no attestations`;
  return [
    signed
      ? note('plan', 'Enterprise, or signed approvals', `${found}; policy.yaml accepts signed approvals`)
      : fault(
          'plan',
          'Enterprise, or signed approvals',
          found,
          'use signed approvals: `via: [signed]` and `keys` in policy.yaml',
        ),
    ...(policy.supplyChain.attestations === 'required'
      ? [
          fault(
            'attestations',
            'what policy.yaml requires',
            found,
            '`attestations: where-possible` in policy.yaml, or Enterprise',
          ),
        ]
      : []),
  ];
}

function environmentFindings(name: string, reality: GithubReality, { needs, config }: Expectations): readonly Judged[] {
  const subject = `environment ${name}`;
  const guard = reality.environments.find(({ environment }) => environment.toLowerCase() === name.toLowerCase());
  if (guard?.settings === undefined) {
    const by = needs.environments[name]?.join(', ') ?? '';
    return [
      fault(subject, `made before ${by} runs`, 'missing: the first job that names it makes it, unprotected', setUp),
    ];
  }
  const faults = [...guardFaults(name, guard, config), ...reviewerFaults(name, guard, config)];
  if (faults.length === 0) return [good(subject, `guarded, ${deployableBranch} only`)];
  return faults.map((found) => fault(subject, expectedOf(name), found, setUp));
}

function expectedOf(name: string): string {
  const branch = `${deployableBranch} only, no administrator's bypass`;
  if (name === 'prod') return `required reviewers, no self-review, ${branch}`;
  return name === 'prod-rollback' ? `required reviewers, ${branch}` : branch;
}

/** `prod` is what the gate checks; to roll back one may review one's own run; what only reads or goes to dev asks nobody. */
function guardFaults(name: string, guard: GuardEvidence, config: GithubConfig | undefined): readonly string[] {
  const all = judgeGuard(guard);
  if (name === 'prod') return all;
  const selfReview = config?.environments['prod-rollback'].selfReview ?? true;
  if (name === 'prod-rollback') return selfReview ? all.filter((one) => one !== 'self-review not prevented') : all;
  const bypass = all.filter((one) => one.includes('bypass'));
  return guard.settings === undefined ? all : [...bypass, ...judgeBranches(guard.settings, guard.policies)];
}

/** Users and teams as the stack file names them. */
function reviewerFaults(
  name: string,
  { settings }: GuardEvidence,
  config: GithubConfig | undefined,
): readonly string[] {
  if (config === undefined || !isKnown(name)) return [];
  const { users, teams } = config.environments[name];
  const wanted = [...users, ...teams.map((team) => `team ${team}`)].map((one) => one.toLowerCase()).sort();
  const rule = settings?.protection_rules?.find(({ type }) => type === 'required_reviewers');
  const found = (rule?.reviewers ?? [])
    .map(({ type, reviewer }) => (type === 'Team' ? `team ${reviewer?.slug ?? '?'}` : (reviewer?.login ?? '?')))
    .map((one) => one.toLowerCase())
    .sort();
  return wanted.join() === found.join()
    ? []
    : [
        `reviewers: stacks/Pulumi.github.yaml says ${wanted.join(', ') || 'none'}; GitHub has ${found.join(', ') || 'none'}`,
      ];
}

function isKnown(name: string): name is GithubEnvironment {
  return githubEnvironments.some((one) => one === name);
}

function strayEnvironments({ environments }: GithubReality, needs: Needs): readonly Judged[] {
  const named = Object.keys(needs.environments).map((name) => name.toLowerCase());
  return environments
    .filter(({ environment }) => !named.includes(environment.toLowerCase()) && environment !== 'github-pages')
    .map(({ environment }) =>
      note(
        `environment ${environment}`,
        'none that no workflow names',
        'one that no workflow names',
        'was a name misspelt? delete it under Settings, Environments',
      ),
    );
}

function rulesetFindings(rulesets: readonly RulesetAnswer[]): readonly Judged[] {
  const wanted = [
    { branch: deployableBranch, rules: ['pull_request', 'deletion', 'non_fast_forward'] },
    { branch: ledgerBranch, rules: ['deletion', 'non_fast_forward'] },
  ];
  return wanted.flatMap(({ branch, rules }) => {
    const over = rulesets.filter((one) => covers(one, branch));
    const has = new Set(over.flatMap((one) => (one.rules ?? []).map(({ type }) => type)));
    const missing = rules.filter((rule) => !has.has(rule));
    const passers = over.reduce((sum, { bypass_actors }) => sum + (bypass_actors?.length ?? 0), 0);
    return [
      missing.length === 0
        ? good(`branch ${branch}`, rules.join(', '))
        : fault(`branch ${branch}`, `an active ruleset: ${rules.join(', ')}`, `without ${missing.join(', ')}`, setUp),
      ...(passers === 0
        ? []
        : [note(`branch ${branch}`, 'nobody who may pass the rules over', `${passers} who may`, setUp)]),
    ];
  });
}

function covers({ enforcement, target = 'branch', conditions }: RulesetAnswer, branch: string): boolean {
  const { include = [], exclude = [] } = conditions?.ref_name ?? {};
  const names = [`refs/heads/${branch}`, '~ALL', ...(branch === deployableBranch ? ['~DEFAULT_BRANCH'] : [])];
  return (
    enforcement === 'active' &&
    target === 'branch' &&
    include.some((one) => names.includes(one)) &&
    !exclude.some((one) => names.includes(one))
  );
}

function variableFindings({ variables, environments }: GithubReality, needs: Needs): readonly Judged[] {
  const there = new Map(environments.map(({ environment }) => [environment.toLowerCase(), environment]));
  return Object.entries(needs.variables).flatMap(([name, needed]) => {
    const subject = name === '' ? 'variables of the repository' : `variables of ${name}`;
    const own = name === '' ? [] : variables[there.get(name.toLowerCase()) ?? name];
    const shared = variables[''];
    // A missing environment is a finding of its own.
    if (name !== '' && !there.has(name.toLowerCase())) return [];
    if (own === undefined || shared === undefined)
      return [note(subject, needed.join(', '), 'may not be read with this token')];
    const missing = needed.filter((variable) => ![...own, ...shared].includes(variable));
    if (missing.length === 0) return [good(subject, needed.join(', '))];
    return [
      fault(
        subject,
        needed.join(', '),
        `without ${missing.join(', ')}`,
        'set them in stacks/Pulumi.github.yaml; then: pulumi up --stack github',
      ),
    ];
  });
}

function subjectFindings({ subject }: GithubReality, { repository, needs, config }: Expectations): readonly Judged[] {
  if (subject === undefined)
    return [note('OIDC subject', 'the template of this repository', 'may not be read with this token')];
  const wanted = config?.oidcSubject?.join(',') ?? '';
  const found = subject.use_default ? '' : (subject.include_claim_keys ?? []).join(',');
  const words = (claims: string) => (claims === '' ? 'GitHub’s default' : claims);
  const differs = config !== undefined && wanted !== found;
  const form = subject.use_immutable_subject === true ? 'immutable form' : 'form by names';
  return [
    ...(differs ? [fault('OIDC subject', words(wanted), words(found), setUp)] : []),
    ...Object.entries(needs.environments).map(([name, [workflow = '']]) =>
      note(
        `OIDC subject of ${name}`,
        'what the roles of this environment trust',
        `${subjectFor(repository, name, workflow, subject)} (${form})`,
      ),
    ),
  ];
}
