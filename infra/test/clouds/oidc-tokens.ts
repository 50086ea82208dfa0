// The tokens that GitHub could issue to right and wrong jobs: claims by GitHub's own rules, written without a look at what trusts them.
import type { DeployIdentity, TrustedRepository } from '../../contract/service.ts';

export type Claims = Readonly<Record<string, string | readonly string[]>>;

/** What a job and its repository are; a token follows from it. */
interface Origin {
  readonly owner: string;
  readonly ownerId: string;
  readonly repository: string;
  readonly repositoryId: string;
  readonly withIds: boolean;
  /** Claims after the context, in the subject's order. */
  readonly template: readonly string[];
  readonly environment: string | undefined;
  /** What stands in the subject of a job without environment. */
  readonly context: string;
  readonly ref: string;
  readonly workflowRepository: string;
  readonly workflow: string;
  readonly workflowRef: string;
  readonly audience: string | readonly string[];
  readonly issuer: string;
}

/** https://docs.github.com/actions/reference/security/oidc */
function issue(origin: Origin): Claims {
  const encoded = (value: string) => value.replaceAll(':', '%3A');
  const { owner, ownerId, repository, repositoryId, environment } = origin;
  const name = origin.withIds
    ? `${encoded(owner)}@${ownerId}/${encoded(repository)}@${repositoryId}`
    : `${encoded(owner)}/${encoded(repository)}`;
  const context = environment === undefined ? origin.context : `environment:${encoded(environment)}`;
  const workflowRef = `${origin.workflowRepository}/.github/workflows/${origin.workflow}@${origin.workflowRef}`;
  const claims: Readonly<Record<string, string>> = {
    repository: `${owner}/${repository}`,
    repository_id: repositoryId,
    repository_owner: owner,
    repository_owner_id: ownerId,
    ref: origin.ref,
    job_workflow_ref: workflowRef,
    ...(environment === undefined ? {} : { environment }),
  };
  const further = origin.template.map((key) => `:${key}:${encoded(claims[key] ?? '')}`).join('');
  return { ...claims, iss: origin.issuer, aud: origin.audience, sub: `repo:${name}:${context}${further}` };
}

export interface Shape {
  readonly name: string;
  /** Who may get in with it; nobody by default. */
  readonly allows?: 'its own identity' | 'its own identity, where the form without ids is trusted';
  readonly changes?: Partial<Origin>;
  /** Claims that GitHub would have put in. */
  readonly missing?: readonly string[];
}

const other = { ownerId: '7777', repositoryId: '8888' };

export const shapes: readonly Shape[] = [
  { name: 'the right one', allows: 'its own identity' },
  {
    name: 'the right one, in the form without ids',
    allows: 'its own identity, where the form without ids is trusted',
    changes: { withIds: false },
  },
  {
    name: 'another repository',
    changes: { repository: 'website', repositoryId: '3003', workflowRepository: 'acme/website' },
  },
  {
    name: 'a repository whose name begins the same',
    changes: { repository: 'trireme-fork', repositoryId: '3004', workflowRepository: 'acme/trireme-fork' },
  },
  {
    name: 'a repository whose name begins the same, calling our workflow',
    changes: { repository: 'trireme-fork', repositoryId: '3004' },
  },
  { name: 'the name, taken by another owner', changes: other },
  { name: 'the name, taken by another owner, in the form without ids', changes: { ...other, withIds: false } },
  { name: 'the repository made anew', changes: { repositoryId: '8888' } },
  { name: 'the repository made anew, in the form without ids', changes: { repositoryId: '8888', withIds: false } },
  {
    name: 'our name under an owner who took theirs, in the form without ids',
    changes: { ownerId: '7777', withIds: false },
  },
  { name: 'the same name at another owner', changes: { owner: 'evil', ...other, workflowRepository: 'evil/trireme' } },
  {
    name: 'an owner whose name begins the same',
    changes: { owner: 'acme-labs', ...other, workflowRepository: 'acme-labs/trireme' },
  },
  { name: 'a fork that calls our workflow', changes: { owner: 'mallory', ownerId: '9009', repositoryId: '9010' } },
  {
    name: 'the names in other case',
    changes: { owner: 'Acme', repository: 'Trireme', workflowRepository: 'Acme/Trireme' },
  },
  { name: 'a push to main without environment', changes: { environment: undefined } },
  {
    name: 'a push to a branch',
    changes: {
      environment: undefined,
      context: 'ref:refs/heads/topic',
      ref: 'refs/heads/topic',
      workflowRef: 'refs/heads/topic',
    },
  },
  {
    name: 'a tag',
    changes: { environment: undefined, context: 'ref:refs/tags/v1', ref: 'refs/tags/v1', workflowRef: 'refs/tags/v1' },
  },
  {
    name: 'a pull request',
    changes: {
      environment: undefined,
      context: 'pull_request',
      ref: 'refs/pull/7/merge',
      workflowRef: 'refs/pull/7/merge',
    },
  },
  { name: 'an environment whose name begins the same', changes: { environment: 'ENV-canary' } },
  { name: 'an environment whose name ends the same', changes: { environment: 'not-ENV' } },
  { name: 'the environment in capitals', changes: { environment: 'UPPER' } },
  {
    name: 'an environment that spells out the next claim',
    changes: {
      environment: 'ENV:job_workflow_ref:acme/trireme/.github/workflows/WORKFLOW@refs/heads/main',
      template: [],
    },
  },
  { name: 'an environment with a colon', changes: { environment: 'ENV:' } },
  { name: 'an environment of no identity', changes: { environment: 'staging' } },
  { name: 'another workflow file', changes: { workflow: 'not-WORKFLOW' } },
  { name: 'the workflow at another branch', changes: { ref: 'refs/heads/topic', workflowRef: 'refs/heads/topic' } },
  { name: 'the workflow at a tag called main', changes: { ref: 'refs/tags/main', workflowRef: 'refs/tags/main' } },
  { name: "another repository's reusable workflow", changes: { workflowRepository: 'evil/actions' } },
  { name: 'the audience that GitHub writes unasked', changes: { audience: 'https://github.com/acme' } },
  { name: "another cloud's audience", changes: { audience: 'vault.acme.example' } },
  { name: 'a list of other audiences', changes: { audience: ['https://github.com/acme', 'vault.acme.example'] } },
  { name: 'no audience', missing: ['aud'] },
  { name: 'another issuer', changes: { issuer: 'https://token.actions.acme.ghe.com' } },
  {
    name: 'an issuer whose name begins the same',
    changes: { issuer: 'https://token.actions.githubusercontent.com.evil.example' },
  },
  { name: 'no subject', missing: ['sub'] },
  { name: 'no subject and no ids', missing: ['sub', 'repository_id', 'repository_owner_id'] },
  { name: 'an empty environment', changes: { environment: '' } },
];

