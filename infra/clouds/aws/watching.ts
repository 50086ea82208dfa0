// What is watched of a service on AWS, by its runtime's metrics: alarms, a look from outside, a dashboard. Each only where the stack asks for it.
import type { Dashboard } from '@pulumi/aws/cloudwatch/dashboard.js';
import type { ComponentResource, Input } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../../contract/service.ts';
import { serviceName } from '../names.ts';
import { createAlarms, type ServiceAlarms } from './alarms.ts';
import { createDashboard } from './dashboard.ts';
import { alarmChannelOf } from './from-foundation.ts';
import type { ServiceMetrics } from './metrics.ts';
import { createUptimeCheck, type UptimeCheck, uptimeRegion } from './uptime.ts';

export interface Watched {
  readonly metrics: ServiceMetrics;
  /** Base URL that answers from the internet, where the service is public. */
  readonly endpoint: Input<string>;
  /** The group the container's output goes to. */
  readonly logGroup: Input<string>;
  readonly tags: Record<string, string>;
}

export interface Watching {
  readonly alarms: ServiceAlarms | undefined;
  readonly uptime: UptimeCheck | undefined;
  readonly dashboard: Dashboard | undefined;
}

export function watch(
  parent: ComponentResource,
  args: PredictionServiceArgs,
  { metrics, endpoint, logGroup, tags }: Watched,
): Watching {
  const { config } = args;
  const { alarms: thresholds, region } = config;
  const service = serviceName(args.stack);
  return {
    alarms:
      thresholds === undefined
        ? undefined
        : createAlarms(parent, { service, thresholds, metrics, channel: alarmChannelOf(args), tags }),
    uptime: config.uptimeCheck
      ? createUptimeCheck(parent, { service, endpoint, ...uptimeAlarm(args), tags })
      : undefined,
    dashboard: config.dashboard ? createDashboard(parent, { service, region, metrics, logGroup }) : undefined,
  };
}

function uptimeAlarm(args: PredictionServiceArgs) {
  const { alarms, region } = args.config;
  if (alarms === undefined) return {};
  const channel = alarmChannelOf(args, region === uptimeRegion ? undefined : uptimeRegion);
  return { alarm: { notReadyMinutes: alarms.notReadyMinutes, channel } };
}
