// Who on GitHub may become an Azure identity, as that identity's federated credentials.
import type { DeployIdentity, TrustedRepository } from '../../contract/service.ts';
import { audiences, issuer, trustedJobs } from '../trust.ts';

export interface FederatedCredential {
  /** 3 to 120 of `[A-Za-z0-9_-]`. */
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
}

/** Of one identity: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations */
export const credentialLimit = 20;

/**
 * One exact subject each: issuer, subject and audience are all that Azure compares. Only the pinned form has the workflow file in it.
 * Azure takes one write at a time on one identity: make each credential depend on the one before.
 */
export function federatedCredentials(
  identity: DeployIdentity,
  repository: TrustedRepository,
): readonly FederatedCredential[] {
  const bySubject = new Map<string, FederatedCredential>();
  for (const { environment, workflow, subjects } of trustedJobs(identity, repository)) {
    const file = repository.subjectForm === 'pinned' ? `-${workflow.replace(/\.ya?ml$/, '')}` : '';
    for (const [index, subject] of subjects.entries()) {
      const name = `${environment}${file}${index === 0 ? '' : '-legacy'}`;
      bySubject.set(subject, { name, issuer, subject, audiences: [audiences.azure] });
    }
  }
  return [...bySubject.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
