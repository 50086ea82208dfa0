// How the inputs of Pulumi's `aws` resources become the requests with which AWS makes them.
import { isList, isRecord, type Properties, type Property } from '../../emulator/engine/property.ts';
import { dropped, type Requests, renamed } from './translation.ts';

type Names = Readonly<Record<string, string>>;

/** Most APIs of AWS spell members in Pascal case; inside a user's own map keys stay. `tags` are written with their own shape. */
function pascal(inputs: Properties, names: Names = {}, drop: readonly string[] = []): Properties {
  return renamed(dropped(inputs, ['tags', 'tagsAll', 'region', ...drop]), (key) => names[key] ?? upper(key));
}

/** ECS, ECR and Logs spell them in camel case. */
function camel(inputs: Properties, names: Names = {}, drop: readonly string[] = []): Properties {
  return renamed(dropped(inputs, ['tags', 'tagsAll', 'region', ...drop]), (key) => names[key] ?? key);
}

const upper = (key: string) => `${key.charAt(0).toUpperCase()}${key.slice(1)}`;
const first = (value: Property | undefined) => (isList(value) ? value[0] : value);
const pairs = (value: Property | undefined): Property[] =>
  Object.entries(isRecord(value) ? value : {}).map(([Name, Value]): Properties => ({ Name, Value }));

/** `metric` of a query has period and statistic inside; the API has them around. */
function metricQuery(query: Property): Property {
  if (!isRecord(query)) return query;
  const { metric, ...rest } = query;
  if (!isRecord(metric)) return pascal(rest);
  const { period, stat, unit, dimensions, ...of } = metric;
  return {
    ...pascal(rest),
    MetricStat: {
      Metric: { ...pascal(of), ...(dimensions === undefined ? {} : { Dimensions: pairs(dimensions) }) },
      ...pascal({ period: period ?? null, stat: stat ?? null, unit: unit ?? null }),
    },
  };
}

function alarm({ dimensions, metricQueries, ...rest }: Properties): Properties {
  return {
    ...pascal(rest, {
      name: 'AlarmName',
      okActions: 'OKActions',
      evaluateLowSampleCountPercentiles: 'EvaluateLowSampleCountPercentile',
    }),
    ...(dimensions === undefined ? {} : { Dimensions: pairs(dimensions) }),
    ...(isList(metricQueries) ? { Metrics: metricQueries.map(metricQuery) } : {}),
  };
}

/** The provider takes the default value as text. */
function transformation(asked: Property = {}): Property {
  if (!isRecord(asked)) return asked;
  const { defaultValue, ...rest } = asked;
  return {
    ...camel(rest, { name: 'metricName', namespace: 'metricNamespace', value: 'metricValue' }),
    ...(defaultValue === undefined ? {} : { defaultValue: Number(defaultValue) }),
  };
}

const database: Names = {
  identifier: 'DBInstanceIdentifier',
  instanceClass: 'DBInstanceClass',
  dbName: 'DBName',
  username: 'MasterUsername',
  password: 'MasterUserPassword',
  dbSubnetGroupName: 'DBSubnetGroupName',
  multiAz: 'MultiAZ',
  caCertIdentifier: 'CACertificateIdentifier',
  enabledCloudwatchLogsExports: 'EnableCloudwatchLogsExports',
  performanceInsightsEnabled: 'EnablePerformanceInsights',
  iamDatabaseAuthenticationEnabled: 'EnableIAMDatabaseAuthentication',
  parameterGroupName: 'DBParameterGroupName',
};
/** Said at deletion or at a change, not at creation. */
const laterOfDatabase = ['skipFinalSnapshot', 'finalSnapshotIdentifier', 'applyImmediately', 'deleteAutomatedBackups'];

const s3: Names = { id: 'ID', sseAlgorithm: 'SSEAlgorithm', kmsMasterKeyId: 'KMSMasterKeyID' };

