// What Cloud Run makes of a service's revision template: the container it starts, and the rules of its front end. Pure.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { cloudRun } from '../../../clouds/gcp/cloud-run/runtime.ts';
import type { Scaling } from '../../runtimes/autoscaler.ts';
import type { Container } from '../../runtimes/container.ts';
import type { FrontDoorRules } from '../../runtimes/front-door.ts';
import type { StartProbe } from '../../runtimes/probe.ts';

/** https://cloud.google.com/run/docs/reference/rest/v2/Container#Probe */
const probe = z.strictObject({
  initialDelaySeconds: z.int().min(0).max(240).default(0),
  timeoutSeconds: z.int().min(1).max(3600).default(cloudRun.start.timeoutSeconds.value),
  periodSeconds: z.int().min(1).max(3600).default(cloudRun.start.periodSeconds.value),
  failureThreshold: z.int().min(1).default(3),
  successThreshold: z.int().min(1).optional(),
  httpGet: z
    .strictObject({
      path: z.string().default('/'),
      port: z.int().optional(),
      httpHeaders: z.array(z.strictObject({ name: z.string(), value: z.string().default('') })).optional(),
    })
    .optional(),
  tcpSocket: z.strictObject({ port: z.int().optional() }).optional(),
  grpc: z.looseObject({}).optional(),
});

const container = z.strictObject({
  name: z.string().optional(),
  image: z.string().min(1),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  env: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        value: z.string().optional(),
        valueSource: z
          .strictObject({ secretKeyRef: z.strictObject({ secret: z.string(), version: z.string().optional() }) })
          .optional(),
      }),
    )
    .optional(),
  resources: z
    .strictObject({
      limits: z.record(z.string(), z.string()).optional(),
      cpuIdle: z.boolean().optional(),
      startupCpuBoost: z.boolean().optional(),
    })
    .optional(),
  ports: z
    .array(z.strictObject({ name: z.string().optional(), containerPort: z.int().optional() }))
    .max(1)
    .optional(),
  volumeMounts: z.array(z.looseObject({})).optional(),
  workingDir: z.string().optional(),
  livenessProbe: probe.optional(),
  startupProbe: probe.optional(),
  readinessProbe: probe.optional(),
});

/** https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#RevisionTemplate */
export const revisionTemplate = z.strictObject({
  revision: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  scaling: z
    .strictObject({ minInstanceCount: z.int().min(0).optional(), maxInstanceCount: z.int().min(0).optional() })
    .optional(),
  vpcAccess: z.looseObject({}).optional(),
  timeout: z
    .string()
    .regex(/^\d+(\.\d+)?s$/)
    .refine((text) => Number.parseFloat(text) > 0 && Number.parseFloat(text) <= 3600, 'must be at most 3600s')
    .optional(),
  serviceAccount: z.string().optional(),
  containers: z.array(container).length(1),
  volumes: z.array(z.looseObject({})).optional(),
  executionEnvironment: z.string().optional(),
  encryptionKey: z.string().optional(),
  maxInstanceRequestConcurrency: z.int().min(0).max(cloudRun.concurrency.value.max).optional(),
  sessionAffinity: z.boolean().optional(),
  healthCheckDisabled: z.boolean().optional(),
});
export type RevisionTemplate = z.infer<typeof revisionTemplate>;

/** https://cloud.google.com/run/docs/reference/rest/v2/TrafficTarget */
export const trafficTarget = z.strictObject({
  type: z.enum(['TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION']),
  revision: z.string().optional(),
  percent: z.int().min(0).max(100).optional(),
  tag: z
    .string()
    .regex(/^[a-z]([a-z0-9-]{0,44}[a-z0-9])?$/, 'a tag has lower-case letters, digits and hyphens')
    .optional(),
});
export type TrafficTarget = z.infer<typeof trafficTarget>;

