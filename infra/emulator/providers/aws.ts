// The emulated AWS as Pulumi's `aws` provider shows it: ECR, IAM and App Runner, as far as trireme's components go.
import { randomBytes } from 'node:crypto';
import { type Properties, text, unresolved } from '../engine/property.ts';
import {
  CloudRefusal,
  type InputFault,
  type ProviderDefinition,
  type ResourceModel,
} from '../engine/resource-model.ts';
import type { World } from '../world.ts';
import { AwsAccount } from './aws-account.ts';
import { appRunnerService } from './aws-app-runner.ts';
import { appRunnerScaling } from './aws-app-runner-scaling.ts';
import { oneOf, pattern, range } from './input-rule.ts';
import { type Shelf, storedResource } from './stored-resource.ts';

const named = { property: 'name', style: 'dashed' } as const;

export function awsProvider(world: Pick<World, 'controlPlanes' | 'registries' | 'timeScale'>): ProviderDefinition {
  const account = new AwsAccount(world.registries.aws);
  return {
    name: 'aws',
    npmPackage: '@pulumi/aws',
    comparesWith: 'state',
    resources: {
      'aws:ecr/repository:Repository': repository(account),
      'aws:ecr/lifecyclePolicy:LifecyclePolicy': repositoryDocument(
        account,
        'ecr/lifecyclePolicy',
        account.lifecyclePolicies,
      ),
      'aws:ecr/repositoryPolicy:RepositoryPolicy': repositoryDocument(
        account,
        'ecr/repositoryPolicy',
        account.repositoryPolicies,
      ),
      'aws:iam/role:Role': role(account),
      'aws:iam/rolePolicyAttachment:RolePolicyAttachment': rolePolicyAttachment(account),
      'aws:iam/rolePolicy:RolePolicy': rolePolicy(account),
      'aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion': appRunnerScaling(world, account),
      'aws:apprunner/service:Service': appRunnerService(world, account),
    },
    functions: {
      'aws:index/getCallerIdentity:getCallerIdentity': async () => ({
        accountId: account.id,
        arn: `arn:aws:iam::${account.id}:user/emulated`,
        userId: 'AIDAEMULATED',
        id: account.id,
      }),
    },
  };
}

function repository(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'ecr/repository',
    shelf: account.repositories,
    naming: named,
    // https://www.pulumi.com/registry/packages/aws/api-docs/ecr/repository/: "changing this forces a new resource"
    replaceOnChanges: ['name', 'encryptionConfigurations', 'region'],
    computed: ['region'],
    validate: (inputs) => [
      // https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
      ...pattern(inputs, 'name', /^(?=.{2,256}$)([a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/),
      ...oneOf(inputs, 'imageTagMutability', [
        'MUTABLE',
        'IMMUTABLE',
        'IMMUTABLE_WITH_EXCLUSION',
        'MUTABLE_WITH_EXCLUSION',
      ]),
    ],
    idOf: (inputs) => text(inputs, 'name') ?? '',
    alreadyExists: (id) =>
      `RepositoryAlreadyExistsException: The repository with name '${id}' already exists in the registry with id '${account.id}'`,
    create(inputs, context, id) {
      account.registry.createRepository(id, { immutableTags: inputs.imageTagMutability === 'IMMUTABLE' });
      return {
        arn: `arn:aws:ecr:${account.region(inputs, context)}:${account.id}:repository/${id}`,
        registryId: account.id,
        repositoryUrl: `${account.registry.host}/${id}`,
        imageTagMutability: 'MUTABLE',
      };
    },
    derive: (inputs, context) => account.derive(inputs, context),
    async release(inputs, id) {
      if (inputs.forceDelete !== true && (await holdsImages(account, id))) {
        throw new CloudRefusal(
          `ECR Repository (${id}) not empty, consider using forceDelete: RepositoryNotEmptyException: The repository with name '${id}' in registry with id '${account.id}' cannot be deleted because it still contains images`,
        );
      }
      account.registry.deleteRepository(id);
    },
  });
}

/** Asked as any client would: the registry knows what was pushed. */
async function holdsImages(account: AwsAccount, name: string): Promise<boolean> {
  const authorization = `Basic ${Buffer.from('AWS:emulated').toString('base64')}`;
  const response = await fetch(`${account.registry.url}/v2/${name}/tags/list`, {
    headers: { authorization },
  });
  if (!response.ok) return false;
  const { tags } = (await response.json()) as { tags?: readonly string[] | null };
  return (tags ?? []).length > 0;
}

