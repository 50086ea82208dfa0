// As much of EC2's networks as Pulumi's `aws` provider shows of what trireme makes there: security groups and interface endpoints.
import { randomBytes } from 'node:crypto';
import { isList, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import { oneOf, pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

/** Seventeen hexadecimal digits: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html */
const newId = (kind: string) => `${kind}-${randomBytes(9).toString('hex').slice(0, 17)}`;

export function securityGroup(account: AwsAccount): ResourceModel {
  const shelf = account.shelf('ec2/securityGroup');
  return storedResource({
    module: 'ec2/securityGroup',
    shelf,
    naming: { property: 'name', style: 'dashed' },
    replaceOnChanges: ['name', 'namePrefix', 'description', 'vpcId', 'region'],
    computed: ['region', 'egress'],
    validate: (inputs) => [
      // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
      ...pattern(inputs, 'name', /^(?!sg-)[\w. \-:/()#,@[\]+=&;{}!$*]{1,255}$/),
      ...pattern(inputs, 'description', /^[\w. \-:/()#,@[\]+=&;{}!$*]{1,255}$/),
    ],
    idOf: () => newId('sg'),
    alreadyExists: () => undefined,
    create(inputs, context, id) {
      const { name, vpcId } = inputs;
      if (shelf.find((one) => one.name === name && one.vpcId === vpcId) !== undefined) {
        throw new CloudRefusal(
          `InvalidGroup.Duplicate: The security group '${text(inputs, 'name')}' already exists for VPC '${text(inputs, 'vpcId')}'`,
        );
      }
      const arn = `arn:aws:ec2:${account.region(inputs, context)}:${account.id}:security-group/${id}`;
      return { arn, ownerId: account.id, egress: [] };
    },
    derive: (inputs, context) => account.derive(inputs, context),
    release(_inputs, id) {
      const used = account.databases.find(
        ({ vpcSecurityGroupIds: held }) => isList(held) && held.some((one) => one === id),
      );
      if (used !== undefined) throw new CloudRefusal(`DependencyViolation: resource ${id} has a dependent object`);
    },
  });
}

export function vpcEndpoint(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'ec2/vpcEndpoint',
    shelf: account.shelf('ec2/vpcEndpoint'),
    replaceOnChanges: ['serviceName', 'vpcId', 'vpcEndpointType', 'serviceRegion', 'region'],
    computed: ['region', 'ipAddressType'],
    validate: (inputs) => [
      // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
      ...oneOf(inputs, 'vpcEndpointType', [
        'Interface',
        'Gateway',
        'GatewayLoadBalancer',
        'Resource',
        'ServiceNetwork',
      ]),
      ...pattern(inputs, 'serviceName', /^com\.amazonaws\.[a-z\d-]+\.[a-z\d.-]+$/),
    ],
    idOf: () => newId('vpce'),
    alreadyExists: () => undefined,
    create(inputs, context, id) {
      const region = account.region(inputs, context);
      return {
        arn: `arn:aws:ec2:${region}:${account.id}:vpc-endpoint/${id}`,
        ownerId: account.id,
        state: 'available',
        requesterManaged: false,
        dnsEntries: [
          { dnsName: `${id}.${text(inputs, 'serviceName')}.vpce.amazonaws.com`, hostedZoneId: 'Z38GZ743OKFT7T' },
        ],
      };
    },
    derive: (inputs, context) => account.derive(inputs, context),
  });
}
