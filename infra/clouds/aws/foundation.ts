// What AWS needs once: the registry's repository, and the role App Runner pulls from it with.
import { LifecyclePolicy } from '@pulumi/aws/ecr/lifecyclePolicy.js';
import { Repository } from '@pulumi/aws/ecr/repository.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import { ComponentResource, type ComponentResourceOptions, type Output, output } from '@pulumi/pulumi';
import { project } from '../names.ts';

export class AwsFoundation extends ComponentResource {
  readonly repository: Output<string>;
  readonly pullIdentity: Output<string>;
  readonly details: Output<Record<string, string>>;
  /** The vendor's own resources. */
  readonly nodes: {
    readonly repository: Repository;
    readonly lifecycle: LifecyclePolicy;
    readonly pullRole: Role;
    readonly pullRolePolicy: RolePolicyAttachment;
  };

  constructor(name: string, options?: ComponentResourceOptions) {
    super('trireme:aws:Foundation', name, {}, options);
    const repository = createRepository(this);
    const lifecycle = createLifecycle(this, repository);
    const pullRole = createPullRole(this);
    const pullRolePolicy = allowPull(this, pullRole);

    this.nodes = { repository, lifecycle, pullRole, pullRolePolicy };
    this.repository = repository.repositoryUrl;
    // Handed out only once it may pull: a service made before that fails its first pull.
    this.pullIdentity = output([pullRole.arn, pullRolePolicy.id]).apply(([arn]) => arn ?? '');
    this.details = output<Record<string, string>>({});
    this.registerOutputs({ repository: this.repository, pullIdentity: this.pullIdentity, details: this.details });
  }
}

function createRepository(parent: ComponentResource): Repository {
  return new Repository(
    'repository',
    {
      name: project,
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
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

function createPullRole(parent: ComponentResource): Role {
  return new Role(
    'pull-role',
    {
      name: `${project}-pull`,
      assumeRolePolicy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'build.apprunner.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      }),
    },
    { parent },
  );
}

function allowPull(parent: ComponentResource, role: Role): RolePolicyAttachment {
  return new RolePolicyAttachment(
    'pull-role-policy',
    { role: role.name, policyArn: 'arn:aws:iam::aws:policy/service-role/AWSAppRunnerServicePolicyForECRAccess' },
    { parent },
  );
}
