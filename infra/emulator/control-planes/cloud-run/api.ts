// The Cloud Run Admin API v2 on the wire: REST paths, long-running operations, Google's error shape.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { RuntimeHost } from '../../runtimes/host.ts';
import { HostedService } from '../../runtimes/hosted-service.ts';
import type { Handler, WireRequest } from '../../world.ts';
import { json, refusal } from '../google-json.ts';
import { frontDoorOf, revisionTemplate, trafficTarget } from './container.ts';
import { revisionResource, serviceResource } from './resource.ts';
import { Secrets } from './secrets.ts';
import { CloudRunService, type ServiceSpec } from './service.ts';
import { allToLatest, trafficFault } from './traffic.ts';

/** Google's canonical codes, with their status and number. */
const codes = {
  INVALID_ARGUMENT: [400, 3],
  NOT_FOUND: [404, 5],
  ALREADY_EXISTS: [409, 6],
  FAILED_PRECONDITION: [400, 9],
  UNIMPLEMENTED: [501, 12],
} as const;

class Refusal extends Error {
  readonly status: keyof typeof codes;
  constructor(status: keyof typeof codes, message: string) {
    super(message);
    this.status = status;
  }
}

const text = z.record(z.string(), z.string()).optional();
const count = z.int().min(0).optional();
/** The fields of a service that a client may write. */
const serviceBody = z.strictObject({
  name: z.string().optional(),
  description: z.string().optional(),
  labels: text,
  annotations: text,
  client: z.string().optional(),
  clientVersion: z.string().optional(),
  ingress: z
    .enum([
      'INGRESS_TRAFFIC_ALL',
      'INGRESS_TRAFFIC_INTERNAL_ONLY',
      'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER',
      'INGRESS_TRAFFIC_NONE',
    ])
    .optional(),
  launchStage: z.string().optional(),
  binaryAuthorization: z.looseObject({}).optional(),
  template: revisionTemplate,
  traffic: z.array(trafficTarget).optional(),
  scaling: z
    .strictObject({ minInstanceCount: count, maxInstanceCount: count, scalingMode: z.literal('AUTOMATIC').optional() })
    .optional(),
  invokerIamDisabled: z.boolean().optional(),
  defaultUriDisabled: z.boolean().optional(),
  customAudiences: z.array(z.string()).optional(),
  etag: z.string().optional(),
});

interface Operation {
  readonly name: string;
  readonly service: CloudRunService;
  done: boolean;
  failure?: { readonly code: number; readonly message: string };
}

export function cloudRunApi(host: RuntimeHost): Handler {
  const services = new Map<string, CloudRunService>();
  const operations = new Map<string, Operation>();
  const secrets = new Secrets();

  const find = (name: string): CloudRunService => {
    const service = services.get(name);
    if (service === undefined)
      throw new Refusal('NOT_FOUND', `Resource '${name.split('/').at(-1)}' of kind 'SERVICE' in region was not found.`);
    return service;
  };

  /** The work goes on behind an operation that the client asks after. */
  const operate = (service: CloudRunService, work: Promise<string | undefined>): unknown => {
    const parent = service.fullName.replace(/\/services\/.*/, '');
    const operation: Operation = { name: `${parent}/operations/${randomUUID()}`, service, done: false };
    operations.set(operation.name, operation);
    void work.then(
      (message) => {
        if (message !== undefined) operation.failure = { code: codes.FAILED_PRECONDITION[1], message };
        operation.done = true;
      },
      (error: unknown) => {
        operation.failure = { code: 13, message: String(error) };
        operation.done = true;
      },
    );
    return operationResource(operation);
  };

  const routes: readonly (readonly [
    method: string,
    path: RegExp,
    answer: (match: readonly string[], query: URLSearchParams, body: unknown) => unknown,
  ])[] = [
    [
      'POST',
      /^\/v2\/(projects\/[^/]+\/locations\/[^/]+)\/services$/,
      async ([parent = ''], query, body) => {
        const id = query.get('serviceId') ?? '';
        // https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/create
        if (!/^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$/.test(id))
          throw new Refusal('INVALID_ARGUMENT', `service_id: invalid value '${id}'`);
        const fullName = `${parent}/services/${id}`;
        if (services.has(fullName)) throw new Refusal('ALREADY_EXISTS', `Resource '${id}' already exists.`);
        const spec = specOf(body, id, []);
        if (query.get('validateOnly') === 'true') return { done: true };
        const hosted = await HostedService.open(host, 'gcp', id, frontDoorOf(spec.template));
        const service = new CloudRunService(host, secrets, hosted, fullName, spec);
        services.set(fullName, service);
        // A service whose first revision fails stays, and another create of it is refused.
        return operate(service, service.apply(spec));
      },
    ],
    [
      'GET',
      /^\/v2\/(projects\/[^/]+\/locations\/[^/]+)\/services$/,
      ([parent]) => ({
        services: [...services.values()].filter((one) => one.fullName.startsWith(`${parent}/`)).map(serviceResource),
      }),
    ],
    [
      'GET',
      /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/services\/[^/:]+)$/,
      ([name = '']) => serviceResource(find(name)),
    ],
    [
      'PATCH',
      /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/services\/[^/:]+)$/,
      ([name = ''], _query, body) => {
        const service = find(name);
        const spec = specOf(
          body,
          service.name,
          service.revisions.map((one) => one.name),
        );
        const named = spec.template.revision;
        const existing = service.revisions.find((one) => one.name === named);
        if (existing !== undefined && JSON.stringify(existing.template) !== JSON.stringify(spec.template)) {
          throw new Refusal('ALREADY_EXISTS', `Revision named '${named}' with different configuration already exists.`);
        }
        return operate(service, service.apply(spec));
      },
    ],
    [
      'DELETE',
      /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/services\/[^/:]+)$/,
      ([name = '']) => {
        const service = find(name);
        return operate(
          service,
          service.delete().then(() => {
            services.delete(name);
            return undefined;
          }),
        );
      },
    ],
    [
      'GET',
      /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/services\/[^/]+)\/revisions$/,
      ([name = '']) => {
        const service = find(name);
        return { revisions: [...service.revisions].reverse().map((one) => revisionResource(service, one)) };
      },
    ],
    [
      'GET',
      /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/services\/[^/]+)\/revisions\/([^/]+)$/,
      ([name = '', revisionName = '']) => {
        const service = find(name);
        const revision = service.revisions.find((one) => one.name === revisionName);
        if (revision === undefined)
          throw new Refusal('NOT_FOUND', `Resource '${revisionName}' of kind 'REVISION' was not found.`);
        return revisionResource(service, revision);
      },
    ],
    [
      'GET',
      /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/operations\/[^/]+)$/,
      ([name = '']) => {
        const operation = operations.get(name);
        if (operation === undefined) throw new Refusal('NOT_FOUND', `Operation ${name} was not found.`);
        return operationResource(operation);
      },
    ],
  ];

  return async (request) => {
    const url = new URL(request.url, 'http://run.googleapis.com');
    try {
      const secret = secrets.answer(request);
      if (secret !== undefined) return secret;
      for (const [method, path, answer] of routes) {
        const match = path.exec(decodeURIComponent(url.pathname));
        if (method !== request.method || match === null) continue;
        return json(200, await answer(match.slice(1), url.searchParams, bodyOf(request)));
      }
      throw new Refusal('NOT_FOUND', `The requested URL ${url.pathname} was not found on this server.`);
    } catch (error) {
      if (!(error instanceof Refusal)) return refusal(500, 'INTERNAL', String(error));
      const [code] = codes[error.status];
      return refusal(code, error.status, error.message);
    }
  };
}

