// Every action of a deploy identity on Azure, with what needs it.
import { deployers, type Grant } from '../grants.ts';

export interface AzureGrant extends Grant {
  /**
   * The custom role is assigned on the environment's resource group (to who only looks, in the whole subscription), in the subscription, on
   * the registry, on the identity that pulls from it, or on the container of Pulumi's state.
   */
  readonly where: 'environment' | 'subscription' | 'registry' | 'pull-identity' | 'state';
  /** Inside a resource instead of about it: Azure lists them apart. */
  readonly isData?: boolean;
}

const page = (category: string, provider: string) =>
  `https://learn.microsoft.com/azure/role-based-access-control/permissions/${category}#${provider.toLowerCase().replace('.', '')}`;

/** `read`, `write` and `delete` of each kind of resource in the environment's group. */
function managed(
  types: AzureGrant['for'],
  kinds: readonly string[],
  source: string,
  besides: { readonly reads?: readonly string[]; readonly writes?: readonly string[] } = {},
): AzureGrant {
  return {
    for: types,
    reads: [...kinds.map((kind) => `${kind}/read`), ...(besides.reads ?? [])],
    writes: [...kinds.flatMap((kind) => [`${kind}/delete`, `${kind}/write`]), ...(besides.writes ?? [])],
    writers: deployers,
    where: 'environment',
    source,
  };
}

const service: readonly AzureGrant[] = [
  // The foundation makes it, because only on one that is there can rights be given, and takes it away.
  {
    for: ['azure-native:resources:ResourceGroup'],
    reads: ['Microsoft.Resources/subscriptions/resourceGroups/read'],
    writes: ['Microsoft.Resources/subscriptions/resourceGroups/write'],
    writers: deployers,
    where: 'environment',
    source: page('management-and-governance', 'Microsoft.Resources'),
  },
  managed(['azure-native:web:AppServicePlan'], ['Microsoft.Web/serverfarms'], page('web-and-mobile', 'Microsoft.Web'), {
    writes: ['Microsoft.Web/serverfarms/join/action'],
  }),
  managed(
    ['azure-native:web:WebApp', 'prove', 'logs'],
    ['Microsoft.Web/sites'],
    page('web-and-mobile', 'Microsoft.Web'),
    {
      reads: [
        'Microsoft.Web/sites/config/read',
        'Microsoft.Web/sites/containerlogs/action',
        'Microsoft.Web/sites/instances/read',
      ],
      writes: ['Microsoft.Web/sites/config/write'],
    },
  ),
  managed(
    ['azure-native:web:WebAppSlot', 'prove', 'logs'],
    ['Microsoft.Web/sites/slots'],
    page('web-and-mobile', 'Microsoft.Web'),
    {
      reads: [
        'Microsoft.Web/sites/slots/config/read',
        'Microsoft.Web/sites/slots/containerlogs/action',
        'Microsoft.Web/sites/slots/instances/read',
      ],
      writes: ['Microsoft.Web/sites/slots/config/write'],
    },
  ),
  // A site that runs as an identity is made only by who may hand that identity out.
  managed(
    ['azure-native:managedidentity:UserAssignedIdentity'],
    ['Microsoft.ManagedIdentity/userAssignedIdentities'],
    page('identity', 'Microsoft.ManagedIdentity'),
    { writes: ['Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'] },
  ),
  // Which roles may be given, and to whom: `assignmentCondition`.
  managed(
    ['azure-native:authorization:RoleAssignment'],
    ['Microsoft.Authorization/roleAssignments'],
    'https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-overview',
  ),
];

const watching: readonly AzureGrant[] = [
  {
    for: ['traffic'],
    reads: ['Microsoft.Insights/metrics/read'],
    writes: [],
    writers: [],
    where: 'environment',
    source: page('monitor', 'Microsoft.Insights'),
  },
  managed(
    [
      'azure-native:applicationinsights:Component',
      'azure-native:applicationinsights:WebTest',
      'azure-native:monitor:AutoscaleSetting',
      'azure-native:monitor:DiagnosticSetting',
      'azure-native:monitor:MetricAlert',
      'azure-native:monitor:ScheduledQueryRule',
    ],
    [
      'Microsoft.Insights/autoscalesettings',
      'Microsoft.Insights/components',
      'Microsoft.Insights/diagnosticSettings',
      'Microsoft.Insights/metricAlerts',
      'Microsoft.Insights/scheduledQueryRules',
      'Microsoft.Insights/webtests',
    ],
    page('monitor', 'Microsoft.Insights'),
  ),
  managed(
    ['azure-native:operationalinsights:Workspace'],
    ['Microsoft.OperationalInsights/workspaces'],
    page('monitor', 'Microsoft.OperationalInsights'),
    {
      // Logs are sent to it with its key, and an alarm's question is tried when it is made.
      writes: [
        'Microsoft.OperationalInsights/workspaces/query/read',
        'Microsoft.OperationalInsights/workspaces/sharedKeys/action',
      ],
    },
  ),
  managed(['azure-native:portal:Dashboard'], ['Microsoft.Portal/dashboards'], page('general', 'Microsoft.Portal')),
];

