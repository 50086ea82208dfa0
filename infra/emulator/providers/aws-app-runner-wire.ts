// App Runner's API as the provider speaks it: JSON 1.0 with every name in Pascal case, and errors by type.
import { isList, isRecord, type Properties, type Property, text } from '../engine/property.ts';
import { CloudRefusal } from '../engine/resource-model.ts';
import type { World } from '../world.ts';
import { call } from './control-plane.ts';
import { tagsOf } from './stored-resource.ts';

export type AppRunnerWorld = Pick<World, 'controlPlanes' | 'timeScale'>;

export async function request(world: AppRunnerWorld, operation: string, body: Properties): Promise<Properties> {
  const answer = await call(world.controlPlanes.appRunner, {
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AppRunner.${operation}` },
    body,
  });
  if (answer.status === 200) return answer.body;
  const type = text(answer.body, '__type') ?? 'UnknownError';
  const message = text(answer.body, 'Message') ?? text(answer.body, 'message') ?? '';
  throw new CloudRefusal(`operation error AppRunner: ${operation}, StatusCode: ${answer.status}, ${type}: ${message}`);
}

/** `undefined` for what never was and for what was deleted: the API goes on describing a deleted service for a while. */
export async function describe(world: AppRunnerWorld, arn: string): Promise<Properties | undefined> {
  const answer = await unlessMissing(request(world, 'DescribeService', { ServiceArn: arn }));
  const service = answer === undefined ? undefined : member(answer, 'Service');
  return service?.Status === 'DELETED' ? undefined : service;
}

export async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof CloudRefusal && error.message.includes('ResourceNotFoundException')) return undefined;
    throw error;
  }
}

export async function retag(world: AppRunnerWorld, arn: string, olds: Properties, news: Properties): Promise<void> {
  const gone = Object.keys(olds).filter((key) => !(key in news));
  if (gone.length > 0) await request(world, 'UntagResource', { ResourceArn: arn, TagKeys: gone });
  if (Object.entries(news).some(([key, value]) => olds[key] !== value)) {
    await request(world, 'TagResource', { ResourceArn: arn, ...wireTags({ tags: news }) });
  }
}

export function toWire(inputs: Properties): Properties {
  return pascalCased(without(inputs, ['tags', 'region']));
}

export function wireTags(inputs: Properties): Properties {
  const tags = Object.entries(tagsOf(inputs)).map(([Key, Value]): Properties => ({ Key, Value }));
  return tags.length === 0 ? {} : { Tags: tags };
}

export function outputsOf(service: Properties, inputs: Properties): Properties {
  const described = camelCased(
    without(service, ['ServiceArn', 'CreatedAt', 'UpdatedAt', 'DeletedAt', 'AutoScalingConfigurationSummary']),
  );
  const scaling = text(service.AutoScalingConfigurationSummary, 'AutoScalingConfigurationArn');
  return {
    ...described,
    arn: service.ServiceArn ?? '',
    ...(scaling === undefined ? {} : { autoScalingConfigurationArn: scaling }),
    ...(inputs.tags === undefined ? {} : { tags: inputs.tags }),
  };
}

/** What an import takes over as inputs. */
export function inputsOf(outputs: Properties): Properties {
  return without(outputs, ['arn', 'serviceId', 'serviceUrl', 'status', 'tagsAll']);
}

/** Maps whose keys belong to the user keep them as they are. */
const userKeys = new Set(['runtimeEnvironmentVariables', 'runtimeEnvironmentSecrets']);

export function pascalCased(properties: Properties): Properties {
  return renamed(properties, (key) => `${key.charAt(0).toUpperCase()}${key.slice(1)}`);
}

export function camelCased(properties: Properties): Properties {
  return renamed(properties, (key) => `${key.charAt(0).toLowerCase()}${key.slice(1)}`);
}

function renamed(properties: Properties, rename: (key: string) => string): Properties {
  const inside = (value: Property): Property => {
    if (isList(value)) return value.map(inside);
    return isRecord(value) ? renamed(value, rename) : value;
  };
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => {
      const isUserMap = userKeys.has(`${key.charAt(0).toLowerCase()}${key.slice(1)}`);
      return [rename(key), isUserMap ? value : inside(value)];
    }),
  );
}

export function member(properties: Properties, key: string): Properties {
  const value = properties[key];
  return isRecord(value) ? value : {};
}

export function without(properties: Properties, keys: readonly string[]): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => !keys.includes(key)));
}
