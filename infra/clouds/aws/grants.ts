// What a deploy role on AWS may do, as its inline policy, and what no role it makes may ever do more than.
import type { DeployIdentity } from '../../contract/service.ts';
import { actionsOf, environmentOf } from '../grants.ts';
import { project, serviceName } from '../names.ts';
import { type AwsScope, grants } from './grant-list.ts';

export interface PolicyStatement {
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

/** An inline policy of the role: its quota is 10,240 characters, a managed one's 6,144. */
export function policyDocument(identity: DeployIdentity, scope: AwsScope): PolicyDocument {
  const names = { ...scope, service: serviceName({ environment: environmentOf(identity) }) };
  return {
    Version: '2012-10-17',
    Statement: grants.flatMap((grant) => {
      const Action = actionsOf(grant, identity);
      const Resource = [...new Set(grant.on(names))].sort();
      if (Action.length === 0 || Resource.length === 0) return [];
      const Condition = grant.condition?.(names);
      return [{ Effect: 'Allow', Action, Resource, ...(Condition === undefined ? {} : { Condition }) }];
    }),
  };
}

/**
 * What a role made by a deploy role may do at most: the managed policy `boundaryName` of the foundation, and the `permissionsBoundary` of
 * every role that a service stack makes. Without it, whoever may make roles and hand them to a container may do everything.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 */
export function boundaryDocument({ account, region }: AwsScope): PolicyDocument {
  const own = (service: string, resource: string) => `arn:aws:${service}:${region}:${account}:${resource}`;
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['secretsmanager:GetSecretValue', 'ssm:GetParameters'],
        Resource: [own('secretsmanager', 'secret:*'), own('ssm', 'parameter/*')],
      },
      {
        Effect: 'Allow',
        Action: ['s3:DeleteObject', 's3:GetObject', 's3:ListBucket', 's3:PutObject'],
        Resource: [`arn:aws:s3:::${project}-dev-*`, `arn:aws:s3:::${project}-prod-*`],
      },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: [own('logs', 'log-group:*')],
      },
    ],
  };
}
