// What people's requests met on App Runner, from CloudWatch: https://docs.aws.amazon.com/apprunner/latest/dg/monitor-cw.html
import {
  CloudWatchClient,
  type MetricDataQuery,
  type MetricDataResult,
  paginateGetMetricData,
} from '@aws-sdk/client-cloudwatch';
import type { Traffic, TrafficReader } from '../../../contract/ports.ts';
import type { DeployedService } from '../../../contract/service.ts';
import { type Connection, isLoopback } from '../../connection.ts';
import { Unanswered } from '../../polling.ts';
import { metricsOf, readMetrics, sumOf, wholePeriods } from '../../traffic.ts';
import { appRunner } from './runtime.ts';

/** A connection that hangs must not eat the time there is to watch. */
const answerMilliseconds = 30_000;

/** Right it needs: `cloudwatch:GetMetricData`. */
export function appRunnerTraffic(connection: Connection): TrafficReader {
  const { periodSeconds, lateSeconds } = metricsOf(appRunner, connection);
  return {
    lateSeconds,
    read: (service, fromMs, toMs) =>
      readMetrics('App Runner', 'cloudwatch:GetMetricData', async () => {
        const { region, name, id } = identityOf(service);
        const client = clientFor(region, connection.endpoint);
        const { from, to } = wholePeriods(fromMs, toMs, periodSeconds);
        const input = {
          MetricDataQueries: queriesFor(name, id, periodSeconds),
          StartTime: from,
          EndTime: to,
        };
        try {
          const results: MetricDataResult[] = [];
          for await (const { MetricDataResults = [] } of paginateGetMetricData({ client }, input, {
            abortSignal: AbortSignal.timeout(answerMilliseconds),
          })) {
            results.push(...MetricDataResults);
          }
          return trafficIn(results);
        } catch (error) {
          throw unanswered(error);
        } finally {
          client.destroy();
        }
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

/** As the prover's: named in full, so that no variable of the shell leads it elsewhere; emulated ones are signed with a key that opens nothing. */
function clientFor(region: string, endpoint: string | undefined): CloudWatchClient {
  if (endpoint === undefined) {
    return new CloudWatchClient({ region, endpoint: `https://monitoring.${region}.amazonaws.com` });
  }
  const throwaway = { credentials: { accessKeyId: 'emulated', secretAccessKey: 'emulated' } };
  return new CloudWatchClient({ region, endpoint, ...(isLoopback(endpoint) ? throwaway : {}) });
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
export function trafficIn(
  results: readonly Pick<MetricDataResult, 'Id' | 'Timestamps' | 'Values' | 'StatusCode'>[],
): Traffic {
  const failed = results.find(({ StatusCode }) => StatusCode === 'InternalError' || StatusCode === 'Forbidden');
  if (failed !== undefined) {
    throw new Unanswered(`${failed.Id}: ${failed.StatusCode}`, { passing: failed.StatusCode === 'InternalError' });
  }
  const valuesOf = (id: keyof typeof asked) =>
    new Map(
      results
        .filter((one) => one.Id === id)
        .flatMap(({ Timestamps = [], Values = [] }) => Timestamps.map((at, index) => [at.getTime(), Values[index]])),
    );
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

/** Throttling is an HTTP 400 here: errors are told apart by name. */
function unanswered(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Unanswered) return error;
  const refused = /AccessDenied|UnrecognizedClient|ExpiredToken|CredentialsProvider|^Invalid/;
  return new Unanswered(`${error.name}: ${error.message}`, { passing: !refused.test(error.name), cause: error });
}
