// Cloud Monitoring of the emulated Google Cloud: channels, alert policies, uptime checks and dashboards, kept and never acted upon.
import { randomInt } from 'node:crypto';
import { isList, isRecord, type Properties, type Property, propertiesFrom, text } from '../engine/property.ts';
import { CloudRefusal, type InputFault, type ResourceModel } from '../engine/resource-model.ts';
import type { GcpProject } from './gcp-project.ts';
import { at, oneOf, pattern, range } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function notificationChannel(project: GcpProject): ResourceModel {
  return monitored(project, {
    module: 'monitoring/notificationChannel',
    collection: 'notificationChannels',
    replaceOnChanges: ['project'],
    validate: (inputs) => [
      ...oneOf(inputs, 'type', [
        'email',
        'sms',
        'slack',
        'pagerduty',
        'pubsub',
        'webhook_basicauth',
        'webhook_tokenauth',
      ]),
      ...pattern(inputs, 'labels.email_address', /^[^@\s]+@[^@\s]+$/),
    ],
    added: () => ({ verificationStatus: '' }),
    release(id, inputs) {
      const user = project.monitored.find(
        (one) => isList(one.notificationChannels) && one.notificationChannels.includes(id),
      );
      if (user === undefined || inputs.forceDelete === true) return;
      throw new CloudRefusal(
        `Error when reading or editing NotificationChannel: googleapi: Error 400: Cannot delete notification channel ${id} because it is in use by alert policy ${text(user, 'name')}.`,
      );
    },
  });
}

/** https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies */
export function alertPolicy(project: GcpProject): ResourceModel {
  return monitored(project, {
    module: 'monitoring/alertPolicy',
    collection: 'alertPolicies',
    replaceOnChanges: ['project'],
    validate: (inputs) => [
      ...oneOf(inputs, 'combiner', ['AND', 'OR', 'AND_WITH_MATCHING_RESOURCE']),
      ...oneOf(inputs, 'severity', ['CRITICAL', 'ERROR', 'WARNING']),
      ...pattern(inputs, 'displayName', /^.{1,512}$/),
      ...pattern(inputs, 'alertStrategy.autoClose', /^\d+s$/),
      ...(isList(inputs.conditions) ? inputs.conditions : []).flatMap(conditionFaults),
    ],
    check(inputs) {
      const channels = isList(inputs.notificationChannels) ? inputs.notificationChannels : [];
      const missing = channels.find((one) => typeof one === 'string' && project.monitored.get(one) === undefined);
      if (missing === undefined) return;
      throw new CloudRefusal(
        `Error creating AlertPolicy: googleapi: Error 404: The notification channel ${String(missing)} does not exist.`,
      );
    },
    added: () => ({ creationRecords: [] }),
  });
}

function conditionFaults(condition: Property, index: number): readonly InputFault[] {
  const threshold = isRecord(condition) ? condition.conditionThreshold : undefined;
  if (!isRecord(threshold)) return [];
  const faults = [
    ...oneOf(threshold, 'comparison', ['COMPARISON_GT', 'COMPARISON_LT']),
    ...minutes(threshold, 'duration', 0),
    ...minutes(threshold, 'aggregations.0.alignmentPeriod', 60),
    ...pattern(threshold, 'aggregations.0.perSeriesAligner', /^ALIGN_[A-Z0-9_]+$/),
    ...pattern(threshold, 'aggregations.0.crossSeriesReducer', /^REDUCE_[A-Z0-9_]+$/),
    ...pattern(threshold, 'filter', /metric\.type\s*=/),
    ...oneOf(threshold, 'evaluationMissingData', [
      'EVALUATION_MISSING_DATA_INACTIVE',
      'EVALUATION_MISSING_DATA_ACTIVE',
      'EVALUATION_MISSING_DATA_NO_OP',
    ]),
    ...(threshold.evaluationMissingData !== undefined && threshold.duration === '0s'
      ? [{ property: 'evaluationMissingData', reason: 'expected a duration of at least 60s beside it, found 0s' }]
      : []),
  ];
  return faults.map((fault) => ({ ...fault, property: `conditions[${index}].conditionThreshold.${fault.property}` }));
}

/** @param least in seconds */
function minutes(inputs: Properties, path: string, least: number): readonly InputFault[] {
  const value = at(inputs, path);
  if (typeof value !== 'string') return [];
  const seconds = Number(/^(\d+)s$/.exec(value)?.[1] ?? Number.NaN);
  if (seconds >= least && seconds <= 84_600 && seconds % 60 === 0) return [];
  return [{ property: path, reason: `expected whole minutes from ${least}s to 84600s, found "${value}"` }];
}

