// How ECS's API shows an Express Mode service, its deployments, revisions and tasks. Pure.
import { createHash } from 'node:crypto';
import { canary, mainContainer } from '../../../clouds/aws/ecs-express/runtime.ts';
import type { Instance } from '../../runtimes/instance.ts';
import type { Configuration } from './container.ts';
import type { Deployment, ServiceRevision } from './deployment.ts';
import type { ExpressService } from './service.ts';

export function describeService(service: ExpressService, options: { readonly tags: boolean }): Record<string, unknown> {
  return {
    ...named(service),
    infrastructureRoleArn: service.identity.infrastructureRoleArn,
    activeConfigurations: service.active.map((revision) => configurationOf(service, revision)),
    createdAt: service.createdAt,
    updatedAt: service.updatedAt,
    ...(options.tags ? { tags: [...service.tags].map(([key, value]) => ({ key, value })) } : {}),
  };
}

/** What UpdateExpressGatewayService answers: not the service as it is, but what it is on the way to. */
export function describeUpdate(service: ExpressService, { target }: Deployment): Record<string, unknown> {
  return {
    ...named(service),
    targetConfiguration: configurationOf(service, target),
    createdAt: service.createdAt,
    updatedAt: service.updatedAt,
  };
}

function named({ identity, arn, status }: ExpressService): Record<string, unknown> {
  return { cluster: identity.cluster, serviceName: identity.name, serviceArn: arn, status: { statusCode: status } };
}

function configurationOf(service: ExpressService, revision: ServiceRevision): Record<string, unknown> {
  const { settings, arn, taskDefinitionArn, createdAt } = revision;
  return {
    ...settings,
    serviceRevisionArn: arn,
    taskDefinitionArn,
    ingressPaths: [{ accessType: accessTypeOf(settings), endpoint: endpointOf(service) }],
    createdAt,
  };
}

/** The emulated account's one convention: a subnet whose id begins like this has a route to the internet. Every other one is private. */
const publicSubnet = /^subnet-face/;

/** Where none are named, the default network's, which are public: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-work.html */
export function accessTypeOf({ networkConfiguration }: Pick<Configuration, 'networkConfiguration'>): AccessType {
  const subnets = networkConfiguration?.subnets ?? [];
  return subnets.length === 0 || subnets.some((one) => publicSubnet.test(one)) ? 'PUBLIC' : 'PRIVATE';
}

type AccessType = 'PUBLIC' | 'PRIVATE';

/** Without a scheme: `tr-<32 hexadecimal digits>.ecs.<region>.on.aws`. */
function endpointOf({ hosted }: ExpressService): string {
  return hosted.url.replace('http://', '');
}

export function summarizeDeployment(service: ExpressService, deployment: Deployment): Record<string, unknown> {
  return {
    serviceDeploymentArn: deployment.arn,
    serviceArn: service.arn,
    clusterArn: clusterArnOf(service),
    startedAt: deployment.createdAt,
    createdAt: deployment.createdAt,
    ...(deployment.finishedAt === undefined ? {} : { finishedAt: deployment.finishedAt }),
    targetServiceRevisionArn: deployment.target.arn,
    status: deployment.status,
    ...(deployment.statusReason === '' ? {} : { statusReason: deployment.statusReason }),
  };
}

export function describeDeployment(service: ExpressService, deployment: Deployment): Record<string, unknown> {
  const { targetServiceRevisionArn: _, ...summary } = summarizeDeployment(service, deployment);
  const { source, target, triggered, finishedAt, targetPercent, rollbackStartedAt, statusReason } = deployment;
  const alarmNames = [`${service.identity.cluster}/${service.identity.name}/RollbackAlarm`];
  const watched = (by: Deployment['triggered']) => {
    if (triggered === by) return 'TRIGGERED';
    return finishedAt === undefined ? 'MONITORING' : 'MONITORING_COMPLETE';
  };
  return {
    ...summary,
    updatedAt: deployment.updatedAt,
    sourceServiceRevisions: source === undefined ? [] : [summarizeRevision(source, 100 - targetPercent)],
    targetServiceRevision: summarizeRevision(target, targetPercent),
    lifecycleStage: deployment.stage,
    deploymentConfiguration: {
      strategy: 'CANARY',
      maximumPercent: 200,
      minimumHealthyPercent: 100,
      bakeTimeInMinutes: canary.bakeSeconds / 60,
      canaryConfiguration: {
        canaryPercent: canary.percent,
        canaryBakeTimeInMinutes: canary.canaryBakeSeconds / 60,
      },
      deploymentCircuitBreaker: { enable: true, rollback: true },
      alarms: { alarmNames, enable: true, rollback: true },
    },
    ...(rollbackStartedAt === undefined
      ? {}
      : {
          rollback: {
            reason: statusReason,
            startedAt: rollbackStartedAt,
            ...(source === undefined ? {} : { serviceRevisionArn: source.arn }),
          },
        }),
    deploymentCircuitBreaker: {
      status: watched('circuit-breaker'),
      failureCount: triggered === 'circuit-breaker' ? taskFailures : 0,
      threshold: taskFailures,
    },
    alarms: {
      status: watched('alarm'),
      alarmNames,
      triggeredAlarmNames: triggered === 'alarm' ? alarmNames : [],
    },
  };
}

