// A prediction service on Cloud Run.
import type { DomainMapping } from '@pulumi/gcp/cloudrun/domainMapping.js';
import { Service } from '@pulumi/gcp/cloudrunv2/service.js';
import { ServiceIamMember } from '@pulumi/gcp/cloudrunv2/serviceIamMember.js';
import type { SecretIamMember } from '@pulumi/gcp/secretmanager/secretIamMember.js';
import { Account } from '@pulumi/gcp/serviceaccount/account.js';
import type { cloudrunv2 } from '@pulumi/gcp/types/input.js';
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  type Output,
  output,
  type Unwrap,
} from '@pulumi/pulumi';
import {
  endpointOf,
  livePath,
  type PredictionServiceArgs,
  type PredictionServiceOutputs,
  readyPath,
  resourceVariables,
  type ServiceConfig,
  servicePort,
} from '../../../contract/service.ts';
import { commonConfig } from '../../common-config.ts';
import { adopting } from '../../from-foundation.ts';
import { serviceName } from '../../names.ts';
import { containerVariables } from '../../variables.ts';
import { createDatabase, type ManagedDatabase } from '../database.ts';
import { dnsRecords, mapDomain } from '../domain.ts';
import { labelsOf } from '../labels.ts';
import { createObjectStore, type ObjectStore } from '../object-store.ts';
import { type Observability, observe } from '../observability.ts';
import { runtimeAccountArgs } from '../runtime-account.ts';
import { invokersOf } from './limits.ts';
import { candidateTag, usesTag } from './revision.ts';
import { type Rollout, rolloutOf, type Template } from './rollout.ts';
import { cloudRun } from './runtime.ts';
import { allowSecrets, secretVariables } from './secrets.ts';

export class GcpPredictionService extends ComponentResource implements PredictionServiceOutputs {
  readonly endpoint: Output<string>;
  readonly revision: Output<string>;
  readonly candidateEndpoint?: Output<string | undefined>;
  readonly coordinates: Output<Record<string, string>>;
  /** The vendor's own resources. */
  readonly nodes: {
    readonly account: Account;
    readonly secretReaders: readonly SecretIamMember[];
    readonly service: Service;
    readonly invokers: readonly ServiceIamMember[];
    readonly observability: Observability;
    readonly database: ManagedDatabase | undefined;
    readonly objectStore: ObjectStore | undefined;
    readonly domain: DomainMapping | undefined;
  };

  constructor(name: string, args: PredictionServiceArgs, options?: ComponentResourceOptions) {
    super('trireme:gcp:PredictionService', name, {}, options);
    const liveConfig = usesTag(args.stack) ? args.liveConfig : undefined;
    // A revision is its release's own; the service and what stands around it is the live one's until another is live.
    const ofService = { ...args, config: liveConfig ?? args.config };
    const shared = { ...args, config: commonConfig({ config: args.config, liveConfig }) };
    const account = createAccount(this, args);
    const secretReaders = allowSecrets(this, { config: args.config, liveConfig }, account);
    const database = createDatabase(this, shared, account);
    const objectStore = createObjectStore(this, shared, account);
    const needs = { account, secretReaders, database, objectStore };
    const rollout = rolloutOf(args, templateOf(args, needs));
    const service = createService(this, ofService, needs, rollout);
    const invokers = allowCallers(this, ofService, service);
    const { project } = account;
    const observability = observe(this, ofService, { project, endpoint: service.uri });
    const domain = mapDomain(this, ofService, { service, project });

    this.nodes = { account, secretReaders, service, invokers, observability, database, objectStore, domain };
    // Handed out only once callers are let in: before that the endpoint answers 403 to everybody.
    this.endpoint = output([service.uri, ...invokers.map((one) => one.id)]).apply(([uri]) => endpointOf(uri ?? ''));
    const { live, candidate } = rollout;
    // The vendor's latest is the candidate while there is one.
    this.revision =
      live === undefined ? service.latestReadyRevision : output([service.id, live]).apply(([, name]) => name ?? '');
    // `projects/<project>/locations/<region>/services/<name>`
    const records = domain === undefined ? {} : { dnsRecords: dnsRecords(domain) };
    this.coordinates = output<Record<string, Input<string>>>({ service: service.id, ...records });
    if (candidate !== undefined) {
      this.candidateEndpoint = service.trafficStatuses.apply(addressOfCandidate);
      this.coordinates = output([this.coordinates, candidate] as const).apply(([others, name]) =>
        name === undefined ? others : { ...others, candidate: name },
      );
    }
    this.registerOutputs({ endpoint: this.endpoint, revision: this.revision, coordinates: this.coordinates });
  }
}

