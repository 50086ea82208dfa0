// ECS Express Mode as Pulumi's `aws` provider drives it: an ACTIVE service is success, which it is whatever becomes of the deployment.
// https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecs/express_gateway_service.go
import { projected } from '../engine/input-diff.ts';
import { isList, type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type InputFault, type ResourceContext, type ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import {
  describe,
  describeAny,
  type EcsWorld,
  inputsOf,
  outputsOf,
  request,
  retag,
  statusOf,
  toWire,
  wireTags,
} from './aws-ecs-express-wire.ts';
import { poll } from './control-plane.ts';
import { oneOf, pattern, range } from './input-rule.ts';
import { tagsOf } from './stored-resource.ts';

export const expressInfrastructurePolicyArn =
  'arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRoleforExpressGatewayServices';

const deletion = { pollSeconds: 5, limitSeconds: 1200 };
const deployment = { pollSeconds: 10, limitSeconds: 1800 };

export function ecsExpressService(world: EcsWorld, account: AwsAccount): ResourceModel {
  const shown = (service: Properties, inputs: Properties, context: ResourceContext): Properties => ({
    ...outputsOf(service, inputs),
    ...account.derive(inputs, context),
  });
  const settled = async (serviceArn: string, inputs: Properties): Promise<Properties> => {
    if (inputs.waitForSteadyState === true) await steady(world, serviceArn);
    return (await describe(world, serviceArn)) ?? {};
  };

  return {
    module: 'ecs/expressGatewayService',
    // https://www.pulumi.com/registry/packages/aws/api-docs/ecs/expressgatewayservice/: "forces a new resource"
    replaceOnChanges: ['serviceName', 'infrastructureRoleArn', 'region'],
    computed: [
      'region',
      'cluster',
      'cpu',
      'memory',
      'healthCheckPath',
      'networkConfigurations',
      'scalingTargets',
      'waitForSteadyState',
    ],
    validate: serviceFaults,
    async create(inputs, context) {
      refuseRoles(account, inputs);
      const name = text(inputs, 'serviceName') ?? '';
      const cluster = text(inputs, 'cluster') ?? 'default';
      const region = account.region(inputs, context);
      if ((await describe(world, `arn:aws:ecs:${region}:${account.id}:service/${cluster}/${name}`)) !== undefined) {
        throw new CloudRefusal(`Express Gateway Service ${name} already exists in cluster ${cluster}`);
      }
      const created = await request(world, 'CreateExpressGatewayService', {
        ...toWire(inputs),
        infrastructureRoleArn: inputs.infrastructureRoleArn ?? '',
        serviceName: name,
        cluster,
        ...wireTags(inputs),
      });
      const id = text(created.service, 'serviceArn') ?? '';
      return { id, outputs: shown(await settled(id, inputs), inputs, context) };
    },
    async read(id, inputs, context) {
      const service = await describe(world, id);
      if (service === undefined) return undefined;
      const outputs = shown(service, inputs, context);
      const asked = Object.keys(inputs).length === 0 ? inputsOf(outputs) : inputs;
      return { outputs, inputs: projected(asked, outputs) };
    },
    async update(id, inputs, context, previous) {
      refuseRoles(account, inputs);
      await retag(world, id, tagsOf(previous), tagsOf(inputs));
      const asked = toWire(inputs);
      if (JSON.stringify(asked) !== JSON.stringify(toWire(onlyOf(previous, inputs)))) {
        await request(world, 'UpdateExpressGatewayService', { ...asked, serviceArn: id });
      }
      return shown(await settled(id, inputs), inputs, context);
    },
    async delete(id, inputs) {
      if ((await describe(world, id)) === undefined) return;
      if (!mayManage(account, inputs)) {
        throw new CloudRefusal(
          `waiting for ECS Express Gateway Service (${id}) delete: timeout while waiting for state to become 'INACTIVE' (last state: 'DRAINING', timeout: 20m0s)`,
        );
      }
      await request(world, 'DeleteExpressGatewayService', { serviceArn: id });
      await poll({ what: `ECS Service (${id}) deletion`, timeScale: world.timeScale, ...deletion }, async () => {
        const service = await describeAny(world, id);
        return service === undefined || statusOf(service) === 'INACTIVE' ? true : undefined;
      });
    },
  };
}

/** Told to wait, the provider asks for the newest deployment, and fails without noting a service that it has just made. */
async function steady(world: EcsWorld, serviceArn: string): Promise<void> {
  const [, , , , , resource = ''] = serviceArn.split(':');
  const [, cluster = '', service = ''] = resource.split('/');
  await poll({ what: `ECS Service (${serviceArn})`, timeScale: world.timeScale, ...deployment }, async () => {
    const { serviceDeployments } = await request(world, 'ListServiceDeployments', { service, cluster });
    const [latest] = isList(serviceDeployments) ? serviceDeployments : [];
    const status = text(latest, 'status');
    if (status === 'SUCCESSFUL') return true;
    if (status === 'STOPPED' || /^ROLLBACK_(SUCCESSFUL|FAILED)$/.test(status ?? '')) {
      throw new CloudRefusal(`waiting for ECS Service (${serviceArn}): ${text(latest, 'statusReason') ?? status}`);
    }
    return undefined;
  });
}

/** What was recorded, as far as the new inputs speak of it. */
function onlyOf(previous: Properties, inputs: Properties): Properties {
  return Object.fromEntries(
    Object.keys(inputs).flatMap((key) => (key in previous ? [[key, previous[key] ?? '']] : [])),
  );
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateExpressGatewayService.html */
function serviceFaults(inputs: Properties): readonly InputFault[] {
  return [
    ...pattern(inputs, 'serviceName', /^[A-Za-z0-9_-]{1,255}$/),
    ...pattern(inputs, 'healthCheckPath', /^\/.*$/),
    ...pattern(inputs, 'cpu', /^(256|512|1024|2048|4096)$/),
    ...pattern(inputs, 'memory', /^\d{3,5}$/),
    ...range(inputs, 'primaryContainer.containerPort', 1, 65_535),
    ...oneOf(inputs, 'scalingTargets.0.autoScalingMetric', [
      'AVERAGE_CPU',
      'AVERAGE_MEMORY',
      'REQUEST_COUNT_PER_TARGET',
    ]),
    ...range(inputs, 'scalingTargets.0.minTaskCount', 1, 5000),
    ...range(inputs, 'scalingTargets.0.maxTaskCount', 1, 5000),
  ];
}

/** At the vendor a role that may not pull shows at the first task only; here at once, where the account is known. */
function refuseRoles(account: AwsAccount, inputs: Properties): void {
  const assumed = [
    [inputs.executionRoleArn, 'ecs-tasks.amazonaws.com'],
    [inputs.taskRoleArn, 'ecs-tasks.amazonaws.com'],
    [inputs.infrastructureRoleArn, 'ecs.amazonaws.com'],
  ] as const;
  for (const [role, service] of assumed) {
    const refusal = typeof role === 'string' ? account.assumeRefusal(role, service) : undefined;
    if (refusal !== undefined) throw new CloudRefusal(`AccessDeniedException: ${refusal}`);
  }
  const role = roleOf(inputs, 'executionRoleArn');
  const pulls = account.rolePolicies.find(
    (one) => one.role === role && (text(one, 'policy') ?? '').includes('ecr:GetDownloadUrlForLayer'),
  );
  const managed = account.roleAttachments.find(
    (one) => one.role === role && (text(one, 'policyArn') ?? '').endsWith('/AmazonECSTaskExecutionRolePolicy'),
  );
  if (pulls === undefined && managed === undefined) {
    throw new CloudRefusal(`CannotPullContainerError: the role ${role} holds no permission to pull`);
  }
  if (!mayManage(account, inputs)) {
    throw new CloudRefusal(
      `AccessDeniedException: the role ${roleOf(inputs, 'infrastructureRoleArn')} may not manage the service's infrastructure`,
    );
  }
}

function mayManage(account: AwsAccount, inputs: Properties): boolean {
  const role = roleOf(inputs, 'infrastructureRoleArn');
  return (
    account.roleAttachments.find((one) => one.role === role && one.policyArn === expressInfrastructurePolicyArn) !==
    undefined
  );
}

function roleOf(inputs: Properties, key: string): string {
  const arn = text(inputs, key) ?? '';
  return arn.slice(arn.lastIndexOf('/') + 1);
}
