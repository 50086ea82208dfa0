// What deploy roles may do with services on AWS: on App Runner, on ECS Express Mode, and with the roles their containers act as.
import { deployers } from '../grants.ts';
import { project } from '../names.ts';
import { anything, arn, both, iam, page, readsOfRoles } from './arns.ts';
import { boundaryName } from './boundary.ts';
import type { AwsConditions, AwsGrant, AwsNames } from './grant-list.ts';

const appRunner: readonly AwsGrant[] = [
  {
    for: [
      'aws:apprunner/service:Service',
      'aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion',
      'aws:apprunner/customDomainAssociation:CustomDomainAssociation',
      'aws:apprunner/vpcConnector:VpcConnector',
      'aws:apprunner/vpcIngressConnection:VpcIngressConnection',
    ],
    reads: [
      'apprunner:DescribeAutoScalingConfiguration',
      'apprunner:DescribeCustomDomains',
      'apprunner:DescribeService',
      'apprunner:DescribeVpcConnector',
      'apprunner:DescribeVpcIngressConnection',
      'apprunner:ListTagsForResource',
    ],
    writes: [
      'apprunner:AssociateCustomDomain',
      'apprunner:CreateAutoScalingConfiguration',
      'apprunner:CreateService',
      'apprunner:CreateVpcConnector',
      'apprunner:CreateVpcIngressConnection',
      'apprunner:DeleteAutoScalingConfiguration',
      'apprunner:DeleteService',
      'apprunner:DeleteVpcConnector',
      'apprunner:DeleteVpcIngressConnection',
      'apprunner:DisassociateCustomDomain',
      'apprunner:TagResource',
      'apprunner:UntagResource',
      'apprunner:UpdateService',
      'apprunner:UpdateVpcIngressConnection',
    ],
    writers: deployers,
    on: both(
      arn('apprunner', ({ service }) => `autoscalingconfiguration/${service}/*`),
      arn('apprunner', ({ service }) => `service/${service}/*`),
      arn('apprunner', ({ service }) => `vpcconnector/${service}/*`),
      arn('apprunner', ({ service }) => `vpcingressconnection/${service}/*`),
    ),
    source: page('awsapprunner'),
  },
  {
    for: ['prove'],
    reads: ['apprunner:ListOperations'],
    writes: [],
    writers: [],
    on: arn('apprunner', ({ service }) => `service/${service}/*`),
    source: page('awsapprunner'),
  },
  // What `doctor` asks first: an account without a service may be one that App Runner takes no more.
  {
    for: ['prove'],
    reads: ['apprunner:ListServices'],
    writes: [],
    writers: [],
    on: anything,
    source: page('awsapprunner'),
  },
];

const ecsExpress: readonly AwsGrant[] = [
  {
    for: ['aws:ecs/expressGatewayService:ExpressGatewayService'],
    reads: ['ecs:DescribeExpressGatewayService', 'ecs:DescribeServices', 'ecs:ListTagsForResource'],
    writes: [
      'ecs:CreateExpressGatewayService',
      'ecs:CreateService',
      'ecs:DeleteExpressGatewayService',
      'ecs:DeleteService',
      'ecs:TagResource',
      'ecs:UntagResource',
      'ecs:UpdateExpressGatewayService',
      'ecs:UpdateService',
    ],
    writers: deployers,
    on: arn('ecs', ({ service }) => `service/default/${service}`),
    source: page('amazonelasticcontainerservice'),
  },
  {
    for: ['aws:ecs/expressGatewayService:ExpressGatewayService'],
    reads: ['ecs:DescribeClusters'],
    writes: ['ecs:CreateCluster'],
    writers: deployers,
    on: arn('ecs', () => 'cluster/default'),
    source: page('amazonelasticcontainerservice'),
  },
  {
    for: ['aws:ecs/expressGatewayService:ExpressGatewayService'],
    reads: [],
    writes: ['ecs:RegisterTaskDefinition'],
    writers: deployers,
    on: arn('ecs', ({ service }) => `task-definition/default-${service}:*`),
    source: page('amazonelasticcontainerservice'),
  },
  {
    for: ['aws:ecs/expressGatewayService:ExpressGatewayService'],
    reads: ['ecs:DescribeTaskDefinition'],
    writes: [],
    writers: [],
    on: anything,
    source: page('amazonelasticcontainerservice'),
  },
  {
    for: ['prove'],
    reads: ['ecs:DescribeServiceDeployments', 'ecs:DescribeServiceRevisions', 'ecs:ListServiceDeployments'],
    writes: [],
    writers: [],
    on: both(
      arn('ecs', ({ service }) => `service/default/${service}`),
      arn('ecs', ({ service }) => `service-deployment/default/${service}/*`),
      arn('ecs', ({ service }) => `service-revision/default/${service}/*`),
    ),
    source: page('amazonelasticcontainerservice'),
  },
  {
    for: ['prove'],
    reads: ['ecs:DescribeTasks'],
    writes: [],
    writers: [],
    on: arn('ecs', () => 'task/default/*'),
    source: page('amazonelasticcontainerservice'),
  },
  {
    for: ['prove'],
    reads: ['ecs:ListTasks'],
    writes: [],
    writers: [],
    // Of container instances, which Fargate has none of: the cluster says which.
    on: anything,
    condition: ({ account }) => ({
      ArnEquals: { 'ecs:cluster': `arn:aws:ecs:*:${account}:cluster/default` },
    }),
    source: page('amazonelasticcontainerservice'),
  },
];

