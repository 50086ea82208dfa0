// What people's requests met on App Service, from Azure Monitor:
// https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-web-sites-metrics
import { z } from 'zod';
import type { Traffic, TrafficReader } from '../../../contract/ports.ts';
import { ask, type Connection } from '../../connection.ts';
import { Unanswered } from '../../polling.ts';
import { metricsOf, readMetrics, sumOf, wholePeriods } from '../../traffic.ts';
import { appService } from './runtime.ts';

const apiVersion = '2023-10-01';

/** Right it needs: `Microsoft.Insights/Metrics/Read`, in *Reader* and *Monitoring Reader*. A slot has metrics of its own: a candidate's are the slot's. */
export function appServiceTraffic(connection: Connection): TrafficReader {
  const base = (connection.endpoint ?? 'https://management.azure.com').replace(/\/+$/, '');
  const { periodSeconds, lateSeconds } = metricsOf(appService, connection);
  return {
    lateSeconds,
    read: ({ coordinates }, fromMs, toMs, of = 'live') =>
      readMetrics('App Service', 'Microsoft.Insights/Metrics/Read', async () => {
        const site = of === 'candidate' ? coordinates.slot : coordinates.site;
        if (site === undefined) {
          throw new TypeError(`expected the coordinate ${of === 'candidate' ? 'slot' : 'site'} of an App Service site`);
        }
        const { from, to } = wholePeriods(fromMs, toMs, periodSeconds);
        const parameters = new URLSearchParams({
          'api-version': apiVersion,
          metricnames: 'Requests,Http5xx,HttpResponseTime',
          aggregation: 'Total,Average',
          interval: periodSeconds === 60 ? 'PT1M' : `PT${periodSeconds}S`,
          timespan: `${from.toISOString()}/${to.toISOString()}`,
        });
        const { status, text } = await ask(
          connection,
          `${base}${site}/providers/Microsoft.Insights/metrics?${parameters}`,
        );
        if (status === 404) throw new Unanswered(`${site} was not found`, { passing: false });
        return trafficIn(JSON.parse(text));
      }),
  };
}

const metrics = z.object({
  value: z.array(
    z.object({
      name: z.object({ value: z.string() }),
      errorCode: z.string().optional(),
      errorMessage: z.string().optional(),
      timeseries: z
        .array(
          z.object({
            // A minute nobody has told of yet, or in which nothing happened, has its time and no value.
            data: z.array(
              z.object({ timeStamp: z.string(), total: z.number().nullish(), average: z.number().nullish() }),
            ),
          }),
        )
        .default([]),
    }),
  ),
});

/** Response times are in seconds. @throws z.ZodError for another shape, Unanswered when a metric came with an error. */
export function trafficIn(answer: unknown): Traffic {
  const { value } = metrics.parse(answer);
  const failed = value.find(({ errorCode = 'Success' }) => errorCode !== 'Success');
  if (failed !== undefined) {
    throw new Unanswered(`${failed.name.value}: ${failed.errorCode} ${failed.errorMessage ?? ''}`, { passing: true });
  }
  const points = (name: string) =>
    value
      .filter((one) => one.name.value.toLowerCase() === name.toLowerCase())
      .flatMap(({ timeseries }) => timeseries.flatMap(({ data }) => data));
  const errors = new Map(points('Http5xx').map(({ timeStamp, total }) => [timeStamp, total ?? 0]));
  const seconds = new Map(points('HttpResponseTime').map(({ timeStamp, average }) => [timeStamp, average]));
  return sumOf(
    points('Requests').map(({ timeStamp, total }) => {
      const mean = seconds.get(timeStamp);
      return {
        requests: total ?? 0,
        errors: errors.get(timeStamp) ?? 0,
        meanLatencyMs: mean === undefined || mean === null ? undefined : mean * 1000,
      };
    }),
  );
}