/** The least there is: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html */
const taskFailures = 3;

function summarizeRevision(revision: ServiceRevision, percent: number): Record<string, unknown> {
  const runningTaskCount = revision.running?.instances().length ?? 0;
  const requestedTaskCount = revision.settings.scalingTarget.minTaskCount;
  return {
    arn: revision.arn,
    requestedTaskCount,
    runningTaskCount,
    pendingTaskCount: Math.max(0, requestedTaskCount - runningTaskCount),
    requestedProductionTrafficWeight: percent,
  };
}

export function describeRevision(service: ExpressService, revision: ServiceRevision): Record<string, unknown> {
  const { settings, createdAt } = revision;
  const made = { status: 'ACTIVE', updatedAt: createdAt };
  const { containerPort, image } = settings.primaryContainer;
  const { region, accountId } = service.identity;
  const balancing = `arn:aws:elasticloadbalancing:${region}:${accountId}`;
  return {
    serviceRevisionArn: revision.arn,
    serviceArn: service.arn,
    clusterArn: clusterArnOf(service),
    taskDefinition: revision.taskDefinitionArn,
    launchType: 'FARGATE',
    platformVersion: '1.4.0',
    platformFamily: 'Linux',
    containerImages: [
      {
        containerName: mainContainer,
        image,
        ...(revision.imageDigest === undefined ? {} : { imageDigest: revision.imageDigest }),
      },
    ],
    ecsManagedResources: {
      ingressPaths: [
        {
          accessType: accessTypeOf(settings),
          endpoint: endpointOf(service),
          loadBalancer: {
            ...made,
            arn: `${balancing}:loadbalancer/app/ecs-express-gateway-alb/${idOf('balancer')}`,
            scheme: accessTypeOf(settings) === 'PUBLIC' ? 'internet-facing' : 'internal',
          },
          targetGroups: colours.map((colour) => ({
            ...made,
            arn: `${balancing}:${targetGroupOf(service.arn, colour)}`,
            healthCheckPath: settings.healthCheckPath,
            healthCheckPort: containerPort,
            port: containerPort,
          })),
        },
      ],
    },
    createdAt,
  };
}

export const colours = ['blue', 'green'] as const;

/** As CloudWatch's dimension `TargetGroup` has it: `targetgroup/<name>/<id>`. */
export function targetGroupOf(serviceArn: string, colour: string): string {
  return `targetgroup/ecs-gateway-tg-${colour}/${idOf(serviceArn)}`;
}

/** Sixteen hexadecimal digits, the same ones every time. */
function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 16);
}

/** A task has one container, and an instance is its process. */
export interface Task {
  readonly id: string;
  readonly service: ExpressService;
  readonly revision: ServiceRevision;
}

const taskIds = new WeakMap<Instance, string>();

/** What is meant to run and runs; tasks that are being stopped are not among them. */
export function tasksOf(service: ExpressService): readonly Task[] {
  return service.revisions.flatMap((revision) =>
    (revision.running?.instances() ?? []).map((instance) => {
      const id = taskIds.get(instance) ?? createHash('md5').update(`${revision.arn} ${instance.pid}`).digest('hex');
      taskIds.set(instance, id);
      return { id, service, revision };
    }),
  );
}

export function taskArnOf({ service: { identity }, id }: Task): string {
  return `arn:aws:ecs:${identity.region}:${identity.accountId}:task/${identity.cluster}/${id}`;
}

export function describeTask(task: Task): Record<string, unknown> {
  const { service, revision } = task;
  const { settings, imageDigest } = revision;
  const taskArn = taskArnOf(task);
  return {
    taskArn,
    clusterArn: clusterArnOf(service),
    taskDefinitionArn: revision.taskDefinitionArn,
    group: `service:${service.identity.name}`,
    launchType: 'FARGATE',
    cpu: settings.cpu,
    memory: settings.memory,
    lastStatus: 'RUNNING',
    desiredStatus: 'RUNNING',
    healthStatus: 'UNKNOWN',
    createdAt: revision.createdAt,
    containers: [
      {
        containerArn: taskArn.replace(':task/', ':container/'),
        taskArn,
        name: mainContainer,
        image: settings.primaryContainer.image,
        ...(imageDigest === undefined ? {} : { imageDigest }),
        lastStatus: 'RUNNING',
        healthStatus: 'UNKNOWN',
      },
    ],
  };
}

function clusterArnOf({ identity: { region, accountId, cluster } }: ExpressService): string {
  return `arn:aws:ecs:${region}:${accountId}:cluster/${cluster}`;
}