export interface Job {
  readonly identity: DeployIdentity;
  readonly environment: string;
  readonly workflow: string;
}

/** What is meant, said here a second time. */
export const jobs: readonly Job[] = [
  { identity: 'deploy-dev', environment: 'dev', workflow: 'release.yml' },
  { identity: 'deploy-dev', environment: 'dev', workflow: 'drift.yml' },
  { identity: 'deploy-prod', environment: 'prod', workflow: 'promote.yml' },
  { identity: 'deploy-prod', environment: 'prod-rollback', workflow: 'rollback.yml' },
  { identity: 'plan', environment: 'prod-plan', workflow: 'promote.yml' },
  { identity: 'plan', environment: 'prod-plan', workflow: 'drift.yml' },
];

/** @param audience what this cloud's login asks GitHub for */
export function tokenOf(shape: Shape, job: Job, repository: TrustedRepository, audience: string): Claims {
  const fill = (text: string) =>
    text
      .replaceAll('ENV', job.environment)
      .replaceAll('WORKFLOW', job.workflow)
      .replaceAll('UPPER', job.environment.toUpperCase());
  const changes = shape.changes ?? {};
  const claims = issue({
    owner: 'acme',
    ownerId: '1001',
    repository: 'trireme',
    repositoryId: '2002',
    withIds: true,
    template: templateOf(repository),
    environment: job.environment,
    context: 'ref:refs/heads/main',
    ref: 'refs/heads/main',
    workflowRepository: 'acme/trireme',
    workflow: job.workflow,
    workflowRef: 'refs/heads/main',
    audience,
    issuer: 'https://token.actions.githubusercontent.com',
    ...changes,
    ...(changes.environment === undefined ? {} : { environment: fill(changes.environment) }),
    ...(changes.workflow === undefined ? {} : { workflow: fill(changes.workflow) }),
  });
  const missing = shape.missing ?? [];
  return Object.fromEntries(Object.entries(claims).filter(([claim]) => !missing.includes(claim)));
}

/** As the repository's settings say it: docs/real-clouds.md. */
function templateOf({ subjectForm, legacySubject }: TrustedRepository): readonly string[] {
  if (subjectForm === 'plain') return [];
  return legacySubject ? ['job_workflow_ref', 'repository_id', 'repository_owner_id'] : ['job_workflow_ref'];
}

/** Each of our files in each environment that it does not serve: no job of ours is that. */
export const misplacedJobs: readonly Job[] = jobs
  .filter((job, index) => jobs.findIndex(({ environment }) => environment === job.environment) === index)
  .flatMap(({ identity, environment }) =>
    [...new Set(jobs.map(({ workflow }) => workflow))]
      .filter((workflow) => !jobs.some((job) => job.environment === environment && job.workflow === workflow))
      .map((workflow) => ({ identity, environment, workflow })),
  );
