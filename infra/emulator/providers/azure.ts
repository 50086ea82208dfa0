// The emulated Azure as Pulumi's `azure-native` provider shows it: groups, registries, identities, role assignments, plans and sites.
import { randomUUID } from 'node:crypto';
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ProviderDefinition, type ResourceModel } from '../engine/resource-model.ts';
import type { World } from '../world.ts';
import { webApp, webAppSlot } from './azure-app-service.ts';
import { AzureSubscription } from './azure-subscription.ts';
import { oneOf, pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function azureProvider(world: Pick<World, 'controlPlanes' | 'registries' | 'timeScale'>): ProviderDefinition {
  const subscription = new AzureSubscription(world.registries.azure);
  return {
    name: 'azure-native',
    npmPackage: '@pulumi/azure-native',
    comparesWith: 'inputs',
    resources: {
      'azure-native:resources:ResourceGroup': resourceGroup(subscription),
      'azure-native:containerregistry:Registry': registry(subscription),
      'azure-native:managedidentity:UserAssignedIdentity': userAssignedIdentity(subscription),
      'azure-native:authorization:RoleAssignment': roleAssignment(subscription),
      'azure-native:web:AppServicePlan': appServicePlan(subscription),
      'azure-native:web:WebApp': webApp(world, subscription),
      'azure-native:web:WebAppSlot': webAppSlot(world, subscription),
    },
    functions: {
      'azure-native:authorization:getClientConfig': async () => ({
        clientId: accountOf(subscription),
        objectId: accountOf(subscription),
        subscriptionId: subscription.id,
        tenantId: subscription.tenantId,
      }),
    },
  };
}

const alreadyExists = (id: string): string => `cannot create already existing resource '${id}'`;

function accountOf({ tenantId }: AzureSubscription): string {
  return `${tenantId.slice(0, -1)}3`;
}

function resourceGroup(subscription: AzureSubscription): ResourceModel {
  return storedResource({
    module: 'resources/resourceGroup',
    shelf: subscription.groups,
    naming: { property: 'resourceGroupName', style: 'dashed' },
    replaceOnChanges: ['resourceGroupName', 'location'],
    computed: ['location'],
    // https://learn.microsoft.com/rest/api/resources/resource-groups/create-or-update
    validate: (inputs) => pattern(inputs, 'resourceGroupName', /^[-\w.()]{0,89}[-\w()]$/),
    idOf: (inputs) => subscription.groupId(text(inputs, 'resourceGroupName') ?? ''),
    alreadyExists,
    create(inputs, { config }) {
      const location = text(inputs, 'location') ?? text(config, 'location');
      if (location === undefined) {
        throw new CloudRefusal(
          'Status=400 Code="LocationRequired" Message="The location property is required for this definition."',
        );
      }
      return {
        ...subscription.common('Microsoft.Resources/resourceGroups', text(inputs, 'resourceGroupName') ?? ''),
        location,
        properties: { provisioningState: 'Succeeded' },
      };
    },
  });
}

function registry(subscription: AzureSubscription): ResourceModel {
  return storedResource({
    module: 'containerregistry/registry',
    shelf: subscription.registries,
    naming: { property: 'registryName', style: 'plain' },
    replaceOnChanges: ['registryName', 'resourceGroupName', 'location'],
    computed: ['location'],
    validate: (inputs) => [
      // https://learn.microsoft.com/rest/api/containerregistry/registries/create
      ...pattern(inputs, 'registryName', /^[a-zA-Z0-9]{5,50}$/),
      ...oneOf(inputs, 'sku.name', ['Classic', 'Basic', 'Standard', 'Premium']),
    ],
    idOf: (inputs) =>
      subscription.resourceId(inputs, 'Microsoft.ContainerRegistry/registries', text(inputs, 'registryName') ?? ''),
    alreadyExists,
    create: (inputs, context, id) => ({
      ...subscription.common('Microsoft.ContainerRegistry/registries', text(inputs, 'registryName') ?? ''),
      id,
      location: subscription.location(inputs, context),
      // The emulated registry answers under one name, whatever the resource is called. Repositories appear with the first push.
      loginServer: subscription.registry.host,
      creationDate: new Date().toISOString(),
      provisioningState: 'Succeeded',
      dataEndpointHostNames: [],
      privateEndpointConnections: [],
    }),
  });
}

function userAssignedIdentity(subscription: AzureSubscription): ResourceModel {
  return storedResource({
    module: 'managedidentity/userAssignedIdentity',
    shelf: subscription.identities,
    naming: { property: 'resourceName', style: 'dashed' },
    replaceOnChanges: ['resourceName', 'resourceGroupName', 'location'],
    computed: ['location'],
    // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftmanagedidentity
    validate: (inputs) => pattern(inputs, 'resourceName', /^[A-Za-z0-9][\w-]{2,127}$/),
    idOf: (inputs) =>
      subscription.resourceId(
        inputs,
        'Microsoft.ManagedIdentity/userAssignedIdentities',
        text(inputs, 'resourceName') ?? '',
      ),
    alreadyExists,
    create: (inputs, context, id) => ({
      ...subscription.common('Microsoft.ManagedIdentity/userAssignedIdentities', text(inputs, 'resourceName') ?? ''),
      id,
      location: subscription.location(inputs, context),
      clientId: randomUUID(),
      principalId: randomUUID(),
      tenantId: subscription.tenantId,
    }),
  });
}

function roleAssignment(subscription: AzureSubscription): ResourceModel {
  const same = (a: Properties, b: Properties) =>
    ['principalId', 'roleDefinitionId', 'scope'].every((key) => a[key] === b[key]);
  return storedResource({
    module: 'authorization/roleAssignment',
    shelf: subscription.roleAssignments,
    naming: { property: 'roleAssignmentName', style: 'guid' },
    // A role assignment can't be changed: https://learn.microsoft.com/rest/api/authorization/role-assignments/create
    replaceOnChanges: ['roleAssignmentName', 'principalId', 'principalType', 'roleDefinitionId', 'scope', 'condition'],
    validate: (inputs) => [
      ...pattern(inputs, 'roleAssignmentName', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i),
      ...oneOf(inputs, 'principalType', ['User', 'Group', 'ServicePrincipal', 'ForeignGroup', 'Device']),
      ...pattern(inputs, 'roleDefinitionId', /\/providers\/Microsoft\.Authorization\/roleDefinitions\/[0-9a-f-]{36}$/i),
      ...pattern(inputs, 'scope', /^\/?(subscriptions|providers)\//),
    ],
    idOf: (inputs) =>
      `${text(inputs, 'scope')}/providers/Microsoft.Authorization/roleAssignments/${text(inputs, 'roleAssignmentName')}`,
    alreadyExists,
    create(inputs, _context, id) {
      const principalId = text(inputs, 'principalId') ?? '';
      if (subscription.identities.find((one) => one.principalId === principalId) === undefined) {
        throw new CloudRefusal(
          `Status=400 Code="PrincipalNotFound" Message="Principal ${principalId.replaceAll('-', '')} does not exist in the directory ${subscription.tenantId}."`,
        );
      }
      if (subscription.roleAssignments.find((one) => same(one, inputs)) !== undefined) {
        throw new CloudRefusal('Status=409 Code="RoleAssignmentExists" Message="The role assignment already exists."');
      }
      const now = new Date().toISOString();
      return {
        ...subscription.common('Microsoft.Authorization/roleAssignments', text(inputs, 'roleAssignmentName') ?? ''),
        id,
        createdOn: now,
        updatedOn: now,
        createdBy: accountOf(subscription),
        updatedBy: accountOf(subscription),
      };
    },
  });
}

function appServicePlan(subscription: AzureSubscription): ResourceModel {
  return storedResource({
    module: 'web/appServicePlan',
    shelf: subscription.plans,
    naming: { property: 'name', style: 'dashed' },
    replaceOnChanges: ['name', 'resourceGroupName', 'location', 'reserved', 'hyperV', 'isXenon'],
    computed: ['location'],
    // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftweb
    validate: (inputs) => pattern(inputs, 'name', /^[\w-]{1,60}$/),
    idOf: (inputs) => subscription.resourceId(inputs, 'Microsoft.Web/serverfarms', text(inputs, 'name') ?? ''),
    alreadyExists,
    create: (inputs, context, id) => ({
      ...subscription.common('Microsoft.Web/serverfarms', text(inputs, 'name') ?? ''),
      id,
      location: subscription.location(inputs, context),
      geoRegion: subscription.location(inputs, context),
      resourceGroup: text(inputs, 'resourceGroupName') ?? '',
      subscription: subscription.id,
      provisioningState: 'Succeeded',
      status: 'Ready',
      numberOfSites: 0,
      maximumNumberOfWorkers: 30,
      numberOfWorkers: 1,
    }),
  });
}
