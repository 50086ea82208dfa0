// The quick ways from records, and from columns of values, to the numbers a network takes, written out for a model's inputs. They only say
// yes or "ask again": `features.ts` decides what is refused and why, and is asked about every record that these do not take.
import type { Model, ModelInput } from './schema.ts';

/** @returns false when `Features.write` must be asked; `target` then holds anything. */
export type RecordWriter = (record: unknown, target: Float32Array, offset: number) => boolean;

/**
 * @param columns by names of the model's inputs, a value a row; what is not there is missing in every row.
 * @returns false when `Features.write` must be asked about each row; `target` then holds anything.
 */
export type ColumnWriter = (
  columns: ReadonlyMap<string, ArrayLike<unknown>>,
  rows: number,
  target: Float32Array,
) => boolean;

/** What rounds to a finite 32-bit number for sure. */
const largest = 3.4028234663852886e38;

/**
 * Field names come from `model.json`, whose every byte the digest covers, and go into the text as JSON strings; numbers as themselves.
 * An inherited property (`constructor`) is neither number nor text, so that no record gets through by its prototype.
 */
export function recordWriterOf(inputs: Model['inputs']): RecordWriter {
  const steps = stepsOf(inputs).map(({ input, rule }) => {
    const isMissing =
      input.missing === 'impute'
        ? `if (value === undefined) value = ${JSON.stringify(input.replacement)};
           else { given -= 1; if (value === null) value = ${JSON.stringify(input.replacement)}; }`
        : 'given -= 1;';
    return `value = record[${JSON.stringify(input.name)}]; ${isMissing} ${rule}`;
  });
  const text = `return (record, target, offset) => {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return false;
    let given = 0;
    for (const name in record) given += 1;
    let value, scaled;
    ${steps.join('\n')}
    return given === 0;
  };`;
  return new Function('indexes', text)(indexesOf(inputs)) as RecordWriter;
}

export function columnWriterOf(inputs: Model['inputs']): ColumnWriter {
  const steps = stepsOf(inputs);
  const width = steps.at(-1)?.end ?? 0;
  const loops = steps.map(({ input, rule }) => {
    const isMissing =
      input.missing === 'impute'
        ? `if (value === undefined || value === null) value = ${JSON.stringify(input.replacement)};`
        : '';
    return `{
      const column = columns.get(${JSON.stringify(input.name)}) ?? none;
      for (let row = 0, offset = 0; row < rows; row++, offset += ${width}) { value = column[row]; ${isMissing} ${rule} }
    }`;
  });
  const text = `const none = []; return (columns, rows, target) => { let value, scaled; ${loops.join('\n')} return true; };`;
  return new Function('indexes', text)(indexesOf(inputs)) as ColumnWriter;
}

interface Step {
  readonly input: ModelInput;
  /** Writes `value` from `offset` on, or says false: the one rule of both writers. */
  readonly rule: string;
  /** Where the next input's numbers begin. */
  readonly end: number;
}

function stepsOf(inputs: Model['inputs']): readonly Step[] {
  let end = 0;
  return inputs.map((input, index) => {
    const at = end;
    end += input.kind === 'numeric' ? 1 : input.categories.length;
    return { input, rule: ruleOf(input, index, at), end };
  });
}

function indexesOf(inputs: Model['inputs']): readonly (ReadonlyMap<string, number> | undefined)[] {
  return inputs.map((input) =>
    input.kind === 'categorical' ? new Map(input.categories.map((category, index) => [category, index])) : undefined,
  );
}

function ruleOf(input: ModelInput, index: number, at: number): string {
  if (input.kind === 'numeric') {
    return `if (typeof value !== 'number' || !(value <= ${largest} && value >= -${largest})) return false;
      scaled = (value - (${input.mean})) / ${input.std};
      if (!(scaled <= ${largest} && scaled >= -${largest})) return false;
      target[offset + ${at}] = scaled;`;
  }
  return `if (typeof value !== 'string') return false;
    value = indexes[${index}].get(value);
    if (value === undefined) return false;
    ${input.categories.map((_, category) => `target[offset + ${at + category}] = value === ${category} ? 1 : 0;`).join('\n')}`;
}
