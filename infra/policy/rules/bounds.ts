// What costs money or is lost unseen: instances and logs within bounds, and every thing with a name by which it is told apart.
import { expects, type Finding, isProd, type Judged, type Rule } from '../rule.ts';
import { at, entries, isFields, shown, unknown, type Value } from '../value.ts';

/** Instances of one service. */
export const mostInstances = 30;
/** Days. */
export const longestRetention = 365;

export const instancesBounded: Rule = {
  enforcement: 'mandatory',
  reason: `Without a bound, a flood of requests is a flood of bills: at most ${mostInstances} instances of a service.`,
  pages: [
    'https://docs.aws.amazon.com/apprunner/latest/dg/manage-autoscaling.html',
    'https://cloud.google.com/run/docs/configuring/max-instances',
    'https://learn.microsoft.com/azure/app-service/manage-scale-up',
    'https://learn.microsoft.com/rest/api/monitor/autoscale-settings/create-or-update#scalecapacity',
  ],
  mend: `set maxInstances in the stack file, 1 to ${mostInstances}`,
  resource: ({ type, inputs }) => {
    const path = most[type];
    if (type === autoscale) return profilesBounded(inputs);
    return path === undefined ? [] : bounded(inputs, path);
  },
};

export const prodSpareInstance: Rule = {
  enforcement: 'advisory',
  reason: 'With one instance, each restart of it is an outage: two or more in prod.',
  pages: [
    'https://cloud.google.com/run/docs/configuring/min-instances',
    'https://learn.microsoft.com/azure/well-architected/service-guides/app-service-web-apps#reliability',
  ],
  mend: 'set minInstances in the stack file to 2 or more',
  resource: (one) => {
    const path = least[one.type];
    return path === undefined || !isProd(one)
      ? []
      : expects(one.inputs, path, '2 or more', (value) => isWithin(value, 2, Number.POSITIVE_INFINITY));
  },
};

export const logRetention: Rule = {
  enforcement: 'mandatory',
  reason: `Logs kept for ever cost for ever, and hold what people sent: 1 to ${longestRetention} days.`,
  pages: [
    'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html#SettingLogRetention',
    'https://cloud.google.com/logging/docs/buckets#custom-retention',
    'https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure',
  ],
  mend: `set logRetentionDays in the stack file, 1 to ${longestRetention}`,
  resource: ({ type, inputs }) => {
    const path = retention[type];
    return path === undefined
      ? []
      : expects(inputs, path, `1 to ${longestRetention} days`, (value) => isWithin(value, 1, longestRetention));
  },
};

export const labelled: Rule = {
  enforcement: 'mandatory',
  reason: 'What has no label belongs to nobody when costs are told apart or something is to be cleared away.',
  pages: [
    'https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html',
    'https://cloud.google.com/resource-manager/docs/creating-managing-labels',
    'https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources',
  ],
  mend: 'give it the labels of its stack',
  resource: unlabelled,
};

const most: Readonly<Record<string, string>> = {
  'aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion': 'maxSize',
  'aws:ecs/expressGatewayService:ExpressGatewayService': 'scalingTargets.0.maxTaskCount',
  'aws:appautoscaling/target:Target': 'maxCapacity',
  'gcp:cloudrunv2/service:Service': 'template.scaling.maxInstanceCount',
  'azure-native:web:AppServicePlan': 'sku.capacity',
};

const autoscale = 'azure-native:monitor:AutoscaleSetting';

function bounded(inputs: Value, path: string): readonly Finding[] {
  return expects(inputs, path, `1 to ${mostInstances}`, (value) => isWithin(value, 1, mostInstances));
}

/** Every profile has a bound of its own, and without one the setting bounds nothing. Capacities are text; each is judged as the number it says. */
function profilesBounded(inputs: Value): readonly Finding[] {
  const path = 'profiles';
  const profiles = entries(inputs, path);
  if (profiles.length === 0) return [{ path, expected: 'a profile at least', found: 'none' }];
  return profiles.flatMap((profile) => {
    const capacity = `${profile.path}.capacity.maximum`;
    return expects(inputs, capacity, `1 to ${mostInstances}`, (value) =>
      isWithin(typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value, 1, mostInstances),
    );
  });
}

const least: Readonly<Record<string, string>> = {
  'aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion': 'minSize',
  'aws:ecs/expressGatewayService:ExpressGatewayService': 'scalingTargets.0.minTaskCount',
  'gcp:cloudrunv2/service:Service': 'template.scaling.minInstanceCount',
  'azure-native:web:AppServicePlan': 'sku.capacity',
};

const retention: Readonly<Record<string, string>> = {
  'aws:cloudwatch/logGroup:LogGroup': 'retentionInDays',
  'gcp:logging/projectBucketConfig:ProjectBucketConfig': 'retentionDays',
  'azure-native:operationalinsights:Workspace': 'retentionInDays',
};

function isWithin(value: unknown, from: number, to: number): boolean {
  return typeof value === 'number' && value >= from && value <= to;
}

/** What takes labels, and what its vendor calls them. */
export const labelsOf: Readonly<Record<string, string>> = {
  'aws:apprunner/service:Service': 'tags',
  'aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion': 'tags',
  'aws:ecs/expressGatewayService:ExpressGatewayService': 'tags',
  'aws:ecr/repository:Repository': 'tags',
  'aws:iam/role:Role': 'tags',
  'aws:s3/bucket:Bucket': 'tags',
  'aws:rds/instance:Instance': 'tags',
  'aws:cloudwatch/logGroup:LogGroup': 'tags',
  'aws:cloudwatch/metricAlarm:MetricAlarm': 'tags',
  'aws:sns/topic:Topic': 'tags',
  'aws:secretsmanager/secret:Secret': 'tags',
  'gcp:cloudrunv2/service:Service': 'labels',
  'gcp:artifactregistry/repository:Repository': 'labels',
  'gcp:storage/bucket:Bucket': 'labels',
  'gcp:sql/databaseInstance:DatabaseInstance': 'settings.userLabels',
  'gcp:secretmanager/secret:Secret': 'labels',
  'azure-native:resources:ResourceGroup': 'tags',
  'azure-native:web:AppServicePlan': 'tags',
  'azure-native:web:WebApp': 'tags',
  'azure-native:web:WebAppSlot': 'tags',
  'azure-native:containerregistry:Registry': 'tags',
  'azure-native:managedidentity:UserAssignedIdentity': 'tags',
  'azure-native:storage:StorageAccount': 'tags',
  'azure-native:dbformysql:Server': 'tags',
  'azure-native:dbforpostgresql:Server': 'tags',
  'azure-native:keyvault:Vault': 'tags',
  'azure-native:operationalinsights:Workspace': 'tags',
};

function unlabelled({ type, inputs }: Judged): readonly Finding[] {
  const path = labelsOf[type];
  if (path === undefined) return [];
  const labels = at(inputs, path);
  if (labels === unknown || (isFields(labels) && Object.keys(labels).length > 0)) return [];
  return [{ path, expected: 'at least one label', found: shown(labels) }];
}
