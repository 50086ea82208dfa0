// What people's requests met on Cloud Run, from Cloud Monitoring: https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run
import { z } from 'zod';
import type { Traffic, TrafficReader } from '../../../contract/ports.ts';
import type { DeployedService } from '../../../contract/service.ts';
import { ask, type Connection } from '../../connection.ts';
import { Unanswered } from '../../polling.ts';
import { metricsOf, readMetrics, sumOf } from '../../traffic.ts';
import { cloudRun } from './runtime.ts';

/** Right it needs: `monitoring.timeSeries.list`, in `roles/monitoring.viewer`. */
export function cloudRunTraffic(connection: Connection): TrafficReader {
  const base = (connection.endpoint ?? 'https://monitoring.googleapis.com').replace(/\/+$/, '');
  return {
    lateSeconds: metricsOf(cloudRun, connection).lateSeconds,
    read: (service, fromMs, toMs, of = 'live') =>
      readMetrics('Cloud Run', 'monitoring.timeSeries.list', async () => {
        const { project, labels } = labelsOf(service, of);
        const list = (metric: string) =>
          listAll(connection, `${base}/v3/projects/${project}/timeSeries`, {
            filter: filterOf(metric, labels),
            // Points that end in it: the first may have begun a period earlier.
            'interval.startTime': new Date(fromMs).toISOString(),
            'interval.endTime': new Date(toMs).toISOString(),
          });
        const [counts, latencies] = await Promise.all([list('request_count'), list('request_latencies')]);
        return trafficIn(counts, latencies);
      }),
  };
}

/** A revision has its own series: what the release before it answered in the same minute is not counted. */
function labelsOf(
  { coordinates, revision }: DeployedService,
  of: 'live' | 'candidate',
): {
  readonly project: string;
  readonly labels: Readonly<Record<string, string>>;
} {
  const name = /^projects\/([^/]+)\/locations\/([^/]+)\/services\/([^/]+)$/.exec(coordinates.service ?? '');
  const [, project, location, service] = name ?? [];
  if (project === undefined || location === undefined || service === undefined) {
    throw new TypeError('expected the coordinate service of a Cloud Run service');
  }
  const revisionName = of === 'candidate' ? coordinates.candidate : revision.split('/').at(-1);
  if (revisionName === undefined) throw new TypeError('expected the coordinate candidate of a Cloud Run service');
  return {
    project,
    labels: {
      location,
      service_name: service,
      ...(revisionName === '' ? {} : { revision_name: revisionName }),
    },
  };
}

function filterOf(metric: string, labels: Readonly<Record<string, string>>): string {
  return [
    `metric.type = "run.googleapis.com/${metric}"`,
    'resource.type = "cloud_run_revision"',
    ...Object.entries(labels).map(([name, value]) => `resource.labels.${name} = "${value}"`),
  ].join(' AND ');
}

/** 64-bit numbers are text, zero and empty fields absent: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list */
const count = z.coerce.number().default(0);
const point = z.object({
  interval: z.object({ endTime: z.string() }),
  value: z.object({
    int64Value: count.optional(),
    distributionValue: z.object({ count, mean: z.number().default(0) }).optional(),
  }),
});
const seriesPage = z.object({
  timeSeries: z
    .array(
      z.object({
        metric: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
        points: z.array(point).default([]),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
});
export type Series = z.infer<typeof seriesPage>['timeSeries'][number];

/** A span of minutes of one service is a page or two. */
const mostPages = 20;

async function listAll(
  connection: Pick<Connection, 'token' | 'fetch'>,
  url: string,
  query: Readonly<Record<string, string>>,
): Promise<Series[]> {
  const all: Series[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const parameters = new URLSearchParams({ ...query, ...(pageToken === undefined ? {} : { pageToken }) });
    const { status, text } = await ask(connection, `${url}?${parameters}`);
    if (status === 404) throw new Unanswered(`${url} was not found`, { passing: false });
    const read = parsePage(JSON.parse(text));
    all.push(...read.timeSeries);
    if (read.nextPageToken === undefined || read.nextPageToken === '') return all;
    pageToken = read.nextPageToken;
  }
  throw new Unanswered(`${url} had more than ${mostPages} pages`, { passing: false });
}

export function parsePage(value: unknown): z.infer<typeof seriesPage> {
  return seriesPage.parse(value);
}

/** Counts by class of answer, and distributions of latency in milliseconds: the same requests, each in series of their own. */
export function trafficIn(counts: readonly Series[], latencies: readonly Series[]): Traffic {
  const answered = counts.flatMap(({ metric, points }) =>
    points.map(({ value: { int64Value = 0 } }) => ({
      requests: int64Value,
      errors: metric.labels.response_code_class === '5xx' ? int64Value : 0,
    })),
  );
  const timed = latencies.flatMap(({ points }) =>
    points.map(({ value: { distributionValue = { count: 0, mean: 0 } } }) => ({
      requests: distributionValue.count,
      errors: 0,
      meanLatencyMs: distributionValue.mean,
    })),
  );
  const { meanLatencyMs } = sumOf(timed);
  return { ...sumOf(answered), ...(meanLatencyMs === undefined ? {} : { meanLatencyMs }) };
}
