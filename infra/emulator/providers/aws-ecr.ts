// ECR as Pulumi's `aws` provider shows it: repositories in the emulated registry, and their two documents.
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import { documentFaults, withDocument } from './aws-documents.ts';
import { oneOf, pattern } from './input-rule.ts';
import { type Shelf, storedResource } from './stored-resource.ts';

export function repository(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'ecr/repository',
    shelf: account.repositories,
    naming: { property: 'name', style: 'dashed' },
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

export const lifecyclePolicy = (account: AwsAccount) =>
  repositoryDocument(account, 'ecr/lifecyclePolicy', account.lifecyclePolicies, ['repository', 'policy', 'region']);
export const repositoryPolicy = (account: AwsAccount) =>
  repositoryDocument(account, 'ecr/repositoryPolicy', account.repositoryPolicies, ['repository', 'region']);

/** A lifecycle or a repository policy: one JSON document per repository. */
function repositoryDocument(
  account: AwsAccount,
  module: string,
  shelf: Shelf,
  replaceOnChanges: readonly string[],
): ResourceModel {
  return storedResource({
    module,
    shelf,
    replaceOnChanges,
    computed: ['region'],
    normalize: (inputs) => withDocument(inputs, 'policy'),
    validate: (inputs) => [
      ...documentFaults(inputs, 'policy'),
      // https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutLifecyclePolicy.html and API_SetRepositoryPolicy.html
      ...pattern(inputs, 'policy', module === 'ecr/lifecyclePolicy' ? /^[\s\S]{100,30720}$/ : /^[\s\S]{0,10240}$/),
    ],
    idOf: (inputs) => text(inputs, 'repository') ?? '',
    alreadyExists: (id) => `a policy of the repository ${id} already exists`,
    create(_inputs, _context, id) {
      account.requireRepository(id);
      return { registryId: account.id };
    },
    derive: (inputs, context): Properties => ({ region: account.region(inputs, context) }),
  });
}
