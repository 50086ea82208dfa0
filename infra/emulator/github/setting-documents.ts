// GitHub's documents about settings, written from the emulated state: environments with their rules, rulesets.
import { nodeId, personDocument, teamDocument } from './documents.ts';
import type { Environment, GithubState, Repository, Ruleset } from './state.ts';

export function reviewerDocuments(state: GithubState, { reviewers }: Environment, origin: string) {
  return reviewers.flatMap(({ type, id }): { readonly type: string; readonly reviewer: object }[] => {
    const person = [...state.people.values()].find((one) => one.id === id);
    const team = [...state.teams.values()].find((one) => one.id === id);
    if (type === 'User' && person !== undefined) return [{ type, reviewer: personDocument(person, origin) }];
    if (type === 'Team' && team !== undefined) return [{ type, reviewer: teamDocument(team, origin) }];
    return [];
  });
}

export function environmentDocument(
  state: GithubState,
  repository: Repository,
  environment: Environment,
  origin: string,
) {
  const { id, name, createdAt, updatedAt, waitTimer, branchPolicy, preventSelfReview } = environment;
  const rule = (type: string, extra: object = {}) => ({
    id: id * 10 + type.length,
    node_id: nodeId(type, id),
    type,
    ...extra,
  });
  const reviewers = reviewerDocuments(state, environment, origin);
  return {
    id,
    node_id: nodeId('Environment', id),
    name,
    url: `${origin}/repos/${repository.owner}/${repository.name}/environments/${encodeURIComponent(name)}`,
    html_url: `https://github.com/${repository.owner}/${repository.name}/deployments/activity_log?environments_filter=${name}`,
    created_at: createdAt,
    updated_at: updatedAt,
    // Not in the published schema; real answers have it.
    can_admins_bypass: environment.canAdminsBypass,
    protection_rules: [
      ...(waitTimer > 0 ? [rule('wait_timer', { wait_timer: waitTimer })] : []),
      ...(reviewers.length > 0
        ? [rule('required_reviewers', { prevent_self_review: preventSelfReview, reviewers })]
        : []),
      ...(branchPolicy === null ? [] : [rule('branch_policy')]),
    ],
    deployment_branch_policy: branchPolicy,
  };
}

/** @param detail lists leave conditions and rules out. */
export function rulesetDocument(repository: Repository, ruleset: Ruleset, detail: boolean) {
  const { id, document, createdAt, updatedAt } = ruleset;
  const { conditions, rules, bypass_actors, ...rest } = document;
  return {
    id,
    node_id: nodeId('Ruleset', id),
    source_type: 'Repository',
    source: `${repository.owner}/${repository.name}`,
    ...rest,
    created_at: createdAt,
    updated_at: updatedAt,
    ...(detail ? { conditions, rules, bypass_actors } : {}),
  };
}
