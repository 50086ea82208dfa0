// Reads the tensors of an Open Inference request into columns, and says everything that is wrong with them.
import { describe, type Fields, isFields } from '../../model/document.ts';
import { AppError } from '../../model/errors.ts';
import type { Model, ModelInput } from '../../model/schema.ts';
import { tooManyRows } from '../http/inference.ts';
import { fixed, type Numbers, numericDatatypes, readBinary } from './datatypes.ts';

/** Bytes after the JSON of a request, taken by its tensors one after the other. */
export class BinaryTail {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    // Where it begins is the length of a JSON text: moved, so that a tensor's numbers stand where this machine reads them at once.
    this.#bytes = bytes.byteOffset % 8 === 0 || bytes.length === 0 ? bytes : moved(bytes);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  take(size: number): Buffer {
    const from = this.#at;
    this.#at += size;
    return this.#bytes.subarray(from, this.#at);
  }
}

function moved(bytes: Buffer): Buffer {
  const place = new Uint8Array(bytes.length);
  place.set(bytes);
  return Buffer.from(place.buffer);
}

/** A value a row. */
type Column = ArrayLike<unknown>;

/** What a request's tensors hold: of each input that was given as many values as there are rows. */
export interface Table {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, Column>;
}
const nothing: Table = { rows: 0, columns: new Map() };

/** @throws AppError `input-invalid`, `rows-too-many`. */
export function readTensors(inputs: unknown, tail: BinaryTail, model: Model, maxRows: number, faults: string[]): Table {
  if (!Array.isArray(inputs) || inputs.length === 0) {
    faults.push(`\`inputs\`: expected a list of tensors, found ${describe(inputs)}`);
    return nothing;
  }
  const columns = new Map<string, Column>();
  for (const tensor of inputs) {
    const fields = isFields(tensor) ? tensor : {};
    const input = model.inputs.find(({ name }) => name === fields.name);
    // An unknown tensor's bytes are taken too, so that they are not read as the next one's.
    const elements = elementsOf(fields, tail);
    if (input === undefined) faults.push(`unknown input ${describe(isFields(tensor) ? tensor.name : tensor)}`);
    else if (columns.has(input.name)) faults.push(`\`${input.name}\`: expected one tensor, found two`);
    else columns.set(input.name, readColumn(fields, elements, input, faults));
  }
  if (tail.left > 0)
    faults.push(`expected binary data only for tensors with \`binary_data_size\`, found ${tail.left} bytes more`);
  const rows = Math.max(0, ...[...columns.values()].map(({ length }) => length));
  for (const [name, column] of columns) {
    if (column.length !== rows)
      faults.push(`\`${name}\`: expected ${rows} rows as in the other inputs, found ${column.length}`);
  }
  if (faults.length > 0) return nothing;
  if (rows > maxRows) throw tooManyRows(maxRows, rows);
  return { rows, columns };
}

export function refused(faults: readonly string[], model: Model): AppError {
  const shown = faults.slice(0, 10).join('; ');
  const more = faults.length > 10 ? '; and more' : '';
  return new AppError('input-invalid', `${shown}${more}. What the model takes: GET /v2/models/${model.name}`);
}

/** The rows as records: what is wrong with a value is said of a record's field. */
export function recordsOf({ columns, rows }: Table): readonly object[] {
  const records: Record<string, unknown>[] = [];
  const entries = [...columns];
  for (let row = 0; row < rows; row++) {
    const record: Record<string, unknown> = {};
    for (const [name, column] of entries) record[name] = column[row];
    records.push(record);
  }
  return records;
}

/** @returns the elements, from JSON or from the tail; in words what was expected and found when they are neither. */
function elementsOf({ datatype, data, parameters }: Fields, tail: BinaryTail): readonly unknown[] | Numbers | string {
  if (parameters !== undefined && !isFields(parameters))
    return `\`parameters\` to be an object, found ${describe(parameters)}`;
  const size = parameters?.binary_data_size;
  if (size === undefined) {
    if (Array.isArray(data)) return data;
    return `\`data\` as a JSON array, or \`binary_data_size\` in \`parameters\`, found ${describe(data)}`;
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    return `\`binary_data_size\` to be a whole number of bytes, found ${describe(size)}`;
  if (size > tail.left) return `${size} bytes of binary data, as \`binary_data_size\` says, found ${tail.left}`;
  const bytes = tail.take(size);
  if (data !== undefined) return '`data` or `binary_data_size`, found both';
  // Of a datatype there is none of, the datatype is what is wrong.
  return datatype === 'BYTES' || fixed.has(String(datatype)) ? readBinary(bytes, String(datatype)) : [];
}

function readColumn(
  { datatype, shape }: Fields,
  elements: readonly unknown[] | Numbers | string,
  input: ModelInput,
  faults: string[],
): Column {
  const found = faults.length;
  const fault = (expected: string, given: unknown) =>
    faults.push(`\`${input.name}\`: expected ${expected}, found ${describe(given)}`);

  const isNumeric = input.kind === 'numeric';
  if (isNumeric ? !numericDatatypes.includes(String(datatype)) : datatype !== 'BYTES')
    fault(isNumeric ? `a numeric datatype such as FP64 (${numericDatatypes.join(', ')})` : 'datatype BYTES', datatype);
  const rows = rowsIn(shape);
  if (rows === undefined) {
    faults.push(
      `\`${input.name}\`: expected shape [rows] or [rows, 1], found ${Array.isArray(shape) && shape.length <= 8 ? JSON.stringify(shape) : describe(shape)}`,
    );
  }
  if (typeof elements === 'string') {
    faults.push(`\`${input.name}\`: expected ${elements}`);
    return [];
  }
  const isNested =
    Array.isArray(elements) && elements.length > 0 && elements.every((one) => Array.isArray(one) && one.length === 1);
  const values: readonly unknown[] | Numbers = isNested ? elements.flat() : elements;
  if (rows !== undefined && values.length !== rows)
    faults.push(`\`${input.name}\`: expected ${rows} values, as its shape says, found ${values.length}`);
  const range = fixed.get(String(datatype))?.whole;
  if (range !== undefined) {
    const [least, most] = range;
    const isWrong = (value: unknown) =>
      typeof value === 'number' && !(Number.isInteger(value) && value >= least && value <= most);
    const wrong = Array.isArray(values) ? values.find(isWrong) : (values as Numbers).find(isWrong);
    if (wrong !== undefined) {
      const limits =
        most === Number.MAX_SAFE_INTEGER ? 'that JSON carries exactly, up to 2^53' : `from ${least} to ${most}`;
      fault(`${datatype}, whole numbers ${limits}`, wrong);
    }
  }
  return faults.length === found ? values : [];
}

function rowsIn(shape: unknown): number | undefined {
  if (!Array.isArray(shape) || (shape.length !== 1 && !(shape.length === 2 && shape[1] === 1))) return undefined;
  return Number.isSafeInteger(shape[0]) && shape[0] >= 0 ? shape[0] : undefined;
}
