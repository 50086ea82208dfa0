// What no role made by a deploy role on AWS may ever do more than.
import { type Environment, environments } from '../../contract/stack.ts';
import { project, serviceName } from '../names.ts';
import { logGroupOf } from './ecs-express/runtime.ts';
import type { AwsScope } from './grant-list.ts';
import type { PolicyDocument } from './grants.ts';

/** A managed policy of the foundation, one for each environment. */
export function boundaryName(environment: Environment): string {
  return `${project}-${environment}-boundary`;
}

/**
 * The `permissionsBoundary` of every role a service stack makes, except of the one that only AWS's own policy is attached to. Without it, whoever may make roles and hand them to a container may do everything.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 */
export function boundaryDocument({
  account,
  environment,
}: Pick<AwsScope, 'account'> & { readonly environment: Environment }): PolicyDocument {
  const service = serviceName({ environment });
  const bucket = `${service}-${account}`;
  const others = environments.filter((one) => one !== environment);
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: readsOfSecrets,
        // Which ones, the stack file says, by any name.
        Resource: secretsNamed(account, '*'),
      },
      // In an account that environments share, one's role must not be given what is another's: by its name,
      {
        Effect: 'Deny',
        Action: readsOfSecrets,
        Resource: others.flatMap((other) =>
          ['/', '-'].flatMap((end) => secretsNamed(account, `${serviceName({ environment: other })}${end}*`)),
        ),
      },
      // or by its tag.
      {
        Effect: 'Deny',
        Action: readsOfSecrets,
        Resource: secretsNamed(account, '*'),
        Condition: { StringEquals: { 'aws:ResourceTag/environment': others } },
      },
      {
        Effect: 'Allow',
        Action: ['s3:DeleteObject', 's3:GetObject', 's3:ListBucket', 's3:PutObject'],
        Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
      },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:PutRetentionPolicy'],
        Resource: [`/aws/apprunner/${service}/`, logGroupOf(service)].map(
          (group) => `arn:aws:logs:*:${account}:log-group:${group}*`,
        ),
      },
      { Effect: 'Allow', Action: ['ecr:GetAuthorizationToken'], Resource: ['*'] },
      {
        Effect: 'Allow',
        // In whichever account the registry is.
        Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        Resource: [`arn:aws:ecr:*:*:repository/${project}`],
      },
    ],
  };
}

const readsOfSecrets = ['secretsmanager:GetSecretValue', 'ssm:GetParameters'];

function secretsNamed(account: string, name: string): readonly string[] {
  return [`arn:aws:secretsmanager:*:${account}:secret:${name}`, `arn:aws:ssm:*:${account}:parameter/${name}`];
}
