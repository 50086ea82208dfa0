import { describe, expect, it } from 'vitest';
import { type RuleId, ruleIds } from '../../contract/policy-pack.ts';
import type { JudgedInStack } from '../../policy/rule.ts';
import { rules } from '../../policy/rules.ts';
import { type Fields, unknown, type Value } from '../../policy/value.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const byDigest = `registry.example/trireme@${digest}`;
const service = 'gcp:cloudrunv2/service:Service';
const site = 'azure-native:web:WebApp';
const slot = 'azure-native:web:WebAppSlot';
const scaling = 'aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion';
const appRunner = 'aws:apprunner/service:Service';
const express = 'aws:ecs/expressGatewayService:ExpressGatewayService';
const rolePolicy = 'aws:iam/rolePolicy:RolePolicy';
const sql = 'gcp:sql/databaseInstance:DatabaseInstance';

const statement = (one: Fields) => ({
  policy: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...one }] }),
});
const trust = (one: Fields) => ({ assumeRolePolicy: JSON.stringify({ Statement: [{ Effect: 'Allow', ...one }] }) });
const federated = (Condition: Fields) =>
  trust({ Principal: { Federated: 'arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com' }, Condition });
const aud = { 'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com' };
const sub = { 'token.actions.githubusercontent.com:sub': 'repo:o/r:environment:prod' };
const image = (text: Value): Fields => ({ sourceConfiguration: { imageRepository: { imageIdentifier: text } } });
const containers = (...list: Fields[]) => ({ template: { containers: list } });
const variables = (runtimeEnvironmentVariables: Fields) => ({
  sourceConfiguration: { imageRepository: { imageConfiguration: { runtimeEnvironmentVariables } } },
});
const settings = (name: string, value: string) => ({ siteConfig: { appSettings: [{ name, value }] } });
const closedSite = {
  httpsOnly: true,
  siteConfig: { minTlsVersion: '1.2', scmMinTlsVersion: '1.3', ftpsState: 'Disabled' },
};
const siteWith = (one: Fields) => ({ ...closedSite, siteConfig: { ...closedSite.siteConfig, ...one } });
const autoscale = 'azure-native:monitor:AutoscaleSetting';
const capacity = (maximum: Value): Fields => ({ capacity: { minimum: '1', maximum, default: '1' } });
const random = 'k3X9vQ2mZ7pL0sT5rB8wY1cN4dF6';

function judge(id: RuleId, type: string, inputs: Fields, about: Partial<JudgedInStack> = {}) {
  return (
    rules[id].resource?.({ urn: 'urn', type, name: 'one', stack: 'gcp-dev', inputs, isProtected: false, ...about }) ??
    []
  );
}

type Row = readonly [
  rule: RuleId,
  what: string,
  type: string,
  inputs: Fields,
  path: string,
  about?: Partial<JudgedInStack>,
];

