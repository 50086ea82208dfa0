// What Prometheus can ask about this process. Every label value comes from configuration, never from a request: the number of series is bounded.
import type { Registry } from 'prom-client';
import type { AppErrorCode } from '../../model/errors.ts';
import type { PredictionRow } from '../../model/prediction.ts';
import type { RowNote } from '../answer-text.ts';
import type { CacheCells } from '../cache/answer-cache.ts';
import type { Identity } from '../identity.ts';
import type { ShedReason } from '../overload.ts';
import type { Predictor } from '../predictor.ts';
import { type CounterCell, Counters, type Family, type HistogramCell, Histograms, type Value } from './cells.ts';

export interface Metrics {
  readonly contentType: string;
  /** The exposition text: of all processes of this service where there are several. */
  text(): Promise<string>;
  /** This process's own, as prom-client's aggregation takes them. */
  own(): Promise<object[]>;
  /** @param route the route's pattern, not the path that was asked for. */
  request(method: string, route: string, status: number, seconds: number): void;
  prediction(predictor: Predictor, rows: readonly PredictionRow[], seconds: number): void;
  /** The same for who has no objects: a request that was answered, and what to call for each of its rows. */
  answered(predictor: Predictor, rows: number, seconds: number): void;
  noteOf(predictor: Predictor): RowNote;
  refusal(predictor: Predictor | undefined, code: AppErrorCode): void;
  shed(reason: ShedReason): void;
  /** Of OpenTelemetry. */
  spans(outcome: SpanOutcome, count: number): void;
  /** Counted from now on, for the answer cache where there is one. */
  answerCache(kind: 'prediction' | 'explanation'): CacheCells;
  loaded(predictors: readonly Predictor[], identity: Identity): void;
}

/** `failed`: the collector did not take them; `dropped`: too many waited for it. */
export type SpanOutcome = 'exported' | 'failed' | 'dropped';

