// What the readers of the vendors' metrics share: whole periods around a span, one sum over them, and errors for people.
import { DeliveryError } from '../contract/errors.ts';
import type { Traffic } from '../contract/ports.ts';
import type { RuntimeContract } from '../contract/runtime.ts';
import type { Connection } from './connection.ts';
import { Unanswered } from './polling.ts';

/** One period of the vendor's metrics. */
export interface Period {
  readonly requests: number;
  readonly errors: number;
  /** Absent without requests, or where the vendor has not told of it yet. */
  readonly meanLatencyMs?: number | undefined;
}

/** How fine the metrics are and how late. Emulated ones tell of each second at once: there is nobody to collect them from. */
export function metricsOf(
  { requestMetrics }: Pick<RuntimeContract, 'requestMetrics'>,
  { endpoint }: Pick<Connection, 'endpoint'>,
): { readonly periodSeconds: number; readonly lateSeconds: number } {
  return endpoint === undefined ? requestMetrics.value : { periodSeconds: 1, lateSeconds: 0 };
}

/** Nobody can cut a period: a span is widened to whole ones, so at its edges it also tells of up to a period before and after it. */
export function wholePeriods(
  fromMs: number,
  toMs: number,
  periodSeconds: number,
): { readonly from: Date; readonly to: Date } {
  const periodMs = periodSeconds * 1000;
  return {
    from: new Date(Math.floor(fromMs / periodMs) * periodMs),
    to: new Date(Math.max(Math.ceil(toMs / periodMs), Math.floor(fromMs / periodMs) + 1) * periodMs),
  };
}

/** Latencies are weighed by requests: a minute with two slow requests is not half of two minutes. */
export function sumOf(periods: readonly Period[]): Traffic {
  let requests = 0;
  let errors = 0;
  let timed = 0;
  let milliseconds = 0;
  for (const period of periods) {
    requests += period.requests;
    errors += period.errors;
    if (period.meanLatencyMs === undefined || period.requests === 0) continue;
    timed += period.requests;
    milliseconds += period.meanLatencyMs * period.requests;
  }
  return { requests, errors, ...(timed === 0 ? {} : { meanLatencyMs: milliseconds / timed }) };
}

/** @throws DeliveryError `cloud-unreachable` for what may pass, `errored` for a refusal and for an answer in another shape. */
export async function readMetrics(product: string, right: string, read: () => Promise<Traffic>): Promise<Traffic> {
  try {
    return await read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const passing = error instanceof Unanswered ? error.passing : isConnection(error);
    throw new DeliveryError(
      passing ? 'cloud-unreachable' : 'errored',
      `${product}: could not read its request metrics: ${reason}`,
      { hint: `reading them needs ${right}`, cause: error },
    );
  }
}

/** `fetch` tells of a broken connection by a TypeError with a cause, of a time limit by a TimeoutError. */
function isConnection(error: unknown): boolean {
  if (error instanceof TypeError) return error.cause !== undefined;
  return error instanceof Error && error.name === 'TimeoutError';
}
