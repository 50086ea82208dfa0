// The two caches of a process: predictions, a row each, and explanations, which cost thousands of rows each.
import type { Explanation } from '../explain/explain.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { AnswerCache } from './answer-cache.ts';

export interface AnswerCaches {
  readonly predictions: AnswerCache<Float32Array>;
  readonly explanations: AnswerCache<Explanation>;
}

/** @param entries of each, at least 1. */
export function answerCaches(entries: number, metrics: Pick<Metrics, 'answerCache'>): AnswerCaches {
  return {
    predictions: new AnswerCache(entries, metrics.answerCache('prediction')),
    explanations: new AnswerCache(entries, metrics.answerCache('explanation')),
  };
}