export const awsRequests: Requests = {
  'aws:apprunner/vpcConnector:VpcConnector': (one) => [['aws-apprunner', 'CreateVpcConnector', pascal(one)]],
  'aws:apprunner/vpcIngressConnection:VpcIngressConnection': (one) => [
    ['aws-apprunner', 'CreateVpcIngressConnection', pascal(one, { name: 'VpcIngressConnectionName' })],
  ],
  'aws:apprunner/customDomainAssociation:CustomDomainAssociation': (one) => [
    ['aws-apprunner', 'AssociateCustomDomain', pascal(one, { enableWwwSubdomain: 'EnableWWWSubdomain' })],
  ],
  'aws:cloudwatch/dashboard:Dashboard': (one) => [['aws-cloudwatch', 'PutDashboard', pascal(one)]],
  'aws:cloudwatch/metricAlarm:MetricAlarm': (one) => [['aws-cloudwatch', 'PutMetricAlarm', alarm(one)]],
  'aws:cloudwatch/logGroup:LogGroup': ({ name = '', retentionInDays, ...rest }) => [
    ['aws-logs', 'CreateLogGroup', { logGroupName: name, ...camel(rest, {}, ['skipDestroy', 'namePrefix']) }],
    ...(retentionInDays === undefined
      ? []
      : ([['aws-logs', 'PutRetentionPolicy', { logGroupName: name, retentionInDays }]] as const)),
  ],
  'aws:cloudwatch/logMetricFilter:LogMetricFilter': ({
    name = '',
    pattern = '',
    logGroupName = '',
    metricTransformation,
  }) => [
    [
      'aws-logs',
      'PutMetricFilter',
      {
        filterName: name,
        filterPattern: pattern,
        logGroupName,
        metricTransformations: [transformation(metricTransformation)],
      },
    ],
  ],
  'aws:ecr/repository:Repository': ({ encryptionConfigurations, ...rest }) => [
    [
      'aws-ecr',
      'CreateRepository',
      {
        ...camel(rest, { name: 'repositoryName' }, ['forceDelete']),
        ...(encryptionConfigurations === undefined
          ? {}
          : { encryptionConfiguration: first(encryptionConfigurations) ?? {} }),
      },
    ],
  ],
  'aws:ecr/lifecyclePolicy:LifecyclePolicy': (one) => [
    ['aws-ecr', 'PutLifecyclePolicy', camel(one, { repository: 'repositoryName', policy: 'lifecyclePolicyText' })],
  ],
  'aws:ecr/repositoryPolicy:RepositoryPolicy': (one) => [
    ['aws-ecr', 'SetRepositoryPolicy', camel(one, { repository: 'repositoryName', policy: 'policyText' })],
  ],
  'aws:iam/role:Role': (one) => [
    [
      'aws-iam',
      'CreateRole',
      pascal(one, { name: 'RoleName', assumeRolePolicy: 'AssumeRolePolicyDocument' }, ['forceDetachPolicies']),
    ],
  ],
  'aws:iam/policy:Policy': (one) => [
    ['aws-iam', 'CreatePolicy', pascal(one, { name: 'PolicyName', policy: 'PolicyDocument' })],
  ],
  'aws:iam/rolePolicy:RolePolicy': (one) => [
    ['aws-iam', 'PutRolePolicy', pascal(one, { name: 'PolicyName', role: 'RoleName', policy: 'PolicyDocument' })],
  ],
  'aws:iam/rolePolicyAttachment:RolePolicyAttachment': (one) => [
    ['aws-iam', 'AttachRolePolicy', pascal(one, { role: 'RoleName' })],
  ],
  'aws:iam/openIdConnectProvider:OpenIdConnectProvider': (one) => [
    [
      'aws-iam',
      'CreateOpenIDConnectProvider',
      pascal(one, { clientIdLists: 'ClientIDList', thumbprintLists: 'ThumbprintList' }),
    ],
  ],
  'aws:rds/instance:Instance': (one) => [['aws-rds', 'CreateDBInstance', pascal(one, database, laterOfDatabase)]],
  'aws:rds/subnetGroup:SubnetGroup': (one) => [
    // The provider says so where nobody describes it: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/db_subnet_group
    [
      'aws-rds',
      'CreateDBSubnetGroup',
      pascal(
        { description: 'Managed by Pulumi', ...one },
        { name: 'DBSubnetGroupName', description: 'DBSubnetGroupDescription' },
      ),
    ],
  ],
  'aws:route53/healthCheck:HealthCheck': (one) => {
    const names = { fqdn: 'FullyQualifiedDomainName', ipAddress: 'IPAddress', enableSni: 'EnableSNI' };
    const HealthCheckConfig = pascal(one, names, ['referenceName', 'triggers']);
    return [['aws-route53', 'CreateHealthCheck', { CallerReference: 'once', HealthCheckConfig }]];
  },
  'aws:s3/bucket:Bucket': (one) => [['aws-s3', 'CreateBucket', pascal(one, {}, ['forceDestroy'])]],
  'aws:s3/bucketVersioning:BucketVersioning': (one) => [['aws-s3', 'PutBucketVersioning', pascal(one)]],
  'aws:s3/bucketPolicy:BucketPolicy': (one) => [['aws-s3', 'PutBucketPolicy', pascal(one)]],
  'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock': ({ bucket = '', ...rest }) => [
    [
      'aws-s3',
      'PutPublicAccessBlock',
      { Bucket: bucket, PublicAccessBlockConfiguration: pascal(rest, {}, ['skipDestroy']) },
    ],
  ],
  'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration': ({
    bucket = '',
    ...rest
  }) => [['aws-s3', 'PutBucketEncryption', { Bucket: bucket, ServerSideEncryptionConfiguration: pascal(rest, s3) }]],
  'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration': ({ bucket = '', rules = [] }) => [
    ['aws-s3', 'PutBucketLifecycleConfiguration', { Bucket: bucket, LifecycleConfiguration: pascal({ rules }, s3) }],
  ],
  'aws:scheduler/schedule:Schedule': (one) => [['aws-scheduler', 'CreateSchedule', pascal(one)]],
  'aws:secretsmanager/secret:Secret': (one) => [
    [
      'aws-secretsmanager',
      'CreateSecret',
      pascal(one, {}, ['recoveryWindowInDays', 'forceOverwriteReplicaSecret', 'policy']),
    ],
  ],
  'aws:secretsmanager/secretVersion:SecretVersion': (one) => [['aws-secretsmanager', 'PutSecretValue', pascal(one)]],
  'aws:sns/topic:Topic': ({ name = '' }) => [['aws-sns', 'CreateTopic', { Name: name }]],
  'aws:sns/topicSubscription:TopicSubscription': ({ topic = '', protocol = '', endpoint = '' }) => [
    ['aws-sns', 'Subscribe', { TopicArn: topic, Protocol: protocol, Endpoint: endpoint }],
  ],
  'aws:ec2/vpcEndpoint:VpcEndpoint': (one) => [['aws-ec2', 'CreateVpcEndpoint', pascal(one)]],
  'aws:ec2/securityGroup:SecurityGroup': ({ name = '', description = '', vpcId }) => [
    [
      'aws-ec2',
      'CreateSecurityGroup',
      { GroupName: name, Description: description, ...(vpcId === undefined ? {} : { VpcId: vpcId }) },
    ],
  ],
};
