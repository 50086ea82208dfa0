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

/**
 * What the binding in the project adds, because two of its permissions are wider than what needs them: no role can be given but one, and no
 * secret's value be read but those of the stack's own secrets.
 * https://cloud.google.com/iam/docs/setting-limits-on-granting-roles, https://cloud.google.com/iam/docs/conditions-resource-attributes
 */
export function projectCondition(identity: DeployIdentity): { readonly title: string; readonly expression: string } {
  const service = serviceName({ environment: environmentOf(identity) });
  return {
    title: 'no-other-roles-and-secrets',
    expression: [
      `api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['${grantedRole}'])`,
      `(resource.type != 'secretmanager.googleapis.com/SecretVersion' || resource.name.extract('/secrets/{name}/').startsWith('${service}-'))`,
    ].join(' && '),
  };
}
