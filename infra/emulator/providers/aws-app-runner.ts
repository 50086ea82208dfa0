// App Runner as Pulumi's `aws` provider drives it: the API's JSON, and the provider's waiting, which takes RUNNING for success.
import { projected } from '../engine/input-diff.ts';
import { isList, isRecord, type Properties, type Property, text } from '../engine/property.ts';
import {
  CloudRefusal,
  HalfMadeResource,
  type InputFault,
  type ResourceContext,
  type ResourceModel,
} from '../engine/resource-model.ts';
import type { World } from '../world.ts';
import type { AwsAccount } from './aws-account.ts';
import { call, poll } from './control-plane.ts';
import { oneOf, pattern, range, reservedKeys } from './input-rule.ts';
import { tagsOf } from './stored-resource.ts';

type AppRunnerWorld = Pick<World, 'controlPlanes' | 'timeScale'>;

const _api = 'https://docs.aws.amazon.com/apprunner/latest/api';
/** The bridged provider polls with a growing delay up to 10 s, for 20 minutes. */
const waiting = { pollSeconds: 5, limitSeconds: 1200 };

export function appRunnerService(world: AppRunnerWorld, account: AwsAccount): ResourceModel {
  const ask = (operation: string, body: Properties) => request(world, operation, body);
  const settle = (arn: string) =>
    poll({ what: `App Runner Service (${arn})`, timeScale: world.timeScale, ...waiting }, async () => {
      const service = await describe(world, arn);
      return service?.Status === 'OPERATION_IN_PROGRESS' ? undefined : (service ?? {});
    });
  const shown = async (service: Properties, inputs: Properties, context: ResourceContext): Promise<Properties> => ({
    ...outputsOf(service, inputs),
    ...account.derive(inputs, context),
  });

  return {
    module: 'apprunner/service',
    // https://www.pulumi.com/registry/packages/aws/api-docs/apprunner/service/: "forces new resource"
    replaceOnChanges: ['serviceName', 'encryptionConfiguration', 'region'],
    computed: ['region', 'autoScalingConfigurationArn'],
    validate: serviceFaults,
    async create(inputs, context) {
      refuseRoles(account, inputs);
      const created = member(await ask('CreateService', { ...toWire(inputs), ...wireTags(inputs) }), 'Service');
      const arn = text(created, 'ServiceArn') ?? '';
      const service = await settle(arn);
      const outputs = await shown(service, inputs, context);
      if (service.Status !== 'RUNNING') {
        throw new HalfMadeResource(
          arn,
          outputs,
          `waiting for App Runner Service (${arn}) creation: unexpected state '${text(service, 'Status')}', wanted target 'RUNNING'`,
        );
      }
      return { id: arn, outputs };
    },
    async read(id, inputs, context) {
      const service = await describe(world, id);
      if (service === undefined) return undefined;
      const outputs = await shown(service, inputs, context);
      const asked = Object.keys(inputs).length === 0 ? inputsOf(outputs) : inputs;
      return { outputs, inputs: projected(asked, outputs) };
    },
    async update(id, inputs, context, previous) {
      refuseRoles(account, inputs);
      await retag(world, id, tagsOf(previous), tagsOf(inputs));
      await ask('UpdateService', {
        ...toWire(without(inputs, ['serviceName', 'encryptionConfiguration'])),
        ServiceArn: id,
      });
      // RUNNING is success, also when App Runner rolled the update back: only the operation tells, and the provider doesn't ask for it.
      const service = await settle(id);
      const outputs = await shown(service, inputs, context);
      if (service.Status !== 'RUNNING') {
        throw new HalfMadeResource(
          id,
          outputs,
          `waiting for App Runner Service (${id}) update: unexpected state '${text(service, 'Status')}'`,
        );
      }
      return outputs;
    },
    async delete(id) {
      if ((await describe(world, id)) === undefined) return;
      await ask('DeleteService', { ServiceArn: id });
      await poll({ what: `App Runner Service (${id}) deletion`, timeScale: world.timeScale, ...waiting }, async () =>
        (await describe(world, id)) === undefined ? true : undefined,
      );
    },
  };
}

/** Immutable at the vendor: every change is another revision under the same name. */
export function appRunnerScaling(world: AppRunnerWorld, account: AwsAccount): ResourceModel {
  const show = (scaling: Properties, inputs: Properties, context: ResourceContext): Properties => ({
    ...camelCased(without(scaling, ['AutoScalingConfigurationArn', 'CreatedAt', 'DeletedAt'])),
    arn: scaling.AutoScalingConfigurationArn ?? '',
    ...account.derive(inputs, context),
    ...inputs,
  });
  const find = async (arn: string): Promise<Properties | undefined> => {
    const found = await unlessMissing(
      request(world, 'DescribeAutoScalingConfiguration', { AutoScalingConfigurationArn: arn }),
    );
    const scaling = found === undefined ? undefined : member(found, 'AutoScalingConfiguration');
    return scaling?.Status === 'INACTIVE' ? undefined : scaling;
  };
  return {
    module: 'apprunner/autoScalingConfigurationVersion',
    replaceOnChanges: ['autoScalingConfigurationName', 'minSize', 'maxSize', 'maxConcurrency', 'region'],
    computed: ['region'],
    validate: (inputs) => [
      // ${api}/API_CreateAutoScalingConfiguration.html
      ...pattern(inputs, 'autoScalingConfigurationName', /^[A-Za-z0-9][A-Za-z0-9\-_]{3,31}$/),
      ...range(inputs, 'minSize', 1, 25),
      ...range(inputs, 'maxSize', 1, 25),
      ...range(inputs, 'maxConcurrency', 1, 200),
    ],
    async create(inputs, context) {
      const body = { ...pascalCased(without(inputs, ['tags', 'region'])), ...wireTags(inputs) };
      const scaling = member(await request(world, 'CreateAutoScalingConfiguration', body), 'AutoScalingConfiguration');
      return { id: text(scaling, 'AutoScalingConfigurationArn') ?? '', outputs: show(scaling, inputs, context) };
    },
    async read(id, inputs, context) {
      const scaling = await find(id);
      if (scaling === undefined) return undefined;
      return { outputs: show(scaling, inputs, context), inputs: projected(inputs, camelCased(scaling)) };
    },
    async update(id, inputs, context, previous) {
      await retag(world, id, tagsOf(previous), tagsOf(inputs));
      return show((await find(id)) ?? {}, inputs, context);
    },
    async delete(id) {
      if ((await find(id)) === undefined) return;
      await request(world, 'DeleteAutoScalingConfiguration', { AutoScalingConfigurationArn: id });
    },
  };
}

