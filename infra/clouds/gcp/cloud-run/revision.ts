// What revisions are called, and where there is one beside what is live. Pure.
import { canonicalJson, sha256 } from '../../../contract/canonical.ts';
import type { Stack } from '../../../contract/stack.ts';
import { cloudRun } from './runtime.ts';

/** Tagged, a revision has an address of its own: `https://candidate---<service>-….a.run.app`. */
export const candidateTag = 'candidate';

/** In prod a candidate is proven beside what is live. */
export function usesTag(stack: Pick<Stack, 'environment'>): boolean {
  return cloudRun.candidate.value === 'tagged-revision' && stack.environment === 'prod';
}

/** `<service>-rel-<sequence>-<10 digits of its content>`: at most 63 characters, and begins with the service's name. */
export function revisionName(service: string, releaseId: string, template: unknown): string {
  const [, sequence = '0'] = releaseId.split('-');
  return `${service}-rel-${sequence}-${sha256(canonicalJson(template)).slice(0, 10)}`;
}

/** Outputs name revisions by their last part or in full. */
export function shortName(revision: string): string {
  return revision.split('/').at(-1) ?? revision;
}