const planted: readonly Row[] = [
  [
    'image-by-digest',
    'App Runner, by tag',
    appRunner,
    image('h/n:latest'),
    'sourceConfiguration.imageRepository.imageIdentifier',
  ],
  [
    'image-by-digest',
    'App Runner, tag and digest cut short',
    appRunner,
    image('h/n:1@sha256:abc'),
    'sourceConfiguration.imageRepository.imageIdentifier',
  ],
  ['image-by-digest', 'ECS Express', express, { primaryContainer: { image: 'h/n' } }, 'primaryContainer.image'],
  [
    'image-by-digest',
    'an ECS task',
    'aws:ecs/taskDefinition:TaskDefinition',
    { containerDefinitions: '[{"image":"h/n:1"}]' },
    'containerDefinitions.0.image',
  ],
  [
    'image-by-digest',
    'Cloud Run, the sidecar',
    service,
    containers({ image: byDigest }, { image: 'h/n:1' }),
    'template.containers.1.image',
  ],
  ['image-by-digest', 'Cloud Run, no container', service, {}, 'template.containers'],
  [
    'image-by-digest',
    'a Cloud Run job',
    'gcp:cloudrunv2/job:Job',
    { template: { template: { containers: [{ image: 'h/n:1' }] } } },
    'template.template.containers.0.image',
  ],
  [
    'image-by-digest',
    'a site',
    site,
    { siteConfig: { linuxFxVersion: 'DOCKER|h/n:latest' } },
    'siteConfig.linuxFxVersion',
  ],
  [
    'image-by-digest',
    'a site that runs no image',
    site,
    { siteConfig: { linuxFxVersion: 'NODE|24-lts' } },
    'siteConfig.linuxFxVersion',
  ],
  [
    'image-by-digest',
    'its slot',
    slot,
    { siteConfig: { linuxFxVersion: 'DOCKER|h/n:latest' } },
    'siteConfig.linuxFxVersion',
  ],
  [
    'no-wildcard-grant',
    'every action',
    rolePolicy,
    statement({ Action: '*', Resource: 'arn:aws:s3:::b/k' }),
    'policy.Statement.0.Action',
  ],
  [
    'no-wildcard-grant',
    'every action of a service',
    rolePolicy,
    statement({ Action: ['iam:*'], Resource: 'arn:aws:iam::1:role/r' }),
    'policy.Statement.0.Action',
  ],
  [
    'no-wildcard-grant',
    'every resource',
    rolePolicy,
    statement({ Action: 's3:GetObject', Resource: '*' }),
    'policy.Statement.0.Resource',
  ],
  [
    'no-wildcard-grant',
    'every resource of a service',
    rolePolicy,
    statement({ Action: 's3:GetObject', Resource: 'arn:aws:s3:::*' }),
    'policy.Statement.0.Resource',
  ],
  [
    'no-wildcard-grant',
    'all but',
    rolePolicy,
    statement({ NotAction: 'iam:PassRole', Resource: 'arn:aws:s3:::b' }),
    'policy.Statement.0.NotAction',
  ],
  ['no-wildcard-grant', 'no JSON', 'aws:iam/policy:Policy', { policy: 'allow all' }, 'policy'],
  [
    'no-wildcard-grant',
    'a managed policy for all',
    'aws:iam/rolePolicyAttachment:RolePolicyAttachment',
    { policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' },
    'policyArn',
  ],
  [
    'no-wildcard-grant',
    'the same on a role',
    'aws:iam/role:Role',
    { managedPolicyArns: ['arn:aws:iam::aws:policy/AmazonS3FullAccess'] },
    'managedPolicyArns.0',
  ],
  ['no-wildcard-grant', 'Owner of a project', 'gcp:projects/iAMMember:IAMMember', { role: 'roles/owner' }, 'role'],
  ['no-wildcard-grant', 'Editor of a project', 'gcp:projects/iAMBinding:IAMBinding', { role: 'roles/editor' }, 'role'],
  [
    'no-wildcard-grant',
    'Contributor',
    'azure-native:authorization:RoleAssignment',
    {
      roleDefinitionId:
        '/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c',
    },
    'roleDefinitionId',
  ],
  [
    'no-wildcard-grant',
    'a role of all of a provider',
    'azure-native:authorization:RoleDefinition',
    { permissions: [{ actions: ['Microsoft.Web/*'] }] },
    'permissions.0.actions',
  ],
  [
    'no-wildcard-trust',
    'anybody',
    'aws:iam/role:Role',
    trust({ Principal: '*' }),
    'assumeRolePolicy.Statement.0.Principal',
  ],
  [
    'no-wildcard-trust',
    'any account',
    'aws:iam/role:Role',
    trust({ Principal: { AWS: '*' } }),
    'assumeRolePolicy.Statement.0.Principal',
  ],
  [
    'no-wildcard-trust',
    'any repository',
    'aws:iam/role:Role',
    federated({
      StringEquals: { ...aud, ...sub },
      StringLike: { 'token.actions.githubusercontent.com:sub': 'repo:o/*' },
    }),
    'assumeRolePolicy.Statement.0.Condition.StringLike',
  ],
  [
    'no-wildcard-trust',
    'no subject',
    'aws:iam/role:Role',
    federated({ StringEquals: aud }),
    'assumeRolePolicy.Statement.0.Condition.StringEquals',
  ],
  [
    'no-wildcard-trust',
    'an absent claim passes',
    'aws:iam/role:Role',
    federated({ StringEquals: { ...aud, ...sub }, 'ForAllValues:StringEquals': { x: 'y' } }),
    'assumeRolePolicy.Statement.0.Condition.ForAllValues:StringEquals',
  ],
  [
    'no-wildcard-trust',
    'a pool without a condition',
    'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider',
    { oidc: { issuerUri: 'x' } },
    'attributeCondition',
  ],
  [
    'no-wildcard-trust',
    'a pool for a prefix',
    'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider',
    {
      oidc: { issuerUri: 'x' },
      attributeCondition: "assertion.repository_id == '1' && assertion.sub.startsWith('repo:o')",
    },
    'attributeCondition',
  ],
  [
    'no-wildcard-trust',
    'all of a pool',
    'gcp:serviceaccount/iAMMember:IAMMember',
    { member: 'principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*' },
    'member',
  ],
  [
    'no-wildcard-trust',
    'a pattern as a subject',
    'azure-native:managedidentity:FederatedIdentityCredential',
    { subject: 'repo:o/*' },
    'subject',
  ],
  [
    'no-public-grant',
    'everybody reads images',
    'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember',
    { role: 'roles/artifactregistry.reader', member: 'allUsers' },
    'member',
  ],
  [
    'no-public-grant',
    'everybody with an account',
    'gcp:storage/bucketIAMBinding:BucketIAMBinding',
    { role: 'roles/storage.objectViewer', members: ['serviceAccount:a', 'allAuthenticatedUsers'] },
    'members.1',
  ],
  [
    'no-public-grant',
    'everybody changes a service',
    'gcp:cloudrunv2/serviceIamMember:ServiceIamMember',
    { role: 'roles/run.developer', member: 'allUsers' },
    'member',
  ],
  [
    'no-public-grant',
    'a public repository of ECR',
    'aws:ecr/repositoryPolicy:RepositoryPolicy',
    statement({ Principal: '*', Action: 'ecr:BatchGetImage' }),
    'policy.Statement.0.Principal',
  ],
  [
    'no-public-grant',
    'everybody who comes over TLS',
    'aws:s3/bucketPolicy:BucketPolicy',
    statement({ Principal: '*', Action: 's3:GetObject', Condition: { Bool: { 'aws:SecureTransport': 'true' } } }),
    'policy.Statement.0.Principal',
  ],
  [
    'no-public-grant',
    'whoever has any name',
    'aws:s3/bucketPolicy:BucketPolicy',
    statement({ Principal: '*', Action: 's3:GetObject', Condition: { StringLike: { 'aws:PrincipalArn': '*' } } }),
    'policy.Statement.0.Principal',
  ],
  [
    'registry-hardened',
    'tags that move',
    'aws:ecr/repository:Repository',
    { imageScanningConfiguration: { scanOnPush: true } },
    'imageTagMutability',
  ],
  [
    'registry-hardened',
    'no scan',
    'aws:ecr/repository:Repository',
    { imageTagMutability: 'IMMUTABLE' },
    'imageScanningConfiguration.scanOnPush',
  ],
  ['registry-hardened', 'a public registry', 'aws:ecrpublic/repository:Repository', {}, 'repositoryName'],
  [
    'registry-hardened',
    'tags that move on Google',
    'gcp:artifactregistry/repository:Repository',
    { format: 'DOCKER' },
    'dockerConfig.immutableTags',
  ],
  [
    'registry-hardened',
    'a shared password',
    'azure-native:containerregistry:Registry',
    { adminUserEnabled: true },
    'adminUserEnabled',
  ],
  [
    'registry-hardened',
    'pulls without a name',
    'azure-native:containerregistry:Registry',
    { anonymousPullEnabled: true },
    'anonymousPullEnabled',
  ],
  ['tls-only', 'plain HTTP', site, { ...closedSite, httpsOnly: false }, 'httpsOnly'],
  ['tls-only', 'plain HTTP on the slot', slot, { siteConfig: closedSite.siteConfig }, 'httpsOnly'],
  ['tls-only', 'TLS 1.0', site, siteWith({ minTlsVersion: '1.0' }), 'siteConfig.minTlsVersion'],
  ['tls-only', 'TLS of Kudu left out', slot, siteWith({ scmMinTlsVersion: undefined }), 'siteConfig.scmMinTlsVersion'],
  ['tls-only', 'FTP', site, siteWith({ ftpsState: 'AllAllowed' }), 'siteConfig.ftpsState'],
  ['tls-only', 'a debugger', site, siteWith({ remoteDebuggingEnabled: true }), 'siteConfig.remoteDebuggingEnabled'],
  [
    'tls-only',
    'a storage account',
    'azure-native:storage:StorageAccount',
    { minimumTlsVersion: 'TLS1_0' },
    'minimumTlsVersion',
  ],
  [
    'tls-only',
    'a storage account in plain HTTP',
    'azure-native:storage:StorageAccount',
    { minimumTlsVersion: 'TLS1_2', enableHttpsTrafficOnly: false },
    'enableHttpsTrafficOnly',
  ],
  [
    'no-plain-secret',
    'by name',
    appRunner,
    variables({ DB_PASSWORD: 'hunter2x' }),
    'sourceConfiguration.imageRepository.imageConfiguration.runtimeEnvironmentVariables.DB_PASSWORD',
  ],
  [
    'no-plain-secret',
    'by name, on ECS',
    express,
    { primaryContainer: { environments: [{ name: 'API_KEY', value: 'abc-def' }] } },
    'primaryContainer.environments.0.value',
  ],
  [
    'no-plain-secret',
    'by name, on Cloud Run',
    service,
    containers({
      envs: [
        { name: 'A', value: 'b' },
        { name: 'SESSION_SECRET', value: 'abcdef' },
      ],
    }),
    'template.containers.0.envs.1.value',
  ],
  [
    'no-plain-secret',
    'by name, on a slot',
    slot,
    settings('ACCESS_TOKEN', 'abc-def'),
    'siteConfig.appSettings.0.value',
  ],
  ['no-plain-secret', 'by its look', site, settings('SALT', random), 'siteConfig.appSettings.0.value'],
  [
    'no-plain-secret',
    'an address with a password',
    site,
    settings('STORE', 'mysql://me:pw@db.example/x'),
    'siteConfig.appSettings.0.value',
  ],
  [
    'no-plain-secret',
    'an AWS key in a description',
    'aws:iam/role:Role',
    { description: 'AKIAABCDEFGHIJKLMNOP' },
    'description',
  ],
  [
    'no-plain-secret',
    'a GitHub token in a tag',
    'aws:ecr/repository:Repository',
    { tags: { by: `ghp_${'a1B2'.repeat(9)}` } },
    'tags.by',
  ],
  [
    'no-plain-secret',
    'a private key',
    service,
    { annotations: { k: '-----BEGIN RSA PRIVATE KEY-----' } },
    'annotations.k',
  ],
  ['instances-bounded', 'too many on App Runner', scaling, { maxSize: 1000 }, 'maxSize'],
  [
    'instances-bounded',
    'left out on Cloud Run',
    service,
    { template: { scaling: {} } },
    'template.scaling.maxInstanceCount',
  ],
  [
    'instances-bounded',
    'too many when Azure adds them',
    autoscale,
    { profiles: [capacity('10'), capacity('31')] },
    'profiles.1.capacity.maximum',
  ],
  [
    'instances-bounded',
    'a number Azure does not read',
    autoscale,
    { profiles: [capacity('1e1')] },
    'profiles.0.capacity.maximum',
  ],
  ['instances-bounded', 'a profile without a bound', autoscale, { profiles: [{}] }, 'profiles.0.capacity.maximum'],
  ['instances-bounded', 'no profile', autoscale, { profiles: [] }, 'profiles'],
  ['instances-bounded', 'none', 'azure-native:web:AppServicePlan', { sku: { capacity: 0 } }, 'sku.capacity'],
  [
    'instances-bounded',
    'too many on ECS',
    express,
    { scalingTargets: [{ maxTaskCount: 31 }] },
    'scalingTargets.0.maxTaskCount',
  ],
  [
    'prod-spare-instance',
    'one in prod',
    service,
    { template: { scaling: { minInstanceCount: 1 } } },
    'template.scaling.minInstanceCount',
    { stack: 'gcp-prod' },
  ],
  ['log-retention', 'for ever', 'aws:cloudwatch/logGroup:LogGroup', {}, 'retentionInDays'],
  [
    'log-retention',
    'for ever, in a number',
    'aws:cloudwatch/logGroup:LogGroup',
    { retentionInDays: 0 },
    'retentionInDays',
  ],
  [
    'log-retention',
    'ten years',
    'azure-native:operationalinsights:Workspace',
    { retentionInDays: 3650 },
    'retentionInDays',
  ],
  [
    'log-retention',
    'too long on Google',
    'gcp:logging/projectBucketConfig:ProjectBucketConfig',
    { retentionDays: 366 },
    'retentionDays',
  ],
  ['labelled', 'no tags', 'aws:iam/role:Role', {}, 'tags'],
  ['labelled', 'empty labels', service, { labels: {} }, 'labels'],
  ['labelled', 'none on a database', sql, { settings: {} }, 'settings.userLabels'],
  ['bucket-private', 'a public list', 'aws:s3/bucket:Bucket', { acl: 'public-read' }, 'acl'],
  [
    'bucket-private',
    'half a block',
    'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock',
    { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true },
    'restrictPublicBuckets',
  ],
  [
    'bucket-private',
    'inherited on Google',
    'gcp:storage/bucket:Bucket',
    { uniformBucketLevelAccess: true, publicAccessPrevention: 'inherited' },
    'publicAccessPrevention',
  ],
  [
    'bucket-private',
    'lists of each object',
    'gcp:storage/bucket:Bucket',
    { publicAccessPrevention: 'enforced' },
    'uniformBucketLevelAccess',
  ],
  [
    'bucket-private',
    'anonymous blobs',
    'azure-native:storage:StorageAccount',
    { allowBlobPublicAccess: true },
    'allowBlobPublicAccess',
  ],
  [
    'bucket-versioned',
    'suspended',
    'aws:s3/bucketVersioning:BucketVersioning',
    { versioningConfiguration: { status: 'Suspended' } },
    'versioningConfiguration.status',
  ],
  ['bucket-versioned', 'none on Google', 'gcp:storage/bucket:Bucket', {}, 'versioning.enabled'],
  ['bucket-versioned', 'none on Azure', 'azure-native:storage:BlobServiceProperties', {}, 'isVersioningEnabled'],
  [
    'database-private',
    'RDS on the internet',
    'aws:rds/instance:Instance',
    { publiclyAccessible: true },
    'publiclyAccessible',
  ],
  [
    'database-private',
    'an address for all',
    sql,
    { settings: { ipConfiguration: { ipv4Enabled: true } } },
    'settings.ipConfiguration.ipv4Enabled',
  ],
  ['database-private', 'MySQL on the internet', 'azure-native:dbformysql:Server', {}, 'network.publicNetworkAccess'],
  [
    'database-private',
    'PostgreSQL on the internet',
    'azure-native:dbforpostgresql:Server',
    { network: { publicNetworkAccess: 'Enabled' } },
    'network.publicNetworkAccess',
  ],
  ['database-encrypted', 'plain disks', 'aws:rds/instance:Instance', {}, 'storageEncrypted'],
  [
    'database-encrypted',
    'plain connections',
    sql,
    { settings: { ipConfiguration: {} } },
    'settings.ipConfiguration.sslMode',
  ],
  [
    'prod-data-protected',
    'a database in prod',
    'aws:rds/instance:Instance',
    {},
    'deletionProtection',
    { stack: 'aws-prod' },
  ],
  [
    'prod-data-protected',
    'a bucket emptied on removal',
    'aws:s3/bucket:Bucket',
    { forceDestroy: true },
    'forceDestroy',
    { stack: 'aws-prod', isProtected: true },
  ],
  [
    'prod-data-protected',
    'a storage account in prod',
    'azure-native:storage:StorageAccount',
    {},
    'protect',
    { stack: 'azure-prod' },
  ],
];

const innocent: readonly (readonly [
  rule: RuleId,
  what: string,
  type: string,
  inputs: Fields,
  about?: Partial<JudgedInStack>,
])[] = [
  ['image-by-digest', 'App Runner', appRunner, image(byDigest)],
  ['image-by-digest', 'a site', site, { siteConfig: { linuxFxVersion: `DOCKER|${byDigest}` } }],
  ['image-by-digest', 'a thing without an image', 'aws:iam/role:Role', {}],
  [
    'no-wildcard-grant',
    'named',
    rolePolicy,
    statement({ Action: ['s3:GetObject'], Resource: 'arn:aws:s3:::bucket/*' }),
  ],
  [
    'no-wildcard-grant',
    'what has no resource',
    rolePolicy,
    statement({ Action: 'ecr:GetAuthorizationToken', Resource: '*' }),
  ],
  [
    'no-wildcard-grant',
    'a denial',
    rolePolicy,
    { policy: JSON.stringify({ Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] }) },
  ],
  [
    'no-wildcard-grant',
    'App Runner pulls',
    'aws:iam/rolePolicyAttachment:RolePolicyAttachment',
    { policyArn: 'arn:aws:iam::aws:policy/service-role/AWSAppRunnerServicePolicyForECRAccess' },
  ],
  [
    'no-wildcard-grant',
    'AcrPull',
    'azure-native:authorization:RoleAssignment',
    { roleDefinitionId: '/x/7f951dda-4ed3-4680-a7ca-43fe172d538d' },
  ],
  [
    'no-wildcard-trust',
    'a service',
    'aws:iam/role:Role',
    trust({ Principal: { Service: 'tasks.apprunner.amazonaws.com' } }),
  ],
  ['no-wildcard-trust', 'one subject', 'aws:iam/role:Role', federated({ StringEquals: { ...aud, ...sub } })],
  [
    'no-public-grant',
    'callers of a public service',
    'gcp:cloudrunv2/serviceIamMember:ServiceIamMember',
    { role: 'roles/run.invoker', member: 'allUsers' },
  ],
  ['registry-hardened', 'a registry of Azure, all left out', 'azure-native:containerregistry:Registry', {}],
  ['tls-only', 'a site', site, closedSite],
  [
    'no-plain-secret',
    'settings',
    appRunner,
    variables({ LOG_LEVEL: 'info', TOKEN_LIMIT: '4096', RELEASE_ID: 'rel-1-0123456789ab', IMAGE_DIGEST: digest }),
  ],
  [
    'no-plain-secret',
    'a reference to Key Vault',
    site,
    settings('DB_PASSWORD', '@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s/)'),
  ],
  [
    'no-plain-secret',
    'what is made to hold it',
    'aws:secretsmanager/secretVersion:SecretVersion',
    { secretString: 'mysql://me:pw@db.example/x' },
  ],
  ['instances-bounded', 'thirty workers at most', autoscale, { profiles: [capacity('30')] }],
  ['instances-bounded', 'ten', service, { template: { scaling: { maxInstanceCount: 10 } } }],
  ['prod-spare-instance', 'one in dev', service, { template: { scaling: { minInstanceCount: 1 } } }],
  ['log-retention', 'a month', 'aws:cloudwatch/logGroup:LogGroup', { retentionInDays: 30 }],
  ['labelled', 'one label', service, { labels: { app: 'trireme' } }],
  [
    'bucket-private',
    'a bucket of Google',
    'gcp:storage/bucket:Bucket',
    { publicAccessPrevention: 'enforced', uniformBucketLevelAccess: true },
  ],
  [
    'database-private',
    'in a network of its own',
    'azure-native:dbformysql:Server',
    { network: { delegatedSubnetResourceId: '/s' } },
  ],
  ['prod-data-protected', 'a database in dev', 'aws:rds/instance:Instance', {}],
  ['prod-data-protected', 'protected by Pulumi', sql, {}, { stack: 'gcp-prod', isProtected: true }],
  [
    'prod-data-protected',
    'protected by the vendor',
    sql,
    { settings: { deletionProtectionEnabled: true } },
    { stack: 'gcp-prod' },
  ],
];

