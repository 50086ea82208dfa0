// From the numbers a network answers to the row a person gets.
import type { Label, Model } from './schema.ts';

/** `label`, `confidence` and one `p_<class>` each for a classifier; `value` for a regressor. */
export type PredictionRow = Readonly<Record<string, Label>>;

export interface Outputs {
  /** How many numbers the network answers for one record. */
  readonly width: number;
  /** Names of the numbers in a row that must be finite, in order. */
  readonly fields: readonly string[];
  /** @returns the row; `undefined` when a number in it is not finite, which JSON can't say. */
  row(values: Float32Array, offset: number): PredictionRow | undefined;
}

export function outputsOf(model: Model): Outputs {
  if (model.task === 'regression') {
    const { mean, std } = model.value;
    return {
      width: 1,
      fields: ['value'],
      row(values, offset) {
        const value = (values[offset] ?? Number.NaN) * std + mean;
        return Number.isFinite(value) ? { value } : undefined;
      },
    };
  }
  const { classes } = model;
  const fields = classes.map(({ slug }) => `p_${slug}`);
  return {
    width: classes.length,
    fields,
    row(values, offset) {
      let best = 0;
      const probabilities: Record<string, number> = {};
      for (const [index, field] of fields.entries()) {
        const probability = values[offset + index] ?? Number.NaN;
        if (!Number.isFinite(probability)) return undefined;
        probabilities[field] = probability;
        if (probability > (values[offset + best] ?? 0)) best = index;
      }
      return { label: classes[best]?.label ?? '', confidence: values[offset + best] ?? 0, ...probabilities };
    },
  };
}
