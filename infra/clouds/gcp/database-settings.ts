// How a Cloud SQL instance is set up. Pure.
import type { sql } from '@pulumi/gcp/types/input.js';
import type { Input } from '@pulumi/pulumi';
import type { DatabaseConfig, ServiceConfig } from '../../contract/service.ts';
import type { Stack } from '../../contract/stack.ts';

export interface InstanceWish {
  readonly stack: Pick<Stack, 'environment'>;
  readonly config: Pick<ServiceConfig, 'protect'>;
  readonly wanted: DatabaseConfig;
  readonly labels: Record<string, string>;
  /** `projects/<project>/global/networks/<network>`, which has private services access. */
  readonly privateNetwork: Input<string>;
}

/** https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1/instances#settings */
export function instanceSettings({
  stack,
  config,
  wanted,
  labels,
  privateNetwork,
}: InstanceWish): sql.DatabaseInstanceSettings {
  const mysql = wanted.engine === 'mysql';
  return {
    tier: wanted.size,
    // The other edition refuses the small machines.
    edition: 'ENTERPRISE',
    // A second machine in another zone, at twice the price.
    availabilityType: stack.environment === 'prod' ? 'REGIONAL' : 'ZONAL',
    diskType: 'PD_SSD',
    diskSize: wanted.storageGiB,
    // A disk that grew by itself would look like one to be shrunk, which replaces the instance with its data.
    diskAutoresize: false,
    deletionProtectionEnabled: config.protect,
    backupConfiguration: {
      enabled: true,
      startTime: '03:00',
      // Point in time: MySQL by its binary log, PostgreSQL by its write-ahead log.
      ...(mysql ? { binaryLogEnabled: true } : { pointInTimeRecoveryEnabled: true }),
    },
    // No address on the internet; the connector's socket reaches it through the network.
    ipConfiguration: { ipv4Enabled: false, privateNetwork, sslMode: 'ENCRYPTED_ONLY' },
    userLabels: labels,
  };
}
