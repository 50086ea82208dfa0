// What a model answers, as tensors: the same for every protocol that speaks of tensors.
import type { PredictionRow } from '../../model/prediction.ts';
import type { Model } from '../../model/schema.ts';
import type { Element } from './datatypes.ts';

export interface OutputTensor {
  readonly name: string;
  readonly datatype: string;
  /** Numbers for one record. */
  readonly width: number;
  /** The elements of all rows, row after row. */
  elements(rows: readonly PredictionRow[]): Element[];
}

const made = new WeakMap<Model, readonly OutputTensor[]>();

export function outputTensorsOf(model: Model): readonly OutputTensor[] {
  const known = made.get(model);
  if (known !== undefined) return known;
  const tensors = make(model);
  made.set(model, tensors);
  return tensors;
}

function make(model: Model): readonly OutputTensor[] {
  if (model.task === 'regression') return [column('value', 'FP64')];
  const fields = model.classes.map(({ slug }) => `p_${slug}`);
  return [
    column('label', labelDatatype(model.classes.map(({ label }) => label))),
    column('confidence', 'FP32'),
    {
      name: 'probabilities',
      datatype: 'FP32',
      width: fields.length,
      elements(rows) {
        const elements: Element[] = [];
        for (const row of rows) for (const field of fields) elements.push(row[field] as Element);
        return elements;
      },
    },
  ];
}

function column(name: string, datatype: string): OutputTensor {
  return { name, datatype, width: 1, elements: (rows) => rows.map((row) => row[name] as Element) };
}

function labelDatatype(labels: readonly unknown[]): string {
  if (labels.every((label) => Number.isSafeInteger(label))) return 'INT64';
  if (labels.every((label) => typeof label === 'number')) return 'FP64';
  return labels.every((label) => typeof label === 'boolean') ? 'BOOL' : 'BYTES';
}
