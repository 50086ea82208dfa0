// ECS's API on the wire, as far as Express Mode goes: AWS JSON 1.1, one operation per request, errors by `__type`.
import { z } from 'zod';
import { cluster as defaultCluster } from '../../../clouds/aws/ecs-express/runtime.ts';
import type { RuntimeHost } from '../../runtimes/host.ts';
import { HostedService } from '../../runtimes/hosted-service.ts';
import type { Handler } from '../../world.ts';
import { accounts } from '../../world.ts';
import { bodyOf, json, pageOf, parsed, Refusal, regionOf } from '../aws-json.ts';
import { balancerRules, type Configuration, changes, configuration, normalized, refusals } from './container.ts';
import {
  describeDeployment,
  describeRevision,
  describeService,
  describeTask,
  describeUpdate,
  summarizeDeployment,
  taskArnOf,
  tasksOf,
} from './resource.ts';
import { ExpressService } from './service.ts';

const tags = z.array(z.strictObject({ key: z.string().min(1), value: z.string() }));
const create = configuration.extend({
  infrastructureRoleArn: z.string(),
  serviceName: z.string().regex(/^[A-Za-z0-9_-]{1,255}$/),
  cluster: z.string().default(defaultCluster),
  tags: tags.optional(),
});
const update = changes.extend({ serviceArn: z.string() });
const byArn = z.strictObject({ serviceArn: z.string(), include: z.array(z.literal('TAGS')).optional() });
const byResource = z.strictObject({ resourceArn: z.string() });
const page = { maxResults: z.int().min(1).max(100).optional(), nextToken: z.string().optional() };
const listDeployments = z.strictObject({
  ...page,
  service: z.string(),
  cluster: z.string().default(defaultCluster),
  status: z.array(z.string()).optional(),
  createdAt: z.strictObject({ before: z.number().optional(), after: z.number().optional() }).optional(),
});
const listTasks = z.strictObject({
  ...page,
  serviceName: z.string(),
  cluster: z.string().default(defaultCluster),
  desiredStatus: z.enum(['RUNNING', 'PENDING', 'STOPPED']).default('RUNNING'),
});

