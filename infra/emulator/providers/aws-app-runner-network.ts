// App Runner's ties to networks as Pulumi's `aws` provider shows them: the connector out, the connection in, the name of one's own.
import { randomBytes } from 'node:crypto';
import { isRecord, type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import { type AppRunnerWorld, describe, member } from './aws-app-runner-wire.ts';
import { pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

const named = /^[A-Za-z0-9][A-Za-z0-9\-_]{3,39}$/;

/** Immutable: a change is another revision under the same name. https://docs.aws.amazon.com/apprunner/latest/api/API_CreateVpcConnector.html */
export function vpcConnector(account: AwsAccount): ResourceModel {
  const revisions = new Map<string, number>();
  const arnOf = (inputs: Properties, region: string) => {
    const name = text(inputs, 'vpcConnectorName') ?? '';
    const revision = (revisions.get(name) ?? 0) + 1;
    revisions.set(name, revision);
    return `arn:aws:apprunner:${region}:${account.id}:vpcconnector/${name}/${revision}/${randomBytes(16).toString('hex')}`;
  };
  return storedResource({
    module: 'apprunner/vpcConnector',
    shelf: account.shelf('apprunner/vpcConnector'),
    replaceOnChanges: ['vpcConnectorName', 'subnets', 'securityGroups', 'region'],
    computed: ['region'],
    validate: (inputs) => pattern(inputs, 'vpcConnectorName', named),
    idOf: (inputs, context) => arnOf(inputs, account.region(inputs, context)),
    alreadyExists: () => undefined,
    create: (_inputs, _context, id) => ({
      arn: id,
      status: 'ACTIVE',
      vpcConnectorRevision: Number(id.split('/')[2]),
    }),
    derive: (inputs, context) => account.derive(inputs, context),
  });
}

/** https://docs.aws.amazon.com/apprunner/latest/api/API_CreateVpcIngressConnection.html */
export function vpcIngressConnection(world: AppRunnerWorld, account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'apprunner/vpcIngressConnection',
    shelf: account.shelf('apprunner/vpcIngressConnection'),
    naming: { property: 'name', style: 'dashed' },
    replaceOnChanges: ['name', 'serviceArn', 'region'],
    computed: ['region'],
    validate: (inputs) => pattern(inputs, 'name', named),
    idOf: (inputs, context) =>
      `arn:aws:apprunner:${account.region(inputs, context)}:${account.id}:vpcingressconnection/${text(inputs, 'name')}/${randomBytes(16).toString('hex')}`,
    alreadyExists: () => undefined,
    async create(inputs, _context, id) {
      const service = await requireService(world, text(inputs, 'serviceArn') ?? '');
      const ingress = member(member(service, 'NetworkConfiguration'), 'IngressConfiguration');
      if (ingress.IsPubliclyAccessible !== false) {
        throw new CloudRefusal(
          'operation error AppRunner: CreateVpcIngressConnection, StatusCode: 400, InvalidRequestException: The service is publicly accessible: make it private first',
        );
      }
      const endpoint = isRecord(inputs.ingressVpcConfiguration) ? inputs.ingressVpcConfiguration.vpcEndpointId : '';
      if (account.shelf('ec2/vpcEndpoint').get(String(endpoint)) === undefined) {
        throw new CloudRefusal(
          `operation error AppRunner: CreateVpcIngressConnection, StatusCode: 400, InvalidRequestException: The VPC endpoint ${String(endpoint)} does not exist`,
        );
      }
      // The emulated network has one way in.
      return { arn: id, status: 'AVAILABLE', domainName: text(service, 'ServiceUrl') ?? '' };
    },
    derive: (inputs, context) => account.derive(inputs, context),
  });
}

/** https://docs.aws.amazon.com/apprunner/latest/api/API_AssociateCustomDomain.html */
export function customDomainAssociation(world: AppRunnerWorld, account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'apprunner/customDomainAssociation',
    shelf: account.shelf('apprunner/customDomainAssociation'),
    replaceOnChanges: ['domainName', 'serviceArn', 'enableWwwSubdomain', 'region'],
    computed: ['region'],
    validate: (inputs) => pattern(inputs, 'domainName', /^(?=.{1,255}$)[A-Za-z0-9*.-]+$/),
    idOf: (inputs) => `${text(inputs, 'domainName')},${text(inputs, 'serviceArn')}`,
    alreadyExists: (id) =>
      `operation error AppRunner: AssociateCustomDomain, StatusCode: 400, InvalidRequestException: The domain ${id.split(',')[0]} is already associated with a service`,
    async create(inputs) {
      const service = await requireService(world, text(inputs, 'serviceArn') ?? '');
      const name = text(inputs, 'domainName') ?? '';
      const record = (): Properties => ({
        name: `_${randomBytes(16).toString('hex')}.${name}.`,
        type: 'CNAME',
        value: `_${randomBytes(16).toString('hex')}.acm-validations.aws.`,
        status: 'PENDING_VALIDATION',
      });
      return {
        dnsTarget: text(service, 'ServiceUrl') ?? '',
        status: 'pending_certificate_dns_validation',
        certificateValidationRecords: [record(), record()],
      };
    },
    derive: (inputs, context) => ({ region: account.region(inputs, context) }),
  });
}

async function requireService(world: AppRunnerWorld, arn: string): Promise<Properties> {
  const service = await describe(world, arn);
  if (service !== undefined) return service;
  throw new CloudRefusal(`ResourceNotFoundException: Service cannot be found for ARN: ${arn}`);
}
