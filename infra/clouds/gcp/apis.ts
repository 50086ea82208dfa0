// The Google APIs a project needs, switched on and never off again: others in the project may use them too.
import { Service } from '@pulumi/gcp/projects/service.js';
import type { ComponentResource, Input } from '@pulumi/pulumi';

/** Of the project that holds the foundation itself. Scanning is Artifact Analysis, at 0.26 USD an image. */
const shared = ['artifactregistry', 'containerscanning', 'iam', 'storage'] as const;
/** Of every project a service stack may be put into. */
const services = [
  'cloudresourcemanager',
  'iam',
  'logging',
  'monitoring',
  'run',
  'secretmanager',
  'sqladmin',
  'storage',
];
/** What GitHub's tokens are exchanged with. */
const trust = ['iamcredentials', 'sts'] as const;

/** Short names, sorted: `run` stands for `run.googleapis.com`. */
export function apisOf(role: {
  readonly foundation: boolean;
  readonly services: boolean;
  readonly trust: boolean;
}): string[] {
  return [
    ...new Set([...(role.foundation ? shared : []), ...(role.services ? services : []), ...(role.trust ? trust : [])]),
  ].sort();
}

/** https://cloud.google.com/service-usage/docs/enable-disable */
export function enableApis(
  parent: ComponentResource,
  names: readonly string[],
  { project, suffix }: { readonly project?: Input<string> | undefined; readonly suffix: string },
): readonly Service[] {
  return names.map(
    (name) =>
      new Service(
        `api-${name}${suffix}`,
        {
          service: `${name}.googleapis.com`,
          disableOnDestroy: false,
          ...(project === undefined ? {} : { project }),
        },
        { parent },
      ),
  );
}
