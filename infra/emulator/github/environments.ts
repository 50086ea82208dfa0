// Environments, their rules, branch policies and variables, as REST routes; and the way GitHub makes a missing one without protection.
import { z } from 'zod';
import { environmentDocument } from './setting-documents.ts';
import { type Environment, type GithubState, hasPrivateExtras, now, type Repository } from './state.ts';
import { type Answer, GithubRefusal, notFound, page, type RepositoryAsked, type Route } from './wire.ts';

// https://docs.github.com/rest/deployments/environments#create-or-update-an-environment
const environmentBody = z
  .object({
    wait_timer: z.int().min(0).max(43_200).nullish(),
    prevent_self_review: z.boolean().nullish(),
    reviewers: z
      .array(z.object({ type: z.enum(['User', 'Team']), id: z.int() }))
      .max(6)
      .nullish(),
    deployment_branch_policy: z
      .object({ protected_branches: z.boolean(), custom_branch_policies: z.boolean() })
      .nullish(),
    // Undocumented, and what the settings page sends.
    can_admins_bypass: z.boolean().nullish(),
  })
  .nullable();
const policyBody = z.object({ name: z.string().min(1), type: z.enum(['branch', 'tag']).default('branch') });

const base = '/repos/:owner/:repo/environments';
const policies = `${base}/:environment/deployment-branch-policies`;

export const environmentRoutes: readonly Route[] = [
  ['GET', base, ['actions', 'read'], list],
  ['GET', `${base}/:environment`, ['actions', 'read'], (asked) => ({ body: shown(asked, environmentOf(asked)) })],
  ['PUT', `${base}/:environment`, ['administration', 'write'], put],
  ['DELETE', `${base}/:environment`, ['administration', 'write'], remove],
  ['GET', policies, ['actions', 'read'], listPolicies],
  ['POST', policies, ['administration', 'write'], addPolicy],
  ['DELETE', `${policies}/:policy`, ['administration', 'write'], removePolicy],
];

/** As a job does that names an environment nobody made: it is there from now on, and guards nothing. */
export function ensureEnvironment(state: GithubState, repository: Repository, name: string): Environment {
  const found = repository.environments.get(name.toLowerCase());
  if (found !== undefined) return found;
  const made: Environment = {
    id: state.nextId(),
    name,
    createdAt: now(),
    updatedAt: now(),
    waitTimer: 0,
    reviewers: [],
    preventSelfReview: false,
    canAdminsBypass: true,
    branchPolicy: null,
    policies: [],
    variables: new Map(),
  };
  repository.environments.set(name.toLowerCase(), made);
  return made;
}

export function environmentOf({ repository, params }: RepositoryAsked): Environment {
  const found = repository.environments.get((params.environment ?? '').toLowerCase());
  if (found === undefined) throw notFound();
  return found;
}

function shown({ state, repository, origin }: RepositoryAsked, environment: Environment) {
  return environmentDocument(state, repository, environment, origin);
}

function list(asked: RepositoryAsked): Answer {
  const all = [...asked.repository.environments.values()];
  const environments = page(all, asked.query).map((one) => shown(asked, one));
  return { body: { total_count: all.length, environments }, total: all.length };
}

/** What is not named is taken away: the call replaces the environment's rules as a whole. */
function put(asked: RepositoryAsked): Answer {
  const { state, repository, params } = asked;
  const body = asked.body(environmentBody) ?? {};
  const reviewers = body.reviewers ?? [];
  const timer = body.wait_timer ?? 0;
  const policy = body.deployment_branch_policy ?? null;
  if (!hasPrivateExtras(state, repository) && (reviewers.length > 0 || timer > 0)) {
    throw new GithubRefusal(
      422,
      'Failed to create the environment protection rule. Please ensure the billing plan supports the required reviewers protection rule.',
    );
  }
  if (policy !== null && policy.protected_branches === policy.custom_branch_policies) {
    throw new GithubRefusal(422, 'protected_branches and custom_branch_policies cannot have the same value');
  }
  for (const { type, id } of reviewers) {
    const known = type === 'User' ? [...state.people.values()] : [...state.teams.values()];
    if (!known.some((one) => one.id === id)) throw new GithubRefusal(422, `Invalid request. No ${type} with id ${id}`);
  }
  const environment = ensureEnvironment(state, repository, params.environment ?? '');
  const guarded = environment.reviewers.length > 0;
  environment.waitTimer = timer;
  environment.reviewers = reviewers;
  environment.preventSelfReview = body.prevent_self_review ?? false;
  environment.canAdminsBypass = body.can_admins_bypass ?? true;
  environment.branchPolicy = policy;
  if (policy?.custom_branch_policies !== true) environment.policies = [];
  environment.updatedAt = now();
  if (guarded && reviewers.length === 0) failWaiting(repository, environment);
  return { body: shown(asked, environment) };
}

/** Runs that wait for a rule that is taken away fail: nobody can approve them any more. */
function failWaiting(repository: Repository, { name }: Environment): void {
  for (const run of repository.runs.values()) {
    if (!run.waiting.includes(name)) continue;
    run.waiting = [];
    run.status = 'completed';
    run.conclusion = 'failure';
    run.updatedAt = now();
  }
}

function remove(asked: RepositoryAsked): Answer {
  const { name } = environmentOf(asked);
  asked.repository.environments.delete(name.toLowerCase());
  return { status: 204 };
}

function policyDocument({ id, name, type }: Environment['policies'][number]) {
  return { id, node_id: `policy-${id}`, name, type };
}

function listPolicies(asked: RepositoryAsked): Answer {
  const all = environmentOf(asked).policies;
  const branch_policies = page(all, asked.query).map(policyDocument);
  return { body: { total_count: all.length, branch_policies }, total: all.length };
}

function addPolicy(asked: RepositoryAsked): Answer {
  const environment = environmentOf(asked);
  const { name, type } = asked.body(policyBody);
  if (environment.branchPolicy?.custom_branch_policies !== true) throw notFound();
  const same = environment.policies.find((one) => one.name === name && one.type === type);
  if (same !== undefined) return { status: 303 };
  const made = { id: asked.state.nextId(), name, type };
  environment.policies.push(made);
  return { body: policyDocument(made) };
}

function removePolicy(asked: RepositoryAsked): Answer {
  const environment = environmentOf(asked);
  const id = Number(asked.params.policy);
  if (!environment.policies.some((one) => one.id === id)) throw notFound();
  environment.policies = environment.policies.filter((one) => one.id !== id);
  return { status: 204 };
}
