// What Azure keeps and shows of a service, as `azure-native` drives it: logs and how long they stay, uptime checks, dashboards.
import { randomUUID } from 'node:crypto';
import { isRecord, text } from '../engine/property.ts';
import type { ResourceModel } from '../engine/resource-model.ts';
import { records } from './azure-monitor.ts';
import { armResource, notFound, refusal } from './azure-resource.ts';
import type { AzureSubscription } from './azure-subscription.ts';
import { oneOf, pattern, range } from './input-rule.ts';

export function insightResources(subscription: AzureSubscription): Readonly<Record<string, ResourceModel>> {
  return {
    'azure-native:monitor:DiagnosticSetting': diagnosticSetting(subscription),
    'azure-native:operationalinsights:Workspace': workspace(subscription),
    'azure-native:applicationinsights:Component': component(subscription),
    'azure-native:applicationinsights:WebTest': webTest(subscription),
    'azure-native:portal:Dashboard': dashboard(subscription),
  };
}

/** https://learn.microsoft.com/azure/app-service/monitor-app-service-reference#resource-logs */
const siteLogs = [
  'AppServiceAntivirusScanAuditLogs',
  'AppServiceAppLogs',
  'AppServiceAuditLogs',
  'AppServiceAuthenticationLogs',
  'AppServiceConsoleLogs',
  'AppServiceFileAuditLogs',
  'AppServiceHTTPLogs',
  'AppServiceIPSecAuditLogs',
  'AppServicePlatformLogs',
];

function diagnosticSetting(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'monitor/diagnosticSetting',
    type: 'Microsoft.Insights/diagnosticSettings',
    named: 'name',
    located: false,
    replaceOnChanges: ['resourceUri'],
    idOf: (inputs) =>
      `${text(inputs, 'resourceUri')}/providers/Microsoft.Insights/diagnosticSettings/${text(inputs, 'name')}`,
    validate: (inputs) => records(inputs.logs).flatMap((one) => oneOf(one, 'category', siteLogs)),
    refuse(inputs) {
      const id = text(inputs, 'workspaceId') ?? '';
      if (!subscription.has('Microsoft.OperationalInsights/workspaces', id)) throw notFound(id);
    },
  });
}

function workspace(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'operationalinsights/workspace',
    type: 'Microsoft.OperationalInsights/workspaces',
    named: 'workspaceName',
    validate: (inputs) => [
      // https://learn.microsoft.com/rest/api/loganalytics/workspaces/create-or-update
      ...pattern(inputs, 'workspaceName', /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/),
      ...oneOf(inputs, 'sku.name', [
        'Free',
        'Standard',
        'Premium',
        'PerNode',
        'PerGB2018',
        'Standalone',
        'CapacityReservation',
        'LACluster',
      ]),
      ...range(inputs, 'retentionInDays', 30, 730),
    ],
    outputs: () => ({ customerId: randomUUID(), createdDate: new Date().toISOString() }),
  });
}

function component(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'applicationinsights/component',
    type: 'Microsoft.Insights/components',
    named: 'resourceName',
    replaceOnChanges: ['kind', 'applicationType'],
    validate: (inputs) => pattern(inputs, 'resourceName', /^.{1,260}$/),
    refuse(inputs) {
      const id = text(inputs, 'workspaceResourceId') ?? '';
      if (!subscription.has('Microsoft.OperationalInsights/workspaces', id)) throw notFound(id);
    },
    outputs: () => ({ appId: randomUUID(), applicationId: randomUUID(), instrumentationKey: randomUUID() }),
  });
}

function webTest(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'applicationinsights/webTest',
    type: 'Microsoft.Insights/webtests',
    named: 'webTestName',
    replaceOnChanges: ['syntheticMonitorId', 'webTestKind'],
    validate: (inputs) => [
      // https://learn.microsoft.com/azure/azure-monitor/app/availability#create-an-availability-test
      ...(typeof inputs.frequency === 'number'
        ? oneOf({ frequency: String(inputs.frequency) }, 'frequency', ['300', '600', '900'])
        : []),
      ...range(inputs, 'timeout', 30, 120),
      ...records(inputs.locations).flatMap((one) =>
        pattern(one, 'location', /^[a-z]+-[a-z0-9]+-[a-z0-9]+-(azr|edge)$/),
      ),
    ],
    refuse(inputs) {
      const tags = Object.keys(isRecord(inputs.tags) ? inputs.tags : {});
      const links = tags.filter((key) => key.startsWith('hidden-link:'));
      const linked = links.filter((key) =>
        subscription.has('Microsoft.Insights/components', key.slice('hidden-link:'.length)),
      );
      if (linked.length !== 1) {
        throw refusal(
          400,
          'BadRequest',
          "A single 'hidden-link' tag pointing to an existing AI component is required. Found none.",
        );
      }
    },
  });
}

function dashboard(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'portal/dashboard',
    type: 'Microsoft.Portal/dashboards',
    named: 'dashboardName',
    // https://learn.microsoft.com/rest/api/portal/dashboards/create-or-update
    validate: (inputs) => pattern(inputs, 'dashboardName', /^[A-Za-z0-9-]{3,64}$/),
  });
}
