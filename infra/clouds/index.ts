// The registry of runtimes and clouds: what each one brings, checked to be the same of all.
import type { ProviderArgs as AwsProviderArgs } from '@pulumi/aws/provider.js';
import type { Output, ProviderResource } from '@pulumi/pulumi';
import { DeliveryError } from '../contract/errors.ts';
import type { LogReader } from '../contract/logs.ts';
import type { Clock, Prover, TrafficReader } from '../contract/ports.ts';
import type { RuntimeContract } from '../contract/runtime.ts';
import type {
  FoundationConfig,
  FoundationOutputs,
  PredictionServiceArgs,
  PredictionServiceOutputs,
  RuntimeName,
} from '../contract/service.ts';
import type { Cloud } from '../contract/stack.ts';
import { appRunnerLogs } from './aws/app-runner/logs.ts';
import { appRunnerProver } from './aws/app-runner/prover.ts';
import { appRunner } from './aws/app-runner/runtime.ts';
import { appRunnerTraffic } from './aws/app-runner/traffic.ts';
import { ecsExpressLogs } from './aws/ecs-express/logs.ts';
import { ecsExpressProver } from './aws/ecs-express/prover.ts';
import { ecsExpress } from './aws/ecs-express/runtime.ts';
import { ecsExpressTraffic } from './aws/ecs-express/traffic.ts';
import { ecrLogin } from './aws/registry-login.ts';
import { azureAccessToken, azureCredentialsFrom } from './azure/access-token.ts';
import { appServiceLogs } from './azure/app-service/logs.ts';
import { appServiceProver } from './azure/app-service/prover.ts';
import { appService } from './azure/app-service/runtime.ts';
import { appServiceTraffic } from './azure/app-service/traffic.ts';
import { acrLogin } from './azure/registry-login.ts';
import type { Connection, RegistryLogin } from './connection.ts';
import { googleAccessToken } from './gcp/access-token.ts';
import { cloudRunLogs } from './gcp/cloud-run/logs.ts';
import { cloudRunProver } from './gcp/cloud-run/prover.ts';
import { cloudRun } from './gcp/cloud-run/runtime.ts';
import { cloudRunTraffic } from './gcp/cloud-run/traffic.ts';
import { artifactRegistryLogin } from './gcp/registry-login.ts';

/** The environment as the command line read it: credentials, and where emulated clouds answer. */
export type Variables = Readonly<Record<string, string | undefined>>;

export interface Runtime {
  readonly contract: RuntimeContract;
  /** Loads this one's resources only: a provider's package is megabytes. */
  component(): Promise<
    new (
      name: string,
      args: PredictionServiceArgs,
      options: WithProvider,
    ) => PredictionServiceOutputs
  >;
  /** The variable that says where the emulated control plane answers. */
  readonly endpointVariable: string;
  prover(connection: Connection): Prover;
  /** The variable that says where the emulated metrics answer. */
  readonly metricsVariable: string;
  /** @param controlPlane for a runtime whose own API knows by which names its metrics are asked for. */
  traffic(connection: Connection, controlPlane: () => Connection): TrafficReader;
  /** The variable that says where the emulated logs answer. */
  readonly logsVariable: string;
  logs(connection: Connection): LogReader;
}

export interface CloudParts {
  /**
   * Everything of a stack goes where its own file says, whatever the machine is set to.
   * @param account AWS account id, Google project or Azure subscription; left out: the one that is logged in to.
   */
  provider(region: string, account?: string): Promise<ProviderResource>;
  foundation(config: FoundationConfig, options: WithProvider): Promise<Outputs<FoundationOutputs>>;
  /** Whose host it is. */
  readonly registryHost: RegExp;
  /** An access token for the cloud's API; AWS signs by its SDK's own chain instead. */
  token?(variables: Variables): () => Promise<string>;
  registryLogin(variables: Variables): RegistryLogin;
}

export interface WithProvider {
  readonly provider: ProviderResource;
}

type Outputs<T> = { readonly [K in keyof T]: Output<T[K]> };

export const runtimeRegistry = {
  'app-runner': {
    contract: appRunner,
    component: async () => (await import('./aws/app-runner/component.ts')).AwsPredictionService,
    endpointVariable: 'AWS_ENDPOINT_URL_APPRUNNER',
    prover: appRunnerProver,
    metricsVariable: 'AWS_ENDPOINT_URL_CLOUDWATCH',
    traffic: appRunnerTraffic,
    logsVariable: 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS',
    logs: appRunnerLogs,
  },
  'ecs-express': {
    contract: ecsExpress,
    component: async () => (await import('./aws/ecs-express/component.ts')).AwsExpressPredictionService,
    endpointVariable: 'AWS_ENDPOINT_URL_ECS',
    prover: ecsExpressProver,
    metricsVariable: 'AWS_ENDPOINT_URL_CLOUDWATCH',
    traffic: ecsExpressTraffic,
    logsVariable: 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS',
    logs: ecsExpressLogs,
  },
  'cloud-run': {
    contract: cloudRun,
    component: async () => (await import('./gcp/cloud-run/component.ts')).GcpPredictionService,
    endpointVariable: 'CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN',
    prover: cloudRunProver,
    metricsVariable: 'CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING',
    traffic: cloudRunTraffic,
    logsVariable: 'CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING',
    logs: cloudRunLogs,
  },
  'app-service': {
    contract: appService,
    component: async () => (await import('./azure/app-service/component.ts')).AzurePredictionService,
    endpointVariable: 'TRIREME_ARM_ENDPOINT',
    prover: appServiceProver,
    metricsVariable: 'TRIREME_ARM_ENDPOINT',
    traffic: appServiceTraffic,
    logsVariable: 'TRIREME_ARM_ENDPOINT',
    logs: appServiceLogs,
  },
} satisfies Record<RuntimeName, Runtime>;

