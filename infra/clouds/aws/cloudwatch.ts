// How CloudWatch is asked for the numbers of a service: all pages of one question, and errors told apart by name.
import {
  CloudWatchClient,
  type MetricDataQuery,
  type MetricDataResult,
  paginateGetMetricData,
} from '@aws-sdk/client-cloudwatch';
import { Unanswered } from '../polling.ts';
import { sdkSettings } from './sdk.ts';

export type MetricData = Pick<MetricDataResult, 'Id' | 'Timestamps' | 'Values' | 'StatusCode'>;

/** A connection that hangs must not eat the time there is to watch. */
export const answerMilliseconds = 30_000;

/** @throws Unanswered when CloudWatch could not say all of it. Right it needs: `cloudwatch:GetMetricData`. */
export async function readMetricData(
  place: { readonly region: string; readonly endpoint: string | undefined },
  queries: readonly MetricDataQuery[],
  span: { readonly from: Date; readonly to: Date },
): Promise<readonly MetricData[]> {
  const client = new CloudWatchClient(sdkSettings('monitoring', place.region, place.endpoint));
  const input = { MetricDataQueries: [...queries], StartTime: span.from, EndTime: span.to };
  const results: MetricDataResult[] = [];
  try {
    const pages = paginateGetMetricData({ client }, input, { abortSignal: AbortSignal.timeout(answerMilliseconds) });
    for await (const { MetricDataResults = [] } of pages) results.push(...MetricDataResults);
    return results;
  } catch (error) {
    throw unanswered(error);
  } finally {
    client.destroy();
  }
}

/** By the query's id, each value by its time in milliseconds. @throws Unanswered for a query that CloudWatch could not answer. */
export function valuesById(results: readonly MetricData[]): (id: string) => ReadonlyMap<number, number | undefined> {
  const failed = results.find(({ StatusCode }) => StatusCode === 'InternalError' || StatusCode === 'Forbidden');
  if (failed !== undefined) {
    throw new Unanswered(`${failed.Id}: ${failed.StatusCode}`, { passing: failed.StatusCode === 'InternalError' });
  }
  return (id) =>
    new Map(
      results
        .filter((one) => one.Id === id)
        .flatMap(({ Timestamps = [], Values = [] }) => Timestamps.map((at, index) => [at.getTime(), Values[index]])),
    );
}

/** Throttling is an HTTP 400 at AWS: errors are told apart by name, never by status. */
export function unanswered(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof Unanswered) return error;
  const refused = /AccessDenied|UnrecognizedClient|ExpiredToken|CredentialsProvider|^Invalid/;
  return new Unanswered(`${error.name}: ${error.message}`, { passing: !refused.test(error.name), cause: error });
}
