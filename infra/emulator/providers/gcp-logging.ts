// Cloud Logging of the emulated Google Cloud: buckets, which are taken over where they exist, and sinks into them.
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceContext, type ResourceModel } from '../engine/resource-model.ts';
import { accounts } from '../world.ts';
import type { GcpProject } from './gcp-project.ts';
import { pattern, range } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function logBucket(project: GcpProject): ResourceModel {
  const path = (inputs: Properties) =>
    `projects/${text(inputs, 'project')}/locations/${text(inputs, 'location')}/buckets/${text(inputs, 'bucketId')}`;
  const model = storedResource({
    module: 'logging/projectBucketConfig',
    shelf: project.logBuckets,
    // https://www.pulumi.com/registry/packages/gcp/api-docs/logging/projectbucketconfig/
    replaceOnChanges: ['project', 'location', 'bucketId'],
    validate: (inputs) => [
      // https://cloud.google.com/logging/docs/buckets#create_bucket
      ...pattern(inputs, 'bucketId', /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/),
      ...range(inputs, 'retentionDays', 1, 3650),
    ],
    idOf: path,
    alreadyExists: (id) => `${id} exists`,
    create: (_inputs, _context, id) => ({ name: id, lifecycleState: 'ACTIVE' }),
    release: (_inputs, id) => void project.deletedLogBuckets.add(id),
  });
  return {
    ...model,
    async create(inputs: Properties, context: ResourceContext) {
      const id = path(inputs);
      // https://cloud.google.com/logging/docs/buckets#delete_bucket: seven days
      if (project.deletedLogBuckets.has(id)) {
        throw new CloudRefusal(
          `Error updating Logging Bucket Config "${id}": googleapi: Error 400: Buckets must be in an ACTIVE state to be modified`,
        );
      }
      project.logBuckets.delete(id);
      return model.create(inputs, context);
    },
  };
}

export function logSink(project: GcpProject): ResourceModel {
  return storedResource({
    module: 'logging/projectSink',
    shelf: project.logSinks,
    naming: { property: 'name', style: 'dashed' },
    replaceOnChanges: ['name', 'project'],
    computed: ['project'],
    validate: (inputs) => [
      // https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.sinks
      ...pattern(inputs, 'name', /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/),
      ...pattern(inputs, 'destination', /^(logging|storage|bigquery|pubsub)\.googleapis\.com\/.+$/),
      ...pattern(inputs, 'filter', /^[\s\S]{0,20000}$/),
    ],
    idOf: (inputs, context) => `projects/${project.project(inputs, context)}/sinks/${text(inputs, 'name')}`,
    alreadyExists: (id) => `googleapi: Error 409: Sink ${id.split('/').at(-1)} already exists, alreadyExists`,
    create(inputs, context) {
      const destination = /^logging\.googleapis\.com\/(.+)$/.exec(text(inputs, 'destination') ?? '')?.[1];
      if (destination !== undefined && project.logBuckets.get(destination) === undefined) {
        throw new CloudRefusal(`googleapi: Error 404: Bucket ${destination} does not exist, notFound`);
      }
      return {
        project: project.project(inputs, context),
        writerIdentity: `serviceAccount:service-${accounts.gcp.projectNumber}@gcp-sa-logging.iam.gserviceaccount.com`,
      };
    },
  });
}
