// Who is told when: errors, slowness and absence of a service on Cloud Run, as alert policies.
import { AlertPolicy } from '@pulumi/gcp/monitoring/alertPolicy.js';
import type { UptimeCheckConfig } from '@pulumi/gcp/monitoring/uptimeCheckConfig.js';
import type { monitoring } from '@pulumi/gcp/types/input.js';
import { type ComponentResource, type Input, output } from '@pulumi/pulumi';
import type { AlarmConfig, PredictionServiceArgs, ServiceConfig } from '../../contract/service.ts';
import type { Environment, Stack } from '../../contract/stack.ts';
import { serviceName } from '../names.ts';
import { labelsOf } from './labels.ts';

type Threshold = monitoring.AlertPolicyConditionConditionThreshold;

export interface Alarm {
  readonly name: 'errors' | 'latency' | 'not-ready';
  /** As the mail's subject says it. */
  readonly title: string;
  readonly severity: 'CRITICAL' | 'ERROR' | 'WARNING';
  readonly condition: Threshold;
}

const overFiveMinutes = '300s';

/** Metrics: https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run. @param checked the filter of the stack's uptime check, where it has one */
export function alarmsOf(
  service: string,
  alarms: AlarmConfig,
  { minInstances }: Pick<ServiceConfig, 'minInstances'>,
  checked?: Input<string>,
): readonly Alarm[] {
  return [
    {
      name: 'errors',
      title: `more than ${alarms.errorRatePercent} % of answers are 5xx`,
      severity: 'CRITICAL',
      condition: errorRate(service, alarms),
    },
    {
      name: 'latency',
      title: `95th percentile over ${alarms.latencyMilliseconds} ms`,
      severity: 'WARNING',
      condition: latency(service, alarms),
    },
    ...notReady(service, alarms, minInstances, checked),
  ];
}

export function raiseAlarms(
  parent: ComponentResource,
  { stack, config, foundation }: Pick<PredictionServiceArgs, 'stack' | 'config' | 'foundation'>,
  uptimeCheck: UptimeCheckConfig | undefined,
): readonly AlertPolicy[] {
  if (config.alarms === undefined) return [];
  const name = serviceName(stack);
  const channels = output(foundation.details).apply((details) => channelsOf(details, stack.environment));
  const failing = uptimeCheck?.uptimeCheckId.apply(uptimeFilter);
  return alarmsOf(name, config.alarms, config, failing).map(
    (alarm) =>
      new AlertPolicy(
        `alarm-${alarm.name}`,
        {
          displayName: `${name}: ${alarm.title}`,
          combiner: 'OR',
          enabled: true,
          severity: alarm.severity,
          conditions: [{ displayName: alarm.title, conditionThreshold: alarm.condition }],
          notificationChannels: channels,
          documentation: { mimeType: 'text/markdown', content: wayOn(stack) },
          // Half an hour without the condition closes the incident by itself, the shortest there is.
          alertStrategy: { autoClose: '1800s' },
          userLabels: labelsOf(config.labels, stack.environment),
        },
        { parent },
      ),
  );
}

/** A channel belongs to its project: an environment with one of its own has its own channel. */
export function channelsOf(details: Readonly<Record<string, string>>, environment: Environment): string[] {
  const channel = details[`alarmChannel.${environment}`] ?? details.alarmChannel;
  return channel === undefined ? [] : [channel];
}

function wayOn(stack: Pick<Stack, 'name' | 'environment'>): string {
  return [
    `What runs: \`npx trireme status\`. What the service says: \`npx trireme logs ${stack.name}\`.`,
    `Back to the release before: \`npx trireme rollback ${stack.environment}\`.`,
  ].join('\n');
}

function errorRate(service: string, { errorRatePercent }: AlarmConfig): Threshold {
  const answers = `${ofService(service)} AND metric.type="run.googleapis.com/request_count"`;
  const rate = [{ alignmentPeriod: overFiveMinutes, perSeriesAligner: 'ALIGN_RATE', crossSeriesReducer: 'REDUCE_SUM' }];
  return {
    filter: `${answers} AND metric.labels.response_code_class="5xx"`,
    aggregations: rate,
    denominatorFilter: answers,
    denominatorAggregations: rate,
    comparison: 'COMPARISON_GT',
    thresholdValue: errorRatePercent / 100,
    duration: '0s',
    trigger: { count: 1 },
  };
}

function latency(service: string, { latencyMilliseconds }: AlarmConfig): Threshold {
  return {
    filter: `${ofService(service)} AND metric.type="run.googleapis.com/request_latencies"`,
    aggregations: [
      {
        alignmentPeriod: overFiveMinutes,
        perSeriesAligner: 'ALIGN_DELTA',
        crossSeriesReducer: 'REDUCE_PERCENTILE_95',
      },
    ],
    comparison: 'COMPARISON_GT',
    thresholdValue: latencyMilliseconds,
    duration: '0s',
    trigger: { count: 1 },
  };
}

/** https://cloud.google.com/monitoring/uptime-checks/uptime-alerting-policies */
export function uptimeFilter(checkId: string): string {
  return `resource.type="uptime_url" AND metric.type="monitoring.googleapis.com/uptime_check/check_passed" AND metric.labels.check_id="${checkId}"`;
}

/**
 * By the check from outside where there is one: what half of the checkers can't reach is not ready. Else by the number of instances;
 * a service that may scale to zero and is not asked from outside can't be told from one that is down, and gets no such alarm.
 */
function notReady(
  service: string,
  { notReadyMinutes }: AlarmConfig,
  minInstances: number,
  checked: Input<string> | undefined,
): readonly Alarm[] {
  const duration = `${notReadyMinutes * 60}s`;
  const alarm = (condition: Threshold): readonly Alarm[] => [
    { name: 'not-ready', title: `not ready for ${notReadyMinutes} min`, severity: 'CRITICAL', condition },
  ];
  if (checked !== undefined) {
    return alarm({
      filter: checked,
      aggregations: [
        { alignmentPeriod: '60s', perSeriesAligner: 'ALIGN_FRACTION_TRUE', crossSeriesReducer: 'REDUCE_MEAN' },
      ],
      comparison: 'COMPARISON_LT',
      thresholdValue: 0.5,
      duration,
      trigger: { count: 1 },
    });
  }
  if (minInstances === 0) return [];
  return alarm({
    filter: `${ofService(service)} AND metric.type="run.googleapis.com/container/instance_count"`,
    aggregations: [{ alignmentPeriod: '60s', perSeriesAligner: 'ALIGN_MAX', crossSeriesReducer: 'REDUCE_SUM' }],
    comparison: 'COMPARISON_LT',
    thresholdValue: 1,
    duration,
    trigger: { count: 1 },
    evaluationMissingData: 'EVALUATION_MISSING_DATA_ACTIVE',
  });
}

function ofService(service: string): string {
  return `resource.type="cloud_run_revision" AND resource.labels.service_name="${service}"`;
}
