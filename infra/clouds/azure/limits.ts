// What Azure's databases and logs accept, whatever the runtime; without the SDK, so that a stack file is judged at once.
import type { DatabaseConfig } from '../../contract/service.ts';

/** With the price model per GiB: https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure */
export const retentionDays = { least: 30, most: 730 };

/** GiB. https://learn.microsoft.com/azure/mysql/flexible-server/concepts-service-tiers-storage, https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-storage */
const mysqlStorage = { least: 20, most: 16_384 };
const postgresqlStorage = [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_767];

/** By the letter of the machine's family: `Standard_B1ms`, `Standard_D2ds_v4`, `Standard_E4ds_v5`. */
const tiers = { B: 'Burstable', D: 'GeneralPurpose', E: 'MemoryOptimized' } as const;

export function tierOf(size: string): (typeof tiers)[keyof typeof tiers] | undefined {
  const family = /^Standard_([BDE])\d/.exec(size)?.[1];
  return family === 'B' || family === 'D' || family === 'E' ? tiers[family] : undefined;
}

export function databaseFaults({ engine, size, storageGiB }: DatabaseConfig): string[] {
  const faults: string[] = [];
  if (tierOf(size) === undefined) {
    faults.push(`database.size: expected a machine of Azure such as Standard_B1ms or Standard_D2ds_v4; found ${size}`);
  }
  if (engine === 'mysql' && (storageGiB < mysqlStorage.least || storageGiB > mysqlStorage.most)) {
    faults.push(`database.storageGiB: expected ${mysqlStorage.least} to ${mysqlStorage.most}; found ${storageGiB}`);
  }
  if (engine === 'postgresql' && !postgresqlStorage.includes(storageGiB)) {
    faults.push(`database.storageGiB: expected one of ${postgresqlStorage.join(', ')}; found ${storageGiB}`);
  }
  return faults;
}
