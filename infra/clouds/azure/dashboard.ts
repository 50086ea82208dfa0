// One page in Azure's portal about a service: what it is asked, how it answers, what it needs.
import { Dashboard } from '@pulumi/azure-native/portal/dashboard.js';
import type { AppServicePlan } from '@pulumi/azure-native/web/appServicePlan.js';
import type { WebApp } from '@pulumi/azure-native/web/webApp.js';
import { output } from '@pulumi/pulumi';
import { serviceName } from '../names.ts';
import type { Place } from './place.ts';

/** As the portal's own export writes them: https://learn.microsoft.com/azure/azure-portal/azure-portal-dashboards-structure */
const aggregations = { total: 1, average: 4 } as const;

interface Chart {
  readonly title: string;
  readonly of: 'site' | 'plan';
  readonly metrics: readonly (readonly [name: string, aggregation: keyof typeof aggregations])[];
}

const charts: readonly Chart[] = [
  { title: 'Requests', of: 'site', metrics: [['Requests', 'total']] },
  {
    title: 'Errors',
    of: 'site',
    metrics: [
      ['Http5xx', 'total'],
      ['Http4xx', 'total'],
    ],
  },
  { title: 'Response time', of: 'site', metrics: [['HttpResponseTime', 'average']] },
  { title: 'Healthy instances', of: 'site', metrics: [['HealthCheckStatus', 'average']] },
  { title: 'CPU', of: 'plan', metrics: [['CpuPercentage', 'average']] },
  { title: 'Memory', of: 'plan', metrics: [['MemoryPercentage', 'average']] },
];

const namespaces = { site: 'microsoft.web/sites', plan: 'microsoft.web/serverfarms' } as const;
const size = { colSpan: 6, rowSpan: 4 };

/** Two charts in a row. */
export function dashboardParts(ids: { readonly site: string; readonly plan: string }) {
  return charts.map((chart, index) => ({
    position: { x: (index % 2) * size.colSpan, y: Math.floor(index / 2) * size.rowSpan, ...size },
    metadata: {
      type: 'Extension/HubsExtension/PartType/MonitorChartPart',
      inputs: [{ name: 'options', isOptional: true, value: { chart: chartOf(chart, ids[chart.of]) } }],
      settings: {},
    },
  }));
}

function chartOf({ title, of, metrics }: Chart, id: string) {
  return {
    title,
    metrics: metrics.map(([name, aggregation]) => ({
      resourceMetadata: { id },
      name,
      aggregationType: aggregations[aggregation],
      namespace: namespaces[of],
      metricVisualization: { displayName: name },
    })),
    visualization: { chartType: 2 },
    timespan: { relative: { duration: 86_400_000 }, showUTCTime: true, grain: 1 },
  };
}

export function createDashboard(
  { parent, regional, tags, stack, config }: Place,
  { site, plan }: { readonly site: WebApp; readonly plan: AppServicePlan },
): Dashboard | undefined {
  if (!config.dashboard) return undefined;
  const parts = output([site.id, plan.id] as const).apply(([site, plan]) => dashboardParts({ site, plan }));
  return new Dashboard(
    'dashboard',
    {
      ...regional,
      dashboardName: serviceName(stack),
      properties: { lenses: [{ order: 0, parts }] },
      tags: { ...tags, 'hidden-title': serviceName(stack) },
    },
    { parent },
  );
}
