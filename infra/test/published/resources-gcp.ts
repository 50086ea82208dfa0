// How the inputs of Pulumi's `gcp` resources become the requests with which Google makes them.
import { isList, isRecord, type Properties, type Property } from '../../emulator/engine/property.ts';
import { dropped, type Requests } from './translation.ts';

/** In the path or the query, or the provider's own business. */
const elsewhere = ['project', 'location', 'deletionProtection', 'deletionPolicy', 'forceDestroy'];
const body = (inputs: Properties, drop: readonly string[] = []) => dropped(inputs, [...elsewhere, ...drop]);
const records = (value: Property | undefined) => (isList(value) ? value : []).filter(isRecord);
const within = (value: Property | undefined): Properties => (isRecord(value) ? value : {});

/** The API has policies by name, the provider a list. */
function repository({ cleanupPolicies, ...rest }: Properties): Properties {
  const named = records(cleanupPolicies).map((one): [string, Property] => [String(one.id), one]);
  return {
    ...body(rest, ['repositoryId']),
    ...(cleanupPolicies === undefined ? {} : { cleanupPolicies: Object.fromEntries(named) }),
  };
}

function bucket(inputs: Properties): Properties {
  const { uniformBucketLevelAccess, publicAccessPrevention, lifecycleRules, softDeletePolicy, ...rest } = inputs;
  const retention = within(softDeletePolicy).retentionDurationSeconds;
  return {
    ...body(rest),
    iamConfiguration: dropped(
      {
        uniformBucketLevelAccess: uniformBucketLevelAccess === undefined ? null : { enabled: uniformBucketLevelAccess },
        publicAccessPrevention: publicAccessPrevention ?? null,
      },
      [],
    ),
    ...(lifecycleRules === undefined ? {} : { lifecycle: { rule: lifecycleRules } }),
    ...(retention === undefined ? {} : { softDeletePolicy: { retentionDurationSeconds: String(retention) } }),
  };
}

function databaseInstance({ settings, ...rest }: Properties): Properties {
  const { diskSize, diskType, diskAutoresize, diskAutoresizeLimit, deletionProtectionEnabled, ...of } =
    within(settings);
  const renamed: Properties = {
    dataDiskSizeGb: diskSize === undefined ? null : String(diskSize),
    dataDiskType: diskType ?? null,
    storageAutoResize: diskAutoresize ?? null,
    storageAutoResizeLimit: diskAutoresizeLimit === undefined ? null : String(diskAutoresizeLimit),
    deletionProtectionEnabled: deletionProtectionEnabled ?? null,
  };
  return { ...body(rest, ['rootPassword']), settings: dropped({ ...of, ...renamed }, []) };
}

export const gcpRequests: Requests = {
  'gcp:artifactregistry/repository:Repository': (one) => [
    ['gcp-artifactregistry', 'projects.locations.repositories.create', repository(one)],
  ],
  'gcp:serviceaccount/account:Account': ({ accountId = '', ...rest }) => [
    [
      'gcp-iam',
      'projects.serviceAccounts.create',
      { accountId, serviceAccount: body(rest, ['createIgnoreAlreadyExists']) },
    ],
  ],
  'gcp:projects/iAMCustomRole:IAMCustomRole': ({ roleId = '', permissions = [], ...rest }) => [
    ['gcp-iam', 'projects.roles.create', { roleId, role: { ...body(rest), includedPermissions: permissions } }],
  ],
  'gcp:iam/workloadIdentityPool:WorkloadIdentityPool': (one) => [
    ['gcp-iam', 'projects.locations.workloadIdentityPools.create', body(one, ['workloadIdentityPoolId'])],
  ],
  'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider': (one) => [
    [
      'gcp-iam',
      'projects.locations.workloadIdentityPools.providers.create',
      body(one, ['workloadIdentityPoolId', 'workloadIdentityPoolProviderId']),
    ],
  ],
  'gcp:storage/bucket:Bucket': ({ location, ...one }) => [
    ['gcp-storage', 'buckets.insert', { ...bucket(one), ...(location === undefined ? {} : { location }) }],
  ],
  'gcp:secretmanager/secret:Secret': ({ replication, ...one }) => [
    [
      'gcp-secretmanager',
      'projects.secrets.create',
      {
        ...body(one, ['secretId']),
        replication: within(replication).auto === undefined ? (replication ?? {}) : { automatic: {} },
      },
    ],
  ],
  'gcp:secretmanager/secretVersion:SecretVersion': ({ secretData = '' }) => [
    [
      'gcp-secretmanager',
      'projects.secrets.addVersion',
      { payload: { data: Buffer.from(String(secretData)).toString('base64') } },
    ],
  ],
  'gcp:sql/databaseInstance:DatabaseInstance': (one) => [['gcp-sqladmin', 'instances.insert', databaseInstance(one)]],
  'gcp:sql/database:Database': (one) => [['gcp-sqladmin', 'databases.insert', body(one)]],
  'gcp:sql/user:User': (one) => [['gcp-sqladmin', 'users.insert', body(one)]],
  'gcp:logging/projectBucketConfig:ProjectBucketConfig': (one) => [
    ['gcp-logging', 'projects.locations.buckets.create', body(one, ['bucketId'])],
  ],
  'gcp:logging/projectSink:ProjectSink': (one) => [
    ['gcp-logging', 'projects.sinks.create', body(one, ['uniqueWriterIdentity', 'customWriterIdentity'])],
  ],
  'gcp:monitoring/notificationChannel:NotificationChannel': (one) => [
    ['gcp-monitoring', 'projects.notificationChannels.create', body(one, ['forceDelete'])],
  ],
  'gcp:monitoring/alertPolicy:AlertPolicy': (one) => [['gcp-monitoring', 'projects.alertPolicies.create', body(one)]],
  'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig': (one) => [
    ['gcp-monitoring', 'projects.uptimeCheckConfigs.create', body(one)],
  ],
  'gcp:monitoring/dashboard:Dashboard': ({ dashboardJson = '{}' }) => [
    ['gcp-dashboards', 'projects.dashboards.create', JSON.parse(String(dashboardJson)) as Properties],
  ],
};
