// The quick way from a record to the numbers a network takes, written out for a model's inputs. It only says yes or "ask again":
// `features.ts` decides what is refused and why, and is asked about every record that this one does not take.
import type { Model, ModelInput } from './schema.ts';

/** @returns false when `Features.write` must be asked; `target` then holds anything. */
export type RecordWriter = (record: unknown, target: Float32Array, offset: number) => boolean;

/** What rounds to a finite 32-bit number for sure. */
const largest = 3.4028234663852886e38;

/**
 * Field names come from `model.json`, whose every byte the digest covers, and go into the text as JSON strings; numbers as themselves.
 * An inherited property (`constructor`) is neither number nor text, so that no record gets through by its prototype.
 */
export function recordWriterOf(inputs: Model['inputs']): RecordWriter {
  const indexes = inputs.map((input) =>
    input.kind === 'categorical' ? new Map(input.categories.map((category, index) => [category, index])) : undefined,
  );
  let at = 0;
  const steps = inputs.map((input, index) => {
    const text = stepOf(input, index, at);
    at += input.kind === 'numeric' ? 1 : input.categories.length;
    return text;
  });
  const text = `return (record, target, offset) => {
    if (typeof record !== 'object' || record === null || Array.isArray(record)) return false;
    let given = 0;
    for (const name in record) given += 1;
    let value, scaled;
    ${steps.join('\n')}
    return given === 0;
  };`;
  return new Function('indexes', text)(indexes) as RecordWriter;
}

function stepOf(input: ModelInput, index: number, at: number): string {
  const take = `value = record[${JSON.stringify(input.name)}];`;
  const isMissing =
    input.missing === 'impute'
      ? `if (value === undefined) value = ${JSON.stringify(input.replacement)};
         else { given -= 1; if (value === null) value = ${JSON.stringify(input.replacement)}; }`
      : 'given -= 1;';
  if (input.kind === 'numeric') {
    return `${take} ${isMissing}
      if (typeof value !== 'number' || !(value <= ${largest} && value >= -${largest})) return false;
      scaled = (value - (${input.mean})) / ${input.std};
      if (!(scaled <= ${largest} && scaled >= -${largest})) return false;
      target[offset + ${at}] = scaled;`;
  }
  return `${take} ${isMissing}
    if (typeof value !== 'string') return false;
    value = indexes[${index}].get(value);
    if (value === undefined) return false;
    ${input.categories.map((_, category) => `target[offset + ${at + category}] = value === ${category} ? 1 : 0;`).join('\n')}`;
}