const reach: readonly AzureGrant[] = [
  managed(
    ['azure-native:web:Certificate', 'azure-native:web:WebAppHostNameBinding'],
    ['Microsoft.Web/certificates', 'Microsoft.Web/sites/hostNameBindings'],
    page('web-and-mobile', 'Microsoft.Web'),
  ),
  managed(
    ['azure-native:resources:Deployment'],
    ['Microsoft.Resources/deployments'],
    page('management-and-governance', 'Microsoft.Resources'),
    {
      reads: ['Microsoft.Resources/deployments/operationstatuses/read'],
      writes: ['Microsoft.Resources/deployments/validate/action'],
    },
  ),
  managed(
    ['azure-native:network:PrivateDnsZoneGroup', 'azure-native:network:PrivateEndpoint'],
    ['Microsoft.Network/privateEndpoints', 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups'],
    page('networking', 'Microsoft.Network'),
    { writes: ['Microsoft.Web/sites/privateEndpointConnectionsApproval/action'] },
  ),
  // The network is there already, in whoever's group: it is joined, never changed.
  {
    for: ['azure-native:network:PrivateEndpoint', 'azure-native:web:WebApp'],
    reads: [],
    writes: [
      'Microsoft.Network/privateDnsZones/join/action',
      'Microsoft.Network/virtualNetworks/subnets/join/action',
      'Microsoft.Network/virtualNetworks/subnets/read',
    ],
    writers: deployers,
    where: 'subscription',
    source: page('networking', 'Microsoft.Network'),
  },
];

const data: readonly AzureGrant[] = [
  managed(
    ['azure-native:dbformysql:Server', 'azure-native:dbformysql:Database'],
    ['Microsoft.DBforMySQL/flexibleServers', 'Microsoft.DBforMySQL/flexibleServers/databases'],
    page('databases', 'Microsoft.DBforMySQL'),
  ),
  managed(
    ['azure-native:dbforpostgresql:Server', 'azure-native:dbforpostgresql:Database'],
    ['Microsoft.DBforPostgreSQL/flexibleServers', 'Microsoft.DBforPostgreSQL/flexibleServers/databases'],
    page('databases', 'Microsoft.DBforPostgreSQL'),
  ),
  // About vaults and secrets; what a secret holds is data, and no deploy identity reads data.
  {
    for: ['azure-native:keyvault:Vault', 'azure-native:keyvault:Secret'],
    reads: ['Microsoft.KeyVault/vaults/read', 'Microsoft.KeyVault/vaults/secrets/read'],
    writes: [
      'Microsoft.KeyVault/vaults/delete',
      'Microsoft.KeyVault/vaults/secrets/write',
      'Microsoft.KeyVault/vaults/write',
    ],
    writers: deployers,
    where: 'environment',
    source: page('security', 'Microsoft.KeyVault'),
  },
  {
    for: [
      'azure-native:storage:BlobContainer',
      'azure-native:storage:BlobServiceProperties',
      'azure-native:storage:StorageAccount',
    ],
    reads: [
      'Microsoft.Storage/storageAccounts/blobServices/containers/read',
      'Microsoft.Storage/storageAccounts/blobServices/read',
      'Microsoft.Storage/storageAccounts/read',
    ],
    writes: [
      'Microsoft.Storage/storageAccounts/blobServices/containers/delete',
      'Microsoft.Storage/storageAccounts/blobServices/containers/write',
      'Microsoft.Storage/storageAccounts/blobServices/write',
      'Microsoft.Storage/storageAccounts/delete',
      'Microsoft.Storage/storageAccounts/write',
    ],
    writers: deployers,
    where: 'environment',
    source: page('storage', 'Microsoft.Storage'),
  },
];

const foundation: readonly AzureGrant[] = [
  {
    for: ['publish'],
    reads: ['Microsoft.ContainerRegistry/registries/pull/read'],
    writes: ['Microsoft.ContainerRegistry/registries/push/write'],
    writers: ['deploy-dev'],
    where: 'registry',
    source: 'https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-overview',
  },
  // A site pulls as the foundation's identity: whoever makes the site hands that one out, and no other that is not its own.
  {
    for: ['azure-native:web:WebApp', 'azure-native:web:WebAppSlot'],
    reads: ['Microsoft.ManagedIdentity/userAssignedIdentities/read'],
    writes: ['Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'],
    writers: deployers,
    where: 'pull-identity',
    source: page('identity', 'Microsoft.ManagedIdentity'),
  },
  // Which blobs: `stateCondition`.
  {
    for: ['state'],
    reads: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'],
    writes: [
      'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete',
      'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write',
    ],
    writers: deployers,
    where: 'state',
    isData: true,
    source: page('storage', 'Microsoft.Storage'),
  },
  // Made and changed by people; plan sees whether somebody else did.
  {
    for: [
      'azure-native:authorization:RoleDefinition',
      'azure-native:containerregistry:Registry',
      'azure-native:managedidentity:FederatedIdentityCredential',
      'azure-native:monitor:ActionGroup',
    ],
    reads: [
      'Microsoft.Authorization/roleDefinitions/read',
      'Microsoft.ContainerRegistry/registries/read',
      'Microsoft.Insights/actionGroups/read',
      'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read',
    ],
    readers: ['plan'],
    writes: [],
    writers: [],
    where: 'subscription',
    source: page('containers', 'Microsoft.ContainerRegistry'),
  },
];

export const grants: readonly AzureGrant[] = [...service, ...watching, ...reach, ...data, ...foundation];