export interface MetricsSources {
  readonly inFlight: () => number;
  /** Sums over processes; absent in a service of one. */
  readonly overall?: (() => Promise<string>) | undefined;
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
const contentType = 'text/plain; version=0.0.4; charset=utf-8';

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export function createMetrics({ inFlight, overall }: MetricsSources = { inFlight: () => 0 }): Metrics {
  const families: Family[] = [];
  const add = <F extends Family>(family: F): F => {
    families.push(family);
    return family;
  };
  const counters = (name: string, help: string) => add(new Counters({ name, help }));
  const histograms = (name: string, help: string, bounds: readonly number[]) =>
    add(new Histograms({ name, help }, bounds));

  const http = histograms(
    'http_request_duration_seconds',
    'From the request line to the end of the answer',
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  );
  const requests = counters(
    'inference_requests_total',
    'Inference requests by outcome; reason is the error code, or none',
  );
  const rowsTotal = counters('inference_rows_total', 'Records predicted');
  const executions = counters('inference_executions_total', 'Runs of the engine');
  const compute = histograms(
    'inference_compute_seconds',
    'Validation, preprocessing and the engine, for one request',
    [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.1],
  );
  const batch = histograms(
    'inference_batch_size',
    'Records in one run of the engine',
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024],
  );
  const confidence = histograms(
    'prediction_confidence',
    'Probability of the predicted class',
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1],
  );
  const classes = counters('prediction_class_total', 'Predictions by class');
  const shed = counters('requests_shed_total', 'Predictions refused because too many came at once');
  const shedCells: Record<ShedReason, CounterCell> = {
    'in-flight': shed.cell({ reason: 'in-flight' }),
    'event-loop': shed.cell({ reason: 'event-loop' }),
  };
  add({
    name: 'inference_requests_in_flight',
    help: 'Predictions begun and not answered',
    type: 'gauge',
    values: () => [{ labels: {}, value: inFlight() }],
  });
  const built = new Map<string, Value>();
  add({
    name: 'build_info',
    help: 'Always 1; the labels say what runs',
    type: 'gauge',
    aggregator: 'first',
    values: () => [...built.values()],
  });
  let loading: Promise<Registry> | undefined;
  const registry = () => {
    loading ??= import('./exposition.ts').then(({ registryOf }) => registryOf(families));
    return loading;
  };

  const spans = counters('trace_spans_total', 'Spans of sampled requests, by what became of them');
  const lookups = counters(
    'answer_cache_lookups_total',
    'Answers looked for in the answer cache; none where it is off',
  );
  const evictions = counters('answer_cache_evictions_total', 'Answers that made room for newer ones');
  const spanCells = new Map<SpanOutcome, CounterCell>();
  const httpCells = new Map<string, HistogramCell>();
  const refusals = new Map<string, CounterCell>();
  type PredictorCells = ReturnType<typeof predictorCells>;
  /** By name and version: a model that comes back is counted where it was. */
  const cellsCalled = new Map<string, PredictorCells>();
  /** The same, found without making a text for each request. */
  const cellsOf = new WeakMap<Predictor, PredictorCells>();
  function predictorCells(predictor: Predictor) {
    const labels = labelsOf(predictor);
    const { model } = predictor;
    const perClass = new Map<unknown, CounterCell>();
    if (model.task === 'classification') {
      for (const { label, slug } of model.classes) perClass.set(label, classes.cell({ ...labels, class: slug }));
    }
    const confidences = model.task === 'classification' ? confidence.cell(labels) : undefined;
    const note: RowNote = (label, value) => {
      if (value !== undefined) confidences?.observe(value);
      const cell = perClass.get(label);
      if (cell !== undefined) cell.value += 1;
    };
    return {
      note,
      answered: requests.cell({ ...labels, outcome: 'answered', reason: 'none' }),
      rows: rowsTotal.cell(labels),
      executions: executions.cell(labels),
      compute: compute.cell(labels),
      batch: batch.cell(labels),
    };
  }
  function cellsFor(predictor: Predictor) {
    let cells = cellsOf.get(predictor);
    if (cells === undefined) {
      const called = `${predictor.model.name} ${predictor.version}`;
      cells = cellsCalled.get(called) ?? predictorCells(predictor);
      cellsCalled.set(called, cells);
      cellsOf.set(predictor, cells);
    }
    return cells;
  }

  return {
    contentType,
    text: overall ?? (async () => (await registry()).metrics()),
    own: async () => (await registry()).getMetricsAsJSON(),
    request(method, route, status, seconds) {
      const key = `${method} ${route} ${status}`;
      let cell = httpCells.get(key);
      if (cell === undefined) {
        const known = knownMethods.has(method) ? method : 'other';
        // A method that nobody knows is counted with the others of its kind: made-up ones make no series.
        if (known === 'other' && method !== 'other') return this.request('other', route, status, seconds);
        cell = http.cell({ method: known, route, status });
        httpCells.set(key, cell);
      }
      cell.observe(seconds);
    },
    prediction(predictor, rows, seconds) {
      this.answered(predictor, rows.length, seconds);
      if (predictor.model.task !== 'classification') return;
      const note = this.noteOf(predictor);
      for (const row of rows) note(row.label, Number(row.confidence));
    },
    answered(predictor, rows, seconds) {
      const cells = cellsFor(predictor);
      cells.answered.value += 1;
      cells.rows.value += rows;
      cells.executions.value += 1;
      cells.compute.observe(seconds);
      cells.batch.observe(rows);
    },
    noteOf: (predictor) => cellsFor(predictor).note,
    refusal(predictor, code) {
      const labels = predictor === undefined ? { model: 'none', version: 'none' } : labelsOf(predictor);
      const key = `${labels.model} ${labels.version} ${code}`;
      let cell = refusals.get(key);
      if (cell === undefined) {
        cell = requests.cell({ ...labels, outcome: code === 'internal' ? 'failed' : 'refused', reason: code });
        refusals.set(key, cell);
      }
      cell.value += 1;
    },
    shed(reason) {
      shedCells[reason].value += 1;
    },
    spans(outcome, count) {
      const cell = spanCells.get(outcome) ?? spans.cell({ outcome });
      spanCells.set(outcome, cell);
      cell.value += count;
    },
    answerCache: (kind) => ({
      hit: lookups.cell({ kind, outcome: 'hit' }),
      miss: lookups.cell({ kind, outcome: 'miss' }),
      eviction: evictions.cell({ kind }),
    }),
    loaded(predictors, { buildId, releaseId }) {
      built.clear();
      for (const { model, digest, engine } of predictors) {
        const labels = {
          version: buildId,
          release: releaseId ?? 'none',
          model: model.name,
          model_sha256: digest.replace('sha256:', ''),
          engine,
        };
        built.set(JSON.stringify(labels), { labels, value: 1 });
      }
    },
  };
}

function labelsOf({ model, version }: Predictor): { model: string; version: string } {
  return { model: model.name, version };
}
