// ECS's API as the provider speaks it: JSON 1.1, where Pulumi's plural lists of one are the API's single members.
import { isList, isRecord, type Properties, type Property, text } from '../engine/property.ts';
import { CloudRefusal } from '../engine/resource-model.ts';
import type { World } from '../world.ts';
import { call } from './control-plane.ts';
import { tagsOf } from './stored-resource.ts';

export type EcsWorld = Pick<World, 'controlPlanes' | 'timeScale'>;

export async function request(world: EcsWorld, operation: string, body: Properties): Promise<Properties> {
  const answer = await call(world.controlPlanes.ecs, {
    method: 'POST',
    url: '/',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `AmazonEC2ContainerServiceV20141113.${operation}`,
    },
    body,
  });
  if (answer.status === 200) return answer.body;
  const type = text(answer.body, '__type') ?? 'UnknownError';
  const message = text(answer.body, 'message') ?? '';
  throw new CloudRefusal(`operation error ECS: ${operation}, StatusCode: ${answer.status}, ${type}: ${message}`);
}

/** `undefined` for what never was and for what is being deleted: the API goes on describing it for a while. */
export async function describe(world: EcsWorld, serviceArn: string): Promise<Properties | undefined> {
  const service = await describeAny(world, serviceArn);
  return service === undefined || statusOf(service) !== 'ACTIVE' ? undefined : service;
}

export async function describeAny(world: EcsWorld, serviceArn: string): Promise<Properties | undefined> {
  try {
    const answer = await request(world, 'DescribeExpressGatewayService', { serviceArn, include: ['TAGS'] });
    return isRecord(answer.service) ? answer.service : undefined;
  } catch (error) {
    if (error instanceof CloudRefusal && error.message.includes('ResourceNotFoundException')) return undefined;
    throw error;
  }
}

export function statusOf(service: Properties): string {
  return text(service.status, 'statusCode') ?? '';
}

export async function retag(world: EcsWorld, resourceArn: string, olds: Properties, news: Properties): Promise<void> {
  const gone = Object.keys(olds).filter((key) => !(key in news));
  if (gone.length > 0) await request(world, 'UntagResource', { resourceArn, tagKeys: gone });
  const changed = Object.entries(news).some(([key, value]) => olds[key] !== value);
  if (changed) await request(world, 'TagResource', { resourceArn, ...wireTags({ tags: news }) });
}

export function wireTags(inputs: Properties): Properties {
  const tags = Object.entries(tagsOf(inputs)).map(([key, value]): Properties => ({ key, value }));
  return tags.length === 0 ? {} : { tags };
}

const members: Readonly<Record<string, string>> = {
  networkConfigurations: 'networkConfiguration',
  scalingTargets: 'scalingTarget',
  awsLogsConfigurations: 'awsLogsConfiguration',
};
const lists: Readonly<Record<string, string>> = { environments: 'environment', commands: 'command' };

/** What a revision is made of, as the API takes it. */
export function toWire(inputs: Properties): Properties {
  const own = ['cluster', 'infrastructureRoleArn', 'region', 'serviceName', 'tags', 'timeouts', 'waitForSteadyState'];
  return Object.fromEntries(
    Object.entries(inputs)
      .filter(([key]) => !own.includes(key))
      .map(([key, value]): [string, Property] => {
        if (key in members) return [members[key] ?? key, isList(value) ? (value[0] ?? {}) : value];
        return [lists[key] ?? key, isRecord(value) ? toWire(value) : value];
      }),
  );
}

const plurals = new Map([...Object.entries(members), ...Object.entries(lists)].map(([plural, one]) => [one, plural]));

function fromWire(configuration: Properties): Properties {
  return Object.fromEntries(
    Object.entries(configuration).map(([key, value]): [string, Property] => {
      const plural = plurals.get(key);
      if (plural !== undefined) return [plural, isList(value) ? value : [value]];
      return [key, isRecord(value) ? fromWire(value) : value];
    }),
  );
}

/** The provider reads the first of the active configurations, whatever the deployment comes to: while one runs that is its target. */
export function outputsOf(service: Properties, inputs: Properties): Properties {
  const [first] = isList(service.activeConfigurations) ? service.activeConfigurations : [];
  const {
    createdAt: _,
    taskDefinitionArn: __,
    cpuArchitecture: ___,
    ...shown
  } = isRecord(first) ? fromWire(first) : {};
  return {
    ...shown,
    cluster: text(service, 'cluster') ?? '',
    infrastructureRoleArn: service.infrastructureRoleArn ?? '',
    serviceArn: service.serviceArn ?? '',
    serviceName: service.serviceName ?? '',
    currentDeployment: '',
    waitForSteadyState: inputs.waitForSteadyState ?? false,
    ...(inputs.tags === undefined ? {} : { tags: inputs.tags }),
  };
}

/** What an import takes over as inputs. */
export function inputsOf(outputs: Properties): Properties {
  const computed = ['currentDeployment', 'ingressPaths', 'serviceArn', 'serviceRevisionArn', 'tagsAll'];
  return Object.fromEntries(Object.entries(outputs).filter(([key]) => !computed.includes(key)));
}
