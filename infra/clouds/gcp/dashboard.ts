// One page of charts per service: requests, latency, instances, CPU and memory, beside the release that ran.
import { Dashboard } from '@pulumi/gcp/monitoring/dashboard.js';
import type { ComponentResource } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../../contract/service.ts';
import { serviceName } from '../names.ts';

export function showDashboard(
  parent: ComponentResource,
  { stack, config }: Pick<PredictionServiceArgs, 'stack' | 'config'>,
): Dashboard | undefined {
  if (!config.dashboard) return undefined;
  return new Dashboard('dashboard', { dashboardJson: JSON.stringify(dashboardOf(serviceName(stack))) }, { parent });
}

interface Series {
  readonly metric: string;
  readonly aligner: string;
  readonly reducer: string;
  readonly groupBy?: string;
  readonly legend?: string;
}

/**
 * https://cloud.google.com/monitoring/api/ref_v3/rest/v1/projects.dashboards; metrics: https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run
 * By revision wherever the metric has it, so that a release that is worse shows beside the one before.
 */
export function dashboardOf(service: string): Readonly<Record<string, unknown>> {
  const revision = 'resource.label.revision_name';
  const percentile = (percent: 50 | 95 | 99): Series => ({
    metric: 'request_latencies',
    aligner: 'ALIGN_DELTA',
    reducer: `REDUCE_PERCENTILE_${percent}`,
    legend: `${percent} %`,
  });
  const utilisation = (metric: string): Series => ({
    metric,
    aligner: 'ALIGN_DELTA',
    reducer: 'REDUCE_PERCENTILE_95',
    groupBy: revision,
  });
  const charts: readonly (readonly [title: string, series: readonly Series[]])[] = [
    [
      'Answers per second, by class',
      [
        {
          metric: 'request_count',
          aligner: 'ALIGN_RATE',
          reducer: 'REDUCE_SUM',
          groupBy: 'metric.label.response_code_class',
        },
      ],
    ],
    ['Latency in ms', [percentile(50), percentile(95), percentile(99)]],
    [
      'Answers per second, by revision',
      [{ metric: 'request_count', aligner: 'ALIGN_RATE', reducer: 'REDUCE_SUM', groupBy: revision }],
    ],
    [
      'Instances',
      [
        {
          metric: 'container/instance_count',
          aligner: 'ALIGN_MAX',
          reducer: 'REDUCE_SUM',
          groupBy: 'metric.label.state',
        },
      ],
    ],
    ['CPU in use, 95 %', [utilisation('container/cpu/utilizations')]],
    ['Memory in use, 95 %', [utilisation('container/memory/utilizations')]],
  ];
  return {
    displayName: service,
    mosaicLayout: {
      columns: 48,
      tiles: charts.map(([title, series], index) => ({
        xPos: (index % 2) * 24,
        yPos: Math.floor(index / 2) * 16,
        width: 24,
        height: 16,
        widget: { title, xyChart: { dataSets: series.map((one) => dataSet(service, one)) } },
      })),
    },
  };
}

function dataSet(service: string, series: Series): Readonly<Record<string, unknown>> {
  return {
    plotType: 'LINE',
    targetAxis: 'Y1',
    ...(series.legend === undefined ? {} : { legendTemplate: series.legend }),
    timeSeriesQuery: {
      timeSeriesFilter: {
        filter: `metric.type="run.googleapis.com/${series.metric}" resource.type="cloud_run_revision" resource.label.service_name="${service}"`,
        aggregation: {
          alignmentPeriod: '60s',
          perSeriesAligner: series.aligner,
          crossSeriesReducer: series.reducer,
          ...(series.groupBy === undefined ? {} : { groupByFields: [series.groupBy] }),
        },
      },
    },
  };
}
