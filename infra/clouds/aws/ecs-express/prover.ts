// Proves on ECS's control plane that a release runs, or that it does not. Never asks the service itself: while a deployment bakes, an answer of 4xx would roll it back.
import {
  DescribeExpressGatewayServiceCommand,
  DescribeServiceRevisionsCommand,
  DescribeTasksCommand,
  type ECSClient,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  type ServiceDeploymentBrief,
} from '@aws-sdk/client-ecs';
import { z } from 'zod';
import type { Prover } from '../../../contract/ports.ts';
import type { Connection } from '../../connection.ts';
import { paceOf, pollUntilTold, readBaseline } from '../../polling.ts';
import { unansweredBy } from '../sdk.ts';
import { arnOf, ecsClient, exposureOf, type ServiceName, serviceNameOf } from './client.ts';
import { type EcsDeployment, type EcsObservation, type EcsTask, judge, newest, revisionToRead } from './judgement.ts';
import { ecsExpress, mainContainer } from './runtime.ts';

/**
 * Rights it needs: `ecs:DescribeExpressGatewayService`, `ecs:ListServiceDeployments`, `ecs:DescribeServiceRevisions`, `ecs:ListTasks`,
 * `ecs:DescribeTasks`.
 */
export function ecsExpressProver({ endpoint, clock, timeScale }: Connection): Prover {
  return {
    runtime: ecsExpress,

    async baseline(service) {
      if (service === undefined) return {};
      const serviceArn = arnOf(service.coordinates);
      const client = ecsClient(serviceArn, endpoint);
      try {
        return await readBaseline(ecsExpress.product, clock, async () => {
          const latest = newest(await answered(deploymentsOf(client, serviceNameOf(serviceArn), {}), []));
          return latest === undefined ? {} : { deploymentArn: latest.arn };
        });
      } finally {
        client.destroy();
      }
    },

    async prove({ service, release, baseline }, { signal } = {}) {
      const serviceArn = arnOf(service.coordinates);
      const before = baselineSchema.parse(baseline);
      const exposure = exposureOf(service.coordinates);
      const client = ecsClient(serviceArn, endpoint);
      try {
        const check = await pollUntilTold({
          look: async () => judge(await observe(client, serviceArn, signal), before, release.imageRef, exposure),
          expected: release.imageRef,
          source: `ECS ${serviceArn}`,
          pace: paceOf(ecsExpress, timeScale),
          clock,
          signal,
        });
        return [check];
      } finally {
        client.destroy();
      }
    },
  };
}

const baselineSchema = z.object({ deploymentArn: z.string().exactOptional() });

interface Options {
  readonly abortSignal?: AbortSignal;
}

/** Deployments first: what is read after them can't be older than what they say. */
async function observe(
  client: ECSClient,
  serviceArn: string,
  signal?: AbortSignal | undefined,
): Promise<EcsObservation> {
  const options: Options = signal === undefined ? {} : { abortSignal: signal };
  const name = serviceNameOf(serviceArn);
  const deployments = await answered(deploymentsOf(client, name, options), []);
  const described = await answered(
    client.send(new DescribeExpressGatewayServiceCommand({ serviceArn }), options),
    undefined,
  );
  const service = described?.service;
  const status = service?.status?.statusCode;
  const configurations = service?.activeConfigurations ?? [];
  const activeRevisions = configurations.flatMap(({ serviceRevisionArn: arn }) => arn ?? []);
  const revisionArn = revisionToRead({ deployments, activeRevisions });
  const revision = revisionArn === undefined ? undefined : await revisionOf(client, revisionArn, options);
  const led = configurations.find(({ serviceRevisionArn }) => serviceRevisionArn === revisionArn);
  const accessType = accessOf((led?.ingressPaths ?? []).flatMap(({ accessType: type }) => type ?? []));
  return {
    serviceArn,
    ...(status === undefined ? {} : { status }),
    activeRevisions,
    deployments,
    ...(revision === undefined ? {} : { revision }),
    ...(accessType === undefined ? {} : { accessType }),
    tasks: status === undefined ? [] : await answered(runningTasks(client, name, options), []),
  };
}

