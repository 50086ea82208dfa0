// Moving a label: the version it means from now on is one that is served, so that it can answer at once.
import { AppError } from '../../model/errors.ts';
import { labelCalled, type ModelLabel, modelLabels } from '../../model/labels.ts';
import { modelCalled } from './called.ts';
import type { Served } from './served.ts';

export interface LabelMove {
  readonly model: string;
  readonly label: ModelLabel;
  readonly version: string;
}

/** @param label one of the words for it. @throws AppError `input-invalid` for a word that is no label. */
export function labelMove(model: string, label: string, version: unknown): LabelMove {
  const meant = labelCalled(label);
  if (meant === undefined)
    throw new AppError('input-invalid', `expected a label, one of ${modelLabels.join(', ')}, found another word`);
  if (typeof version !== 'string')
    throw new AppError('input-invalid', 'expected {"version": "<one that is served>"}, found something else');
  return { model, label: meant, version };
}

/** @throws AppError `model-unknown` for a version that is not served. */
export function moved(served: Served, { model, label, version }: LabelMove): Served {
  return served.moved(label, modelCalled(served, { name: model, version }));
}

/** The labels that were moved while `loading` was made of what is stated: they stay where they were moved to, as far as that is served still. */
export function keepingMoves(before: Served, now: Served, loading: Served): Served {
  let kept = loading;
  for (const model of loading.names) {
    for (const label of modelLabels) {
      const meant = now.labelled(model, label);
      if (meant === undefined || meant === before.labelled(model, label)) continue;
      const same = loading.versionsOf(model).find(({ digest }) => digest === meant.digest);
      if (same !== undefined) kept = kept.moved(label, same);
    }
  }
  return kept;
}