/** A lifecycle or a repository policy: one JSON document per repository. */
function repositoryDocument(account: AwsAccount, module: string, shelf: Shelf): ResourceModel {
  return storedResource({
    module,
    shelf,
    replaceOnChanges: module === 'ecr/lifecyclePolicy' ? ['repository', 'policy', 'region'] : ['repository', 'region'],
    computed: ['region'],
    normalize: (inputs) => withDocument(inputs, 'policy'),
    validate: (inputs) => document(inputs, 'policy'),
    idOf: (inputs) => text(inputs, 'repository') ?? '',
    alreadyExists: (id) => `a policy of the repository ${id} already exists`,
    create(_inputs, _context, id) {
      account.requireRepository(id);
      return { registryId: account.id };
    },
    derive: (inputs, context) => ({ region: account.region(inputs, context) }),
  });
}

function role(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'iam/role',
    shelf: account.roles,
    naming: named,
    replaceOnChanges: ['name', 'namePrefix', 'path'],
    normalize: (inputs) => withDocument(inputs, 'assumeRolePolicy'),
    validate: (inputs) => [
      // https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
      ...pattern(inputs, 'name', /^[\w+=,.@-]{1,64}$/),
      ...range(inputs, 'maxSessionDuration', 3600, 43_200),
      ...document(inputs, 'assumeRolePolicy'),
    ],
    idOf: (inputs) => text(inputs, 'name') ?? '',
    alreadyExists: (id) => `EntityAlreadyExists: Role with name ${id} already exists.`,
    create: (inputs, _context, id) => ({
      arn: account.roleArn(`${(text(inputs, 'path') ?? '/').slice(1)}${id}`),
      uniqueId: `AROA${randomBytes(8).toString('hex').toUpperCase()}`,
      createDate: new Date().toISOString(),
      path: '/',
      maxSessionDuration: 3600,
    }),
    derive: (inputs) => ({ tagsAll: inputs.tags ?? {} }),
    release(_inputs, id) {
      const held = [account.roleAttachments, account.rolePolicies].some((shelf) =>
        shelf.find((one) => one.role === id),
      );
      if (held) throw new CloudRefusal('DeleteConflict: Cannot delete entity, must detach all policies first.');
    },
  });
}

function rolePolicyAttachment(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'iam/rolePolicyAttachment',
    shelf: account.roleAttachments,
    replaceOnChanges: ['role', 'policyArn'],
    validate: (inputs) => pattern(inputs, 'policyArn', /^arn:aws:iam::(aws|\d{12}):policy\/[\w+=,.@/-]+$/),
    // Attaching twice changes nothing at the vendor, so every attachment has an id of its own.
    idOf: (inputs) => `${text(inputs, 'role')}-${randomBytes(6).toString('hex')}`,
    alreadyExists: (id) => `${id} already exists`,
    create(inputs) {
      account.requireRole(text(inputs, 'role') ?? '');
      return {};
    },
  });
}

function rolePolicy(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'iam/rolePolicy',
    shelf: account.rolePolicies,
    naming: named,
    replaceOnChanges: ['role', 'name', 'namePrefix'],
    normalize: (inputs) => withDocument(inputs, 'policy'),
    validate: (inputs) => document(inputs, 'policy'),
    idOf: (inputs) => `${text(inputs, 'role')}:${text(inputs, 'name')}`,
    alreadyExists: (id) => `the role policy ${id} already exists`,
    create(inputs) {
      account.requireRole(text(inputs, 'role') ?? '');
      return {};
    },
  });
}

/** Policy documents may be written as objects; AWS and the provider's state know only their JSON. */
function withDocument(inputs: Properties, property: string): Properties {
  const value = inputs[property];
  return typeof value === 'object' && value !== null ? { ...inputs, [property]: JSON.stringify(value) } : inputs;
}

function document(inputs: Properties, property: string): readonly InputFault[] {
  const value = inputs[property];
  if (value === undefined || value === unresolved || typeof value !== 'string') return [];
  try {
    JSON.parse(value);
    return [];
  } catch (error) {
    return [{ property, reason: `contains an invalid JSON policy: ${String(error)}` }];
  }
}
