// Azure Monitor as `azure-native` drives it: scaling rules, alarms and whom they tell.
import { isList, isRecord, type Properties, type Property, text } from '../engine/property.ts';
import type { InputFault, ResourceModel } from '../engine/resource-model.ts';
import type { Handler } from '../world.ts';
import { followedAutoscale } from './azure-autoscale.ts';
import { armResource, notFound, refusal } from './azure-resource.ts';
import type { AzureSubscription } from './azure-subscription.ts';
import { oneOf, pattern, range } from './input-rule.ts';

export function monitorResources(
  subscription: AzureSubscription,
  arm: Handler,
): Readonly<Record<string, ResourceModel>> {
  return {
    'azure-native:monitor:AutoscaleSetting': followedAutoscale(autoscaleSetting(subscription), arm),
    'azure-native:monitor:ActionGroup': actionGroup(subscription),
    'azure-native:monitor:MetricAlert': metricAlert(subscription),
    'azure-native:monitor:ScheduledQueryRule': scheduledQueryRule(subscription),
  };
}

export const records = (value: Property | undefined): readonly Properties[] =>
  isList(value) ? value.filter(isRecord) : [];

function autoscaleSetting(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'monitor/autoscaleSetting',
    type: 'Microsoft.Insights/autoscaleSettings',
    named: 'autoscaleSettingName',
    validate: (inputs) => records(inputs.profiles).flatMap(profileFaults),
    refuse(inputs) {
      const target = text(inputs, 'targetResourceUri') ?? '';
      const plan = subscription.plans.find((one) => text(one, 'id')?.toLowerCase() === target.toLowerCase());
      if (plan === undefined) throw notFound(target);
      // https://learn.microsoft.com/azure/app-service/manage-automatic-scaling: from Standard on
      const tier = text(plan.sku, 'tier') ?? '';
      if (/^(free|shared|basic)$/i.test(tier)) {
        throw refusal(400, 'BadRequest', `Autoscale is not supported for the resource's current SKU '${tier}'.`);
      }
    },
  });
}

/** https://learn.microsoft.com/rest/api/monitor/autoscale-settings/create-or-update */
function profileFaults(profile: Properties, index: number): readonly InputFault[] {
  const at = `profiles[${index}]`;
  const bounds = isRecord(profile.capacity) ? profile.capacity : {};
  const capacities = ['minimum', 'default', 'maximum'].map((key) => Number(text(bounds, key)));
  const [least = 0, usual = 0, most = 0] = capacities;
  const faults: InputFault[] = [];
  if (!capacities.every(Number.isInteger) || least > usual || usual > most) {
    faults.push({ property: `${at}.capacity`, reason: 'expected whole numbers, minimum to default to maximum' });
  }
  const rules = records(profile.rules);
  if (rules.length > 10) faults.push({ property: `${at}.rules`, reason: 'expected at most 10 rules' });
  return [
    ...faults,
    ...rules.flatMap((rule) => [
      ...duration(rule, 'metricTrigger.timeWindow', 5, 720),
      ...duration(rule, 'metricTrigger.timeGrain', 1, 720),
      ...duration(rule, 'scaleAction.cooldown', 1, 10_080),
    ]),
  ];
}

/** ISO 8601, in minutes. */
function duration(inputs: Properties, path: string, least: number, most: number): readonly InputFault[] {
  const [outer = '', inner = ''] = path.split('.');
  const value = text(inputs[outer], inner);
  if (value === undefined) return [];
  const [, days, hours, minutes] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(value) ?? [];
  const total = Number(days ?? 0) * 1440 + Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  if (total >= least && total <= most) return [];
  return [{ property: path, reason: `expected ${least} to ${most} minutes in ISO 8601, found "${value}"` }];
}

function actionGroup(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'monitor/actionGroup',
    type: 'Microsoft.Insights/actionGroups',
    named: 'actionGroupName',
    validate: (inputs) => [
      // https://learn.microsoft.com/rest/api/monitor/action-groups/create-or-update
      ...pattern(inputs, 'groupShortName', /^.{1,12}$/),
      ...records(inputs.emailReceivers).flatMap((one) => pattern(one, 'emailAddress', /^[^@\s]+@[^@\s]+$/)),
    ],
  });
}

