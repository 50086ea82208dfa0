// Counts for the protocol's statistics extension: how often each model answered, and how long that took.
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
import type { Predictor } from '../predictor.ts';

interface Duration {
  count: number;
  ms: number;
}
interface Counts {
  readonly success: Duration;
  readonly fail: Duration;
  readonly input: Duration;
  readonly compute: Duration;
  /** By rows in one run of the engine: at most as many entries as rows are allowed. */
  readonly batches: Map<number, Duration>;
  rows: number;
  lastInference: number;
}

export interface Statistics {
  /** @param inputMs to read the request. @param computeMs to validate, prepare and run. */
  answered(predictor: Predictor, rows: number, inputMs: number, computeMs: number): void;
  failed(predictor: Predictor, ms: number): void;
  /** As the protocol words it; times in nanoseconds. */
  of(predictor: Predictor): object;
}

export function createStatistics(): Statistics {
  const counts = new WeakMap<Predictor, Counts>();
  const countsOf = (predictor: Predictor): Counts => {
    let found = counts.get(predictor);
    if (found === undefined) {
      const none = (): Duration => ({ count: 0, ms: 0 });
      found = {
        success: none(),
        fail: none(),
        input: none(),
        compute: none(),
        batches: new Map(),
        rows: 0,
        lastInference: 0,
      };
      counts.set(predictor, found);
    }
    return found;
  };
  return {
    answered(predictor, rows, inputMs, computeMs) {
      const found = countsOf(predictor);
      add(found.success, inputMs + computeMs);
      add(found.input, inputMs);
      add(found.compute, computeMs);
      let batch = found.batches.get(rows);
      if (batch === undefined) {
        batch = { count: 0, ms: 0 };
        found.batches.set(rows, batch);
      }
      add(batch, computeMs);
      found.rows += rows;
      found.lastInference = Date.now();
    },
    failed(predictor, ms) {
      add(countsOf(predictor).fail, ms);
    },
    of(predictor) {
      const { success, fail, input, compute, batches, rows, lastInference } = countsOf(predictor);
      const nothing = { count: 0, ns: 0 };
      return {
        name: predictor.model.name,
        version: predictor.version,
        last_inference: lastInference,
        inference_count: rows,
        execution_count: success.count,
        inference_stats: {
          success: told(success),
          fail: told(fail),
          queue: nothing,
          compute_input: told(input),
          compute_infer: told(compute),
          compute_output: nothing,
          cache_hit: nothing,
          cache_miss: nothing,
        },
        batch_stats: [...batches]
          .sort(([a], [b]) => a - b)
          .map(([size, duration]) => ({ batch_size: size, compute_infer: told(duration) })),
      };
    },
  };
}

function add(duration: Duration, ms: number): void {
  duration.count++;
  duration.ms += ms;
}

function told({ count, ms }: Duration): { count: number; ns: number } {
  return { count, ns: Math.round(ms * 1e6) };
}
