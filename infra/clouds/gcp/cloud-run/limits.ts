// What Cloud Run accepts of a stack's configuration.
import { resourceVariables, type ServiceConfig } from '../../../contract/service.ts';
import { labelFaults } from '../labels.ts';
import { cloudRun } from './runtime.ts';

/**
 * Whole vCPUs to the least and the most memory, in MiB, that go with them; 512 MiB is the least the second generation starts with.
 * https://cloud.google.com/run/docs/configuring/services/memory-limits, https://cloud.google.com/run/docs/configuring/services/cpu
 */
const sizes: ReadonlyMap<number, readonly [least: number, most: number]> = new Map([
  [1, [512, 4096]],
  [2, [512, 8192]],
  [4, [2048, 16384]],
  [6, [4096, 24576]],
  [8, [4096, 32768]],
]);

/** Every fault, as `<key>: expected …; found …`. */
export function cloudRunFaults(config: ServiceConfig): string[] {
  const faults: string[] = [];
  const memory = sizes.get(config.cpu);
  if (memory === undefined) {
    faults.push(`cpu: expected ${[...sizes.keys()].join(', ')} vCPUs on Cloud Run; found ${config.cpu}`);
  } else if (config.memoryMiB < memory[0] || config.memoryMiB > memory[1]) {
    faults.push(
      `memoryMiB: expected ${memory[0]} to ${memory[1]} with ${config.cpu} vCPU on Cloud Run; found ${config.memoryMiB}`,
    );
  }
  const { max } = cloudRun.concurrency.value;
  if (config.concurrency > max) {
    faults.push(`concurrency: expected at most ${max} on Cloud Run; found ${config.concurrency}`);
  }
  return [...faults, ...exposureFaults(config), ...optionFaults(config), ...labelFaults(config.labels)];
}

/** Names of an existing network, and who may call a private service: `network`, `subnetwork`, `invokers`. */
const networkKeys: readonly string[] = ['network', 'subnetwork', 'invokers'];

/** https://cloud.google.com/iam/docs/principal-identifiers; everybody is what `public` is for. */
const invoker = /^(user|group|domain|serviceAccount|principal|principalSet):.+$/;

/** Who may call a private service, besides nobody. */
export function invokersOf({ network }: Pick<ServiceConfig, 'network'>): readonly string[] {
  const { invokers = [] } = network;
  return [...new Set([invokers].flat())].sort();
}

/** Where domain mappings exist: https://cloud.google.com/run/docs/mapping-custom-domains#limitations */
const mappingRegions: readonly string[] = [
  'asia-east1',
  'asia-northeast1',
  'asia-southeast1',
  'europe-north1',
  'europe-west1',
  'europe-west4',
  'us-central1',
  'us-east1',
  'us-east4',
  'us-west1',
];

function exposureFaults(config: ServiceConfig): string[] {
  const outside = 'nobody outside the network reaches a private service';
  const open = config.exposure === 'public';
  const unknown = Object.keys(config.network).filter((key) => !networkKeys.includes(key));
  return [
    ...['network', 'subnetwork']
      .filter((key) => Array.isArray(config.network[key]))
      .map((key) => `network.${key}: expected one name; found a list`),
    // https://cloud.google.com/sql/docs/postgres/private-ip
    ...(config.database !== undefined && config.network.network === undefined
      ? ['database: expected network.network beside it, a network with private services access; found none']
      : []),
    ...unknown.map((key) => `network.${key}: expected one of ${networkKeys.join(', ')} on Cloud Run`),
    ...invokersOf(config)
      .filter((member) => !invoker.test(member))
      .map((member) => `network.invokers: expected members such as serviceAccount:…; found ${member}`),
    ...(open && invokersOf(config).length > 0 ? ['network.invokers: expected none where everybody may call'] : []),
    ...(!open && config.uptimeCheck ? [`uptimeCheck: expected false with private exposure: ${outside}`] : []),
    ...(!open && config.domain !== undefined ? [`domain: expected none with private exposure: ${outside}`] : []),
    ...(config.domain !== undefined && !mappingRegions.includes(config.region)
      ? [`domain: expected one of ${mappingRegions.join(', ')} as region; found ${config.region}`]
      : []),
  ];
}

function optionFaults(config: ServiceConfig): string[] {
  const { secrets, env, logRetentionDays, alarms } = config;
  const made = [
    ...(config.database === undefined ? [] : [resourceVariables.database]),
    ...(config.objectStore ? [resourceVariables.objectStore] : []),
  ];
  return [
    ...made
      .filter((name) => name in env || name in secrets)
      .map((name) => `${name}: expected a variable of the service's own; the stack's own resource sets this one`),
    // https://cloud.google.com/logging/quotas#logs_retention_periods
    ...(logRetentionDays > 3650 ? [`logRetentionDays: expected at most 3650; found ${logRetentionDays}`] : []),
    // A condition may have to last 23 hours and a half: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies
    ...(alarms !== undefined && alarms.notReadyMinutes > 1410
      ? [`alarms.notReadyMinutes: expected at most 1410; found ${alarms.notReadyMinutes}`]
      : []),
  ];
}
