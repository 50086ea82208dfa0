// What ECS Express Mode makes of a service's configuration: the container it starts, and the rules of its balancer. Pure.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ecsExpress } from '../../../clouds/aws/ecs-express/runtime.ts';
import type { Scaling } from '../../runtimes/autoscaler.ts';
import type { Container } from '../../runtimes/container.ts';
import type { FrontDoorRules } from '../../runtimes/front-door.ts';

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExpressGatewayContainer.html */
const primaryContainer = z.strictObject({
  image: z.string().min(1),
  containerPort: z.int().min(1).max(65_535).default(80),
  awsLogsConfiguration: z.strictObject({ logGroup: z.string(), logStreamPrefix: z.string() }).optional(),
  repositoryCredentials: z.strictObject({ credentialsParameter: z.string().optional() }).optional(),
  command: z.array(z.string()).optional(),
  environment: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  secrets: z.array(z.strictObject({ name: z.string(), valueFrom: z.string() })).optional(),
});

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExpressGatewayScalingTarget.html */
const scalingTarget = z.strictObject({
  minTaskCount: z.int().min(1).default(1),
  maxTaskCount: z.int().min(1).default(20),
  autoScalingMetric: z.enum(['AVERAGE_CPU', 'AVERAGE_MEMORY', 'REQUEST_COUNT_PER_TARGET']).default('AVERAGE_CPU'),
  autoScalingTargetValue: z.int().min(1).default(60),
});

const network = z.strictObject({
  subnets: z.array(z.string()).optional(),
  securityGroups: z.array(z.string()).optional(),
});

const fields = {
  executionRoleArn: z.string(),
  taskRoleArn: z.string(),
  primaryContainer,
  cpu: z.string(),
  memory: z.string(),
  cpuArchitecture: z.enum(['X86_64', 'ARM64']),
  healthCheckPath: z.string().startsWith('/'),
  networkConfiguration: network,
  scalingTarget,
};
/** What a revision is made of. */
export const configuration = z.strictObject({
  ...fields,
  taskRoleArn: fields.taskRoleArn.optional(),
  cpu: fields.cpu.default('1024'),
  memory: fields.memory.default('2048'),
  cpuArchitecture: fields.cpuArchitecture.default('X86_64'),
  healthCheckPath: fields.healthCheckPath.default('/ping'),
  networkConfiguration: network.optional(),
  scalingTarget: scalingTarget.prefault({}),
});
/** An update names some of it, the rest stays. */
export const changes = z.strictObject(fields).partial();
export type Configuration = z.infer<typeof configuration>;

/** The API keeps variables in the order of their names: https://github.com/hashicorp/terraform-provider-aws/issues/45792 */
export function normalized(asked: Configuration): Configuration {
  const { environment, secrets } = asked.primaryContainer;
  const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
  return {
    ...asked,
    primaryContainer: {
      ...asked.primaryContainer,
      ...(environment === undefined ? {} : { environment: environment.toSorted(byName) }),
      ...(secrets === undefined ? {} : { secrets: secrets.toSorted(byName) }),
    },
  };
}

/** What CreateExpressGatewayService and UpdateExpressGatewayService refuse at once. @returns every fault. */
export function refusals({ primaryContainer: main, cpu, memory, scalingTarget: scaling }: Configuration): string[] {
  const faults: string[] = [];
  const names = [...(main.environment ?? []), ...(main.secrets ?? [])].map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) faults.push(`Duplicate environment variable: ${twice}.`);
  const memories = fargate.get(cpu);
  if (memories === undefined) faults.push(`Invalid 'cpu' setting for task.`);
  else if (Number(memory) < memories[0] || Number(memory) > memories[1]) {
    faults.push(`No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory.`);
  }
  if (scaling.minTaskCount > scaling.maxTaskCount) faults.push('minTaskCount must not be greater than maxTaskCount.');
  return faults;
}

/** CPU units to least and most memory, in MiB: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html */
const fargate: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['256', [512, 2048]],
  ['512', [1024, 4096]],
  ['1024', [2048, 8192]],
  ['2048', [4096, 16_384]],
  ['4096', [8192, 30_720]],
]);

export function containerOf(settings: Configuration): Container {
  const { primaryContainer: main, healthCheckPath, scalingTarget: scaling } = settings;
  const { start } = ecsExpress;
  const own = (main.environment ?? []).map(({ name, value }): [string, string] => [name, value]);
  return {
    imageRef: main.image,
    port: main.containerPort,
    injectsPort: ecsExpress.injectsPort.value,
    variables: {
      ...Object.fromEntries(own),
      AWS_EXECUTION_ENV: 'AWS_ECS_FARGATE',
      ECS_CONTAINER_METADATA_URI_V4: `http://169.254.170.2/v4/${randomBytes(16).toString('hex')}`,
    },
    ...(main.command === undefined ? {} : { command: main.command }),
    instances: scaling.minTaskCount,
    probe: {
      target: { kind: 'http', path: healthCheckPath, accepts: (status) => status === 200 },
      initialDelaySeconds: 0,
      periodSeconds: start.periodSeconds.value,
      timeoutSeconds: start.timeoutSeconds.value,
      limitSeconds: start.limitSeconds.value,
    },
    drainSeconds: ecsExpress.drainSeconds.value,
  };
}

/** ECS adds tasks by their CPU; the other metrics it takes are not followed here. */
export function scalingOf({ cpu, scalingTarget: scaling }: Configuration): Scaling | undefined {
  if (scaling.autoScalingMetric !== 'AVERAGE_CPU') return undefined;
  return {
    min: scaling.minTaskCount,
    max: scaling.maxTaskCount,
    rule: ecsExpress.autoscaling.value,
    capacity: { concurrency: ecsExpress.concurrency.value.max, cpuPercent: scaling.autoScalingTargetValue },
    cpus: Number(cpu) / 1024,
  };
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html */
export const balancerRules: FrontDoorRules = {
  requestDeadlineSeconds: ecsExpress.requestDeadlineSeconds.value,
  bodyLimitBytes: ecsExpress.bodyLimitBytes.value,
  concurrency: ecsExpress.concurrency.value.max,
  requestHeaders: ({ headers, socket }) => ({
    'x-forwarded-for': [headers['x-forwarded-for'], socket.remoteAddress].filter(Boolean).join(', '),
    'x-forwarded-proto': 'http',
    'x-amzn-trace-id':
      headers['x-amzn-trace-id']?.toString() ??
      `Root=1-${Math.floor(Date.now() / 1000).toString(16)}-${randomBytes(12).toString('hex')}`,
  }),
  unavailable: { status: 503, body: '503 Service Temporarily Unavailable' },
  saturated: { status: 503, body: '503 Service Temporarily Unavailable' },
};
