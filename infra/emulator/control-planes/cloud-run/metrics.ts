// Cloud Monitoring's timeSeries.list on the wire, for Cloud Run's request metrics: one series per revision and class of answer.
// https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list
import type { RuntimeHost } from '../../runtimes/host.ts';
import type { HostedService } from '../../runtimes/hosted-service.ts';
import type { Counted } from '../../runtimes/meter.ts';
import type { Handler } from '../../world.ts';
import { json, refusal } from '../google-json.ts';

const metricTypes = ['run.googleapis.com/request_count', 'run.googleapis.com/request_latencies'];

export function cloudMonitoringApi(host: RuntimeHost): Handler {
  return async ({ method, url }) => {
    const { pathname, searchParams } = new URL(url, 'http://monitoring.googleapis.com');
    const project = /^\/v3\/projects\/([^/]+)\/timeSeries$/.exec(pathname)?.[1];
    if (method !== 'GET' || project === undefined) return refusal(404, 'NOT_FOUND', `${method} ${pathname}`);
    const terms = termsOf(searchParams.get('filter') ?? '');
    const metric = terms?.['metric.type'] ?? '';
    const [from, to] = ['interval.startTime', 'interval.endTime'].map((name) =>
      Date.parse(searchParams.get(name) ?? ''),
    );
    if (terms === undefined || !metricTypes.includes(metric) || terms['resource.type'] !== 'cloud_run_revision') {
      return refusal(400, 'INVALID_ARGUMENT', `Field filter had an invalid value: ${searchParams.get('filter')}`);
    }
    if (from === undefined || to === undefined || !(from < to)) {
      return refusal(400, 'INVALID_ARGUMENT', 'Field interval had an invalid value: expected a start before the end');
    }
    const timeSeries = [...host.services]
      .filter(({ cloud, resource }) => cloud === 'gcp' && resource.startsWith(`projects/${project}/`))
      .flatMap((service) => seriesOf(service, project, metric, terms, from, to));
    return json(200, timeSeries.length === 0 ? {} : { timeSeries, unit: metric === metricTypes[0] ? '1' : 'ms' });
  };
}

/** `a = "x" AND b = "y"`; of Google's filter language no more. */
function termsOf(filter: string): Record<string, string> | undefined {
  const terms = filter.split(' AND ').map((term) => /^([a-z_.]+)\s*=\s*"([^"]*)"$/.exec(term.trim()));
  if (terms.some((term) => term === null)) return undefined;
  return Object.fromEntries(terms.map((term) => [term?.[1] ?? '', term?.[2] ?? '']));
}

function seriesOf(
  service: HostedService,
  project: string,
  metric: string,
  terms: Readonly<Record<string, string>>,
  from: number,
  to: number,
): unknown[] {
  const [, , , location = '', , name = ''] = service.resource.split('/');
  // A second whose end lies in the interval; one that has not ended has no point.
  const seconds = service.meter.between(from - 1000, to).filter(({ atMs }) => atMs + 1000 > from && atMs + 1000 <= to);
  return [...Map.groupBy(seconds, ({ revision }) => revision)].flatMap(([revision, own]) => {
    const labels = {
      project_id: project,
      location,
      service_name: name,
      configuration_name: name,
      revision_name: revision,
    };
    const wanted = Object.entries(labels).every(
      ([label, value]) => (terms[`resource.labels.${label}`] ?? value) === value,
    );
    if (!wanted) return [];
    const classes = [...new Set(own.flatMap(({ answers }) => Object.keys(answers)))];
    const series = metric.endsWith('_count') ? classes : classes.slice(0, 1);
    return series.map((hundreds) => ({
      metric: { type: metric, labels: metric.endsWith('_count') ? { response_code_class: `${hundreds}xx` } : {} },
      resource: { type: 'cloud_run_revision', labels },
      metricKind: 'DELTA',
      valueType: metric.endsWith('_count') ? 'INT64' : 'DISTRIBUTION',
      points: own.toReversed().flatMap((second) => pointOf(second, metric, Number(hundreds))),
    }));
  });
}

/** The vendor has a series of latencies per class of answer; here the one there is tells of all. */
function pointOf({ atMs, answers, requests, milliseconds }: Counted, metric: string, hundreds: number): unknown[] {
  const interval = { startTime: new Date(atMs).toISOString(), endTime: new Date(atMs + 1000).toISOString() };
  if (!metric.endsWith('_count')) {
    const distributionValue = { count: String(requests), mean: milliseconds / requests };
    return [{ interval, value: { distributionValue } }];
  }
  const answered = answers[hundreds];
  return answered === undefined ? [] : [{ interval, value: { int64Value: String(answered) } }];
}
