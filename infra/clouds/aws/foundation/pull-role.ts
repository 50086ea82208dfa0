// The role App Runner pulls images with: one in each account that services run in.
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import { type CustomResourceOptions, type Output, output } from '@pulumi/pulumi';
import { project } from '../../names.ts';

export interface PullRole {
  readonly role: Role;
  readonly policy: RolePolicyAttachment;
  /** Handed out only once it may pull: a service made before that fails its first pull. */
  readonly arn: Output<string>;
}

export function createPullRole(
  { suffix, tags }: { readonly suffix: string; readonly tags: Record<string, string> },
  options: CustomResourceOptions,
): PullRole {
  const role = new Role(
    `pull-role${suffix}`,
    {
      name: `${project}-pull`,
      assumeRolePolicy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'build.apprunner.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      }),
      tags,
    },
    options,
  );
  const policy = new RolePolicyAttachment(
    `pull-role-policy${suffix}`,
    { role: role.name, policyArn: 'arn:aws:iam::aws:policy/service-role/AWSAppRunnerServicePolicyForECRAccess' },
    options,
  );
  return { role, policy, arn: output([role.arn, policy.id]).apply(([arn]) => arn ?? '') };
}
