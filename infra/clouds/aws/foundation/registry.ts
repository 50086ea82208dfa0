// The one registry of all environments: images are pushed to it once, and never change or vanish afterwards.
import { LifecyclePolicy } from '@pulumi/aws/ecr/lifecyclePolicy.js';
import { Repository } from '@pulumi/aws/ecr/repository.js';
import { RepositoryPolicy } from '@pulumi/aws/ecr/repositoryPolicy.js';
import type { ComponentResource } from '@pulumi/pulumi';
import { project } from '../../names.ts';
import type { Place } from './places.ts';

export interface Registry {
  readonly repository: Repository;
  readonly lifecycle: LifecyclePolicy;
  readonly policy: RepositoryPolicy | undefined;
}

export function createRegistry(
  parent: ComponentResource,
  { places, tags }: { readonly places: readonly Place[]; readonly tags: Record<string, string> },
): Registry {
  const repository = createRepository(parent, tags);
  return {
    repository,
    lifecycle: createLifecycle(parent, repository),
    policy: createPolicy(parent, repository, places),
  };
}

function createRepository(parent: ComponentResource, tags: Record<string, string>): Repository {
  return new Repository(
    'repository',
    {
      name: project,
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      tags,
    },
    { parent },
  );
}

/** Published images carry a tag beside their digest, so only what a broken push left behind is untagged. */
function createLifecycle(parent: ComponentResource, repository: Repository): LifecyclePolicy {
  return new LifecyclePolicy(
    'lifecycle',
    {
      repository: repository.name,
      policy: JSON.stringify({
        rules: [
          {
            rulePriority: 1,
            description: 'Untagged images are remains of broken pushes; tagged ones are releases and stay',
            selection: { tagStatus: 'untagged', countType: 'sinceImagePushed', countUnit: 'days', countNumber: 14 },
            action: { type: 'expire' },
          },
        ],
      }),
    },
    { parent },
  );
}

function createPolicy(
  parent: ComponentResource,
  repository: Repository,
  places: readonly Place[],
): RepositoryPolicy | undefined {
  const statements = places.flatMap(guestStatements);
  if (statements.length === 0) return undefined;
  return new RepositoryPolicy(
    'repository-policy',
    { repository: repository.name, policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }) },
    { parent },
  );
}

/**
 * Other accounts pull, whoever there is allowed to by its own account; the one dev lives in pushes too, by its deploy role alone.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html
 */
export function guestStatements({ account, home, environments }: Place): readonly object[] {
  if (home || account === undefined) return [];
  const Principal = { AWS: `arn:aws:iam::${account}:root` };
  const name = environments
    .map((environment) => `${environment.charAt(0).toUpperCase()}${environment.slice(1)}`)
    .join('');
  const pull = {
    Sid: `${name}Pulls`,
    Effect: 'Allow',
    Principal,
    Action: [
      'ecr:BatchCheckLayerAvailability',
      'ecr:BatchGetImage',
      'ecr:DescribeImages',
      'ecr:GetDownloadUrlForLayer',
    ],
  };
  if (!environments.includes('dev')) return [pull];
  const push = {
    Sid: `${name}Pushes`,
    Effect: 'Allow',
    Principal,
    Action: ['ecr:CompleteLayerUpload', 'ecr:InitiateLayerUpload', 'ecr:PutImage', 'ecr:UploadLayerPart'],
    Condition: { ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::${account}:role/${project}-deploy-dev` } },
  };
  return [pull, push];
}
