// A prediction service on ECS Express Mode: what takes App Runner's place in an account that App Runner does not take.
import type { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { ExpressGatewayService } from '@pulumi/aws/ecs/expressGatewayService.js';
import { ComponentResource, type ComponentResourceOptions, type Input, type Output } from '@pulumi/pulumi';
import {
  endpointOf,
  type PredictionServiceArgs,
  type PredictionServiceOutputs,
  readyPath,
  resourceVariables,
  servicePort,
} from '../../../contract/service.ts';
import { serviceName } from '../../names.ts';
import { containerVariables } from '../../variables.ts';
import { type Database, databaseOf } from '../database.ts';
import { createLogGroup } from '../logs.ts';
import { networkOf } from '../network.ts';
import { createObjectStore, type ObjectStore } from '../object-store.ts';
import { tagsOf } from '../tags.ts';
import { type Observability, observe } from './observability.ts';
import { countsRequests, requestLogVariable } from './request-log.ts';
import { createRoles, type Roles } from './roles.ts';
import { cluster, ecsExpress, logGroupOf, mainContainer } from './runtime.ts';

export class AwsExpressPredictionService extends ComponentResource implements PredictionServiceOutputs {
  readonly endpoint: Output<string>;
  readonly revision: Output<string>;
  readonly coordinates: Output<Record<string, string>>;
  /** The vendor's own resources; `undefined` where the stack does not ask for them. */
  readonly nodes: {
    readonly logGroup: LogGroup;
    readonly roles: Roles;
    readonly service: ExpressGatewayService;
    readonly database: Database | undefined;
    readonly objectStore: ObjectStore | undefined;
    readonly observability: Observability;
  };

  constructor(name: string, args: PredictionServiceArgs, options?: ComponentResourceOptions) {
    super('trireme:aws:ExpressPredictionService', name, {}, options);
    const { stack, config } = args;
    const tags = tagsOf(stack.environment, config.labels);
    const own = serviceName(stack);
    const logGroup = createLogGroup(this, { name: logGroupOf(own), days: config.logRetentionDays, tags });
    const database = databaseOf(this, args, tags);
    const secrets = { ...config.secrets, ...(database && { [resourceVariables.database]: database.urlSecret }) };
    const roles = createRoles(this, args, { logGroupArn: logGroup.arn, secrets, tags });
    const objectStore = config.objectStore
      ? createObjectStore(this, { service: own, role: roles.task, protect: config.protect, tags })
      : undefined;
    const service = createService(this, args, { roles, logGroup, secrets, objectStore, tags });

    this.endpoint = service.ingressPaths.apply(([path]) => endpointOf(path?.endpoint ?? ''));
    this.revision = service.serviceRevisionArn;
    const { exposure } = config;
    // The prover compares it with the balancer's own: subnets decide that one, and nothing else tells of a public one.
    this.coordinates = service.serviceArn.apply((serviceArn): Record<string, string> => ({ serviceArn, exposure }));
    const observability = observe(this, args, { service, logGroup, endpoint: this.endpoint, tags });
    this.nodes = { logGroup, roles, service, database, objectStore, observability };
    this.registerOutputs({ endpoint: this.endpoint, revision: this.revision, coordinates: this.coordinates });
  }
}

interface Needs {
  readonly roles: Roles;
  readonly logGroup: LogGroup;
  readonly secrets: Readonly<Record<string, Input<string>>>;
  readonly objectStore: ObjectStore | undefined;
  readonly tags: Record<string, string>;
}

function createService(
  parent: ComponentResource,
  { stack, config, release }: PredictionServiceArgs,
  { roles, logGroup, secrets, objectStore, tags }: Needs,
): ExpressGatewayService {
  const network = networkOf(config);
  const variables: Record<string, Input<string>> = {
    ...containerVariables(config, release, ecsExpress),
    ...(objectStore && { [resourceVariables.objectStore]: objectStore.url }),
    ...(countsRequests(config) && { [requestLogVariable]: 'on' }),
  };
  return new ExpressGatewayService(
    'service',
    {
      serviceName: serviceName(stack),
      cluster,
      primaryContainer: {
        image: release.imageRef,
        containerPort: servicePort,
        // In the order of their names, or the provider finds another order after it made them: https://github.com/hashicorp/terraform-provider-aws/issues/45792
        environments: pairs(variables).map(([name, value]) => ({ name, value })),
        ...(Object.keys(secrets).length === 0
          ? {}
          : { secrets: pairs(secrets).map(([name, valueFrom]) => ({ name, valueFrom })) }),
        awsLogsConfigurations: [{ logGroup: logGroup.name, logStreamPrefix: mainContainer }],
      },
      cpu: String(config.cpu * 1024),
      memory: String(config.memoryMiB),
      healthCheckPath: readyPath,
      // All four, or the provider takes the platform's defaults for a change: https://github.com/hashicorp/terraform-provider-aws/issues/49511
      scalingTargets: [
        {
          autoScalingMetric: 'AVERAGE_CPU',
          autoScalingTargetValue: config.cpuTarget,
          minTaskCount: config.minInstances,
          maxTaskCount: config.maxInstances,
        },
      ],
      ...(network && {
        networkConfigurations: [{ subnets: network.subnets, securityGroups: network.securityGroups }],
      }),
      executionRoleArn: roles.execution.arn,
      infrastructureRoleArn: roles.infrastructure.arn,
      taskRoleArn: roles.task.arn,
      // The prover waits, and knows why. The provider, told to wait for a first deployment that fails, would forget the service it made.
      waitForSteadyState: false,
      tags,
    },
    {
      parent,
      protect: config.protect,
      // Made before the service, and deleted after it: without its rights ECS can't take down what it made, and stays DRAINING.
      dependsOn: [...roles.policies, ...(objectStore === undefined ? [] : [objectStore.policy])],
    },
  );
}

function pairs<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
