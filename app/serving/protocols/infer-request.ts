// Reads an Open Inference request: JSON, or JSON with binary tensors behind it; what to infer and how to answer.
import { describe, type Fields, isFields } from '../../model/document.ts';
import { AppError } from '../../model/errors.ts';
import type { Model } from '../../model/schema.ts';
import { parseJson } from './body.ts';
import { type OutputTensor, outputTensorsOf } from './output-tensors.ts';
import { BinaryTail, readTensors, refused, type Table } from './tensors.ts';

export interface WantedOutput {
  readonly tensor: OutputTensor;
  readonly binary: boolean;
  /** The classification extension: that many of the likeliest classes as `score:index:label`; 0 for the numbers. */
  readonly classes: number;
}
export interface InferRequest {
  readonly id: string | undefined;
  readonly outputs: readonly WantedOutput[];
  readonly table: Table;
  /** The client gives up that long after the request arrived. */
  readonly timeoutMs: number | undefined;
}

/** @param headerLength `Inference-Header-Content-Length`. @throws AppError `body-malformed`, `input-invalid`, `rows-too-many`. */
export function readInferRequest(
  bytes: Buffer,
  headerLength: string | undefined,
  model: Model,
  maxRows: number,
): InferRequest {
  const { header, tail } = cut(bytes, headerLength, model);
  const faults: string[] = [];
  const { id, parameters, inputs, outputs } = header;
  if (id !== undefined && typeof id !== 'string') faults.push(`\`id\`: expected a string, found ${describe(id)}`);
  if (parameters !== undefined && !isFields(parameters))
    faults.push(`\`parameters\`: expected an object, found ${describe(parameters)}`);
  const options = isFields(parameters) ? parameters : {};
  const timeout = wholeNumber(options, 'timeout', faults);
  // Accepted and of no effect: requests are answered in the order they came.
  wholeNumber(options, 'priority', faults);
  const read = {
    id: typeof id === 'string' ? id : undefined,
    outputs: readOutputs(outputs, options, model, faults),
    table: readTensors(inputs, tail, model, maxRows, faults),
    // Microseconds; 0 is none. https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_schedule_policy.md
    timeoutMs: timeout > 0 ? timeout / 1000 : undefined,
  };
  if (faults.length > 0) throw refused(faults, model);
  return read;
}

function cut(bytes: Buffer, headerLength: string | undefined, model: Model): { header: Fields; tail: BinaryTail } {
  if (headerLength === undefined)
    return { header: parseJson(bytes), tail: new BinaryTail(bytes.subarray(bytes.length)) };
  const length = /^\d{1,15}$/.test(headerLength) ? Number(headerLength) : Number.NaN;
  if (!(length <= bytes.length)) {
    throw new AppError(
      'body-malformed',
      `expected Inference-Header-Content-Length to be at most the ${bytes.length} bytes of the body, found ${describe(headerLength)}`,
    );
  }
  if (length > 0) return { header: parseJson(bytes.subarray(0, length)), tail: new BinaryTail(bytes.subarray(length)) };
  return { header: rawHeader(bytes.length, model), tail: new BinaryTail(bytes) };
}

/** A length of 0: the body is the one input's tensor and nothing else, and the answer is binary too. */
function rawHeader(size: number, { inputs }: Model): Fields {
  const [input] = inputs;
  if (input?.kind !== 'numeric' || inputs.length > 1) {
    throw new AppError(
      'input-invalid',
      `expected a JSON header that names the tensors, found none; a body without one is for models with a single numeric input, and this one has ${inputs.length}`,
    );
  }
  const tensor = {
    name: input.name,
    datatype: 'FP64',
    shape: [Math.floor(size / 8), 1],
    parameters: { binary_data_size: size },
  };
  return { inputs: [tensor], parameters: { binary_data_output: true } };
}

function readOutputs(given: unknown, options: Fields, model: Model, faults: string[]): readonly WantedOutput[] {
  const tensors = outputTensorsOf(model);
  const binaryByDefault = flag(options, 'binary_data_output', faults) ?? false;
  // tritonclient sends an empty list when none is named.
  if (given === undefined || (Array.isArray(given) && given.length === 0))
    return tensors.map((tensor) => ({ tensor, binary: binaryByDefault, classes: 0 }));
  if (!Array.isArray(given)) {
    faults.push(`\`outputs\`: expected a list, found ${describe(given)}`);
    return [];
  }
  const names = tensors.map(({ name }) => name).join(', ');
  const wanted: WantedOutput[] = [];
  for (const one of given) {
    const output: Fields = isFields(one) ? one : { name: one };
    const tensor = isFields(one) ? tensors.find(({ name }) => name === output.name) : undefined;
    if (tensor === undefined) faults.push(`\`outputs\`: expected some of ${names}, found ${describe(output.name)}`);
    else if (wanted.some((one) => one.tensor === tensor))
      faults.push(`\`outputs\`: expected ${tensor.name} once, found it twice`);
    else {
      const { parameters: given } = output;
      if (given !== undefined && !isFields(given))
        faults.push(`\`outputs\`: expected \`parameters\` of ${tensor.name} to be an object, found ${describe(given)}`);
      const parameters = isFields(given) ? given : {};
      const classes = wholeNumber(parameters, 'classification', faults);
      if (classes > 0 && tensor.name !== 'probabilities')
        faults.push(`\`classification\`: expected on the output probabilities, found on ${tensor.name}`);
      wanted.push({ tensor, binary: flag(parameters, 'binary_data', faults) ?? binaryByDefault, classes });
    }
  }
  return wanted;
}

function flag(parameters: Fields, name: string, faults: string[]): boolean | undefined {
  const value = parameters[name];
  if (value === undefined || typeof value === 'boolean') return value;
  faults.push(`\`${name}\`: expected true or false, found ${describe(value)}`);
  return undefined;
}

function wholeNumber(parameters: Fields, name: string, faults: string[]): number {
  const value = parameters[name] === undefined ? 0 : parameters[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  faults.push(`\`${name}\`: expected a whole number, found ${describe(value)}`);
  return 0;
}
