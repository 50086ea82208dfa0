// Every permission a deploy account on Google Cloud has, with what needs it.
import { deployers, type Grant } from '../grants.ts';

export interface GcpGrant extends Grant {
  /**
   * Bound in the project, on the account that containers act as, on the repository of images, or on the bucket of Pulumi's state: on the
   * environment's own objects in it, and on those of all.
   */
  readonly where: 'project' | 'runtime-account' | 'repository' | 'state-bucket' | 'state-common';
  readonly reason: string;
}

const permissions = (service: string) => `https://cloud.google.com/iam/docs/roles-permissions/${service}`;

const shared: readonly GcpGrant[] = [
  {
    for: ['publish'],
    reason: 'images are pushed once and read back by digest',
    reads: ['artifactregistry.repositories.downloadArtifacts'],
    writes: ['artifactregistry.repositories.uploadArtifacts', 'artifactregistry.tags.create'],
    writers: ['deploy-dev'],
    where: 'repository',
    source: 'https://cloud.google.com/artifact-registry/docs/access-control',
  },
  {
    for: ['state'],
    reason: 'what the foundation gives, and the names of all there is',
    reads: ['storage.objects.get', 'storage.objects.list'],
    writes: [],
    writers: [],
    where: 'state-common',
    source: 'https://cloud.google.com/storage/docs/access-control/iam-permissions',
  },
  {
    for: ['state'],
    reason: "Pulumi's own backend",
    reads: ['storage.objects.get'],
    writes: ['storage.objects.create', 'storage.objects.delete', 'storage.objects.update'],
    writers: deployers,
    where: 'state-bucket',
    source: 'https://cloud.google.com/storage/docs/access-control/iam-permissions',
  },
  {
    for: ['gcp:organizations/getProject:getProject'],
    reason: "a foundation looks up the number of another environment's project",
    reads: ['resourcemanager.projects.get'],
    writes: [],
    writers: [],
    where: 'project',
    source: permissions('resourcemanager'),
  },
];

const service: readonly GcpGrant[] = [
  {
    for: ['gcp:cloudrunv2/service:Service', 'prove'],
    reason: 'the service, its revisions, and the long operation of each change',
    reads: [
      'run.locations.list',
      'run.operations.get',
      'run.revisions.get',
      'run.revisions.list',
      'run.services.get',
      'run.services.list',
    ],
    writes: ['run.revisions.delete', 'run.services.create', 'run.services.delete', 'run.services.update'],
    writers: deployers,
    where: 'project',
    source: permissions('run'),
  },
  {
    for: ['gcp:cloudrunv2/service:Service', 'gcp:serviceaccount/account:Account'],
    reason:
      'whoever deploys has to be allowed to act as what the container runs as, which the foundation makes, and as nobody else',
    reads: [],
    writes: ['iam.serviceAccounts.actAs'],
    writers: deployers,
    where: 'runtime-account',
    source: 'https://cloud.google.com/run/docs/reference/iam/roles#additional-configuration',
  },
  {
    for: ['gcp:cloudrunv2/service:Service'],
    reason: 'Cloud Run reads the image with the rights of whoever deploys it',
    reads: [],
    writes: ['artifactregistry.repositories.get'],
    writers: deployers,
    where: 'repository',
    source: 'https://cloud.google.com/run/docs/deploying#permissions_required_to_deploy',
  },
  {
    for: ['gcp:cloudrunv2/serviceIamMember:ServiceIamMember'],
    reason: 'a public service lets everybody in',
    reads: ['run.services.getIamPolicy'],
    writes: ['run.services.setIamPolicy'],
    writers: deployers,
    where: 'project',
    source: permissions('run'),
  },
  {
    for: ['gcp:cloudrun/domainMapping:DomainMapping'],
    reason: 'a host name of its own',
    reads: ['run.domainmappings.get', 'run.domainmappings.list'],
    writes: ['run.domainmappings.create', 'run.domainmappings.delete'],
    writers: deployers,
    where: 'project',
    source: permissions('run'),
  },
  {
    for: ['gcp:serviceaccount/account:Account'],
    reason: 'the account a container runs as',
    reads: ['iam.serviceAccounts.get'],
    writes: [],
    writers: [],
    where: 'project',
    source: permissions('iam'),
  },
  {
    for: ['gcp:secretmanager/secretIamMember:SecretIamMember'],
    reason: 'the account of a container may read the secrets its stack names',
    reads: ['secretmanager.secrets.get', 'secretmanager.secrets.getIamPolicy'],
    writes: ['secretmanager.secrets.setIamPolicy'],
    writers: deployers,
    where: 'project',
    source: 'https://cloud.google.com/secret-manager/docs/access-control',
  },
];

