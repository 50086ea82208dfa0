// Who on GitHub may assume an AWS deploy role, as the role's trust policy.
import { DeliveryError } from '../../contract/errors.ts';
import type { DeployIdentity, TrustedRepository } from '../../contract/service.ts';
import { audiences, environmentsOf, issuer, trustedJobs } from '../trust.ts';

/** The provider's URL as IAM writes it in ARNs and condition keys. */
export const providerHost = issuer.replace('https://', '');

export interface TrustStatement {
  readonly Effect: 'Allow';
  readonly Principal: { readonly Federated: string };
  readonly Action: 'sts:AssumeRoleWithWebIdentity';
  readonly Condition: { readonly StringEquals: Readonly<Record<string, string | readonly string[]>> };
}

export interface TrustPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly TrustStatement[];
}

/** Characters, without white space; IAM's quota unless an account asked for more: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const trustPolicyLimit = 2048;

/**
 * All conditions in one statement, because statements are ORed. Lists in it are crossed: a pinned subject says its workflow itself, but in the
 * plain form each environment needs a statement of its own, complete as the other.
 * `StringEquals` of an absent claim is no match; `ForAllValues` would be one.
 * STS has GitHub's own claims: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
 * @param providerArn of the account's OpenID Connect provider for GitHub's issuer
 * @throws DeliveryError `config-invalid`: too long for IAM
 */
export function assumeRolePolicy(args: {
  readonly identity: DeployIdentity;
  readonly repository: TrustedRepository;
  readonly providerArn: string;
}): TrustPolicy {
  const jobs = trustedJobs(args.identity, args.repository);
  const groups =
    args.repository.subjectForm === 'pinned'
      ? [jobs]
      : environmentsOf(args.identity).map((environment) => jobs.filter((job) => job.environment === environment));
  const policy: TrustPolicy = {
    Version: '2012-10-17',
    Statement: groups.map((group) => ({
      Effect: 'Allow',
      Principal: { Federated: args.providerArn },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: {
          [`${providerHost}:aud`]: audiences.aws,
          [`${providerHost}:job_workflow_ref`]: values(group.map(({ workflowRef }) => workflowRef)),
          [`${providerHost}:repository_id`]: args.repository.repositoryId,
          [`${providerHost}:repository_owner_id`]: args.repository.ownerId,
          [`${providerHost}:sub`]: values(group.flatMap(({ subjects }) => subjects)),
        },
      },
    })),
  };
  const { length } = JSON.stringify(policy);
  if (length > trustPolicyLimit) {
    throw new DeliveryError(
      'config-invalid',
      `the trust policy of ${args.identity}: expected at most ${trustPolicyLimit} characters, found ${length}`,
      {
        hint: 'let the repository send subjects with ids, then leave legacySubject out',
      },
    );
  }
  return policy;
}

/** IAM gives a list of one back as a plain string, and the difference would show as a change. */
function values(list: readonly string[]): string | readonly string[] {
  const [only = '', ...others] = [...new Set(list)].sort();
  return others.length === 0 ? only : [only, ...others];
}
