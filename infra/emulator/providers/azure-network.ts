// How people reach a site on the emulated Azure beside its own name: host names with certificates, endpoints in a network.
import { createHash } from 'node:crypto';
import { isList, isRecord, type Properties, type Property, text } from '../engine/property.ts';
import type { ResourceModel } from '../engine/resource-model.ts';
import { armResource, notFound, refusal } from './azure-resource.ts';
import type { AzureSubscription } from './azure-subscription.ts';
import { oneOf, pattern } from './input-rule.ts';

export function networkResources(subscription: AzureSubscription): Readonly<Record<string, ResourceModel>> {
  return {
    'azure-native:web:WebAppHostNameBinding': hostNameBinding(subscription),
    'azure-native:web:Certificate': certificate(subscription),
    'azure-native:resources:Deployment': deployment(subscription),
    'azure-native:network:PrivateEndpoint': privateEndpoint(subscription),
    'azure-native:network:PrivateDnsZoneGroup': privateDnsZoneGroup(subscription),
  };
}

const bindings = 'Microsoft.Web/sites/hostNameBindings';
const certificates = 'Microsoft.Web/certificates';
const hostName = /^(?=.{4,253}$)(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,63}$/i;

function hostNameBinding(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'web/webAppHostNameBinding',
    type: bindings,
    named: 'hostName',
    located: false,
    replaceOnChanges: ['name'],
    idOf: (inputs) =>
      `${subscription.resourceId(inputs, 'Microsoft.Web/sites', text(inputs, 'name') ?? '')}/hostNameBindings/${text(inputs, 'hostName')}`,
    validate: (inputs) => pattern(inputs, 'hostName', hostName),
    refuse(inputs, id) {
      const host = text(inputs, 'hostName') ?? '';
      // RFC 2606: such a name never resolves, so its records can't be there.
      if (host.endsWith('.invalid')) {
        throw refusal(
          400,
          'BadRequest',
          `A TXT record pointing from asuid.${host} to ${subscription.verificationId} was not found.`,
        );
      }
      if (subscription.claim(bindings, host, id)) return;
      throw refusal(409, 'Conflict', `The host name ${host} is already assigned to another Azure Web App.`);
    },
    release: (inputs, id) => {
      subscription.free(bindings, text(inputs, 'hostName') ?? '');
      subscription.secured.delete(id);
    },
  });
}

function certificate(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'web/certificate',
    type: certificates,
    named: 'name',
    replaceOnChanges: ['canonicalName', 'serverFarmId'],
    validate: (inputs) => pattern(inputs, 'canonicalName', hostName),
    refuse(inputs) {
      const host = text(inputs, 'canonicalName') ?? '';
      if (subscription.shelf(bindings).find((one) => one.hostName === host) !== undefined) return;
      throw refusal(
        400,
        'BadRequest',
        `Properties.CanonicalName is invalid. Certificate creation requires hostname ${host} added to an App Service in the serverFarm.`,
      );
    },
    outputs(inputs, id) {
      const host = text(inputs, 'canonicalName') ?? '';
      return {
        thumbprint: createHash('sha1').update(id).digest('hex').toUpperCase(),
        subjectName: host,
        issuer: 'GeoTrust TLS RSA CA G1',
        expirationDate: new Date(Date.now() + 180 * 86_400_000).toISOString(),
        valid: true,
      };
    },
    release(_inputs, id) {
      const own = subscription.shelf(certificates).get(id)?.added.thumbprint;
      if (![...subscription.secured.values()].some((thumbprint) => thumbprint === own)) return;
      throw refusal(
        409,
        'Conflict',
        'Cannot delete the certificate, because it is currently in use by one or more TLS/SSL bindings.',
      );
    },
  });
}

/** Only what is deployed that way: the binding of a host name, again, with its certificate. */
function deployment(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'resources/deployment',
    type: 'Microsoft.Resources/deployments',
    named: 'deploymentName',
    // A group's has none: https://learn.microsoft.com/rest/api/resources/deployments/create-or-update
    located: false,
    validate: (inputs) => [
      // https://learn.microsoft.com/rest/api/resources/deployments/create-or-update
      ...pattern(inputs, 'deploymentName', /^[-\w._()]{1,64}$/),
      ...oneOf(inputs, 'properties.mode', ['Incremental', 'Complete']),
    ],
    refuse(inputs) {
      for (const resource of resourcesIn(inputs)) {
        const type = text(resource, 'type');
        if (type !== bindings) throw refusal(400, 'InvalidTemplate', `no resource of type ${type} is emulated here`);
        const [site = '', host = ''] = (text(resource, 'name') ?? '').split('/');
        const id = `${subscription.resourceId(inputs, 'Microsoft.Web/sites', site)}/hostNameBindings/${host}`;
        const thumbprint = text(resource.properties, 'thumbprint') ?? '';
        if (!subscription.has(bindings, id)) throw notFound(id);
        if (subscription.shelf(certificates).find((one) => one.thumbprint === thumbprint) === undefined) {
          throw refusal(404, 'NotFound', `Certificate with thumbprint ${thumbprint} was not found.`);
        }
        subscription.secured.set(id, thumbprint);
      }
    },
  });
}

function resourcesIn(inputs: Properties): readonly Properties[] {
  const template: Property | undefined = isRecord(inputs.properties) ? inputs.properties.template : undefined;
  const { resources } = isRecord(template) ? template : {};
  return isList(resources) ? resources.filter(isRecord) : [];
}

function privateEndpoint(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'network/privateEndpoint',
    type: 'Microsoft.Network/privateEndpoints',
    named: 'privateEndpointName',
    replaceOnChanges: ['subnet', 'privateLinkServiceConnections'],
    validate: (inputs) => [
      ...pattern(inputs, 'privateEndpointName', /^[A-Za-z0-9]([\w.-]{0,78}\w)?$/),
      ...pattern(inputs, 'subnet.id', /\/virtualNetworks\/[^/]+\/subnets\/[^/]+$/i),
      // https://learn.microsoft.com/azure/private-link/private-endpoint-overview#private-link-resource
      ...pattern(inputs, 'privateLinkServiceConnections.0.groupIds.0', /^sites(-[A-Za-z0-9-]+)?$/),
    ],
    outputs: () => ({ networkInterfaces: [], customDnsConfigs: [] }),
  });
}

function privateDnsZoneGroup(subscription: AzureSubscription): ResourceModel {
  const endpoints = 'Microsoft.Network/privateEndpoints';
  const endpointOf = (inputs: Properties) =>
    subscription.resourceId(inputs, endpoints, text(inputs, 'privateEndpointName') ?? '');
  return armResource(subscription, {
    module: 'network/privateDnsZoneGroup',
    type: `${endpoints}/privateDnsZoneGroups`,
    named: 'privateDnsZoneGroupName',
    located: false,
    replaceOnChanges: ['privateEndpointName'],
    idOf: (inputs) => `${endpointOf(inputs)}/privateDnsZoneGroups/${text(inputs, 'privateDnsZoneGroupName')}`,
    refuse(inputs) {
      if (!subscription.has(endpoints, endpointOf(inputs))) throw notFound(endpointOf(inputs));
    },
  });
}