const parts: readonly GcpGrant[] = [
  {
    for: ['traffic'],
    reason: 'the numbers of requests, errors and latency that a watched release is judged by',
    reads: ['monitoring.timeSeries.list'],
    writes: [],
    writers: [],
    where: 'project',
    source: permissions('monitoring'),
  },
  {
    for: ['logs'],
    reason: 'trireme logs, and why a revision did not start',
    reads: ['logging.logEntries.list'],
    writes: [],
    writers: [],
    where: 'project',
    source: 'https://cloud.google.com/logging/docs/access-control',
  },
  {
    for: [
      'gcp:monitoring/alertPolicy:AlertPolicy',
      'gcp:monitoring/dashboard:Dashboard',
      'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig',
    ],
    reason: 'alarms, the dashboard and the check from outside',
    reads: ['monitoring.alertPolicies.get', 'monitoring.dashboards.get', 'monitoring.uptimeCheckConfigs.get'],
    writes: [
      'monitoring.alertPolicies.create',
      'monitoring.alertPolicies.delete',
      'monitoring.alertPolicies.update',
      'monitoring.dashboards.create',
      'monitoring.dashboards.delete',
      'monitoring.dashboards.update',
      'monitoring.uptimeCheckConfigs.create',
      'monitoring.uptimeCheckConfigs.delete',
      'monitoring.uptimeCheckConfigs.update',
    ],
    writers: deployers,
    where: 'project',
    source: permissions('monitoring'),
  },
  {
    for: ['gcp:logging/projectBucketConfig:ProjectBucketConfig', 'gcp:logging/projectSink:ProjectSink'],
    reason: 'logs kept for another time than the vendor keeps them',
    reads: ['logging.buckets.get', 'logging.sinks.get'],
    writes: [
      'logging.buckets.create',
      'logging.buckets.update',
      'logging.sinks.create',
      'logging.sinks.delete',
      'logging.sinks.update',
    ],
    writers: deployers,
    where: 'project',
    source: permissions('logging'),
  },
  {
    for: ['gcp:sql/databaseInstance:DatabaseInstance', 'gcp:sql/database:Database', 'gcp:sql/user:User'],
    reason: 'the database of the prediction log',
    reads: ['cloudsql.databases.get', 'cloudsql.instances.get', 'cloudsql.users.get', 'cloudsql.users.list'],
    writes: [
      'cloudsql.databases.create',
      'cloudsql.databases.update',
      'cloudsql.instances.create',
      'cloudsql.instances.delete',
      'cloudsql.instances.update',
      'cloudsql.users.create',
      'cloudsql.users.update',
    ],
    writers: deployers,
    where: 'project',
    source: 'https://cloud.google.com/sql/docs/mysql/iam-permissions',
  },
  {
    for: ['gcp:projects/iAMMember:IAMMember'],
    reason: "the container's account may connect to that database: no other role can be given, see projectCondition",
    reads: ['resourcemanager.projects.getIamPolicy'],
    writes: ['resourcemanager.projects.setIamPolicy'],
    writers: deployers,
    where: 'project',
    source: 'https://cloud.google.com/iam/docs/setting-limits-on-granting-roles',
  },
  {
    for: ['gcp:secretmanager/secret:Secret', 'gcp:secretmanager/secretVersion:SecretVersion'],
    reason: "the database's address: no value of another secret can be read, see projectCondition",
    reads: ['secretmanager.versions.access', 'secretmanager.versions.get'],
    writes: [
      'secretmanager.secrets.create',
      'secretmanager.secrets.delete',
      'secretmanager.secrets.update',
      'secretmanager.versions.add',
      'secretmanager.versions.destroy',
      'secretmanager.versions.disable',
      'secretmanager.versions.enable',
    ],
    writers: deployers,
    where: 'project',
    source: 'https://cloud.google.com/secret-manager/docs/access-control',
  },
  {
    for: ['gcp:storage/bucket:Bucket', 'gcp:storage/bucketIAMMember:BucketIAMMember'],
    reason: 'the object store of models and the prediction log',
    reads: ['storage.buckets.get', 'storage.buckets.getIamPolicy'],
    writes: [
      'storage.buckets.create',
      'storage.buckets.delete',
      'storage.buckets.setIamPolicy',
      'storage.buckets.update',
    ],
    writers: deployers,
    where: 'project',
    source: 'https://cloud.google.com/storage/docs/access-control/iam-permissions',
  },
  {
    for: ['gcp:storage/bucket:Bucket'],
    reason: 'a bucket that is not protected goes with what is in it',
    reads: [],
    writes: ['storage.objects.delete', 'storage.objects.list'],
    writers: ['deploy-dev'],
    where: 'project',
    source: 'https://cloud.google.com/storage/docs/access-control/iam-permissions',
  },
];

/** Made and changed by people; `plan` sees whether somebody else did. */
const foundation: readonly GcpGrant[] = [
  {
    for: ['gcp:artifactregistry/repository:Repository', 'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember'],
    reason: 'drift of the registry',
    reads: ['artifactregistry.repositories.get', 'artifactregistry.repositories.getIamPolicy'],
    readers: ['plan'],
    writes: [],
    writers: [],
    where: 'repository',
    source: 'https://cloud.google.com/artifact-registry/docs/access-control',
  },
  {
    for: [
      'gcp:iam/workloadIdentityPool:WorkloadIdentityPool',
      'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider',
      'gcp:projects/iAMCustomRole:IAMCustomRole',
      'gcp:serviceaccount/iAMMember:IAMMember',
    ],
    reason: 'drift of who deploys, and of what they may do',
    reads: [
      'iam.roles.get',
      'iam.serviceAccounts.getIamPolicy',
      'iam.workloadIdentityPoolProviders.get',
      'iam.workloadIdentityPools.get',
    ],
    readers: ['plan'],
    writes: [],
    writers: [],
    where: 'project',
    source: permissions('iam'),
  },
  {
    for: ['gcp:projects/service:Service', 'gcp:monitoring/notificationChannel:NotificationChannel'],
    reason: 'drift of the APIs that are on, and of who is told by alarms',
    reads: ['monitoring.notificationChannels.get', 'serviceusage.services.get', 'serviceusage.services.list'],
    readers: ['plan'],
    writes: [],
    writers: [],
    where: 'project',
    source: permissions('serviceusage'),
  },
];

export const grants: readonly GcpGrant[] = [...shared, ...service, ...parts, ...foundation];
