// An Open Inference request as bytes, and its answer read: JSON, or JSON with the binary tensors behind it. Pure.
// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
import { readJson, refuseNonFinite, toJson } from '../json.ts';
import type { HttpAnswer } from '../transport/outcome.ts';
import { bytesOf, datatypeOf, isNumberArray, type NumberArray, readBytes } from './datatypes.ts';

export type TensorData = readonly (number | boolean | string)[] | NumberArray;

export interface InputTensor<Name extends string = string> {
  readonly name: Name;
  /** A typed array travels as bytes; a list as JSON. All rows of one field. */
  readonly data: TensorData;
  /** What the data is, unless its array says so: FP64 for a list of numbers, BYTES for strings, BOOL for booleans. */
  readonly datatype?: string | undefined;
  /** `[rows, 1]` unless given. */
  readonly shape?: readonly number[] | undefined;
}

export interface OutputTensor<Name extends string = string> {
  readonly name: Name;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface InferRequest<Input extends string = string, Output extends string = string> {
  readonly inputs: readonly InputTensor<Input>[];
  /** Absent: all of them. */
  readonly outputs?: readonly Output[] | undefined;
  readonly id?: string | undefined;
  /** Such as `timeout`, in microseconds. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Whether the answer's tensors come as bytes; as the inputs went. */
  readonly binary?: boolean | undefined;
}

export interface InferAnswer<Output extends string = string> {
  readonly model_name: string;
  readonly model_version: string;
  readonly id?: string;
  readonly outputs: readonly OutputTensor<Output>[];
}

/** The header that says where the JSON ends. */
const lengthHeader = 'inference-header-content-length';

export interface Encoded {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/** @throws UsageError for a number that JSON has no word for. */
export function encodeInfer({ inputs, outputs, id, parameters, binary }: InferRequest): Encoded {
  const tails: Uint8Array<ArrayBuffer>[] = [];
  const tensors = inputs.map(({ name, data, datatype, shape = [data.length, 1] }) => {
    if (!isNumberArray(data)) {
      refuseNonFinite(name, data);
      return { name, shape, datatype: datatype ?? datatypeOfList(data), data };
    }
    const bytes = bytesOf(data);
    tails.push(bytes);
    return {
      name,
      shape,
      datatype: datatype ?? datatypeOf(data),
      parameters: { binary_data_size: bytes.length },
    };
  });
  const wantsBinary = binary ?? tails.length > 0;
  const header = toJson({
    id,
    ...(wantsBinary || parameters !== undefined
      ? { parameters: { ...parameters, ...(wantsBinary ? { binary_data_output: true } : {}) } }
      : {}),
    inputs: tensors,
    outputs: outputs?.map((name) => ({ name })),
  });
  if (tails.length === 0) return { headers: { 'content-type': 'application/json' }, body: header };
  const json = new TextEncoder().encode(header);
  const headers = { 'content-type': 'application/octet-stream', [lengthHeader]: String(json.length) };
  return { headers, body: joined([json, ...tails]) };
}

/** @param asked names that must be there. @throws Error when it is not an answer of the protocol, or not to what was asked. */
export function decodeInfer(
  { headers, body }: Pick<HttpAnswer, 'headers' | 'body'>,
  asked: readonly string[] = [],
): InferAnswer {
  const length = headers.get(lengthHeader);
  const end = length === null ? body.length : Number(length);
  if (!(Number.isInteger(end) && end <= body.length))
    throw new Error(`expected ${lengthHeader} to be at most ${body.length}, found ${length}`);
  const header = readJson({ body: body.subarray(0, end) });
  if (!Array.isArray(header.outputs)) throw new Error('expected `outputs` in the answer, found none');
  let at = end;
  const outputs = (header.outputs as readonly WireTensor[]).map(({ name, datatype, shape, data, parameters }) => {
    const size = parameters?.binary_data_size;
    if (size === undefined) {
      if (!Array.isArray(data)) throw new Error(`expected data of the output ${name}, found none`);
      return { name, datatype, shape, data };
    }
    const bytes = body.subarray(at, at + size);
    if (bytes.length !== size) throw new Error(`expected ${size} bytes of the output ${name}, found ${bytes.length}`);
    at += size;
    return { name, datatype, shape, data: readBytes(bytes, datatype) };
  });
  for (const output of outputs) expectWhole(output);
  const missing = asked.filter((name) => !outputs.some((output) => output.name === name));
  if (missing.length > 0)
    throw new Error(
      `expected the outputs ${asked.join(', ')}, found ${outputs.map(({ name }) => name).join(', ') || 'none'}`,
    );
  return { ...(header as unknown as InferAnswer), outputs };
}

/** @throws Error unless the data is what the shape says. */
function expectWhole({ name, shape, data }: OutputTensor): void {
  if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size >= 0))
    throw new Error(`expected a shape of the output ${name}, found ${JSON.stringify(shape)}`);
  const elements = shape.reduce((product, size) => product * size, 1);
  if (data.length !== elements)
    throw new Error(`expected ${elements} elements of the output ${name}, found ${data.length}`);
}

interface WireTensor extends OutputTensor {
  readonly parameters?: { readonly binary_data_size?: number };
}

function datatypeOfList(data: readonly unknown[]): string {
  return typeof data[0] === 'string' ? 'BYTES' : typeof data[0] === 'boolean' ? 'BOOL' : 'FP64';
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