export function containerOf(
  template: RevisionTemplate,
  names: { readonly service: string; readonly revision: string },
  serviceMinInstances: number,
): Container {
  const [main] = template.containers;
  if (main === undefined) throw new TypeError('expected one container');
  const port = main.ports?.[0]?.containerPort ?? 8080;
  const own = (main.env ?? []).map(({ name, value }): [string, string] => [name, value ?? '']);
  return {
    imageRef: main.image,
    port,
    injectsPort: cloudRun.injectsPort.value,
    variables: {
      ...Object.fromEntries(own),
      PORT: String(port),
      K_SERVICE: names.service,
      K_REVISION: names.revision,
      K_CONFIGURATION: names.service,
    },
    ...(main.command === undefined || main.command.length === 0 ? {} : { entrypoint: main.command }),
    ...(main.args === undefined || main.args.length === 0 ? {} : { command: main.args }),
    // Also a service that scales to zero starts one instance to find out whether the revision is good.
    instances: Math.max(1, template.scaling?.minInstanceCount ?? 0, serviceMinInstances),
    probe: startProbe(main.startupProbe),
    drainSeconds: cloudRun.drainSeconds.value,
  };
}

function startProbe(asked: z.infer<typeof probe> | undefined): StartProbe {
  if (asked === undefined) {
    // A new container gets one TCP probe of 240 seconds; connecting is tried all that time.
    return {
      target: { kind: 'tcp' },
      initialDelaySeconds: 0,
      periodSeconds: 1,
      timeoutSeconds: cloudRun.start.timeoutSeconds.value,
      limitSeconds: cloudRun.start.limitSeconds.value,
    };
  }
  const { httpGet } = asked;
  return {
    target:
      httpGet === undefined
        ? { kind: 'tcp' }
        : {
            kind: 'http',
            path: httpGet.path,
            accepts: (status) => status >= 200 && status < 400,
            headers: Object.fromEntries((httpGet.httpHeaders ?? []).map(({ name, value }) => [name, value])),
          },
    initialDelaySeconds: asked.initialDelaySeconds,
    periodSeconds: asked.periodSeconds,
    timeoutSeconds: asked.timeoutSeconds,
    limitSeconds: asked.initialDelaySeconds + asked.periodSeconds * asked.failureThreshold,
  };
}

/** The vendor's own default: https://cloud.google.com/run/docs/configuring/max-instances */
const defaultMaxInstances = 100;

/** Bounds of the service and of the revision: the greater minimum, the lesser maximum. */
export function scalingOf(
  template: RevisionTemplate,
  service: { readonly min: number; readonly max?: number | undefined },
): Scaling {
  const { minInstanceCount = 0, maxInstanceCount } = template.scaling ?? {};
  const rule = cloudRun.autoscaling.value;
  return {
    rule,
    min: Math.max(minInstanceCount, service.min),
    max: Math.min(maxInstanceCount || defaultMaxInstances, service.max || defaultMaxInstances),
    capacity: { concurrency: concurrencyOf(template), cpuPercent: rule.cpuPercent },
    cpus: cpusOf(template),
  };
}

function cpusOf(template: RevisionTemplate): number {
  const text = template.containers[0]?.resources?.limits?.cpu ?? '1';
  return text.endsWith('m') ? Number.parseFloat(text) / 1000 : Number.parseFloat(text);
}

/** Less than one CPU handles one request at a time: https://cloud.google.com/run/docs/configuring/services/cpu */
function concurrencyOf(template: RevisionTemplate): number {
  return template.maxInstanceRequestConcurrency || (cpusOf(template) >= 1 ? cloudRun.concurrency.value.default : 1);
}

export function frontDoorOf(template: RevisionTemplate): FrontDoorRules {
  return {
    requestDeadlineSeconds: Number.parseFloat(template.timeout ?? `${cloudRun.requestDeadlineSeconds.value}s`),
    bodyLimitBytes: cloudRun.bodyLimitBytes.value,
    concurrency: concurrencyOf(template),
    requestHeaders: ({ headers, socket }) => ({
      'x-forwarded-for': [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', '),
      'x-forwarded-proto': 'http',
      ...trace(headers.traceparent),
    }),
    unavailable: { status: 503, body: 'Service Unavailable' },
    saturated: { status: 429, body: 'Rate exceeded.' },
  };
}

/** The client's trace goes on; a request without one starts one. */
function trace(parent: string | string[] | undefined): Record<string, string> {
  const traceparent =
    typeof parent === 'string' ? parent : `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`;
  const [, trace = '', span = '0'] = traceparent.split('-');
  return { traceparent, 'x-cloud-trace-context': `${trace}/${BigInt(`0x${span || '0'}`)}` };
}
