// How the inputs of Pulumi's `azure-native` resources become the bodies of ARM's PUT: what belongs to `properties` is lifted out of it.
import { isList, isRecord, type Property } from '../../emulator/engine/property.ts';
import { type ModelName, modelOf } from './schema.ts';
import { dropped, type Requests, renamed } from './translation.ts';

/** Members that Pulumi's package calls otherwise. */
const onWire: Readonly<Record<string, string>> = {
  odataType: 'odata.type',
  roleType: 'type',
  enableHttpsTrafficOnly: 'supportsHttpsTrafficOnly',
};

/** What the SDKs call otherwise than the wire does. */
const wireNames: Readonly<Record<string, string>> = {
  odataType: 'odata.type',
  roleType: 'type',
  enableHttpsTrafficOnly: 'supportsHttpsTrafficOnly',
};

function put(model: ModelName, operation: string, path: readonly string[]): Requests[string] {
  return (inputs) => {
    const top = topOf(model, operation);
    // The provider fills in the resource group's: https://www.pulumi.com/registry/packages/azure-native/installation-configuration/
    const place = top.has('location') ? { location: 'westeurope' } : {};
    const sent = renamed(dropped({ ...place, ...inputs }, ['resourceGroupName', ...path]), (key) => onWire[key] ?? key);
    const entries = Object.entries(sent).map(([key, value]): [string, Property] => [
      key,
      key === 'identity' ? identity(value) : value,
    ]);
    const outside = entries.filter(([key]) => top.has(key) && key !== 'properties');
    const inside = entries.filter(([key]) => !top.has(key) || key === 'properties');
    const properties =
      inside.length === 0 ? {} : { properties: renamed(Object.fromEntries(inside), (key) => wireNames[key] ?? key) };
    return [[model, operation, { ...Object.fromEntries(outside), ...properties }]];
  };
}

/** The members of the body itself, by the vendor's model. What it only answers, a name for instance, may be a property too. */
function topOf(model: ModelName, operation: string): ReadonlySet<string> {
  const { operations, definitions } = modelOf(model);
  const pointer = String(operations[operation]?.request?.$ref).split('/').at(-1) ?? '';
  const members = (definitions[pointer]?.properties ?? {}) as Readonly<Record<string, { readonly readOnly?: boolean }>>;
  return new Set(Object.entries(members).flatMap(([key, { readOnly }]) => (readOnly === true ? [] : [key])));
}

/** A list of ids is a map with empty values on the wire. */
function identity(value: Property): Property {
  if (!isRecord(value) || !isList(value.userAssignedIdentities)) return value;
  const ids = value.userAssignedIdentities.map((id): [string, Property] => [String(id), {}]);
  return { ...value, userAssignedIdentities: Object.fromEntries(ids) };
}

export const azureRequests: Requests = {
  'azure-native:containerregistry:Registry': put('azure-containerregistry', 'registries.create', ['registryName']),
  'azure-native:web:AppServicePlan': put('azure-web', 'plan.create_or_update', ['name']),
  'azure-native:web:WebAppHostNameBinding': put('azure-web', 'site.host_name_binding', ['name', 'hostName']),
  'azure-native:web:Certificate': put('azure-web', 'certificate.create_or_update', ['name']),
  'azure-native:managedidentity:UserAssignedIdentity': put('azure-msi', 'identities.create_or_update', [
    'resourceName',
  ]),
  'azure-native:managedidentity:FederatedIdentityCredential': put('azure-msi', 'federated.create_or_update', [
    'resourceName',
    'federatedIdentityCredentialResourceName',
  ]),
  'azure-native:authorization:RoleAssignment': put('azure-authorization', 'role_assignments.create', [
    'roleAssignmentName',
    'scope',
  ]),
  'azure-native:authorization:RoleDefinition': put('azure-authorization', 'role_definitions.create_or_update', [
    'roleDefinitionId',
    'scope',
  ]),
  'azure-native:monitor:AutoscaleSetting': put('azure-monitor', 'autoscale_settings.create_or_update', [
    'autoscaleSettingName',
  ]),
  'azure-native:monitor:MetricAlert': put('azure-monitor', 'metric_alerts.create_or_update', ['ruleName']),
  'azure-native:monitor:ActionGroup': put('azure-monitor', 'action_groups.create_or_update', ['actionGroupName']),
  'azure-native:storage:StorageAccount': put('azure-storage', 'accounts.create', ['accountName']),
  'azure-native:storage:BlobContainer': put('azure-storage', 'containers.create', ['accountName', 'containerName']),
};
