// Cloud Storage of the emulated Google Cloud: buckets, whose names are one in the world.
import { isRecord, type Properties, text } from '../engine/property.ts';
import type { InputFault, ResourceModel } from '../engine/resource-model.ts';
import { accounts } from '../world.ts';
import type { GcpProject } from './gcp-project.ts';
import { at, oneOf, pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function storageBucket(project: GcpProject): ResourceModel {
  return storedResource({
    module: 'storage/bucket',
    shelf: project.buckets,
    naming: { property: 'name', style: 'dashed' },
    // https://www.pulumi.com/registry/packages/gcp/api-docs/storage/bucket/
    replaceOnChanges: ['name', 'location', 'project', 'hierarchicalNamespace', 'enableObjectRetention'],
    computed: ['project', 'storageClass', 'publicAccessPrevention', 'uniformBucketLevelAccess'],
    validate: (inputs) => [
      // https://cloud.google.com/storage/docs/buckets#naming
      ...pattern(inputs, 'name', /^(?!goog|.*google)(?=.{3,63}$)[a-z0-9][a-z0-9_.-]*[a-z0-9]$/),
      ...pattern(inputs, 'location', /^[A-Z0-9-]+$/),
      ...oneOf(inputs, 'storageClass', ['STANDARD', 'NEARLINE', 'COLDLINE', 'ARCHIVE', 'MULTI_REGIONAL', 'REGIONAL']),
      ...oneOf(inputs, 'publicAccessPrevention', ['enforced', 'inherited']),
      ...labelFaults(inputs, 'labels'),
    ],
    idOf: (inputs) => text(inputs, 'name') ?? '',
    alreadyExists: () =>
      'googleapi: Error 409: The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again., conflict',
    create: (inputs, context, id) => ({
      project: project.project(inputs, context),
      projectNumber: Number(accounts.gcp.projectNumber),
      url: `gs://${id}`,
      selfLink: `https://www.googleapis.com/storage/v1/b/${id}`,
      timeCreated: new Date().toISOString(),
    }),
    derive: (inputs) => ({ effectiveLabels: inputs.labels ?? {}, pulumiLabels: inputs.labels ?? {} }),
  });
}

/** https://cloud.google.com/resource-manager/docs/labels-overview#requirements */
export function labelFaults(inputs: Properties, path: string): readonly InputFault[] {
  const labels = at(inputs, path);
  if (!isRecord(labels)) return [];
  return Object.entries(labels)
    .filter(
      ([key, value]) =>
        !/^[a-z][a-z0-9_-]{0,62}$/.test(key) || (typeof value === 'string' && !/^[a-z0-9_-]{0,63}$/.test(value)),
    )
    .map(([key, value]) => ({
      property: `${path}.${key}`,
      reason: `expected lower-case letters, digits, _ and -, found "${String(value)}"`,
    }));
}
