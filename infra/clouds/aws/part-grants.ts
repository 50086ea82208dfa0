// What deploy roles may do with the parts a stack file on AWS may ask for: alarms, logs, database, object store, networks.
import { deployers } from '../grants.ts';
import { anything, arn, page, readsOfBuckets, tagged } from './arns.ts';
import { logGroupOf } from './ecs-express/runtime.ts';
import type { AwsGrant } from './grant-list.ts';

const watching: readonly AwsGrant[] = [
  {
    for: ['traffic'],
    reads: ['cloudwatch:GetMetricData'],
    writes: [],
    writers: [],
    // On a data set only where metrics are of OpenTelemetry's.
    on: anything,
    source: page('amazoncloudwatch'),
  },
  {
    for: ['aws:cloudwatch/metricAlarm:MetricAlarm'],
    reads: ['cloudwatch:DescribeAlarms', 'cloudwatch:ListTagsForResource'],
    writes: [
      'cloudwatch:DeleteAlarms',
      'cloudwatch:PutMetricAlarm',
      'cloudwatch:TagResource',
      'cloudwatch:UntagResource',
    ],
    writers: deployers,
    // Those of uptime checks are in us-east-1.
    on: arn('cloudwatch', ({ service }) => `alarm:${service}-*`),
    source: page('amazoncloudwatch'),
  },
  {
    for: ['aws:cloudwatch/dashboard:Dashboard'],
    reads: ['cloudwatch:GetDashboard'],
    writes: ['cloudwatch:DeleteDashboards', 'cloudwatch:PutDashboard'],
    writers: deployers,
    on: ({ account, service }) => [`arn:aws:cloudwatch::${account}:dashboard/${service}`],
    source: page('amazoncloudwatch'),
  },
  {
    for: ['aws:route53/healthCheck:HealthCheck'],
    reads: ['route53:GetHealthCheck', 'route53:ListTagsForResource'],
    writes: ['route53:ChangeTagsForResource', 'route53:DeleteHealthCheck', 'route53:UpdateHealthCheck'],
    writers: deployers,
    // Named by AWS, and their tags are no condition there.
    on: () => ['arn:aws:route53:::healthcheck/*'],
    source: page('amazonroute53'),
  },
  {
    for: ['aws:route53/healthCheck:HealthCheck'],
    reads: [],
    writes: ['route53:CreateHealthCheck'],
    writers: deployers,
    on: anything,
    source: page('amazonroute53'),
  },
];

const logs: readonly AwsGrant[] = [
  {
    for: ['logs'],
    reads: ['logs:FilterLogEvents'],
    writes: [],
    writers: [],
    on: (names) => [
      ...arn('logs', ({ service }) => `log-group:/aws/apprunner/${service}/*`)(names),
      ...arn('logs', ({ service }) => `log-group:${logGroupOf(service)}*`)(names),
    ],
    source: page('amazoncloudwatchlogs'),
  },
  {
    for: ['aws:scheduler/schedule:Schedule'],
    reads: ['scheduler:GetSchedule'],
    writes: ['scheduler:CreateSchedule', 'scheduler:DeleteSchedule', 'scheduler:UpdateSchedule'],
    writers: deployers,
    on: arn('scheduler', ({ service }) => `schedule/default/${service}-*`),
    source: page('amazoneventbridgescheduler'),
  },
  {
    for: ['aws:cloudwatch/logGroup:LogGroup', 'aws:cloudwatch/logMetricFilter:LogMetricFilter'],
    reads: ['logs:DescribeMetricFilters', 'logs:ListTagsForResource'],
    writes: [
      'logs:CreateLogGroup',
      'logs:DeleteLogGroup',
      'logs:DeleteMetricFilter',
      'logs:DeleteRetentionPolicy',
      'logs:PutMetricFilter',
      'logs:PutRetentionPolicy',
      'logs:TagResource',
      'logs:UntagResource',
    ],
    writers: deployers,
    on: arn('logs', ({ service }) => `log-group:${logGroupOf(service)}*`),
    source: page('amazoncloudwatchlogs'),
  },
  {
    for: ['aws:cloudwatch/logGroup:LogGroup'],
    reads: ['logs:DescribeLogGroups'],
    writes: [],
    writers: [],
    on: anything,
    source: page('amazoncloudwatchlogs'),
  },
];

const storage: readonly AwsGrant[] = [
  {
    for: [
      'aws:s3/bucket:Bucket',
      'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration',
      'aws:s3/bucketPolicy:BucketPolicy',
      'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock',
      'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration',
      'aws:s3/bucketVersioning:BucketVersioning',
    ],
    reads: readsOfBuckets,
    writes: [
      's3:CreateBucket',
      's3:DeleteBucket',
      's3:DeleteBucketPolicy',
      's3:PutBucketPolicy',
      's3:PutBucketPublicAccessBlock',
      's3:PutBucketTagging',
      's3:PutBucketVersioning',
      's3:PutEncryptionConfiguration',
      's3:PutLifecycleConfiguration',
    ],
    writers: deployers,
    on: ({ account, service }) => [`arn:aws:s3:::${service}-${account}`],
    source: page('amazons3'),
  },
  // A bucket that is not protected goes with what is in it.
  {
    for: ['aws:s3/bucket:Bucket'],
    reads: ['s3:ListBucketVersions'],
    writes: [],
    writers: [],
    on: ({ account, service }) => [`arn:aws:s3:::${service}-${account}`],
    source: page('amazons3'),
  },
  {
    for: ['aws:s3/bucket:Bucket'],
    reads: [],
    writes: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
    writers: ['deploy-dev'],
    on: ({ account, service }) => [`arn:aws:s3:::${service}-${account}/*`],
    source: page('amazons3'),
  },
];

