// A prediction service on Cloud Run.
import { Service } from '@pulumi/gcp/cloudrunv2/service.js';
import { ServiceIamMember } from '@pulumi/gcp/cloudrunv2/serviceIamMember.js';
import { SecretIamMember } from '@pulumi/gcp/secretmanager/secretIamMember.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import type { cloudrunv2 } from '@pulumi/gcp/types/input.js';
import { ComponentResource, type ComponentResourceOptions, type Output, output } from '@pulumi/pulumi';
import {
  endpointOf,
  livePath,
  type PredictionServiceArgs,
  type PredictionServiceOutputs,
  readyPath,
  type ServiceConfig,
  servicePort,
} from '../../../contract/service.ts';
import { serviceName } from '../../names.ts';
import { containerVariables } from '../../variables.ts';
import { cloudRun } from './runtime.ts';

export class GcpPredictionService extends ComponentResource implements PredictionServiceOutputs {
  readonly endpoint: Output<string>;
  readonly revision: Output<string>;
  readonly coordinates: Output<Record<string, string>>;
  /** The vendor's own resources. */
  readonly nodes: {
    readonly account: Account;
    readonly secretReaders: readonly SecretIamMember[];
    readonly service: Service;
    readonly invoker: ServiceIamMember | undefined;
  };

  constructor(name: string, args: PredictionServiceArgs, options?: ComponentResourceOptions) {
    super('trireme:gcp:PredictionService', name, {}, options);
    const account = createAccount(this, args);
    const secretReaders = allowSecrets(this, args, account);
    const service = createService(this, args, { account, secretReaders });
    const invoker = allowCallers(this, args, service);

    this.nodes = { account, secretReaders, service, invoker };
    // Handed out only once callers are let in: before that the endpoint answers 403 to everybody.
    this.endpoint = output([service.uri, invoker?.id]).apply(([uri]) => endpointOf(uri ?? ''));
    this.revision = service.latestReadyRevision;
    // `projects/<project>/locations/<region>/services/<name>`
    this.coordinates = service.id.apply((name): Record<string, string> => ({ service: name }));
    this.registerOutputs({ endpoint: this.endpoint, revision: this.revision, coordinates: this.coordinates });
  }
}

/** Whom the running container acts as: nobody with any right, until a secret is named. */
function createAccount(parent: ComponentResource, { stack }: PredictionServiceArgs): Account {
  return new Account(
    'account',
    { accountId: serviceName(stack), displayName: `Prediction service, ${stack.environment}` },
    { parent },
  );
}

function allowSecrets(
  parent: ComponentResource,
  { config }: PredictionServiceArgs,
  account: Account,
): readonly SecretIamMember[] {
  return Object.entries(config.secrets).map(
    ([variable, secret]) =>
      new SecretIamMember(
        `read-${variable}`,
        { secretId: secretVersion(secret).secret, role: 'roles/secretmanager.secretAccessor', member: account.member },
        { parent },
      ),
  );
}

function createService(
  parent: ComponentResource,
  { stack, config, release }: PredictionServiceArgs,
  needs: { account: Account; secretReaders: readonly SecretIamMember[] },
): Service {
  return new Service(
    'service',
    {
      name: serviceName(stack),
      location: config.region,
      ingress: config.exposure === 'public' ? 'INGRESS_TRAFFIC_ALL' : 'INGRESS_TRAFFIC_INTERNAL_ONLY',
      // Left out, the provider protects, and a dev stack could not be destroyed.
      deletionProtection: config.protect,
      template: {
        serviceAccount: needs.account.email,
        executionEnvironment: 'EXECUTION_ENVIRONMENT_GEN2',
        timeout: `${cloudRun.requestDeadlineSeconds.value}s`,
        maxInstanceRequestConcurrency: config.concurrency,
        scaling: { minInstanceCount: config.minInstances, maxInstanceCount: config.maxInstances },
        containers: [
          {
            image: release.imageRef,
            ports: { containerPort: servicePort },
            envs: [
              ...Object.entries(containerVariables(config, release, cloudRun)).map(([name, value]) => ({
                name,
                value,
              })),
              ...secretVariables(config),
            ],
            // `cpuIdle` goes with any `resources`: left out, CPU would be billed between requests too.
            resources: { limits: limits(config), cpuIdle: true, startupCpuBoost: true },
            startupProbe,
            livenessProbe,
          },
        ],
      },
      traffics: [{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }],
    },
    { parent, protect: config.protect, dependsOn: [...needs.secretReaders] },
  );
}

/** Period times threshold is the longest start, and at most the vendor's 240 s: https://cloud.google.com/run/docs/configuring/healthchecks */
const startupProbe = {
  httpGet: { path: readyPath, port: servicePort },
  periodSeconds: cloudRun.start.periodSeconds.value,
  failureThreshold: cloudRun.start.limitSeconds.value / cloudRun.start.periodSeconds.value,
  timeoutSeconds: 5,
};

/** A process that hangs is replaced; one that is busy must not be, hence the patience. */
const livenessProbe = {
  httpGet: { path: livePath, port: servicePort },
  periodSeconds: 10,
  failureThreshold: 3,
  timeoutSeconds: 5,
};

function limits(config: ServiceConfig): Record<string, string> {
  return { cpu: String(config.cpu), memory: `${config.memoryMiB}Mi` };
}

function secretVariables(config: ServiceConfig): cloudrunv2.ServiceTemplateContainerEnv[] {
  return Object.entries(config.secrets)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, secret]) => ({ name, valueSource: { secretKeyRef: secretVersion(secret) } }));
}

/** `<secret>` or `<secret>:<version>`; a pinned version makes a rotation a deployment, as it should be. */
function secretVersion(named: string): { secret: string; version: string } {
  const [secret = named, version = 'latest'] = named.split(':');
  return { secret, version };
}

function allowCallers(
  parent: ComponentResource,
  { config }: PredictionServiceArgs,
  service: Service,
): ServiceIamMember | undefined {
  if (config.exposure !== 'public') return undefined;
  return new ServiceIamMember(
    'invoker',
    {
      name: service.name,
      location: service.location,
      project: service.project,
      role: 'roles/run.invoker',
      member: 'allUsers',
    },
    { parent },
  );
}
