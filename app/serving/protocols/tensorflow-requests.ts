// Reads the bodies of TensorFlow Serving's REST API into records: rows, columns, examples.
// https://www.tensorflow.org/tfx/serving/api_rest
import { describe, type Fields, isFields } from '../../model/document.ts';
import { AppError } from '../../model/errors.ts';
import type { Model } from '../../model/schema.ts';
import type { Explained } from '../explain/explaining.ts';
import { type Reading, tooManyRows } from '../http/inference.ts';

/** The one way a model is asked; TensorFlow's own name for it. */
export const signature = 'serving_default';
/** TensorFlow's names for its methods, which the documented calls give as signatures too. */
const methods: readonly string[] = ['predict', 'classify', 'regress'].map((verb) => `tensorflow/serving/${verb}`);

export interface PredictReading extends Reading {
  readonly form: 'rows' | 'columns';
}

/** `:predict`. @throws AppError `input-invalid`, `rows-too-many`. */
export function readPredict(body: Fields, model: Model, maxRows: number): PredictReading {
  checkSignature(body);
  const { instances, inputs } = body;
  if ((instances === undefined) === (inputs === undefined)) {
    throw invalid(
      `expected either \`instances\`, a list of rows, or \`inputs\`, columns by name, found ${instances === undefined ? 'none' : 'both'} of them`,
    );
  }
  if (inputs !== undefined) return { form: 'columns', records: rowsOf(inputs, model, maxRows) };
  if (!Array.isArray(instances)) throw invalid(`\`instances\`: expected a list of rows, found ${describe(instances)}`);
  if (instances.length > maxRows) throw tooManyRows(maxRows, instances.length);
  return { form: 'rows', records: instances.map((row: unknown) => recordOf(row, model)) };
}

export interface ExplainReading extends Reading {
  readonly explained?: Explained;
}

/** Records in one `:explain`: each is thousands of rows for the engine. */
export const mostExplained = 16;

/** `:explain`, KServe's: rows as for `:predict`. @throws AppError `input-invalid`, `rows-too-many`. */
export function readExplain(body: Fields, model: Model, maxRows: number): ExplainReading {
  const reading = readPredict(body, model, maxRows);
  if (reading.form === 'columns') throw invalid('`inputs`: expected `instances`, a list of rows, to explain each');
  return reading;
}

/** `:classify` and `:regress`. @throws AppError `input-invalid`, `rows-too-many`. */
export function readExamples(body: Fields, maxRows: number): Reading {
  checkSignature(body);
  const { context = {}, examples } = body;
  if (!isFields(context)) throw invalid(`\`context\`: expected an object of named fields, found ${describe(context)}`);
  if (!Array.isArray(examples)) throw invalid(`\`examples\`: expected a list of records, found ${describe(examples)}`);
  if (examples.length > maxRows) throw tooManyRows(maxRows, examples.length);
  const records = examples.map((example: unknown, index) => {
    if (!isFields(example))
      throw invalid(`record ${index}: expected an object of named fields, found ${describe(example)}`);
    const twice = Object.keys(context).find((name) => Object.hasOwn(example, name));
    if (twice !== undefined)
      throw invalid(`record ${index}: expected ${describe(twice)} in \`context\` or in the example, found it in both`);
    return scalars({ ...context, ...example });
  });
  return { records };
}

function checkSignature({ signature_name: name }: Fields): void {
  if (name === undefined || name === '' || name === signature || methods.includes(String(name))) return;
  throw invalid(`\`signature_name\`: expected ${signature}, the only one, found ${describe(name)}`);
}

/** A row: named fields, all values in the order of the model's inputs, or the value of the only one. */
function recordOf(row: unknown, { inputs }: Model): unknown {
  if (isFields(row)) return scalars(row);
  const [first] = inputs;
  if (!Array.isArray(row)) return inputs.length === 1 && first !== undefined ? { [first.name]: row } : row;
  if (row.length !== inputs.length)
    throw invalid(`expected rows of ${inputs.length} values, one for each input in order, found one of ${row.length}`);
  return Object.fromEntries(inputs.map(({ name }, index) => [name, scalar(row[index])]));
}

function rowsOf(columns: unknown, { inputs }: Model, maxRows: number): readonly unknown[] {
  const [first] = inputs;
  const named = isFields(columns) || inputs.length > 1 || first === undefined ? columns : { [first.name]: columns };
  if (!isFields(named)) throw invalid(`\`inputs\`: expected an object of named columns, found ${describe(columns)}`);
  const entries = Object.entries(named);
  const faults: string[] = [];
  let rows: number | undefined;
  for (const [name, column] of entries) {
    if (!Array.isArray(column)) faults.push(`${describe(name)}: expected a list of values, found ${describe(column)}`);
    else {
      rows ??= column.length;
      if (column.length !== rows)
        faults.push(`${describe(name)}: expected ${rows} rows as in the other inputs, found ${column.length}`);
    }
  }
  if (faults.length > 0) throw invalid(faults.slice(0, 10).join('; '));
  if (rows !== undefined && rows > maxRows) throw tooManyRows(maxRows, rows);
  return Array.from({ length: rows ?? 0 }, (_, row) =>
    Object.fromEntries(entries.map(([name, column]) => [name, scalar((column as unknown[])[row])])),
  );
}

function scalars(record: Fields): Fields {
  for (const value of Object.values(record)) {
    if (Array.isArray(value))
      return Object.fromEntries(Object.entries(record).map(([name, one]) => [name, scalar(one)]));
  }
  return record;
}

/** A tensor with one element may be written with or without its brackets. */
function scalar(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

function invalid(message: string): AppError {
  return new AppError('input-invalid', message);
}
