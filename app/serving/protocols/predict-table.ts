// From columns to the engine's numbers without an object a row.
import { likeliestOf } from '../../model/prediction.ts';
import type { RowNote } from '../answer-text.ts';
import { blockRows } from '../batcher.ts';
import type { Blocks, Predictor } from '../predictor.ts';
import { recordsOf, type Table } from './tensors.ts';

/**
 * @param deadline by `performance.now()`. @returns finite answers, the caller's own.
 * @throws AppError `input-invalid` with what is wrong with which record; `overloaded`, `deadline-exceeded`.
 */
export async function predictTable(
  { writeColumns, read, run, check, batcher, joins, inputWidth, outputWidth }: Omit<Blocks, 'write' | 'text'>,
  table: Table,
  deadline: number,
): Promise<Float32Array> {
  const { rows, columns } = table;
  let inputs: Float32Array = new Float32Array(rows * inputWidth);
  // What is not plain is looked at record by record: it is taken after all, or refused in the words for records.
  if (!writeColumns(columns, rows, inputs)) inputs = await read(recordsOf(table));
  const answers =
    rows > blockRows || joins
      ? await batcher.submit(inputs, rows, deadline)
      : run(inputs, rows).slice(0, rows * outputWidth);
  check(answers, rows);
  return answers;
}

export function noteRows(note: RowNote, answers: Float32Array, { model }: Pick<Predictor, 'model'>): void {
  if (model.task !== 'classification') return;
  const labels = model.classes.map(({ label }) => label);
  const width = labels.length;
  for (let offset = 0; offset < answers.length; offset += width) {
    const best = likeliestOf(answers, offset, width);
    note(labels[best], answers[offset + best]);
  }
}
