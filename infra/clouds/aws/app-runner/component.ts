// A prediction service on App Runner.
import { AutoScalingConfigurationVersion } from '@pulumi/aws/apprunner/autoScalingConfigurationVersion.js';
import type { CustomDomainAssociation } from '@pulumi/aws/apprunner/customDomainAssociation.js';
import { Service } from '@pulumi/aws/apprunner/service.js';
import type { VpcConnector } from '@pulumi/aws/apprunner/vpcConnector.js';
import type { Role } from '@pulumi/aws/iam/role.js';
import type { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import { ComponentResource, type ComponentResourceOptions, type Input, type Output, output } from '@pulumi/pulumi';
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
import { pullIdentityOf } from '../from-foundation.ts';
import { createObjectStore, type ObjectStore } from '../object-store.ts';
import { tagsOf } from '../tags.ts';
import { allowSecrets, createInstanceRole } from './instance-role.ts';
import { type Observability, observe } from './observability.ts';
import { createConnector, createDomain, createPrivateWayIn, dnsRecords, type PrivateWayIn } from './reach.ts';
import { appRunner } from './runtime.ts';

export class AwsPredictionService extends ComponentResource implements PredictionServiceOutputs {
  readonly endpoint: Output<string>;
  readonly revision: Output<string>;
  readonly coordinates: Output<Record<string, string>>;
  /** The vendor's own resources; `undefined` where the stack does not ask for them. */
  readonly nodes: {
    readonly instanceRole: Role;
    readonly secretsPolicy: RolePolicy | undefined;
    readonly scaling: AutoScalingConfigurationVersion;
    readonly service: Service;
    readonly database: Database | undefined;
    readonly objectStore: ObjectStore | undefined;
    readonly connector: VpcConnector | undefined;
    readonly privateWayIn: PrivateWayIn | undefined;
    readonly domain: CustomDomainAssociation | undefined;
    readonly observability: Observability;
  };

  constructor(name: string, args: PredictionServiceArgs, options?: ComponentResourceOptions) {
    super('trireme:aws:PredictionService', name, {}, options);
    const tags = tagsOf(args.stack.environment, args.config.labels);
    const instanceRole = createInstanceRole(this, args, tags);
    const database = databaseOf(this, args, tags);
    const objectStore = objectStoreOf(this, args, { role: instanceRole, tags });
    const secrets = secretsOf(args, database);
    const secretsPolicy = allowSecrets(this, instanceRole, secrets);
    const scaling = createScaling(this, args, tags);
    const connector = createConnector(this, args, tags);
    const needs = { instanceRole, secretsPolicy, secrets, objectStore, scaling, connector, tags };
    const service = createService(this, args, needs);
    const privateWayIn = createPrivateWayIn(this, args, service, tags);
    const domain = createDomain(this, args, service);

    this.endpoint = (privateWayIn?.connection.domainName ?? service.serviceUrl).apply(endpointOf);
    const observability = observe(this, args, { service, endpoint: this.endpoint, tags });
    this.nodes = {
      instanceRole,
      secretsPolicy,
      scaling,
      service,
      database,
      objectStore,
      connector,
      privateWayIn,
      domain,
      observability,
    };
    // App Runner has no revisions: the image is the only name it has for what it runs.
    this.revision = service.arn.apply(() => args.release.imageDigest);
    const records = domain === undefined ? undefined : dnsRecords(domain);
    this.coordinates = output([service.arn, records] as const).apply(
      ([serviceArn, dns]): Record<string, string> => ({
        serviceArn,
        ...(dns === undefined ? {} : { dnsRecords: dns }),
      }),
    );
    this.registerOutputs({ endpoint: this.endpoint, revision: this.revision, coordinates: this.coordinates });
  }
}

function objectStoreOf(
  parent: ComponentResource,
  { stack, config }: PredictionServiceArgs,
  { role, tags }: { readonly role: Role; readonly tags: Record<string, string> },
): ObjectStore | undefined {
  if (!config.objectStore) return undefined;
  return createObjectStore(parent, { service: serviceName(stack), role, protect: config.protect, tags });
}

/** By the variables that hold them, sorted. */
function secretsOf({ config }: PredictionServiceArgs, database: Database | undefined): Record<string, Input<string>> {
  const own = database === undefined ? {} : { [resourceVariables.database]: database.urlSecret };
  return sorted({ ...config.secrets, ...own });
}

/** Immutable at the vendor: a change is a new revision, made before the old one goes. */
function createScaling(
  parent: ComponentResource,
  { stack, config }: PredictionServiceArgs,
  tags: Record<string, string>,
): AutoScalingConfigurationVersion {
  return new AutoScalingConfigurationVersion(
    'scaling',
    {
      autoScalingConfigurationName: serviceName(stack),
      minSize: config.minInstances,
      maxSize: config.maxInstances,
      maxConcurrency: config.concurrency,
      tags,
    },
    { parent },
  );
}

/** One probe serves start and running instances alike; each value is 1 to 20, so a start gets 10 × 20 seconds. */
const probe = { interval: 10, timeout: 5, healthyThreshold: 1, unhealthyThreshold: 20 } as const;

interface Needs {
  readonly instanceRole: Role;
  readonly secretsPolicy: RolePolicy | undefined;
  readonly secrets: Readonly<Record<string, Input<string>>>;
  readonly objectStore: ObjectStore | undefined;
  readonly scaling: AutoScalingConfigurationVersion;
  readonly connector: VpcConnector | undefined;
  readonly tags: Record<string, string>;
}

function createService(parent: ComponentResource, args: PredictionServiceArgs, needs: Needs): Service {
  const { stack, config, release } = args;
  const { connector, objectStore, secretsPolicy } = needs;
  const address = objectStore === undefined ? {} : { [resourceVariables.objectStore]: objectStore.url };
  return new Service(
    'service',
    {
      serviceName: serviceName(stack),
      sourceConfiguration: {
        // A digest never moves; left at its default, the vendor refuses or watches for nothing.
        autoDeploymentsEnabled: false,
        authenticationConfiguration: { accessRoleArn: pullIdentityOf(args) },
        imageRepository: {
          imageIdentifier: release.imageRef,
          imageRepositoryType: 'ECR',
          imageConfiguration: {
            port: String(servicePort),
            runtimeEnvironmentVariables: sorted({ ...containerVariables(config, release, appRunner), ...address }),
            ...(secretsPolicy === undefined ? {} : { runtimeEnvironmentSecrets: needs.secrets }),
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
        ...(connector === undefined
          ? {}
          : { egressConfiguration: { egressType: 'VPC', vpcConnectorArn: connector.arn } }),
      },
      tags: needs.tags,
    },
    {
      parent,
      protect: config.protect,
      // The role must be able to do its work before the first instance asks for its secrets.
      dependsOn: [secretsPolicy ?? needs.instanceRole, ...(objectStore === undefined ? [] : [objectStore.policy])],
    },
  );
}

function sorted<T>(values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}
