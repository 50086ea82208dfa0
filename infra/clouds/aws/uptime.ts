// The readiness route asked from outside, by Route 53's checkers around the world: only they notice what the cloud itself takes for healthy.
import { MetricAlarm } from '@pulumi/aws/cloudwatch/metricAlarm.js';
import { HealthCheck } from '@pulumi/aws/route53/healthCheck.js';
import { type ComponentResource, type Input, output } from '@pulumi/pulumi';
import { readyPath } from '../../contract/service.ts';
import { told, whatNext } from './alarms.ts';

/** Route 53 is global, and its metrics are kept in this region alone: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html */
export const uptimeRegion = 'us-east-1';

export interface UptimeArgs {
  /** `trireme-prod`. */
  readonly service: string;
  /** Base URL that answers from the internet. */
  readonly endpoint: Input<string>;
  /** Left out: checked, and shown in the console, and nobody is woken. `channel`: an SNS topic in {@link uptimeRegion}. */
  readonly alarm?: { readonly notReadyMinutes: number; readonly channel: Input<string | undefined> };
  readonly tags: Record<string, string>;
}

export interface UptimeCheck {
  readonly check: HealthCheck;
  readonly alarm: MetricAlarm | undefined;
}

export function createUptimeCheck(parent: ComponentResource, args: UptimeArgs): UptimeCheck {
  const check = createCheck(parent, args);
  return { check, alarm: createAlarm(parent, args, check) };
}

function createCheck(parent: ComponentResource, { service, endpoint, tags }: UptimeArgs): HealthCheck {
  const target = output(endpoint).apply((url) => new URL(url));
  return new HealthCheck(
    'uptime-check',
    {
      type: target.apply(({ protocol }) => (protocol === 'https:' ? 'HTTPS' : 'HTTP')),
      fqdn: target.apply(({ hostname }) => hostname),
      port: target.apply(({ protocol, port }) => (port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port))),
      resourcePath: readyPath,
      requestInterval: 30,
      failureThreshold: 3,
      // The only name the console shows.
      tags: { ...tags, Name: service },
    },
    { parent },
  );
}

function createAlarm(
  parent: ComponentResource,
  { service, alarm, tags }: UptimeArgs,
  check: HealthCheck,
): MetricAlarm | undefined {
  if (alarm === undefined) return undefined;
  return new MetricAlarm(
    'alarm-uptime',
    {
      name: `${service}-uptime`,
      region: uptimeRegion,
      alarmDescription: `${service} could not be reached from outside for ${alarm.notReadyMinutes} min. ${whatNext}`,
      namespace: 'AWS/Route53',
      metricName: 'HealthCheckStatus',
      dimensions: { HealthCheckId: check.id },
      statistic: 'Minimum',
      period: 60,
      comparisonOperator: 'LessThanThreshold',
      threshold: 1,
      evaluationPeriods: alarm.notReadyMinutes,
      datapointsToAlarm: alarm.notReadyMinutes,
      // Checkers that say nothing prove nothing.
      treatMissingData: 'breaching',
      ...told(alarm.channel),
      tags,
    },
    { parent },
  );
}
