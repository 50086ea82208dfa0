// Reads the tensors of an Open Inference request into records, and says everything that is wrong with them.
import { describe, type Fields, isFields } from '../../model/document.ts';
import { AppError } from '../../model/errors.ts';
import type { Model, ModelInput } from '../../model/schema.ts';

export interface ReadTensors {
  readonly id: string | undefined;
  readonly records: readonly Record<string, unknown>[];
  /** Names of the outputs to answer. */
  readonly outputs: readonly string[];
}

const numericDatatypes = /^(FP(16|32|64)|U?INT(8|16|32|64))$/;

/** @param maxRows no record beyond it is built: a shape may claim any number. @throws AppError `input-invalid`. */
export function readTensors(body: unknown, model: Model, outputNames: readonly string[], maxRows: number): ReadTensors {
  if (!isFields(body) || !Array.isArray(body.inputs) || body.inputs.length === 0) {
    throw refused([`expected an object with \`inputs\`, a list of tensors, found ${describe(body)}`], model);
  }
  const faults: string[] = [];
  const columns = new Map<string, readonly unknown[]>();
  for (const tensor of body.inputs) {
    const input = isFields(tensor) ? model.inputs.find(({ name }) => name === tensor.name) : undefined;
    if (input === undefined) faults.push(`unknown input ${describe(isFields(tensor) ? tensor.name : tensor)}`);
    else if (columns.has(input.name)) faults.push(`\`${input.name}\`: expected one tensor, found two`);
    else columns.set(input.name, readColumn(tensor as Fields, input, faults));
  }
  const rows = Math.max(0, ...[...columns.values()].map((column) => column.length));
  for (const [name, column] of columns) {
    if (column.length !== rows)
      faults.push(`\`${name}\`: expected ${rows} rows as in the other inputs, found ${column.length}`);
  }
  const outputs = readOutputs(body.outputs, outputNames, faults);
  if (faults.length > 0) throw refused(faults, model);
  if (rows > maxRows) {
    throw new AppError(
      'rows-too-many',
      `expected at most ${maxRows} rows, found ${rows}; send them in several requests`,
    );
  }
  const records = Array.from({ length: rows }, (_, row) =>
    Object.fromEntries([...columns].map(([name, column]) => [name, column[row]])),
  );
  return { id: typeof body.id === 'string' ? body.id : undefined, records, outputs };
}

function readColumn(tensor: Fields, input: ModelInput, faults: string[]): readonly unknown[] {
  const { datatype, shape, data } = tensor;
  const found = faults.length;
  const isExpectedType = input.kind === 'categorical' ? datatype === 'BYTES' : numericDatatypes.test(String(datatype));
  if (!isExpectedType) {
    const expected = input.kind === 'categorical' ? 'BYTES' : 'a numeric datatype such as FP64';
    faults.push(`\`${input.name}\`: expected ${expected}, found ${describe(datatype)}`);
  }
  const isColumn =
    Array.isArray(shape) &&
    Number.isInteger(shape[0]) &&
    (shape.length === 1 || (shape.length === 2 && shape[1] === 1));
  if (!isColumn)
    faults.push(`\`${input.name}\`: expected shape [rows] or [rows, 1], found ${describe(JSON.stringify(shape))}`);
  if (!Array.isArray(data)) {
    faults.push(`\`${input.name}\`: expected \`data\` as a JSON array, found ${describe(data)}`);
    return [];
  }
  const values = data.every((value) => Array.isArray(value) && value.length === 1) ? data.flat() : data;
  if (isColumn && values.length !== shape[0]) {
    faults.push(`\`${input.name}\`: expected ${shape[0]} values, as its shape says, found ${values.length}`);
  }
  const isWhole = String(datatype).includes('INT');
  const unsafe = isWhole
    ? values.find((value) => typeof value === 'number' && !Number.isSafeInteger(value))
    : undefined;
  if (unsafe !== undefined)
    faults.push(`\`${input.name}\`: expected whole numbers up to 2^53, found ${describe(unsafe)}`);
  return faults.length === found ? values : [];
}

function readOutputs(given: unknown, known: readonly string[], faults: string[]): readonly string[] {
  if (given === undefined) return known;
  const names = Array.isArray(given) ? given.map((output) => (isFields(output) ? output.name : output)) : [given];
  for (const name of names) {
    if (!known.includes(String(name)))
      faults.push(`\`outputs\`: expected some of ${known.join(', ')}, found ${describe(name)}`);
  }
  return names.map(String);
}

function refused(faults: readonly string[], model: Model): AppError {
  const shown = faults.slice(0, 10).join('; ');
  return new AppError('input-invalid', `${shown}. What the model takes: GET /v2/models/${model.name}`);
}