describe('each rule', () => {
  it.each(planted.map(([id, what, ...rest]) => ({ id, what, rest })))('$id refuses $what', ({ id, rest }) => {
    const [type, inputs, path, about] = rest;
    expect(judge(id, type, inputs, about).map((finding) => finding.path)).toContain(path);
  });

  it.each(innocent.map(([id, what, ...rest]) => ({ id, what, rest })))('$id lets pass: $what', ({ id, rest }) => {
    const [type, inputs, about] = rest;
    expect(judge(id, type, inputs, about)).toEqual([]);
  });

  it('has a planted violation, a page, a reason and a way to mend it', () => {
    for (const id of ruleIds) {
      const { pages, reason, mend } = rules[id];
      expect(
        planted.filter(([rule]) => rule === id),
        id,
      ).not.toEqual([]);
      expect(
        pages.every((page) => page.startsWith('https://')),
        id,
      ).toBe(true);
      expect(pages.length * reason.length * mend.length, id).toBeGreaterThan(0);
    }
  });

  it('never repeats a secret', () => {
    for (const [, , type, inputs] of planted.filter(([rule]) => rule === 'no-plain-secret')) {
      const said = JSON.stringify(judge('no-plain-secret', type, inputs));
      expect(said).not.toMatch(/hunter2x|k3X9vQ2m|:pw@|AKIAABCD|a1B2a1B2/);
    }
  });
});

