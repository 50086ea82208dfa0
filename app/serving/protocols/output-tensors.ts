// What a model answers, as tensors: the same for every protocol that speaks of tensors.
import { likeliestOf, type PredictionRow } from '../../model/prediction.ts';
import type { Label, Model, ModelValue } from '../../model/schema.ts';
import type { Element } from './datatypes.ts';

export interface OutputTensor {
  readonly name: string;
  readonly datatype: string;
  /** Numbers for one record. */
  readonly width: number;
  /** The elements of all rows, row after row. */
  elements(rows: readonly PredictionRow[]): Element[];
  /** The same from the numbers of the engine, which are finite. @returns the array itself where they are the tensor. */
  elementsOf(answers: Float32Array, rows: number): Element[] | Float32Array;
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
  if (model.task === 'regression') return [column('value', 'FP64', scaledBack(model.value))];
  const labels = model.classes.map(({ label }) => label);
  const width = labels.length;
  const fields = model.classes.map(({ slug }) => `p_${slug}`);
  return [
    column('label', labelDatatype(labels), (answers, row) => labels[likeliestOf(answers, row * width, width)] as Label),
    column(
      'confidence',
      'FP32',
      (answers, row) => answers[row * width + likeliestOf(answers, row * width, width)] ?? 0,
    ),
    {
      name: 'probabilities',
      datatype: 'FP32',
      width,
      elementsOf: (answers, rows) => answers.subarray(0, rows * width),
      elements(rows) {
        const elements: Element[] = [];
        for (const row of rows) for (const field of fields) elements.push(row[field] as Element);
        return elements;
      },
    },
  ];
}

function column(name: string, datatype: string, one: (answers: Float32Array, row: number) => Element): OutputTensor {
  return {
    name,
    datatype,
    width: 1,
    elements: (rows) => rows.map((row) => row[name] as Element),
    elementsOf(answers, rows) {
      const elements: Element[] = [];
      for (let row = 0; row < rows; row++) elements.push(one(answers, row));
      return elements;
    },
  };
}

function scaledBack({ mean, std }: ModelValue) {
  return (answers: Float32Array, row: number) => (answers[row] ?? Number.NaN) * std + mean;
}

function labelDatatype(labels: readonly unknown[]): string {
  if (labels.every((label) => Number.isSafeInteger(label))) return 'INT64';
  if (labels.every((label) => typeof label === 'number')) return 'FP64';
  return labels.every((label) => typeof label === 'boolean') ? 'BOOL' : 'BYTES';
}
