// What holds data: closed to the public, encrypted, kept in versions, and in prod not deleted by mistake.
import { expects, expectsOneOf, type Finding, isProd, type Judged, type JudgedInStack, type Rule } from '../rule.ts';
import { at, type Value } from '../value.ts';

export const bucketPrivate: Rule = {
  enforcement: 'mandatory',
  reason: 'A bucket that anybody can list is the commonest leak there is.',
  pages: [
    'https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html',
    'https://cloud.google.com/storage/docs/public-access-prevention',
    'https://learn.microsoft.com/azure/storage/blobs/anonymous-read-access-prevent',
  ],
  mend: 'block public access: BucketPublicAccessBlock with all four, publicAccessPrevention `enforced`, allowBlobPublicAccess false',
  resource: (one) => openBuckets[one.type]?.(one) ?? [],
  stack: (all) =>
    withoutCompanion(all, 'aws:s3/bucket:Bucket', 'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock'),
};

export const bucketVersioned: Rule = {
  enforcement: 'mandatory',
  reason: 'What is overwritten or deleted by mistake can be had back.',
  pages: [
    'https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html',
    'https://cloud.google.com/storage/docs/object-versioning',
    'https://learn.microsoft.com/azure/storage/blobs/versioning-overview',
  ],
  mend: 'keep versions: BucketVersioning `Enabled`, versioning.enabled, BlobServiceProperties.isVersioningEnabled',
  resource: (one) => versions[one.type]?.(one) ?? [],
  stack: (all) => [
    ...withoutCompanion(all, 'aws:s3/bucket:Bucket', 'aws:s3/bucketVersioning:BucketVersioning'),
    ...withoutCompanion(all, 'azure-native:storage:StorageAccount', 'azure-native:storage:BlobServiceProperties'),
  ],
};

export const databasePrivate: Rule = {
  enforcement: 'mandatory',
  reason: 'A database is reached by its service and by nobody on the internet.',
  pages: [
    'https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html#USER_VPC.Hiding',
    'https://cloud.google.com/sql/docs/mysql/configure-private-ip',
    'https://learn.microsoft.com/azure/mysql/flexible-server/concepts-networking-vnet',
  ],
  mend: 'give it a private address only, in the network that `network` of the stack file names',
  resource: (one) => openDatabases[one.type]?.(one) ?? [],
};

export const databaseEncrypted: Rule = {
  enforcement: 'mandatory',
  reason: 'Disks and backups are read without the database, connections without its log.',
  pages: [
    'https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html',
    'https://cloud.google.com/sql/docs/mysql/configure-ssl-instance',
  ],
  mend: 'set storageEncrypted on AWS; on Google Cloud sslMode ENCRYPTED_ONLY (disks are encrypted there and on Azure in any case)',
  resource: (one) => plainDatabases[one.type]?.(one) ?? [],
};

export const prodDataProtected: Rule = {
  enforcement: 'mandatory',
  reason: 'A mistyped name or a merged file must not delete what prod has stored.',
  pages: [
    'https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html',
    'https://cloud.google.com/sql/docs/mysql/deletion-protection',
    'https://www.pulumi.com/docs/iac/concepts/resources/options/protect/',
  ],
  mend: 'set `protect: true` in the stack file',
  resource: unprotected,
};

type Judge = (one: Judged) => readonly Finding[];

const openBuckets: Readonly<Record<string, Judge>> = {
  'aws:s3/bucket:Bucket': ({ inputs }) =>
    expects(inputs, 'acl', 'private', (value) => value === undefined || value === 'private'),
  'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock': ({ inputs }) =>
    ['blockPublicAcls', 'blockPublicPolicy', 'ignorePublicAcls', 'restrictPublicBuckets'].flatMap((path) =>
      expectsOneOf(inputs, path, true),
    ),
  'gcp:storage/bucket:Bucket': ({ inputs }) => [
    ...expectsOneOf(inputs, 'publicAccessPrevention', 'enforced'),
    ...expectsOneOf(inputs, 'uniformBucketLevelAccess', true),
  ],
  'azure-native:storage:StorageAccount': ({ inputs }) => expectsOneOf(inputs, 'allowBlobPublicAccess', false),
};

