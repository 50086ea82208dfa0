// What CloudWatch tells of a target group of ECS's balancer: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
import { z } from 'zod';
import type { RuntimeHost } from '../../runtimes/host.ts';
import { type Counted, total } from '../../runtimes/meter.ts';
import { colours, targetGroupOf } from './resource.ts';

export const balancerMetric = z.enum([
  'RequestCount',
  'HTTPCode_Target_2XX_Count',
  'HTTPCode_Target_4XX_Count',
  'HTTPCode_Target_5XX_Count',
  'TargetResponseTime',
]);

/** @param targetGroup `targetgroup/<name>/<id>`; its requests are those of the revisions whose tasks are in it. */
export function balancerSeconds(
  host: RuntimeHost,
  targetGroup: string,
  fromMs: number,
  toMs: number,
): readonly Counted[] {
  for (const { cloud, resource, meter } of host.services) {
    const colour = colours.find((one) => cloud === 'aws' && targetGroupOf(resource, one) === targetGroup);
    if (colour !== undefined) {
      return meter.between(fromMs, toMs).filter(({ revision }) => revision.endsWith(`-${colour}`));
    }
  }
  return [];
}

/** Seconds where App Runner has milliseconds. */
export function balancerWorth(
  metric: z.infer<typeof balancerMetric>,
  stat: 'Sum' | 'Average',
  seconds: readonly Counted[],
): number {
  const requests = total(seconds, (one) => one.requests);
  const hundreds = Number(/_(\d)XX_/.exec(metric)?.[1]);
  const sum =
    metric === 'RequestCount'
      ? requests
      : metric === 'TargetResponseTime'
        ? total(seconds, (one) => one.milliseconds) / 1000
        : total(seconds, ({ answers }) => answers[hundreds] ?? 0);
  return stat === 'Sum' ? sum : sum / requests;
}
