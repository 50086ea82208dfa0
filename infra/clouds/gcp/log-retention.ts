// How long a service's logs are kept: a log bucket of its own and the sink that fills it.
import { ProjectBucketConfig } from '@pulumi/gcp/logging/projectBucketConfig.js';
import { ProjectSink } from '@pulumi/gcp/logging/projectSink.js';
import { type ComponentResource, type Input, interpolate } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../../contract/service.ts';
import { serviceName } from '../names.ts';

/** What a project's `_Default` bucket keeps anyway: https://cloud.google.com/logging/quotas#logs_retention_periods */
const vendorDays = 30;

export interface LogRetention {
  readonly bucket: ProjectBucketConfig;
  readonly sink: ProjectSink;
}

/**
 * Asked for what the vendor does anyway, nothing is made. The bucket outlives its stack: logs of what was destroyed are still wanted, an
 * empty bucket costs nothing, and its name would be taken for seven days (https://cloud.google.com/logging/docs/buckets#delete_bucket);
 * the provider takes a bucket that is there over.
 */
export function keepLogs(
  parent: ComponentResource,
  { stack, config }: Pick<PredictionServiceArgs, 'stack' | 'config'>,
  project: Input<string>,
): LogRetention | undefined {
  if (config.logRetentionDays === vendorDays) return undefined;
  const name = serviceName(stack);
  const bucket = new ProjectBucketConfig(
    'log-bucket',
    {
      project,
      location: config.region,
      bucketId: name,
      retentionDays: config.logRetentionDays,
      description: `Logs of ${name}`,
    },
    { parent, retainOnDelete: true },
  );
  const sink = new ProjectSink(
    'log-sink',
    {
      name,
      project,
      description: `Logs of ${name} to their own bucket`,
      // In the same project the writer needs no right: https://cloud.google.com/logging/docs/export/configure_export_v2#dest-auth
      destination: interpolate`logging.googleapis.com/${bucket.id}`,
      filter: logFilter(name, config.region),
      uniqueWriterIdentity: true,
    },
    { parent },
  );
  return { bucket, sink };
}

/** https://cloud.google.com/run/docs/logging#filter-logs */
export function logFilter(service: string, region: string): string {
  return [
    'resource.type="cloud_run_revision"',
    `resource.labels.service_name="${service}"`,
    `resource.labels.location="${region}"`,
  ].join(' AND ');
}
