// What a deploy identity may do is a list: each entry with the resource that needs it and the vendor's page. The clouds fill in their own words.

import { type DeployIdentity, deployIdentities } from '../contract/service.ts';
import type { Environment } from '../contract/stack.ts';

/**
 * What needs a grant beside the resources of a stack: pushing images and reading them back, the provers, the numbers of people's requests,
 * `trireme logs`, and Pulumi's own state.
 */
export const purposes = ['publish', 'prove', 'traffic', 'logs', 'state'] as const;
export type Purpose = (typeof purposes)[number];

/** A Pulumi type, such as `aws:ecr/repository:Repository`. */
export type ResourceToken = `${string}:${string}:${string}`;

export interface Grant {
  readonly for: readonly (ResourceToken | Purpose)[];
  /** Actions or permissions, by the vendor's names. What shows and changes nothing; `plan` has these alone. */
  readonly reads: readonly string[];
  readonly readers?: readonly DeployIdentity[];
  readonly writes: readonly string[];
  readonly writers: readonly DeployIdentity[];
  /** The vendor's page that says what each of them allows. */
  readonly source: string;
}

/** Who changes a service stack. A foundation is changed by people alone: whoever may change it could let anybody in. */
export const deployers: readonly DeployIdentity[] = ['deploy-dev', 'deploy-prod'];

/** What an identity gets of a grant, sorted. */
export function actionsOf(grant: Grant, identity: DeployIdentity): readonly string[] {
  const { reads, readers = deployIdentities, writes, writers } = grant;
  return [
    ...new Set([...(readers.includes(identity) ? reads : []), ...(writers.includes(identity) ? writes : [])]),
  ].sort();
}

/** Which environment's resources an identity is about. */
export function environmentOf(identity: DeployIdentity): Environment {
  return identity === 'deploy-dev' ? 'dev' : 'prod';
}
