// Who on GitHub may become a Google service account: the provider's mapping and condition, and the principals of each identity.
import { DeliveryError } from '../../contract/errors.ts';
import { type DeployIdentity, deployIdentities, type TrustedRepository } from '../../contract/service.ts';
import { environmentsOf, trustedJobs } from '../trust.ts';

/** `google.subject` takes 127 bytes and a pinned subject has more: the environment is named by itself, the rest is the condition's. */
export const attributeMapping: Readonly<Record<string, string>> = {
  'google.subject': 'assertion.repository_id + ":" + assertion.environment',
};

/** Characters: https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers */
const conditionLimit = 4096;

/**
 * One condition for all identities of a pool; which identity, the principal decides. An absent claim is an error, and an error is no.
 * Compared are values, never patterns: https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#conditions
 * @throws DeliveryError `config-invalid`: too long for the provider
 */
export function attributeCondition(
  repository: TrustedRepository,
  identities: readonly DeployIdentity[] = deployIdentities,
): string {
  const jobs = identities.flatMap((identity) => trustedJobs(identity, repository));
  const allowed = jobs.map(
    ({ environment, workflowRef, subjects }) =>
      `(assertion.environment == ${quoted(environment)} && assertion.job_workflow_ref == ${quoted(workflowRef)} && assertion.sub in [${subjects.map(quoted).join(', ')}])`,
  );
  const condition = [
    `assertion.repository_id == ${quoted(repository.repositoryId)}`,
    `assertion.repository_owner_id == ${quoted(repository.ownerId)}`,
    `(${allowed.join(' || ')})`,
  ].join(' && ');
  if (condition.length <= conditionLimit) return condition;
  throw new DeliveryError(
    'config-invalid',
    `the attribute condition: expected at most ${conditionLimit} characters, found ${condition.length}`,
    { hint: 'let the repository send subjects with ids, then leave legacySubject out' },
  );
}

/**
 * Who gets `roles/iam.workloadIdentityUser` on the identity's service account.
 * @param pool `projects/<number>/locations/global/workloadIdentityPools/<id>`
 */
export function principals(identity: DeployIdentity, repository: TrustedRepository, pool: string): readonly string[] {
  return environmentsOf(identity).map(
    (environment) => `principal://iam.googleapis.com/${pool}/subject/${repository.repositoryId}:${environment}`,
  );
}

/**
 * The one audience the provider takes where `allowedAudiences` is left out; the login action asks for it.
 * https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers#Oidc
 * @param provider `projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<id>`
 */
export function audience(provider: string): string {
  return `https://iam.googleapis.com/${provider}`;
}

/** A CEL string. */
function quoted(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
