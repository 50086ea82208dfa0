// The bucket Pulumi keeps its state in. S3 itself refuses to delete it while it holds any.
import type { Bucket } from '@pulumi/aws/s3/bucket.js';
import type { ComponentResource } from '@pulumi/pulumi';
import { project } from '../../names.ts';
import { createBucket } from '../bucket.ts';
import type { Place } from './places.ts';

export function stateBucketName(account: string): string {
  return `${project}-state-${account}`;
}

export function createStateBucket(
  parent: ComponentResource,
  args: { readonly account: string; readonly places: readonly Place[]; readonly tags: Record<string, string> },
): Bucket {
  const bucket = stateBucketName(args.account);
  return createBucket(parent, 'state', {
    bucket,
    protect: false,
    forceDestroy: false,
    keepOldVersionsDays: 90,
    alsoAllow: args.places.flatMap((place) => guestStatements(place, bucket)),
    tags: args.tags,
  });
}

/** Deploy roles of other accounts; each one's own policy says the same once more, and which of it. */
export function guestStatements({ account, home }: Place, bucket: string): readonly object[] {
  if (home || account === undefined) return [];
  return [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: ['s3:DeleteObject', 's3:GetObject', 's3:ListBucket', 's3:PutObject'],
      Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
      Condition: { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${account}:role/${project}-*` } },
    },
  ];
}
