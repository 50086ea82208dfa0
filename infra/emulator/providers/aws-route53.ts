// Route 53 as Pulumi's `aws` provider shows it: health checks, by which checkers around the world ask an address.
import { randomUUID } from 'node:crypto';
import { type Properties, text } from '../engine/property.ts';
import type { InputFault, ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import { oneOf, pattern, range } from './input-rule.ts';
import { storedResource, tagsOf } from './stored-resource.ts';

export function healthCheck(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'route53/healthCheck',
    shelf: account.shelf('route53/healthCheck'),
    replaceOnChanges: ['type', 'requestInterval', 'measureLatency', 'referenceName', 'routingControlArn'],
    computed: ['enableSni', 'regions'],
    validate: healthCheckFaults,
    idOf: () => randomUUID(),
    alreadyExists: () => undefined,
    create: (_inputs, _context, id) => ({ arn: `arn:aws:route53:::healthcheck/${id}` }),
    derive: (inputs) => ({ tagsAll: tagsOf(inputs), enableSni: text(inputs, 'type')?.startsWith('HTTPS') ?? false }),
  });
}

/** https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html */
function healthCheckFaults(inputs: Properties): readonly InputFault[] {
  const { type, fqdn, ipAddress } = inputs;
  const asks = typeof type === 'string' && /^(HTTP|HTTPS|TCP)/.test(type);
  const { requestInterval: interval } = inputs;
  return [
    ...oneOf(inputs, 'type', [
      'HTTP',
      'HTTPS',
      'HTTP_STR_MATCH',
      'HTTPS_STR_MATCH',
      'TCP',
      'CALCULATED',
      'CLOUDWATCH_METRIC',
      'RECOVERY_CONTROL',
    ]),
    ...pattern(inputs, 'fqdn', /^[^:/]{1,255}$/),
    ...pattern(inputs, 'resourcePath', /^\/.{0,254}$/),
    ...range(inputs, 'port', 1, 65_535),
    ...range(inputs, 'failureThreshold', 1, 10),
    ...(interval === undefined || typeof interval !== 'number' || [10, 30].includes(interval)
      ? []
      : [{ property: 'requestInterval', reason: `expected 10 or 30, found ${interval}` }]),
    ...(asks && fqdn === undefined && ipAddress === undefined
      ? [{ property: 'fqdn', reason: 'InvalidInput: expected fqdn or ipAddress, found neither' }]
      : []),
  ];
}