const windows = ['PT1M', 'PT5M', 'PT15M', 'PT30M', 'PT1H', 'PT6H', 'PT12H', 'P1D'];
/** https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-web-sites-metrics */
const siteMetrics = [
  'AppConnections',
  'AverageMemoryWorkingSet',
  'AverageResponseTime',
  'BytesReceived',
  'BytesSent',
  'CpuTime',
  'FileSystemUsage',
  'HealthCheckStatus',
  'Http2xx',
  'Http3xx',
  'Http401',
  'Http403',
  'Http404',
  'Http406',
  'Http4xx',
  'Http5xx',
  'HttpResponseTime',
  'MemoryWorkingSet',
  'Requests',
  'RequestsInApplicationQueue',
];

function metricAlert(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'monitor/metricAlert',
    type: 'Microsoft.Insights/metricAlerts',
    named: 'ruleName',
    validate: (inputs) => [
      // https://learn.microsoft.com/rest/api/monitor/metric-alerts/create-or-update
      ...pattern(inputs, 'location', /^global$/i),
      ...oneOf(inputs, 'windowSize', windows),
      ...oneOf(inputs, 'evaluationFrequency', windows.slice(0, 5)),
      ...range(inputs, 'severity', 0, 4),
      ...criteria(inputs)
        .filter((one) => text(one, 'metricNamespace')?.toLowerCase() === 'microsoft.web/sites')
        .flatMap((one) => oneOf(one, 'metricName', siteMetrics)),
    ],
    refuse: (inputs) =>
      knownActions(
        subscription,
        records(inputs.actions).map((one) => text(one, 'actionGroupId')),
      ),
  });
}

function criteria(inputs: Properties): readonly Properties[] {
  return isRecord(inputs.criteria) ? records(inputs.criteria.allOf) : [];
}

function knownActions(subscription: AzureSubscription, ids: readonly (string | undefined)[]): void {
  const missing = ids.find((id) => id !== undefined && !subscription.has('Microsoft.Insights/actionGroups', id));
  if (missing !== undefined) throw refusal(400, 'BadRequest', `Action group ${missing} was not found.`);
}

function scheduledQueryRule(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'monitor/scheduledQueryRule',
    type: 'Microsoft.Insights/scheduledQueryRules',
    named: 'ruleName',
    replaceOnChanges: ['kind'],
    validate: (inputs) => [
      // https://learn.microsoft.com/rest/api/monitor/scheduled-query-rules/create-or-update
      ...range(inputs, 'severity', 0, 4),
      ...pattern(inputs, 'windowSize', /^P(\d+D|T\d+[MH])$/),
      ...pattern(inputs, 'evaluationFrequency', /^P(\d+D|T\d+[MH])$/),
      ...criteria(inputs).flatMap((one) => [
        ...oneOf(one, 'timeAggregation', ['Average', 'Count', 'Maximum', 'Minimum', 'Total']),
        // What is measured is a column, unless rows are counted.
        ...(text(one, 'timeAggregation') !== 'Count' && one.metricMeasureColumn === undefined
          ? [{ property: 'criteria.allOf.metricMeasureColumn', reason: 'expected the column that is measured' }]
          : []),
      ]),
    ],
    refuse(inputs) {
      const scopes = isList(inputs.scopes) ? inputs.scopes.filter((one) => typeof one === 'string') : [];
      const missing = scopes.find((id) => !subscription.has('Microsoft.OperationalInsights/workspaces', id));
      if (missing !== undefined) throw notFound(missing);
      const groups = isRecord(inputs.actions) ? inputs.actions.actionGroups : undefined;
      knownActions(subscription, isList(groups) ? groups.filter((one) => typeof one === 'string') : []);
    },
    outputs: () => ({ createdWithApiVersion: 'emulated', isLegacyLogAnalyticsRule: false }),
  });
}