/** `${api}/API_CreateService.html` and the types it refers to. */
function serviceFaults(inputs: Properties): readonly InputFault[] {
  const image = 'sourceConfiguration.imageRepository';
  return [
    ...pattern(inputs, 'serviceName', /^[A-Za-z0-9][A-Za-z0-9\-_]{3,39}$/),
    ...oneOf(inputs, `${image}.imageRepositoryType`, ['ECR', 'ECR_PUBLIC']),
    ...pattern(
      inputs,
      `${image}.imageIdentifier`,
      /^(\d{12}\.dkr\.ecr\.[a-z\d-]+\.amazonaws\.com|public\.ecr\.aws)\/[a-z\d._\-/]+(:[\w+\-=._:/@]+|@[\w:]+)?$/,
    ),
    ...reservedKeys(inputs, `${image}.imageConfiguration.runtimeEnvironmentVariables`, /^(AWSAPPRUNNER|PORT$)/),
    ...reservedKeys(inputs, `${image}.imageConfiguration.runtimeEnvironmentSecrets`, /^(AWSAPPRUNNER|PORT$)/),
    // ${api}/API_InstanceConfiguration.html
    ...pattern(inputs, 'instanceConfiguration.cpu', /^(256|512|1024|2048|4096|(0\.25|0\.5|1|2|4) vCPU)$/),
    ...pattern(
      inputs,
      'instanceConfiguration.memory',
      /^(512|1024|2048|3072|4096|6144|8192|10240|12288|(0\.5|1|2|3|4|6|8|10|12) GB)$/,
    ),
    // ${api}/API_HealthCheckConfiguration.html
    ...oneOf(inputs, 'healthCheckConfiguration.protocol', ['TCP', 'HTTP']),
    ...['interval', 'timeout', 'healthyThreshold', 'unhealthyThreshold'].flatMap((key) =>
      range(inputs, `healthCheckConfiguration.${key}`, 1, 20),
    ),
  ];
}

function refuseRoles(account: AwsAccount, inputs: Properties): void {
  const accessRole = text(
    member(member(inputs, 'sourceConfiguration'), 'authenticationConfiguration'),
    'accessRoleArn',
  );
  const instanceRole = text(inputs.instanceConfiguration, 'instanceRoleArn');
  const refusal =
    (accessRole === undefined ? undefined : account.pullRefusal(accessRole)) ??
    (instanceRole === undefined ? undefined : account.assumeRefusal(instanceRole, 'tasks.apprunner.amazonaws.com'));
  if (refusal !== undefined) throw new CloudRefusal(`InvalidRequestException: ${refusal}`);
}

async function request(world: AppRunnerWorld, operation: string, body: Properties): Promise<Properties> {
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
async function describe(world: AppRunnerWorld, arn: string): Promise<Properties | undefined> {
  const answer = await unlessMissing(request(world, 'DescribeService', { ServiceArn: arn }));
  const service = answer === undefined ? undefined : member(answer, 'Service');
  return service?.Status === 'DELETED' ? undefined : service;
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof CloudRefusal && error.message.includes('ResourceNotFoundException')) return undefined;
    throw error;
  }
}

async function retag(world: AppRunnerWorld, arn: string, olds: Properties, news: Properties): Promise<void> {
  const gone = Object.keys(olds).filter((key) => !(key in news));
  if (gone.length > 0) await request(world, 'UntagResource', { ResourceArn: arn, TagKeys: gone });
  if (Object.entries(news).some(([key, value]) => olds[key] !== value)) {
    await request(world, 'TagResource', { ResourceArn: arn, ...wireTags({ tags: news }) });
  }
}

function toWire(inputs: Properties): Properties {
  return pascalCased(without(inputs, ['tags', 'region']));
}

function wireTags(inputs: Properties): Properties {
  const tags = Object.entries(tagsOf(inputs)).map(([Key, Value]): Properties => ({ Key, Value }));
  return tags.length === 0 ? {} : { Tags: tags };
}

function outputsOf(service: Properties, inputs: Properties): Properties {
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
function inputsOf(outputs: Properties): Properties {
  return without(outputs, ['arn', 'serviceId', 'serviceUrl', 'status', 'tagsAll']);
}

/** Maps whose keys belong to the user keep them as they are. */
const userKeys = new Set(['runtimeEnvironmentVariables', 'runtimeEnvironmentSecrets']);

function pascalCased(properties: Properties): Properties {
  return renamed(properties, (key) => `${key.charAt(0).toUpperCase()}${key.slice(1)}`);
}

function camelCased(properties: Properties): Properties {
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

function member(properties: Properties, key: string): Properties {
  const value = properties[key];
  return isRecord(value) ? value : {};
}

function without(properties: Properties, keys: readonly string[]): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => !keys.includes(key)));
}
