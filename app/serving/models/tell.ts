// The models as a log line names them.
import { droppedWords, measuredWords, planWords } from '../../engines/choice.ts';
import type { Log } from '../log.ts';
import type { Predictor } from '../predictor.ts';
import type { Served } from './served.ts';

export function tellModels(served: Served): object[] {
  return served.all.map((one) => {
    const { model, digest, engine } = one;
    return { name: model.name, digest, labels: served.labelsOf(one), engine, ...tellChoice(one) };
  });
}

/** Which engine answers how many rows, what was measured, and which gave other answers than training; nothing where there was no choice. */
export function tellChoice({ choice }: Pick<Predictor, 'choice'>): {
  enginePlan?: string;
  engineMeasured?: string;
  enginesDropped?: string;
} {
  if (choice === undefined) return {};
  const { plan, measured, dropped } = choice;
  return {
    enginePlan: planWords(plan),
    engineMeasured: measuredWords(measured),
    ...(dropped.length === 0 ? {} : { enginesDropped: droppedWords(dropped) }),
  };
}

/** A model is served all the same, by a slower engine perhaps: somebody should know. */
export function warnOfDropped(models: readonly Predictor[], log: Log): void {
  for (const one of models) {
    const { enginesDropped: reason } = tellChoice(one);
    if (reason !== undefined) log.warn('engines dropped', { model: one.model.name, engine: one.engine, reason });
  }
}
