// What a deploy role on AWS may do, as its inline policy.
import type { DeployIdentity } from '../../contract/service.ts';
import { actionsOf, environmentOf } from '../grants.ts';
import { serviceName } from '../names.ts';
import { type AwsConditions, type AwsScope, grants } from './grant-list.ts';

export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: AwsConditions;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

/** What a role may do with Pulumi's state is a policy of its own: with the rest it would be too long. */
export type PolicyPart = 'services' | 'state';

/** An inline policy of the role, whose quota is 10,240 characters, and for the state a managed one, whose is 6,144. No statement: none is needed. */
export function policyDocument(identity: DeployIdentity, scope: AwsScope, part: PolicyPart): PolicyDocument {
  const environment = environmentOf(identity);
  const names = { ...scope, identity, environment, service: serviceName({ environment }) };
  const statements = new Map<string, PolicyStatement>();
  for (const grant of grants) {
    if (grant.for.includes('state') !== (part === 'state')) continue;
    const actions = actionsOf(grant, identity);
    const Resource = [...new Set(grant.on(names))].sort();
    if (actions.length === 0 || Resource.length === 0) continue;
    const Condition = grant.condition?.(names);
    // What is about the same under the same condition is one statement.
    const key = JSON.stringify([Resource, Condition]);
    const Action = [...new Set([...(statements.get(key)?.Action ?? []), ...actions])].sort();
    statements.set(key, { Effect: 'Allow', Action, Resource, ...(Condition === undefined ? {} : { Condition }) });
  }
  return { Version: '2012-10-17', Statement: [...statements.values()] };
}
