// Which job on GitHub may become which deploy identity, and the subject its token carries: every cloud's trust is rendered from here.
import { deployBranch, type GithubEnvironment } from '../contract/github.ts';
import type { DeployIdentity, TrustedRepository } from '../contract/service.ts';

/** https://docs.github.com/actions/reference/security/oidc */
export const issuer = 'https://token.actions.githubusercontent.com';

/** What each cloud's login asks the token to be for; GCP's is the provider's own name: `gcp/trust.ts`. */
export const audiences = { aws: 'sts.amazonaws.com', azure: 'api://AzureADTokenExchange' } as const;

/** Jobs that log in to a cloud: the environment they name, and the workflow files that hold them. A test reads the files. */
const logins: Readonly<
  Record<DeployIdentity, readonly { environment: GithubEnvironment; workflows: readonly string[] }[]>
> = {
  'deploy-dev': [{ environment: 'dev', workflows: ['drift.yml', 'release.yml'] }],
  'deploy-prod': [
    { environment: 'prod', workflows: ['promote.yml'] },
    { environment: 'prod-rollback', workflows: ['rollback.yml'] },
  ],
  plan: [{ environment: 'prod-plan', workflows: ['drift.yml', 'promote.yml'] }],
};

/** One environment in one workflow file. */
export interface TrustedJob {
  readonly environment: GithubEnvironment;
  /** Name of the file under `.github/workflows/`. */
  readonly workflow: string;
  /**
   * The claim `job_workflow_ref`: file and branch. A job of a plain workflow has its own file there, as Sigstore relies on:
   * https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
   */
  readonly workflowRef: string;
  /** Every `sub` its token may carry: the form with ids, and where the repository still sends it, the one without. */
  readonly subjects: readonly string[];
}

export function trustedJobs(identity: DeployIdentity, repository: TrustedRepository): readonly TrustedJob[] {
  return logins[identity].flatMap(({ environment, workflows }) =>
    workflows.map((workflow) => {
      const workflowRef = workflowRefOf(repository, workflow);
      return { environment, workflow, workflowRef, subjects: subjectsOf(repository, environment, workflowRef) };
    }),
  );
}

export function environmentsOf(identity: DeployIdentity): readonly GithubEnvironment[] {
  return logins[identity].map(({ environment }) => environment);
}

function workflowRefOf({ owner, repository }: TrustedRepository, workflow: string): string {
  return `${owner}/${repository}/.github/workflows/${workflow}@refs/heads/${deployBranch}`;
}

/**
 * What the repository's subjects must be made of, in this order: the `github` stack's `oidcSubject`; absent: GitHub's default. Where the
 * form without ids is trusted, the ids stand at the end instead: a name can be given up and taken, and Azure compares the subject only.
 */
export function subjectTemplate({ subjectForm, legacySubject }: TrustedRepository): readonly string[] | undefined {
  if (subjectForm === 'plain') return undefined;
  return ['repo', 'context', 'job_workflow_ref', ...(legacySubject ? ['repository_id', 'repository_owner_id'] : [])];
}

/** Ids stay in `repo` when the template is a repository's own. */
function subjectsOf(trusted: TrustedRepository, environment: string, workflowRef: string): readonly string[] {
  const { owner, ownerId, repository, repositoryId, legacySubject } = trusted;
  const names = [
    `${owner}@${ownerId}/${repository}@${repositoryId}`,
    ...(legacySubject ? [`${owner}/${repository}`] : []),
  ];
  return names.map((name) => {
    const claims: Readonly<Record<string, string>> = {
      repo: name,
      context: `environment:${encoded(environment)}`,
      job_workflow_ref: encoded(workflowRef),
      repository_id: repositoryId,
      repository_owner_id: ownerId,
    };
    const keys = subjectTemplate(trusted) ?? ['repo', 'context'];
    // The context names itself.
    return keys.map((key) => (key === 'context' ? claims[key] : `${key}:${claims[key]}`)).join(':');
  });
}

/** As GitHub does, so that no value can pretend to be the next claim. */
function encoded(value: string): string {
  return value.replaceAll(':', '%3A');
}
