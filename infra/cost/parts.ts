// What a stack costs beside its instances, by the keys of its file: logs, alarms, uptime check, dashboard, database, store, private way in.
import { countedLines, countsRequests } from '../clouds/aws/ecs-express/request-log.ts';
import { usesSlot } from '../clouds/azure/app-service/limits.ts';
import type { ServiceConfig } from '../contract/service.ts';
import type { Cloud, Stack } from '../contract/stack.ts';
import type { Part } from './lines.ts';
import type { Load } from './load.ts';
import type { PriceTable } from './prices.ts';

const secondsPerHour = 3600;

/** GiB a month that the service writes into its cloud's log. */
export function logVolume({ assumed, hoursPerMonth }: PriceTable, load: Load | undefined): number {
  const requests = (load?.requestsPerSecond ?? 0) * secondsPerHour * hoursPerMonth;
  return assumed.idleLogGiB + (requests * assumed.logBytesPerRequest) / 2 ** 30;
}

export function partsOf(
  stack: Stack,
  config: ServiceConfig,
  table: PriceTable,
  load: Load | undefined,
): readonly Part[] {
  return byCloud[stack.cloud]({ stack, config, table, logs: logVolume(table, load) });
}

interface Asked {
  readonly stack: Stack;
  readonly config: ServiceConfig;
  readonly table: PriceTable;
  /** GiB a month. */
  readonly logs: number;
}

const byCloud: Readonly<Record<Cloud, (asked: Asked) => readonly Part[]>> = { aws, gcp, azure };

function aws({ config, table, logs }: Asked): readonly Part[] {
  const { alarms, uptimeCheck, dashboard, database, objectStore, logRetentionDays, exposure, network } = config;
  const counted = config.runtime === 'ecs-express' && countsRequests(config) ? Object.keys(countedLines).length : 0;
  // Two metrics for the share of errors, one for latency, two for readiness, or one where it is counted; one for the uptime check.
  const alarmed = (counted === 0 ? 5 : 4) + (uptimeCheck ? 1 : 0);
  const hours = table.hoursPerMonth;
  const zones = [network.subnets ?? []].flat().length;
  return [
    { what: 'logs', price: 'cloudwatch-logs', quantity: logs },
    { what: 'logs kept', price: 'cloudwatch-log-storage', quantity: (logs * logRetentionDays) / 30 },
    ...(counted === 0 ? [] : [{ what: 'metrics of the request log', price: 'cloudwatch-metric', quantity: counted }]),
    ...(alarms === undefined ? [] : [{ what: 'alarms', price: 'cloudwatch-alarm', quantity: alarmed }]),
    ...(uptimeCheck ? [{ what: 'uptime check', price: 'route53-check', quantity: 1 }] : []),
    ...(dashboard ? [{ what: 'dashboard', price: 'cloudwatch-dashboard', quantity: 1 }] : []),
    ...(config.runtime === 'app-runner' && exposure === 'private' && zones > 0
      ? [{ what: 'interface endpoint', price: 'interface-endpoint', quantity: hours * zones }]
      : []),
    ...(database === undefined
      ? []
      : [
          { what: `database ${database.size}`, price: `rds-${database.size}`, quantity: hours },
          { what: 'database’s storage', price: 'rds-storage', quantity: database.storageGiB },
          { what: 'secret with its address', price: 'secrets-manager', quantity: 1 },
        ]),
    ...(objectStore ? [{ what: 'object store', price: 's3-storage', quantity: table.assumed.objectStoreGiB }] : []),
  ];
}

function gcp({ stack, config, table, logs }: Asked): readonly Part[] {
  const { alarms, uptimeCheck, database, objectStore, logRetentionDays, minInstances } = config;
  const hours = table.hoursPerMonth;
  // A database of prod has a second machine and disk in another zone.
  const machines = stack.environment === 'prod' ? 2 : 1;
  const conditions = 2 + (uptimeCheck || minInstances > 0 ? 1 : 0);
  return [
    { what: 'logs', price: 'cloud-logging', quantity: logs },
    {
      what: 'logs kept longer',
      price: 'cloud-logging-retention',
      quantity: (logs * Math.max(0, logRetentionDays - 30)) / 30,
    },
    ...(alarms === undefined ? [] : [{ what: 'alarms', price: 'cloud-alert', quantity: conditions }]),
    // Once a minute from six places: https://cloud.google.com/monitoring/uptime-checks
    ...(uptimeCheck ? [{ what: 'uptime check', price: 'cloud-uptime', quantity: (hours * 60 * 6) / 1000 }] : []),
    ...(database === undefined
      ? []
      : [
          { what: `database ${database.size}`, price: `cloud-sql-${database.size}`, quantity: hours * machines },
          { what: 'database’s storage', price: 'cloud-sql-storage', quantity: database.storageGiB * machines },
          { what: 'secret with its address', price: 'secret-manager', quantity: 1 },
        ]),
    ...(objectStore ? [{ what: 'object store', price: 'gcs-storage', quantity: table.assumed.objectStoreGiB }] : []),
  ];
}

function azure({ stack, config, table, logs }: Asked): readonly Part[] {
  const { alarms, uptimeCheck, database, objectStore, logRetentionDays, exposure } = config;
  const hours = table.hoursPerMonth;
  const doors = usesSlot(stack) ? 2 : 1;
  return [
    { what: 'logs', price: 'azure-logs', quantity: logs },
    {
      what: 'logs kept longer',
      price: 'azure-log-retention',
      quantity: (logs * Math.max(0, logRetentionDays - 31)) / 30,
    },
    ...(alarms === undefined
      ? []
      : [
          { what: 'alarms on metrics', price: 'azure-metric-alert', quantity: uptimeCheck ? 3 : 2 },
          { what: 'alarm on the log', price: 'azure-log-alert', quantity: 1 },
        ]),
    // From five places, every five minutes.
    ...(uptimeCheck ? [{ what: 'uptime check', price: 'azure-web-test', quantity: hours * 12 * 5 }] : []),
    ...(exposure === 'private'
      ? [{ what: 'private endpoint', price: 'private-endpoint', quantity: hours * doors }]
      : []),
    ...(database === undefined
      ? []
      : [
          {
            what: `database ${database.size}`,
            price: `flexible-${database.engine}-${database.size}`,
            quantity: hours,
          },
          { what: 'database’s storage', price: 'flexible-storage', quantity: database.storageGiB },
        ]),
    ...(objectStore ? [{ what: 'object store', price: 'azure-blob', quantity: table.assumed.objectStoreGiB }] : []),
  ];
}
