// The emulated Google Cloud as Pulumi's `gcp` provider shows it: Artifact Registry, service accounts, IAM members and Cloud Run.
import { createHash, randomInt } from 'node:crypto';
import { isRecord, type Properties, text } from '../engine/property.ts';
import {
  CloudRefusal,
  type ProviderDefinition,
  type ResourceContext,
  type ResourceModel,
} from '../engine/resource-model.ts';
import type { World } from '../world.ts';
import { cloudRunService, serviceExists } from './gcp-cloud-run.ts';
import { GcpProject } from './gcp-project.ts';
import { oneOf, pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function gcpProvider(world: Pick<World, 'controlPlanes' | 'registries' | 'timeScale'>): ProviderDefinition {
  const project = new GcpProject(world.registries.gcp);
  return {
    name: 'gcp',
    npmPackage: '@pulumi/gcp',
    comparesWith: 'state',
    resources: {
      'gcp:artifactregistry/repository:Repository': repository(project),
      'gcp:serviceaccount/account:Account': serviceAccount(project),
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
        // The emulated project holds no secrets.
        exists: () => false,
      }),
      'gcp:cloudrunv2/service:Service': cloudRunService(world, project),
    },
    functions: {},
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

function serviceAccount(project: GcpProject): ResourceModel {
  const email = (inputs: Properties, context: ResourceContext) =>
    project.email(text(inputs, 'accountId') ?? '', project.project(inputs, context));
  return storedResource({
    module: 'serviceaccount/account',
    shelf: project.serviceAccounts,
    naming: { property: 'accountId', style: 'dashed' },
    replaceOnChanges: ['accountId', 'project'],
    computed: ['project'],
    validate: (inputs) => [
      // https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/create
      ...pattern(inputs, 'accountId', /^(?=.{6,30}$)[a-z]([-a-z0-9]*[a-z0-9])$/),
      ...pattern(inputs, 'displayName', /^.{0,100}$/),
    ],
    idOf: (inputs, context) => `projects/${project.project(inputs, context)}/serviceAccounts/${email(inputs, context)}`,
    alreadyExists: (id) =>
      `Error creating service account: googleapi: Error 409: Service account ${lastStep(id).split('@')[0]} already exists within project ${id.split('/')[1]}., alreadyExists`,
    create: (inputs, context, id) => ({
      email: email(inputs, context),
      member: `serviceAccount:${email(inputs, context)}`,
      name: id,
      project: project.project(inputs, context),
      uniqueId: String(randomInt(2 ** 47)).padStart(21, '1'),
    }),
  });
}

interface GrantTarget {
  readonly module: string;
  /** The path of what the role is granted on. */
  targetOf(inputs: Properties, context: ResourceContext): string;
  exists(target: string): boolean | Promise<boolean>;
}

/** One member of one role on one thing. */
function iamMember(project: GcpProject, target: GrantTarget): ResourceModel {
  return storedResource({
    module: target.module,
    shelf: project.members,
    replaceOnChanges: ['role', 'member', 'project', 'location', 'repository', 'name', 'secretId', 'condition'],
    computed: ['project', 'location'],
    validate: (inputs) => [
      // https://cloud.google.com/iam/docs/principal-identifiers
      ...pattern(
        inputs,
        'member',
        /^(allUsers|allAuthenticatedUsers|(user|group|domain|serviceAccount|project(Owner|Editor|Viewer)|principal|principalSet):.+)$/,
      ),
      ...pattern(inputs, 'role', /^(roles\/|projects\/[^/]+\/roles\/|organizations\/[^/]+\/roles\/).+$/),
    ],
    idOf: (inputs, context) => `${target.targetOf(inputs, context)}/${text(inputs, 'role')}/${text(inputs, 'member')}`,
    alreadyExists: (id) => `the member ${id} already exists`,
    async create(inputs, context) {
      const path = target.targetOf(inputs, context);
      if (!(await target.exists(path))) throw notFound(path);
      project.requireMember(text(inputs, 'member') ?? '');
      return {
        project: project.project(inputs, context),
        etag: createHash('sha256').update(path).digest('base64').slice(0, 12),
      };
    },
  });
}

function repositoryPath(project: GcpProject, inputs: Properties, id: string, context: ResourceContext): string {
  return `projects/${project.project(inputs, context)}/locations/${project.location(inputs, context)}/repositories/${lastStep(id)}`;
}

function notFound(name: string): CloudRefusal {
  return new CloudRefusal(`googleapi: Error 404: Resource '${lastStep(name)}' was not found: ${name}, notFound`);
}

function lastStep(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
