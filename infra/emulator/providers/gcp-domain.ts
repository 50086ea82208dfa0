// Domain mappings of the emulated Cloud Run: DNS records to write, and the refusals of domains that are taken or nobody's.
import { isRecord, type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceModel } from '../engine/resource-model.ts';
import type { World } from '../world.ts';
import { serviceExists } from './gcp-cloud-run.ts';
import type { GcpProject } from './gcp-project.ts';
import { oneOf, pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function domainMapping(world: Pick<World, 'controlPlanes' | 'timeScale'>, project: GcpProject): ResourceModel {
  return storedResource({
    module: 'cloudrun/domainMapping',
    shelf: project.domains,
    // https://www.pulumi.com/registry/packages/gcp/api-docs/cloudrun/domainmapping/
    replaceOnChanges: ['name', 'location', 'project', 'spec', 'metadata.namespace', 'metadata.annotations'],
    computed: ['project'],
    validate: (inputs) => [
      ...pattern(inputs, 'name', /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/),
      ...oneOf(inputs, 'spec.certificateMode', ['AUTOMATIC', 'NONE']),
    ],
    idOf: (inputs, context) =>
      `locations/${project.location(inputs, context)}/namespaces/${project.project(inputs, context)}/domainmappings/${text(inputs, 'name')}`,
    alreadyExists: (id) =>
      `Error creating DomainMapping: googleapi: Error 409: Resource '${id.split('/').at(-1)}' already exists.`,
    async create(inputs, context) {
      const domain = text(inputs, 'name') ?? '';
      // The one domain that can't be anybody's: https://www.rfc-editor.org/rfc/rfc6761#section-6.4
      if (domain.endsWith('.invalid')) {
        throw new CloudRefusal(
          `Error creating DomainMapping: googleapi: Error 403: Caller is not authorized to administer the domain '${domain}'. If you own '${domain}', you can obtain authorization by verifying ownership of the domain, or any of its parent domains, via the Webmaster Central portal: https://www.google.com/webmasters/verification/verification?domain=${domain}.`,
        );
      }
      const route = isRecord(inputs.spec) ? (text(inputs.spec, 'routeName') ?? '') : '';
      const parent = `projects/${project.project(inputs, context)}/locations/${project.location(inputs, context)}`;
      if (!(await serviceExists(world, `${parent}/services/${route}`))) {
        throw new CloudRefusal(
          `Error creating DomainMapping: googleapi: Error 404: Resource '${route}' of kind 'SERVICE' was not found.`,
        );
      }
      return { project: project.project(inputs, context), statuses: [status(domain, route)] };
    },
  });
}

/** A subdomain takes one alias; a domain itself can't be one. https://cloud.google.com/run/docs/mapping-custom-domains#dns_update */
function status(domain: string, route: string): Properties {
  const [first = '', ...rest] = domain.split('.');
  const record = (name: string, type: string, rrdata: string): Properties => ({ name, type, rrdata });
  const records =
    rest.length > 1
      ? [record(first, 'CNAME', 'ghs.googlehosted.com.')]
      : ['216.239.32.21', '216.239.34.21', '216.239.36.21', '216.239.38.21'].map((one) => record('', 'A', one));
  return {
    conditions: [{ type: 'Ready', status: 'Unknown', reason: 'CertificatePending', message: 'Waiting for DNS.' }],
    mappedRouteName: route,
    observedGeneration: 1,
    resourceRecords: records,
  };
}
