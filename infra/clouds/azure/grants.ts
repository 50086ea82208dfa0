// What a deploy identity on Azure may do: the actions of its custom roles, and the condition they are assigned with.
import type { DeployIdentity } from '../../contract/service.ts';
import { actionsOf } from '../grants.ts';
import { stateRights } from '../state-rights.ts';
import { type AzureGrant, grants } from './grant-list.ts';

export interface RolePermissions {
  readonly actions: readonly string[];
  readonly dataActions: readonly string[];
}

/** One custom role's permissions, sorted; both empty: no role is needed there. */
export function permissionsOf(identity: DeployIdentity, where: AzureGrant['where']): RolePermissions {
  const all = (isData: boolean) => {
    const fitting = grants.filter((grant) => grant.where === where && (grant.isData ?? false) === isData);
    return [...new Set(fitting.flatMap((grant) => actionsOf(grant, identity)))].sort();
  };
  return { actions: all(false), dataActions: all(true) };
}

/** The only roles a service stack gives: to read secrets of a vault, to use blobs of a container. https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
export const assignableRoles = {
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6',
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
} as const;

/**
 * What the assignment of a deployer's role on its group adds: whoever may give any role may do everything. These roles alone, and to
 * identities alone, never to people. `conditionVersion` is `2.0`.
 * https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
 */
export const assignmentCondition = (['write', 'delete'] as const).map(limitedTo).join(' AND ');

function limitedTo(verb: 'write' | 'delete'): string {
  const action = `Microsoft.Authorization/roleAssignments/${verb}`;
  // A deletion has nothing but the assignment that is there.
  const of = `@${verb === 'write' ? 'Request' : 'Resource'}[Microsoft.Authorization/roleAssignments`;
  const roles = Object.values(assignableRoles).join(', ');
  return `((!(ActionMatches{'${action}'})) OR (${of}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${roles}} AND ${of}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}))`;
}

const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

/**
 * Which blobs of the container that holds Pulumi's state, by the beginnings of their names; lists show names alone.
 * https://learn.microsoft.com/azure/storage/blobs/storage-auth-abac-attributes
 */
export function stateCondition(identity: DeployIdentity): string {
  const { own, common } = stateRights(identity);
  const only = (what: string, names: readonly string[]) =>
    `((!(${what})) OR (@Resource[${blobs}:path] ForAnyOfAnyValues:StringLike {${names.map((name) => `'${name}*'`).join(', ')}}))`;
  return [
    only(`ActionMatches{'${blobs}/read'} AND NOT SubOperationMatches{'Blob.List'}`, [...own, ...common]),
    only(`ActionMatches{'${blobs}/write'}`, own),
    only(`ActionMatches{'${blobs}/delete'}`, own),
  ].join(' AND ');
}
