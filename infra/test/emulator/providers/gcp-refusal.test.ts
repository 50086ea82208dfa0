import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Properties } from '../../../emulator/engine/property.ts';
import { accounts } from '../../../emulator/world.ts';
import { type AttachedClouds, attachedClouds } from './attached-clouds.ts';

let clouds: AttachedClouds;
beforeEach(async () => {
  clouds = await attachedClouds();
});
afterEach(() => clouds.stop());

const project = accounts.gcp.project;
const type = {
  api: 'gcp:projects/service:Service',
  pool: 'gcp:iam/workloadIdentityPool:WorkloadIdentityPool',
  provider: 'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider',
  role: 'gcp:projects/iAMCustomRole:IAMCustomRole',
  projectMember: 'gcp:projects/iAMMember:IAMMember',
  account: 'gcp:serviceaccount/account:Account',
  accountMember: 'gcp:serviceaccount/iAMMember:IAMMember',
  bucket: 'gcp:storage/bucket:Bucket',
  bucketMember: 'gcp:storage/bucketIAMMember:BucketIAMMember',
  secret: 'gcp:secretmanager/secret:Secret',
  secretVersion: 'gcp:secretmanager/secretVersion:SecretVersion',
  instance: 'gcp:sql/databaseInstance:DatabaseInstance',
  database: 'gcp:sql/database:Database',
  logBucket: 'gcp:logging/projectBucketConfig:ProjectBucketConfig',
  sink: 'gcp:logging/projectSink:ProjectSink',
  channel: 'gcp:monitoring/notificationChannel:NotificationChannel',
  policy: 'gcp:monitoring/alertPolicy:AlertPolicy',
  check: 'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig',
  dashboard: 'gcp:monitoring/dashboard:Dashboard',
  domain: 'gcp:cloudrun/domainMapping:DomainMapping',
} as const;
const remove = (one: string, id: string, inputs: Properties) => clouds.client(one).delete(one, id, inputs as never);
const enable = (api: string) => clouds.create(type.api, { service: `${api}.googleapis.com`, disableOnDestroy: false });

const threshold = {
  filter: 'metric.type="run.googleapis.com/request_count"',
  comparison: 'COMPARISON_GT',
  duration: '60s',
  thresholdValue: 1,
};
const policy = (changes: Properties = {}): Properties => ({
  displayName: 'p',
  combiner: 'OR',
  conditions: [{ displayName: 'c', conditionThreshold: { ...threshold, ...changes } }],
});
const logBucket = { project, location: 'europe-west1', bucketId: 'trireme-dev', retentionDays: 7 };
const instance = {
  name: 'trireme-dev',
  databaseVersion: 'POSTGRES_17',
  deletionProtection: false,
  settings: { tier: 'db-f1-micro', edition: 'ENTERPRISE' },
};
const check = { displayName: 'c', timeout: '10s', monitoredResource: { type: 'uptime_url', labels: { host: 'h' } } };

describe('what a project has not switched on', () => {
  const cases: readonly [api: string, one: string, inputs: Properties, words: RegExp][] = [
    ['secretmanager', type.secret, { secretId: 's', replication: { auto: {} } }, /^.*Secret Manager API has not been/],
    ['sqladmin', type.instance, instance, /Cloud SQL Admin API has not been used in project trireme-emulated before/],
  ];
  it.each(cases)('is refused until it is: %s', async (api, one, inputs, words) => {
    await expect(clouds.create(one, inputs)).rejects.toThrow(words);
    const enabled = await enable(api);
    await clouds.create(one, inputs);
    // Left on when the stack that switched it on goes.
    await remove(type.api, enabled.id, { service: `${api}.googleapis.com`, disableOnDestroy: false });
    await enable(api);
  });
});

