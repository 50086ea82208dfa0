// How App Runner and networks reach each other: the way out into a VPC, the private way in, and a name of one's own.
import { CustomDomainAssociation } from '@pulumi/aws/apprunner/customDomainAssociation.js';
import type { Service } from '@pulumi/aws/apprunner/service.js';
import { VpcConnector } from '@pulumi/aws/apprunner/vpcConnector.js';
import { VpcIngressConnection } from '@pulumi/aws/apprunner/vpcIngressConnection.js';
import { VpcEndpoint } from '@pulumi/aws/ec2/vpcEndpoint.js';
import { type ComponentResource, type Output, output } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../../../contract/service.ts';
import { serviceName } from '../../names.ts';
import { networkOf } from '../network.ts';

type Args = Pick<PredictionServiceArgs, 'stack' | 'config'>;

/**
 * Everything the container asks for then goes through the VPC, so only a stack whose database is there has it.
 * https://docs.aws.amazon.com/apprunner/latest/dg/network-vpc.html
 */
export function createConnector(
  parent: ComponentResource,
  { stack, config }: Args,
  tags: Record<string, string>,
): VpcConnector | undefined {
  const network = networkOf(config);
  if (network === undefined || config.database === undefined) return undefined;
  const { subnets, securityGroups } = network;
  return new VpcConnector(
    'vpc-connector',
    { vpcConnectorName: serviceName(stack), subnets, securityGroups, tags },
    { parent },
  );
}

export interface PrivateWayIn {
  readonly endpoint: VpcEndpoint;
  readonly connection: VpcIngressConnection;
}

/** https://docs.aws.amazon.com/apprunner/latest/dg/network-pl.html */
export function createPrivateWayIn(
  parent: ComponentResource,
  { stack, config }: Args,
  service: Service,
  tags: Record<string, string>,
): PrivateWayIn | undefined {
  const network = networkOf(config);
  if (network === undefined || config.exposure !== 'private') return undefined;
  const endpoint = new VpcEndpoint(
    'vpc-endpoint',
    {
      vpcId: network.vpc,
      serviceName: `com.amazonaws.${config.region}.apprunner.requests`,
      vpcEndpointType: 'Interface',
      subnetIds: network.subnets,
      securityGroupIds: network.securityGroups,
      // App Runner's own host names; the connection has one for this service.
      privateDnsEnabled: false,
      tags: { ...tags, Name: serviceName(stack) },
    },
    { parent },
  );
  const connection = new VpcIngressConnection(
    'vpc-ingress',
    {
      name: serviceName(stack),
      serviceArn: service.arn,
      ingressVpcConfiguration: { vpcId: network.vpc, vpcEndpointId: endpoint.id },
      tags,
    },
    { parent },
  );
  return { endpoint, connection };
}

/** https://docs.aws.amazon.com/apprunner/latest/dg/manage-custom-domains.html */
export function createDomain(
  parent: ComponentResource,
  { config }: Args,
  service: Service,
): CustomDomainAssociation | undefined {
  if (config.domain === undefined) return undefined;
  return new CustomDomainAssociation(
    'domain',
    { domainName: config.domain, serviceArn: service.arn, enableWwwSubdomain: false },
    { parent },
  );
}

/** What to write into the domain's zone, a record a line; the certificate is made once its records are there. */
export function dnsRecords(domain: CustomDomainAssociation): Output<string> {
  return output([domain.domainName, domain.dnsTarget, domain.certificateValidationRecords] as const).apply(
    ([name, target, validation]) =>
      [`${name} CNAME ${target}`, ...validation.map((one) => `${one.name} ${one.type} ${one.value}`).sort()].join('\n'),
  );
}
