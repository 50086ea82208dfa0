// When somebody is told about a service on Azure: too many errors, slow answers, no healthy instance, not reachable from outside.
import { MetricAlert, type MetricAlertArgs } from '@pulumi/azure-native/monitor/metricAlert.js';
import { ScheduledQueryRule } from '@pulumi/azure-native/monitor/scheduledQueryRule.js';
import type { Workspace } from '@pulumi/azure-native/operationalinsights/workspace.js';
import type { WebApp } from '@pulumi/azure-native/web/webApp.js';
import type { Input, Output } from '@pulumi/pulumi';
import type { AlarmConfig } from '../../contract/service.ts';
import { serviceName } from '../names.ts';
import type { UptimeCheck } from './observability.ts';
import type { Place } from './place.ts';

/** What an alarm watches: https://learn.microsoft.com/rest/api/monitor/metric-alerts/create-or-update */
const windows = [1, 5, 15, 30, 60, 360, 720, 1440];

/** Azure knows these windows only: the next longer one. */
export function windowFor(minutes: number): string {
  const window = windows.find((one) => one >= minutes) ?? 1440;
  if (window === 1440) return 'P1D';
  return window >= 60 ? `PT${window / 60}H` : `PT${window}M`;
}

/**
 * A metric alarm can't divide one metric by another; the site's own log can.
 * https://learn.microsoft.com/azure/azure-monitor/reference/tables/appservicehttplogs
 */
export function errorShareQuery(siteId: string): string {
  return [
    'AppServiceHTTPLogs',
    `| where _ResourceId =~ '${siteId}'`,
    '| summarize failed = countif(ScStatus >= 500), answered = count()',
    '| where answered > 0',
    '| project percent = 100.0 * failed / answered',
  ].join('\n');
}

interface Threshold {
  readonly metricName: string;
  readonly operator: 'GreaterThan' | 'LessThan';
  readonly threshold: number;
  readonly window: string;
}

/**
 * The metrics have no percentile, so the mean is watched; seconds.
 * https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-web-sites-metrics
 */
export function slowAnswers({ latencyMilliseconds }: AlarmConfig): Threshold {
  const threshold = latencyMilliseconds / 1000;
  return { metricName: 'HttpResponseTime', operator: 'GreaterThan', threshold, window: 'PT5M' };
}

/** The share of instances whose health check passes, in percent: below one there is none. */
export function notReady({ notReadyMinutes }: AlarmConfig): Threshold {
  return { metricName: 'HealthCheckStatus', operator: 'LessThan', threshold: 1, window: windowFor(notReadyMinutes) };
}

export interface Watched {
  readonly site: WebApp;
  readonly workspace: Workspace;
  readonly uptime: UptimeCheck | undefined;
  /** The foundation's action group; empty: alarms are kept and tell nobody. */
  readonly channel: Output<string>;
}

export interface Alarms {
  readonly errors: ScheduledQueryRule;
  readonly metrics: readonly MetricAlert[];
}

export function createAlarms(place: Place, watched: Watched): Alarms | undefined {
  const { alarms } = place.config;
  if (alarms === undefined) return undefined;
  const { site, uptime } = watched;
  const metrics = [
    metricAlarm(place, watched, {
      name: 'slow-answers',
      description: `The mean answer took more than ${alarms.latencyMilliseconds} ms over five minutes.`,
      severity: 2,
      ...ofSite(site, slowAnswers(alarms)),
    }),
    metricAlarm(place, watched, {
      name: 'not-ready',
      description: `No instance was healthy for ${alarms.notReadyMinutes} minutes.`,
      severity: 0,
      ...ofSite(site, notReady(alarms)),
    }),
    ...(uptime === undefined ? [] : [metricAlarm(place, watched, unreachable(uptime))]),
  ];
  return { errors: errorAlarm(place, watched, alarms), metrics };
}

type AlarmArgs = Pick<MetricAlertArgs, 'description' | 'severity' | 'scopes' | 'criteria' | 'windowSize'> & {
  readonly name: string;
};

function ofSite(
  site: WebApp,
  { window, ...criterion }: Threshold,
): Pick<AlarmArgs, 'scopes' | 'criteria' | 'windowSize'> {
  return {
    scopes: [site.id],
    windowSize: window,
    criteria: {
      odataType: 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria',
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion',
          name: criterion.metricName,
          metricNamespace: 'Microsoft.Web/sites',
          timeAggregation: 'Average',
          ...criterion,
        },
      ],
    },
  };
}

function unreachable({ test, component }: UptimeCheck): AlarmArgs {
  return {
    name: 'unreachable',
    description: 'The readiness route did not answer 200 to two of five places on the internet.',
    severity: 1,
    scopes: [test.id, component.id],
    windowSize: 'PT5M',
    criteria: {
      odataType: 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria',
      webTestId: test.id,
      componentId: component.id,
      failedLocationCount: 2,
    },
  };
}

function metricAlarm(
  { parent, group, tags, stack }: Place,
  { channel }: Watched,
  { name, ...alarm }: AlarmArgs,
): MetricAlert {
  return new MetricAlert(
    name,
    {
      ...alarm,
      resourceGroupName: group.name,
      ruleName: `${serviceName(stack)}-${name}`,
      location: 'global',
      enabled: true,
      autoMitigate: true,
      evaluationFrequency: 'PT1M',
      actions: channel.apply((id) => (id === '' ? [] : [{ actionGroupId: id }])),
      tags,
    },
    { parent },
  );
}

function errorAlarm(
  { parent, regional, tags, stack }: Place,
  { site, workspace, channel }: Watched,
  { errorRatePercent }: AlarmConfig,
): ScheduledQueryRule {
  const query: Input<string> = site.id.apply(errorShareQuery);
  return new ScheduledQueryRule(
    'errors',
    {
      ...regional,
      ruleName: `${serviceName(stack)}-errors`,
      kind: 'LogAlert',
      description: `More than ${errorRatePercent} % of the answers were 5xx over five minutes.`,
      severity: 1,
      enabled: true,
      autoMitigate: true,
      scopes: [workspace.id],
      evaluationFrequency: 'PT5M',
      windowSize: 'PT5M',
      // A new workspace has no line of the table yet.
      skipQueryValidation: true,
      criteria: {
        allOf: [
          {
            query,
            metricMeasureColumn: 'percent',
            timeAggregation: 'Maximum',
            operator: 'GreaterThan',
            threshold: errorRatePercent,
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 },
          },
        ],
      },
      actions: channel.apply((id) => ({ actionGroups: id === '' ? [] : [id] })),
      tags,
    },
    { parent },
  );
}
