// A span for each request, made by OpenTelemetry's SDK. Imported only where traces are wanted: it costs as much to load as Express.
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { Identity } from '../identity.ts';
import { arrivalOf, isTraced, outcomeOf } from './attributes.ts';
import { createProcessor, type Exporting } from './export.ts';
import { noteTrace, traceOf, traceresponseOf } from './ids.ts';
import { samplerOf } from './sampler.ts';
import type { Tracing, TracingSettings } from './tracing.ts';

/** When the process stops: what a collector that hangs may cost. Together with the drain it stays within 8 s: Cloud Run kills after 10. */
const flushWithinMs = 400;

interface Begun {
  readonly span: Span;
  readonly name: string;
}

export function createTracing(
  settings: TracingSettings,
  { buildId, releaseId, imageDigest }: Identity,
  exporting: Omit<Exporting, 'delayMs' | 'timeoutMs' | 'queueSize'>,
): Tracing {
  const about = { 'service.name': 'trireme', 'service.version': buildId };
  const deployed = {
    ...(releaseId && { 'trireme.release': releaseId }),
    ...(imageDigest && { 'container.image.id': imageDigest }),
  };
  const provider = new TracerProvider({
    // The environment has the last word: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES.
    resource: defaultResource()
      .merge(resourceFromAttributes({ ...about, ...deployed }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(settings.tracesSampler, settings.tracesSamplerRatio),
    spanProcessors: [
      createProcessor({
        ...exporting,
        delayMs: settings.spanDelayMs,
        timeoutMs: settings.spanTimeoutMs,
        queueSize: settings.spanQueueSize,
      }),
    ],
  });
  const tracer = provider.getTracer('trireme');
  const begun = new WeakMap<IncomingMessage, Begun>();

  return {
    traced: (listener) => (request, response) => {
      if (!isTraced(request.url ?? '')) return listener(request, response);
      const { name, attributes } = arrivalOf(request);
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, contextOf(request));
      const { traceId, spanId, traceFlags } = span.spanContext();
      const ids = { traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
      begun.set(request, { span, name });
      noteTrace(request, ids);
      response.setHeader('traceresponse', traceresponseOf(ids));
      // Whoever knows its outcome tells in `ended`; a client that went away before is the one case where nobody does.
      response.once('close', () => setImmediate(() => end(request)?.end()));
      listener(request, response);
    },
    ended(facts) {
      const found = begun.get(facts.request);
      const span = end(facts.request);
      if (found === undefined || span === undefined) return;
      const { name, attributes, error } = outcomeOf(found.name, facts);
      span.updateName(name).setAttributes(attributes);
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
    async stop() {
      const cancelled = new AbortController();
      const late = sleep(flushWithinMs, undefined, { signal: cancelled.signal }).catch(() => {});
      await Promise.race([provider.shutdown().catch(() => {}), late]);
      cancelled.abort();
    },
  };

  /** @returns its span, once. */
  function end(request: IncomingMessage): Span | undefined {
    const found = begun.get(request);
    begun.delete(request);
    return found?.span;
  }
}

/** The caller's span as this one's parent. */
function contextOf({ headers }: IncomingMessage) {
  const { traceparent, tracestate } = headers;
  const parent = typeof traceparent === 'string' ? traceOf(traceparent) : undefined;
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, isSampled } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(typeof tracestate === 'string' && { traceState: createTraceState(tracestate) }),
  });
}
