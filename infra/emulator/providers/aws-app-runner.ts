// App Runner as Pulumi's `aws` provider drives it: the API's JSON, and the provider's waiting, which takes RUNNING for success.
import { projected } from '../engine/input-diff.ts';
import { type Properties, text } from '../engine/property.ts';
import {
  CloudRefusal,
  HalfMadeResource,
  type InputFault,
  type ResourceContext,
  type ResourceModel,
} from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import {
  type AppRunnerWorld,
  describe,
  inputsOf,
  member,
  outputsOf,
  request,
  retag,
  toWire,
  wireTags,
  without,
} from './aws-app-runner-wire.ts';
import { poll } from './control-plane.ts';
import { oneOf, pattern, range, reservedKeys } from './input-rule.ts';
import { tagsOf } from './stored-resource.ts';

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

/** https://docs.aws.amazon.com/apprunner/latest/api/API_CreateService.html and the types it refers to. */
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
    // https://docs.aws.amazon.com/apprunner/latest/api/API_InstanceConfiguration.html
    ...pattern(inputs, 'instanceConfiguration.cpu', /^(256|512|1024|2048|4096|(0\.25|0\.5|1|2|4) vCPU)$/),
    ...pattern(
      inputs,
      'instanceConfiguration.memory',
      /^(512|1024|2048|3072|4096|6144|8192|10240|12288|(0\.5|1|2|3|4|6|8|10|12) GB)$/,
    ),
    // https://docs.aws.amazon.com/apprunner/latest/api/API_HealthCheckConfiguration.html
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
