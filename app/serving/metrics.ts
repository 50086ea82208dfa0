// What Prometheus can ask about this process. Every label value comes from configuration, never from a request: the number of series is bounded.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AppErrorCode } from '../model/errors.ts';
import type { PredictionRow } from '../model/prediction.ts';
import type { Identity } from './identity.ts';
import type { Predictor } from './predictor.ts';

export interface Metrics {
  readonly contentType: string;
  /** The exposition text. */
  text(): Promise<string>;
  /** @param route the route's pattern, not the path that was asked for. */
  request(method: string, route: string, status: number, seconds: number): void;
  prediction(predictor: Predictor, rows: readonly PredictionRow[], seconds: number): void;
  refusal(predictor: Predictor | undefined, code: AppErrorCode): void;
  loaded(predictors: readonly Predictor[], identity: Identity): void;
}

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const perModel = ['model', 'version'] as const;

export function createMetrics(): Metrics {
  const registers = [new Registry()];
  const [registry = new Registry()] = registers;
  // A sample every 50 ms instead of 10: an idle instance should be idle.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 50 });
  const http = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the request line to the end of the answer',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  });
  const requests = new Counter({
    name: 'inference_requests_total',
    help: 'Inference requests by outcome; reason is the error code, or none',
    labelNames: [...perModel, 'outcome', 'reason'],
    registers,
  });
  const rowsTotal = new Counter({
    name: 'inference_rows_total',
    help: 'Records predicted',
    labelNames: perModel,
    registers,
  });
  const executions = new Counter({
    name: 'inference_executions_total',
    help: 'Runs of the engine',
    labelNames: perModel,
    registers,
  });
  const compute = new Histogram({
    name: 'inference_compute_seconds',
    help: 'Validation, preprocessing and the engine, for one request',
    labelNames: perModel,
    buckets: [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1],
    registers,
  });
  const batch = new Histogram({
    name: 'inference_batch_size',
    help: 'Records in one run of the engine',
    labelNames: perModel,
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
    registers,
  });
  const confidence = new Histogram({
    name: 'prediction_confidence',
    help: 'Probability of the predicted class',
    labelNames: perModel,
    buckets: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1],
    registers,
  });
  const classes = new Counter({
    name: 'prediction_class_total',
    help: 'Predictions by class',
    labelNames: [...perModel, 'class'],
    registers,
  });
  const build = new Gauge({
    name: 'build_info',
    help: 'Always 1; the labels say what runs',
    labelNames: ['version', 'release', 'model', 'model_sha256', 'engine'],
    registers,
  });

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    request(method, route, status, seconds) {
      http.observe({ method: knownMethods.has(method) ? method : 'other', route, status }, seconds);
    },
    prediction(predictor, rows, seconds) {
      const labels = labelsOf(predictor);
      requests.inc({ ...labels, outcome: 'answered', reason: 'none' });
      rowsTotal.inc(labels, rows.length);
      executions.inc(labels);
      compute.observe(labels, seconds);
      batch.observe(labels, rows.length);
      if (predictor.model.task !== 'classification') return;
      const slugs = new Map(predictor.model.classes.map(({ label, slug }) => [label, slug]));
      for (const row of rows) {
        confidence.observe(labels, Number(row.confidence));
        classes.inc({ ...labels, class: slugs.get(row.label ?? '') ?? 'other' });
      }
    },
    refusal(predictor, code) {
      const labels = predictor === undefined ? { model: 'none', version: 'none' } : labelsOf(predictor);
      requests.inc({ ...labels, outcome: code === 'internal' ? 'failed' : 'refused', reason: code });
    },
    loaded(predictors, { buildId, releaseId }) {
      for (const { model, digest, engine } of predictors) {
        build.set(
          {
            version: buildId,
            release: releaseId ?? 'none',
            model: model.name,
            model_sha256: digest.replace('sha256:', ''),
            engine,
          },
          1,
        );
      }
    },
  };
}

function labelsOf({ model, version }: Predictor): { model: string; version: string } {
  return { model: model.name, version };
}
