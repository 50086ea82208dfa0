// The models as a log line names them.
import { measuredWords, planWords } from '../../engines/choice.ts';
import type { Predictor } from '../predictor.ts';
import type { Served } from './served.ts';

export function tellModels(served: Served): object[] {
  return served.all.map((one) => {
    const { model, digest, engine } = one;
    return { name: model.name, digest, labels: served.labelsOf(one), engine, ...tellChoice(one) };
  });
}

/** Which engine answers how many rows, and what was measured; nothing where there was no choice. */
export function tellChoice({ choice }: Pick<Predictor, 'choice'>): { enginePlan?: string; engineMeasured?: string } {
  if (choice === undefined) return {};
  return { enginePlan: planWords(choice.plan), engineMeasured: measuredWords(choice.measured) };
}
