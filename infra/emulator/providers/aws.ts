// The emulated AWS as Pulumi's `aws` provider shows it, as far as trireme's components go; each service's resources in a file of their own.
import { type Properties, text } from '../engine/property.ts';
import type { ProviderDefinition, ResourceModel } from '../engine/resource-model.ts';
import type { World } from '../world.ts';
import { AwsAccount, accountOf } from './aws-account.ts';
import { appRunnerService } from './aws-app-runner.ts';
import { customDomainAssociation, vpcConnector, vpcIngressConnection } from './aws-app-runner-network.ts';
import { appRunnerScaling } from './aws-app-runner-scaling.ts';
import { dashboard, metricAlarm } from './aws-cloudwatch.ts';
import { securityGroup, vpcEndpoint } from './aws-ec2.ts';
import { lifecyclePolicy, repository, repositoryPolicy } from './aws-ecr.ts';
import { ecsExpressService } from './aws-ecs-express.ts';
import { openIdConnectProvider, policy, role, rolePolicy, rolePolicyAttachment } from './aws-iam.ts';
import { logGroup, schedule } from './aws-logs.ts';
import { logMetricFilter } from './aws-metric-filter.ts';
import { databaseInstance, subnetGroup } from './aws-rds.ts';
import { healthCheck } from './aws-route53.ts';
import { bucket, bucketSetting } from './aws-s3.ts';
import { secret, secretVersion } from './aws-secrets.ts';
import { topic, topicSubscription } from './aws-sns.ts';
import { inItsAccount } from './in-its-account.ts';

type AwsWorld = Pick<World, 'controlPlanes' | 'registries' | 'timeScale' | 'secrets'>;

const models: Readonly<Record<string, (account: AwsAccount, world: AwsWorld) => ResourceModel>> = {
  'aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion': (account, world) =>
    appRunnerScaling(world, account),
  'aws:apprunner/customDomainAssociation:CustomDomainAssociation': (account, world) =>
    customDomainAssociation(world, account),
  'aws:apprunner/service:Service': (account, world) => appRunnerService(world, account),
  'aws:apprunner/vpcConnector:VpcConnector': vpcConnector,
  'aws:apprunner/vpcIngressConnection:VpcIngressConnection': (account, world) => vpcIngressConnection(world, account),
  'aws:cloudwatch/dashboard:Dashboard': dashboard,
  'aws:cloudwatch/logGroup:LogGroup': logGroup,
  'aws:cloudwatch/logMetricFilter:LogMetricFilter': logMetricFilter,
  'aws:cloudwatch/metricAlarm:MetricAlarm': metricAlarm,
  'aws:ec2/securityGroup:SecurityGroup': securityGroup,
  'aws:ec2/vpcEndpoint:VpcEndpoint': vpcEndpoint,
  'aws:ecr/lifecyclePolicy:LifecyclePolicy': lifecyclePolicy,
  'aws:ecr/repository:Repository': repository,
  'aws:ecr/repositoryPolicy:RepositoryPolicy': repositoryPolicy,
  'aws:ecs/expressGatewayService:ExpressGatewayService': (account, world) => ecsExpressService(world, account),
  'aws:iam/openIdConnectProvider:OpenIdConnectProvider': openIdConnectProvider,
  'aws:iam/policy:Policy': policy,
  'aws:iam/role:Role': role,
  'aws:iam/rolePolicy:RolePolicy': rolePolicy,
  'aws:iam/rolePolicyAttachment:RolePolicyAttachment': rolePolicyAttachment,
  'aws:rds/instance:Instance': databaseInstance,
  'aws:rds/subnetGroup:SubnetGroup': subnetGroup,
  'aws:route53/healthCheck:HealthCheck': healthCheck,
  'aws:s3/bucket:Bucket': bucket,
  'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration': bucketSetting('s3/bucketLifecycleConfiguration'),
  'aws:s3/bucketPolicy:BucketPolicy': bucketSetting('s3/bucketPolicy'),
  'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock': bucketSetting('s3/bucketPublicAccessBlock'),
  'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration': bucketSetting(
    's3/bucketServerSideEncryptionConfiguration',
  ),
  'aws:s3/bucketVersioning:BucketVersioning': bucketSetting('s3/bucketVersioning'),
  'aws:scheduler/schedule:Schedule': schedule,
  'aws:secretsmanager/secret:Secret': secret,
  'aws:secretsmanager/secretVersion:SecretVersion': (account, world) => secretVersion(account, world.secrets),
  'aws:sns/topic:Topic': topic,
  'aws:sns/topicSubscription:TopicSubscription': topicSubscription,
};

export function awsProvider(world: AwsWorld): ProviderDefinition {
  const accounts = new Map<string, AwsAccount>();
  const accountFor = (config: Properties): AwsAccount => {
    const id = accountOf(config);
    const account = accounts.get(id) ?? new AwsAccount(world.registries.aws, id);
    accounts.set(id, account);
    return account;
  };
  return {
    name: 'aws',
    npmPackage: '@pulumi/aws',
    comparesWith: 'state',
    refuses(config) {
      const allowed = text(config, 'allowedAccountIds');
      const id = accountOf(config);
      return allowed === undefined || allowed.includes(`"${id}"`)
        ? undefined
        : `invalid configuration: AWS account ID not allowed: ${id}`;
    },
    resources: inItsAccount(
      (account) => Object.fromEntries(Object.entries(models).map(([type, make]) => [type, make(account, world)])),
      accountFor,
    ),
    functions: {
      'aws:index/getCallerIdentity:getCallerIdentity': async (_args, config) => {
        const { id } = accountFor(config);
        return { accountId: id, arn: `arn:aws:iam::${id}:user/emulated`, userId: 'AIDAEMULATED', id };
      },
    },
  };
}
