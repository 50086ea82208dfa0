// The form of a grant on AWS, and every one there is.
import type { DeployIdentity } from '../../contract/service.ts';
import type { Environment } from '../../contract/stack.ts';
import type { Grant } from '../grants.ts';
import { foundationGrants } from './foundation-grants.ts';
import { partGrants } from './part-grants.ts';
import { serviceGrants } from './service-grants.ts';

export interface AwsScope {
  readonly account: string;
  /** Where the registry is; services may be in any. */
  readonly region: string;
  /** Where the registry is, if that is another account. */
  readonly registryAccount?: string;
  /** Where Pulumi keeps its state, if that is a bucket of this account. */
  readonly stateBucket?: string | undefined;
}

/** A scope and whose resources: `service` is `trireme-dev`. */
export interface AwsNames extends AwsScope {
  readonly identity: DeployIdentity;
  readonly service: string;
  readonly environment: Environment;
}

export type AwsConditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

export interface AwsGrant extends Grant {
  /** ARNs, none when there is nothing to grant. `*` only for actions that take no resource. */
  readonly on: (names: AwsNames) => readonly string[];
  readonly condition?: (names: AwsNames) => AwsConditions;
}

export const grants: readonly AwsGrant[] = [...foundationGrants, ...serviceGrants, ...partGrants];
