// What a deploy identity on Azure may do: the actions of its custom role, each with what needs it.
import type { DeployIdentity } from '../../contract/service.ts';
import { actionsOf, deployers, type Grant } from '../grants.ts';

export interface AzureGrant extends Grant {
  /** The custom role is assigned in the subscription, on the registry, or on the storage account of Pulumi's state. */
  readonly where: 'subscription' | 'registry' | 'state-account';
  /** Inside a resource instead of about it: Azure lists them apart. */
  readonly isData?: boolean;
}

const permissions = 'https://learn.microsoft.com/azure/role-based-access-control/permissions';

export const grants: readonly AzureGrant[] = [
  {
    for: ['azure-native:resources:ResourceGroup'],
    reads: ['Microsoft.Resources/subscriptions/resourceGroups/read'],
    writes: [
      'Microsoft.Resources/subscriptions/resourceGroups/delete',
      'Microsoft.Resources/subscriptions/resourceGroups/write',
    ],
    writers: deployers,
    where: 'subscription',
    source: `${permissions}/management-and-governance#microsoftresources`,
  },
  {
    for: ['azure-native:web:AppServicePlan'],
    reads: ['Microsoft.Web/serverfarms/read'],
    writes: [
      'Microsoft.Web/serverfarms/delete',
      'Microsoft.Web/serverfarms/join/action',
      'Microsoft.Web/serverfarms/write',
    ],
    writers: deployers,
    where: 'subscription',
    source: `${permissions}/web-and-mobile#microsoftweb`,
  },
  {
    for: ['azure-native:web:WebApp', 'prove', 'logs'],
    reads: [
      'Microsoft.Web/sites/config/read',
      'Microsoft.Web/sites/containerlogs/action',
      'Microsoft.Web/sites/instances/read',
      'Microsoft.Web/sites/read',
    ],
    writes: ['Microsoft.Web/sites/config/write', 'Microsoft.Web/sites/delete', 'Microsoft.Web/sites/write'],
    writers: deployers,
    where: 'subscription',
    source: `${permissions}/web-and-mobile#microsoftweb`,
  },
  {
    for: ['azure-native:web:WebAppSlot', 'prove', 'logs'],
    reads: [
      'Microsoft.Web/sites/slots/config/read',
      'Microsoft.Web/sites/slots/containerlogs/action',
      'Microsoft.Web/sites/slots/instances/read',
      'Microsoft.Web/sites/slots/read',
    ],
    writes: [
      'Microsoft.Web/sites/slots/config/write',
      'Microsoft.Web/sites/slots/delete',
      'Microsoft.Web/sites/slots/write',
    ],
    writers: deployers,
    where: 'subscription',
    source: `${permissions}/web-and-mobile#microsoftweb`,
  },
  {
    for: ['azure-native:managedidentity:UserAssignedIdentity'],
    reads: ['Microsoft.ManagedIdentity/userAssignedIdentities/read'],
    // A site that runs as an identity is made only by who may hand that identity out.
    writes: [
      'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action',
      'Microsoft.ManagedIdentity/userAssignedIdentities/delete',
      'Microsoft.ManagedIdentity/userAssignedIdentities/write',
    ],
    writers: deployers,
    where: 'subscription',
    source: `${permissions}/identity#microsoftmanagedidentity`,
  },
  {
    for: ['traffic'],
    reads: ['Microsoft.Insights/metrics/read'],
    writes: [],
    writers: [],
    where: 'subscription',
    source: `${permissions}/monitor#microsoftinsights`,
  },
  {
    for: ['publish'],
    reads: ['Microsoft.ContainerRegistry/registries/pull/read'],
    writes: ['Microsoft.ContainerRegistry/registries/push/write'],
    writers: ['deploy-dev'],
    where: 'registry',
    source: 'https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-overview',
  },
  // A foundation is changed by people; plan sees whether somebody else did.
  {
    for: ['azure-native:containerregistry:Registry', 'azure-native:authorization:RoleAssignment'],
    reads: ['Microsoft.Authorization/roleAssignments/read', 'Microsoft.ContainerRegistry/registries/read'],
    readers: ['plan'],
    writes: [],
    writers: [],
    where: 'subscription',
    source: `${permissions}/containers#microsoftcontainerregistry`,
  },
  {
    for: ['state'],
    reads: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'],
    writes: [
      'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete',
      'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write',
    ],
    writers: deployers,
    where: 'state-account',
    isData: true,
    source: `${permissions}/storage#microsoftstorage`,
  },
];

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
