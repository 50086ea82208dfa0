// One page in CloudWatch that shows how a service does: traffic, errors, latency, instances, and the newest errors in its log.
import { Dashboard } from '@pulumi/aws/cloudwatch/dashboard.js';
import { type ComponentResource, type Input, jsonStringify, type Output, output } from '@pulumi/pulumi';
import type { Metric, ServiceMetrics } from './metrics.ts';

export interface DashboardArgs {
  /** `trireme-prod`. */
  readonly service: string;
  readonly region: string;
  readonly metrics: ServiceMetrics;
  /** The group the container's output goes to. */
  readonly logGroup: Input<string>;
}

export function createDashboard(parent: ComponentResource, args: DashboardArgs): Dashboard {
  return new Dashboard('dashboard', { dashboardName: args.service, dashboardBody: body(args) }, { parent });
}

/** Two columns on CloudWatch's grid of 24: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
function body({ region, metrics, logGroup }: DashboardArgs): Output<string> {
  const { requests, serverErrors, latency, readiness, others } = metrics;
  const graphs: readonly [string, readonly Line[]][] = [
    [
      'Requests and 5xx',
      [
        [requests, 'Sum'],
        [serverErrors, 'Sum'],
      ],
    ],
    [
      'Latency',
      [
        [latency, 'p50'],
        [latency, 'p95'],
      ],
    ],
    [readiness.title, [[readiness, readiness.statistic]]],
    ...Object.entries(others).map(([title, metric]): [string, Line[]] => [title, [[metric, 'Average']]]),
  ];
  const errors = {
    type: 'log',
    ...place(graphs.length, 24),
    properties: {
      title: 'Newest errors',
      region,
      view: 'table',
      query: output(logGroup).apply(
        (group) => `SOURCE '${group}' | filter severity = 'ERROR' | sort @timestamp desc | limit 20`,
      ),
    },
  };
  const widgets = graphs.map(([title, lines], index) => ({
    type: 'metric',
    ...place(index, 12),
    properties: { title, region, view: 'timeSeries', stacked: false, period: 60, metrics: lines.map(lineOf) },
  }));
  return jsonStringify({ widgets: [...widgets, errors] });
}

type Line = readonly [Metric, 'Sum' | 'Average' | 'Maximum' | 'p50' | 'p95'];

/** `[namespace, name, dimension, value, …, {stat}]`. */
function lineOf([{ namespace, name, dimensions = {} }, stat]: Line): Output<unknown[]> {
  return output(dimensions).apply((pairs) => {
    const sorted = Object.entries(pairs).sort(([a], [b]) => (a < b ? -1 : 1));
    return [namespace, name, ...sorted.flat(), { stat }];
  });
}

function place(index: number, width: number): { x: number; y: number; width: number; height: number } {
  return {
    x: width === 24 ? 0 : (index % 2) * 12,
    y: Math.ceil(width === 24 ? index / 2 : Math.floor(index / 2)) * 6,
    width,
    height: 6,
  };
}
