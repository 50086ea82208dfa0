// What every protocol does with records once it has read them: is it ready, which model, how many, predict, count.
import { AppError } from '../../model/errors.ts';
import type { PredictionRow } from '../../model/prediction.ts';
import type { Life } from '../life.ts';
import type { Metrics } from '../metrics.ts';
import type { Predictor } from '../predictor.ts';

export interface InferenceContext {
  readonly life: Life;
  readonly metrics: Metrics;
  readonly maxRows: number;
}

/**
 * @param name the model asked for; `undefined` for the first by name, which is the only one unless a release bakes several.
 * @param read gives the records; called once the service is known to answer.
 */
export function inference(
  { life, metrics, maxRows }: InferenceContext,
  name: string | undefined,
  read: (predictor: Predictor) => readonly unknown[],
): { predictor: Predictor; rows: PredictionRow[] } {
  let predictor: Predictor | undefined;
  try {
    if (!life.answers)
      throw new AppError('not-ready', `expected a ready service, found one that is not: ${life.reason}`);
    predictor = modelCalled(life, name);
    const records = read(predictor);
    if (records.length === 0) throw new AppError('input-invalid', 'expected at least one record, found none');
    if (records.length > maxRows) {
      throw new AppError(
        'rows-too-many',
        `expected at most ${maxRows} records, found ${records.length}; send them in several requests`,
      );
    }
    const started = process.hrtime.bigint();
    const rows = predictor.predict(records);
    metrics.prediction(predictor, rows, Number(process.hrtime.bigint() - started) / 1e9);
    return { predictor, rows };
  } catch (error) {
    metrics.refusal(predictor, error instanceof AppError ? error.code : 'internal');
    throw error;
  }
}

/** @throws AppError `model-unknown`. */
export function modelCalled(life: Life, name: string | undefined): Predictor {
  const predictor = name === undefined ? life.models[0] : life.models.find(({ model }) => model.name === name);
  if (predictor !== undefined) return predictor;
  const names = life.models.map(({ model }) => model.name).join(', ') || 'none yet';
  throw new AppError('model-unknown', `expected a model of this service (${names}), found another name`);
}
