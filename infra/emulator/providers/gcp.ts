// The emulated Google Cloud as Pulumi's `gcp` provider shows it: its resources by type, each service's in a file of its own; the registry's here.
import { isRecord, type Properties, text } from '../engine/property.ts';
import type { ProviderDefinition, ResourceContext, ResourceModel } from '../engine/resource-model.ts';
import { accounts, type World } from '../world.ts';
import { enabledApi, needsApi } from './gcp-apis.ts';
import { cloudRunService, serviceExists } from './gcp-cloud-run.ts';
import { domainMapping } from './gcp-domain.ts';
import { identityPool, identityPoolProvider } from './gcp-federation.ts';
import { customRole, iamMember, serviceAccount } from './gcp-iam.ts';
import { logBucket, logSink } from './gcp-logging.ts';
import { alertPolicy, dashboard, notificationChannel, uptimeCheck } from './gcp-monitoring.ts';
import { GcpProject } from './gcp-project.ts';
import { secret, secretVersion } from './gcp-secrets.ts';
import { database, databaseInstance, databaseUser } from './gcp-sql.ts';
import { storageBucket } from './gcp-storage.ts';
import { oneOf, pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

type EmulatedWorld = Pick<World, 'controlPlanes' | 'registries' | 'timeScale'>;

export function gcpProvider(world: EmulatedWorld): ProviderDefinition {
  const project = new GcpProject(world.registries.gcp);
  return {
    name: 'gcp',
    npmPackage: '@pulumi/gcp',
    comparesWith: 'state',
    resources: {
      'gcp:projects/service:Service': enabledApi(project),
      'gcp:artifactregistry/repository:Repository': repository(project),
      'gcp:serviceaccount/account:Account': serviceAccount(project),
      'gcp:projects/iAMCustomRole:IAMCustomRole': customRole(project),
      'gcp:iam/workloadIdentityPool:WorkloadIdentityPool': identityPool(project),
      'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider': identityPoolProvider(project),
      ...members(world, project),
      'gcp:storage/bucket:Bucket': storageBucket(project),
      'gcp:secretmanager/secret:Secret': needsApi(project, 'secretmanager', secret(world, project)),
      'gcp:secretmanager/secretVersion:SecretVersion': secretVersion(world, project),
      'gcp:sql/databaseInstance:DatabaseInstance': needsApi(project, 'sqladmin', databaseInstance(project)),
      'gcp:sql/database:Database': database(project),
      'gcp:sql/user:User': databaseUser(project),
      'gcp:logging/projectBucketConfig:ProjectBucketConfig': logBucket(project),
      'gcp:logging/projectSink:ProjectSink': logSink(project),
      'gcp:monitoring/notificationChannel:NotificationChannel': notificationChannel(project),
      'gcp:monitoring/alertPolicy:AlertPolicy': alertPolicy(project),
      'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig': uptimeCheck(project),
      'gcp:monitoring/dashboard:Dashboard': dashboard(project),
      'gcp:cloudrunv2/service:Service': cloudRunService(world, project),
      'gcp:cloudrun/domainMapping:DomainMapping': domainMapping(world, project),
    },
    functions: {
      'gcp:organizations/getProject:getProject': async (args, config) => {
        const id = project.project(text(args, 'projectId') === undefined ? {} : { project: args.projectId ?? '' }, {
          config,
        });
        return { id: `projects/${id}`, projectId: id, name: id, number: accounts.gcp.projectNumber };
      },
    },
  };
}

/** Who may do what on what. */
function members(world: EmulatedWorld, project: GcpProject): Readonly<Record<string, ResourceModel>> {
  return {
    'gcp:projects/iAMMember:IAMMember': iamMember(project, {
      module: 'projects/iammember',
      targetOf: (inputs, context) => project.project(inputs, context),
      exists: () => true,
    }),
    'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember': iamMember(project, {
      module: 'artifactregistry/repositoryIamMember',
      targetOf: (inputs, context) => repositoryPath(project, inputs, text(inputs, 'repository') ?? '', context),
      exists: (repository) => project.repositories.get(repository) !== undefined,
    }),
    'gcp:cloudrunv2/serviceIamMember:ServiceIamMember': iamMember(project, {
      module: 'cloudrunv2/serviceIamMember',
      targetOf(inputs, context) {
        const parent = `projects/${project.project(inputs, context)}/locations/${project.location(inputs, context)}`;
        return `${parent}/services/${lastStep(text(inputs, 'name') ?? '')}`;
      },
      exists: (service) => serviceExists(world, service),
    }),
    'gcp:secretmanager/secretIamMember:SecretIamMember': iamMember(project, {
      module: 'secretmanager/secretIamMember',
      targetOf: (inputs, context) =>
        `projects/${project.project(inputs, context)}/secrets/${lastStep(text(inputs, 'secretId') ?? '')}`,
      exists: (secretPath) => project.secrets.get(secretPath) !== undefined,
    }),
    'gcp:serviceaccount/iAMMember:IAMMember': iamMember(project, {
      module: 'serviceaccount/iammember',
      targetOf: (inputs) => text(inputs, 'serviceAccountId') ?? '',
      exists: (account) => project.serviceAccounts.get(account) !== undefined,
    }),
    'gcp:storage/bucketIAMMember:BucketIAMMember': iamMember(project, {
      module: 'storage/bucketIAMMember',
      targetOf: (inputs) => `b/${lastStep(text(inputs, 'bucket') ?? '')}`,
      exists: (path) => project.buckets.get(path.slice('b/'.length)) !== undefined,
    }),
  };
}

function repository(project: GcpProject): ResourceModel {
  const nameIn = (id: string) => `${id.split('/')[1]}/${lastStep(id)}`;
  return storedResource({
    module: 'artifactregistry/repository',
    shelf: project.repositories,
    // https://www.pulumi.com/registry/packages/gcp/api-docs/artifactregistry/repository/
    replaceOnChanges: ['repositoryId', 'format', 'location', 'project', 'kmsKeyName', 'mode'],
    computed: ['location', 'project'],
    validate: (inputs) => [
      // https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories
      ...pattern(inputs, 'repositoryId', /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/),
      ...oneOf(inputs, 'format', ['DOCKER', 'MAVEN', 'NPM', 'APT', 'YUM', 'PYTHON', 'KFP', 'GO', 'GENERIC']),
      ...oneOf(inputs, 'mode', ['STANDARD_REPOSITORY', 'VIRTUAL_REPOSITORY', 'REMOTE_REPOSITORY', 'AOSS_REPOSITORY']),
    ],
    idOf: (inputs, context) => repositoryPath(project, inputs, text(inputs, 'repositoryId') ?? '', context),
    alreadyExists: () => 'Error creating Repository: googleapi: Error 409: the repository already exists',
    create(inputs, context, id) {
      const { dockerConfig } = inputs;
      const immutableTags = isRecord(dockerConfig) && dockerConfig.immutableTags === true;
      project.registry.createRepository(nameIn(id), { immutableTags });
      const now = new Date().toISOString();
      return {
        name: lastStep(id),
        location: project.location(inputs, context),
        project: project.project(inputs, context),
        registryUri: `${project.registry.host}/${nameIn(id)}`,
        createTime: now,
        updateTime: now,
      };
    },
    derive: (inputs) => ({ effectiveLabels: inputs.labels ?? {}, pulumiLabels: inputs.labels ?? {} }),
    release: (_inputs, id) => project.registry.deleteRepository(nameIn(id)),
  });
}

function repositoryPath(project: GcpProject, inputs: Properties, id: string, context: ResourceContext): string {
  return `projects/${project.project(inputs, context)}/locations/${project.location(inputs, context)}/repositories/${lastStep(id)}`;
}

function lastStep(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
