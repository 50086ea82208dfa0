// RDS as Pulumi's `aws` provider shows it: database instances and the subnets they live in.
import { randomBytes } from 'node:crypto';
import { isList, type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type InputFault, type ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import { oneOf, pattern, range } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function subnetGroup(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'rds/subnetGroup',
    shelf: account.shelf('rds/subnetGroup'),
    naming: { property: 'name', style: 'dashed' },
    replaceOnChanges: ['name', 'namePrefix', 'region'],
    computed: ['region'],
    validate: (inputs) => [
      // https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html
      ...pattern(inputs, 'name', /^(?!default$)[a-z\d._ -]{1,255}$/),
      ...pattern(inputs, 'description', /^[\x20-\x7e]{1,255}$/),
      ...(isList(inputs.subnetIds) && inputs.subnetIds.length < 2
        ? [
            {
              property: 'subnetIds',
              reason:
                'DBSubnetGroupDoesNotCoverEnoughAZs: The DB subnet group doesn’t meet Availability Zone (AZ) coverage requirement. Current AZ coverage: 1. Add subnets to cover at least 2 AZs.',
            },
          ]
        : []),
    ],
    idOf: (inputs) => text(inputs, 'name') ?? '',
    alreadyExists: (id) => `DBSubnetGroupAlreadyExists: The DB subnet group '${id}' already exists.`,
    create: (inputs, context, id) => ({
      arn: `arn:aws:rds:${account.region(inputs, context)}:${account.id}:subgrp:${id}`,
    }),
    derive: (inputs, context) => account.derive(inputs, context),
    release(_inputs, id) {
      const user = account.databases.find((one) => one.dbSubnetGroupName === id);
      if (user === undefined) return;
      throw new CloudRefusal(
        `InvalidDBSubnetGroupStateFault: Cannot delete the subnet group '${id}' because at least one database instance: ${text(user, 'identifier')} is still using it.`,
      );
    },
  });
}

export function databaseInstance(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'rds/instance',
    shelf: account.databases,
    naming: { property: 'identifier', style: 'dashed' },
    // https://www.pulumi.com/registry/packages/aws/api-docs/rds/instance/
    replaceOnChanges: ['engine', 'username', 'dbName', 'storageEncrypted', 'kmsKeyId', 'timezone', 'region'],
    computed: ['region', 'engineVersion', 'availabilityZone', 'backupWindow', 'maintenanceWindow'],
    validate: instanceFaults,
    idOf: () => `db-${randomBytes(13).toString('hex').toUpperCase()}`,
    alreadyExists: () => undefined,
    create(inputs, context, id) {
      const identifier = text(inputs, 'identifier') ?? '';
      refuseInstance(account, inputs, identifier);
      const region = account.region(inputs, context);
      const address = `${identifier}.c${account.id.slice(0, 11)}.${region}.rds.amazonaws.com`;
      const port = typeof inputs.port === 'number' ? inputs.port : 3306;
      return {
        arn: `arn:aws:rds:${region}:${account.id}:db:${identifier}`,
        resourceId: id,
        address,
        port,
        endpoint: `${address}:${port}`,
        hostedZoneId: 'Z29XKXDKYMONMX',
        status: 'available',
      };
    },
    refuseUpdate: refuseSmaller,
    derive: (inputs, context) => ({
      ...account.derive(inputs, context),
      engineVersionActual: `${text(inputs, 'engineVersion')}.4`,
    }),
    release(inputs) {
      if (inputs.deletionProtection !== true) return;
      throw new CloudRefusal(
        'InvalidParameterCombination: Cannot delete protected DB Instance, please disable deletion protection and try again.',
      );
    },
  });
}

function refuseInstance(account: AwsAccount, inputs: Properties, identifier: string): void {
  if (account.databases.find((one) => one.identifier === identifier) !== undefined) {
    throw new CloudRefusal('DBInstanceAlreadyExists: DB instance already exists');
  }
  const group = text(inputs, 'dbSubnetGroupName');
  if (group !== undefined && account.shelf('rds/subnetGroup').get(group) === undefined) {
    throw new CloudRefusal(`DBSubnetGroupNotFoundFault: DB subnet group '${group}' does not exist.`);
  }
  for (const one of isList(inputs.vpcSecurityGroupIds) ? inputs.vpcSecurityGroupIds : []) {
    if (account.shelf('ec2/securityGroup').get(String(one)) === undefined) {
      throw new CloudRefusal(`InvalidParameterValue: Invalid security group , groupId= ${String(one)}, groupName=.`);
    }
  }
}

/** What ModifyDBInstance says of less than there is: https://github.com/hashicorp/terraform-provider-aws/issues/40482 */
function refuseSmaller(inputs: Properties, before: Properties): void {
  const { allocatedStorage: size } = inputs;
  const { allocatedStorage: was } = before;
  if (typeof size !== 'number' || typeof was !== 'number' || size >= was) return;
  throw new CloudRefusal(
    `InvalidParameterCombination: Invalid storage size for engine name ${text(inputs, 'engine')} and storage type ${text(inputs, 'storageType') ?? 'gp2'}: ${size}`,
  );
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html */
function instanceFaults(inputs: Properties): readonly InputFault[] {
  const { manageMasterUserPassword: managed, password, skipFinalSnapshot, finalSnapshotIdentifier } = inputs;
  return [
    ...pattern(inputs, 'identifier', /^(?!.*--)[a-z](?:[a-z\d-]{0,61}[a-z\d])?$/),
    ...oneOf(inputs, 'engine', ['mysql', 'postgres', 'mariadb']),
    ...pattern(inputs, 'instanceClass', /^db\.[a-z\d]+\.[a-z\d]+$/),
    ...range(inputs, 'allocatedStorage', inputs.storageType === 'gp3' ? 20 : 5, 65_536),
    ...oneOf(inputs, 'storageType', ['standard', 'gp2', 'gp3', 'io1', 'io2']),
    ...pattern(inputs, 'dbName', /^[A-Za-z]\w{0,62}$/),
    ...pattern(inputs, 'username', /^(?!(admin|rdsadmin|root|postgres)$)[A-Za-z]\w{0,15}$/),
    ...pattern(inputs, 'password', inputs.engine === 'mysql' ? /^[^/"@ ]{8,41}$/ : /^[^/"@ ]{8,128}$/),
    ...range(inputs, 'backupRetentionPeriod', 0, 35),
    ...(managed === true && password !== undefined
      ? [{ property: 'password', reason: 'conflicts with manageMasterUserPassword' }]
      : []),
    ...(skipFinalSnapshot !== true && finalSnapshotIdentifier === undefined
      ? [{ property: 'finalSnapshotIdentifier', reason: 'is required when skipFinalSnapshot is false' }]
      : []),
  ];
}
