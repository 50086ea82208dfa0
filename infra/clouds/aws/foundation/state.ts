// The bucket Pulumi keeps its state in. S3 itself refuses to delete it while it holds any.
import type { Bucket } from '@pulumi/aws/s3/bucket.js';
import type { ComponentResource } from '@pulumi/pulumi';
import { deployIdentities } from '../../../contract/service.ts';
import { deployers, environmentOf } from '../../grants.ts';
import { project } from '../../names.ts';
import { stateRights } from '../../state-rights.ts';
import { objectsOf } from '../arns.ts';
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

/**
 * Deploy roles of other accounts, each on its own environment's objects alone: across accounts both this and the role's own policy have to allow.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
 */
export function guestStatements({ account, home, environments }: Place, bucket: string): readonly object[] {
  if (home || account === undefined) return [];
  return deployIdentities
    .filter((identity) => environments.includes(environmentOf(identity)))
    .flatMap((identity) => {
      const { own, common } = stateRights(identity);
      const allow = (Action: readonly string[], Resource: readonly string[]) => ({
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action,
        Resource,
        Condition: { ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::${account}:role/${project}-${identity}` } },
      });
      const reading = [...objectsOf(bucket, own), ...objectsOf(bucket, common)];
      return [
        allow(['s3:ListBucket'], [`arn:aws:s3:::${bucket}`]),
        allow(['s3:GetObject'], reading),
        ...(deployers.includes(identity) ? [allow(['s3:DeleteObject', 's3:PutObject'], objectsOf(bucket, own))] : []),
      ];
    });
}
