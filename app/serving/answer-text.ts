// Prediction rows as JSON text, straight from the numbers of the engine: what `JSON.stringify` would say, without the objects between.
import { randomUUID } from 'node:crypto';
import type { Label, Model } from '../model/schema.ts';

export interface AnswerText {
  /** Before the first row, and after the last one; rows stand between them with commas. */
  readonly opening: string;
  readonly closing: string;
  /**
   * The rows `from` to `to`, each with an id of its own. @param note told the class and confidence of each.
   * @returns `undefined` when a number in them is not finite, which JSON can't say.
   */
  rows(values: Float32Array, from: number, to: number, note?: RowNote): string | undefined;
}

/** @param confidence `undefined` for a regression. */
export type RowNote = (label: Label | undefined, confidence: number | undefined) => void;

export function answerTextOf(model: Model, version: string, digest: string): AnswerText {
  return {
    opening: `{"model":${JSON.stringify({ name: model.name, version, digest })},"predictions":[`,
    closing: ']}',
    rows: model.task === 'regression' ? valueRows(model.value) : classRows(model.classes),
  };
}

function valueRows({ mean, std }: { readonly mean: number; readonly std: number }): AnswerText['rows'] {
  return (values, from, to, note) => {
    let text = '';
    for (let row = from; row < to; row++) {
      const value = (values[row] ?? Number.NaN) * std + mean;
      if (!Number.isFinite(value)) return undefined;
      text += `${row > from ? ',' : ''}{"predictionId":"${randomUUID()}","value":${value}}`;
      note?.(undefined, undefined);
    }
    return text;
  };
}

function classRows(classes: readonly { readonly label: Label; readonly slug: string }[]): AnswerText['rows'] {
  const width = classes.length;
  const labels = classes.map(({ label }) => `","label":${JSON.stringify(label)},"confidence":`);
  const names = classes.map(({ slug }) => `,${JSON.stringify(`p_${slug}`)}:`);
  return (values, from, to, note) => {
    let text = '';
    for (let row = from; row < to; row++) {
      const offset = row * width;
      let best = 0;
      let highest = values[offset] ?? Number.NaN;
      let probabilities = '';
      for (let index = 0; index < width; index++) {
        const probability = values[offset + index] ?? Number.NaN;
        if (!Number.isFinite(probability)) return undefined;
        if (probability > highest) {
          best = index;
          highest = probability;
        }
        probabilities += `${names[index]}${probability}`;
      }
      text += `${row > from ? ',' : ''}{"predictionId":"${randomUUID()}${labels[best]}${highest}${probabilities}}`;
      note?.(classes[best]?.label, highest);
    }
    return text;
  };
}