/** One path that is on the internet is enough. */
export function accessOf(types: readonly string[]): string | undefined {
  return types.find((one) => one !== 'PRIVATE') ?? types[0];
}

/** ECS keeps 90 days of them, and says in no order which; a service that is deployed every hour stays below this many pages. */
const mostPages = 30;

async function deploymentsOf(client: ECSClient, { cluster, service }: ServiceName, options: Options) {
  const found: EcsDeployment[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < mostPages && (page === 0 || nextToken !== undefined); page++) {
    const command = new ListServiceDeploymentsCommand({ cluster, service, maxResults: 100, nextToken });
    const answer = await client.send(command, options);
    nextToken = answer.nextToken;
    found.push(...(answer.serviceDeployments ?? []).flatMap(deploymentIn));
  }
  return found;
}

function deploymentIn(one: ServiceDeploymentBrief): EcsDeployment[] {
  const { serviceDeploymentArn: arn, status, createdAt, targetServiceRevisionArn, statusReason } = one;
  if (arn === undefined || status === undefined) return [];
  return [
    {
      arn,
      status,
      createdAt: createdAt?.getTime() ?? 0,
      ...(targetServiceRevisionArn === undefined ? {} : { revisionArn: targetServiceRevisionArn }),
      ...(statusReason === undefined || statusReason === '' ? {} : { reason: statusReason }),
    },
  ];
}

async function revisionOf(client: ECSClient, arn: string, options: Options): Promise<EcsObservation['revision']> {
  const command = new DescribeServiceRevisionsCommand({ serviceRevisionArns: [arn] });
  const read = await answered(client.send(command, options), undefined);
  const image = ours(read?.serviceRevisions?.[0]?.containerImages ?? [], ({ containerName }) => containerName);
  return {
    arn,
    ...(image?.image === undefined ? {} : { image: image.image }),
    ...(image?.imageDigest === undefined ? {} : { imageDigest: image.imageDigest }),
  };
}

/** As many as one request describes: more tasks than that run the same revision. */
async function runningTasks(client: ECSClient, { cluster, service }: ServiceName, options: Options) {
  const list = new ListTasksCommand({ cluster, serviceName: service, desiredStatus: 'RUNNING', maxResults: 100 });
  const { taskArns = [] } = await client.send(list, options);
  if (taskArns.length === 0) return [];
  const { tasks = [] } = await client.send(new DescribeTasksCommand({ cluster, tasks: taskArns }), options);
  return tasks
    .filter(({ lastStatus, desiredStatus }) => lastStatus === 'RUNNING' && desiredStatus === 'RUNNING')
    .map(({ taskArn = '', containers = [] }): EcsTask => {
      const digest = ours(containers, ({ name }) => name)?.imageDigest;
      return { arn: taskArn, ...(digest === undefined ? {} : { imageDigest: digest }) };
    });
}

/**
 * By its name where there are several: what AWS puts beside it has an image of its own, in no order.
 * https://docs.aws.amazon.com/guardduty/latest/ug/how-runtime-monitoring-works-ecs-fargate.html
 */
export function ours<T>(containers: readonly T[], nameOf: (container: T) => string | undefined): T | undefined {
  return containers.length === 1 ? containers[0] : containers.find((one) => nameOf(one) === mainContainer);
}

async function answered<T>(asked: Promise<T>, missing: T): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (/^(ResourceNotFound|ServiceNotFound|ClusterNotFound)Exception$/.test(error.name)) return missing;
    // https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/express_gateway_service.go
    if (error.name === 'InvalidParameterException' && error.message.includes('Resource not found')) return missing;
    throw unansweredBy(error);
  }
}
