// What each identity on AWS shall be able to do to another environment, to itself and to what all share.
import { accounts } from '../../../emulator/world.ts';
import type { AwsAsk } from './aws-judge.ts';
import { always, never, type Row, whereShared } from './row.ts';

const home = accounts.aws.accountId;
const iam = (account: string, rest: string) => `arn:aws:iam::${account}:${rest}`;
const deployProd = (prod: string) => iam(prod, 'role/trireme-deploy-prod');
const state = (name: string): Pick<AwsAsk, 'on' | 'account'> => ({
  on: `arn:aws:s3:::trireme-state-${home}/.pulumi/${name}`,
  account: home,
});
const stateBucket = { on: `arn:aws:s3:::trireme-state-${home}`, account: home };
const registry = `arn:aws:ecr:eu-west-1:${home}:repository/trireme`;
const boundary = (environment: string) => ({
  'iam:PermissionsBoundary': iam(home, `policy/trireme-${environment}-boundary`),
});
const admin = { 'iam:PolicyARN': 'arn:aws:iam::aws:policy/AdministratorAccess' };
const secret = (account: string, name: string) => `arn:aws:secretsmanager:eu-west-1:${account}:secret:${name}`;

/** Becoming another. */
const identities: readonly Row<AwsAsk>[] = [
  never('deploy-dev', 'assume deploy-prod', (prod) => ({ action: 'sts:AssumeRole', on: deployProd(prod) })),
  never('deploy-dev', 'edit the trust of deploy-prod', (prod) => ({
    action: 'iam:UpdateAssumeRolePolicy',
    on: deployProd(prod),
  })),
  never('deploy-dev', 'write a policy into deploy-prod', (prod) => ({
    action: 'iam:PutRolePolicy',
    on: deployProd(prod),
    with: boundary('dev'),
  })),
  never('deploy-dev', 'attach a policy to deploy-prod', (prod) => ({
    action: 'iam:AttachRolePolicy',
    on: deployProd(prod),
    with: admin,
  })),
  never('deploy-dev', 'pass deploy-prod to a container', (prod) => ({
    action: 'iam:PassRole',
    on: deployProd(prod),
    with: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
  })),
  never('deploy-dev', 'delete deploy-prod', (prod) => ({ action: 'iam:DeleteRole', on: deployProd(prod) })),
  never('deploy-dev', 'edit its own trust', () => ({
    action: 'iam:UpdateAssumeRolePolicy',
    on: iam(home, 'role/trireme-deploy-dev'),
  })),
  never('deploy-dev', 'write a policy into itself', () => ({
    action: 'iam:PutRolePolicy',
    on: iam(home, 'role/trireme-deploy-dev'),
    with: boundary('dev'),
  })),
  never('deploy-dev', 'rewrite its own state policy', () => ({
    action: 'iam:CreatePolicyVersion',
    on: iam(home, 'policy/trireme-deploy-dev-state'),
  })),
  never('deploy-dev', 'add an audience to the trust in GitHub', (prod) => ({
    action: 'iam:AddClientIDToOpenIDConnectProvider',
    on: iam(prod, 'oidc-provider/token.actions.githubusercontent.com'),
  })),
  never('plan', 'pass deploy-prod to a container', (prod) => ({
    action: 'iam:PassRole',
    on: deployProd(prod),
    with: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
  })),
];

/** Making a role that may do more than its maker. */
const roles: readonly Row<AwsAsk>[] = [
  always('deploy-dev', 'make a role with the boundary of dev', () => ({
    action: 'iam:CreateRole',
    on: iam(home, 'role/trireme-dev-task'),
    with: boundary('dev'),
  })),
  never('deploy-dev', 'make a role without a boundary', () => ({
    action: 'iam:CreateRole',
    on: iam(home, 'role/trireme-dev-task'),
  })),
  never('deploy-dev', 'make a role with the boundary of prod', () => ({
    action: 'iam:CreateRole',
    on: iam(home, 'role/trireme-dev-task'),
    with: boundary('prod'),
  })),
  never('deploy-dev', 'take the boundary off a role', () => ({
    action: 'iam:DeleteRolePermissionsBoundary',
    on: iam(home, 'role/trireme-dev-task'),
  })),
  never('deploy-dev', 'rewrite the boundary', () => ({
    action: 'iam:CreatePolicyVersion',
    on: iam(home, 'policy/trireme-dev-boundary'),
  })),
  never('deploy-dev', 'attach AdministratorAccess to its own role', () => ({
    action: 'iam:AttachRolePolicy',
    on: iam(home, 'role/trireme-dev-infrastructure'),
    with: admin,
  })),
  never('deploy-dev', 'make a role of prod', (prod) => ({
    action: 'iam:CreateRole',
    on: iam(prod, 'role/trireme-prod-task'),
    with: boundary('dev'),
  })),
  never('deploy-dev', 'pass a role of prod', (prod) => ({
    action: 'iam:PassRole',
    on: iam(prod, 'role/trireme-prod-task'),
    with: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
  })),
  never('container-dev', 'assume a role', (prod) => ({ action: 'sts:AssumeRole', on: deployProd(prod) })),
];

