// A bucket as it should be: versioned, encrypted, closed to the public, spoken to over TLS only.
import { Bucket } from '@pulumi/aws/s3/bucket.js';
import { BucketLifecycleConfiguration } from '@pulumi/aws/s3/bucketLifecycleConfiguration.js';
import { BucketPolicy } from '@pulumi/aws/s3/bucketPolicy.js';
import { BucketPublicAccessBlock } from '@pulumi/aws/s3/bucketPublicAccessBlock.js';
import { BucketServerSideEncryptionConfiguration } from '@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js';
import { BucketVersioning } from '@pulumi/aws/s3/bucketVersioning.js';
import { type ComponentResource, type Input, interpolate, jsonStringify, type Output } from '@pulumi/pulumi';

export interface BucketArgs {
  /** Unique in all of AWS. */
  readonly bucket: Input<string>;
  /** Refuse to delete it. */
  readonly protect: boolean;
  /** Delete it with what is in it. */
  readonly forceDestroy: boolean;
  /** How long what was overwritten or deleted can be brought back. */
  readonly keepOldVersionsDays: number;
  /** Statements for others than the bucket's own account. */
  readonly alsoAllow?: readonly object[];
  readonly tags: Record<string, string>;
}

/** @param name of the resources in the program: `state`, `objects`. */
export function createBucket(parent: ComponentResource, name: string, args: BucketArgs): Bucket {
  const bucket = new Bucket(
    `${name}-bucket`,
    { bucket: args.bucket, forceDestroy: args.forceDestroy, tags: args.tags },
    { parent, protect: args.protect },
  );
  const of = { bucket: bucket.bucket };
  const versioning = new BucketVersioning(
    `${name}-versioning`,
    { ...of, versioningConfiguration: { status: 'Enabled' } },
    { parent },
  );
  new BucketServerSideEncryptionConfiguration(
    `${name}-encryption`,
    { ...of, rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }] },
    { parent },
  );
  const closed = new BucketPublicAccessBlock(
    `${name}-closed`,
    { ...of, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
    { parent },
  );
  // One change at a time: S3 answers a policy beside another change with OperationAborted.
  new BucketPolicy(
    `${name}-policy`,
    { ...of, policy: bucketPolicy(bucket, args.alsoAllow ?? []) },
    { parent, dependsOn: [closed] },
  );
  new BucketLifecycleConfiguration(
    `${name}-lifecycle`,
    {
      ...of,
      rules: [
        {
          id: 'old-versions',
          status: 'Enabled',
          filter: { prefix: '' },
          noncurrentVersionExpiration: { noncurrentDays: args.keepOldVersionsDays },
          abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
        },
      ],
    },
    { parent, dependsOn: [versioning] },
  );
  return bucket;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html */
function bucketPolicy(bucket: Bucket, alsoAllow: readonly object[]): Output<string> {
  return jsonStringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [bucket.arn, interpolate`${bucket.arn}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      ...alsoAllow,
    ],
  });
}