describe('names that stay taken after a deletion', () => {
  it('a pool’s, for thirty days, with the way on', async () => {
    const pool = { workloadIdentityPoolId: 'trireme-github' };
    const { id } = await clouds.create(type.pool, pool);
    await expect(clouds.create(type.pool, pool)).rejects.toThrow(/Error 409: Requested entity already exists/);
    await remove(type.pool, id, pool);
    await expect(clouds.create(type.pool, pool)).rejects.toThrow(
      /Requested entity already exists \(a deleted one keeps its id for 30 days: choose another id, or `gcloud iam workload-identity-pools undelete trireme-github /,
    );
    await clouds.create(type.pool, { workloadIdentityPoolId: 'trireme-other' });
  });

  it('a log bucket’s, for seven; one that is there is taken over', async () => {
    const { id } = await clouds.create(type.logBucket, logBucket);
    const again = await clouds.create(type.logBucket, { ...logBucket, retentionDays: 90 });
    expect(again).toMatchObject({ id, outputs: { retentionDays: 90 } });
    await remove(type.logBucket, id, logBucket);
    await expect(clouds.create(type.logBucket, logBucket)).rejects.toThrow(
      /Error 400: Buckets must be in an ACTIVE state to be modified/,
    );
  });

  it('but not a custom role’s, a database instance’s or a secret’s', async () => {
    await enable('secretmanager');
    await enable('sqladmin');
    const cases: readonly [string, Properties, RegExp][] = [
      [
        type.role,
        { roleId: 'r_1', title: 'r', permissions: ['run.services.get'] },
        /already exists and must be imported/,
      ],
      [type.instance, instance, /Error 409: The Cloud SQL instance already exists/],
      [
        type.secret,
        { secretId: 's', replication: { auto: {} } },
        /Secret \[projects\/trireme-emulated\/secrets\/s\] already/,
      ],
      [type.bucket, { name: 'trireme-b', location: 'EU' }, /The requested bucket name is not available/],
    ];
    for (const [one, inputs, words] of cases) {
      const { id } = await clouds.create(one, inputs);
      await expect(clouds.create(one, inputs)).rejects.toThrow(words);
      await remove(one, id, inputs);
      await clouds.create(one, inputs);
    }
  });
});

describe('leaning on what does not exist', () => {
  const member = 'serviceAccount:none@trireme-emulated.iam.gserviceaccount.com';
  const cases: readonly [string, Properties, RegExp][] = [
    [
      type.provider,
      {
        workloadIdentityPoolId: 'none-such',
        workloadIdentityPoolProviderId: 'github',
        attributeCondition: 'true',
        oidc: { issuerUri: 'https://token.actions.githubusercontent.com' },
      },
      /Error 404: Requested entity was not found/,
    ],
    [
      type.bucketMember,
      { bucket: 'none', role: 'roles/storage.objectUser', member: 'allUsers' },
      /'none' was not found/,
    ],
    [type.projectMember, { project, role: 'roles/viewer', member }, /Service account none@.* does not exist/],
    [
      type.projectMember,
      { project, role: `projects/${project}/roles/none`, member: 'allUsers' },
      /Role \(projects\/trireme-emulated\/roles\/none\) does not exist/,
    ],
    [type.database, { name: 'd', instance: 'none' }, /The Cloud SQL instance does not exist/],
    [
      type.sink,
      { destination: `logging.googleapis.com/projects/${project}/locations/global/buckets/none` },
      /Error 404: Bucket projects/,
    ],
    [type.policy, { ...policy(), notificationChannels: ['projects/p/notificationChannels/1'] }, /does not exist/],
    [
      type.domain,
      {
        name: 'a.example.org',
        location: 'europe-west1',
        metadata: { namespace: project },
        spec: { routeName: 'none' },
      },
      /Resource 'none' of kind 'SERVICE' was not found/,
    ],
    [
      type.domain,
      { name: 'a.invalid', location: 'europe-west1', metadata: { namespace: project }, spec: { routeName: 'none' } },
      /Caller is not authorized to administer the domain 'a\.invalid'/,
    ],
  ];
  it.each(cases)('is refused: %s %j', async (one, inputs, words) => {
    await expect(clouds.create(one, inputs)).rejects.toThrow(words);
  });

  it('is refused for members of a pool that is gone', async () => {
    const { outputs } = await clouds.create(type.pool, { workloadIdentityPoolId: 'trireme-github' });
    const account = await clouds.create(type.account, { accountId: 'trireme-plan' });
    const grant = (pool: string) => ({
      serviceAccountId: account.id,
      role: 'roles/iam.workloadIdentityUser',
      member: `principal://iam.googleapis.com/${pool}/subject/s`,
    });
    await clouds.create(type.accountMember, grant(String(outputs.name)));
    await expect(clouds.create(type.accountMember, grant(`${String(outputs.name)}-2`))).rejects.toThrow(
      /Identity Pool does not exist/,
    );
  });
});

describe('deleting what is still needed', () => {
  it('is refused for a channel and a check that a policy names', async () => {
    const channel = await clouds.create(type.channel, { type: 'email', labels: { email_address: 'a@example.org' } });
    const checked = await clouds.create(type.check, check);
    const filter = `metric.type="x" AND metric.labels.check_id="${String(checked.outputs.uptimeCheckId)}"`;
    const alarm = await clouds.create(type.policy, { ...policy({ filter }), notificationChannels: [channel.id] });
    await expect(remove(type.channel, channel.id, {})).rejects.toThrow(/in use by alert policy/);
    await expect(remove(type.check, checked.id, {})).rejects.toThrow(/One or more alerting policies is using it/);
    await remove(type.policy, alarm.id, {});
    await remove(type.channel, channel.id, {});
    await remove(type.check, checked.id, {});
  });

  it('is refused for a protected instance; an unprotected one takes its databases with it', async () => {
    await enable('sqladmin');
    const { id } = await clouds.create(type.instance, { ...instance, deletionProtection: true });
    const inside = { name: 'predictions', instance: id, deletionPolicy: 'ABANDON' };
    const database = await clouds.create(type.database, inside);
    await expect(remove(type.instance, id, {})).rejects.toThrow(/deletion_protection is set to true/);
    await remove(type.database, database.id, inside);
    expect((await clouds.client(type.database).read(type.database, database.id, {})).id).toBe(database.id);
    await clouds.client(type.instance).update(type.instance, id, {}, instance as never);
    await remove(type.instance, id, instance);
    expect((await clouds.client(type.database).read(type.database, database.id, {})).id).toBe('');
  });
});

