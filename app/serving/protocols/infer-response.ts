// Writes an Open Inference answer: JSON tensors, or a JSON header with the binary ones behind it.
import type { Model } from '../../model/schema.ts';
import type { Predictor } from '../predictor.ts';
import { type Element, writeBinary, writeJson } from './datatypes.ts';
import type { InferRequest, WantedOutput } from './infer-request.ts';

export interface InferAnswer {
  /** JSON, written as text: an answer may hold very many numbers. */
  readonly header: string;
  /** Empty when every tensor is in the header. */
  readonly binary: readonly Buffer[];
}

/** @param answers of the engine, finite. */
export function inferAnswer(
  { model, version }: Pick<Predictor, 'model' | 'version'>,
  answers: Float32Array,
  { id, outputs, table: { rows } }: Pick<InferRequest, 'id' | 'outputs' | 'table'>,
): InferAnswer {
  const binary: Buffer[] = [];
  const tensors = outputs.map((output) => {
    const { name, datatype, width, elements } = tensorOf(output, model, answers, rows);
    const head = `{"name":"${name}","datatype":"${datatype}","shape":[${rows},${width}],`;
    if (!output.binary) return `${head}"data":${writeJson(elements)}}`;
    const bytes = writeBinary(elements, datatype);
    binary.push(bytes);
    return `${head}"parameters":{"binary_data_size":${bytes.length}}}`;
  });
  const repeated = id === undefined ? '' : `"id":${JSON.stringify(id)},`;
  const header = `{"model_name":${JSON.stringify(model.name)},"model_version":${JSON.stringify(version)},${repeated}"outputs":[${tensors.join(',')}]}`;
  return { header, binary };
}

function tensorOf({ tensor, classes }: WantedOutput, model: Model, answers: Float32Array, rows: number) {
  const { name, datatype, width } = tensor;
  const elements = tensor.elementsOf(answers, rows);
  if (classes === 0 || model.task !== 'classification') return { name, datatype, width, elements };
  const shown = Math.min(classes, width);
  return { name, datatype: 'BYTES', width: shown, elements: likeliest(elements, width, shown, model) };
}

/** https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_classification.md */
function likeliest(
  elements: readonly Element[] | Float32Array,
  width: number,
  shown: number,
  model: Model,
): readonly string[] {
  const labels = model.task === 'classification' ? model.classes.map(({ label }) => String(label)) : [];
  const found: string[] = [];
  for (let from = 0; from < elements.length; from += width) {
    const scores = Array.from<Element, number>(elements.slice(from, from + width), Number);
    const order = scores.map((_, index) => index).sort((a, b) => Number(scores[b]) - Number(scores[a]));
    for (const index of order.slice(0, shown)) found.push(`${scores[index]}:${index}:${labels[index]}`);
  }
  return found;
}
