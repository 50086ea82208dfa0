// Who on GitHub may become an Azure identity, as that identity's federated credentials.
import { DeliveryError } from '../../contract/errors.ts';
import type { DeployIdentity, TrustedRepository } from '../../contract/service.ts';
import { audiences, issuer, trustedJobs } from '../trust.ts';

export interface FederatedCredential {
  /** 3 to 120 of `[A-Za-z0-9_-]`. */
  readonly name: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
}

/** Whom the plain form lets in besides: GitHub's rule that an environment is entered from `main` only is then all that keeps them out. */
export const plainFormAllows = [
  'another of our workflow files',
  "another repository's reusable workflow",
  'another workflow file',
  'the workflow at a tag called main',
  'the workflow at another branch',
] as const;

/**
 * One exact subject each: issuer, subject and audience are all that Azure compares. Only the pinned form has the workflow file in it.
 * Azure takes one write at a time on one identity: make each credential depend on the one before.
 * @throws DeliveryError `config-invalid`: a subject that would hold neither ids nor workflow proves nothing
 */
export function federatedCredentials(
  identity: DeployIdentity,
  repository: TrustedRepository,
): readonly FederatedCredential[] {
  if (repository.subjectForm === 'plain' && repository.legacySubject) {
    throw new DeliveryError(
      'config-invalid',
      'github: expected subjectForm pinned with legacySubject on Azure, found plain',
      {
        hint: 'leave subjectForm out and set the oidcSubject of the github stack, or opt in to subjects with ids and leave legacySubject out',
      },
    );
  }
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
