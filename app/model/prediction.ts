// From the numbers a network answers to the row a person gets.
import type { Label, Model } from './schema.ts';

/** `label`, `confidence` and one `p_<class>` each for a classifier; `value` for a regressor. */
export type PredictionRow = Readonly<Record<string, Label>>;

export interface Outputs {
  /** How many numbers the network answers for one record. */
  readonly width: number;
  /** Names of the numbers in a row that must be finite, in order. */
  readonly fields: readonly string[];
  /** Whether JSON can say every number of the row. */
  isFinite(values: Float32Array, offset: number): boolean;
  /** @returns the row; `undefined` when a number in it is not finite, which JSON can't say. */
  row(values: Float32Array, offset: number): PredictionRow | undefined;
}

export function outputsOf(model: Model): Outputs {
  if (model.task === 'regression') {
    const { mean, std } = model.value;
    return {
      width: 1,
      fields: ['value'],
      isFinite: (values, offset) => Number.isFinite((values[offset] ?? Number.NaN) * std + mean),
      row(values, offset) {
        const value = (values[offset] ?? Number.NaN) * std + mean;
        return Number.isFinite(value) ? { value } : undefined;
      },
    };
  }
  const { classes } = model;
  const fields = classes.map(({ slug }) => `p_${slug}`);
  const width = classes.length;
  return {
    width,
    fields,
    isFinite(values, offset) {
      for (let at = offset; at < offset + width; at++) if (!Number.isFinite(values[at])) return false;
      return true;
    },
    row(values, offset) {
      const best = likeliestOf(values, offset, width);
      const probabilities: Record<string, number> = {};
      for (const [index, field] of fields.entries()) {
        const probability = values[offset + index] ?? Number.NaN;
        if (!Number.isFinite(probability)) return undefined;
        probabilities[field] = probability;
      }
      return { label: classes[best]?.label ?? '', confidence: values[offset + best] ?? 0, ...probabilities };
    },
  };
}

/** @returns which of the classes, the first where several are as likely. */
export function likeliestOf(values: Float32Array, offset: number, width: number): number {
  let best = 0;
  let highest = values[offset] ?? Number.NaN;
  for (let index = 1; index < width; index++) {
    const one = values[offset + index] ?? Number.NaN;
    if (one > highest) {
      best = index;
      highest = one;
    }
  }
  return best;
}