/** @param known names of the service's revisions. */
function specOf(body: unknown, service: string, known: readonly string[]): ServiceSpec {
  const parsed = serviceBody.safeParse(writable(body));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Refusal('INVALID_ARGUMENT', `Violation in ServiceConfig: ${faults.join('; ')}`);
  }
  const { template, name: _name, etag: _etag, traffic: asked = [], ...rest } = parsed.data;
  const { revision } = template;
  // https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#RevisionTemplate
  if (
    revision !== undefined &&
    !(revision.startsWith(`${service}-`) && /^[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(revision))
  ) {
    throw new Refusal(
      'INVALID_ARGUMENT',
      `template.revision: Revision name '${revision}' must begin with '${service}-' and have at most 63 lower-case letters, digits and hyphens.`,
    );
  }
  const traffic = asked.length === 0 ? allToLatest : asked;
  const fault = trafficFault(traffic, revision === undefined ? known : [...known, revision]);
  if (fault !== undefined) throw new Refusal('INVALID_ARGUMENT', fault);
  return {
    template,
    traffic,
    minInstances: rest.scaling?.minInstanceCount ?? 0,
    maxInstances: rest.scaling?.maxInstanceCount,
    rest,
  };
}

const readOnly = new Set([
  'uid',
  'generation',
  'createTime',
  'updateTime',
  'deleteTime',
  'expireTime',
  'creator',
  'lastModifier',
  'observedGeneration',
  'terminalCondition',
  'conditions',
  'latestReadyRevision',
  'latestCreatedRevision',
  'trafficStatuses',
  'uri',
  'urls',
  'satisfiesPzs',
  'reconciling',
]);

/** A client may send back what it read: output-only fields are ignored, as the API does. */
function writable(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => !readOnly.has(name)));
}

function operationResource(operation: Operation): Record<string, unknown> {
  const type = 'type.googleapis.com/google.cloud.run.v2.Service';
  const resource = { '@type': type, ...serviceResource(operation.service) };
  return {
    name: operation.name,
    metadata: resource,
    ...(operation.done ? { done: true } : {}),
    ...(operation.done && operation.failure !== undefined ? { error: operation.failure } : {}),
    ...(operation.done && operation.failure === undefined ? { response: resource } : {}),
  };
}

function bodyOf(request: WireRequest): unknown {
  try {
    return request.body.length === 0 ? {} : JSON.parse(request.body.toString('utf8'));
  } catch {
    throw new Refusal('INVALID_ARGUMENT', 'Invalid JSON payload received.');
  }
}
