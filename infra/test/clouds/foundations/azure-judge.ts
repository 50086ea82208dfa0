// How Azure decides about an identity's request, given the role assignments that are in the directory: https://learn.microsoft.com/azure/role-based-access-control/overview#how-azure-rbac-determines-if-a-user-has-access-to-a-resource
import { z } from 'zod';
import { abacAllows } from './azure-conditions.ts';
import { type Made, nameOf } from './made.ts';
import type { Actor } from './row.ts';

export interface AzureAsk {
  readonly action: string;
  /** Resource id. */
  readonly on: string;
  readonly isData?: boolean;
  /** `Blob.List` */
  readonly suboperation?: string;
  /** What conditions compare, by the attribute's last step, as `RoleDefinitionId]`, `path`. */
  readonly with?: Readonly<Record<string, string>>;
}

const assignment = z.object({
  scope: z.string(),
  roleDefinitionId: z.string(),
  principalId: z.string(),
  condition: z.string().optional(),
});
const definition = z.object({
  permissions: z.array(z.object({ actions: z.array(z.string()), dataActions: z.array(z.string()) })),
});

export function azureMay(made: readonly Made[], by: Actor, ask: AzureAsk): boolean {
  const ofType = (type: string) => made.filter((one) => one.type === type);
  const identity = ofType('azure-native:managedidentity:UserAssignedIdentity').find((one) => nameOf(one) === by);
  const roles = new Map(
    ofType('azure-native:authorization:RoleDefinition').map(({ id, inputs }) => [
      id,
      definition.parse(inputs).permissions,
    ]),
  );
  return ofType('azure-native:authorization:RoleAssignment')
    .map(({ inputs }) => assignment.parse(inputs))
    .filter(({ principalId }) => principalId === identity?.outputs.principalId)
    .some(({ scope, roleDefinitionId, condition }) => {
      const actions = (roles.get(roleDefinitionId) ?? []).flatMap((one) =>
        ask.isData === true ? one.dataActions : one.actions,
      );
      return (
        covers(scope, ask.on) &&
        actions.some((action) => action.toLowerCase() === ask.action.toLowerCase()) &&
        (condition === undefined || abacAllows(condition, ask))
      );
    });
}

function covers(scope: string, id: string): boolean {
  return `${id.toLowerCase()}/`.startsWith(`${scope.toLowerCase()}/`);
}
