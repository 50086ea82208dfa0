// When somebody is woken: too many 5xx, too slow, nobody ready, not reachable from outside.
import { MetricAlarm } from '@pulumi/aws/cloudwatch/metricAlarm.js';
import type { ComponentResource, Input, Output } from '@pulumi/pulumi';
import { output } from '@pulumi/pulumi';
import type { AlarmConfig } from '../../contract/service.ts';
import type { Metric, ServiceMetrics } from './metrics.ts';

export interface AlarmArgs {
  /** Prefix of the alarms' names: `trireme-prod`. */
  readonly service: string;
  readonly thresholds: AlarmConfig;
  readonly metrics: ServiceMetrics;
  /** ARN of an SNS topic in the alarms' own region; undefined: nobody is told. */
  readonly channel: Input<string | undefined>;
  readonly tags: Record<string, string>;
}

export interface ServiceAlarms {
  readonly errorRate: MetricAlarm;
  readonly latency: MetricAlarm;
  readonly notReady: MetricAlarm;
}

/** Seconds a rate and a percentile are taken over, as the stack file's keys promise. */
const window = 300;

export function createAlarms(parent: ComponentResource, args: AlarmArgs): ServiceAlarms {
  return {
    errorRate: createErrorRateAlarm(parent, args),
    latency: createLatencyAlarm(parent, args),
    notReady: createNotReadyAlarm(parent, args),
  };
}

function createErrorRateAlarm(
  parent: ComponentResource,
  { service, thresholds, metrics, channel, tags }: AlarmArgs,
): MetricAlarm {
  return new MetricAlarm(
    'alarm-error-rate',
    {
      name: `${service}-error-rate`,
      alarmDescription: `More than ${thresholds.errorRatePercent} % of ${service}'s answers were 5xx for five minutes. ${whatNext}`,
      metricQueries: [
        {
          id: 'rate',
          // A span without a 5xx has no value of it.
          expression: 'IF(requests > 0, 100 * FILL(errors, 0) / requests, 0)',
          label: '5xx, percent of answers',
          returnData: true,
        },
        metricQuery('errors', metrics.serverErrors, { period: window, stat: 'Sum' }),
        metricQuery('requests', metrics.requests, { period: window, stat: 'Sum' }),
      ],
      comparisonOperator: 'GreaterThanThreshold',
      threshold: thresholds.errorRatePercent,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      // No requests, no errors.
      treatMissingData: 'notBreaching',
      ...told(channel),
      tags,
    },
    { parent },
  );
}

function createLatencyAlarm(
  parent: ComponentResource,
  { service, thresholds, metrics, channel, tags }: AlarmArgs,
): MetricAlarm {
  const { namespace, name, perMillisecond } = metrics.latency;
  return new MetricAlarm(
    'alarm-latency',
    {
      name: `${service}-latency`,
      alarmDescription: `One in twenty of ${service}'s answers took longer than ${thresholds.latencyMilliseconds} ms for five minutes. ${whatNext}`,
      namespace,
      metricName: name,
      ...dimensionsOf(metrics.latency),
      extendedStatistic: 'p95',
      period: window,
      comparisonOperator: 'GreaterThanThreshold',
      threshold: thresholds.latencyMilliseconds * perMillisecond,
      evaluationPeriods: 1,
      datapointsToAlarm: 1,
      treatMissingData: 'notBreaching',
      // A percentile of a handful of requests says nothing.
      evaluateLowSampleCountPercentiles: 'ignore',
      ...told(channel),
      tags,
    },
    { parent },
  );
}

function createNotReadyAlarm(
  parent: ComponentResource,
  { service, thresholds, metrics, channel, tags }: AlarmArgs,
): MetricAlarm {
  const { expression, silence, metrics: asked } = metrics.notReady;
  return new MetricAlarm(
    'alarm-not-ready',
    {
      name: `${service}-not-ready`,
      alarmDescription: `No instance of ${service} was ready for ${thresholds.notReadyMinutes} min. ${whatNext}`,
      metricQueries: [
        { id: 'not_ready', expression, label: 'minutes without a ready instance', returnData: true },
        ...Object.entries(asked)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([id, metric]) => metricQuery(id, metric, { period: 60, stat: metric.statistic })),
      ],
      comparisonOperator: 'GreaterThanOrEqualToThreshold',
      threshold: 1,
      evaluationPeriods: thresholds.notReadyMinutes,
      datapointsToAlarm: thresholds.notReadyMinutes,
      treatMissingData: silence,
      ...told(channel),
      tags,
    },
    { parent },
  );
}

/** Both ways: whoever was woken wants to know that it is over. */
export function told(channel: Input<string | undefined>): {
  readonly alarmActions: Output<string[]>;
  readonly okActions: Output<string[]>;
} {
  const topics = output(channel).apply((topic) => (topic === undefined ? [] : [topic]));
  return { alarmActions: topics, okActions: topics };
}

export const whatNext = 'What runs, and the way back: npx trireme status';

function metricQuery(id: string, metric: Metric, how: { period: number; stat: string }) {
  const { namespace, name: metricName } = metric;
  return { id, metric: { namespace, metricName, ...dimensionsOf(metric), ...how }, returnData: false };
}

function dimensionsOf({ dimensions }: Metric): Pick<Metric, 'dimensions'> {
  return dimensions === undefined ? {} : { dimensions };
}
