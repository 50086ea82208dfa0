// What is watched of a service on ECS Express Mode. Its balancer's metrics go by names that only ECS knows, so the service's own request log is counted.
import type { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { LogMetricFilter } from '@pulumi/aws/cloudwatch/logMetricFilter.js';
import type { ExpressGatewayService } from '@pulumi/aws/ecs/expressGatewayService.js';
import type { ComponentResource, Input } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../../../contract/service.ts';
import { serviceName } from '../../names.ts';
import type { Metric, ServiceMetrics } from '../metrics.ts';
import { type Watching, watch } from '../watching.ts';
import { type Counted, countedLines, countsRequests } from './request-log.ts';

export interface Observability extends Watching {
  /** Empty where nobody asks for what they count. */
  readonly requestMetrics: readonly LogMetricFilter[];
}

export function observe(
  parent: ComponentResource,
  args: PredictionServiceArgs,
  watched: {
    readonly service: ExpressGatewayService;
    readonly logGroup: LogGroup;
    readonly endpoint: Input<string>;
    readonly tags: Record<string, string>;
  },
): Observability {
  const { service, logGroup, endpoint, tags } = watched;
  const own = serviceName(args.stack);
  const requestMetrics = countsRequests(args.config) ? createRequestMetrics(parent, own, logGroup) : [];
  const metrics = expressMetrics(own, { ClusterName: service.cluster, ServiceName: service.serviceName });
  return { requestMetrics, ...watch(parent, args, { metrics, endpoint, logGroup: logGroup.name, tags }) };
}

function createRequestMetrics(
  parent: ComponentResource,
  service: string,
  logGroup: LogGroup,
): readonly LogMetricFilter[] {
  return Object.entries<Counted>(countedLines).map(
    ([metric, { pattern, value, unit, otherwise }]) =>
      new LogMetricFilter(
        `count-${metric}`,
        {
          name: metric,
          logGroupName: logGroup.name,
          pattern,
          metricTransformation: {
            namespace: service,
            name: metric,
            value,
            unit,
            ...(otherwise === undefined ? {} : { defaultValue: otherwise }),
          },
        },
        { parent },
      ),
  );
}

/**
 * Requests that the balancer answers by itself, because no task is there, leave no line: that is what `notReady` and the uptime check see.
 * CPU and memory: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
 */
function expressMetrics(service: string, dimensions: NonNullable<Metric['dimensions']>): ServiceMetrics {
  const counted = (name: keyof typeof countedLines): Metric => ({ namespace: service, name });
  const utilization = (name: string): Metric => ({ namespace: 'AWS/ECS', name, dimensions });
  const ready = { ...counted('ReadyProbes'), statistic: 'Sum' } as const;
  return {
    requests: counted('Requests'),
    serverErrors: counted('ServerErrors'),
    latency: { ...counted('Latency'), perMillisecond: 0.001 },
    readiness: { ...ready, title: 'Readiness probes passed' },
    // Tasks that are ready are asked, and say so; a log without a line is of no task at all.
    notReady: { expression: 'IF(FILL(ready, 0) < 1, 1, 0)', silence: 'breaching', metrics: { ready } },
    others: { CPU: utilization('CPUUtilization'), Memory: utilization('MemoryUtilization') },
  };
}
