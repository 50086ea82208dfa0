// What a deploy account on Google Cloud may do: the permissions of its custom roles, and the condition they are bound with.
import type { DeployIdentity } from '../../contract/service.ts';
import { actionsOf, environmentOf } from '../grants.ts';
import { serviceName } from '../names.ts';
import { type GcpGrant, grants } from './grant-list.ts';

/** The permissions of an identity's custom role that is bound there, sorted; none: no role is needed there. */
export function permissionsOf(identity: DeployIdentity, where: GcpGrant['where']): readonly string[] {
  const all = grants.filter((grant) => grant.where === where).flatMap((grant) => actionsOf(grant, identity));
  return [...new Set(all)].sort();
}

/** The only role a service stack gives in a project. */
const grantedRole = 'roles/cloudsql.client';

/** What it gives on its own resources: calling the service, reading a secret, using the objects of its bucket. */
const grantedOnResources = ['roles/run.invoker', 'roles/secretmanager.secretAccessor', 'roles/storage.objectUser'];

/**
 * What the binding in the project adds, because some of its permissions are wider than what needs them: in the project no role can be given
 * but one, on what is in it those a stack gives there, and no secret's value be read but those of the stack's own secrets. A request that
 * gives nothing, and one to an API that does not tell what it gives, changes no grant.
 * https://cloud.google.com/iam/docs/setting-limits-on-granting-roles, https://cloud.google.com/iam/docs/conditions-resource-attributes
 */
export function projectCondition(identity: DeployIdentity): { readonly title: string; readonly expression: string } {
  const service = serviceName({ environment: environmentOf(identity) });
  return {
    title: 'no-other-roles-and-secrets',
    expression: [
      `(resource.type != 'cloudresourcemanager.googleapis.com/Project' || ${givesOnly([grantedRole])})`,
      givesOnly([grantedRole, ...grantedOnResources]),
      `(resource.type != 'secretmanager.googleapis.com/SecretVersion' || resource.name.extract('/secrets/{name}/').startsWith('${service}-'))`,
    ].join(' && '),
  };
}

function givesOnly(roles: readonly string[]): string {
  return `api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([${roles.map((role) => `'${role}'`).join(', ')}])`;
}