const versions: Readonly<Record<string, Judge>> = {
  'aws:s3/bucketVersioning:BucketVersioning': ({ inputs }) =>
    expectsOneOf(inputs, 'versioningConfiguration.status', 'Enabled'),
  'gcp:storage/bucket:Bucket': ({ inputs }) => expectsOneOf(inputs, 'versioning.enabled', true),
  'azure-native:storage:BlobServiceProperties': ({ inputs }) => expectsOneOf(inputs, 'isVersioningEnabled', true),
};

const openDatabases: Readonly<Record<string, Judge>> = {
  'aws:rds/instance:Instance': ({ inputs }) => expectsOneOf(inputs, 'publiclyAccessible', false, undefined),
  'aws:rds/clusterInstance:ClusterInstance': ({ inputs }) =>
    expectsOneOf(inputs, 'publiclyAccessible', false, undefined),
  'gcp:sql/databaseInstance:DatabaseInstance': ({ inputs }) =>
    expectsOneOf(inputs, 'settings.ipConfiguration.ipv4Enabled', false),
  'azure-native:dbformysql:Server': ({ inputs }) => azureNetwork(inputs),
  'azure-native:dbforpostgresql:Server': ({ inputs }) => azureNetwork(inputs),
};

/** In a network of its own a server has no public address to be disabled. */
function azureNetwork(inputs: Value): readonly Finding[] {
  return at(inputs, 'network.delegatedSubnetResourceId') === undefined
    ? expectsOneOf(inputs, 'network.publicNetworkAccess', 'Disabled')
    : [];
}

const plainDatabases: Readonly<Record<string, Judge>> = {
  'aws:rds/instance:Instance': ({ inputs }) => expectsOneOf(inputs, 'storageEncrypted', true),
  'aws:rds/cluster:Cluster': ({ inputs }) => expectsOneOf(inputs, 'storageEncrypted', true),
  'gcp:sql/databaseInstance:DatabaseInstance': ({ inputs }) =>
    expectsOneOf(inputs, 'settings.ipConfiguration.sslMode', 'ENCRYPTED_ONLY', 'TRUSTED_CLIENT_CERTIFICATE_REQUIRED'),
};

/** What holds data, and the vendor's own protection where it has one. */
const protections: Readonly<Record<string, string | undefined>> = {
  'aws:rds/instance:Instance': 'deletionProtection',
  'aws:rds/cluster:Cluster': 'deletionProtection',
  'aws:s3/bucket:Bucket': undefined,
  'gcp:sql/databaseInstance:DatabaseInstance': 'settings.deletionProtectionEnabled',
  'gcp:storage/bucket:Bucket': undefined,
  'azure-native:storage:StorageAccount': undefined,
  'azure-native:dbformysql:Server': undefined,
  'azure-native:dbforpostgresql:Server': undefined,
};

function unprotected(one: Judged): readonly Finding[] {
  if (!(one.type in protections) || !isProd(one)) return [];
  const path = protections[one.type];
  const isKept = one.isProtected || (path !== undefined && at(one.inputs, path) === true);
  return [
    ...(isKept ? [] : [{ path: path ?? 'protect', expected: 'protection against deletion', found: 'none' }]),
    ...expectsOneOf(one.inputs, 'forceDestroy', false, undefined),
  ];
}

/** Some settings are resources of their own: one that depends on the thing. */
function withoutCompanion(
  all: readonly JudgedInStack[],
  type: string,
  companion: string,
): readonly (Finding & { readonly urn: string })[] {
  const has = ({ urn }: JudgedInStack) => all.some((one) => one.type === companion && one.dependencies.includes(urn));
  const name = companion.split(':').at(-1) ?? companion;
  return all
    .filter((one) => one.type === type && !has(one))
    .map(({ urn }) => ({ urn, path: 'name', expected: `a ${name} beside it`, found: 'none' }));
}