describe('inputs the vendor would not take', () => {
  const cases: readonly [string, Properties, RegExp][] = [
    [type.api, { service: 'run' }, /^service: expected/],
    [type.pool, { workloadIdentityPoolId: 'gcp-mine' }, /^workloadIdentityPoolId: expected/],
    [
      type.provider,
      {
        workloadIdentityPoolId: 'trireme',
        workloadIdentityPoolProviderId: 'github',
        oidc: { issuerUri: 'https://token.actions.githubusercontent.com' },
      },
      /attributeCondition: the attribute condition must reference one of the provider's claims/,
    ],
    [type.role, { roleId: 'deploy-dev', title: 'r', permissions: [] }, /^roleId: expected/],
    [type.role, { roleId: 'r_1', title: 'r', permissions: ['run.*'] }, /^permissions\[0\]: expected a permission/],
    [type.bucket, { name: 'Trireme', location: 'EU' }, /^name: expected/],
    [type.bucket, { name: 'trireme-b', location: 'EU', labels: { Team: 'x' } }, /^labels\.Team: expected lower-case/],
    [type.logBucket, { ...logBucket, retentionDays: 4000 }, /^retentionDays: expected 1 to 3650/],
    [type.sink, { destination: 'logs' }, /^destination: expected/],
    [type.policy, policy({ duration: '90s' }), /conditionThreshold\.duration: expected whole minutes/],
    [type.policy, policy({ comparison: 'GT' }), /comparison: expected one of COMPARISON_GT/],
    [
      type.policy,
      policy({ duration: '0s', evaluationMissingData: 'EVALUATION_MISSING_DATA_ACTIVE' }),
      /evaluationMissingData: expected a duration of at least 60s/,
    ],
    [type.check, { ...check, period: '30s' }, /^period: expected one of 60s/],
    [type.dashboard, { dashboardJson: '{' }, /contains an invalid JSON/],
    [type.dashboard, { dashboardJson: '{"displayName":"d"}' }, /expected one layout, found none/],
    [type.instance, { ...instance, settings: { tier: 'small' } }, /^settings\.tier: expected/],
    [
      type.instance,
      { ...instance, settings: { tier: 'db-f1-micro', edition: 'ENTERPRISE_PLUS' } },
      /Invalid Tier \(db-f1-micro\) for \(ENTERPRISE_PLUS\) Edition/,
    ],
    [
      type.instance,
      { ...instance, settings: { tier: 'db-f1-micro', availabilityType: 'REGIONAL' } },
      /a REGIONAL instance needs point-in-time recovery/,
    ],
    [type.secretVersion, { secret: 's', secretData: 'x' }, /^secret: expected/],
  ];
  it('are refused before anything is made', async () => {
    for (const [one, inputs, words] of cases) {
      const { faults } = await clouds.client(one).check(one, inputs as never);
      expect(faults.join('; '), `${one} ${JSON.stringify(inputs)}`).toMatch(words);
    }
  });
});

describe('a Cloud SQL instance', () => {
  const sized = (diskSize: number): Properties => ({
    ...instance,
    settings: { ...instance.settings, diskSize, diskAutoresize: false },
  });
  it.each([
    ['grows where it is', 20, []],
    ['is made anew with a smaller disk', 5, ['settings']],
  ])('%s', async (_what, size, replaces) => {
    const diff = await clouds.client(type.instance).diff(type.instance, { inputs: sized(10) }, sized(size));
    expect(diff).toMatchObject({ changed: true, replaces });
  });

  it.each([
    ['a public one', {}, { publicIpAddress: '203.0.113.7', privateIpAddress: '', firstIpAddress: '203.0.113.7' }],
    [
      'a private one',
      { ipConfiguration: { ipv4Enabled: false, privateNetwork: 'projects/p/global/networks/n' } },
      { publicIpAddress: '', privateIpAddress: '10.77.0.3', firstIpAddress: '10.77.0.3' },
    ],
  ])('shows the addresses it has: %s', async (_what, settings, expected) => {
    await enable('sqladmin');
    const { outputs } = await clouds.create(type.instance, {
      ...instance,
      settings: { ...instance.settings, ...settings },
    });
    expect(outputs).toMatchObject(expected);
  });
});
