// The database of a service on Azure: a flexible server inside a network, its generated password in a Key Vault, its address from there.
import type { RoleAssignment } from '@pulumi/azure-native/authorization/roleAssignment.js';
import { Database as MysqlDatabase } from '@pulumi/azure-native/dbformysql/database.js';
import { Server as MysqlServer } from '@pulumi/azure-native/dbformysql/server.js';
import { Database as PostgresqlDatabase } from '@pulumi/azure-native/dbforpostgresql/database.js';
import { Server as PostgresqlServer } from '@pulumi/azure-native/dbforpostgresql/server.js';
import { Secret } from '@pulumi/azure-native/keyvault/secret.js';
import { Vault } from '@pulumi/azure-native/keyvault/vault.js';
import type { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity/userAssignedIdentity.js';
import { interpolate, type Output, output } from '@pulumi/pulumi';
import { RandomPassword } from '@pulumi/random/randomPassword.js';
import type { DatabaseConfig } from '../../contract/service.ts';
import { project, serviceName } from '../names.ts';
import { tierOf } from './limits.ts';
import { networkOf } from './network.ts';
import type { Place } from './place.ts';
import { allow } from './role.ts';

/** The password has letters and digits only, so nothing needs escaping. */
export function databaseUrl(engine: DatabaseConfig['engine'], host: string, password: string): string {
  return engine === 'mysql'
    ? `mysql://${project}:${password}@${host}:3306/${project}`
    : `postgresql://${project}:${password}@${host}:5432/${project}?sslmode=require`;
}

export interface Database {
  readonly password: RandomPassword;
  readonly server: MysqlServer | PostgresqlServer;
  readonly database: MysqlDatabase | PostgresqlDatabase;
  readonly vault: Vault;
  readonly secret: Secret;
  readonly right: RoleAssignment;
  /** `<key vault>/<secret>`, known once the service may read it. */
  readonly secretName: Output<string>;
}

export function createDatabase(place: Place, identity: UserAssignedIdentity | undefined): Database | undefined {
  const { parent, group, regional, tags, config } = place;
  if (config.database === undefined || identity === undefined) return undefined;
  const { engine } = config.database;
  const password = new RandomPassword(
    'database-password',
    // https://learn.microsoft.com/azure/mysql/flexible-server/quickstart-create-portal: three of four kinds of character
    { length: 32, special: false, minLower: 1, minUpper: 1, minNumeric: 1 },
    { parent },
  );
  const { server, database } = (engine === 'mysql' ? createMysql : createPostgresql)(place, config.database, password);
  const vault = new Vault(
    // Its name is made up, and another one after a destroy: a deleted vault's name stays taken for days.
    'secrets',
    {
      ...regional,
      properties: {
        tenantId: identity.tenantId,
        sku: { family: 'A', name: 'standard' },
        enableRbacAuthorization: true,
        enableSoftDelete: true,
        softDeleteRetentionInDays: 7,
      },
      tags,
    },
    { parent },
  );
  const secret = new Secret(
    'database-url',
    {
      resourceGroupName: group.name,
      vaultName: vault.name,
      secretName: 'database-url',
      properties: {
        value: output([server.fullyQualifiedDomainName, password.result] as const).apply(([host, text]) =>
          databaseUrl(engine, host, text),
        ),
      },
      tags,
    },
    { parent },
  );
  const right = allow('secrets-reader', { identity, role: 'keyVaultSecretsUser', scope: vault.id }, { parent });
  const secretName = output([vault.name, secret.name, right.id, database.id] as const).apply(
    ([vault, secret]) => `${vault}/${secret}`,
  );
  return { password, server, database, vault, secret, right, secretName };
}

/** What a server of either engine is asked for. */
function serverArgs(place: Place, { size, storageGiB }: DatabaseConfig, password: RandomPassword) {
  const { regional, tags } = place;
  return {
    ...regional,
    serverName: serverName(place),
    sku: { name: size, tier: tierOf(size) ?? size },
    storage: { storageSizeGB: storageGiB, autoGrow: 'Enabled' },
    backup: { backupRetentionDays: 7, geoRedundantBackup: 'Disabled' },
    administratorLogin: project,
    administratorLoginPassword: password.result,
    tags,
  };
}

function createMysql(place: Place, asked: DatabaseConfig, password: RandomPassword) {
  const { parent, config } = place;
  const { databaseSubnet = '', databaseDnsZone = '' } = networkOf(config);
  const options = { parent, protect: config.protect };
  const common = serverArgs(place, asked, password);
  const network = { delegatedSubnetResourceId: databaseSubnet, privateDnsZoneResourceId: databaseDnsZone };
  const server = new MysqlServer('database-server', { ...common, version: '8.0.21', network }, options);
  const text = { charset: 'utf8mb4', collation: 'utf8mb4_0900_ai_ci' };
  const database = new MysqlDatabase('database', { ...inServer(place, server), ...text }, options);
  return { server, database };
}

function createPostgresql(place: Place, asked: DatabaseConfig, password: RandomPassword) {
  const { parent, config } = place;
  const { databaseSubnet = '', databaseDnsZone = '' } = networkOf(config);
  const options = { parent, protect: config.protect };
  const common = serverArgs(place, asked, password);
  const network = { delegatedSubnetResourceId: databaseSubnet, privateDnsZoneArmResourceId: databaseDnsZone };
  const server = new PostgresqlServer('database-server', { ...common, version: '17', network }, options);
  const text = { charset: 'UTF8', collation: 'en_US.utf8' };
  const database = new PostgresqlDatabase('database', { ...inServer(place, server), ...text }, options);
  return { server, database };
}

function inServer({ group }: Place, server: MysqlServer | PostgresqlServer) {
  return { resourceGroupName: group.name, serverName: server.name, databaseName: project };
}

function serverName({ stack, nameSuffix }: Place): Output<string> {
  return interpolate`${serviceName(stack)}-${nameSuffix}`;
}
