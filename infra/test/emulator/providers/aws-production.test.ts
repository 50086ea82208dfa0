import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Properties } from '../../../emulator/engine/property.ts';
import { type AttachedClouds, attachedClouds } from './attached-clouds.ts';

let clouds: AttachedClouds;
beforeEach(async () => {
  clouds = await attachedClouds();
});
afterEach(() => clouds.stop());

const alarm = 'aws:cloudwatch/metricAlarm:MetricAlarm';
const instance = 'aws:rds/instance:Instance';
const filter = 'aws:cloudwatch/logMetricFilter:LogMetricFilter';
const schedule = 'aws:scheduler/schedule:Schedule';
const secret = 'aws:secretsmanager/secret:Secret';

const threshold = {
  name: 'late',
  comparisonOperator: 'GreaterThanThreshold',
  threshold: 1,
  evaluationPeriods: 1,
  metricName: 'RequestLatency',
  namespace: 'AWS/AppRunner',
  period: 300,
  extendedStatistic: 'p95',
};
const { metricName, ...math } = threshold;
const counted = {
  name: 'ServerErrors',
  logGroupName: '/ecs/trireme-dev',
  pattern: '{ $.status >= 500 }',
  metricTransformation: { name: 'ServerErrors', namespace: 'trireme-dev', value: '1', defaultValue: '0' },
};
const transformed = (changes: Properties) => ({
  ...counted,
  metricTransformation: { ...counted.metricTransformation, ...changes },
});
const query = (expression: string) => ({
  ...math,
  metricQueries: [
    { id: 'rate', expression, returnData: true },
    { id: 'errors', metric: { metricName: '5xx', namespace: 'AWS/AppRunner', period: 300, stat: 'Sum' } },
  ],
});
const database = {
  identifier: 'trireme-dev',
  engine: 'postgres',
  instanceClass: 'db.t4g.micro',
  allocatedStorage: 20,
  storageType: 'gp3',
  username: 'trireme',
  password: 'x'.repeat(32),
  skipFinalSnapshot: true,
};
const daily = {
  name: 'retention',
  scheduleExpression: 'rate(1 days)',
  flexibleTimeWindow: { mode: 'OFF' },
  target: { arn: 'arn:aws:scheduler:::aws-sdk:cloudwatchlogs:putRetentionPolicy', roleArn: 'arn:aws:iam::1:role/none' },
};
const trust = (service: string) => JSON.stringify({ Statement: [{ Principal: { Service: service } }] });

describe('inputs that AWS would not take', () => {
  const cases: readonly [string, string, Properties, RegExp][] = [
    ['a percentile that is none', alarm, { ...threshold, extendedStatistic: 'p101' }, /^extendedStatistic: expected/],
    ['a metric and a query', alarm, { ...query('errors'), metricName }, /expected either metricName or metricQueries/],
    ['a name no query has', alarm, query('100 * errors / requests'), /Unresolved variable 'requests'/],
    ['more than a day', alarm, { ...threshold, evaluationPeriods: 289 }, /expected no more than a day/],
    [
      'a retention no log has',
      'aws:cloudwatch/logGroup:LogGroup',
      { name: '/trireme', retentionInDays: 31 },
      /^retentionInDays: expected one of/,
    ],
    ['a pattern left open', filter, { ...counted, pattern: '{ $.status >= 500' }, /^pattern: .*expected }/],
    ['a unit that is none', filter, transformed({ unit: 'Minutes' }), /^metricTransformation\.unit: expected one of/],
    ['a value that is none', filter, transformed({ value: 'seconds' }), /^metricTransformation\.value: expected/],
    ['a default of each dimension', filter, transformed({ dimensions: { a: '$.a' } }), /conflicts with dimensions/],
    [
      'a read by the clock',
      schedule,
      { ...daily, target: { ...daily.target, arn: 'arn:aws:scheduler:::aws-sdk:s3:listBuckets' } },
      /^target\.arn: expected/,
    ],
    ['a rate that is none', schedule, { ...daily, scheduleExpression: 'daily' }, /^scheduleExpression: expected/],
    ['a disk too small', instance, { ...database, allocatedStorage: 10 }, /^allocatedStorage: expected 20 to/],
    ['a password with an @', instance, { ...database, password: 'pass@word1' }, /^password: expected/],
    [
      'a last copy without a name',
      instance,
      { ...database, skipFinalSnapshot: false },
      /^finalSnapshotIdentifier: is required/,
    ],
    ['a bucket in capitals', 'aws:s3/bucket:Bucket', { bucket: 'Trireme' }, /^bucket: expected/],
    ['a check of nowhere', 'aws:route53/healthCheck:HealthCheck', { type: 'HTTPS' }, /expected fqdn or ipAddress/],
    [
      'a secret kept three days',
      secret,
      { name: 'x', recoveryWindowInDays: 3 },
      /^recoveryWindowInDays: expected 0 or 7 to 30/,
    ],
    [
      'an e-mail address that is none',
      'aws:sns/topicSubscription:TopicSubscription',
      { topic: 't', protocol: 'email', endpoint: 'oncall' },
      /^endpoint: expected/,
    ],
    [
      'a dashboard without a region',
      'aws:cloudwatch/dashboard:Dashboard',
      { dashboardName: 'd', dashboardBody: '{"widgets":[{"type":"metric","x":0,"width":12,"properties":{}}]}' },
      /region: expected a region/,
    ],
  ];
  it.each(cases)('%s', async (_what, type, inputs, words) => {
    const { faults } = await clouds.client(type).check(type, inputs as never);
    expect(faults).toEqual([expect.stringMatching(words)]);
  });
});

