// A database's disk never shrinks: Google Cloud would make the instance anew, without its data; AWS and Azure refuse it half-way through an update.
import { getOrganization, getProject, runtime } from '@pulumi/pulumi';
import { DeliveryError } from '../contract/errors.ts';
import type { ServiceConfig } from '../contract/service.ts';
import type { Stack } from '../contract/stack.ts';

/** Where a database says how many GiB its disk has. */
const sizes: Readonly<Record<string, readonly string[]>> = {
  'aws:rds/instance:Instance': ['allocatedStorage'],
  'gcp:sql/databaseInstance:DatabaseInstance': ['settings', 'diskSize'],
  'azure-native:dbformysql:Server': ['storage', 'storageSizeGB'],
  'azure-native:dbforpostgresql:Server': ['storage', 'storageSizeGB'],
};

/** @param read what the engine says of a stack's resources. @returns GiB; `undefined` where the stack has no database */
export function databaseGiB(read: unknown): number | undefined {
  const found = Object.values(fieldsOf(fieldsOf(read).outputs)).flatMap((resource) => {
    const { type, outputs } = fieldsOf(resource);
    const path = typeof type === 'string' ? sizes[type] : undefined;
    const size = path?.reduce<unknown>((value, key) => fieldsOf(value)[key], outputs);
    return typeof size === 'number' ? [size] : [];
  });
  return found.length === 0 ? undefined : Math.max(...found);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** @throws DeliveryError `refused`, before anything is touched */
export function refuseSmaller(stack: string, { database }: Pick<ServiceConfig, 'database'>, has: number): void {
  if (database === undefined || database.storageGiB >= has) return;
  throw new DeliveryError(
    'refused',
    `${stack}: expected database.storageGiB of ${has} or more, which its database has; found ${database.storageGiB}`,
    {
      hint: `a disk can't shrink without losing what is on it: write ${has}; for a smaller one dump the data, deploy without \`database\`, then with it, and restore`,
    },
  );
}

/** What stays live, or is gone back to, was made when the disk was smaller. @returns the settings with the disk there is */
export function withDiskOf<C extends Pick<ServiceConfig, 'database'>>(config: C, has: number | undefined): C {
  const { database } = config;
  if (database === undefined || has === undefined || database.storageGiB >= has) return config;
  return { ...config, database: { ...database, storageGiB: has } };
}

/** Runs inside a Pulumi program; asks the engine, since a stack's own outputs don't name what is in it. */
export async function currentDatabaseGiB(stack: Pick<Stack, 'name'>): Promise<number | undefined> {
  const stackName = `${getOrganization()}/${getProject()}/${stack.name}`;
  return databaseGiB(await runtime.invoke('pulumi:pulumi:readStackResourceOutputs', { stackName }));
}
