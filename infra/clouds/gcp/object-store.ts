// The bucket for models and the prediction log, and the service's right to write into it.

import type { Account } from '@pulumi/gcp/serviceaccount/account.js';
import { Bucket } from '@pulumi/gcp/storage/bucket.js';
import { BucketIAMMember } from '@pulumi/gcp/storage/bucketIAMMember.js';
import { type ComponentResource, interpolate, type Output } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../../contract/service.ts';
import { serviceName } from '../names.ts';
import { labelsOf } from './labels.ts';

export interface ObjectStore {
  readonly bucket: Bucket;
  readonly writer: BucketIAMMember;
  /** `gs://<bucket>` */
  readonly url: Output<string>;
}

export function createObjectStore(
  parent: ComponentResource,
  { stack, config }: Pick<PredictionServiceArgs, 'stack' | 'config'>,
  account: Account,
): ObjectStore | undefined {
  if (!config.objectStore) return undefined;
  const bucket = new Bucket(
    'object-store',
    {
      // The project's own name makes it one in the world: https://cloud.google.com/storage/docs/buckets#naming
      name: interpolate`${account.project}-${serviceName(stack)}`,
      // The API answers in capitals.
      location: config.region.toUpperCase(),
      storageClass: 'STANDARD',
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'enforced',
      versioning: { enabled: true },
      // What was overwritten or deleted can be fetched back for a month.
      lifecycleRules: [{ action: { type: 'Delete' }, condition: { daysSinceNoncurrentTime: 30 } }],
      forceDestroy: !config.protect,
      labels: labelsOf(config.labels, stack.environment),
    },
    { parent, protect: config.protect },
  );
  const writer = new BucketIAMMember(
    'object-store-writer',
    // Objects only: neither the bucket's own settings nor who may reach it.
    { bucket: bucket.name, role: 'roles/storage.objectUser', member: account.member },
    { parent },
  );
  return { bucket, writer, url: interpolate`gs://${bucket.name}` };
}
