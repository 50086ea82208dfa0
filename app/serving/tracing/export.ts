// Sends spans in the background, and counts what arrived, what did not and what had no room: a collector that is away delays nobody.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Log } from '../log.ts';
import type { SpanOutcome } from '../metrics/metrics.ts';

type Done = Parameters<SpanExporter['export']>[1];

/** A collector that is away is said once in that time. */
const warnEveryMs = 60_000;
/** The exporter gives up first, so that what became of a batch is counted; the processor then takes the next. */
const afterExporterMs = 1000;
const success = 0;

export interface Exporting {
  /** Where spans are sent, OTLP over HTTP. */
  readonly url: string;
  readonly delayMs: number;
  /** Of a batch, retries included. */
  readonly timeoutMs: number;
  /** Most spans that wait. */
  readonly queueSize: number;
  readonly count: (outcome: SpanOutcome, spans: number) => void;
  readonly log: Log;
}

export function createProcessor({ url, delayMs, timeoutMs, queueSize, count, log }: Exporting): SpanProcessor {
  // Never whole: a password may stand before the host, a key in the query.
  const { origin, pathname } = new URL(url);
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: timeoutMs });
  let waiting = 0;
  let warnedAt = Number.NEGATIVE_INFINITY;
  const counting: SpanExporter = {
    export(spans: ReadableSpan[], done: Done) {
      waiting -= spans.length;
      exporter.export(spans, (result) => {
        if (result.code === success) count('exported', spans.length);
        else {
          count('failed', spans.length);
          if (performance.now() - warnedAt > warnEveryMs) {
            warnedAt = performance.now();
            log.warn('spans could not be sent', {
              to: `${origin}${pathname}`,
              spans: spans.length,
              reason: result.error?.message,
            });
          }
        }
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
  const batches = new BatchSpanProcessor({
    exporter: counting,
    scheduledDelayMillis: delayMs,
    exportTimeoutMillis: timeoutMs + afterExporterMs,
    maxQueueSize: queueSize,
    maxExportBatchSize: Math.min(512, queueSize),
  });
  return {
    onStart: (span, context) => batches.onStart(span, context),
    onEnd(span) {
      // The processor drops what has no room as well, but tells nobody.
      if (waiting >= queueSize) return count('dropped', 1);
      waiting += 1;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
}