const database: readonly AwsGrant[] = [
  {
    for: ['aws:rds/instance:Instance', 'aws:rds/subnetGroup:SubnetGroup'],
    reads: ['rds:DescribeDBInstances', 'rds:DescribeDBSubnetGroups', 'rds:ListTagsForResource'],
    writes: [
      'rds:AddTagsToResource',
      'rds:CreateDBInstance',
      'rds:CreateDBSnapshot',
      'rds:CreateDBSubnetGroup',
      'rds:DeleteDBInstance',
      'rds:DeleteDBSubnetGroup',
      'rds:ModifyDBInstance',
      'rds:ModifyDBSubnetGroup',
      'rds:RemoveTagsFromResource',
    ],
    writers: deployers,
    on: (names) =>
      ['db', 'snapshot', 'subgrp', 'og', 'pg'].flatMap((kind) =>
        arn('rds', ({ service }) => `${kind}:${/^[op]g$/.test(kind) ? 'default*' : `${service}*`}`)(names),
      ),
    source: page('amazonrds'),
  },
  {
    for: ['aws:secretsmanager/secret:Secret', 'aws:secretsmanager/secretVersion:SecretVersion'],
    reads: [
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetResourcePolicy',
      // Of the database's address, of nothing else: a refresh compares it, and Pulumi's state holds it anyway.
      'secretsmanager:GetSecretValue',
    ],
    writes: [
      'secretsmanager:CreateSecret',
      'secretsmanager:DeleteSecret',
      'secretsmanager:PutSecretValue',
      'secretsmanager:TagResource',
      'secretsmanager:UntagResource',
      'secretsmanager:UpdateSecret',
      'secretsmanager:UpdateSecretVersionStage',
    ],
    writers: deployers,
    on: arn('secretsmanager', ({ service }) => `secret:${service}/*`),
    source: page('awssecretsmanager'),
  },
];

const network: readonly AwsGrant[] = [
  {
    for: ['aws:ec2/securityGroup:SecurityGroup', 'aws:ec2/vpcEndpoint:VpcEndpoint'],
    reads: [
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribePrefixLists',
      'ec2:DescribeSecurityGroupRules',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeVpcEndpoints',
    ],
    writes: [],
    writers: deployers,
    on: anything,
    source: page('amazonec2'),
  },
  // The network is there already; what is made in it carries the stack's tags from its first moment.
  {
    for: ['aws:ec2/securityGroup:SecurityGroup', 'aws:ec2/vpcEndpoint:VpcEndpoint'],
    reads: [],
    writes: ['ec2:CreateSecurityGroup', 'ec2:CreateVpcEndpoint'],
    writers: deployers,
    on: (names) => ['subnet', 'vpc'].flatMap((kind) => arn('ec2', () => `${kind}/*`)(names)),
    source: page('amazonec2'),
  },
  {
    for: ['aws:ec2/securityGroup:SecurityGroup', 'aws:ec2/vpcEndpoint:VpcEndpoint'],
    reads: [],
    writes: ['ec2:CreateSecurityGroup', 'ec2:CreateVpcEndpoint'],
    writers: deployers,
    on: (names) => ['security-group', 'vpc-endpoint'].flatMap((kind) => arn('ec2', () => `${kind}/*`)(names)),
    source: page('amazonec2'),
  },
  {
    for: ['aws:ec2/securityGroup:SecurityGroup', 'aws:ec2/vpcEndpoint:VpcEndpoint'],
    reads: [],
    writes: ['ec2:CreateTags'],
    writers: deployers,
    on: (names) => ['security-group', 'vpc-endpoint'].flatMap((kind) => arn('ec2', () => `${kind}/*`)(names)),
    condition: () => ({ StringEquals: { 'ec2:CreateAction': ['CreateSecurityGroup', 'CreateVpcEndpoint'] } }),
    source: 'https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html',
  },
  {
    for: ['aws:ec2/securityGroup:SecurityGroup', 'aws:ec2/vpcEndpoint:VpcEndpoint'],
    reads: [],
    writes: [
      'ec2:AuthorizeSecurityGroupEgress',
      'ec2:AuthorizeSecurityGroupIngress',
      'ec2:DeleteSecurityGroup',
      'ec2:DeleteVpcEndpoints',
      'ec2:ModifyVpcEndpoint',
      'ec2:RevokeSecurityGroupEgress',
      'ec2:RevokeSecurityGroupIngress',
    ],
    writers: deployers,
    on: (names) => ['security-group', 'vpc-endpoint'].flatMap((kind) => arn('ec2', () => `${kind}/*`)(names)),
    condition: tagged,
    source: page('amazonec2'),
  },
];

const account: readonly AwsGrant[] = [
  {
    for: ['aws:index/getCallerIdentity:getCallerIdentity'],
    reads: ['sts:GetCallerIdentity'],
    writes: [],
    writers: [],
    on: anything,
    source: page('awssecuritytokenservice'),
  },
];

export const partGrants: readonly AwsGrant[] = [...watching, ...logs, ...storage, ...database, ...network, ...account];