describe('what AWS refuses, in its words', () => {
  it('an alarm whose topic is in another region', async () => {
    const told = { ...threshold, alarmActions: ['arn:aws:sns:us-east-1:123456789012:trireme-alarms'] };
    await expect(clouds.create(alarm, told)).rejects.toThrow(
      /ValidationError: Invalid region us-east-1 specified\. Only eu-west-1 is supported/,
    );
    await clouds.create(alarm, { ...told, region: 'us-east-1' });
  });

  it('a log group that App Runner has made already', async () => {
    await expect(
      clouds.create('aws:cloudwatch/logGroup:LogGroup', { name: '/aws/apprunner/trireme-dev/1/application' }),
    ).rejects.toThrow(/ResourceAlreadyExistsException: The specified log group already exists/);
  });

  it('a count of lines in a log group that there is not', async () => {
    await expect(clouds.create(filter, counted)).rejects.toThrow(
      /PutMetricFilter.*ResourceNotFoundException: The specified log group does not exist/,
    );
    await clouds.create('aws:cloudwatch/logGroup:LogGroup', { name: counted.logGroupName });
    await clouds.create(filter, counted);
    for (let more = 1; more < 100; more++) await clouds.create(filter, { ...counted, name: `more-${more}` });
    await expect(clouds.create(filter, { ...counted, name: 'one-more' })).rejects.toThrow(/LimitExceededException/);
  });

  it('a schedule whose role does not let it in', async () => {
    await expect(clouds.create(schedule, daily)).rejects.toThrow(
      /must allow AWS EventBridge Scheduler to assume the role/,
    );
    const role = 'aws:iam/role:Role';
    const { outputs } = await clouds.create(role, { name: 'r', assumeRolePolicy: trust('scheduler.amazonaws.com') });
    await clouds.create(schedule, { ...daily, target: { ...daily.target, roleArn: String(outputs.arn) } });
    await expect(
      clouds.create(schedule, { ...daily, target: { ...daily.target, roleArn: String(outputs.arn) } }),
    ).rejects.toThrow(/ConflictException: Schedule retention already exists/);
  });

  it('a database without its network, twice, and gone before it may', async () => {
    await expect(clouds.create(instance, { ...database, dbSubnetGroupName: 'none' })).rejects.toThrow(
      /DBSubnetGroupNotFoundFault/,
    );
    await expect(clouds.create(instance, { ...database, vpcSecurityGroupIds: ['sg-1'] })).rejects.toThrow(
      /Invalid security group , groupId= sg-1/,
    );
    const guarded = { ...database, deletionProtection: true };
    const { id } = await clouds.create(instance, guarded);
    await expect(clouds.create(instance, database)).rejects.toThrow(/DBInstanceAlreadyExists/);
    await expect(clouds.client(instance).delete(instance, id, guarded)).rejects.toThrow(/Cannot delete protected/);
  });

  it('a secret’s name while it is not forgotten', async () => {
    const { id } = await clouds.create(secret, { name: 'url', recoveryWindowInDays: 7 });
    await expect(clouds.create(secret, { name: 'url' })).rejects.toThrow(/ResourceExistsException/);
    await clouds.client(secret).delete(secret, id, {});
    await expect(clouds.create(secret, { name: 'url' })).rejects.toThrow(/already scheduled for deletion/);
    const brief = await clouds.create(secret, { name: 'brief', recoveryWindowInDays: 0 });
    await clouds.client(secret).delete(secret, brief.id, {});
    await clouds.create(secret, { name: 'brief' });
  });

  it('a bucket twice, and settings of none', async () => {
    const bucket = 'aws:s3/bucket:Bucket';
    await clouds.create(bucket, { bucket: 'trireme-state' });
    await expect(clouds.create(bucket, { bucket: 'trireme-state' })).rejects.toThrow(/BucketAlreadyOwnedByYou/);
    await expect(
      clouds.create('aws:s3/bucketVersioning:BucketVersioning', {
        bucket: 'none',
        versioningConfiguration: { status: 'Enabled' },
      }),
    ).rejects.toThrow(/NoSuchBucket/);
  });

  it('a database’s disk that shrinks; one that grows is taken', async () => {
    const { id } = await clouds.create(instance, database);
    const update = (allocatedStorage: number) =>
      clouds.client(instance).update(instance, id, database, { ...database, allocatedStorage });
    expect(await update(40)).toMatchObject({ allocatedStorage: 40 });
    await expect(update(30)).rejects.toThrow(
      /InvalidParameterCombination: Invalid storage size for engine name postgres and storage type gp3: 30/,
    );
  });

  it('a role bounded by nothing, a policy that is too long, and an issuer trusted twice', async () => {
    const role = 'aws:iam/role:Role';
    const plain = { name: 'r', assumeRolePolicy: trust('x.amazonaws.com') };
    const boundary = 'arn:aws:iam::123456789012:policy/none';
    await expect(clouds.create(role, { ...plain, permissionsBoundary: boundary })).rejects.toThrow(
      /NoSuchEntity: Scope ARN: .* does not exist or is not attachable/,
    );
    const long = JSON.stringify({ Statement: ['x'.repeat(2048)] });
    await expect(clouds.create(role, { ...plain, assumeRolePolicy: long })).rejects.toThrow(/ACLSizePerRole: 2048/);
    const { id } = await clouds.create(role, plain);
    const lengthened = { ...plain, assumeRolePolicy: long };
    await expect(clouds.client(role).update(role, id, plain, lengthened)).rejects.toThrow(/ACLSizePerRole: 2048/);
    const policies: readonly [string, Properties, RegExp][] = [
      ['aws:iam/rolePolicy:RolePolicy', { name: 'p', role: 'r' }, /Maximum policy size of 10240 bytes.*role r/],
      ['aws:iam/policy:Policy', { name: 'p' }, /PolicySize: 6144/],
    ];
    for (const [one, inputs, words] of policies) {
      const made = await clouds.create(one, { ...inputs, policy: trust('x.amazonaws.com') });
      const news = { ...inputs, policy: JSON.stringify({ Statement: ['x'.repeat(10_240)] }) };
      await expect(clouds.client(one).update(one, made.id, inputs, news)).rejects.toThrow(words);
    }
    const issuer = 'aws:iam/openIdConnectProvider:OpenIdConnectProvider';
    const github = { url: 'https://token.actions.githubusercontent.com', clientIdLists: ['sts.amazonaws.com'] };
    await clouds.create(issuer, github);
    await expect(clouds.create(issuer, github)).rejects.toThrow(/EntityAlreadyExists: Provider with url/);
  });

  it('a private way in to a service that is not there', async () => {
    await expect(
      clouds.create('aws:apprunner/vpcIngressConnection:VpcIngressConnection', {
        name: 'trireme-dev',
        serviceArn: 'arn:aws:apprunner:eu-west-1:123456789012:service/trireme-dev/1',
        ingressVpcConfiguration: { vpcId: 'vpc-1', vpcEndpointId: 'vpce-1' },
      }),
    ).rejects.toThrow(/ResourceNotFoundException|cannot be found/);
  });
});