export const cloudRegistry = {
  aws: {
    async provider(region, account?: string) {
      const { Provider } = await import('@pulumi/aws/provider.js');
      return new Provider('aws', {
        region: region as NonNullable<AwsProviderArgs['region']>,
        // Credentials of another account are refused before anything is asked or made.
        ...(account === undefined ? {} : { allowedAccountIds: [account] }),
      });
    },
    async foundation(config, options) {
      const { awsFoundation } = await import('./aws/foundation.ts');
      return awsFoundation('foundation', config, options);
    },
    registryHost: /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com$/,
    registryLogin: () => ecrLogin(),
  },
  gcp: {
    async provider(region, account?: string) {
      const { Provider } = await import('@pulumi/gcp/provider.js');
      return new Provider('gcp', { region, ...(account === undefined ? {} : { project: account }) });
    },
    async foundation(config, options) {
      const { GcpFoundation } = await import('./gcp/foundation.ts');
      return new GcpFoundation('foundation', config, options);
    },
    registryHost: /^[a-z0-9-]+-docker\.pkg\.dev$/,
    token: () => googleAccessToken(),
    registryLogin: () => artifactRegistryLogin(googleAccessToken()),
  },
  azure: {
    async provider(region, account?: string) {
      const { Provider } = await import('@pulumi/azure-native/provider.js');
      return new Provider('azure', {
        location: region,
        ...(account === undefined ? {} : { subscriptionId: account }),
      });
    },
    async foundation(config, options) {
      const { AzureFoundation } = await import('./azure/foundation.ts');
      return new AzureFoundation('foundation', config, options);
    },
    registryHost: /^[a-z0-9]{5,50}\.azurecr\.io$/,
    token: azureToken,
    registryLogin: (variables) => acrLogin({ token: azureToken(variables), fetch }),
  },
} satisfies Record<Cloud, CloudParts>;

function azureToken(variables: Variables): () => Promise<string> {
  return azureAccessToken(azureCredentialsFrom(variables), { fetch, now: Date.now });
}

interface Reaching {
  readonly variables: Variables;
  readonly clock: Clock;
  readonly timeScale: number;
}

/** One prover per runtime. @throws DeliveryError `emulator-missing` when emulated clouds are named without their control planes. */
export function provers(reaching: Reaching): Readonly<Record<RuntimeName, Prover>> {
  return forEachRuntime((runtime) => runtime.prover(connectionTo(runtime, runtime.endpointVariable, reaching)));
}

/** One reader of the vendor's metrics per runtime. @throws DeliveryError `emulator-missing`, as `provers`. */
export function trafficReaders(reaching: Reaching): Readonly<Record<RuntimeName, TrafficReader>> {
  return forEachRuntime((runtime) =>
    runtime.traffic(connectionTo(runtime, runtime.metricsVariable, reaching), () =>
      connectionTo(runtime, runtime.endpointVariable, reaching),
    ),
  );
}

/** One reader of the vendor's logs per runtime. @throws DeliveryError `emulator-missing`, as `provers`. */
export function logReaders(reaching: Reaching): Readonly<Record<RuntimeName, LogReader>> {
  return forEachRuntime((runtime) => runtime.logs(connectionTo(runtime, runtime.logsVariable, reaching)));
}

function forEachRuntime<T>(make: (runtime: Runtime) => T): Readonly<Record<RuntimeName, T>> {
  return {
    'app-runner': make(runtimeRegistry['app-runner']),
    'ecs-express': make(runtimeRegistry['ecs-express']),
    'cloud-run': make(runtimeRegistry['cloud-run']),
    'app-service': make(runtimeRegistry['app-service']),
  };
}

function connectionTo({ contract }: Runtime, variable: string, { variables, clock, timeScale }: Reaching): Connection {
  const { token }: CloudParts = cloudRegistry[contract.cloud];
  return {
    ...endpointFrom(variables, variable),
    ...(token === undefined ? {} : { token: token(variables) }),
    fetch,
    clock,
    timeScale,
  };
}

/** Only emulated clouds answer elsewhere: a variable left behind by them must not fake the proof of a real one, nor the reverse. */
export function endpointFrom(variables: Variables, name: string): { readonly endpoint?: string } {
  if (variables.TRIREME_EMULATOR === undefined) return {};
  const endpoint = variables[name];
  if (endpoint === undefined) {
    throw new DeliveryError(
      'emulator-missing',
      `expected ${name}, where the emulated control plane answers; found none`,
      {
        hint: 'start the emulated clouds again: npx trireme emulator up',
      },
    );
  }
  return { endpoint };
}

/** Logs in to a vendor's registry by its host. `undefined`: nobody's known host. */
export function registryLogin(variables: Variables): RegistryLogin {
  const logins = Object.values<CloudParts>(cloudRegistry).map((cloud) => ({
    host: cloud.registryHost,
    login: cloud.registryLogin(variables),
  }));
  return async (host, challenge) => logins.find((one) => one.host.test(host))?.login(host, challenge);
}
