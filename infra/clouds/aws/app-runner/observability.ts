// What is watched of a service on App Runner, and by which of its metrics.
import type { Service } from '@pulumi/aws/apprunner/service.js';
import { type ComponentResource, type Output, output } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../../../contract/service.ts';
import { serviceName } from '../../names.ts';
import { permissionsBoundaryOf } from '../from-foundation.ts';
import { createRetention, type Retention } from '../logs.ts';
import type { Metric, ServiceMetrics } from '../metrics.ts';
import { type Watching, watch } from '../watching.ts';

export interface Observability extends Watching {
  readonly retention: Retention;
}

export function observe(
  parent: ComponentResource,
  args: PredictionServiceArgs,
  watched: { readonly service: Service; readonly endpoint: Output<string>; readonly tags: Record<string, string> },
): Observability {
  const { service, endpoint, tags } = watched;
  const application = logGroup(service, 'application');
  return {
    retention: createRetention(parent, {
      service: serviceName(args.stack),
      groups: { application, service: logGroup(service, 'service') },
      arn: logGroupArn(service),
      days: args.config.logRetentionDays,
      permissionsBoundary: permissionsBoundaryOf(args),
      tags,
    }),
    ...watch(parent, args, { metrics: appRunnerMetrics(service), endpoint, logGroup: application, tags }),
  };
}

/** https://docs.aws.amazon.com/apprunner/latest/dg/monitor-cw.html */
function appRunnerMetrics(service: Service): ServiceMetrics {
  const dimensions = { ServiceName: service.serviceName, ServiceID: service.serviceId };
  const metric = (name: string): Metric => ({ namespace: 'AWS/AppRunner', name, dimensions });
  return {
    requests: metric('Requests'),
    serverErrors: metric('5xxStatusResponses'),
    latency: { ...metric('RequestLatency'), perMillisecond: 1 },
    readiness: { ...metric('ActiveInstances'), title: 'Instances', statistic: 'Maximum' },
    // Instances count as active while they process requests: without a request, none of them being so says nothing.
    notReady: {
      expression: 'IF(FILL(requests, 0) > 0 AND FILL(active, 0) < 1, 1, 0)',
      silence: 'notBreaching',
      metrics: {
        active: { ...metric('ActiveInstances'), statistic: 'Maximum' },
        requests: { ...metric('Requests'), statistic: 'Sum' },
      },
    },
    others: { CPU: metric('CPUUtilization'), Memory: metric('MemoryUtilization') },
  };
}

/** `/aws/apprunner/<name>/<id>/application`, what the container writes, or `…/service`, what App Runner says of its deployments. */
function logGroup(service: Service, kind: 'application' | 'service'): Output<string> {
  return service.arn.apply((arn) => `/aws/apprunner/${identityIn(arn).path}/${kind}`);
}

/** Of every service that ever had this name, so that a new one's groups are covered before its id is known. */
function logGroupArn(service: Service): Output<string> {
  return output([service.arn, service.serviceName] as const).apply(([arn, name]) => {
    const { region, account } = identityIn(arn);
    return `arn:aws:logs:${region}:${account}:log-group:/aws/apprunner/${name}/*`;
  });
}

/** `arn:aws:apprunner:<region>:<account>:service/<name>/<id>`. */
function identityIn(arn: string): { region: string; account: string; path: string } {
  const [, , , region = '', account = '', resource = ''] = arn.split(':');
  return { region, account, path: resource.replace(/^service\//, '') };
}
