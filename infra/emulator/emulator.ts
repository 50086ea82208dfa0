// The three emulated clouds in one process: registries, runtimes, control planes and providers, and how other processes find them.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Cloud } from '../contract/stack.ts';
import { createRegistryClient } from '../registry/client.ts';
import { adminApi, type FaultChanges } from './admin.ts';
import { appRunnerApi } from './control-planes/app-runner/api.ts';
import { cloudWatchApi } from './control-planes/app-runner/metrics.ts';
import { appServiceApi } from './control-planes/app-service/api.ts';
import { cloudRunApi } from './control-planes/cloud-run/api.ts';
import { cloudMonitoringApi } from './control-planes/cloud-run/metrics.ts';
import { ecsApi } from './control-planes/ecs/api.ts';
import { cloudLoggingApi } from './control-planes/logs/cloud-logging.ts';
import { cloudWatchLogsApi } from './control-planes/logs/cloud-watch.ts';
import { attestationApi } from './github/attestations.ts';
import { createSigner } from './github/sigstore.ts';
import { type Listener, listen } from './listen.ts';
import { type Providers, startProviders } from './providers/start.ts';
import { emulatedAuthorization } from './registries/credentials.ts';
import { emulatedHosts, type RunningRegistry, startRegistries } from './registries/registry.ts';
import { RuntimeHost } from './runtimes/host.ts';
import { ImageStore } from './runtimes/image-store.ts';
import { ProcessRecord } from './runtimes/process-record.ts';
import { accounts, type World } from './world.ts';

export interface EmulatorOptions {
  /** Everything it keeps: registries, images, Pulumi's state. Made when missing. */
  readonly directory: string;
  /** How many times faster than the real platforms their waiting passes; 1 is real time. */
  readonly timeScale: number;
  readonly faults?: FaultChanges;
  /** Called when somebody asks over the admin API that it stops. */
  readonly stopRequested?: () => void;
}

export interface Emulator {
  /** The admin API. */
  readonly url: string;
  readonly world: World;
  /** What every process needs that shall use the emulated clouds: Pulumi, vendor SDKs, trireme. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends every instance and closes every port, within seconds. */
  stop(): Promise<void>;
}

/** How long instances may drain when everything stops. */
const stopSeconds = 1;

export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const at = (...path: string[]) => join(options.directory, ...path);
  await Promise.all(['state', 'pulumi-home', 'cache'].map((one) => mkdir(at(one), { recursive: true })));
  const processes = new ProcessRecord(at('processes'));
  processes.endLeftovers();

  const registries = await startRegistries(at('registries'));
  const client = createRegistryClient({
    resolveHost: emulatedHosts(registries),
    authenticate: async (host) => authorizationFor(registries, host),
  });
  const host = new RuntimeHost({
    images: new ImageStore(at('images'), client),
    processes,
    timeScale: options.timeScale,
  });
  const controlPlanes = {
    appRunner: appRunnerApi(host),
    ecs: ecsApi(host),
    cloudRun: cloudRunApi(host),
    arm: appServiceApi(host),
  };
  const world: World = {
    timeScale: options.timeScale,
    controlPlanes,
    registries,
    secrets: host.secrets,
    refusals: () => host.faults.refusals ?? [],
  };

  const listeners: Listener[] = [];
  const open = async (handler: Parameters<typeof listen>[0]): Promise<string> => {
    const listener = await listen(handler);
    listeners.push(listener);
    return listener.url;
  };
  let providers: Providers | undefined;
  const stop = once(async () => {
    await host.stop(stopSeconds);
    client.close();
    await Promise.all([
      ...listeners.map((one) => one.close()),
      ...Object.values(registries).map((one) => one.stop()),
      providers?.stop(),
    ]);
  });

  try {
    providers = await startProviders(world, { cacheDirectory: at('cache') });
    const admin = adminApi({ host, registries, stopRequested: options.stopRequested ?? (() => void stop()) });
    admin.setFaults(options.faults ?? {});
    const url = await open(admin.handler);
    const signer = await createSigner();
    await writeFile(at('trusted-root.jsonl'), `${signer.trustedRoot}\n`);
    const environment = environmentOf(options, {
      admin: url,
      appRunner: await open(controlPlanes.appRunner),
      ecs: await open(controlPlanes.ecs),
      cloudRun: await open(controlPlanes.cloudRun),
      arm: await open(controlPlanes.arm),
      cloudWatch: await open(cloudWatchApi(host)),
      cloudMonitoring: await open(cloudMonitoringApi(host)),
      cloudWatchLogs: await open(cloudWatchLogsApi(host)),
      cloudLogging: await open(cloudLoggingApi(host)),
      attestations: await open(attestationApi(signer)),
      registries,
      debugProviders: providers.debugProviders,
    });
    return { url, world, environment, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function environmentOf(
  { directory, timeScale }: EmulatorOptions,
  open: {
    readonly admin: string;
    readonly appRunner: string;
    readonly ecs: string;
    readonly cloudRun: string;
    readonly arm: string;
    readonly cloudWatch: string;
    readonly cloudMonitoring: string;
    readonly cloudWatchLogs: string;
    readonly cloudLogging: string;
    readonly attestations: string;
    readonly registries: Readonly<Record<Cloud, RunningRegistry>>;
    readonly debugProviders: string;
  },
): Readonly<Record<string, string>> {
  const hosts = Object.values(open.registries).map(({ host, url }) => `${host}=${url}`);
  return Object.freeze({
    TRIREME_EMULATOR: open.admin,
    TRIREME_REGISTRY_HOSTS: hosts.join(','),
    TRIREME_TIME_SCALE: String(timeScale),
    TRIREME_ATTESTATIONS: open.attestations,
    TRIREME_TRUSTED_ROOT: join(directory, 'trusted-root.jsonl'),
    AWS_ENDPOINT_URL_APPRUNNER: open.appRunner,
    AWS_ENDPOINT_URL_ECS: open.ecs,
    AWS_ENDPOINT_URL_CLOUDWATCH: open.cloudWatch,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: open.cloudWatchLogs,
    AWS_ACCESS_KEY_ID: 'emulated',
    AWS_SECRET_ACCESS_KEY: 'emulated',
    AWS_REGION: 'eu-west-1',
    CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: `${open.cloudRun}/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_MONITORING: `${open.cloudMonitoring}/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_LOGGING: `${open.cloudLogging}/`,
    GOOGLE_PROJECT: accounts.gcp.project,
    TRIREME_ARM_ENDPOINT: open.arm,
    ARM_SUBSCRIPTION_ID: accounts.azure.subscriptionId,
    ARM_TENANT_ID: accounts.azure.tenantId,
    PULUMI_BACKEND_URL: pathToFileURL(join(directory, 'state')).href,
    PULUMI_CONFIG_PASSPHRASE: 'emulated',
    PULUMI_HOME: join(directory, 'pulumi-home'),
    PULUMI_DEBUG_PROVIDERS: open.debugProviders,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
  });
}

function authorizationFor(registries: Readonly<Record<Cloud, RunningRegistry>>, host: string): string | undefined {
  const url = emulatedHosts(registries)(host);
  const registry = Object.values(registries).find((one) => one.url === url);
  return registry === undefined ? undefined : emulatedAuthorization[registry.cloud];
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work();
    return running;
  };
}
