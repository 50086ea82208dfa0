// Which trace a request belongs to: https://www.w3.org/TR/trace-context/.
import type { IncomingMessage } from 'node:http';

export interface TraceIds {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16: this service's span where it makes some, the caller's otherwise. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

const traceparentPattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** @returns `undefined` for what https://www.w3.org/TR/trace-context/#traceparent-header calls invalid. */
export function traceOf(traceparent: string): TraceIds | undefined {
  const [, version, traceId, spanId, flags, more] = traceparentPattern.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined || version === 'ff') return undefined;
  if (version === '00' && more !== undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

const own = new WeakMap<IncomingMessage, TraceIds>();

/** This service made a span for it. */
export function noteTrace(request: IncomingMessage, ids: TraceIds): void {
  own.set(request, ids);
}

export function traceIdsOf(request: IncomingMessage): TraceIds | undefined {
  const { traceparent } = request.headers;
  return own.get(request) ?? (typeof traceparent === 'string' ? traceOf(traceparent) : undefined);
}

/** As a header for whoever asked: https://w3c.github.io/trace-context/#traceresponse-header */
export function traceresponseOf({ traceId, spanId, isSampled }: TraceIds): string {
  return `00-${traceId}-${spanId}-0${isSampled ? 1 : 0}`;
}

/**
 * As fields of a log line: OpenTelemetry's for logs that are no OTLP, and those that Cloud Logging joins with Cloud Trace.
 * https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/ · https://docs.cloud.google.com/logging/docs/structured-logging
 */
export function traceFields({ traceId, spanId, isSampled }: TraceIds, googleProject: string | null): object {
  const fields = { trace_id: traceId, span_id: spanId, trace_flags: isSampled ? '01' : '00' };
  if (googleProject === null) return fields;
  return {
    ...fields,
    'logging.googleapis.com/trace': `projects/${googleProject}/traces/${traceId}`,
    'logging.googleapis.com/spanId': spanId,
    'logging.googleapis.com/trace_sampled': isSampled,
  };
}
