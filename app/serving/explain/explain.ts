// Why a model answers a record as it does: what each field adds to the answer, beside a record that is typical of the training data.
import { AppError } from '../../model/errors.ts';
import { type FeatureRecord, featuresOf, widthOf } from '../../model/features.ts';
import type { PredictionRow } from '../../model/prediction.ts';
import { parseProfile, typicalRecord } from '../../model/profile.ts';
import { randomFrom } from '../../model/random.ts';
import type { Label } from '../../model/schema.ts';
import { Batcher, blockRows } from '../batcher.ts';
import { rowKey } from '../cache/answer-cache.ts';
import type { Predictor } from '../predictor.ts';
import { planOf } from './shapley.ts';

/** Rows of the engine for one record: all sets of up to 13 fields. */
const mostEvaluations = 8192;
/** One for all: the same record has the same explanation wherever it is asked for. */
const seed = 1;

export interface Explanation {
  /** The field of the prediction that is explained: the likeliest class's probability, or the value. */
  readonly output: string;
  /** Of a classifier: the class. */
  readonly label?: Label;
  readonly prediction: number;
  /** The answer to the typical record. */
  readonly baseline: number;
  /** By field. They add up to `prediction - baseline`. */
  readonly contributions: Readonly<Record<string, number>>;
}

export interface Explainer {
  readonly method: {
    readonly name: 'baseline-shapley';
    readonly kind: 'exact' | 'sampled';
    readonly evaluations: number;
    readonly seed: number;
    readonly baseline: FeatureRecord;
  };
  /**
   * One at a time: a block of rows, then a turn for the event loop.
   * @param row what the model answers to the record. @param deadline by `performance.now()`.
   * @throws AppError `input-invalid` where a record in between has no finite answer; `deadline-exceeded`.
   */
  explain(record: unknown, row: PredictionRow, deadline: number): Promise<Explanation>;
}

export function explainerFor(predictor: Predictor): Explainer {
  const { model, digest } = predictor;
  const { engine, profile, cache } = predictor.explainable;
  const { inputWidth, outputWidth } = engine;
  const batcher = new Batcher({ inputWidth, outputWidth, run: (inputs, rows) => engine.run(inputs, rows) });
  const features = featuresOf(model.inputs);
  const names = model.inputs.map(({ name }) => name);
  const ends: number[] = [];
  for (const input of model.inputs) ends.push((ends.at(-1) ?? 0) + widthOf(input));
  const baseline = typicalRecord(model.inputs, parseProfile(profile));
  const typical = vectorOf(baseline);
  const plan = planOf(names.length, mostEvaluations, randomFrom(seed));

  function vectorOf(record: unknown): Float32Array {
    const vector = new Float32Array(inputWidth);
    const [fault] = features.write(record, vector, 0);
    if (fault !== undefined)
      throw new AppError('input-invalid', `expected a record that ${model.name} takes, found: ${fault}`);
    return vector;
  }

  const room = new Float32Array(blockRows * inputWidth);

  /** Fills the room: the record where a set knows the field, the typical one elsewhere. */
  function writeBetween(vector: Float32Array, first: number, sets: number): void {
    for (let set = 0; set < sets; set++) {
      room.set(typical, set * inputWidth);
      let from = 0;
      for (let field = 0; field < names.length; field++) {
        const end = ends[field] ?? inputWidth;
        if (plan.coalitions[(first + set) * names.length + field] === 1)
          room.set(vector.subarray(from, end), set * inputWidth + from);
        from = end;
      }
    }
  }

  function explained(row: PredictionRow) {
    if (model.task === 'regression') {
      const { mean, std } = model.value;
      return { output: 'value', column: 0, scale: (value: number) => value * std + mean };
    }
    const column = model.classes.findIndex(({ label }) => label === row.label);
    const { slug, label } = model.classes[column] ?? { slug: '', label: '' };
    return { output: `p_${slug}`, label, column, scale: (value: number) => value };
  }

  return {
    method: { name: 'baseline-shapley', kind: plan.kind, evaluations: plan.evaluations, seed, baseline },
    async explain(record, row, deadline) {
      const vector = vectorOf(record);
      const key = rowKey(digest, vector, 0, inputWidth);
      const known = cache?.get(key);
      if (known !== undefined) return known;
      const { column, scale, ...what } = explained(row);
      const values = new Float64Array(plan.evaluations);
      for (let first = 0; first < plan.evaluations; first += blockRows) {
        const sets = Math.min(blockRows, plan.evaluations - first);
        writeBetween(vector, first, sets);
        const answers = await batcher.submit(room, sets, deadline);
        for (let set = 0; set < sets; set++)
          values[first + set] = scale(answers[set * outputWidth + column] ?? Number.NaN);
      }
      if (!values.every(Number.isFinite)) {
        throw new AppError(
          'input-invalid',
          'expected finite predictions between the record and a typical one, found others: it is too far from the training data to be explained',
        );
      }
      const contributions = plan.contributions(values);
      const explanation: Explanation = {
        ...what,
        prediction: Number(row[what.output]),
        baseline: values[0] ?? 0,
        contributions: Object.fromEntries(names.map((name, field) => [name, contributions[field] ?? 0])),
      };
      cache?.set(key, explanation);
      return explanation;
    },
  };
}
