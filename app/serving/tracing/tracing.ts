// OpenTelemetry traces, where an endpoint is set; without one nothing of it is loaded.
import type { RequestListener } from 'node:http';
import type { Identity } from '../identity.ts';
import type { Log, RequestFacts, RequestLog } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Settings } from '../settings/settings.ts';

export interface Tracing {
  /** The application, each request to it in a span that follows the caller's. */
  traced(listener: RequestListener): RequestListener;
  /** What became of a request; ends its span. */
  ended(facts: RequestFacts): void;
  /** Sends what waits, for 0.4 s at most. */
  stop(): Promise<void>;
}

export type TracingSettings = Pick<
  Settings,
  | 'otlpEndpoint'
  | 'otlpTracesEndpoint'
  | 'otelDisabled'
  | 'tracesSampler'
  | 'tracesSamplerRatio'
  | 'spanDelayMs'
  | 'spanTimeoutMs'
  | 'spanQueueSize'
  | 'ignored'
>;

/** @returns `undefined` where no traces are wanted. https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp */
export function tracesUrl({ otlpEndpoint, otlpTracesEndpoint, otelDisabled }: TracingSettings): string | undefined {
  if (otelDisabled) return undefined;
  if (otlpTracesEndpoint !== null) return otlpTracesEndpoint;
  if (otlpEndpoint === null) return undefined;
  const url = new URL(otlpEndpoint);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}

export async function startTracing(
  settings: TracingSettings,
  identity: Identity,
  metrics: Pick<Metrics, 'spans'>,
  log: Log,
): Promise<Tracing | undefined> {
  for (const reason of settings.ignored) log.warn('setting ignored', { reason });
  const url = tracesUrl(settings);
  if (url === undefined) return undefined;
  const { createTracing } = await import('./spans.ts');
  return createTracing(settings, identity, { url, count: metrics.spans, log });
}

/** The log of requests, each told to its span too. */
export function tracedLog(tracing: Tracing, requestLog: RequestLog | undefined): RequestLog {
  return {
    line(facts) {
      requestLog?.line(facts);
      tracing.ended(facts);
    },
    flush: () => requestLog?.flush(),
  };
}
