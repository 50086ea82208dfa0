// A managed database for the prediction log, in the stack's own network, and the secret with its address for the container.
import { SecurityGroup } from '@pulumi/aws/ec2/securityGroup.js';
import { Instance } from '@pulumi/aws/rds/instance.js';
import { SubnetGroup } from '@pulumi/aws/rds/subnetGroup.js';
import { Secret } from '@pulumi/aws/secretsmanager/secret.js';
import { SecretVersion } from '@pulumi/aws/secretsmanager/secretVersion.js';
import { type ComponentResource, interpolate, type Output } from '@pulumi/pulumi';
import { RandomPassword } from '@pulumi/random/randomPassword.js';
import type { DatabaseConfig, PredictionServiceArgs } from '../../contract/service.ts';
import { project, serviceName } from '../names.ts';
import { engines } from './database-engines.ts';
import { type AwsNetwork, networkOf } from './network.ts';

interface DatabaseArgs {
  /** `trireme-prod`. */
  readonly service: string;
  readonly database: DatabaseConfig;
  readonly network: AwsNetwork;
  readonly protect: boolean;
  readonly tags: Record<string, string>;
}

export interface Database {
  readonly instance: Instance;
  readonly secret: Secret;
  /** ARN of the secret that holds the address, once it does. */
  readonly urlSecret: Output<string>;
}

/** `undefined` where the stack file asks for none. */
export function databaseOf(
  parent: ComponentResource,
  { stack, config }: Pick<PredictionServiceArgs, 'stack' | 'config'>,
  tags: Record<string, string>,
): Database | undefined {
  const { database, protect } = config;
  const network = networkOf(config);
  if (database === undefined || network === undefined) return undefined;
  return createDatabase(parent, { service: serviceName(stack), database, network, protect, tags });
}

function createDatabase(parent: ComponentResource, args: DatabaseArgs): Database {
  const password = createPassword(parent);
  const instance = createInstance(parent, args, password);
  const secret = createSecret(parent, args);
  const { scheme, parameters } = engines[args.database.engine];
  const url = interpolate`${scheme}://${project}:${password.result}@${instance.endpoint}/${project}${parameters}`;
  const version = new SecretVersion('database-url-value', { secretId: secret.id, secretString: url }, { parent });
  return { instance, secret, urlSecret: version.arn };
}

/**
 * Not RDS's own managed password: that one changes every seven days, behind running containers, which read theirs once, at their start.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
 */
function createPassword(parent: ComponentResource): RandomPassword {
  // Letters and digits need no escaping in an address.
  return new RandomPassword('database-password', { length: 32, special: false }, { parent });
}

function createInstance(parent: ComponentResource, args: DatabaseArgs, password: RandomPassword): Instance {
  const { service, database, network, protect, tags } = args;
  const { engine, engineVersion, port } = engines[database.engine];
  const subnets = new SubnetGroup(
    'database-subnets',
    { name: service, description: `Where the database of ${service} lives`, subnetIds: network.subnets, tags },
    { parent },
  );
  const door = new SecurityGroup(
    'database-door',
    {
      name: `${service}-database`,
      description: `Lets ${service} alone reach its database`,
      vpcId: network.vpc,
      ingress: [{ protocol: 'tcp', fromPort: port, toPort: port, securityGroups: network.securityGroups }],
      tags,
    },
    { parent },
  );
  return new Instance(
    'database',
    {
      identifier: service,
      engine,
      engineVersion,
      instanceClass: database.size,
      allocatedStorage: database.storageGiB,
      storageType: 'gp3',
      storageEncrypted: true,
      dbName: project,
      username: project,
      password: password.result,
      port,
      dbSubnetGroupName: subnets.name,
      vpcSecurityGroupIds: [door.id],
      publiclyAccessible: false,
      autoMinorVersionUpgrade: true,
      backupRetentionPeriod: 7,
      // They outlive the database by their seven days: what was destroyed in error can be brought back, under any name.
      deleteAutomatedBackups: false,
      skipFinalSnapshot: true,
      copyTagsToSnapshot: true,
      deletionProtection: protect,
      tags,
    },
    { parent, protect },
  );
}

function createSecret(parent: ComponentResource, { service, protect, tags }: DatabaseArgs): Secret {
  return new Secret(
    'database-url',
    {
      name: `${service}/database-url`,
      description: `Address of ${service}'s database, with its password`,
      // A deleted secret keeps its name for that long, so that a stack destroyed in play could not come up again.
      recoveryWindowInDays: protect ? 30 : 0,
      tags,
    },
    { parent },
  );
}
