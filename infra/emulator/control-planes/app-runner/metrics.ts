// CloudWatch's GetMetricData on the wire, for App Runner's service metrics and those of ECS's balancers: AWS JSON 1.0, times in seconds since the epoch.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
import { z } from 'zod';
import type { RuntimeHost } from '../../runtimes/host.ts';
import { type Counted, inPeriods, total } from '../../runtimes/meter.ts';
import type { Handler } from '../../world.ts';
import { oneOperation } from '../aws-json.ts';
import { balancerMetric, balancerSeconds, balancerWorth } from '../ecs/metrics.ts';

const dimensions = z.array(z.strictObject({ Name: z.string(), Value: z.string() }));
const query = z.strictObject({
  Id: z.string().regex(/^[a-z][a-zA-Z0-9_]*$/),
  MetricStat: z.strictObject({
    Metric: z.discriminatedUnion('Namespace', [
      z.strictObject({
        Namespace: z.literal('AWS/AppRunner'),
        MetricName: z.enum([
          'Requests',
          '2xxStatusResponses',
          '4xxStatusResponses',
          '5xxStatusResponses',
          'RequestLatency',
        ]),
        Dimensions: dimensions,
      }),
      z.strictObject({
        Namespace: z.literal('AWS/ApplicationELB'),
        MetricName: balancerMetric,
        Dimensions: dimensions,
      }),
    ]),
    // High resolution, or whole minutes.
    Period: z.int().refine((seconds) => [1, 5, 10, 30].includes(seconds) || (seconds > 0 && seconds % 60 === 0)),
    Stat: z.enum(['Sum', 'Average']),
  }),
});
const request = z.strictObject({
  MetricDataQueries: z.array(query).min(1).max(500),
  StartTime: z.number(),
  EndTime: z.number(),
});
type Query = z.infer<typeof query>;

export function cloudWatchApi(host: RuntimeHost): Handler {
  const asked = { version: '1.0', schema: request, invalid: 'InvalidParameterValueException' } as const;
  return oneOperation('GetMetricData', asked, ({ MetricDataQueries, StartTime, EndTime }) => ({
    MetricDataResults: MetricDataQueries.map((one) =>
      resultOf(one, secondsOf(host, one, StartTime * 1000, EndTime * 1000)),
    ),
    Messages: [],
  }));
}

/** A metric of a service that there is not has no values; asking for it is no error. */
function secondsOf(
  host: RuntimeHost,
  { MetricStat: { Metric } }: Query,
  fromMs: number,
  toMs: number,
): readonly Counted[] {
  const dimension = (name: string) => Metric.Dimensions.find((one) => one.Name === name)?.Value;
  if (Metric.Namespace === 'AWS/ApplicationELB') {
    return balancerSeconds(host, dimension('TargetGroup') ?? '', fromMs, toMs);
  }
  const suffix = `:service/${dimension('ServiceName')}/${dimension('ServiceID')}`;
  const service = [...host.services].find(({ cloud, resource }) => cloud === 'aws' && resource.endsWith(suffix));
  return service?.meter.between(fromMs, toMs) ?? [];
}

/** Newest first, as the vendor's default is. A count that never was above zero is not there. */
function resultOf({ Id, MetricStat: { Metric, Period, Stat } }: Query, seconds: readonly Counted[]) {
  const values = [...inPeriods(seconds, Period * 1000)]
    .map(([atMs, within]) => ({
      atMs,
      value:
        Metric.Namespace === 'AWS/ApplicationELB'
          ? balancerWorth(Metric.MetricName, Stat, within)
          : worthOf(Metric.MetricName, Stat, within),
    }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.atMs - a.atMs);
  return {
    Id,
    Label: Metric.MetricName,
    Timestamps: values.map(({ atMs }) => atMs / 1000),
    Values: values.map(({ value }) => value),
    StatusCode: 'Complete',
  };
}

function worthOf(
  metric: Extract<Query['MetricStat']['Metric'], { Namespace: 'AWS/AppRunner' }>['MetricName'],
  stat: 'Sum' | 'Average',
  seconds: readonly Counted[],
): number {
  const requests = total(seconds, (one) => one.requests);
  if (metric === 'RequestLatency') {
    const milliseconds = total(seconds, (one) => one.milliseconds);
    return stat === 'Sum' ? milliseconds : milliseconds / requests;
  }
  const sum = metric === 'Requests' ? requests : total(seconds, ({ answers }) => answers[Number(metric[0])] ?? 0);
  return stat === 'Sum' ? sum : sum / requests;
}