function addressOfCandidate(statuses: Unwrap<Service['trafficStatuses']>): string | undefined {
  const tagged = statuses.find(({ tag }) => tag === candidateTag);
  return tagged === undefined || tagged.uri === '' ? undefined : endpointOf(tagged.uri);
}

/** Whom the running container acts as: nobody with any right, until a secret is named. */
function createAccount(parent: ComponentResource, args: PredictionServiceArgs): Account {
  return new Account('account', runtimeAccountArgs(args.stack.environment), {
    parent,
    ...adopting(args, 'runtimeAccount', ['displayName']),
  });
}

interface Needs {
  readonly account: Account;
  readonly secretReaders: readonly SecretIamMember[];
  readonly database: ManagedDatabase | undefined;
  readonly objectStore: ObjectStore | undefined;
}

function createService(
  parent: ComponentResource,
  { stack, config }: PredictionServiceArgs,
  needs: Needs,
  rollout: Rollout,
): Service {
  return new Service(
    'service',
    {
      name: serviceName(stack),
      location: config.region,
      ingress: config.exposure === 'public' ? 'INGRESS_TRAFFIC_ALL' : 'INGRESS_TRAFFIC_INTERNAL_ONLY',
      // Left out, the provider protects, and a dev stack could not be destroyed.
      deletionProtection: config.protect,
      labels: labelsOf(config.labels, stack.environment),
      template: rollout.template,
      traffics: rollout.traffics,
    },
    {
      parent,
      protect: config.protect,
      dependsOn: [
        ...needs.secretReaders,
        ...(needs.database?.needs ?? []),
        ...(needs.objectStore === undefined ? [] : [needs.objectStore.writer]),
      ],
    },
  );
}

/** What every revision of the service has in common with this one. */
function templateOf({ config, release }: PredictionServiceArgs, made: Needs): Template {
  const needs = {
    account: made.account,
    database: config.database === undefined ? undefined : made.database,
    objectStore: config.objectStore ? made.objectStore : undefined,
  };
  return {
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
          ...resourceEnvironment(needs),
        ],
        // `cpuIdle` goes with any `resources`: left out, CPU would be billed between requests too.
        resources: { limits: limits(config), cpuIdle: true, startupCpuBoost: true },
        startupProbe,
        livenessProbe,
        ...(needs.database === undefined ? {} : { volumeMounts: [{ name: 'cloudsql', mountPath: '/cloudsql' }] }),
      },
    ],
    ...databaseSocket(needs.database),
    ...networkAccess(config),
  };
}

/** What the stack made beside the service, by the names every cloud uses. A version is pinned: another address is another revision. */
function resourceEnvironment({
  database,
  objectStore,
}: {
  database: ManagedDatabase | undefined;
  objectStore: ObjectStore | undefined;
}): cloudrunv2.ServiceTemplateContainerEnv[] {
  return [
    ...(database === undefined
      ? []
      : [{ name: resourceVariables.database, valueSource: { secretKeyRef: database.url } }]),
    ...(objectStore === undefined ? [] : [{ name: resourceVariables.objectStore, value: objectStore.url }]),
  ];
}

/** https://cloud.google.com/sql/docs/postgres/connect-run */
function databaseSocket(database: ManagedDatabase | undefined): Pick<cloudrunv2.ServiceTemplate, 'volumes'> {
  if (database === undefined) return {};
  return { volumes: [{ name: 'cloudsql', cloudSqlInstance: { instances: [database.connectionName] } }] };
}

/** Direct egress into a network that is there: https://cloud.google.com/run/docs/configuring/vpc-direct-vpc */
function networkAccess({ network: names }: ServiceConfig): Pick<cloudrunv2.ServiceTemplate, 'vpcAccess'> {
  const { network, subnetwork } = names;
  if (typeof network !== 'string' && typeof subnetwork !== 'string') return {};
  return {
    vpcAccess: {
      egress: 'PRIVATE_RANGES_ONLY',
      networkInterfaces: [
        {
          ...(typeof network === 'string' ? { network } : {}),
          ...(typeof subnetwork === 'string' ? { subnetwork } : {}),
        },
      ],
    },
  };
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

/** Everybody, or, inside the network, whom the stack file names: a member as IAM writes it, `serviceAccount:…`. */
function allowCallers(
  parent: ComponentResource,
  { config }: PredictionServiceArgs,
  service: Service,
): readonly ServiceIamMember[] {
  const allow = (name: string, member: string) =>
    new ServiceIamMember(
      name,
      {
        name: service.name,
        location: service.location,
        project: service.project,
        role: 'roles/run.invoker',
        member,
      },
      { parent },
    );
  if (config.exposure === 'public') return [allow('invoker', 'allUsers')];
  return invokersOf(config).map((member) => allow(`invoker-${member}`, member));
}