describe('what is not known before the update', () => {
  const unknowns: readonly (readonly [RuleId, string, Fields])[] = [
    ['image-by-digest', appRunner, image(unknown)],
    ['image-by-digest', service, { template: unknown }],
    ['image-by-digest', site, { siteConfig: unknown }],
    ['no-wildcard-grant', rolePolicy, { policy: unknown }],
    ['no-wildcard-trust', 'aws:iam/role:Role', { assumeRolePolicy: unknown }],
    ['tls-only', site, { httpsOnly: unknown, siteConfig: closedSite.siteConfig }],
    ['instances-bounded', scaling, { maxSize: unknown }],
    ['instances-bounded', autoscale, { profiles: unknown }],
    ['instances-bounded', autoscale, { profiles: [capacity(unknown)] }],
    ['log-retention', 'aws:cloudwatch/logGroup:LogGroup', { retentionInDays: unknown }],
    ['database-encrypted', 'aws:rds/instance:Instance', { storageEncrypted: unknown }],
  ];

  it.each(unknowns)('%s says so of %s', (id, type, inputs) => {
    expect(judge(id, type, inputs)).toMatchObject([{ isUnknown: true }]);
  });

  it('hides nothing that is known beside it', () => {
    const found = judge('no-plain-secret', appRunner, {
      ...variables({ DB_PASSWORD: 'hunter2x' }),
      serviceName: unknown,
    });
    expect(found).toHaveLength(1);
  });
});

