// By which id a provider imports a resource whose creation nobody saw end, where its inputs tell: each provider's page of the resource, "Import".
import type { Recorded } from './leftovers.ts';

/** What an id needs besides the resource's own inputs: what its provider was given, and the machine's variables. */
export interface Place {
  /** A Google project or an Azure subscription. */
  readonly account: string | undefined;
  readonly region: string | undefined;
}

type Inputs = (key: string) => string | undefined;
type Id = (inputs: Inputs, place: Place) => readonly (string | undefined)[];

/** @returns `undefined` when only the vendor knows it, as the random end of an App Runner ARN. */
export function importIdOf({ type, inputs }: Pick<Recorded, 'type' | 'inputs'>, place: Place): string | undefined {
  const parts = ids[type]?.((key) => (typeof inputs[key] === 'string' ? String(inputs[key]) : undefined), place);
  return parts === undefined || parts.some((part) => part === undefined || part === '') ? undefined : parts.join('/');
}

const named: (key: string) => Id = (key) => (inputs) => [inputs(key)];

function google(kind: string, key: string, located: boolean): Id {
  return (inputs, { account, region }) => [
    'projects',
    inputs('project') ?? account,
    ...(located ? ['locations', inputs('location') ?? region] : []),
    kind,
    inputs(key),
  ];
}

function azure(provider: string, ...keys: readonly string[]): Id {
  const [space, ...kinds] = provider.split('/');
  return (inputs, { account }) => [
    '/subscriptions',
    account,
    'resourceGroups',
    inputs('resourceGroupName'),
    'providers',
    space,
    ...kinds.flatMap((kind, index) => [kind, inputs(keys[index] ?? 'name')]),
  ];
}

const ids: Readonly<Record<string, Id>> = {
  'aws:cloudwatch/dashboard:Dashboard': named('dashboardName'),
  'aws:cloudwatch/logGroup:LogGroup': named('name'),
  'aws:cloudwatch/logMetricFilter:LogMetricFilter': (inputs) => {
    const [group, name] = [inputs('logGroupName'), inputs('name')];
    return [group && name && `${group}:${name}`];
  },
  'aws:cloudwatch/metricAlarm:MetricAlarm': named('name'),
  'aws:ecr/lifecyclePolicy:LifecyclePolicy': named('repository'),
  'aws:ecr/repository:Repository': named('name'),
  'aws:iam/role:Role': named('name'),
  'aws:rds/instance:Instance': named('identifier'),
  'aws:s3/bucket:Bucket': named('bucket'),
  'gcp:artifactregistry/repository:Repository': google('repositories', 'repositoryId', true),
  'gcp:cloudrunv2/service:Service': google('services', 'name', true),
  'gcp:iam/workloadIdentityPool:WorkloadIdentityPool': (inputs, { account }) => [
    'projects',
    inputs('project') ?? account,
    'locations/global/workloadIdentityPools',
    inputs('workloadIdentityPoolId'),
  ],
  'gcp:secretmanager/secret:Secret': google('secrets', 'secretId', false),
  'gcp:serviceaccount/account:Account': (inputs, { account }) => {
    const project = inputs('project') ?? account;
    const id = inputs('accountId');
    return ['projects', project, 'serviceAccounts', id && `${id}@${project}.iam.gserviceaccount.com`];
  },
  'gcp:sql/databaseInstance:DatabaseInstance': google('instances', 'name', false),
  'gcp:storage/bucket:Bucket': named('name'),
  'azure-native:containerregistry:Registry': azure('Microsoft.ContainerRegistry/registries', 'registryName'),
  'azure-native:keyvault:Vault': azure('Microsoft.KeyVault/vaults', 'vaultName'),
  'azure-native:managedidentity:UserAssignedIdentity': azure(
    'Microsoft.ManagedIdentity/userAssignedIdentities',
    'resourceName',
  ),
  'azure-native:resources:ResourceGroup': (inputs, { account }) => [
    '/subscriptions',
    account,
    'resourceGroups',
    inputs('resourceGroupName'),
  ],
  'azure-native:storage:StorageAccount': azure('Microsoft.Storage/storageAccounts', 'accountName'),
  'azure-native:web:AppServicePlan': azure('Microsoft.Web/serverfarms', 'name'),
  'azure-native:web:WebApp': azure('Microsoft.Web/sites', 'name'),
  'azure-native:web:WebAppSlot': azure('Microsoft.Web/sites/slots', 'name', 'slot'),
};
