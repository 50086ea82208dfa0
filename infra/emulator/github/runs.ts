// Workflow runs as the emulated GitHub keeps them: started, waiting at an environment, reviewed, cancelled, started again.
import { ensureEnvironment } from './environments.ts';
import {
  type Environment,
  type GithubState,
  now,
  type Repository,
  type Review,
  type Run,
  reviewersOf,
} from './state.ts';
import { GithubRefusal } from './wire.ts';

export interface NewRun {
  readonly workflow: string;
  readonly title?: string;
  readonly event?: string;
  readonly branch?: string;
  readonly sha?: string;
  readonly actor: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly permissions?: Run['permissions'];
}

/** What promote.yml's jobs ask for, taken together. */
const defaultPermissions = {
  actions: 'write',
  contents: 'write',
  attestations: 'read',
  deployments: 'read',
  issues: 'write',
} as const;

/** @throws GithubRefusal 404 for a branch that is not there. */
export async function startRun(state: GithubState, repository: Repository, wanted: NewRun): Promise<Run> {
  const branch = (wanted.branch ?? repository.defaultBranch).replace(/^refs\/heads\//, '');
  const sha = wanted.sha ?? (await repository.commits.resolve(branch));
  if (sha === undefined) throw new GithubRefusal(422, `No ref found for: ${branch}`);
  const workflow = `.github/workflows/${wanted.workflow.replace(/^\.github\/workflows\//, '')}`;
  const run: Run = {
    id: state.nextId(),
    number: [...repository.runs.values()].filter((one) => one.workflow === workflow).length + 1,
    workflow,
    title: wanted.title ?? wanted.workflow,
    event: wanted.event ?? 'workflow_dispatch',
    branch,
    sha,
    inputs: wanted.inputs ?? {},
    actor: wanted.actor,
    triggeringActor: wanted.actor,
    attempt: 1,
    status: 'in_progress',
    conclusion: null,
    createdAt: now(),
    updatedAt: now(),
    waiting: [],
    reviews: [],
    permissions: wanted.permissions ?? defaultPermissions,
  };
  repository.runs.set(run.id, run);
  return run;
}

/**
 * A job that names an environment becomes eligible. A missing environment is made on the spot, unprotected.
 * @returns `waiting` until someone reviews, `running`, or `refused` where the branch may not deploy there.
 */
export function enterEnvironment(
  state: GithubState,
  repository: Repository,
  run: Run,
  name: string,
): 'waiting' | 'running' | 'refused' {
  const environment = ensureEnvironment(state, repository, name);
  if (!mayDeploy(repository, environment, run.branch)) {
    finishRun(run, 'failure');
    return 'refused';
  }
  if (environment.reviewers.length > 0) {
    if (!run.waiting.includes(environment.name)) run.waiting.push(environment.name);
    run.status = 'waiting';
    run.updatedAt = now();
    return 'waiting';
  }
  deploy(state, repository, run, environment.name);
  return 'running';
}

function mayDeploy(repository: Repository, { branchPolicy, policies }: Environment, branch: string): boolean {
  if (branchPolicy === null) return true;
  if (branchPolicy.custom_branch_policies) {
    return policies.some(({ name, type }) => type === 'branch' && glob(name).test(branch));
  }
  return [...repository.rulesets.values()].some(({ document }) => protects(document, repository, branch));
}

function protects(document: Readonly<Record<string, unknown>>, repository: Repository, branch: string): boolean {
  if (document.enforcement !== 'active' || (document.target ?? 'branch') !== 'branch') return false;
  const text = JSON.stringify(document.conditions ?? {});
  return (
    text.includes(`"refs/heads/${branch}"`) || (branch === repository.defaultBranch && text.includes('~DEFAULT_BRANCH'))
  );
}

function glob(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll(/[.+^$()|[\]{}\\]/g, '\\$&').replaceAll('*', '[^/]*')}$`);
}

/** @throws GithubRefusal 422 for someone who may not, or an environment that does not wait. */
export function review(state: GithubState, repository: Repository, run: Run, given: Review): void {
  for (const name of given.environments) {
    const environment = repository.environments.get(name.toLowerCase());
    if (environment === undefined || !run.waiting.includes(name)) {
      throw new GithubRefusal(422, `There is no pending deployment to ${name}`);
    }
    if (!mayReview(state, environment, run, given.user)) {
      throw new GithubRefusal(422, `${given.user} can't review the deployment to ${name}`);
    }
  }
  settle(state, repository, run, given);
}

/** An administrator passes the rules over: the history shows an approval like any other. */
export function bypass(state: GithubState, repository: Repository, run: Run, login: string, comment = ''): void {
  const blocked = run.waiting.filter(
    (name) => repository.environments.get(name.toLowerCase())?.canAdminsBypass !== true,
  );
  if (repository.roles[login] !== 'admin' || blocked.length > 0) throw new GithubRefusal(422, 'Bypass is not allowed');
  settle(state, repository, run, { state: 'approved', user: login, comment, environments: [...run.waiting] });
}

function settle(state: GithubState, repository: Repository, run: Run, given: Review): void {
  run.reviews.push(given);
  run.waiting = run.waiting.filter((name) => !given.environments.includes(name));
  run.updatedAt = now();
  if (given.state === 'rejected') {
    finishRun(run, 'failure');
    return;
  }
  for (const name of given.environments) deploy(state, repository, run, name);
  if (run.waiting.length === 0) run.status = 'in_progress';
}

/** Self-review knows one person only: who started this attempt. Who wrote the commits, it does not ask. */
export function mayReview(state: GithubState, environment: Environment, run: Run, login: string | undefined): boolean {
  if (login === undefined || !reviewersOf(state, environment).includes(login)) return false;
  return !(environment.preventSelfReview && login === run.triggeringActor);
}

/** @throws GithubRefusal 409 when it has ended. */
export function cancelRun(run: Run): void {
  if (run.status === 'completed') throw new GithubRefusal(409, 'Cannot cancel a workflow run that is completed.');
  finishRun(run, 'cancelled');
}

export function finishRun(run: Run, conclusion: string): void {
  run.waiting = [];
  run.status = 'completed';
  run.conclusion = conclusion;
  run.updatedAt = now();
}

/** The same commit and inputs once more; earlier reviews stay in the run's one list. */
export function rerun(run: Run, login: string): void {
  if (run.status !== 'completed') throw new GithubRefusal(403, 'This workflow run cannot be retried');
  run.attempt += 1;
  run.triggeringActor = login;
  run.status = 'in_progress';
  run.conclusion = null;
  run.updatedAt = now();
}

/** GitHub records a deployment of its own for each job that enters an environment. */
function deploy(state: GithubState, repository: Repository, run: Run, environment: string): void {
  const { sha, branch: ref } = run;
  repository.deployments.unshift({
    id: state.nextId(),
    sha,
    ref,
    environment,
    creator: 'github-actions[bot]',
    createdAt: now(),
  });
}
