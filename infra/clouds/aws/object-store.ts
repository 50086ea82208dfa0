// The bucket for models and the prediction log, its address for the container, and the right to use it.
import { getCallerIdentityOutput } from '@pulumi/aws/getCallerIdentity.js';
import type { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import type { Bucket } from '@pulumi/aws/s3/bucket.js';
import { type ComponentResource, interpolate, jsonStringify, type Output } from '@pulumi/pulumi';
import { createBucket } from './bucket.ts';

export interface ObjectStoreArgs {
  /** `trireme-prod`. */
  readonly service: string;
  /** What the container acts as. */
  readonly role: Role;
  readonly protect: boolean;
  readonly tags: Record<string, string>;
}

export interface ObjectStore {
  readonly bucket: Bucket;
  readonly policy: RolePolicy;
  /** `s3://…`. */
  readonly url: Output<string>;
}

export function createObjectStore(
  parent: ComponentResource,
  { service, role, protect, tags }: ObjectStoreArgs,
): ObjectStore {
  const { accountId } = getCallerIdentityOutput({}, { parent });
  const bucket = createBucket(parent, 'objects', {
    bucket: interpolate`${service}-${accountId}`,
    protect,
    forceDestroy: !protect,
    keepOldVersionsDays: 30,
    tags,
  });
  const policy = new RolePolicy(
    'use-objects',
    {
      // Named: a name drawn anew in each preview would make each plan another one.
      name: 'use-objects',
      role: role.id,
      policy: jsonStringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: 's3:ListBucket', Resource: bucket.arn },
          {
            Effect: 'Allow',
            Action: ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'],
            Resource: interpolate`${bucket.arn}/*`,
          },
        ],
      }),
    },
    { parent },
  );
  return { bucket, policy, url: interpolate`s3://${bucket.bucket}` };
}