describe('what only a whole stack shows', () => {
  const one = (
    type: string,
    urn: string,
    inputs: Fields = {},
    dependencies: readonly string[] = [],
  ): JudgedInStack => ({
    urn,
    type,
    name: urn,
    stack: 'aws-dev',
    inputs,
    isProtected: false,
    dependencies,
  });
  const bucket = one('aws:s3/bucket:Bucket', 'bucket');
  const versioning = (of: string) => one('aws:s3/bucketVersioning:BucketVersioning', 'versioning', {}, [of]);
  const invoker = one('gcp:cloudrunv2/serviceIamMember:ServiceIamMember', 'invoker', {
    name: 'trireme-dev',
    role: 'roles/run.invoker',
    member: 'allUsers',
  });
  const serviceWith = (ingress: string) => one(service, 'service', { name: 'trireme-dev', ingress });

  it.each([
    ['a bucket without versions', 'bucket-versioned', [bucket], ['bucket']],
    ['versions of another bucket', 'bucket-versioned', [bucket, versioning('other')], ['bucket']],
    ['a bucket with versions', 'bucket-versioned', [bucket, versioning('bucket')], []],
    ['a bucket that is not closed', 'bucket-private', [bucket], ['bucket']],
    [
      'a storage account without versions',
      'bucket-versioned',
      [one('azure-native:storage:StorageAccount', 'account')],
      ['account'],
    ],
    [
      'everybody may call a private service',
      'no-public-grant',
      [invoker, serviceWith('INGRESS_TRAFFIC_INTERNAL_ONLY')],
      ['invoker'],
    ],
    ['everybody may call a public service', 'no-public-grant', [invoker, serviceWith('INGRESS_TRAFFIC_ALL')], []],
  ] as const)('%s', (_what, id, resources, urns) => {
    expect(rules[id].stack?.(resources).map(({ urn }) => urn)).toEqual(urns);
  });
});
