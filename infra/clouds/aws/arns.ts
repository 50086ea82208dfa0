// How grants on AWS name what they are about, and the vendor's pages they come from.
import { project } from '../names.ts';
import type { AwsGrant, AwsNames } from './grant-list.ts';

type Resource = (names: AwsNames) => string;

/** In the scope's account, in whichever region the stack is. */
export const arn = (service: string, resource: Resource): AwsGrant['on'] => {
  return (names) => [`arn:aws:${service}:*:${names.account}:${resource(names)}`];
};

/** The one repository of images. */
export const registry: AwsGrant['on'] = ({ account, region, registryAccount = account }) => [
  `arn:aws:ecr:${region}:${registryAccount}:repository/${project}`,
];

/** IAM has no regions. */
export const iam = (resource: Resource): AwsGrant['on'] => {
  return (names) => [`arn:aws:iam::${names.account}:${resource(names)}`];
};

export const both = (...on: readonly AwsGrant['on'][]): AwsGrant['on'] => {
  return (names) => on.flatMap((one) => one(names));
};

/** @param names what the objects' names begin with; none where there is no bucket. */
export function objectsOf(bucket: string | undefined, names: readonly string[]): readonly string[] {
  return bucket === undefined ? [] : names.map((name) => `arn:aws:s3:::${bucket}/${name}*`);
}

/** Only for actions that take no resource. */
export const anything: AwsGrant['on'] = () => ['*'];

/** Names that AWS gives have nothing of ours in them; the tags every resource of a stack has do. */
export const tagged = ({ environment }: AwsNames) => ({ StringEquals: { 'aws:ResourceTag/environment': environment } });

/** The Service Authorization Reference: actions, the resources they take, their conditions. */
export const page = (service: string) =>
  `https://docs.aws.amazon.com/service-authorization/latest/reference/list_${service}.html`;

export const readsOfRoles = [
  'iam:GetRole',
  'iam:GetRolePolicy',
  'iam:ListAttachedRolePolicies',
  'iam:ListInstanceProfilesForRole',
  'iam:ListRolePolicies',
  'iam:ListRoleTags',
] as const;

/** The provider reads all of a bucket's settings, whichever it sets. */
export const readsOfBuckets = [
  's3:GetAccelerateConfiguration',
  's3:GetBucketAcl',
  's3:GetBucketCORS',
  's3:GetBucketLogging',
  's3:GetBucketObjectLockConfiguration',
  's3:GetBucketPolicy',
  's3:GetBucketPublicAccessBlock',
  's3:GetBucketRequestPayment',
  's3:GetBucketTagging',
  's3:GetBucketVersioning',
  's3:GetBucketWebsite',
  's3:GetEncryptionConfiguration',
  's3:GetLifecycleConfiguration',
  's3:GetReplicationConfiguration',
  's3:ListBucket',
] as const;
