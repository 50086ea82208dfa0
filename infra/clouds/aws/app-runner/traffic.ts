// What people's requests met on App Runner, from CloudWatch: https://docs.aws.amazon.com/apprunner/latest/dg/monitor-cw.html
import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import type { Traffic, TrafficReader } from '../../../contract/ports.ts';
import type { DeployedService } from '../../../contract/service.ts';
import type { Connection } from '../../connection.ts';
import { metricsOf, readMetrics, sumOf, wholePeriods } from '../../traffic.ts';
import { type MetricData, readMetricData, valuesById } from '../cloudwatch.ts';
import { appRunner } from './runtime.ts';

/** Right it needs: `cloudwatch:GetMetricData`. */
export function appRunnerTraffic(connection: Connection): TrafficReader {
  const { periodSeconds, lateSeconds } = metricsOf(appRunner, connection);
  return {
    lateSeconds,
    read: (service, fromMs, toMs) =>
      readMetrics('App Runner', 'cloudwatch:GetMetricData', async () => {
        const { region, name, id } = identityOf(service);
        const place = { region, endpoint: connection.endpoint };
        const span = wholePeriods(fromMs, toMs, periodSeconds);
        return trafficIn(await readMetricData(place, queriesFor(name, id, periodSeconds), span));
      }),
  };
}

/** `arn:aws:apprunner:<region>:<account>:service/<name>/<id>` */
function identityOf({ coordinates }: DeployedService): { region: string; name: string; id: string } {
  const [, , , region, , resource = ''] = coordinates.serviceArn?.split(':') ?? [];
  const [kind, name, id] = resource.split('/');
  if (region === undefined || kind !== 'service' || name === undefined || id === undefined) {
    throw new TypeError('expected the coordinate serviceArn of an App Runner service');
  }
  return { region, name, id };
}

const asked = {
  requests: { MetricName: 'Requests', Stat: 'Sum' },
  errors: { MetricName: '5xxStatusResponses', Stat: 'Sum' },
  latency: { MetricName: 'RequestLatency', Stat: 'Average' },
} as const;

function queriesFor(name: string, id: string, Period: number): MetricDataQuery[] {
  const Dimensions = [
    { Name: 'ServiceName', Value: name },
    { Name: 'ServiceID', Value: id },
  ];
  return Object.entries(asked).map(([Id, { MetricName, Stat }]) => ({
    Id,
    MetricStat: { Metric: { Namespace: 'AWS/AppRunner', MetricName, Dimensions }, Period, Stat },
  }));
}

/**
 * Three lists of timestamps with values, joined by the time: a minute without a 5xx has no such value. Latency is in milliseconds.
 * @throws Unanswered when CloudWatch could not say all of it.
 */
export function trafficIn(results: readonly MetricData[]): Traffic {
  const valuesOf = valuesById(results);
  const errors = valuesOf('errors');
  const latency = valuesOf('latency');
  return sumOf(
    [...valuesOf('requests')].map(([at, requests = 0]) => ({
      requests,
      errors: errors.get(at) ?? 0,
      meanLatencyMs: latency.get(at),
    })),
  );
}
