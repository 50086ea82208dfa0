// Azure Monitor's metrics of one site, as ARM shows them: every period of the timespan, with a value where something happened.
// https://learn.microsoft.com/rest/api/monitor/metrics/list
import { type Counted, inPeriods, total } from '../../runtimes/meter.ts';
import type { Site } from './site.ts';

const metrics: Readonly<
  Record<string, { readonly unit: string; readonly of: (seconds: readonly Counted[]) => object }>
> = {
  Requests: { unit: 'Count', of: (seconds) => ({ total: total(seconds, (one) => one.requests) }) },
  Http5xx: { unit: 'Count', of: (seconds) => ({ total: total(seconds, ({ answers }) => answers[5] ?? 0) }) },
  HttpResponseTime: {
    unit: 'Seconds',
    of: (seconds) => ({
      average:
        total(seconds, (one) => one.milliseconds) /
        1000 /
        Math.max(
          1,
          total(seconds, (one) => one.requests),
        ),
    }),
  },
};

/** More than any watch asks for; a timespan without bounds would be answered for ever. */
const mostPeriods = 10_000;

/** @returns the answer; a text when the question is refused. */
export function siteMetrics(site: Site, query: URLSearchParams): Record<string, unknown> | string {
  const names = (query.get('metricnames') ?? '').split(',');
  const [asked = Number.NaN, to = Number.NaN] = (query.get('timespan') ?? '').split('/').map((one) => Date.parse(one));
  const interval = query.get('interval') ?? 'PT1M';
  const periodMs = millisecondsOf(interval);
  const unknown = names.find((name) => !Object.hasOwn(metrics, name));
  if (unknown !== undefined) return `Failed to find metric configuration for metric: ${unknown}`;
  if (!(asked < to)) return 'Invalid time span: expected a start before the end';
  if (periodMs === undefined || (to - asked) / periodMs > mostPeriods)
    return `Detected invalid time grain input: ${interval}`;
  const from = Math.floor(asked / periodMs) * periodMs;
  const periods = inPeriods(site.hosted.meter.between(from, to), periodMs);
  const starts = Array.from({ length: Math.ceil((to - from) / periodMs) }, (_, index) => from + index * periodMs);
  return {
    cost: 0,
    timespan: query.get('timespan'),
    interval,
    namespace: 'Microsoft.Web/sites',
    resourceregion: site.location,
    value: names.map((name) => ({
      id: `${site.id}/providers/Microsoft.Insights/metrics/${name}`,
      type: 'Microsoft.Insights/metrics',
      name: { value: name, localizedValue: name },
      unit: metrics[name]?.unit,
      errorCode: 'Success',
      timeseries: [
        {
          metadatavalues: [],
          data: starts.map((start) => {
            const seconds = periods.get(start);
            return {
              timeStamp: new Date(start).toISOString(),
              ...(seconds === undefined ? {} : metrics[name]?.of(seconds)),
            };
          }),
        },
      ],
    })),
  };
}

/** Whole seconds and minutes of ISO 8601: `PT1M`, `PT1S`. */
function millisecondsOf(interval: string): number | undefined {
  const [, minutes, seconds] = /^PT(?:(\d+)M)?(?:(\d+)S)?$/.exec(interval) ?? [];
  const milliseconds = (Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1000;
  return milliseconds > 0 ? milliseconds : undefined;
}
