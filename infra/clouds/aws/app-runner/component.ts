// A prediction service on App Runner.
import { AutoScalingConfigurationVersion } from '@pulumi/aws/apprunner/autoScalingConfigurationVersion.js';
import { Service } from '@pulumi/aws/apprunner/service.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { ComponentResource, type ComponentResourceOptions, type Output } from '@pulumi/pulumi';
import {
  endpointOf,
  type PredictionServiceArgs,
  type PredictionServiceOutputs,
  readyPath,
  servicePort,
} from '../../../contract/service.ts';
import { serviceName } from '../../names.ts';
import { containerVariables } from '../../variables.ts';
import { appRunner } from './runtime.ts';

export class AwsPredictionService extends ComponentResource implements PredictionServiceOutputs {
  readonly endpoint: Output<string>;
  readonly revision: Output<string>;
  readonly coordinates: Output<Record<string, string>>;
  /** The vendor's own resources. */
  readonly nodes: {
    readonly instanceRole: Role;
    readonly secretsPolicy: RolePolicy | undefined;
    readonly scaling: AutoScalingConfigurationVersion;
    readonly service: Service;
  };

  constructor(name: string, args: PredictionServiceArgs, options?: ComponentResourceOptions) {
    super('trireme:aws:PredictionService', name, {}, options);
    const instanceRole = createInstanceRole(this, args);
    const secretsPolicy = createSecretsPolicy(this, args, instanceRole);
    const scaling = createScaling(this, args);
    const service = createService(this, args, { instanceRole, secretsPolicy, scaling });

    this.nodes = { instanceRole, secretsPolicy, scaling, service };
    this.endpoint = service.serviceUrl.apply(endpointOf);
    // App Runner has no revisions: the image is the only name it has for what it runs.
    this.revision = service.arn.apply(() => args.release.imageDigest);
    this.coordinates = service.arn.apply((serviceArn): Record<string, string> => ({ serviceArn }));
    this.registerOutputs({ endpoint: this.endpoint, revision: this.revision, coordinates: this.coordinates });
  }
}

/** What the running container may do in the account: nothing, until a secret is named. */
function createInstanceRole(parent: ComponentResource, args: PredictionServiceArgs): Role {
  return new Role(
    'instance-role',
    {
      name: `${serviceName(args.stack)}-instance`,
      assumeRolePolicy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'tasks.apprunner.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      }),
    },
    { parent },
  );
}

/** Secrets are named by the ARN of a Secrets Manager secret or SSM parameter: App Runner takes nothing shorter across regions. */
function createSecretsPolicy(
  parent: ComponentResource,
  { config }: PredictionServiceArgs,
  role: Role,
): RolePolicy | undefined {
  const resources = Object.values(config.secrets);
  if (resources.length === 0) return undefined;
  return new RolePolicy(
    'read-secrets',
    {
      role: role.id,
      policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['secretsmanager:GetSecretValue', 'ssm:GetParameters'], Resource: resources },
        ],
      }),
    },
    { parent },
  );
}

/** Immutable at the vendor: a change is a new revision, made before the old one goes. */
function createScaling(
  parent: ComponentResource,
  { stack, config }: PredictionServiceArgs,
): AutoScalingConfigurationVersion {
  return new AutoScalingConfigurationVersion(
    'scaling',
    {
      autoScalingConfigurationName: serviceName(stack),
      minSize: config.minInstances,
      maxSize: config.maxInstances,
      maxConcurrency: config.concurrency,
    },
    { parent },
  );
}

/** One probe serves start and running instances alike; each value is 1 to 20, so a start gets 10 × 20 seconds. */
const probe = { interval: 10, timeout: 5, healthyThreshold: 1, unhealthyThreshold: 20 } as const;

function createService(
  parent: ComponentResource,
  { stack, config, foundation, release }: PredictionServiceArgs,
  needs: { instanceRole: Role; secretsPolicy: RolePolicy | undefined; scaling: AutoScalingConfigurationVersion },
): Service {
  return new Service(
    'service',
    {
      serviceName: serviceName(stack),
      sourceConfiguration: {
        // A digest never moves; left at its default, the vendor refuses or watches for nothing.
        autoDeploymentsEnabled: false,
        authenticationConfiguration: { accessRoleArn: foundation.pullIdentity },
        imageRepository: {
          imageIdentifier: release.imageRef,
          imageRepositoryType: 'ECR',
          imageConfiguration: {
            port: String(servicePort),
            runtimeEnvironmentVariables: containerVariables(config, release, appRunner),
            ...(needs.secretsPolicy === undefined ? {} : { runtimeEnvironmentSecrets: config.secrets }),
          },
        },
      },
      instanceConfiguration: {
        cpu: String(config.cpu * 1024),
        memory: String(config.memoryMiB),
        instanceRoleArn: needs.instanceRole.arn,
      },
      healthCheckConfiguration: { protocol: 'HTTP', path: readyPath, ...probe },
      autoScalingConfigurationArn: needs.scaling.arn,
      networkConfiguration: {
        ingressConfiguration: { isPubliclyAccessible: config.exposure === 'public' },
      },
    },
    {
      parent,
      protect: config.protect,
      // The role must be able to read before the first instance asks for its secrets.
      dependsOn: needs.secretsPolicy === undefined ? [needs.instanceRole] : [needs.secretsPolicy],
    },
  );
}