/** https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.uptimeCheckConfigs */
export function uptimeCheck(project: GcpProject): ResourceModel {
  return monitored(project, {
    module: 'monitoring/uptimeCheckConfig',
    collection: 'uptimeCheckConfigs',
    replaceOnChanges: ['project', 'monitoredResource', 'resourceGroup', 'syntheticMonitor', 'checkerType'],
    validate: (inputs) => [
      ...oneOf(inputs, 'period', ['60s', '300s', '600s', '900s']),
      ...pattern(inputs, 'timeout', /^([1-9]|[1-5]\d|60)s$/),
      ...oneOf(inputs, 'httpCheck.requestMethod', ['GET', 'POST']),
      ...range(inputs, 'httpCheck.port', 1, 65_535),
      ...oneOf(inputs, 'monitoredResource.type', [
        'uptime_url',
        'gce_instance',
        'gae_app',
        'aws_ec2_instance',
        'aws_elb_load_balancer',
        'k8s_service',
        'servicedirectory_service',
        'cloud_run_revision',
      ]),
    ],
    added: (id) => ({ uptimeCheckId: id.split('/').at(-1) ?? '' }),
    release(id) {
      const check = id.split('/').at(-1) ?? '';
      const user = project.monitored.find((one) =>
        JSON.stringify(one.conditions ?? []).includes(`check_id=\\"${check}\\"`),
      );
      if (user === undefined) return;
      throw new CloudRefusal(
        `Error when reading or editing UptimeCheckConfig: googleapi: Error 400: Cannot delete check ${check}. One or more alerting policies is using it. Delete them first.`,
      );
    },
  });
}

/** https://cloud.google.com/monitoring/api/ref_v3/rest/v1/projects.dashboards: on a grid of 48 columns, 40 tiles at most. */
export function dashboard(project: GcpProject): ResourceModel {
  return monitored(project, {
    module: 'monitoring/dashboard',
    collection: 'dashboards',
    replaceOnChanges: ['project'],
    validate: (inputs) => {
      const json = text(inputs, 'dashboardJson');
      if (json === undefined) return [];
      const fault = dashboardFault(json);
      return fault === undefined ? [] : [{ property: 'dashboardJson', reason: fault }];
    },
    added: () => ({}),
  });
}

function dashboardFault(json: string): string | undefined {
  const parsed = parsedJson(json);
  if (parsed === undefined) return '"dashboard_json" contains an invalid JSON';
  if (text(parsed, 'displayName') === undefined) return 'expected a displayName';
  const layouts = ['gridLayout', 'mosaicLayout', 'rowLayout', 'columnLayout'].filter((key) => key in parsed);
  if (layouts.length !== 1) return `expected one layout, found ${layouts.join(', ') || 'none'}`;
  const layout = parsed.mosaicLayout;
  if (!isRecord(layout)) return undefined;
  const columns = Number(layout.columns);
  const tiles = isList(layout.tiles) ? layout.tiles : [];
  if (tiles.length > 40) return `expected at most 40 tiles, found ${tiles.length}`;
  const beyond = tiles.some((tile) => isRecord(tile) && Number(tile.xPos ?? 0) + Number(tile.width) > columns);
  return beyond ? `expected tiles within ${columns} columns` : undefined;
}

function parsedJson(json: string): Properties | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? propertiesFrom(value) : undefined;
  } catch {
    return undefined;
  }
}

interface Monitored extends Pick<ResourceModel, 'module' | 'replaceOnChanges' | 'validate'> {
  readonly collection: string;
  added(id: string): Properties;
  /** @throws CloudRefusal when something that is named is missing. */
  check?(inputs: Properties): void;
  /** @throws CloudRefusal when something still names it. */
  release?(id: string, inputs: Properties): void;
}

/** The vendor gives these their ids: nothing can be there already. */
function monitored(project: GcpProject, { collection, added, check, release, ...described }: Monitored): ResourceModel {
  return storedResource({
    ...described,
    shelf: project.monitored,
    computed: ['project'],
    idOf: (inputs, context) => `projects/${project.project(inputs, context)}/${collection}/${newId()}`,
    alreadyExists: (id) => `googleapi: Error 409: ${id} already exists, alreadyExists`,
    create(inputs, context, id) {
      check?.(inputs);
      return { name: id, project: project.project(inputs, context), ...added(id) };
    },
    release: (inputs, id) => release?.(id, inputs),
  });
}

function newId(): string {
  return String(randomInt(2 ** 47)).padStart(19, '1');
}