const secrets: readonly Row<AwsAsk>[] = [
  never('deploy-dev', 'read the database address of prod', (prod) => ({
    action: 'secretsmanager:GetSecretValue',
    on: secret(prod, 'trireme-prod/database-url-a1b2c3'),
  })),
  never('deploy-dev', 'write the database address of prod', (prod) => ({
    action: 'secretsmanager:PutSecretValue',
    on: secret(prod, 'trireme-prod/database-url-a1b2c3'),
  })),
  never('container-dev', 'read the database address of prod', () => ({
    action: 'secretsmanager:GetSecretValue',
    on: secret(home, 'trireme-prod/database-url-a1b2c3'),
  })),
  never('container-dev', 'read a secret whose name is of prod', () => ({
    action: 'secretsmanager:GetSecretValue',
    on: secret(home, 'trireme-prod-api-key-a1b2c3'),
  })),
  never('container-dev', 'read a secret whose tag is of prod', () => ({
    action: 'secretsmanager:GetSecretValue',
    on: secret(home, 'api-key-a1b2c3'),
    with: { 'aws:ResourceTag/environment': 'prod' },
  })),
  never('container-dev', 'read a parameter whose name is of prod', () => ({
    action: 'ssm:GetParameters',
    on: `arn:aws:ssm:eu-west-1:${home}:parameter/trireme-prod/api-key`,
  })),
  always('container-dev', 'read a secret of nobody’s', () => ({
    action: 'secretsmanager:GetSecretValue',
    on: secret(home, 'api-key-a1b2c3'),
  })),
];

const states: readonly Row<AwsAsk>[] = [
  always('deploy-dev', 'write its own state', () => ({
    action: 's3:PutObject',
    ...state('stacks/trireme/aws-dev.json'),
  })),
  always('deploy-prod', 'write its own state', () => ({
    action: 's3:PutObject',
    ...state('stacks/trireme/aws-prod.json'),
  })),
  always('deploy-dev', 'lock its own stack', () => ({
    action: 's3:PutObject',
    ...state('locks/organization/trireme/gcp-dev/1.json'),
  })),
  always('deploy-dev', 'read what the foundation gives', () => ({
    action: 's3:GetObject',
    ...state('stacks/trireme/aws-foundation.json'),
  })),
  always('plan', 'read the state of prod', () => ({
    action: 's3:GetObject',
    ...state('stacks/trireme/aws-prod.json'),
  })),
  never('deploy-dev', 'write the state of prod', () => ({
    action: 's3:PutObject',
    ...state('stacks/trireme/aws-prod.json'),
  })),
  never('deploy-dev', 'read the state of prod', () => ({
    action: 's3:GetObject',
    ...state('stacks/trireme/aws-prod.json'),
  })),
  never('deploy-dev', 'read an earlier state of prod', () => ({
    action: 's3:GetObject',
    ...state('history/trireme/aws-prod/1.checkpoint.json'),
  })),
  never('deploy-dev', 'lock a stack of prod', () => ({
    action: 's3:PutObject',
    ...state('locks/organization/trireme/aws-prod/1.json'),
  })),
  never('deploy-dev', 'lock a stack of prod by a name within', () => ({
    action: 's3:PutObject',
    ...state('locks/organization/trireme/aws-prod/aws-dev/1.json'),
  })),
  never('deploy-dev', 'take a lock of prod away', () => ({
    action: 's3:DeleteObject',
    ...state('locks/organization/trireme/aws-prod/1.json'),
  })),
  never('deploy-dev', 'write what the foundation gives', () => ({
    action: 's3:PutObject',
    ...state('stacks/trireme/aws-foundation.json'),
  })),
  never('deploy-prod', 'write what the foundation gives', () => ({
    action: 's3:PutObject',
    ...state('stacks/trireme/aws-foundation.json'),
  })),
  never('deploy-prod', 'write the state of dev', () => ({
    action: 's3:PutObject',
    ...state('stacks/trireme/aws-dev.json'),
  })),
  never('plan', 'write the state of prod', () => ({
    action: 's3:PutObject',
    ...state('stacks/trireme/aws-prod.json'),
  })),
  never('deploy-dev', 'open the bucket', () => ({ action: 's3:PutBucketPolicy', ...stateBucket })),
  never('deploy-dev', 'forget an earlier version', () => ({
    action: 's3:DeleteObjectVersion',
    ...state('stacks/trireme/aws-dev.json'),
  })),
];

const shared: readonly Row<AwsAsk>[] = [
  always('deploy-dev', 'push an image', () => ({ action: 'ecr:PutImage', on: registry })),
  always('deploy-prod', 'read an image', () => ({ action: 'ecr:BatchGetImage', on: registry })),
  never('deploy-prod', 'push an image', () => ({ action: 'ecr:PutImage', on: registry })),
  never('deploy-dev', 'delete an image', () => ({ action: 'ecr:BatchDeleteImage', on: registry })),
  never('deploy-dev', 'let tags be overwritten', () => ({ action: 'ecr:PutImageTagMutability', on: registry })),
  never('deploy-dev', 'let images expire', () => ({ action: 'ecr:PutLifecyclePolicy', on: registry })),
  never('deploy-dev', 'open the registry', () => ({ action: 'ecr:SetRepositoryPolicy', on: registry })),
  always('deploy-dev', 'update its service', () => ({
    action: 'apprunner:UpdateService',
    on: `arn:aws:apprunner:eu-west-1:${home}:service/trireme-dev/1`,
  })),
  never('deploy-dev', 'update the service of prod', (prod) => ({
    action: 'apprunner:UpdateService',
    on: `arn:aws:apprunner:eu-west-1:${prod}:service/trireme-prod/1`,
  })),
  never('deploy-dev', 'read the object store of prod', (prod) => ({
    action: 's3:GetObject',
    on: `arn:aws:s3:::trireme-prod-${prod}/x`,
    account: prod,
  })),
  whereShared('deploy-dev', 'delete the uptime check of prod', (prod) => ({
    action: 'route53:DeleteHealthCheck',
    on: 'arn:aws:route53:::healthcheck/1',
    account: prod,
  })),
];

export const awsRows = [...identities, ...roles, ...secrets, ...states, ...shared];