export function ecsApi(host: RuntimeHost): Handler {
  const { accountId } = accounts.aws;
  const services: ExpressService[] = [];

  const lookUp = (arn: string) => services.findLast((one) => one.arn === arn);
  const find = (arn: string, otherwise = 'ServiceNotFoundException'): ExpressService => {
    const service = lookUp(arn);
    if (service === undefined) throw new Refusal(otherwise, `Resource not found. Resource: ${arn}`);
    return service;
  };
  const findActive = (arn: string): ExpressService => {
    const service = find(arn);
    if (service.status === 'ACTIVE') return service;
    const message =
      service.status === 'DRAINING'
        ? 'Service is in DRAINING status.'
        : 'Cannot perform this operation on a service in INACTIVE status.';
    throw new Refusal('ServiceNotActiveException', message);
  };
  const findNamed = (name: string, cluster: string): ExpressService => {
    const service = services.findLast((one) => one.arn === name || isCalled(one, name, cluster));
    if (service === undefined) throw new Refusal('ServiceNotFoundException', 'Service not found.');
    return service;
  };

  const operations: Readonly<Record<string, (body: unknown, region: string) => unknown>> = {
    async CreateExpressGatewayService(body, region) {
      const { infrastructureRoleArn, serviceName, cluster, tags: tagged, ...asked } = parse(create, body);
      refuse(refusals(asked));
      if (services.some((one) => one.status !== 'INACTIVE' && isCalled(one, serviceName, cluster))) {
        throw new Refusal('InvalidParameterException', 'Creation of service was not idempotent.');
      }
      const hosted = await HostedService.open(host, 'aws', serviceName, balancerRules);
      const identity = { name: serviceName, region, accountId, cluster, infrastructureRoleArn };
      const service = new ExpressService(host, hosted, identity);
      for (const { key, value } of tagged ?? []) service.tags.set(key, value);
      services.push(service);
      service.deploy(normalized(asked));
      return { service: describeService(service, { tags: true }) };
    },
    UpdateExpressGatewayService(body) {
      const { serviceArn, ...asked } = parse(update, body);
      const service = findActive(serviceArn);
      const before = service.active[0]?.settings;
      const settings: Configuration = normalized(parse(configuration, { ...before, ...asked }));
      refuse(refusals(settings));
      return { service: describeUpdate(service, service.deploy(settings)) };
    },
    DescribeExpressGatewayService(body) {
      const { serviceArn, include = [] } = parse(byArn, body);
      const service = find(serviceArn, 'ResourceNotFoundException');
      return { service: describeService(service, { tags: include.includes('TAGS') }) };
    },
    DeleteExpressGatewayService(body) {
      const service = findActive(parse(byArn, body).serviceArn);
      service.delete();
      return { service: describeService(service, { tags: false }) };
    },
    ListServiceDeployments(body) {
      const { service: name, cluster, status, createdAt, ...paging } = parse(listDeployments, body);
      const service = findNamed(name, cluster);
      const { before = Number.POSITIVE_INFINITY, after = 0 } = createdAt ?? {};
      const listed = service.deployments
        .filter((one) => status === undefined || status.length === 0 || status.includes(one.status))
        .filter((one) => one.createdAt > after && one.createdAt < before)
        .toReversed();
      return paged(
        'serviceDeployments',
        listed.map((one) => summarizeDeployment(service, one)),
        paging,
      );
    },
    DescribeServiceDeployments(body) {
      const { serviceDeploymentArns: asked } = parse(z.strictObject({ serviceDeploymentArns: arns(20) }), body);
      const known = services.flatMap((service) => service.deployments.map((one) => ({ service, one })));
      return described('serviceDeployments', asked, (arn) => {
        const found = known.find(({ one }) => one.arn === arn);
        return found === undefined ? undefined : describeDeployment(found.service, found.one);
      });
    },
    DescribeServiceRevisions(body) {
      const { serviceRevisionArns: asked } = parse(z.strictObject({ serviceRevisionArns: arns(20) }), body);
      const known = services.flatMap((service) => service.revisions.map((one) => ({ service, one })));
      return described('serviceRevisions', asked, (arn) => {
        const found = known.find(({ one }) => one.arn === arn);
        return found === undefined ? undefined : describeRevision(found.service, found.one);
      });
    },
    ListTasks(body) {
      const { serviceName, cluster, desiredStatus, ...paging } = parse(listTasks, body);
      const service = findNamed(serviceName, cluster);
      // Stopped tasks are listed for an hour at the vendor; here they are gone.
      const listed = desiredStatus === 'RUNNING' ? tasksOf(service).map(taskArnOf) : [];
      return paged('taskArns', listed, paging);
    },
    DescribeTasks(body) {
      const request = z.strictObject({ tasks: arns(100), cluster: z.string().optional() });
      const known = services.flatMap(tasksOf);
      return described('tasks', parse(request, body).tasks, (asked) => {
        const found = known.find((one) => taskArnOf(one) === asked || one.id === asked);
        return found === undefined ? undefined : describeTask(found);
      });
    },
    ListTagsForResource(body) {
      const service = find(parse(byResource, body).resourceArn);
      return { tags: [...service.tags].map(([key, value]) => ({ key, value })) };
    },
    TagResource(body) {
      const request = parse(byResource.extend({ tags }), body);
      const service = find(request.resourceArn);
      for (const { key, value } of request.tags) service.tags.set(key, value);
      return {};
    },
    UntagResource(body) {
      const request = parse(byResource.extend({ tagKeys: z.array(z.string()) }), body);
      const service = find(request.resourceArn);
      for (const key of request.tagKeys) service.tags.delete(key);
      return {};
    },
  };

  return async (request) => {
    try {
      const name = (request.headers['x-amz-target'] ?? '').replace(/^AmazonEC2ContainerServiceV20141113\./, '');
      const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
      if (request.method !== 'POST' || operation === undefined) {
        throw new Refusal('com.amazon.coral.service#UnknownOperationException', `Unknown operation ${name}`);
      }
      return json('1.1', 200, await operation(bodyOf(request), regionOf(request)));
    } catch (error) {
      if (error instanceof Refusal) return json('1.1', 400, { __type: error.type, message: error.message });
      return json('1.1', 500, { __type: 'ServerException', message: String(error) });
    }
  };
}

/** By a cluster's name or its ARN. */
function isCalled({ identity }: ExpressService, name: string, cluster: string): boolean {
  return identity.name === name && identity.cluster === cluster.slice(cluster.lastIndexOf('/') + 1);
}

function arns(most: number) {
  return z.array(z.string()).min(1).max(most);
}

/** Each of what was asked for, and a failure for each that is not there. */
function described(
  name: string,
  asked: readonly string[],
  show: (arn: string) => Record<string, unknown> | undefined,
): Record<string, unknown> {
  const found = asked.map((arn) => ({ arn, shown: show(arn) }));
  return {
    [name]: found.flatMap(({ shown }) => shown ?? []),
    failures: found.flatMap(({ arn, shown }) => (shown === undefined ? { arn, reason: 'MISSING' } : [])),
  };
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  return parsed(schema, body, 'InvalidParameterException');
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new Refusal('InvalidParameterException', faults.join(' '));
}

function paged(
  name: string,
  all: readonly unknown[],
  { maxResults, nextToken }: { readonly maxResults?: number | undefined; readonly nextToken?: string | undefined },
): Record<string, unknown> {
  const { items, next } = pageOf(all, maxResults, nextToken);
  return { [name]: items, ...(next === undefined ? {} : { nextToken: next }) };
}
