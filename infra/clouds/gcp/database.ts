// A managed database for the prediction log, and its address as a secret only the service may read.
import { IAMMember } from '@pulumi/gcp/projects/iammember.js';
import { Secret } from '@pulumi/gcp/secretmanager/secret.js';
import { SecretIamMember } from '@pulumi/gcp/secretmanager/secretIamMember.js';
import { SecretVersion } from '@pulumi/gcp/secretmanager/secretVersion.js';
import type { Account } from '@pulumi/gcp/serviceaccount/account.js';
import { Database } from '@pulumi/gcp/sql/database.js';
import { DatabaseInstance } from '@pulumi/gcp/sql/databaseInstance.js';
import { User } from '@pulumi/gcp/sql/user.js';
import {
  all,
  type ComponentResource,
  type Input,
  interpolate,
  type Output,
  type Resource,
  secret,
} from '@pulumi/pulumi';
import { RandomPassword } from '@pulumi/random/randomPassword.js';
import { DeliveryError } from '../../contract/errors.ts';
import type { DatabaseConfig, PredictionServiceArgs, ServiceConfig } from '../../contract/service.ts';
import { serviceName } from '../names.ts';
import { instanceSettings } from './database-settings.ts';
import { labelsOf } from './labels.ts';

/** What the container is given. */
export interface ManagedDatabase {
  readonly instance: DatabaseInstance;
  /** `<project>:<region>:<instance>`, under which the socket appears in `/cloudsql`. */
  readonly connectionName: Output<string>;
  readonly url: { readonly secret: Output<string>; readonly version: Output<string> };
  /** What must be there before the first container starts. */
  readonly needs: readonly Resource[];
}

const user = 'prediction';
const databaseName = 'predictions';

/** https://cloud.google.com/sql/docs/postgres/db-versions, https://cloud.google.com/sql/docs/mysql/db-versions */
const versions: Readonly<Record<DatabaseConfig['engine'], string>> = {
  mysql: 'MYSQL_8_4',
  postgresql: 'POSTGRES_17',
};

export function createDatabase(
  parent: ComponentResource,
  args: Pick<PredictionServiceArgs, 'stack' | 'config'>,
  account: Account,
): ManagedDatabase | undefined {
  const { stack, config } = args;
  const wanted = config.database;
  if (wanted === undefined) return undefined;
  const name = serviceName(stack);
  const labels = labelsOf(config.labels, stack.environment);
  const instance = new DatabaseInstance(
    'database-instance',
    {
      name,
      region: config.region,
      databaseVersion: versions[wanted.engine],
      // Left out, the provider protects, and a dev stack could not be destroyed.
      deletionProtection: config.protect,
      settings: instanceSettings({
        stack,
        config,
        wanted,
        labels,
        privateNetwork: networkPath(config, account.project),
      }),
    },
    { parent, protect: config.protect },
  );
  // Both go with the instance: what the service wrote makes the vendor refuse to delete them one by one.
  const database = new Database(
    'database',
    { name: databaseName, instance: instance.name, deletionPolicy: 'ABANDON' },
    { parent },
  );
  // Letters and digits: nothing in it has to be escaped in an address.
  const password = new RandomPassword('database-password', { length: 32, special: false }, { parent }).result;
  const login = new User(
    'database-user',
    { name: user, instance: instance.name, password, deletionPolicy: 'ABANDON' },
    { parent },
  );
  const holder = new Secret(
    'database-url',
    { secretId: `${name}-database-url`, replication: { auto: {} }, labels },
    { parent },
  );
  const version = new SecretVersion(
    'database-url-version',
    {
      secret: holder.id,
      secretData: secret(
        all([password, instance.connectionName]).apply(([word, connection]) =>
          databaseUrl(wanted.engine, word, connection),
        ),
      ),
    },
    { parent },
  );
  const reader = new SecretIamMember(
    'database-url-reader',
    { secretId: holder.secretId, role: 'roles/secretmanager.secretAccessor', member: account.member },
    { parent },
  );
  const client = allowConnections(parent, account, instance);
  return {
    instance,
    connectionName: instance.connectionName,
    url: { secret: holder.secretId, version: version.version },
    needs: [database, login, version, reader, client],
  };
}

function networkPath({ network: { network } }: ServiceConfig, project: Output<string>): Input<string> {
  if (typeof network !== 'string') {
    throw new DeliveryError('config-invalid', 'expected network.network beside database; found none', {
      hint: 'name a network with private services access: https://cloud.google.com/sql/docs/postgres/private-ip',
    });
  }
  return network.includes('/') ? network : interpolate`projects/${project}/global/networks/${network}`;
}

/** This instance and no other of the project: https://cloud.google.com/sql/docs/mysql/iam-conditions */
function allowConnections(parent: ComponentResource, account: Account, instance: DatabaseInstance): IAMMember {
  return new IAMMember(
    'database-client',
    {
      project: account.project,
      role: 'roles/cloudsql.client',
      member: account.member,
      condition: {
        title: 'this-instance',
        expression: interpolate`resource.name == "projects/${account.project}/instances/${instance.name}" && resource.service == "sqladmin.googleapis.com"`,
      },
    },
    { parent },
  );
}

/**
 * Over the socket that Cloud Run mounts, encrypted and authenticated by the connector: https://cloud.google.com/sql/docs/postgres/connect-run
 * PostgreSQL's clients take the socket's folder as `host`, MySQL's the socket as `socketPath`.
 */
export function databaseUrl(engine: DatabaseConfig['engine'], password: string, connectionName: string): string {
  const [scheme, key] = engine === 'mysql' ? ['mysql', 'socketPath'] : ['postgresql', 'host'];
  const socket = encodeURIComponent(`/cloudsql/${connectionName}`);
  return `${scheme}://${user}:${encodeURIComponent(password)}@localhost/${databaseName}?${key}=${socket}`;
}
