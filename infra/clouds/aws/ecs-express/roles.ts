// The three roles of an ECS Express Mode service: who starts its tasks, who keeps its balancer, and what its container may do.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-ecs-iam-role-overview.html
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { RolePolicyAttachment } from '@pulumi/aws/iam/rolePolicyAttachment.js';
import { type ComponentResource, type Input, interpolate, jsonStringify } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../../../contract/service.ts';
import { serviceName } from '../../names.ts';
import { permissionsBoundaryOf } from '../from-foundation.ts';

export interface Roles {
  /** Pulls the image, reads the secrets, writes the logs; the container itself never is this role. */
  readonly execution: Role;
  /** Makes and deletes balancer, target groups, alarms and scaling. */
  readonly infrastructure: Role;
  /** What the running container may do in the account: nothing, until it has an object store. */
  readonly task: Role;
  readonly policies: readonly (RolePolicy | RolePolicyAttachment)[];
}

export interface RoleNeeds {
  /** ARN of the group the container's output goes to. */
  readonly logGroupArn: Input<string>;
  /** ARNs by the variables that hold them. */
  readonly secrets: Readonly<Record<string, Input<string>>>;
  readonly tags: Record<string, string>;
}

export function createRoles(parent: ComponentResource, args: PredictionServiceArgs, needs: RoleNeeds): Roles {
  const name = serviceName(args.stack);
  const role = (key: string, trusted: string) =>
    new Role(
      `${key}-role`,
      {
        name: `${name}-${key}`,
        assumeRolePolicy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Principal: { Service: trusted }, Action: 'sts:AssumeRole' }],
        }),
        // ECS's own policy is wider than the boundary; who deploys may attach that one and no other.
        ...(key === 'infrastructure' ? {} : { permissionsBoundary: permissionsBoundaryOf(args) }),
        tags: needs.tags,
      },
      { parent },
    );
  const execution = role('execution', 'ecs-tasks.amazonaws.com');
  const infrastructure = role('infrastructure', 'ecs.amazonaws.com');
  const start = new RolePolicy(
    'start-tasks',
    {
      // Named: a name drawn anew in each preview would make each plan another one.
      name: 'start-tasks',
      role: execution.id,
      policy: jsonStringify({ Version: '2012-10-17', Statement: executionStatements(args, needs) }),
    },
    { parent },
  );
  const manage = new RolePolicyAttachment(
    'manage-infrastructure',
    {
      role: infrastructure.name,
      policyArn: 'arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRoleforExpressGatewayServices',
    },
    { parent },
  );
  const task = role('task', 'ecs-tasks.amazonaws.com');
  return { execution, infrastructure, task, policies: [start, manage] };
}

/** Of the repository, never of the image: another release changes no role. */
function executionStatements({ release }: PredictionServiceArgs, { logGroupArn, secrets }: RoleNeeds) {
  const Resource = Object.values(secrets);
  return [
    // It takes no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
    { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' },
    {
      Effect: 'Allow',
      Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
      Resource: repositoryArn(release.imageRef),
    },
    {
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: interpolate`${logGroupArn}:*`,
    },
    ...(Resource.length === 0
      ? []
      : [{ Effect: 'Allow', Action: ['secretsmanager:GetSecretValue', 'ssm:GetParameters'], Resource }]),
  ];
}

/** `<account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:…` */
function repositoryArn(imageRef: string): string {
  const { account, region, repository } =
    /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com\/(?<repository>[^@:]+)[@:]/.exec(imageRef)
      ?.groups ?? {};
  if (account === undefined || region === undefined || repository === undefined) {
    throw new TypeError(`expected an image in Amazon ECR; found ${imageRef}`);
  }
  return `arn:aws:ecr:${region}:${account}:repository/${repository}`;
}
