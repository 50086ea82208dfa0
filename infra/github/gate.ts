// May this run go on into a guarded environment, and who let it? Pure, and closed where anything is missing: GitHub's own protection is
// checked before any approval that it recorded is believed.
import type { CommitAnswer, EnvironmentAnswer, ReviewAnswer, RunAnswer } from './answers.ts';

export const deployableBranch = 'main';

export interface GuardEvidence {
  readonly environment: string;
  /** `undefined`: GitHub shows none of that name. */
  readonly settings: EnvironmentAnswer | undefined;
  /** Of the environment's own list of branches and tags. */
  readonly policies: readonly { readonly name: string; readonly type: string }[];
}

/** Every way in which the environment lets through what it should not; empty when it guards. */
export function judgeGuard({ environment, settings, policies }: GuardEvidence): readonly string[] {
  if (settings === undefined) return [`there is no environment \`${environment}\`, or this token may not read it`];
  const rule = settings.protection_rules?.find(({ type }) => type === 'required_reviewers');
  const named = (rule?.reviewers ?? []).filter(({ reviewer }) => reviewer != null);
  return [
    ...(named.length > 0 ? [] : ['no required reviewers']),
    ...(rule?.prevent_self_review === true ? [] : ['self-review not prevented']),
    ...(settings.can_admins_bypass === false
      ? []
      : [
          settings.can_admins_bypass === true
            ? 'administrators may bypass it'
            : 'whether administrators may bypass it is not told',
        ]),
    ...judgeBranches(settings, policies),
  ];
}

/** Protected branches only, or a list of branches that is exactly `main`. */
export function judgeBranches(
  { deployment_branch_policy: policy }: Pick<EnvironmentAnswer, 'deployment_branch_policy'>,
  policies: GuardEvidence['policies'],
): readonly string[] {
  if (policy == null) return [`any branch may deploy, expected exactly ${deployableBranch}`];
  if (policy.protected_branches && !policy.custom_branch_policies) return [];
  const found = policies.map(({ name, type }) => (type === 'branch' ? name : `${type} ${name}`));
  if (found.length === 1 && found[0] === deployableBranch) return [];
  return [`branches that may deploy: expected exactly ${deployableBranch}; found ${found.join(', ') || 'none'}`];
}

export interface GateEvidence extends GuardEvidence {
  readonly run: RunAnswer;
  readonly reviews: readonly ReviewAnswer[];
  /** What the promotion brings to the environment; `undefined` where GitHub could not say. */
  readonly commits: readonly CommitAnswer[] | undefined;
  /** Who asked for the promotion, by the ledger. */
  readonly requester: string;
  /** Who approved this very promotion, where the ledger has it already. */
  readonly recorded?: string | undefined;
  readonly rules: { readonly authorMayApprove: boolean; readonly requesterMayApprove: boolean };
}

export interface GateVerdict {
  readonly faults: readonly string[];
  /** Absent while nobody approved. */
  readonly approver?: string;
}

/**
 * GitHub keeps one review history for a run, over all of its attempts and without times: of a run that was started again it can't be told
 * which attempt a review was for. So only a first attempt brings an approval; a later one goes on with the approval that the ledger has
 * for the very promotion it carries out, or not at all.
 */
export function judgeGate(evidence: GateEvidence): GateVerdict {
  const { environment, run, commits, rules, recorded } = evidence;
  const isFirst = run.run_attempt === 1;
  const faults = [
    ...judgeGuard(evidence),
    ...(run.head_branch === deployableBranch
      ? []
      : [`the run is of ${run.head_branch ?? 'no branch'}, expected ${deployableBranch}`]),
    ...(isFirst || recorded !== undefined
      ? []
      : [`this is attempt ${run.run_attempt}: which attempt was approved can't be told`]),
  ];
  const login = isFirst ? approverIn(evidence) : recorded;
  if (login === undefined) return { faults };
  const asked = [run.actor?.login, run.triggering_actor?.login, evidence.requester];
  const wrote = (commits ?? []).filter((commit) => authorsOf(commit).some((one) => same(one, login)));
  return {
    approver: login,
    faults: [
      ...faults,
      ...(mayStillReview(evidence, login) ? [] : [`${login} approved, who is no reviewer of \`${environment}\``]),
      ...(rules.requesterMayApprove || !asked.some((one) => one !== undefined && same(one, login))
        ? []
        : [`${login} approved, who asked for it`]),
      ...(rules.authorMayApprove || commits !== undefined ? [] : ['who wrote the commits between can’t be told']),
      ...(rules.authorMayApprove || wrote.length === 0
        ? []
        : [`${login} approved, who wrote ${wrote.map(({ sha }) => sha.slice(0, 7)).join(', ')}`]),
    ],
  };
}

/** One rejection counts, in whatever order GitHub lists them. */
function approverIn({ reviews, environment }: GateEvidence): string | undefined {
  const given = reviews.filter(({ environments }) => environments.some(({ name }) => same(name, environment)));
  const isApproved = given.length > 0 && given.every(({ state }) => state === 'approved');
  return isApproved ? given.at(-1)?.user?.login : undefined;
}

/** A reviewer by name must be listed; who belongs to a team, a job's token can't see. */
function mayStillReview({ settings }: GuardEvidence, login: string): boolean {
  const rule = settings?.protection_rules?.find(({ type }) => type === 'required_reviewers');
  return (rule?.reviewers ?? []).some(
    ({ type, reviewer }) => type === 'Team' || (reviewer?.login !== undefined && same(reviewer.login, login)),
  );
}

/** Accounts of the author, the committer, and co-authors who are named by GitHub's own address. */
export function authorsOf({ author, committer, commit }: CommitAnswer): readonly string[] {
  const trailers = [
    ...commit.message.matchAll(/^co-authored-by:.*<(?:\d+\+)?([^@<>]+)@users\.noreply\.github\.com>\s*$/gim),
  ];
  // GitHub's web interface commits in its own name.
  const accounts = [author?.login, committer?.login, ...trailers.map(([, login]) => login)];
  return accounts.filter((login): login is string => login !== undefined && login !== 'web-flow');
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
