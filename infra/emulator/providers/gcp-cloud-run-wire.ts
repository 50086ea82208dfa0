// Cloud Run's Admin API v2 in the provider's names and shapes, and back. Pure.
import { isList, isRecord, type Properties, type Property } from '../engine/property.ts';

/** What the provider keeps for itself or puts into the path; the API knows none of it. */
const providerOnly = ['name', 'location', 'project', 'deletionProtection', 'deletionPolicy', 'tags'];

/** The provider's names and shapes, where they are not the API's: lists in the plural, one port instead of a list. */
export function toWire(inputs: Properties): Properties {
  const body = Object.fromEntries(Object.entries(inputs).filter(([key]) => !providerOnly.includes(key)));
  return withContainers(renamed(body, 'traffics', 'traffic'), (container) => {
    const { ports } = container;
    return renamed(ports === undefined ? container : { ...container, ports: [ports] }, 'envs', 'env');
  });
}

export function fromWire(service: Properties): Properties {
  const { terminalCondition, ...rest } = service;
  const named = withContainers(renamed(rest, 'traffic', 'traffics'), (container) => {
    const { ports, ...others } = container;
    const [port] = isList(ports) ? ports : [];
    return renamed(port === undefined ? others : { ...others, ports: port }, 'env', 'envs');
  });
  return {
    ...named,
    reconciling: service.reconciling ?? false,
    ...(terminalCondition === undefined ? {} : { terminalConditions: [terminalCondition] }),
  };
}

function withContainers(service: Properties, change: (container: Properties) => Properties): Properties {
  const { template } = service;
  if (!isRecord(template) || !isList(template.containers)) return service;
  const containers = template.containers.map((one): Property => (isRecord(one) ? change(one) : one));
  return { ...service, template: { ...template, containers } };
}

function renamed(properties: Properties, from: string, to: string): Properties {
  const { [from]: value, ...rest } = properties;
  return value === undefined ? rest : { ...rest, [to]: value };
}

/** What an import takes over as inputs. */
export function imported(outputs: Properties): Properties {
  // Not the project: where a program leaves it out, Google's provider takes its own and sees no difference.
  const { name = '', location = '', template = {}, ingress = '', labels, annotations } = outputs;
  return {
    name,
    location,
    template,
    ingress,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