const bounded = ({ account, environment }: AwsNames): AwsConditions => ({
  StringEquals: { 'iam:PermissionsBoundary': `arn:aws:iam::${account}:policy/${boundaryName(environment)}` },
});

/** What the names of a service stack's roles end with, the infrastructure's left out. */
const boundedRoles = ['execution', 'instance', 'log-retention', 'task'];

/** Whoever may make roles and hand them out may do whatever the roles may: so each has the boundary, or one policy of AWS and no other. */
const roles: readonly AwsGrant[] = [
  {
    for: ['aws:iam/role:Role', 'aws:iam/rolePolicy:RolePolicy', 'aws:iam/rolePolicyAttachment:RolePolicyAttachment'],
    reads: readsOfRoles,
    writes: ['iam:DeleteRole', 'iam:TagRole', 'iam:UntagRole', 'iam:UpdateRole'],
    writers: deployers,
    on: iam(({ service }) => `role/${service}-*`),
    source: page('awsidentityandaccessmanagementiam'),
  },
  // Not of the one without a boundary: whoever decides who may be it could be it.
  {
    for: ['aws:iam/role:Role'],
    reads: [],
    writes: ['iam:UpdateAssumeRolePolicy'],
    writers: deployers,
    on: both(...boundedRoles.map((key) => iam(({ service }) => `role/${service}-${key}`))),
    source: page('awsidentityandaccessmanagementiam'),
  },
  {
    for: ['aws:iam/role:Role', 'aws:iam/rolePolicy:RolePolicy'],
    reads: [],
    writes: ['iam:CreateRole', 'iam:DeleteRolePolicy', 'iam:PutRolePermissionsBoundary', 'iam:PutRolePolicy'],
    writers: deployers,
    on: iam(({ service }) => `role/${service}-*`),
    condition: bounded,
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html',
  },
  // ECS's own rights over balancers and certificates are wider than the boundary.
  {
    for: ['aws:iam/role:Role'],
    reads: [],
    writes: ['iam:CreateRole'],
    writers: deployers,
    on: iam(({ service }) => `role/${service}-infrastructure`),
    source: page('awsidentityandaccessmanagementiam'),
  },
  {
    for: ['aws:iam/rolePolicyAttachment:RolePolicyAttachment'],
    reads: [],
    writes: ['iam:AttachRolePolicy', 'iam:DetachRolePolicy'],
    writers: deployers,
    on: iam(({ service }) => `role/${service}-infrastructure`),
    condition: () => ({ ArnEquals: { 'iam:PolicyARN': expressInfrastructurePolicy } }),
    source:
      'https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonECSInfrastructureRoleforExpressGatewayServices.html',
  },
  {
    for: [
      'aws:apprunner/service:Service',
      'aws:ecs/expressGatewayService:ExpressGatewayService',
      'aws:scheduler/schedule:Schedule',
    ],
    reads: [],
    writes: ['iam:PassRole'],
    writers: deployers,
    on: both(
      iam(() => `role/${project}-pull`),
      iam(({ service }) => `role/${service}-*`),
    ),
    condition: () => ({
      StringEquals: {
        'iam:PassedToService': [
          'build.apprunner.amazonaws.com',
          'ecs-tasks.amazonaws.com',
          'ecs.amazonaws.com',
          'scheduler.amazonaws.com',
          'tasks.apprunner.amazonaws.com',
        ],
      },
    }),
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html',
  },
];

/** AWS's own roles by the services they are of: whoever makes the first thing of its kind in an account makes the role too, or is refused. */
const serviceLinked: Readonly<Record<string, string>> = {
  'apprunner.amazonaws.com': 'AWSServiceRoleForAppRunner',
  'ecs.amazonaws.com': 'AWSServiceRoleForECS',
  'networking.apprunner.amazonaws.com': 'AWSServiceRoleForAppRunnerNetworking',
  'rds.amazonaws.com': 'AWSServiceRoleForRDS',
};

const linkedRoles: readonly AwsGrant[] = [
  {
    for: [
      'aws:apprunner/service:Service',
      'aws:apprunner/vpcConnector:VpcConnector',
      'aws:ecs/expressGatewayService:ExpressGatewayService',
      'aws:rds/instance:Instance',
    ],
    reads: [],
    writes: ['iam:CreateServiceLinkedRole'],
    writers: deployers,
    on: both(...Object.entries(serviceLinked).map(([of, role]) => iam(() => `role/aws-service-role/${of}/${role}`))),
    condition: () => ({ StringEquals: { 'iam:AWSServiceName': Object.keys(serviceLinked) } }),
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html',
  },
];

/** AWS's own, the only policy a deploy role may attach to anything. */
const expressInfrastructurePolicy =
  'arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRoleforExpressGatewayServices';

export const serviceGrants: readonly AwsGrant[] = [...appRunner, ...ecsExpress, ...roles, ...linkedRoles];
