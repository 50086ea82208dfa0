// What a deploy account on Google Cloud may do: the permissions of its custom roles, and the condition they are bound with.
import type { DeployIdentity } from '../../contract/service.ts';
import { environments } from '../../contract/stack.ts';
import { actionsOf, deployers, environmentOf } from '../grants.ts';
import { serviceName } from '../names.ts';
import { stateRights } from '../state-rights.ts';
import { type GcpGrant, grants } from './grant-list.ts';
import { ownSecrets } from './secret-names.ts';

/** The permissions of an identity's custom role that is bound there, sorted; none: no role is needed there. */
export function permissionsOf(identity: DeployIdentity, where: GcpGrant['where']): readonly string[] {
  const all = grants.filter((grant) => grant.where === where).flatMap((grant) => actionsOf(grant, identity));
  return [...new Set(all)].sort();
}

/** The only role a service stack gives in a project. */
const grantedRole = 'roles/cloudsql.client';

/** What it gives on its own resources: calling the service, reading a secret, using the objects of its bucket. */
const grantedOnResources = ['roles/run.invoker', 'roles/secretmanager.secretAccessor', 'roles/storage.objectUser'];

/** At most twelve of `&&`, `||` and `!`: https://cloud.google.com/iam/quotas */
export interface Condition {
  readonly title: string;
  readonly expression: string;
}

/**
 * What the binding in the project adds, because some of its permissions are wider than what needs them: in the project no role can be given
 * but one, on what is in it those a stack gives there, and no secret's value be read but those of the stack's own secrets. A request that
 * gives nothing, and one to an API that does not tell what it gives, changes no grant. Who writes reaches by name the own buckets, databases
 * and logs alone, and no secret of another environment; services and alarms have no names that conditions know.
 * https://cloud.google.com/iam/docs/setting-limits-on-granting-roles, https://cloud.google.com/iam/docs/conditions-resource-attributes
 * @param project where the role is bound
 */
export function projectCondition(identity: DeployIdentity, project: string): Condition {
  const environment = environmentOf(identity);
  const service = serviceName({ environment });
  const others = environments.filter((one) => one !== environment).map(ownSecrets);
  const own = [
    onlyWhere(
      'type',
      'sqladmin.googleapis.com/Instance',
      `resource.name.extract('/instances/{name}').startsWith('${service}')`,
    ),
    onlyWhere(
      'type',
      'logging.googleapis.com/LogBucket',
      `resource.name.extract('/buckets/{name}').startsWith('${service}')`,
    ),
    // Of the bucket and of what is in it; Pulumi's state is in another.
    onlyWhere(
      'service',
      'storage.googleapis.com',
      `resource.name.extract('/buckets/{name}').startsWith('${project}-${service}')`,
    ),
    ...others.map((other) =>
      onlyWhere(
        'type',
        'secretmanager.googleapis.com/Secret',
        `resource.name.extract('/secrets/${other}{rest}') == ''`,
      ),
    ),
  ];
  return {
    title: 'no-other-roles-and-secrets',
    expression: [
      `(resource.type != 'cloudresourcemanager.googleapis.com/Project' || ${givesOnly([grantedRole])})`,
      givesOnly([grantedRole, ...grantedOnResources]),
      onlyWhere(
        'type',
        'secretmanager.googleapis.com/SecretVersion',
        `resource.name.extract('/secrets/{name}/').startsWith('${ownSecrets(environment)}')`,
      ),
      ...(deployers.includes(identity) ? own : []),
    ].join(' && '),
  };
}

function onlyWhere(attribute: 'type' | 'service', value: string, then: string): string {
  return `(resource.${attribute} != '${value}' || ${then})`;
}

/**
 * Which objects of the bucket that holds Pulumi's state, by the beginnings of their names; a list is asked of the bucket itself.
 * https://cloud.google.com/storage/docs/access-control/iam#conditions
 */
export function stateCondition(
  identity: DeployIdentity,
  where: 'state-bucket' | 'state-common',
  bucket: string,
): Condition {
  const { own, common } = stateRights(identity);
  const objects = (names: readonly string[]) =>
    names.map((name) => `resource.name.startsWith('projects/_/buckets/${bucket}/objects/${name}')`);
  return where === 'state-bucket'
    ? { title: 'own-state', expression: objects(own).join(' || ') }
    : {
        title: 'common-state',
        expression: [`resource.type == 'storage.googleapis.com/Bucket'`, ...objects(common)].join(' || '),
      };
}

function givesOnly(roles: readonly string[]): string {
  return `api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([${roles.map((role) => `'${role}'`).join(', ')}])`;
}
