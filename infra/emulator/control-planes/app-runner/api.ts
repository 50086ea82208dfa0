// App Runner's API on the wire: AWS JSON 1.0, one operation per request, errors by `__type`.
import { z } from 'zod';
import type { RuntimeHost } from '../../runtimes/host.ts';
import { HostedService } from '../../runtimes/hosted-service.ts';
import type { Handler } from '../../world.ts';
import { accounts } from '../../world.ts';
import { bodyOf, json, pageOf, parsed, Refusal, regionOf } from '../aws-json.ts';
import { frontDoorOf, healthCheckConfiguration, refusals, sourceConfiguration } from './container.ts';
import { describeService, summarize } from './resource.ts';
import { type AutoScaling, AutoScalings, createAutoScaling } from './scaling.ts';
import { AppRunnerService } from './service.ts';

/** What a client says about a service that changes nothing here. */
const described = {
  InstanceConfiguration: z
    .strictObject({ Cpu: z.string().optional(), Memory: z.string().optional(), InstanceRoleArn: z.string().optional() })
    .optional(),
  NetworkConfiguration: z.looseObject({}).optional(),
  ObservabilityConfiguration: z.looseObject({}).optional(),
  EncryptionConfiguration: z.looseObject({}).optional(),
};
const shared = {
  InstanceConfiguration: described.InstanceConfiguration,
  NetworkConfiguration: described.NetworkConfiguration,
  ObservabilityConfiguration: described.ObservabilityConfiguration,
  HealthCheckConfiguration: healthCheckConfiguration.optional(),
  AutoScalingConfigurationArn: z.string().optional(),
};
const tags = z.array(z.strictObject({ Key: z.string(), Value: z.string() }));
const createService = z.strictObject({
  ...shared,
  ServiceName: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9\-_]{3,39}$/),
  SourceConfiguration: sourceConfiguration,
  EncryptionConfiguration: described.EncryptionConfiguration,
  Tags: tags.optional(),
});
const updateService = z.strictObject({
  ...shared,
  ServiceArn: z.string(),
  SourceConfiguration: sourceConfiguration.optional(),
});
const byResource = z.strictObject({ ResourceArn: z.string() });
const byArn = z.strictObject({ ServiceArn: z.string() });
const page = { MaxResults: z.int().min(1).max(20).optional(), NextToken: z.string().optional() };

