// The database engines of RDS as a stack names them, and what RDS accepts.
import type { DatabaseConfig } from '../../contract/service.ts';

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Welcome.html; a major version only: RDS picks and patches the minor one. */
export const engines = {
  mysql: { engine: 'mysql', engineVersion: '8.4', port: 3306, scheme: 'mysql', parameters: '' },
  // RDS refuses PostgreSQL clients that don't encrypt, from version 15 on.
  postgresql: {
    engine: 'postgres',
    engineVersion: '17',
    port: 5432,
    scheme: 'postgresql',
    parameters: '?sslmode=require',
  },
} as const;

/** Least storage of the type gp3: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html */
const leastStorageGiB = 20;

export function databaseFaults(database: DatabaseConfig | undefined): string[] {
  if (database === undefined) return [];
  const { size, storageGiB } = database;
  return [
    ...(/^db\.[a-z0-9]+\.[a-z0-9]+$/.test(size)
      ? []
      : [`database.size: expected a machine of RDS, such as db.t4g.micro; found \`${size}\``]),
    ...(storageGiB >= leastStorageGiB
      ? []
      : [`database.storageGiB: expected at least ${leastStorageGiB} on AWS; found ${storageGiB}`]),
  ];
}
