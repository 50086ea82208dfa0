// The emulated Azure as Pulumi's `azure-native` provider shows it: groups, registries and plans here, the rest by what it is about.
import { isRecord, type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ProviderDefinition, type ResourceModel } from '../engine/resource-model.ts';
import { accounts, type World } from '../world.ts';
import { accessResources } from './azure-access.ts';
import { webApp, webAppSlot } from './azure-app-service.ts';
import { dataResources } from './azure-data.ts';
import { insightResources } from './azure-insights.ts';
import { monitorResources } from './azure-monitor.ts';
import { networkResources } from './azure-network.ts';
import { refusal } from './azure-resource.ts';
import { AzureDirectory, AzureSubscription, accountOf } from './azure-subscription.ts';
import { inItsAccount } from './in-its-account.ts';
import { oneOf, pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function azureProvider(world: Pick<World, 'controlPlanes' | 'registries' | 'timeScale'>): ProviderDefinition {
  const directory = new AzureDirectory();
  const subscriptions = new Map<string, AzureSubscription>();
  const subscriptionFor = (config: Properties): AzureSubscription => {
    const id = text(config, 'subscriptionId') ?? accounts.azure.subscriptionId;
    const subscription = subscriptions.get(id) ?? new AzureSubscription(world.registries.azure, directory, id);
    subscriptions.set(id, subscription);
    return subscription;
  };
  return {
    name: 'azure-native',
    npmPackage: '@pulumi/azure-native',
    comparesWith: 'inputs',
    // https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found
    refuses(config) {
      const { subscriptionId, otherSubscriptionId } = accounts.azure;
      const asked = text(config, 'subscriptionId') ?? subscriptionId;
      if (asked === subscriptionId || asked === otherSubscriptionId) return undefined;
      return `Status=404 Code="SubscriptionNotFound" Message="The subscription '${asked}' could not be found."`;
    },
    resources: inItsAccount((subscription) => resourcesOf(world, subscription), subscriptionFor),
    functions: {
      'azure-native:authorization:getClientConfig': async (_args, config) => {
        const subscription = subscriptionFor(config);
        return {
          clientId: accountOf(subscription),
          objectId: accountOf(subscription),
          subscriptionId: subscription.id,
          tenantId: subscription.tenantId,
        };
      },
    },
  };
}

function resourcesOf(
  world: Pick<World, 'controlPlanes' | 'timeScale'>,
  subscription: AzureSubscription,
): Readonly<Record<string, ResourceModel>> {
  return {
    'azure-native:resources:ResourceGroup': resourceGroup(subscription),
    'azure-native:containerregistry:Registry': registry(subscription),
    'azure-native:web:AppServicePlan': appServicePlan(subscription),
    'azure-native:web:WebApp': webApp(world, subscription),
    'azure-native:web:WebAppSlot': webAppSlot(world, subscription),
    ...accessResources(subscription),
    ...monitorResources(subscription, world.controlPlanes.arm),
    ...insightResources(subscription),
    ...dataResources(subscription),
    ...networkResources(subscription),
  };
}

const alreadyExists = (id: string): string => `cannot create already existing resource '${id}'`;

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
    release: (_inputs, id) => subscription.removeGroup(id),
  });
}

function registry(subscription: AzureSubscription): ResourceModel {
  return storedResource({
    module: 'containerregistry/registry',
    shelf: subscription.registries,
    naming: { property: 'registryName', style: 'plain' },
    replaceOnChanges: ['registryName', 'resourceGroupName', 'location'],
    computed: ['location'],
    defaults: (...asked) => subscription.defaultLocation(...asked),
    validate: (inputs) => [
      // https://learn.microsoft.com/rest/api/containerregistry/registries/create
      ...pattern(inputs, 'registryName', /^[a-zA-Z0-9]{5,50}$/),
      ...oneOf(inputs, 'sku.name', ['Classic', 'Basic', 'Standard', 'Premium']),
    ],
    idOf: (inputs) =>
      subscription.resourceId(inputs, 'Microsoft.ContainerRegistry/registries', text(inputs, 'registryName') ?? ''),
    alreadyExists,
    create(inputs, context, id) {
      const name = text(inputs, 'registryName') ?? '';
      const location = subscription.location(inputs, context);
      refuseRegistry(subscription, inputs, id);
      return {
        ...subscription.common('Microsoft.ContainerRegistry/registries', name),
        id,
        location,
        // The emulated registry answers under one name, whatever the resource is called. Repositories appear with the first push.
        loginServer: subscription.registry.host,
        creationDate: new Date().toISOString(),
        provisioningState: 'Succeeded',
        dataEndpointHostNames: [],
        privateEndpointConnections: [],
      };
    },
    release: (inputs) => subscription.free(registries, text(inputs, 'registryName') ?? ''),
  });
}

const registries = 'Microsoft.ContainerRegistry/registries';

function refuseRegistry(subscription: AzureSubscription, inputs: Properties, id: string): void {
  const name = text(inputs, 'registryName') ?? '';
  const size = text(inputs.sku, 'name') ?? '';
  // https://learn.microsoft.com/azure/container-registry/container-registry-skus
  const retention = isRecord(inputs.policies) ? text(inputs.policies.retentionPolicy, 'status') : undefined;
  if (retention === 'enabled' && size !== 'Premium') {
    throw refusal(
      400,
      'RetentionPolicyNotSupported',
      `Retention policy is not supported for the registry SKU ${size}.`,
    );
  }
  if (inputs.anonymousPullEnabled === true && size === 'Basic') {
    throw refusal(400, 'AnonymousPullNotSupported', `Anonymous pull is not supported for the registry SKU ${size}.`);
  }
  if (subscription.claim(registries, name, id)) return;
  throw refusal(409, 'AlreadyInUse', `The registry DNS name ${name.toLowerCase()}.azurecr.io is already in use.`);
}

function appServicePlan(subscription: AzureSubscription): ResourceModel {
  return storedResource({
    module: 'web/appServicePlan',
    shelf: subscription.plans,
    naming: { property: 'name', style: 'dashed' },
    replaceOnChanges: ['name', 'resourceGroupName', 'location', 'reserved', 'hyperV', 'isXenon'],
    computed: ['location'],
    defaults: (...asked) => subscription.defaultLocation(...asked),
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
