// The bucket in which Pulumi keeps its state: every version of it, for nobody but those who deploy.
import { Bucket } from '@pulumi/gcp/storage/bucket.js';
import { type ComponentResource, type Input, interpolate, type Resource } from '@pulumi/pulumi';
import type { FoundationConfig } from '../../contract/service.ts';
import { project } from '../names.ts';
import { labelsOf } from './labels.ts';

/** https://www.pulumi.com/docs/iac/concepts/state-and-backends/#google-cloud-storage */
export function createStateBucket(
  parent: ComponentResource,
  config: FoundationConfig,
  home: { readonly project: Input<string>; readonly apis: readonly Resource[] },
): Bucket | undefined {
  if (!config.stateBucket) return undefined;
  return new Bucket(
    'state-bucket',
    {
      name: interpolate`${home.project}-${project}-state`,
      location: config.region.toUpperCase(),
      storageClass: 'STANDARD',
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'enforced',
      versioning: { enabled: true },
      // A state that was overwritten can be fetched back for a quarter, and the newest fifty versions always.
      lifecycleRules: [
        { action: { type: 'Delete' }, condition: { daysSinceNoncurrentTime: 90, numNewerVersions: 50 } },
      ],
      // A bucket that holds states is never deleted with what is in it.
      forceDestroy: false,
      labels: labelsOf(config.labels, 'foundation'),
    },
    { parent, dependsOn: [...home.apis] },
  );
}
