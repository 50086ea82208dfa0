// Every action a deploy role on AWS may take, with what needs it.

import { deployers, type Grant } from '../grants.ts';
import { project } from '../names.ts';

export interface AwsScope {
  readonly account: string;
  readonly region: string;
  /** Where Pulumi keeps its state, if that is a bucket of this account. */
  readonly stateBucket?: string | undefined;
}

/** A scope and whose resources: `trireme-dev`. */
export interface AwsNames extends AwsScope {
  readonly service: string;
}

export interface AwsGrant extends Grant {
  /** ARNs, none when there is nothing to grant. `*` only for actions that take no resource. */
  readonly on: (names: AwsNames) => readonly string[];
  readonly condition?: (
    names: AwsNames,
  ) => Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

const pages = 'https://docs.aws.amazon.com/service-authorization/latest/reference';

const arn = (service: string, resource: (names: AwsNames) => string) => (names: AwsNames) => [
  `arn:aws:${service}:${names.region}:${names.account}:${resource(names)}`,
];
/** Roles, policies and providers have no region. */
const iam = (resource: (names: AwsNames) => string) => (names: AwsNames) => [
  `arn:aws:iam::${names.account}:${resource(names)}`,
];
const anything = () => ['*'];

/** No role that a deploy role makes can do more than this policy says, whatever is written into it: `boundary.ts`. */
export const boundaryName = `${project}-boundary`;
const bounded: AwsGrant['condition'] = ({ account }) => ({
  StringEquals: { 'iam:PermissionsBoundary': `arn:aws:iam::${account}:policy/${boundaryName}` },
});

const image = [
  {
    for: ['publish'],
    reads: ['ecr:GetAuthorizationToken'],
    writes: [],
    writers: [],
    on: anything,
    source: `${pages}/list_amazonelasticcontainerregistry.html`,
  },
  {
    for: ['publish'],
    reads: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:DescribeImages', 'ecr:GetDownloadUrlForLayer'],
    writes: ['ecr:CompleteLayerUpload', 'ecr:InitiateLayerUpload', 'ecr:PutImage', 'ecr:UploadLayerPart'],
    // Built and pushed once, before dev; prod runs what is there.
    writers: ['deploy-dev'],
    on: arn('ecr', () => `repository/${project}`),
    source: `${pages}/list_amazonelasticcontainerregistry.html`,
  },
] satisfies readonly AwsGrant[];

const appRunner = [
  {
    for: [
      'aws:apprunner/service:Service',
      'aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion',
    ],
    reads: ['apprunner:DescribeAutoScalingConfiguration', 'apprunner:DescribeService', 'apprunner:ListTagsForResource'],
    writes: [
      'apprunner:CreateAutoScalingConfiguration',
      'apprunner:CreateService',
      'apprunner:DeleteAutoScalingConfiguration',
      'apprunner:DeleteService',
      'apprunner:TagResource',
      'apprunner:UntagResource',
      'apprunner:UpdateService',
    ],
    writers: deployers,
    on: (names) => [
      ...arn('apprunner', ({ service }) => `autoscalingconfiguration/${service}/*`)(names),
      ...arn('apprunner', ({ service }) => `service/${service}/*`)(names),
    ],
    source: `${pages}/list_awsapprunner.html`,
  },
  {
    for: ['prove'],
    reads: ['apprunner:ListOperations'],
    writes: [],
    writers: [],
    on: arn('apprunner', ({ service }) => `service/${service}/*`),
    source: `${pages}/list_awsapprunner.html`,
  },
  // The first service of an account makes App Runner's own role: https://docs.aws.amazon.com/apprunner/latest/dg/using-service-linked-roles.html
  {
    for: ['aws:apprunner/service:Service'],
    reads: [],
    writes: ['iam:CreateServiceLinkedRole'],
    writers: deployers,
    on: iam(() => 'role/aws-service-role/apprunner.amazonaws.com/AWSServiceRoleForAppRunner'),
    condition: () => ({ StringEquals: { 'iam:AWSServiceName': 'apprunner.amazonaws.com' } }),
    source: `${pages}/list_awsidentityandaccessmanagementiam.html`,
  },
] satisfies readonly AwsGrant[];

const roles = [
  {
    for: ['aws:iam/role:Role', 'aws:iam/rolePolicy:RolePolicy'],
    reads: [
      'iam:GetRole',
      'iam:GetRolePolicy',
      'iam:ListAttachedRolePolicies',
      'iam:ListInstanceProfilesForRole',
      'iam:ListRolePolicies',
      'iam:ListRoleTags',
    ],
    writes: ['iam:DeleteRole', 'iam:TagRole', 'iam:UntagRole', 'iam:UpdateAssumeRolePolicy', 'iam:UpdateRole'],
    writers: deployers,
    on: iam(({ service }) => `role/${service}-*`),
    source: `${pages}/list_awsidentityandaccessmanagementiam.html`,
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
  {
    for: ['aws:apprunner/service:Service'],
    reads: [],
    writes: ['iam:PassRole'],
    writers: deployers,
    on: (names) => [...iam(() => `role/${project}-pull`)(names), ...iam(({ service }) => `role/${service}-*`)(names)],
    condition: () => ({
      StringEquals: { 'iam:PassedToService': ['build.apprunner.amazonaws.com', 'tasks.apprunner.amazonaws.com'] },
    }),
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html',
  },
] satisfies readonly AwsGrant[];

/** Made and changed by people; `plan` sees whether somebody else did. */
const foundation = [
  {
    for: ['aws:ecr/repository:Repository', 'aws:ecr/lifecyclePolicy:LifecyclePolicy'],
    reads: ['ecr:DescribeRepositories', 'ecr:GetLifecyclePolicy', 'ecr:ListTagsForResource'],
    readers: ['plan'],
    writes: [],
    writers: [],
    on: arn('ecr', () => `repository/${project}`),
    source: `${pages}/list_amazonelasticcontainerregistry.html`,
  },
  {
    for: ['aws:iam/role:Role', 'aws:iam/rolePolicy:RolePolicy', 'aws:iam/rolePolicyAttachment:RolePolicyAttachment'],
    reads: [
      'iam:GetRole',
      'iam:GetRolePolicy',
      'iam:ListAttachedRolePolicies',
      'iam:ListInstanceProfilesForRole',
      'iam:ListRolePolicies',
      'iam:ListRoleTags',
    ],
    readers: ['plan'],
    writes: [],
    writers: [],
    on: iam(() => `role/${project}-*`),
    source: `${pages}/list_awsidentityandaccessmanagementiam.html`,
  },
] satisfies readonly AwsGrant[];

const observation = [
  {
    for: ['traffic'],
    reads: ['cloudwatch:GetMetricData'],
    writes: [],
    writers: [],
    on: anything,
    source: `${pages}/list_amazoncloudwatch.html`,
  },
  {
    for: ['logs'],
    reads: ['logs:FilterLogEvents'],
    writes: [],
    writers: [],
    on: arn('logs', ({ service }) => `log-group:/aws/apprunner/${service}/*`),
    source: `${pages}/list_amazoncloudwatchlogs.html`,
  },
] satisfies readonly AwsGrant[];

/** Pulumi's own backend: https://www.pulumi.com/docs/iac/concepts/state-and-backends/#aws-s3 */
const state = [
  {
    for: ['state'],
    reads: ['s3:ListBucket'],
    writes: [],
    writers: [],
    on: ({ stateBucket }) => (stateBucket === undefined ? [] : [`arn:aws:s3:::${stateBucket}`]),
    source: `${pages}/list_amazons3.html`,
  },
  {
    for: ['state'],
    reads: ['s3:GetObject'],
    writes: ['s3:DeleteObject', 's3:PutObject'],
    writers: deployers,
    on: ({ stateBucket }) => (stateBucket === undefined ? [] : [`arn:aws:s3:::${stateBucket}/*`]),
    source: `${pages}/list_amazons3.html`,
  },
] satisfies readonly AwsGrant[];

export const grants: readonly AwsGrant[] = [...image, ...appRunner, ...roles, ...foundation, ...observation, ...state];
