// What an explanation needs of each loaded model beside its predictor: asked for by few, so that it is no part of it.
import type { Engine } from '../../engines/engine.ts';
import type { AnswerCache } from '../cache/answer-cache.ts';
import type { Explanation } from '../explain/explain.ts';
import type { Predictor } from '../predictor.ts';

export interface Explainable {
  /** The reference profile, unread. */
  readonly profile: string;
  /** Without a cache: the rows in between are nobody's. */
  readonly engine: Engine;
  readonly cache: AnswerCache<Explanation> | undefined;
}

const kept = new WeakMap<Predictor, Explainable>();

export function keepExplainable(predictor: Predictor, explainable: Explainable): void {
  kept.set(predictor, explainable);
}

export function explainableOf(predictor: Predictor): Explainable {
  const found = kept.get(predictor);
  if (found === undefined) throw new Error(`expected ${predictor.model.name} to be loaded by loadModels`);
  return found;
}
