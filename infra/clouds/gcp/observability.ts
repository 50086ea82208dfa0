// What is known of a service from outside it: its logs, a check, alarms, a dashboard. Each only where the stack file asks for it.
import type { AlertPolicy } from '@pulumi/gcp/monitoring/alertPolicy.js';
import type { Dashboard } from '@pulumi/gcp/monitoring/dashboard.js';
import type { UptimeCheckConfig } from '@pulumi/gcp/monitoring/uptimeCheckConfig.js';
import type { ComponentResource, Output } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../../contract/service.ts';
import { raiseAlarms } from './alarms.ts';
import { showDashboard } from './dashboard.ts';
import { keepLogs, type LogRetention } from './log-retention.ts';
import { checkUptime } from './uptime-check.ts';

export interface Observability {
  readonly logs: LogRetention | undefined;
  readonly uptimeCheck: UptimeCheckConfig | undefined;
  readonly alarms: readonly AlertPolicy[];
  readonly dashboard: Dashboard | undefined;
}

export function observe(
  parent: ComponentResource,
  args: PredictionServiceArgs,
  reached: { readonly project: Output<string>; readonly endpoint: Output<string> },
): Observability {
  const uptimeCheck = checkUptime(parent, args, reached);
  return {
    logs: keepLogs(parent, args, reached.project),
    uptimeCheck,
    alarms: raiseAlarms(parent, args, uptimeCheck),
    dashboard: showDashboard(parent, args),
  };
}
