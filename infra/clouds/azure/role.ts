// Rights on Azure: one of the vendor's own roles, for one identity, on one resource.
import { RoleAssignment } from '@pulumi/azure-native/authorization/roleAssignment.js';
import type { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity/userAssignedIdentity.js';
import { type CustomResourceOptions, type Input, interpolate, output } from '@pulumi/pulumi';
import { assignableRoles } from './grants.ts';

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
export const roles = {
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
  ...assignableRoles,
} as const;

/** @param grant.scope id of a resource: the role is the one of its subscription. */
export function allow(
  name: string,
  grant: {
    readonly identity: UserAssignedIdentity;
    readonly role: keyof typeof roles;
    readonly scope: Input<string>;
  },
  options: CustomResourceOptions,
): RoleAssignment {
  const subscription = output(grant.scope).apply(subscriptionOf);
  return new RoleAssignment(
    name,
    {
      scope: grant.scope,
      principalId: grant.identity.principalId,
      // Without it the assignment fails while the directory still replicates the new identity.
      principalType: 'ServicePrincipal',
      roleDefinitionId: interpolate`/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roles[grant.role]}`,
    },
    options,
  );
}

/** @param id `/subscriptions/<subscription>/resourceGroups/<name>` and whatever follows */
export function subscriptionOf(id: string): string {
  return id.split('/')[2] ?? '';
}