export function appRunnerApi(host: RuntimeHost): Handler {
  const { accountId } = accounts.aws;
  const scalings = new AutoScalings(accountId);
  const services: AppRunnerService[] = [];
  const tagged = new Map<string, Map<string, string>>();

  const find = (arn: string): AppRunnerService => {
    const service = services.find((one) => one.arn === arn);
    if (service === undefined)
      throw new Refusal('ResourceNotFoundException', `Service cannot be found for ARN: ${arn}`);
    return service;
  };
  const findScaling = (arn: string): AutoScaling => {
    const scaling = scalings.find(arn);
    if (scaling === undefined) {
      throw new Refusal('ResourceNotFoundException', `AutoScalingConfiguration cannot be found for ARN: ${arn}`);
    }
    return scaling;
  };
  /** Named by a service: CreateService can't answer that something was not found. */
  const usedScaling = (arn: string): AutoScaling => {
    const scaling = scalings.find(arn);
    if (scaling !== undefined) return scaling;
    throw new Refusal('InvalidRequestException', `AutoScalingConfiguration cannot be found for ARN: ${arn}`);
  };
  /** One operation at a time, from a status that allows it. */
  const findFor = (
    arn: string,
    action: string,
    ...allowed: readonly AppRunnerService['status'][]
  ): AppRunnerService => {
    const service = find(arn);
    if (!allowed.includes(service.status)) {
      throw new Refusal('InvalidStateException', `Service cannot be ${action} in the current state: ${service.status}`);
    }
    return service;
  };

  const operations: Readonly<Record<string, (body: unknown, region: string) => unknown>> = {
    async CreateService(body, region) {
      const request = parse(createService, body);
      // Assumed words: that it is so is documented, what the API says is not.
      // https://docs.aws.amazon.com/apprunner/latest/dg/apprunner-availability-change.html
      if (host.faults.newAccount?.includes('aws') === true) {
        throw new Refusal('AccessDeniedException', 'AWS App Runner is not available to new customers.');
      }
      refuse(refusals(request.SourceConfiguration));
      if (services.some((one) => one.name === request.ServiceName && one.status !== 'DELETED')) {
        throw new Refusal(
          'InvalidRequestException',
          `Service with the provided name already exists: ${request.ServiceName}.`,
        );
      }
      const scaling =
        request.AutoScalingConfigurationArn === undefined
          ? scalings.default
          : usedScaling(request.AutoScalingConfigurationArn);
      const settings = {
        source: request.SourceConfiguration,
        health: request.HealthCheckConfiguration ?? healthCheckConfiguration.parse({}),
        scaling,
      };
      const hosted = await HostedService.open(host, 'aws', request.ServiceName, frontDoorOf(settings));
      const identity = { name: request.ServiceName, region, accountId };
      const service = new AppRunnerService(host, hosted, identity, settings, describedOf(request, defaults));
      tagged.set(service.arn, new Map(pairs(request.Tags)));
      scaling.HasAssociatedService = true;
      services.push(service);
      return { OperationId: service.create().Id, Service: describeService(service) };
    },
    UpdateService(body) {
      const request = parse(updateService, body);
      const service = findFor(request.ServiceArn, 'updated', 'RUNNING');
      if (request.SourceConfiguration !== undefined) refuse(refusals(request.SourceConfiguration));
      const scaling =
        request.AutoScalingConfigurationArn === undefined
          ? service.settings.scaling
          : usedScaling(request.AutoScalingConfigurationArn);
      scaling.HasAssociatedService = true;
      const settings = {
        source: request.SourceConfiguration ?? service.settings.source,
        health: request.HealthCheckConfiguration ?? service.settings.health,
        scaling,
      };
      const operation = service.update(settings, describedOf(request, service.described));
      return { OperationId: operation.Id, Service: describeService(service) };
    },
    DescribeService: (body) => ({ Service: describeService(find(parse(byArn, body).ServiceArn)) }),
    DeleteService(body) {
      const service = findFor(parse(byArn, body).ServiceArn, 'deleted', 'RUNNING', 'PAUSED', 'CREATE_FAILED');
      return { OperationId: service.delete().Id, Service: describeService(service) };
    },
    PauseService(body) {
      const service = findFor(parse(byArn, body).ServiceArn, 'paused', 'RUNNING');
      return { OperationId: service.pause().Id, Service: describeService(service) };
    },
    ResumeService(body) {
      const service = findFor(parse(byArn, body).ServiceArn, 'resumed', 'PAUSED');
      return { OperationId: service.resume().Id, Service: describeService(service) };
    },
    ListServices(body) {
      const request = parse(z.strictObject(page), body);
      const listed = services.filter((one) => one.status !== 'DELETED').map(summarize);
      return paged('ServiceSummaryList', listed, request);
    },
    ListOperations(body) {
      const request = parse(z.strictObject({ ...page, ServiceArn: z.string() }), body);
      return paged('OperationSummaryList', find(request.ServiceArn).operations, request);
    },
    ListTagsForResource: (body) => ({
      Tags: [...(tagged.get(parse(byResource, body).ResourceArn) ?? [])].map(([Key, Value]) => ({ Key, Value })),
    }),
    TagResource(body) {
      const request = parse(byResource.extend({ Tags: tags }), body);
      tagged.set(request.ResourceArn, new Map([...(tagged.get(request.ResourceArn) ?? []), ...pairs(request.Tags)]));
      return {};
    },
    UntagResource(body) {
      const request = parse(byResource.extend({ TagKeys: z.array(z.string()) }), body);
      for (const key of request.TagKeys) tagged.get(request.ResourceArn)?.delete(key);
      return {};
    },
    CreateAutoScalingConfiguration: (body, region) => ({
      AutoScalingConfiguration: scalings.create(parse(createAutoScaling, body), region),
    }),
    DescribeAutoScalingConfiguration: (body) => ({
      AutoScalingConfiguration: findScaling(parse(byScalingArn, body).AutoScalingConfigurationArn),
    }),
    DeleteAutoScalingConfiguration(body) {
      const scaling = findScaling(parse(byScalingArn, body).AutoScalingConfigurationArn);
      if (services.some((one) => one.status !== 'DELETED' && one.settings.scaling === scaling)) {
        throw new Refusal('InvalidRequestException', 'The auto scaling configuration is associated with a service.');
      }
      scaling.Status = 'INACTIVE';
      scaling.DeletedAt = Date.now() / 1000;
      return { AutoScalingConfiguration: scaling };
    },
  };

  return async (request) => {
    try {
      const name = (request.headers['x-amz-target'] ?? '').replace(/^AppRunner\./, '');
      const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
      if (request.method !== 'POST' || operation === undefined) {
        throw new Refusal('com.amazon.coral.service#UnknownOperationException', `Unknown operation ${name}`);
      }
      return json('1.0', 200, await operation(bodyOf(request), regionOf(request)));
    } catch (error) {
      if (error instanceof Refusal) return json('1.0', 400, { __type: error.type, Message: error.message });
      return json('1.0', 500, { __type: 'InternalServiceErrorException', Message: String(error) });
    }
  };
}

const byScalingArn = z.strictObject({ AutoScalingConfigurationArn: z.string() });

const defaults = {
  InstanceConfiguration: { Cpu: '1024', Memory: '2048' },
  NetworkConfiguration: {
    EgressConfiguration: { EgressType: 'DEFAULT' },
    IngressConfiguration: { IsPubliclyAccessible: true },
    IpAddressType: 'IPV4',
  },
};

/** The parts of a service that change nothing here, given back as they were sent. */
function describedOf(
  request: {
    readonly [name in keyof typeof described]?: z.infer<(typeof described)[name]> | undefined;
  },
  before: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const sent = Object.entries({
    InstanceConfiguration: request.InstanceConfiguration && {
      ...defaults.InstanceConfiguration,
      ...request.InstanceConfiguration,
    },
    NetworkConfiguration: request.NetworkConfiguration,
    ObservabilityConfiguration: request.ObservabilityConfiguration,
    EncryptionConfiguration: request.EncryptionConfiguration,
  });
  return { ...before, ...Object.fromEntries(sent.filter(([, value]) => value !== undefined)) };
}

function pairs(list: z.infer<typeof tags> | undefined): [string, string][] {
  return (list ?? []).map(({ Key, Value }) => [Key, Value]);
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  return parsed(
    schema,
    body,
    'InvalidRequestException',
    (faults) => `${faults.length} validation error detected: ${faults.join('; ')}`,
  );
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new Refusal('InvalidRequestException', faults.join('; '));
}

function paged(
  name: string,
  all: readonly unknown[],
  { MaxResults, NextToken }: { readonly MaxResults?: number | undefined; readonly NextToken?: string | undefined },
): Record<string, unknown> {
  const { items, next } = pageOf(all, MaxResults, NextToken);
  return { [name]: items, ...(next === undefined ? {} : { NextToken: next }) };
}
