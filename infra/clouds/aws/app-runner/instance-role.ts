// What the running container may do in the account: nothing, until a secret is named.
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { type ComponentResource, type Input, jsonStringify } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../../../contract/service.ts';
import { serviceName } from '../../names.ts';
import { permissionsBoundaryOf } from '../from-foundation.ts';

export function createInstanceRole(
  parent: ComponentResource,
  args: PredictionServiceArgs,
  tags: Record<string, string>,
): Role {
  return new Role(
    'instance-role',
    {
      name: `${serviceName(args.stack)}-instance`,
      assumeRolePolicy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'tasks.apprunner.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      }),
      permissionsBoundary: permissionsBoundaryOf(args),
      tags,
    },
    { parent },
  );
}

/**
 * Secrets are named by the ARN of a Secrets Manager secret or SSM parameter: App Runner takes nothing shorter across regions.
 * @param secrets by the variables that hold them.
 */
export function allowSecrets(
  parent: ComponentResource,
  role: Role,
  secrets: Readonly<Record<string, Input<string>>>,
): RolePolicy | undefined {
  const resources = Object.values(secrets);
  if (resources.length === 0) return undefined;
  return new RolePolicy(
    'read-secrets',
    {
      // Named: a name drawn anew in each preview would make each plan another one.
      name: 'read-secrets',
      role: role.id,
      policy: jsonStringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue', 'ssm:GetParameters'], Resource: resources },
        ],
      }),
    },
    { parent },
  );
}
