// The two caches of a process: predictions, a row each, and explanations, which cost thousands of rows each.
import type { Explanation } from '../explain/explain.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { AnswerCache } from './answer-cache.ts';

export interface AnswerCaches {
  readonly predictions: AnswerCache<Float32Array>;
  readonly explanations: AnswerCache<Explanation>;
}

/** Of each: beside the model it leaves room in the smallest instance. */
const mostBytes = 64 * 2 ** 20;

/** @param entries of each, at least 1. */
export function answerCaches(entries: number, metrics: Pick<Metrics, 'answerCache'>): AnswerCaches {
  return {
    predictions: new AnswerCache(
      { entries, bytes: mostBytes, bytesOf: (row) => row.byteLength },
      metrics.answerCache('prediction'),
    ),
    // An explanation takes about as much as its text.
    explanations: new AnswerCache(
      { entries, bytes: mostBytes, bytesOf: (one) => JSON.stringify(one).length },
      metrics.answerCache('explanation'),
    ),
  };
}
