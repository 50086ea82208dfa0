// A service under a name of one's own: Cloud Run's domain mapping, whose certificate is Google's to make and renew.
import { DomainMapping } from '@pulumi/gcp/cloudrun/domainMapping.js';
import type { Service } from '@pulumi/gcp/cloudrunv2/service.js';
import type { ComponentResource, Input, Output } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../../contract/service.ts';
import { labelsOf } from './labels.ts';

/**
 * The domain has to be verified once for whoever deploys, by a person: https://cloud.google.com/run/docs/mapping-custom-domains#add-verified
 */
export function mapDomain(
  parent: ComponentResource,
  { stack, config }: Pick<PredictionServiceArgs, 'stack' | 'config'>,
  mapped: { readonly service: Service; readonly project: Input<string> },
): DomainMapping | undefined {
  if (config.domain === undefined) return undefined;
  return new DomainMapping(
    'domain',
    {
      name: config.domain,
      location: config.region,
      project: mapped.project,
      metadata: { namespace: mapped.project, labels: labelsOf(config.labels, stack.environment) },
      spec: { routeName: mapped.service.name, certificateMode: 'AUTOMATIC' },
    },
    { parent },
  );
}

interface MappingStatus {
  readonly resourceRecords?: readonly { readonly name: string; readonly rrdata: string; readonly type?: string }[];
}

/** What to write into the domain's zone, a record a line: `predict CNAME ghs.googlehosted.com.`. */
export function dnsRecords(mapping: DomainMapping): Output<string> {
  return mapping.statuses.apply(recordsIn);
}

export function recordsIn(statuses: readonly MappingStatus[]): string {
  return statuses
    .flatMap((status) => status.resourceRecords ?? [])
    .map(({ name, type = 'CNAME', rrdata }) => [name, type, rrdata].filter((part) => part !== '').join(' '))
    .sort()
    .join('\n');
}
